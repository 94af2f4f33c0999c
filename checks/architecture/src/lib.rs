//! Checks of the area architecture.

mod import_cycle;

use pyaudit_check::Check;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[&import_cycle::CHECK];
