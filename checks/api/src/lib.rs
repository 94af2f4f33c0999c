//! Checks of routes, handlers and what they answer.

mod sql_in_handler;
mod transaction_in_handler;
mod wildcard_cors;

use pyaudit_check::Check;

/// Every check of this area, in the order of their ids.
pub static CHECKS: &[&Check] = &[&sql_in_handler::CHECK, &transaction_in_handler::CHECK, &wildcard_cors::CHECK];
