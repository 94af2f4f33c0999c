//! Checks of the area dependencies.

use pyaudit_check::Check;
use std::collections::BTreeSet;

mod missing_test_dependency;
mod unpinned_dependency;
mod unpinned_test_dependency;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] =
    &[&missing_test_dependency::CHECK, &unpinned_dependency::CHECK, &unpinned_test_dependency::CHECK];

/// Each name once, in order of the source: the first is the one that the finding stands at.
fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|&name| seen.insert(name)).collect()
}

/// The first five names, and how many follow.
fn listed(names: &[&str]) -> String {
    let mut listed: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
    if names.len() > 5 {
        listed.push(format!("{} more", names.len() - 5));
    }
    listed.join(", ")
}
