//! YAML 1.2 with several documents.
//!
//! `saphyr-parser` finds the events; everything else is done here, without recursion: places in bytes (the parser counts
//! characters), decoded text that knows its lines, the core schema, aliases, merge keys and bounds.
//!
//! * Scalars follow the core schema: `on`, `yes` and `no` are strings, `3.10` is a number. A tag of one's own (`!Ref`, `!reference`,
//!   `!vault`) is dropped and its content kept, its scalars always as strings.
//! * An alias becomes a copy of what its anchor names, ranges included, so that a finding points at the place that can be
//!   mended. Copies have a budget, which stops alias bombs.
//! * Merge keys are applied: the entries behind `<<` follow the mapping's own, which win. Where `<<` names no mapping it stays an
//!   entry.
//! * A key that occurs twice is kept twice, and is a problem.
//! * A syntax error is a problem and ends the reading; the documents before it are kept, the broken one is not.

mod events;
mod scalar;
mod schema;
mod tree;

use crate::Value;
use events::Reader;
use pyaudit_source::ParseProblem;

/// Reads every document of a YAML text. The range of a block scalar starts at its `|` or `>`; tags and anchors stand before the
/// range of their value.
pub fn parse(text: &str) -> (Vec<Value>, Vec<ParseProblem>) {
    let (mut documents, mut problems) = (Vec::new(), Vec::new());
    let mut reader = Reader::new(text);
    loop {
        match reader.document() {
            Ok(Some(events)) => documents.push(tree::build(text, &events, &mut problems)),
            Ok(None) => break,
            Err(problem) => {
                problems.push(problem);
                break;
            }
        }
    }
    (documents, problems)
}

#[cfg(test)]
mod tests;
