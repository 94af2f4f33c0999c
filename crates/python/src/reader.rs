//! From the text of a file to its module: the steps, and what is done where the grammar gives up.

use crate::lower::Lowerer;
use crate::module::Module;
use crate::prepass::{Prepared, prepare};
use crate::syntax::{ExprId, StmtId};
use crate::{names, parents, parser};
use pyaudit_source::Range;

/// Reads the text of one file. Never fails: what cannot be read stands as `Error` nodes and problems.
pub fn parse(text: &str) -> Module {
    let mut prepared = prepare(text);
    let comments = std::mem::take(&mut prepared.comments);
    let mut problems = std::mem::take(&mut prepared.problems);
    let mut reader = Reader::new(text, &prepared);
    reader.snippets();
    let body = reader.body();
    let mut syntax = reader.lowerer.syntax;
    problems.append(&mut reader.lowerer.problems);
    syntax.body = body.into();
    parents::fill(&mut syntax);
    problems.sort_by_key(|problem| problem.range);
    let names = names::resolve(&mut syntax);
    Module { syntax, comments, names, problems }
}

/// Whether the grammar accepts a text as a whole. It takes the steps of [`parse`] before the lowering, the pre-pass and
/// the grammar, so it also serves to measure them alone.
pub fn is_accepted(text: &str) -> bool {
    let prepared = prepare(text);
    let accepts = |masked: &[u8]| parser::parse(masked).is_some_and(|tree| !tree.root_node().has_error());
    let snippets = prepared.snippet_text.is_empty() || accepts(&prepared.snippet_text);
    accepts(&prepared.masked) && snippets && prepared.stray.is_empty()
}

pub(crate) struct Reader<'t> {
    pub(crate) lowerer: Lowerer<'t>,
    pub(crate) prepared: &'t Prepared,
    /// How many bytes may still be parsed again because of errors.
    budget: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, prepared: &'t Prepared) -> Self {
        let budget = 16 * (prepared.masked.len() + prepared.snippet_text.len());
        Self { lowerer: Lowerer::new(text, prepared), prepared, budget }
    }

    /// Parses the expressions that were taken out of the text, all at once; where one of them is wrong, by halves.
    fn snippets(&mut self) {
        let mut starts = Vec::with_capacity(self.prepared.snippets.len() + 1);
        let mut at = 0;
        for snippet in &self.prepared.snippets {
            starts.push(at);
            at += snippet.len() as usize + 1;
        }
        starts.push(at);
        self.snippet_lines(&starts, 0, self.prepared.snippets.len());
    }

    fn snippet_lines(&mut self, starts: &[usize], from: usize, to: usize) {
        if from >= to {
            return;
        }
        let text = &self.prepared.snippet_text[starts[from]..starts[to]];
        let Some(left) = self.budget.checked_sub(text.len()) else {
            return (from..to).for_each(|_| self.lowerer.set_snippet(None));
        };
        self.budget = left;
        let tree = parser::parse(text).filter(|tree| !tree.root_node().has_error());
        let fits = tree.as_ref().is_some_and(|tree| tree.root_node().child_count() as usize == to - from);
        match tree {
            Some(tree) if fits => {
                let mut cursor = tree.walk();
                cursor.goto_first_child();
                for index in from..to {
                    let line = starts[index] - starts[from];
                    let value = self.snippet(&mut cursor, line, self.prepared.snippets[index]);
                    self.lowerer.set_snippet(value);
                    cursor.goto_next_sibling();
                }
            }
            _ if to - from == 1 => self.lowerer.set_snippet(None),
            _ => {
                let middle = from.midpoint(to);
                self.snippet_lines(starts, from, middle);
                self.snippet_lines(starts, middle, to);
            }
        }
    }

    fn snippet(&mut self, cursor: &mut tree_sitter::TreeCursor<'_>, line: usize, source: Range) -> Option<ExprId> {
        self.lowerer.snippet(cursor, line, source)
    }

    /// Reads the module's body: as a whole, or in parts where it is wrong as a whole.
    fn body(&mut self) -> Vec<StmtId> {
        if self.prepared.stray.is_empty()
            && let Some(body) = self.try_statements(&self.prepared.masked, 0)
        {
            return body;
        }
        self.recover(0..self.prepared.lines.len())
    }

    /// Parses and lowers a part of the masked text that starts at `start`, unless the grammar does not accept it or
    /// too much has been parsed in vain.
    pub(crate) fn try_statements(&mut self, masked: &[u8], start: u32) -> Option<Vec<StmtId>> {
        self.budget = self.budget.checked_sub(masked.len())?;
        let tree = parser::parse(masked).filter(|tree| !tree.root_node().has_error())?;
        Some(self.lowerer.statements(&tree, start))
    }
}

#[cfg(test)]
mod tests {
    use super::is_accepted;

    #[test]
    fn only_what_needs_no_recovery_is_accepted() {
        assert!(is_accepted(""));
        assert!(is_accepted("def f[T](x: T) -> T:\n    return f'{x + 1:>{width}}'  # comment\n"));
        assert!(!is_accepted("def f(:\n    pass\n"));
        assert!(!is_accepted("x = 1)\n"));
        assert!(!is_accepted("x = f'{1 +}'\n"));
    }
}
