//! Checks of the area settings.

use pyaudit_check::Check;

mod committed_env_file;
mod env_not_ignored;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[&committed_env_file::CHECK, &env_not_ignored::CHECK];
