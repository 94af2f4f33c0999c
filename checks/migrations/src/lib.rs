//! Checks of the area migrations.

use pyaudit_check::Check;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[];
