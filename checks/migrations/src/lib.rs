//! Checks of the area migrations.

use pyaudit_check::Check;

mod noop_downgrade;
mod unsupported_downgrade;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[&noop_downgrade::CHECK, &unsupported_downgrade::CHECK];
