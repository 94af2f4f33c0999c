//! What the value beside a field declares: `Field(…)`, `field(…)`, with its default and its names.

use super::Literal;
use crate::{Module, Project};
use pyaudit_python::{ExprId, ExprKind, Keyword};

/// Calls that declare a field.
const FIELD_CALLS: &[&str] = &[
    "pydantic.Field",
    "pydantic.fields.Field",
    "pydantic.v1.Field",
    "pydantic.PrivateAttr",
    "sqlmodel.Field",
    "dataclasses.field",
    "attr.ib",
    "attrs.field",
];

/// What a call of `Field` declares, in the module in which it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Declared<'m> {
    /// The default, where there is one.
    pub default: Option<ExprId>,
    /// What is called for the default.
    pub factory: Option<ExprId>,
    /// The keyword arguments.
    pub keywords: &'m [Keyword],
}

impl Project {
    /// What a call of `Field` declares; `None` for any other expression.
    pub(crate) fn declared<'m>(&self, module: &'m Module, expr: ExprId) -> Option<Declared<'m>> {
        let syntax = &module.python.syntax;
        let ExprKind::Call { func, args, keywords } = &syntax.expr(expr).kind else { return None };
        if !self.is_any(module, *func, FIELD_CALLS) {
            return None;
        }
        // `Field(...)` says that there is none.
        let given = |value: &ExprId| !matches!(syntax.expr(*value).kind, ExprKind::Ellipsis);
        let default = module.keyword(keywords, "default").or_else(|| args.first().copied());
        let factory = ["default_factory", "factory"].iter().find_map(|name| module.keyword(keywords, name));
        Some(Declared { default: default.filter(given), factory, keywords })
    }

    /// The texts that `Field(validation_alias=…)` and the like name, in the order in which they are looked at.
    pub(super) fn alias_names(&self, module: &Module, expr: ExprId) -> Vec<String> {
        let syntax = &module.python.syntax;
        let (home, value) = self.follow(module, expr);
        match &home.python.syntax.expr(value).kind {
            // `AliasChoices("A", AliasPath("B", 0))`: of a path the first name is that of the variable.
            ExprKind::Call { func, args, .. } if self.is_any(home, *func, &["pydantic.AliasChoices"]) => {
                args.iter().flat_map(|&argument| self.alias_names(home, argument)).collect()
            }
            ExprKind::Call { func, args, .. } if self.is_any(home, *func, &["pydantic.AliasPath"]) => {
                args.first().and_then(|&first| self.constant_string(home, first)).into_iter().collect()
            }
            ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } | ExprKind::Set(elts) => {
                elts.iter().filter_map(|&element| self.constant_string(home, element)).collect()
            }
            _ => match self.value_when_unset(module, expr) {
                Some(Literal::Str(name)) => vec![name],
                _ => syntax.string(expr).map(str::to_owned).into_iter().collect(),
            },
        }
    }
}

impl Module {
    /// What a lambda gives; any other expression itself.
    pub(crate) fn lambda_body(&self, expr: ExprId) -> ExprId {
        match self.python.syntax.expr(expr).kind {
            ExprKind::Lambda { body, .. } => body,
            _ => expr,
        }
    }
}
