//! The one place where the grammar is run.

use std::cell::RefCell;
use std::ops::ControlFlow;
use tree_sitter::{ParseOptions, Parser, Tree};

/// How often the parser may report progress for a text of no length, and how much more for each byte. The parser reports
/// once in a hundred operations; ordinary text needs about one operation a byte, broken text several.
const BASE_TICKS: usize = 20_000;
const TICKS_PER_BYTE: usize = 2;

thread_local! {
    static PARSER: RefCell<Option<Parser>> = RefCell::new(new_parser());
}

fn new_parser() -> Option<Parser> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).ok()?;
    Some(parser)
}

/// Parses a masked text; nothing where the parser was given up because it took too many steps.
pub(crate) fn parse(masked: &[u8]) -> Option<Tree> {
    PARSER.with_borrow_mut(|parser| {
        let parser = parser.as_mut()?;
        let mut ticks = BASE_TICKS + masked.len() * TICKS_PER_BYTE;
        let mut progress = |_: &_| match ticks.checked_sub(1) {
            Some(left) => {
                ticks = left;
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(()),
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let mut read = |offset: usize, _| masked.get(offset..).unwrap_or_default();
        let tree = parser.parse_with_options(&mut read, None, Some(options));
        // A parser that was stopped would go on with the old text.
        parser.reset();
        tree
    })
}
