//! How far a requirement settles the version that is installed.

use pyaudit_data::requirements::{Requirement, Specifier};

/// How far a requirement settles the version, from the strictest to the loosest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pin {
    /// `==1.2.3`.
    Exact,
    /// A path inside the repository.
    Local,
    /// A URL that names a commit, a tag or an archive of one version.
    Fixed,
    /// `~=1.2`, `^1.2`, `==1.*`.
    Compatible,
    /// A range with an upper bound.
    Bounded,
    /// `>=1.2`.
    Lower,
    /// A URL of a repository without a commit, or of a branch.
    Moving,
    /// No version at all.
    Unconstrained,
}

impl Pin {
    /// Whether the requirement alone gives the same version tomorrow.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Exact | Self::Local | Self::Fixed)
    }

    /// Whether newer versions come in without a bound.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Lower | Self::Moving | Self::Unconstrained)
    }

    /// The pin of a parsed requirement.
    pub fn of_requirement(requirement: &Requirement) -> Self {
        match &requirement.url {
            Some(url) => Self::of_url(url),
            None => Self::of_specifiers(&requirement.specifiers),
        }
    }

    /// The pin that a list of specifiers gives.
    fn of_specifiers(specifiers: &[Specifier]) -> Self {
        Self::strictest(specifiers.iter().map(|each| Self::of_operator(&each.operator, &each.version)))
    }

    fn strictest(pins: impl Iterator<Item = Self>) -> Self {
        pins.min().unwrap_or(Self::Unconstrained)
    }

    fn of_operator(operator: &str, version: &str) -> Self {
        match operator {
            "==" | "=" if version == "*" => Self::Unconstrained,
            "==" | "=" if version.contains('*') => Self::Compatible,
            "==" | "=" | "===" => Self::Exact,
            "~=" | "^" | "~" => Self::Compatible,
            "<" | "<=" => Self::Bounded,
            ">" | ">=" => Self::Lower,
            _ => Self::Unconstrained,
        }
    }

    /// The pin that a version constraint of Poetry or Pipenv gives: `^1.2`, `>=1,<2`, `1.2.*`, `*`, `1.2.3`, `1 || 2`.
    /// <https://python-poetry.org/docs/dependency-specification/#version-constraints>
    pub(super) fn of_constraint(constraint: &str) -> Self {
        if constraint.contains('|') {
            let loosest = constraint.split('|').filter(|part| !part.trim().is_empty()).map(Self::of_constraint).max();
            return match loosest {
                Some(Self::Exact) => Self::Bounded,
                other => other.unwrap_or(Self::Unconstrained),
            };
        }
        let parts = constraint.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty());
        Self::strictest(joined_operators(parts).iter().map(|part| {
            let version = part.trim_start_matches(['=', '<', '>', '~', '^', '!']);
            let operator = &part[..part.len() - version.len()];
            Self::of_operator(if operator.is_empty() { "==" } else { operator }, version)
        }))
    }

    /// The pin of a URL or path, as pip takes it.
    fn of_url(url: &str) -> Self {
        if !url.contains("://") {
            return Self::Local;
        }
        if url.starts_with("file:") {
            return Self::Local;
        }
        let address = url.split('#').next().unwrap_or(url);
        let after_host = address.split_once("://").map_or(address, |(_, rest)| rest);
        let path = after_host.split_once('/').map_or("", |(_, path)| path);
        if address.starts_with("git+") || address.ends_with(".git") || path.contains('@') {
            return path.rsplit_once('@').map_or(Self::Moving, |(_, reference)| Self::of_reference(reference));
        }
        let branch_archive = ["/main.", "/master.", "/HEAD.", "/develop.", "/refs/heads/"];
        if branch_archive.iter().any(|name| address.contains(name)) { Self::Moving } else { Self::Fixed }
    }

    /// The pin that a git reference gives: a commit or a version tag is fixed, the name of a branch is not.
    pub(super) fn of_reference(reference: &str) -> Self {
        let is_commit = reference.len() >= 7 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_version = reference.trim_start_matches(|character: char| !character.is_ascii_digit()).contains('.');
        if is_commit || is_version { Self::Fixed } else { Self::Moving }
    }
}

/// Joins an operator that stands apart from its version (`>= 1.2`).
fn joined_operators<'a>(parts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for part in parts {
        match joined.last_mut() {
            Some(last) if last.ends_with(['=', '<', '>', '~', '^', '!']) => last.push_str(part),
            _ => joined.push(part.to_owned()),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_constraints_of_poetry_and_pipenv() {
        for (constraint, pin) in [
            ("^1.2", Pin::Compatible),
            ("~1.2", Pin::Compatible),
            ("~=1.2", Pin::Compatible),
            ("1.2.*", Pin::Compatible),
            ("*", Pin::Unconstrained),
            ("==*", Pin::Unconstrained),
            ("1.2.3", Pin::Exact),
            ("==1.2.3", Pin::Exact),
            (">=1.2, <2", Pin::Bounded),
            (">= 1.2", Pin::Lower),
            ("!=1.5", Pin::Unconstrained),
            ("^1 || ^2", Pin::Compatible),
            ("", Pin::Unconstrained),
        ] {
            assert_eq!(Pin::of_constraint(constraint), pin, "{constraint}");
        }
    }

    #[test]
    fn a_url_is_fixed_by_a_commit_a_tag_or_an_archive() {
        for (url, pin) in [
            ("git+https://github.com/a/b.git@0123456789abcdef0123456789abcdef01234567", Pin::Fixed),
            ("git+https://github.com/a/b@v1.2.0#egg=b", Pin::Fixed),
            ("git+ssh://git@github.com/a/b.git", Pin::Moving),
            ("git+https://github.com/a/b@main", Pin::Moving),
            ("https://example.com/b-1.0-py3-none-any.whl", Pin::Fixed),
            ("https://github.com/a/b/archive/refs/heads/main.zip", Pin::Moving),
            ("./libs/b", Pin::Local),
        ] {
            assert_eq!(Pin::of_url(url), pin, "{url}");
        }
    }
}
