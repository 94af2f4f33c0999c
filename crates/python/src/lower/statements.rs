//! Bodies and simple statements.

use super::kinds::{Kind, kind, operator};
use super::{Lowerer, each_child};
use crate::syntax::{Alias, Block, ExprContext, ExprId, Identifier, StmtId, StmtKind};
use pyaudit_source::Range;
use tree_sitter::TreeCursor;

impl Lowerer<'_> {
    /// Lowers the statements below the node that the cursor stands on.
    pub(super) fn block_statements(&mut self, cursor: &mut TreeCursor<'_>) -> Vec<StmtId> {
        let mut body = Vec::new();
        each_child(cursor, |cursor| {
            if cursor.node().is_named() {
                body.extend(self.statement(cursor));
            }
        });
        body
    }

    /// Lowers a body. Gives it with the place where it ends; a body that is missing ends with its colon.
    pub(super) fn body(&mut self, cursor: &mut TreeCursor<'_>) -> (Block, u32) {
        let node = cursor.node();
        let start = node.child(0).map_or(0, |first| self.start(first));
        let stub = self.stubs.iter().find(|(at, _)| *at == start && !self.stubs.is_empty());
        let body: Block = match stub {
            Some((_, body)) => body.clone(),
            None => self.block_statements(cursor).into(),
        };
        let end = body.last().map(|&last| self.past_semicolon(self.syntax.stmt(last).range.end));
        let end = end.unwrap_or_else(|| {
            let at = self.last_token_end(self.start(node));
            self.problem(Range::empty(at), "expected an indented block");
            at
        });
        (body, end)
    }

    /// A body ends with the semicolon after its last statement, as CPython counts.
    fn past_semicolon(&self, end: u32) -> u32 {
        let rest = self.prepared.masked.get(end as usize..).unwrap_or_default();
        let source = self.text.as_bytes().get(end as usize..).unwrap_or_default();
        let blanks = source.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if rest.get(blanks) == Some(&b';') { end + blanks as u32 + 1 } else { end }
    }

    /// The end of the last token before a place.
    fn last_token_end(&self, before: u32) -> u32 {
        let masked = &self.prepared.masked[..(before as usize).min(self.prepared.masked.len())];
        masked.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |at| at as u32 + 1)
    }

    /// Lowers the statement that the cursor stands on.
    pub(super) fn statement(&mut self, cursor: &mut TreeCursor<'_>) -> Option<StmtId> {
        let node = cursor.node();
        let range = self.raw_range(node);
        let kind = match kind(node) {
            Kind::ExpressionStatement => return Some(self.expression_statement(cursor)),
            Kind::Import => StmtKind::Import(self.aliases(cursor).into()),
            Kind::ImportFrom => self.import_from(cursor),
            Kind::Assert => self.assert(cursor),
            Kind::Return => StmtKind::Return(self.values(cursor).pop()),
            Kind::Delete => self.delete(cursor),
            Kind::Raise => self.raise(cursor),
            Kind::Pass => StmtKind::Pass,
            Kind::Break => StmtKind::Break,
            Kind::Continue => StmtKind::Continue,
            Kind::Global => StmtKind::Global(self.identifiers(cursor)),
            Kind::Nonlocal => StmtKind::Nonlocal(self.identifiers(cursor)),
            _ => return self.compound(cursor),
        };
        Some(self.stmt(range, kind))
    }

    /// A statement that is no valid Python.
    pub(super) fn wrong_statement(&mut self, range: Range, message: &str) -> StmtId {
        self.problem(range, message);
        self.stmt(range, StmtKind::Error)
    }

    fn expression_statement(&mut self, cursor: &mut TreeCursor<'_>) -> StmtId {
        let range = self.raw_range(cursor.node());
        let several = cursor.node().child_count() > 1;
        if !several && cursor.goto_first_child() {
            let stmt = match kind(cursor.node()) {
                Kind::Assignment => self.assignment(cursor, range),
                Kind::AugmentedAssignment => self.augmented(cursor),
                _ => self.value_statement(cursor, range),
            };
            cursor.goto_parent();
            return self.stmt(stmt.0, stmt.1);
        }
        let value = self.bare_tuple(cursor);
        self.stmt(range, StmtKind::Expr(value))
    }

    fn value_statement(&mut self, cursor: &mut TreeCursor<'_>, range: Range) -> (Range, StmtKind) {
        if let Some(wrong) = self.prepared.error_at(self.start(cursor.node())) {
            return (wrong, StmtKind::Error);
        }
        (range, StmtKind::Expr(self.element_or_list(cursor)))
    }

    /// `a = b = value`, `a: annotation = value`, and type aliases, which the pre-pass makes look like assignments. The
    /// grammar nests the assignments to the right.
    fn assignment(&mut self, cursor: &mut TreeCursor<'_>, range: Range) -> (Range, StmtKind) {
        let start = self.start(cursor.node());
        let alias = self.prepared.type_alias_at(start);
        let (mut targets, mut annotation, mut value) = (Vec::new(), None, None);
        let mut simple = false;
        // Asking a node for its sibling costs its depth, and these may nest by the thousand.
        let (mut levels, mut first) = (1, true);
        cursor.goto_first_child();
        loop {
            let node = cursor.node();
            match kind(node) {
                Kind::Type => annotation = Some(self.element(cursor)),
                _ if !node.is_named() => {}
                _ if first => {
                    simple = kind(node) == Kind::Identifier;
                    targets.push(self.element_or_list(cursor));
                }
                Kind::Assignment => {
                    cursor.goto_first_child();
                    levels += 1;
                    first = true;
                    continue;
                }
                Kind::AugmentedAssignment => value = Some(self.unknown(cursor)),
                _ => value = Some(self.element_or_list(cursor)),
            }
            first = false;
            if !cursor.goto_next_sibling() {
                break;
            }
        }
        for _ in 0..levels {
            cursor.goto_parent();
        }
        for &target in &targets {
            self.set_context(target, ExprContext::Store);
        }
        let kind = match (targets.as_slice(), annotation, value, alias) {
            (&[name], None, Some(value), Some(keyword)) => {
                let type_params = self.type_params(start);
                let range = Range::new(keyword, range.end);
                return (range, StmtKind::TypeAlias { name, type_params, value });
            }
            (&[target], Some(annotation), value, _) => StmtKind::AnnAssign { target, annotation, value, simple },
            (_, None, Some(value), _) => StmtKind::Assign { targets: targets.into(), value },
            _ => {
                self.problem(range, "invalid assignment");
                StmtKind::Error
            }
        };
        (range, kind)
    }

    fn augmented(&mut self, cursor: &mut TreeCursor<'_>) -> (Range, StmtKind) {
        let range = self.raw_range(cursor.node());
        let (mut parts, mut op) = (Vec::new(), None);
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::Assignment | Kind::AugmentedAssignment => parts.push(self.unknown(cursor)),
            _ if cursor.node().is_named() => parts.push(self.element_or_list(cursor)),
            found => op = operator(found),
        });
        match (parts.as_slice(), op) {
            (&[target, value], Some(op)) => {
                self.set_context(target, ExprContext::Store);
                (range, StmtKind::AugAssign { target, op, value })
            }
            _ => (range, StmtKind::Error),
        }
    }

    /// The values among a statement's children.
    fn values(&mut self, cursor: &mut TreeCursor<'_>) -> Vec<ExprId> {
        let mut values = Vec::new();
        each_child(cursor, |cursor| {
            if cursor.node().is_named() {
                values.push(self.element_or_list(cursor));
            }
        });
        values
    }

    fn assert(&mut self, cursor: &mut TreeCursor<'_>) -> StmtKind {
        match *self.values(cursor) {
            [test] => StmtKind::Assert { test, msg: None },
            [test, msg] => StmtKind::Assert { test, msg: Some(msg) },
            _ => {
                let range = self.raw_range(cursor.node());
                self.problem(range, "`assert` takes one or two values");
                StmtKind::Error
            }
        }
    }

    fn delete(&mut self, cursor: &mut TreeCursor<'_>) -> StmtKind {
        let mut targets = Vec::new();
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::ExpressionList => targets.extend(self.elements(cursor)),
            _ if cursor.node().is_named() => targets.push(self.element(cursor)),
            _ => {}
        });
        for &target in &targets {
            self.set_context(target, ExprContext::Del);
        }
        StmtKind::Delete(targets.into())
    }

    fn raise(&mut self, cursor: &mut TreeCursor<'_>) -> StmtKind {
        let (mut exc, mut cause, mut from, mut list) = (None, None, false, false);
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::From => from = true,
            Kind::ExpressionList => list = true,
            _ if !cursor.node().is_named() => {}
            _ if from => cause = Some(self.expression(cursor)),
            _ => exc = Some(self.expression(cursor)),
        });
        if list {
            let range = self.raw_range(cursor.node());
            self.problem(range, "looks like Python 2: `raise` with a comma");
            return StmtKind::Error;
        }
        StmtKind::Raise { exc, cause }
    }

    fn identifiers(&mut self, cursor: &mut TreeCursor<'_>) -> Box<[Identifier]> {
        let mut names = Vec::new();
        each_child(cursor, |cursor| {
            if cursor.node().is_named() {
                names.push(self.identifier(cursor.node()));
            }
        });
        names.into()
    }

    fn aliases(&mut self, cursor: &mut TreeCursor<'_>) -> Vec<Alias> {
        let mut aliases = Vec::new();
        each_child(cursor, |cursor| aliases.extend(self.alias(cursor)));
        aliases
    }

    fn alias(&mut self, cursor: &mut TreeCursor<'_>) -> Option<Alias> {
        let range = self.raw_range(cursor.node());
        match kind(cursor.node()) {
            Kind::DottedName => {
                let name = self.identifier(cursor.node());
                Some(Alias { range, name, asname: None })
            }
            Kind::WildcardImport => {
                let name = Identifier { name: self.intern("*"), range };
                Some(Alias { range, name, asname: None })
            }
            Kind::AliasedImport => {
                let names = self.identifiers(cursor);
                let mut names = names.iter().copied();
                Some(Alias { range, name: names.next()?, asname: names.next() })
            }
            _ => None,
        }
    }

    fn import_from(&mut self, cursor: &mut TreeCursor<'_>) -> StmtKind {
        let (mut module, mut level, mut names) = (None, 0, Vec::new());
        let mut has_module = false;
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::RelativeImport => {
                has_module = true;
                (module, level) = self.relative_module(cursor);
            }
            Kind::DottedName if !has_module => {
                has_module = true;
                module = Some(self.identifier(cursor.node()));
            }
            _ => names.extend(self.alias(cursor)),
        });
        StmtKind::ImportFrom { module, names: names.into(), level }
    }

    fn relative_module(&mut self, cursor: &mut TreeCursor<'_>) -> (Option<Identifier>, u32) {
        let (mut module, mut level) = (None, 0);
        each_child(cursor, |cursor| {
            let node = cursor.node();
            match kind(node) {
                Kind::ImportPrefix => {
                    let range = self.raw_range(node);
                    level = self.source(range).bytes().filter(|&byte| byte == b'.').count() as u32;
                }
                Kind::DottedName => module = Some(self.identifier(node)),
                _ => {}
            }
        });
        (module, level)
    }
}
