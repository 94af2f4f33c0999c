//! Functions and classes.

use super::kinds::{Kind, kind};
use super::{Lowerer, each_child};
use crate::prepass::RawTypeParam;
use crate::syntax::{
    Block, ClassDef, ExprId, FunctionDef, Identifier, Parameters, StmtId, StmtKind, TypeParam, TypeParamKind,
};
use pyaudit_source::Range;
use tree_sitter::TreeCursor;

/// The parts of a definition.
#[derive(Default)]
struct Parts {
    start: u32,
    is_async: bool,
    name: Option<Identifier>,
    parameters: Parameters,
    arguments: super::arguments::Arguments,
    returns: Option<ExprId>,
    body: Block,
    end: u32,
}

impl Lowerer<'_> {
    /// A function or class, with its decorators if it has some.
    pub(super) fn definition(&mut self, cursor: &mut TreeCursor<'_>) -> Option<StmtId> {
        if kind(cursor.node()) != Kind::DecoratedDefinition {
            return Some(self.undecorated(cursor, Vec::new()));
        }
        let (mut decorators, mut found) = (Vec::new(), None);
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::Decorator => decorators.push(self.inner(cursor)),
            _ if cursor.node().is_named() => found = Some(self.undecorated(cursor, std::mem::take(&mut decorators))),
            _ => {}
        });
        found
    }

    fn undecorated(&mut self, cursor: &mut TreeCursor<'_>, decorators: Vec<ExprId>) -> StmtId {
        let is_class = kind(cursor.node()) == Kind::ClassDefinition;
        let parts = self.definition_parts(cursor);
        let range = Range::new(parts.start, parts.end);
        let Some(name) = parts.name else { return self.wrong_statement(range, "a definition has no name") };
        let type_params = self.type_params(name.range.start);
        let decorators = decorators.into();
        let kind = if is_class {
            StmtKind::ClassDef(Box::new(ClassDef {
                name,
                type_params,
                bases: parts.arguments.args,
                keywords: parts.arguments.keywords,
                decorators,
                body: parts.body,
            }))
        } else {
            StmtKind::FunctionDef(Box::new(FunctionDef {
                is_async: parts.is_async,
                name,
                type_params,
                parameters: parts.parameters,
                decorators,
                returns: parts.returns,
                body: parts.body,
            }))
        };
        self.stmt(range, kind)
    }

    fn definition_parts(&mut self, cursor: &mut TreeCursor<'_>) -> Parts {
        let range = self.raw_range(cursor.node());
        let mut parts = Parts { start: range.start, end: range.end, ..Parts::default() };
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::Async => parts.is_async = true,
            Kind::Identifier => parts.name = Some(self.identifier(cursor.node())),
            Kind::Parameters => parts.parameters = self.parameters(cursor),
            Kind::ArgumentList => parts.arguments = self.arguments(cursor),
            Kind::Type => parts.returns = Some(self.element(cursor)),
            Kind::Block => (parts.body, parts.end) = self.body(cursor),
            _ => {}
        });
        parts
    }

    /// The type parameters after the name at a place.
    pub(super) fn type_params(&mut self, name: u32) -> Box<[TypeParam]> {
        self.prepared.type_params_at(name).iter().map(|raw| self.type_param(raw)).collect()
    }

    fn type_param(&mut self, raw: &RawTypeParam) -> TypeParam {
        let kind = match raw.stars {
            0 => TypeParamKind::TypeVar,
            1 => TypeParamKind::TypeVarTuple,
            _ => TypeParamKind::ParamSpec,
        };
        let name = Identifier { name: self.intern(self.source(raw.name)), range: raw.name };
        let bound = raw.bound.map(|bound| self.snippet_value(Some(bound), raw.range));
        let default = raw.default.map(|default| self.snippet_value(Some(default), raw.range));
        TypeParam { range: raw.range, name, kind, bound, default }
    }
}
