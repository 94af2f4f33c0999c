//! Findings about attributes that do not exist: one for each class, its places related.

use pyaudit_check::project::{MemberUse, MissingMember};
use pyaudit_check::{Confidence, Finding, Findings, Project};
use std::collections::{BTreeMap, BTreeSet};

/// How many names a message tells.
const TOLD: usize = 3;

/// What is said of code that nothing can run.
pub(crate) const UNLOADABLE: &str = "its module cannot be loaded anyhow";

/// The uses of missing attributes of one class, what is certain first, else in the order of their places.
pub(crate) struct Group<'p> {
    uses: Vec<&'p MissingMember>,
    /// Whether they stand in modules that cannot be loaded.
    is_unloadable: bool,
}

impl<'p> Group<'p> {
    /// The use that the finding points at.
    pub(crate) fn first(&self) -> &'p MissingMember {
        self.uses[0]
    }

    /// The missing names, in the order in which they are met.
    fn names(&self) -> Vec<&'p str> {
        let mut seen = BTreeSet::new();
        self.uses.iter().map(|one| one.name.as_str()).filter(|name| seen.insert(*name)).collect()
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

/// The missing attributes that are wanted, by class; what is certain, what fails, and what cannot be loaded, each by itself.
/// What an annotation says is added to what is certain where both miss the same.
pub(crate) fn grouped(project: &Project, wanted: impl Fn(&MissingMember) -> bool) -> Vec<Group<'_>> {
    let missing: Vec<&MissingMember> = project.missing_members().missing().iter().filter(|one| wanted(one)).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let unloadable = project.unloadable_modules(&project.broken_imports().0);
    let mut groups: BTreeMap<_, [Vec<&MissingMember>; 2]> = BTreeMap::new();
    for one in missing {
        let is_store = one.access == MemberUse::Store;
        let key = (one.class, is_store, unloadable.contains(one.module));
        groups.entry(key).or_default()[usize::from(one.by_annotation)].push(one);
    }
    let mut groups: Vec<Group<'_>> = groups
        .into_iter()
        .flat_map(|((.., is_unloadable), [certain, annotated])| {
            let groups = if is_unloadable || miss_the_same(&certain, &annotated) {
                vec![[certain, annotated].concat()]
            } else {
                vec![certain, annotated]
            };
            groups.into_iter().map(move |uses| Group { uses, is_unloadable })
        })
        .filter(|group| !group.uses.is_empty())
        .collect();
    groups.sort_by_key(|group| group.first().span);
    groups
}

fn miss_the_same(some: &[&MissingMember], others: &[&MissingMember]) -> bool {
    some.iter().any(|one| others.iter().any(|other| one.name == other.name))
}

/// Reports a group at its first use.
pub(crate) fn report<'f>(group: &Group<'_>, message: String, findings: &'f mut Findings) -> &'f mut Finding {
    let first = group.first();
    let message = if group.is_unloadable { format!("{message}; {UNLOADABLE}") } else { message };
    let finding = findings.report(first.span, message);
    finding.subject(first.class_name.clone());
    let similar: BTreeMap<&str, &str> =
        group.uses.iter().filter_map(|one| Some((one.name.as_str(), one.similar.as_deref()?))).collect();
    if !similar.is_empty() {
        let pairs: Vec<String> = similar.iter().map(|(name, other)| format!("`{other}` for `{name}`")).collect();
        finding.help(format!("`{}` has {}", first.class_name, pairs.join(", ")));
    }
    if group.is_unloadable {
        finding.confidence(Confidence::Low);
    } else if first.by_annotation {
        finding.confidence(Confidence::Medium);
    }
    for other in &group.uses[1..] {
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
