//! The patterns of `match`.

use super::kinds::{Kind, kind};
use super::{Lowerer, each_child};
use crate::syntax::{
    ExprContext, ExprId, ExprKind, Exprs, Identifier, Operator, PatternId, PatternKind, Singleton, UnaryOperator,
};
use pyaudit_source::Range;
use tree_sitter::TreeCursor;

impl Lowerer<'_> {
    /// Lowers the pattern that the cursor stands on. Patterns nest by brackets alone, which the pre-pass bounds.
    pub(super) fn pattern(&mut self, cursor: &mut TreeCursor<'_>) -> PatternId {
        let node = cursor.node();
        let range = self.raw_range(node);
        let found = match kind(node) {
            Kind::CasePattern => return self.case_pattern(cursor),
            Kind::AsPattern => self.as_pattern(cursor),
            Kind::UnionPattern => PatternKind::Or(self.alternatives(cursor)),
            Kind::ListPattern => PatternKind::Sequence(self.patterns(cursor)),
            Kind::TuplePattern => return self.parentheses(cursor),
            Kind::DictPattern => self.mapping(cursor),
            Kind::ClassPattern => self.class_pattern(cursor),
            Kind::SplatPattern => PatternKind::Star(self.splat_name(cursor)),
            Kind::DottedName | Kind::Identifier => self.name_pattern(cursor),
            Kind::Underscore => PatternKind::As { pattern: None, name: None },
            Kind::True => PatternKind::Singleton(Singleton::True),
            Kind::False => PatternKind::Singleton(Singleton::False),
            Kind::None => PatternKind::Singleton(Singleton::None),
            Kind::ComplexPattern => PatternKind::Value(self.complex(cursor)),
            Kind::Integer | Kind::Float | Kind::String | Kind::ConcatenatedString => {
                PatternKind::Value(self.expression(cursor))
            }
            _ => self.wrong_pattern(range),
        };
        self.pattern_node(range, found)
    }

    fn wrong_pattern(&mut self, range: Range) -> PatternKind {
        self.problem(range, "invalid pattern");
        PatternKind::Error
    }

    /// The contents of a `case_pattern`, or of another node whose children are one pattern: perhaps a `-` before a number.
    fn case_pattern(&mut self, cursor: &mut TreeCursor<'_>) -> PatternId {
        let range = self.raw_range(cursor.node());
        let (mut found, mut minus) = (None, None);
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::Minus => minus = Some(self.start(cursor.node())),
            _ => found = Some(self.signed_pattern(cursor, minus)),
        });
        found.unwrap_or_else(|| {
            let kind = self.wrong_pattern(range);
            self.pattern_node(range, kind)
        })
    }

    fn signed_pattern(&mut self, cursor: &mut TreeCursor<'_>, minus: Option<u32>) -> PatternId {
        let Some(start) = minus else { return self.pattern(cursor) };
        let operand = self.expression(cursor);
        let range = Range::new(start, self.syntax.expr(operand).range.end);
        let value = self.expr(range, ExprKind::UnaryOp { op: UnaryOperator::USub, operand });
        self.pattern_node(range, PatternKind::Value(value))
    }

    /// The patterns among the children of a node. A `-` belongs to the number after it.
    fn patterns(&mut self, cursor: &mut TreeCursor<'_>) -> Box<[PatternId]> {
        let (mut patterns, mut minus) = (Vec::new(), None);
        each_child(cursor, |cursor| {
            let node = cursor.node();
            match kind(node) {
                Kind::Minus => minus = Some(self.start(node)),
                Kind::Underscore => patterns.push(self.pattern(cursor)),
                _ if node.is_named() => patterns.push(self.signed_pattern(cursor, minus.take())),
                _ => {}
            }
        });
        patterns.into()
    }

    /// `a | b | c` is one node, however the grammar nests it.
    fn alternatives(&mut self, cursor: &mut TreeCursor<'_>) -> Box<[PatternId]> {
        let mut levels = 0;
        while kind(cursor.node()) == Kind::UnionPattern && cursor.goto_first_child() {
            levels += 1;
        }
        let (mut patterns, mut minus) = (Vec::new(), None);
        for _ in 0..levels {
            let mut first = true;
            loop {
                let node = cursor.node();
                match kind(node) {
                    Kind::UnionPattern if first => {}
                    Kind::UnionPattern => patterns.extend(self.alternatives(cursor)),
                    Kind::Minus => minus = Some(self.start(node)),
                    Kind::Underscore => patterns.push(self.pattern(cursor)),
                    _ if node.is_named() => patterns.push(self.signed_pattern(cursor, minus.take())),
                    _ => {}
                }
                first = false;
                if !cursor.goto_next_sibling() {
                    break;
                }
            }
            cursor.goto_parent();
        }
        patterns.into()
    }

    /// `(a)` is a group, `(a,)` and `(a, b)` are sequences.
    fn parentheses(&mut self, cursor: &mut TreeCursor<'_>) -> PatternId {
        let range = self.raw_range(cursor.node());
        let mut comma = false;
        each_child(cursor, |cursor| comma |= kind(cursor.node()) == Kind::Comma);
        match *self.patterns(cursor) {
            [only] if !comma && !matches!(self.syntax.pattern(only).kind, PatternKind::Star(_)) => only,
            ref several => {
                let several = several.into();
                self.pattern_node(range, PatternKind::Sequence(several))
            }
        }
    }

    /// The patterns of a `case`: several, or one with a comma, are a sequence without brackets.
    pub(super) fn open_sequence(&mut self, patterns: Vec<PatternId>, comma: bool, range: Range) -> PatternId {
        match *patterns {
            [only] if !comma => only,
            [] => {
                let kind = self.wrong_pattern(range);
                self.pattern_node(range, kind)
            }
            _ => self.pattern_node(range, PatternKind::Sequence(patterns.into())),
        }
    }

    fn as_pattern(&mut self, cursor: &mut TreeCursor<'_>) -> PatternKind {
        let (mut pattern, mut name) = (None, None);
        each_child(cursor, |cursor| {
            let node = cursor.node();
            match kind(node) {
                Kind::CasePattern => pattern = Some(self.pattern(cursor)),
                Kind::Identifier => name = Some(self.identifier(node)),
                _ => {}
            }
        });
        PatternKind::As { pattern, name }
    }

    fn splat_name(&mut self, cursor: &mut TreeCursor<'_>) -> Option<Identifier> {
        let mut name = None;
        each_child(cursor, |cursor| {
            if kind(cursor.node()) == Kind::Identifier {
                name = Some(self.identifier(cursor.node()));
            }
        });
        name
    }

    fn name_pattern(&mut self, cursor: &mut TreeCursor<'_>) -> PatternKind {
        let node = cursor.node();
        let start = self.start(node);
        if let Some(group) = self.string_at(start) {
            return PatternKind::Value(self.string_literals(group));
        }
        let range = self.range(node);
        if self.prepared.error_at(start).is_some() {
            return PatternKind::Error;
        }
        match (node.child_count(), self.source(range)) {
            (0 | 1, "_") => PatternKind::As { pattern: None, name: None },
            (0 | 1, _) => PatternKind::As { pattern: None, name: Some(self.identifier(node)) },
            _ => PatternKind::Value(self.dotted(cursor)),
        }
    }

    /// A dotted name as an expression.
    fn dotted(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let whole = self.range(cursor.node());
        let mut value = None;
        each_child(cursor, |cursor| {
            let node = cursor.node();
            if !node.is_named() {
                return;
            }
            let name = self.identifier(node);
            let ctx = ExprContext::Load;
            value = Some(match value {
                None => self.expr(name.range, ExprKind::Name { id: name.name, ctx }),
                Some(value) => {
                    let range = Range::new(whole.start, name.range.end);
                    self.expr(range, ExprKind::Attribute { value, attr: name, ctx })
                }
            });
        });
        value.unwrap_or_else(|| self.unknown(cursor))
    }

    fn class_pattern(&mut self, cursor: &mut TreeCursor<'_>) -> PatternKind {
        let (mut cls, mut patterns, mut keywords) = (None, Vec::new(), Vec::new());
        each_child(cursor, |cursor| {
            let node = cursor.node();
            match kind(node) {
                Kind::DottedName => cls = Some(self.dotted(cursor)),
                Kind::CasePattern => match node.child(0) {
                    Some(first) if kind(first) == Kind::KeywordPattern => {
                        cursor.goto_first_child();
                        keywords.extend(self.keyword_pattern(cursor));
                        cursor.goto_parent();
                    }
                    _ => patterns.push(self.pattern(cursor)),
                },
                _ => {}
            }
        });
        match cls {
            Some(cls) => PatternKind::Class { cls, patterns: patterns.into(), keywords: keywords.into() },
            None => PatternKind::Error,
        }
    }

    fn keyword_pattern(&mut self, cursor: &mut TreeCursor<'_>) -> Option<(Identifier, PatternId)> {
        let (mut name, mut minus, mut pattern) = (None, None, None);
        each_child(cursor, |cursor| {
            let node = cursor.node();
            match kind(node) {
                Kind::Equal => {}
                Kind::Minus => minus = Some(self.start(node)),
                _ if name.is_none() => name = Some(self.identifier(node)),
                _ => pattern = Some(self.signed_pattern(cursor, minus.take())),
            }
        });
        name.zip(pattern)
    }

    fn mapping(&mut self, cursor: &mut TreeCursor<'_>) -> PatternKind {
        let (mut keys, mut patterns, mut rest) = (Vec::new(), Vec::new(), None);
        let (mut minus, mut past_colon) = (None, false);
        each_child(cursor, |cursor| {
            let node = cursor.node();
            match kind(node) {
                Kind::SplatPattern => rest = self.splat_name(cursor),
                Kind::Colon => past_colon = true,
                Kind::Comma => past_colon = false,
                Kind::Minus => minus = Some(self.start(node)),
                _ if !node.is_named() => {}
                _ if past_colon => patterns.push(self.signed_pattern(cursor, minus.take())),
                _ => keys.push(self.signed_pattern(cursor, minus.take())),
            }
        });
        let keys: Exprs = keys.into_iter().map(|key| self.key_value(key)).collect();
        PatternKind::Mapping { keys, patterns: patterns.into(), rest }
    }

    /// The key of a mapping pattern is an expression, though the grammar has it as a pattern.
    fn key_value(&mut self, key: PatternId) -> ExprId {
        let pattern = self.syntax.pattern(key).clone();
        let kind = match pattern.kind {
            PatternKind::Value(value) => return value,
            PatternKind::Singleton(Singleton::None) => ExprKind::None,
            PatternKind::Singleton(Singleton::True) => ExprKind::Bool(true),
            PatternKind::Singleton(Singleton::False) => ExprKind::Bool(false),
            _ => ExprKind::Error,
        };
        self.expr(pattern.range, kind)
    }

    /// `-1 + 2j`.
    fn complex(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let range = self.raw_range(cursor.node());
        let (mut minus, mut left, mut op, mut right) = (None, None, None, None);
        each_child(cursor, |cursor| {
            let node = cursor.node();
            match kind(node) {
                Kind::Minus if left.is_none() => minus = Some(self.start(node)),
                Kind::Minus => op = Some(Operator::Sub),
                Kind::Plus => op = Some(Operator::Add),
                _ if left.is_none() => left = Some(self.expression(cursor)),
                _ => right = Some(self.expression(cursor)),
            }
        });
        let (Some(operand), Some(op), Some(right)) = (left, op, right) else { return self.unknown(cursor) };
        let left = match minus {
            None => operand,
            Some(start) => {
                let range = Range::new(start, self.syntax.expr(operand).range.end);
                self.expr(range, ExprKind::UnaryOp { op: UnaryOperator::USub, operand })
            }
        };
        self.expr(range, ExprKind::BinOp { left, op, right })
    }
}
