//! Checks of the area ci.

use pyaudit_check::Check;

mod lint_restricted;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[&lint_restricted::CHECK];
