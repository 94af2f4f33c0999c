//! Checks of routes, handlers and what they answer.

mod exception_detail_leak;
mod http_exception_rewrapped;
mod overbroad_try_masks_errors;
mod sql_in_handler;
mod transaction_in_handler;
mod wildcard_cors;

use pyaudit_check::Check;

/// Every check of this area, in the order of their ids.
pub static CHECKS: &[&Check] = &[
    &exception_detail_leak::CHECK,
    &http_exception_rewrapped::CHECK,
    &overbroad_try_masks_errors::CHECK,
    &sql_in_handler::CHECK,
    &transaction_in_handler::CHECK,
    &wildcard_cors::CHECK,
];
