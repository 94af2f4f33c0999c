//! Checks of the area deployment.

use pyaudit_check::Check;

mod migration_in_build_command;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[&migration_in_build_command::CHECK];
