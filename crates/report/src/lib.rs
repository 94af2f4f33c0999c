//! An audit in every output format, one function a format.
//!
//! Nothing here computes a finding or reads a file: texts come from the sources in memory, and every output is a pure
//! function of the audit and its options. All text from the repository is made harmless for where it goes, by
//! [`visible`] and its relatives.

mod audit_report;
mod escape;
mod frame;
mod github;
mod json;
mod model;
mod page;
mod place;
mod routes;
mod sarif;
mod summary;
mod table;
mod window;

pub use audit_report::{ReportOptions, report_html, report_json, report_markdown};
pub use escape::visible;
pub use github::github;
pub use json::{JsonOptions, json};
pub use model::model;
pub use page::{Examples, check_index, check_page};
pub use routes::{routes_json, routes_markdown, routes_table};
pub use sarif::{SarifOptions, sarif};
pub use summary::left_out;
pub use table::{TableOptions, table};
