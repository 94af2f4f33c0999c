//! Checks of logs, metrics and health.

mod logging_not_configured;
mod no_error_tracking;
mod no_health_endpoint;
mod no_metrics;
mod no_request_id;
mod no_request_logging;
mod no_structured_logging;
mod print_logging;
mod unrotated_log_file;
mod worker_not_monitored;

use pyaudit_check::Check;

/// Every check of this area, in the order of their ids.
pub static CHECKS: &[&Check] = &[
    &logging_not_configured::CHECK,
    &no_error_tracking::CHECK,
    &no_health_endpoint::CHECK,
    &no_metrics::CHECK,
    &no_request_id::CHECK,
    &no_request_logging::CHECK,
    &no_structured_logging::CHECK,
    &print_logging::CHECK,
    &unrotated_log_file::CHECK,
    &worker_not_monitored::CHECK,
];
