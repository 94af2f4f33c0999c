//! SARIF 2.1.0, as GitHub accepts it. `docs/sarif.md` says what is written and what is left out.

mod limits;
mod line_hash;
mod notifications;
mod places;
mod results;
mod rules;
mod text;
mod types;

use crate::escape::ascii_controls;
use crate::{Examples, check_page};
use places::Places;
use pyaudit_check::Check;
use pyaudit_engine::{Audit, Judged, Status};
use pyaudit_source::{FileId, Sources};
use results::Context;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use types::{AutomationDetails, Driver, Finding, Log, Message, Rule, Run, Tool, UriBase, UriBases};

/// How SARIF is written.
#[derive(Debug, Clone, Copy)]
pub struct SarifOptions {
    /// The page of a check as Markdown, which becomes the help of its rule.
    pub page: fn(&Check) -> String,
}

impl Default for SarifOptions {
    fn default() -> Self {
        Self { page: |check| check_page(check, &Examples::default()) }
    }
}

/// Writes the findings that are shown as SARIF 2.1.0 on one line. Suppressed findings are there and say so.
pub fn sarif(audit: &Audit, options: &SarifOptions, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string(&log(audit, options.page))?;
    writeln!(out, "{}", ascii_controls(&text))
}

fn log(audit: &Audit, page: fn(&Check) -> String) -> Log {
    let rules: Vec<Rule> = audit.checks.iter().map(|check| rules::rule(check, page(check))).collect();
    let context = Context {
        places: Places { sources: &audit.project.sources },
        rules: rules.iter().map(|rule| rule.id).collect(),
        has_baseline: audit.findings.iter().any(|judged| judged.status == Status::Known),
    };
    let shown: Vec<&Judged> = audit.findings.iter().filter(|judged| judged.shown).collect();
    let mut kept = limits::keep(&shown, &context, &rules);
    add_line_hashes(&mut kept.results, &audit.project.sources);
    let invocation = notifications::invocation(&audit.problems, &kept, &context.places);
    let run = Run {
        tool: Tool { driver: driver(rules) },
        invocations: [invocation],
        automation_details: AutomationDetails { id: format!("pyaudit/{}", context.places.prefix()) },
        original_uri_base_ids: UriBases { source_root: UriBase { description: source_root(audit) } },
        column_kind: "unicodeCodePoints",
        newline_sequences: ["\r\n", "\n", "\r"],
        results: kept.results.into_iter().map(|(_, result)| result).collect(),
    };
    Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] }
}

fn driver(rules: Vec<Rule>) -> Driver {
    let repository = env!("CARGO_PKG_REPOSITORY");
    Driver {
        name: "pyaudit",
        version: env!("CARGO_PKG_VERSION"),
        semantic_version: env!("CARGO_PKG_VERSION"),
        information_uri: (!repository.is_empty()).then_some(repository),
        rules,
    }
}

fn source_root(audit: &Audit) -> Message {
    let text = match audit.project.sources.git() {
        Some(_) => "The root of the git work tree.",
        None => "The directory that was audited.",
    };
    Message::plain(text.to_owned())
}

/// Gives each result GitHub's hash of the line that it starts on.
fn add_line_hashes(results: &mut [(&Judged, Finding)], sources: &Sources) {
    let line = |result: &Finding| result.locations[0].physical_location.region.as_ref().map(|region| region.start_line);
    let mut wanted: BTreeMap<FileId, BTreeSet<u32>> = BTreeMap::new();
    for (judged, result) in results.iter() {
        wanted.entry(judged.finding.span.file).or_default().extend(line(result));
    }
    let found = wanted.into_iter().filter_map(|(file, lines)| {
        let text = as_on_disk(sources, file)?;
        Some((file, line_hash::line_hashes(text, |line| lines.contains(&line))))
    });
    let hashes: BTreeMap<FileId, BTreeMap<u32, String>> = found.collect();
    for (judged, result) in results {
        let of_file = hashes.get(&judged.finding.span.file);
        let hash = line(result).and_then(|line| of_file?.get(&line));
        result.partial_fingerprints.line_hash = hash.cloned();
    }
}

/// The text of a file, if GitHub reads the same: it takes every file as UTF-8, and a mark at the start as a character.
/// Where another encoding was decoded or a mark removed, the text has another size than the file.
fn as_on_disk(sources: &Sources, file: FileId) -> Option<&str> {
    sources.text(file).filter(|text| text.len() as u64 == sources.file(file).size)
}
