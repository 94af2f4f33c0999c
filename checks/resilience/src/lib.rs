//! Checks of the area resilience.

mod broad_except_without_log;
mod error_masked_as_success;
mod http_call_without_timeout;
mod swallowed_exception;

use pyaudit_check::Check;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[
    &broad_except_without_log::CHECK,
    &error_masked_as_success::CHECK,
    &http_call_without_timeout::CHECK,
    &swallowed_exception::CHECK,
];
