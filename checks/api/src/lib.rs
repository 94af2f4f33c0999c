//! Checks of routes, handlers and what they answer.

mod deprecated_api;
mod docs_exposed_in_production;
mod exception_detail_leak;
mod http_exception_rewrapped;
mod insecure_cookie;
mod jwt_not_verified;
mod missing_compression;
mod missing_https_redirect;
mod missing_security_headers;
mod overbroad_try_masks_errors;
mod path_from_request;
mod secret_compared_with_equals;
mod sql_in_handler;
mod token_in_redirect;
mod transaction_in_handler;
mod wildcard_cors;

use pyaudit_check::Check;

/// Every check of this area, in the order of their ids.
pub static CHECKS: &[&Check] = &[
    &deprecated_api::CHECK,
    &docs_exposed_in_production::CHECK,
    &exception_detail_leak::CHECK,
    &http_exception_rewrapped::CHECK,
    &insecure_cookie::CHECK,
    &jwt_not_verified::CHECK,
    &missing_compression::CHECK,
    &missing_https_redirect::CHECK,
    &missing_security_headers::CHECK,
    &overbroad_try_masks_errors::CHECK,
    &path_from_request::CHECK,
    &secret_compared_with_equals::CHECK,
    &sql_in_handler::CHECK,
    &token_in_redirect::CHECK,
    &transaction_in_handler::CHECK,
    &wildcard_cors::CHECK,
];
