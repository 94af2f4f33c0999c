//! The linear pass over the bytes before the grammar sees them.
//!
//! tree-sitter's Python grammar is slow on some texts (runs of comments or continuation lines cost their square), knows
//! no limit of nesting, and reads some constructs wrongly or not at all. So a small scanner goes over the text once and
//! writes a *mask*: a text of the same length in which every logical line is one line, comments are spaces, a string or
//! a run of strings is one name, words that are keywords in some places only are names where they are names, and what
//! the grammar does not know (type parameters, type aliases, replacement fields) is taken out. Tables keep what stood
//! there. Names and positions are always read from the source, so the mask costs nothing of either.

mod indents;
mod lines;
mod recover;
mod strings;
mod table;
mod tokens;
mod type_params;

pub(crate) use table::{Line, Literal, Prepared, RawField, RawPart, RawTypeParam, StringGroup, Word};

use pyaudit_source::{ParseProblem, Range};

/// How deeply brackets may nest, as in CPython (`MAXLEVEL`).
const MAX_BRACKETS: usize = 200;
/// How deeply replacement fields may nest; CPython allows 150 strings (`MAXFSTRINGLEVEL`), people use two.
const MAX_FIELDS: usize = 32;
/// How deeply blocks may nest, as in CPython (`MAXINDENT`).
const MAX_INDENTS: usize = 100;

/// The first byte of the name that stands for a string or an error; rare at the start of a real name.
pub(crate) const MASK_START: u8 = b'Q';
/// Every other byte of a masked name; no keyword consists of it alone.
const MASK: u8 = b's';

/// Runs the pre-pass.
pub(crate) fn prepare(text: &str) -> Prepared {
    let mut scanner = Scanner::new(text, false);
    scanner.run();
    if scanner.open_triple {
        let mut cautious = Scanner::new(text, true);
        cautious.run();
        return cautious.finish();
    }
    scanner.finish()
}

/// The token before the current one, as far as the meaning of the current one depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Previous {
    /// Nothing: the current token starts a statement or an expression.
    Start,
    /// A name, number, string or closing bracket.
    Operand,
    /// A keyword that is no operand.
    Keyword,
    /// A keyword after which a starred expression may stand: `return`, `yield`, `in`.
    StarKeyword,
    /// `def` or `class`.
    Definition,
    /// An operator, by its last byte.
    Operator(u8),
}

/// An open bracket.
#[derive(Debug, Clone, Copy)]
struct Bracket {
    open: u8,
    at: usize,
    subscript: bool,
}

/// The text of a replacement field that cannot be read; the whole literal is then no valid string.
struct Failed;

