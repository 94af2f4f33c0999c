//! Checks of the area database.

mod create_all_beside_migrations;
mod dependent_rows_not_deleted;
mod eager_load_everything;
mod filtered_column_without_index;
mod fk_without_index;
mod mixed_commit_ownership;
mod orm_type_mismatch;
mod query_in_loop;
mod session_not_closed;
mod several_engines;
mod sqlite_default_database;
mod two_declarative_bases;
mod unconfigured_pool;

use pyaudit_check::Check;

/// Every check of the area, in the order of their ids.
pub static CHECKS: &[&Check] = &[
    &create_all_beside_migrations::CHECK,
    &dependent_rows_not_deleted::CHECK,
    &eager_load_everything::CHECK,
    &filtered_column_without_index::CHECK,
    &fk_without_index::CHECK,
    &mixed_commit_ownership::CHECK,
    &orm_type_mismatch::CHECK,
    &query_in_loop::CHECK,
    &session_not_closed::CHECK,
    &several_engines::CHECK,
    &sqlite_default_database::CHECK,
    &two_declarative_bases::CHECK,
    &unconfigured_pool::CHECK,
];
