//! The walk over the grammar's tree that makes typed syntax of it.
//!
//! It is written by hand, once over the tree, with one cursor. Names and literals are read from the source, not from the
//! mask that the grammar saw. Chains that lean to the left (sums, attributes, calls, `and`) are walked without recursion;
//! everything else recurses, within [`MAX_FRAMES`] and [`MAX_DEPTH`].

mod arguments;
mod chains;
mod collections;
mod compound;
mod definitions;
mod expressions;
mod kinds;
mod patterns;
mod statements;
mod strings;

use crate::module::Syntax;
use crate::prepass::{Prepared, StringGroup};
use crate::syntax::{
    Block, Expr, ExprContext, ExprId, ExprKind, Identifier, NameId, Pattern, PatternId, PatternKind, Stmt, StmtId,
    StmtKind,
};
use kinds::{Kind, kind};
use pyaudit_source::{ParseProblem, Range};
use std::borrow::Cow;
use std::collections::HashMap;
use tree_sitter::{Node, Tree, TreeCursor};
use unicode_normalization::{UnicodeNormalization, is_nfkc};

/// How deeply the lowered tree may nest.
const MAX_DEPTH: u32 = 1_000;
/// How deeply the walk may recurse into expressions, so that it fits a stack of 2 MiB without optimisation.
const MAX_FRAMES: u32 = 250;

/// Makes typed syntax of trees of one text.
pub(crate) struct Lowerer<'t> {
    text: &'t str,
    pub(crate) prepared: &'t Prepared,
    pub(crate) syntax: Syntax,
    pub(crate) problems: Vec<ParseProblem>,
    interned: HashMap<Cow<'t, str>, NameId>,
    /// How far the source lies behind the tree that is walked, modulo 2^32: it may lie before it.
    shift: u32,
    /// What each snippet became.
    snippets: Vec<Option<ExprId>>,
    /// Bodies that were lowered apart, by the place of the name that stands for each.
    pub(crate) stubs: Vec<(u32, Block)>,
    /// The end of a `with` item's value, where the grammar put the `as` too far inside.
    cut: Option<u32>,
    depth: u32,
    frames: u32,
    said_too_deep: bool,
}

impl<'t> Lowerer<'t> {
    pub(crate) fn new(text: &'t str, prepared: &'t Prepared) -> Self {
        Self {
            text,
            prepared,
            syntax: Syntax::default(),
            problems: Vec::new(),
            interned: HashMap::new(),
            shift: 0,
            snippets: Vec::new(),
            stubs: Vec::new(),
            cut: None,
            depth: 0,
            frames: 0,
            said_too_deep: false,
        }
    }

    /// Lowers the statements of a tree whose text starts at `start` in the source.
    pub(crate) fn statements(&mut self, tree: &Tree, start: u32) -> Vec<StmtId> {
        self.shift = start;
        let mut cursor = tree.walk();
        self.block_statements(&mut cursor)
    }

    /// Lowers one snippet out of a tree; nothing where its text is no expression. The cursor stands on a statement of the
    /// tree whose text starts at `line` there and at `source` in the source.
    pub(crate) fn snippet(&mut self, cursor: &mut TreeCursor<'_>, line: usize, source: Range) -> Option<ExprId> {
        self.shift = source.start.wrapping_sub(line as u32);
        if kind(cursor.node()) != Kind::ExpressionStatement {
            return None;
        }
        let stmt = self.statement(cursor)?;
        let last = self.syntax.stmts.pop()?;
        debug_assert_eq!(stmt.0 as usize, self.syntax.stmts.len(), "an expression holds no statement");
        match last.kind {
            StmtKind::Expr(value) => Some(value),
            _ => None,
        }
    }

    /// Keeps what a snippet became. Snippets are set in order.
    pub(crate) fn set_snippet(&mut self, value: Option<ExprId>) {
        self.snippets.push(value);
    }

    fn snippet_value(&mut self, index: Option<u32>, at: Range) -> ExprId {
        let found = index.and_then(|index| self.snippets.get(index as usize).copied().flatten());
        found.unwrap_or_else(|| {
            self.problem(at, "invalid expression");
            self.expr(at, ExprKind::Error)
        })
    }

    pub(crate) fn expr(&mut self, range: Range, kind: ExprKind) -> ExprId {
        self.syntax.exprs.push(Expr { range, kind });
        ExprId(self.syntax.exprs.len() as u32 - 1)
    }

    pub(crate) fn stmt(&mut self, range: Range, kind: StmtKind) -> StmtId {
        self.syntax.stmts.push(Stmt { range, kind });
        StmtId(self.syntax.stmts.len() as u32 - 1)
    }

    fn pattern_node(&mut self, range: Range, kind: PatternKind) -> PatternId {
        self.syntax.patterns.push(Pattern { range, kind });
        PatternId(self.syntax.patterns.len() as u32 - 1)
    }

    pub(crate) fn problem(&mut self, at: Range, message: impl Into<String>) {
        self.problems.push(ParseProblem::at(at, message));
    }

    /// The place of a node in the source, without a star before it: where an expression is unpacked, the grammar puts
    /// the star around its first operand only.
    fn range(&self, node: Node<'_>) -> Range {
        let range = self.raw_range(node);
        if self.byte(range.start) == b'*' {
            let rest =
                self.source(range).trim_start_matches(|letter: char| letter == '*' || letter.is_ascii_whitespace());
            return Range::new(range.end - rest.len() as u32, range.end);
        }
        range
    }

