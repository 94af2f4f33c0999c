//! Checks of the area concurrency.

mod background_loop_in_web_process;
mod blocking_call_in_async;
mod event_loop_mismatch;
mod in_memory_state;
mod redis_counter_without_ttl;
mod sync_orm_api_on_async_session;
mod sync_session_in_async;
mod unreferenced_task;

use pyaudit_check::Check;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[
    &background_loop_in_web_process::CHECK,
    &blocking_call_in_async::CHECK,
    &event_loop_mismatch::CHECK,
    &in_memory_state::CHECK,
    &redis_counter_without_ttl::CHECK,
    &sync_orm_api_on_async_session::CHECK,
    &sync_session_in_async::CHECK,
    &unreferenced_task::CHECK,
];
