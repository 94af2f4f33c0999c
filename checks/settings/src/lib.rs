//! Checks of the area settings.

use pyaudit_check::Check;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[];
