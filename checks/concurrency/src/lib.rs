//! Checks of the area concurrency.

mod background_loop_in_web_process;
mod beat_interval_for_calendar_time;
mod blocking_call_in_async;
mod celery_task_without_retry;
mod event_loop_mismatch;
mod in_memory_state;
mod queue_read_without_lock;
mod redis_counter_without_ttl;
mod sync_orm_api_on_async_session;
mod sync_session_in_async;
mod task_never_scheduled;
mod unreferenced_task;

use pyaudit_check::Check;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[
    &background_loop_in_web_process::CHECK,
    &beat_interval_for_calendar_time::CHECK,
    &blocking_call_in_async::CHECK,
    &celery_task_without_retry::CHECK,
    &event_loop_mismatch::CHECK,
    &in_memory_state::CHECK,
    &queue_read_without_lock::CHECK,
    &redis_counter_without_ttl::CHECK,
    &sync_orm_api_on_async_session::CHECK,
    &sync_session_in_async::CHECK,
    &task_never_scheduled::CHECK,
    &unreferenced_task::CHECK,
];
