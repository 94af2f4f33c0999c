//! Checks of the area resilience.

mod broad_except_without_log;
mod error_masked_as_success;
mod file_backed_state;
mod hardcoded_timeout;
mod http_call_without_retry;
mod http_call_without_timeout;
mod http_session_not_reused;
mod no_concurrency_limit;
mod non_atomic_write;
mod retry_without_backoff;
mod simulated_service;
mod swallowed_exception;
mod unchecked_error_return;

use pyaudit_check::Check;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[
    &broad_except_without_log::CHECK,
    &error_masked_as_success::CHECK,
    &file_backed_state::CHECK,
    &hardcoded_timeout::CHECK,
    &http_call_without_retry::CHECK,
    &http_call_without_timeout::CHECK,
    &http_session_not_reused::CHECK,
    &no_concurrency_limit::CHECK,
    &non_atomic_write::CHECK,
    &retry_without_backoff::CHECK,
    &simulated_service::CHECK,
    &swallowed_exception::CHECK,
    &unchecked_error_return::CHECK,
];
