//! Checks of routes, handlers and what they answer.

mod conflicting_auth_stacks;
mod cors_method_mismatch;
mod debug_router_mounted;
mod deprecated_api;
mod docs_exposed_in_production;
mod duplicate_route;
mod exception_detail_leak;
mod fat_handler;
mod hardcoded_identity;
mod health_check_always_ok;
mod http_exception_rewrapped;
mod identity_from_request;
mod imported_auth_never_used;
mod inconsistent_error_contract;
mod insecure_cookie;
mod jwt_not_verified;
mod large_page_limit;
mod long_lived_token;
mod manual_dto_mapping;
mod missing_compression;
mod missing_docstring;
mod missing_global_rate_limit;
mod missing_https_redirect;
mod missing_rate_limit;
mod missing_response_model;
mod missing_security_headers;
mod oauth_state_unverified;
mod overbroad_try_masks_errors;
mod oversized_router_module;
mod path_from_request;
mod path_parameter_mismatch;
mod response_leaks_secret_field;
mod secret_compared_with_equals;
mod shadowed_route;
mod spoofable_client_address;
mod sql_in_handler;
mod state_changing_get;
mod token_in_redirect;
mod transaction_in_handler;
mod unauthenticated_mutation;
mod unpaginated_list;
mod webhook_without_verification;
mod wildcard_cors;

use pyaudit_check::Check;

/// Every check of this area, in the order of their ids.
pub static CHECKS: &[&Check] = &[
    &conflicting_auth_stacks::CHECK,
    &cors_method_mismatch::CHECK,
    &debug_router_mounted::CHECK,
    &deprecated_api::CHECK,
    &docs_exposed_in_production::CHECK,
    &duplicate_route::CHECK,
    &exception_detail_leak::CHECK,
    &fat_handler::CHECK,
    &hardcoded_identity::CHECK,
    &health_check_always_ok::CHECK,
    &http_exception_rewrapped::CHECK,
    &identity_from_request::CHECK,
    &imported_auth_never_used::CHECK,
    &inconsistent_error_contract::CHECK,
    &insecure_cookie::CHECK,
    &jwt_not_verified::CHECK,
    &large_page_limit::CHECK,
    &long_lived_token::CHECK,
    &manual_dto_mapping::CHECK,
    &missing_compression::CHECK,
    &missing_docstring::CHECK,
    &missing_global_rate_limit::CHECK,
    &missing_https_redirect::CHECK,
    &missing_rate_limit::CHECK,
    &missing_response_model::CHECK,
    &missing_security_headers::CHECK,
    &oauth_state_unverified::CHECK,
    &overbroad_try_masks_errors::CHECK,
    &oversized_router_module::CHECK,
    &path_from_request::CHECK,
    &path_parameter_mismatch::CHECK,
    &response_leaks_secret_field::CHECK,
    &secret_compared_with_equals::CHECK,
    &shadowed_route::CHECK,
    &spoofable_client_address::CHECK,
    &sql_in_handler::CHECK,
    &state_changing_get::CHECK,
    &token_in_redirect::CHECK,
    &transaction_in_handler::CHECK,
    &unauthenticated_mutation::CHECK,
    &unpaginated_list::CHECK,
    &webhook_without_verification::CHECK,
    &wildcard_cors::CHECK,
];
