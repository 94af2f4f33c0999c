//! Checks of the area database.

mod fk_without_index;
mod two_declarative_bases;
mod unconfigured_pool;

use pyaudit_check::Check;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[&fk_without_index::CHECK, &two_declarative_bases::CHECK, &unconfigured_pool::CHECK];
