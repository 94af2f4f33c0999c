//! Checks of logs, metrics and health.

mod print_logging;

use pyaudit_check::Check;

/// Every check of this area, in the order of their ids.
pub static CHECKS: &[&Check] = &[&print_logging::CHECK];