    /// The place of a node in the source. A mask may start or end a byte inside what it stands for.
    fn raw_range(&self, node: Node<'_>) -> Range {
        let end = self.unmask_end((node.end_byte() as u32).wrapping_add(self.shift));
        let start = self.start(node);
        let start = self.string_at(start).map_or(start, |group| group.range.start);
        Range::new(start, self.cut.map_or(end, |cut| end.min(cut)))
    }

    /// Where a node starts, as the tables of the pre-pass count.
    fn start(&self, node: Node<'_>) -> u32 {
        (node.start_byte() as u32).wrapping_add(self.shift)
    }

    fn byte(&self, at: u32) -> u8 {
        self.text.as_bytes().get(at as usize).copied().unwrap_or(0)
    }

    /// The strings whose mask starts at a place. Few bytes can start one, which is seen before the table is asked.
    fn string_at(&self, start: u32) -> Option<&'t StringGroup> {
        let is_quote = |at: u32| matches!(self.byte(at), b'"' | b'\'');
        let prefixed = matches!(self.byte(start) | 0x20, b'r' | b'b' | b'u' | b'f' | b't')
            && (is_quote(start + 1) || is_quote(start + 2));
        // A string right beside a letter has its mask one byte further in.
        let beside = start > 0 && is_quote(start - 1);
        if is_quote(start) || prefixed || beside { self.prepared.string_at(start) } else { None }
    }

    /// Where a letter follows a string, the string's mask ends a byte before it.
    fn unmask_end(&self, end: u32) -> u32 {
        let next = self.byte(end + 1);
        let letter = next.is_ascii_alphanumeric() || next == b'_' || next >= 0x80;
        if !(letter && matches!(self.byte(end), b'"' | b'\'')) {
            return end;
        }
        let at = self.prepared.strings.partition_point(|group| group.range.start <= end);
        let before = self.prepared.strings[..at].iter().rev().take(64);
        if before.into_iter().any(|group| group.range.end == end + 1) { end + 1 } else { end }
    }

    fn source(&self, range: Range) -> &'t str {
        range.slice(self.text)
    }

    /// The number of a name: in NFKC, as Python compares names.
    pub(crate) fn intern(&mut self, name: &'t str) -> NameId {
        if name.is_ascii() || is_nfkc(name) {
            return self.intern_text(Cow::Borrowed(name));
        }
        self.intern_text(Cow::Owned(name.nfkc().collect()))
    }

    fn intern_text(&mut self, name: Cow<'t, str>) -> NameId {
        if let Some(&id) = self.interned.get(&name) {
            return id;
        }
        let id = NameId(self.syntax.names.len() as u32);
        self.syntax.names.push(name.as_ref().into());
        self.interned.insert(name, id);
        id
    }

    /// A name where it stands; spaces and line ends inside a dotted name are left out.
    fn identifier(&mut self, node: Node<'_>) -> Identifier {
        let range = self.range(node);
        Identifier { name: self.name_in(range), range }
    }

    fn name_in(&mut self, range: Range) -> NameId {
        let text = self.source(range);
        if text.contains(|letter: char| letter.is_ascii_whitespace() || letter == '\\' || letter == '#') {
            let parts = text
                .split('.')
                .map(|part| part.trim_matches(|letter: char| letter.is_ascii_whitespace() || letter == '\\'));
            let joined = parts.collect::<Vec<_>>().join(".");
            return self.intern_text(Cow::Owned(joined));
        }
        self.intern(text)
    }

    /// Runs `lower` one level deeper, or takes the node for an error where that is too deep.
    fn deeper(&mut self, cursor: &mut TreeCursor<'_>, lower: fn(&mut Self, &mut TreeCursor<'_>) -> ExprId) -> ExprId {
        if self.frames >= MAX_FRAMES || self.depth >= MAX_DEPTH {
            return self.too_deep(cursor.node());
        }
        self.frames += 1;
        self.depth += 1;
        let id = lower(self, cursor);
        self.depth -= 1;
        self.frames -= 1;
        id
    }

    fn too_deep(&mut self, node: Node<'_>) -> ExprId {
        let range = self.range(node);
        if !self.said_too_deep {
            self.said_too_deep = true;
            self.problem(range, "an expression is nested too deeply");
        }
        self.expr(range, ExprKind::Error)
    }

    /// Marks an expression as assigned or deleted, with the elements that it unpacks into.
    fn set_context(&mut self, target: ExprId, context: ExprContext) {
        let mut pending = vec![target];
        while let Some(id) = pending.pop() {
            match &mut self.syntax.exprs[id.0 as usize].kind {
                ExprKind::Attribute { ctx, .. } | ExprKind::Subscript { ctx, .. } | ExprKind::Name { ctx, .. } => {
                    *ctx = context;
                }
                ExprKind::Starred { value, ctx } => {
                    *ctx = context;
                    pending.push(*value);
                }
                ExprKind::List { elts, ctx } | ExprKind::Tuple { elts, ctx } => {
                    *ctx = context;
                    pending.extend(elts.iter().copied());
                }
                _ => {}
            }
        }
    }
}

/// Calls `visit` for each child of the node that the cursor stands on.
fn each_child(cursor: &mut TreeCursor<'_>, mut visit: impl FnMut(&mut TreeCursor<'_>)) {
    if cursor.goto_first_child() {
        loop {
            visit(cursor);
            if !cursor.goto_next_sibling() {
                break;
            }
        }
        cursor.goto_parent();
    }
}
