//! What the pre-pass finds out: the plain text that the grammar reads, and tables of what stood where it is plain.

use crate::module::Comment;
use pyaudit_source::{ParseProblem, Range};

/// The result of the pre-pass over one text.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    /// The text for the grammar: as long as the source, one line a logical line, no comment, every string one name.
    pub(crate) masked: Vec<u8>,
    /// The logical lines.
    pub(crate) lines: Vec<Line>,
    /// The indexes of the lines that count as indented like those after them, though they are not.
    pub(crate) stray: Vec<usize>,
    /// String literals, each with its neighbours, by the place of their mask.
    pub(crate) strings: Vec<StringGroup>,
    /// Expressions that are parsed apart from the text: replacement fields, bounds and defaults of type parameters.
    /// An inner one stands before the one around it.
    pub(crate) snippets: Vec<Range>,
    /// The masked text of the snippets, a line each.
    pub(crate) snippet_text: Vec<u8>,
    /// Type parameters, by the place of the name that they follow.
    pub(crate) type_params: Vec<(u32, Box<[RawTypeParam]>)>,
    /// The place of the word `type` of each type alias, by the place of its name.
    pub(crate) type_aliases: Vec<(u32, u32)>,
    /// Text that is known to be no Python 3: masked by a name, by the place of the mask.
    pub(crate) errors: Vec<Range>,
    /// The comments.
    pub(crate) comments: Vec<Comment>,
    /// What is wrong already at this level.
    pub(crate) problems: Vec<ParseProblem>,
}

impl Prepared {
    /// The strings whose mask starts at `offset`.
    pub(crate) fn string_at(&self, offset: u32) -> Option<&StringGroup> {
        let at = self.strings.binary_search_by_key(&offset, |group| group.mask).ok()?;
        self.strings.get(at)
    }

    /// The text known to be wrong whose mask starts at `offset`.
    pub(crate) fn error_at(&self, offset: u32) -> Option<Range> {
        let at = self.errors.binary_search_by_key(&offset, |range| range.start).ok()?;
        self.errors.get(at).copied()
    }

    /// The type parameters after the name that starts at `offset`.
    pub(crate) fn type_params_at(&self, offset: u32) -> &[RawTypeParam] {
        let found = self.type_params.binary_search_by_key(&offset, |(at, _)| *at);
        found.ok().and_then(|at| self.type_params.get(at)).map_or(&[], |(_, params)| params)
    }

    /// Where the word `type` stands before the name at `offset`, if that is a type alias's.
    pub(crate) fn type_alias_at(&self, offset: u32) -> Option<u32> {
        let found = self.type_aliases.binary_search_by_key(&offset, |(name, _)| *name).ok()?;
        self.type_aliases.get(found).map(|(_, keyword)| *keyword)
    }
}

/// A logical line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    /// The first byte of its indentation.
    pub(crate) start: u32,
    /// The first byte of its first token.
    pub(crate) first: u32,
    /// The byte after its last token.
    pub(crate) end: u32,
    /// The column of its first token, tabs counted to the next multiple of eight.
    pub(crate) indent: u32,
    /// What it starts with.
    pub(crate) word: Word,
}

/// What a logical line starts with, as far as recovery asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// `@`.
    Decorator,
    /// `def`, `class` or `async`.
    Definition,
    /// Another keyword that opens a block.
    Compound,
    /// `elif`, `else`, `except` or `finally`.
    Clause,
    /// Anything else.
    Other,
}

/// String literals that stand side by side.
#[derive(Debug)]
pub(crate) struct StringGroup {
    /// Where the name that stands for them in the masked text starts.
    pub(crate) mask: u32,
    /// From the first prefix to the last quote.
    pub(crate) range: Range,
    /// Each literal.
    pub(crate) literals: Vec<Literal>,
    /// Whether one of them is no valid literal.
    pub(crate) broken: bool,
}

/// A string literal.
#[derive(Debug)]
pub(crate) struct Literal {
    /// Prefix and quotes included.
    pub(crate) range: Range,
    /// What the prefix says.
    pub(crate) prefix: Prefix,
    /// Without prefix and quotes.
    pub(crate) body: Range,
    /// The parts of an f-string or t-string.
    pub(crate) parts: Vec<RawPart>,
}

/// The meaning of a string prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a letter that may stand in the prefix or not")]
pub(crate) struct Prefix {
    /// `r`.
    pub(crate) raw: bool,
    /// `b`.
    pub(crate) bytes: bool,
    /// `u`, in lower case: CPython records that one alone.
    pub(crate) unicode: bool,
    /// `f`.
    pub(crate) format: bool,
    /// `t`.
    pub(crate) template: bool,
}

impl Prefix {
    /// Whether braces hold expressions.
    pub(crate) fn has_fields(self) -> bool {
        self.format || self.template
    }
}

/// A part of an f-string or t-string, undecoded.
#[derive(Debug)]
pub(crate) enum RawPart {
    /// Literal text.
    Text(Range),
    /// A replacement field.
    Field(Box<RawField>),
}

/// A replacement field, undecoded.
#[derive(Debug)]
pub(crate) struct RawField {
    /// With the braces.
    pub(crate) range: Range,
    /// The text of the expression.
    pub(crate) source: Range,
    /// The index of the expression among the snippets; `None` where there is none.
    pub(crate) snippet: Option<u32>,
    /// From after the brace to what follows the `=` of a self-documenting field.
    pub(crate) debug: Option<Range>,
    /// The letter after `!`.
    pub(crate) conversion: Option<char>,
    /// What follows the colon, with its parts.
    pub(crate) spec: Option<(Range, Vec<RawPart>)>,
}

/// A type parameter, its expressions not parsed yet.
#[derive(Debug)]
pub(crate) struct RawTypeParam {
    /// From its first token to its last.
    pub(crate) range: Range,
    /// The name's place.
    pub(crate) name: Range,
    /// The number of stars before the name.
    pub(crate) stars: u8,
    /// The index of the bound among the snippets.
    pub(crate) bound: Option<u32>,
    /// The index of the default among the snippets.
    pub(crate) default: Option<u32>,
}