/// The scanner's state.
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts about the text so far")]
struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    out: Prepared,
    brackets: Vec<Bracket>,
    /// How many brackets are open beyond the limit, and where the first of them is.
    too_deep: usize,
    too_deep_at: usize,
    previous: Previous,
    /// The end of the last token.
    token_end: usize,
    /// The group that a string standing here would join.
    string: Option<usize>,
    /// How many replacement fields are open.
    fields: usize,
    /// Bracket depth at which commas separate expressions that may be starred.
    star_depth: Option<usize>,
    /// The masked stars outside of brackets since the last `=`: what they unpack is a target if another `=` follows.
    stars: Vec<usize>,
    /// Bracket depth of each lambda whose parameters are being read.
    lambdas: Vec<usize>,
    /// Where a statement starts that is known to be wrong.
    wrong_from: Option<usize>,
    line: Option<Line>,
    /// The line end before the current logical line.
    newline: Option<usize>,
    indents: Vec<u32>,
    line_too_deep: bool,
    /// The word `match` that starts the last line, if it is one.
    match_word: Option<usize>,
    /// The columns of open `match` statements and of their cases.
    matches: Vec<(u32, u32)>,
    /// The first line end inside the open brackets.
    first_break: Option<usize>,
    /// Bytes scanned more than once.
    waste: usize,
    /// Whether a string in triple quotes was open at the end of the text.
    open_triple: bool,
    /// Whether strings in triple quotes end before a line that looks like a definition.
    cautious: bool,
    python2: bool,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str, cautious: bool) -> Self {
        let out = Prepared { masked: text.as_bytes().to_vec(), ..Prepared::default() };
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            out,
            brackets: Vec::new(),
            too_deep: 0,
            too_deep_at: 0,
            previous: Previous::Start,
            token_end: 0,
            string: None,
            fields: 0,
            star_depth: None,
            stars: Vec::new(),
            lambdas: Vec::new(),
            wrong_from: None,
            line: None,
            newline: None,
            indents: vec![0],
            line_too_deep: false,
            match_word: None,
            matches: Vec::new(),
            first_break: None,
            waste: 0,
            open_triple: false,
            cautious,
            python2: false,
        }
    }

    fn run(&mut self) {
        loop {
            if self.line.is_none() {
                self.begin_line();
            }
            self.skip_blanks();
            match self.peek(0) {
                None if self.line.is_some() && self.unclosed(self.bytes.len()) => {}
                None => break,
                Some(b'\n' | b'\r') => self.line_break(),
                Some(byte) => {
                    // A failure can only come from inside a replacement field, and none is open here.
                    let _ = self.token(byte);
                }
            }
        }
        self.end_line(self.bytes.len());
    }

    fn finish(mut self) -> Prepared {
        self.blank_tail();
        indents::settle_indents(&mut self.out);
        self.out.strings.sort_unstable_by_key(|group| group.mask);
        self.out.errors.sort_unstable();
        self.out.type_params.sort_unstable_by_key(|(at, _)| *at);
        self.out
    }

    /// The byte `ahead` of the current one.
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// Puts spaces in place of a part of the text.
    fn blank(&mut self, from: usize, to: usize) {
        if let Some(bytes) = self.out.masked.get_mut(from..to) {
            bytes.fill(b' ');
        }
    }

    /// Notes that the text from `start` to the current place is one token.
    fn token_ends(&mut self, previous: Previous) {
        self.previous = previous;
        self.token_end = self.at;
        self.string = None;
    }

    /// Puts a name in place of a part of the text that is an operand, and tells where the name starts. Where a letter
    /// stands right beside it, the name leaves a space, so that the two stay apart.
    fn mask_operand(&mut self, from: usize, to: usize) -> usize {
        let left = from > 0 && is_name_byte(self.out.masked[from - 1]);
        let right = self.bytes.get(to).is_some_and(|&byte| is_name_byte(byte));
        let (start, end) = (from + usize::from(left), to - usize::from(right));
        if start >= end {
            return from;
        }
        self.blank(from, to);
        self.out.masked[start] = MASK_START;
        self.out.masked[start + 1..end].fill(MASK);
        start
    }

    /// Makes the name that starts at `mask`, and stands for text up to `from`, stand for the text up to `to`.
    fn extend_mask(&mut self, mask: usize, from: usize, to: usize) {
        self.out.masked[(mask + 1).max(from - 1)..to].fill(MASK);
        if self.bytes.get(to).is_some_and(|&byte| is_name_byte(byte)) {
            self.out.masked[to - 1] = b' ';
        }
    }

    /// Takes a part of the text as an operand that is no valid Python.
    fn mask_error(&mut self, from: usize, to: usize) {
        let start = self.mask_operand(from, to);
        self.out.errors.push(range(start, to));
    }

    /// Takes a part of the text out, to be parsed apart.
    fn snippet(&mut self, source: Range) -> Option<u32> {
        if source.is_empty() {
            return None;
        }
        let masked = self.out.masked.get(source.start as usize..source.end as usize)?;
        self.out.snippet_text.extend_from_slice(masked);
        self.out.snippet_text.push(b'\n');
        self.out.snippets.push(source);
        Some(self.out.snippets.len() as u32 - 1)
    }

    /// Goes over tokens until one of the `stops` stands outside of brackets; gives the range of what was passed.
    fn expression_until(&mut self, stops: impl Fn(&Self, u8) -> bool) -> Result<Range, Failed> {
        let (base, outer) = (self.brackets.len(), self.string.take());
        self.previous = Previous::Start;
        self.skip_blanks_and_breaks();
        let start = self.at;
        self.token_end = start;
        loop {
            self.skip_blanks_and_breaks();
            let byte = self.peek(0).ok_or(Failed)?;
            if self.brackets.len() <= base && self.too_deep == 0 && stops(self, byte) {
                break;
            }
            self.token(byte)?;
            if self.brackets.len() < base {
                return Err(Failed);
            }
        }
        self.string = outer;
        Ok(range(start, self.token_end))
    }

    fn problem(&mut self, at: Range, message: impl Into<String>) {
        self.out.problems.push(ParseProblem::at(at, message));
    }

    /// Says once that the text looks like Python 2.
    fn looks_like_python2(&mut self, at: Range, what: &str) {
        if !self.python2 {
            self.python2 = true;
            self.problem(at, format!("looks like Python 2: {what}"));
        }
    }
}

/// A range from byte positions.
fn range(start: usize, end: usize) -> Range {
    Range::new(start as u32, end as u32)
}

/// Whether a byte belongs to a name. Every byte outside of ASCII is taken for one.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
