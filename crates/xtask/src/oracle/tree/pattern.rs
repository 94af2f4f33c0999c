//! The lines of match patterns.

use super::{Node, Writer};
use pyaudit_python::{PatternId, PatternKind, Singleton};

impl<'s> Writer<'s> {
    pub(super) fn pattern(&mut self, id: PatternId) {
        let pattern = self.syntax.pattern(id);
        self.head(kind_name(&pattern.kind), pattern.range);
        match &pattern.kind {
            PatternKind::Value(value) => self.expression("value", *value),
            PatternKind::Singleton(value) => self.scalar("value", singleton(*value)),
            PatternKind::Sequence(patterns) | PatternKind::Or(patterns) => self.patterns("patterns", patterns),
            PatternKind::Mapping { keys, patterns, rest } => {
                self.expressions("keys", keys);
                self.patterns("patterns", patterns);
                self.scalar_or_none("rest", rest.map(|name| self.syntax.identifier(name)));
            }
            PatternKind::Class { cls, patterns, keywords } => {
                self.expression("cls", *cls);
                self.patterns("patterns", patterns);
                let names: Vec<&str> = keywords.iter().map(|&(name, _)| self.syntax.identifier(name)).collect();
                self.scalar("kwd_attrs", names.join(","));
                self.list("kwd_patterns", keywords.iter().map(|&(_, pattern)| Node::Pattern(pattern)));
            }
            PatternKind::Star(name) => {
                self.scalar_or_none("name", name.map(|name| self.syntax.identifier(name)));
            }
            PatternKind::As { pattern, name } => {
                self.child_or_none("pattern", pattern.map(Node::Pattern));
                self.scalar_or_none("name", name.map(|name| self.syntax.identifier(name)));
            }
            PatternKind::Error => {}
        }
    }

    fn patterns(&mut self, name: &str, patterns: &'s [PatternId]) {
        self.list(name, patterns.iter().map(|&id| Node::Pattern(id)));
    }
}

/// CPython's name of the node.
fn kind_name(kind: &PatternKind) -> &'static str {
    match kind {
        PatternKind::Value(_) => "MatchValue",
        PatternKind::Singleton(_) => "MatchSingleton",
        PatternKind::Sequence(_) => "MatchSequence",
        PatternKind::Mapping { .. } => "MatchMapping",
        PatternKind::Class { .. } => "MatchClass",
        PatternKind::Star(_) => "MatchStar",
        PatternKind::As { .. } => "MatchAs",
        PatternKind::Or(_) => "MatchOr",
        PatternKind::Error => "Error",
    }
}

fn singleton(value: Singleton) -> &'static str {
    match value {
        Singleton::None => "None",
        Singleton::True => "True",
        Singleton::False => "False",
    }
}
