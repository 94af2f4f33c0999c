//! Findings about attributes that do not exist: one for each class, its places related.

use pyaudit_check::project::{MemberUse, MissingMember};
use pyaudit_check::{Confidence, Finding, Findings, Project};
use std::collections::{BTreeMap, BTreeSet};

/// How many names a message tells.
const TOLD: usize = 3;

/// The uses of missing attributes of one class, in the order of their places.
pub(crate) struct Group<'p>(Vec<&'p MissingMember>);

impl<'p> Group<'p> {
    /// The use that the finding points at.
    pub(crate) fn first(&self) -> &'p MissingMember {
        self.0[0]
    }

    /// The missing names, in the order in which they are met.
    fn names(&self) -> Vec<&'p str> {
        let mut seen = BTreeSet::new();
        self.0.iter().map(|one| one.name.as_str()).filter(|name| seen.insert(*name)).collect()
    }

    /// The only missing name.
    pub(crate) fn only_name(&self) -> Option<&'p str> {
        if let [only] = self.names()[..] { Some(only) } else { None }
    }

    /// The missing names as a message tells them: the first few, and how many more there are.
    pub(crate) fn listed(&self) -> String {
        listed(&self.names())
    }
}

/// Names as a message tells them: `a`, `b` and 3 more.
pub(crate) fn listed(names: &[&str]) -> String {
    let told: Vec<String> = names.iter().take(TOLD).map(|name| format!("`{name}`")).collect();
    match (names.len().checked_sub(TOLD).filter(|more| *more > 0), &told[..]) {
        (Some(more), _) => format!("{} and {more} more", told.join(", ")),
        (None, [before @ .., last]) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => told.join(", "),
    }
}

/// The missing attributes that are wanted, by class; what is certain, and what fails, each by itself.
pub(crate) fn grouped(project: &Project, wanted: impl Fn(&MissingMember) -> bool) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<_, Vec<&MissingMember>> = BTreeMap::new();
    for one in project.missing_members().missing().iter().filter(|one| wanted(one)) {
        let is_store = one.access == MemberUse::Store;
        groups.entry((one.class, one.by_annotation, is_store)).or_default().push(one);
    }
    let mut groups: Vec<Group<'_>> = groups.into_values().map(Group).collect();
    groups.sort_by_key(|group| group.first().span);
    groups
}

/// Reports a group at its first use.
pub(crate) fn report<'f>(group: &Group<'_>, message: String, findings: &'f mut Findings) -> &'f mut Finding {
    let first = group.first();
    let finding = findings.report(first.span, message);
    finding.subject(first.class_name.clone());
    let similar: BTreeMap<&str, &str> =
        group.0.iter().filter_map(|one| Some((one.name.as_str(), one.similar.as_deref()?))).collect();
    if !similar.is_empty() {
        let pairs: Vec<String> = similar.iter().map(|(name, other)| format!("`{other}` for `{name}`")).collect();
        finding.help(format!("`{}` has {}", first.class_name, pairs.join(", ")));
    }
    if first.by_annotation {
        finding.confidence(Confidence::Medium);
    }
    for other in &group.0[1..] {
        finding.related(other.span, format!("`{}` is used here", other.name));
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn a_message_tells_few_names() {
        assert_eq!(listed(&["a"]), "`a`");
        assert_eq!(listed(&["a", "b"]), "`a` and `b`");
        assert_eq!(listed(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(listed(&["a", "b", "c", "d", "e"]), "`a`, `b`, `c` and 2 more");
    }
}
