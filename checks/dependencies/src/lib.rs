//! Checks of the area dependencies.

use pyaudit_check::Check;

mod missing_test_dependency;
mod unpinned_dependency;
mod unpinned_test_dependency;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] =
    &[&missing_test_dependency::CHECK, &unpinned_dependency::CHECK, &unpinned_test_dependency::CHECK];
