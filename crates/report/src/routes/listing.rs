//! The route table for people: aligned columns for a terminal, and Markdown.

use super::{Row, rows};
use crate::escape::{code_span, visible};
use pyaudit_check::Project;
use std::io::{self, Write};

/// How wide a column may make the ones after it, in characters; what is longer stands out.
const MAX_WIDTH: usize = 60;

/// Writes the route table in aligned columns, an application after the other, with a last line that counts.
pub fn routes_table(project: &Project, out: &mut dyn Write) -> io::Result<()> {
    let rows = rows(project);
    for (application, rows) in by_application(&rows) {
        writeln!(out, "{}", visible(application.unwrap_or(UNKNOWN)))?;
        let cells: Vec<[String; 6]> =
            rows.iter().map(|row| cells(row).map(|cell| visible(&cell).into_owned())).collect();
        let widths: [usize; 6] = std::array::from_fn(|column| {
            let lengths = cells.iter().map(|cells| cells[column].chars().count());
            lengths.filter(|&length| length <= MAX_WIDTH).max().unwrap_or(0)
        });
        for cells in &cells {
            let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            writeln!(out, "  {}", padded.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{}", last_line(&rows))
}

/// Writes the route table as Markdown, a heading and a table for each application.
pub fn routes_markdown(project: &Project, out: &mut dyn Write) -> io::Result<()> {
    let rows = rows(project);
    writeln!(out, "# Routes\n\n{}.", last_line(&rows))?;
    for (application, rows) in by_application(&rows) {
        let heading = application.map_or_else(|| UNKNOWN.to_owned(), code_span);
        writeln!(
            out,
            "\n## {heading}\n\n| method | path | auth | handler | place | status |\n|---|---|---|---|---|---|"
        )?;
        for row in rows {
            let [method, path, auth, handler, place, _] = cells(row);
            let [method, path, handler, place] = [method, path, handler, place].map(|text| cell(&text));
            writeln!(out, "| {method} | {path} | {auth} | {handler} | {place} | {} |", row.status)?;
        }
    }
    Ok(())
}

/// What stands in place of an application that is not known.
const UNKNOWN: &str = "served by an application that is not known";

/// Runs of rows of one application.
fn by_application<'r, 'p>(rows: &'r [Row<'p>]) -> impl Iterator<Item = (Option<&'r str>, &'r [Row<'p>])> {
    rows.chunk_by(|one, two| one.app == two.app).map(|rows| (rows[0].app.as_deref(), rows))
}

/// The columns of a row: method, path, what is asked, handler, place, and what is to be known of it besides.
fn cells(row: &Row<'_>) -> [String; 6] {
    let before = if row.status == "unresolved-prefix" { "…" } else { "" };
    let place = row.file.zip(row.line).map_or_else(String::new, |(file, line)| format!("{file}:{line}"));
    let status = if row.status == "exact" { "" } else { row.status };
    [
        row.method.to_owned(),
        format!("{before}{}", row.path),
        row.auth.to_owned(),
        row.handler.clone().unwrap_or_default(),
        place,
        status.to_owned(),
    ]
}

/// A code span in a cell of a table, where a `|` would end the cell even inside of code; nothing for nothing.
fn cell(text: &str) -> String {
    if text.is_empty() { String::new() } else { code_span(text).replace('|', "\\|") }
}

fn last_line(rows: &[Row<'_>]) -> String {
    if rows.is_empty() {
        return "no routes".to_owned();
    }
    let mut applications: Vec<&str> = rows.iter().filter_map(|row| row.app.as_deref()).collect();
    applications.sort_unstable();
    applications.dedup();
    let unresolved = rows.iter().filter(|row| row.status == "unresolved-prefix").count();
    let unresolved = if unresolved == 0 { String::new() } else { format!(", {unresolved} with an unresolved prefix") };
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let (routes, applications) = (rows.len(), applications.len());
    format!("{routes} route{} of {applications} application{}{unresolved}", plural(routes), plural(applications))
}
