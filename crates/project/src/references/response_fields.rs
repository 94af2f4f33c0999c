//! Fields of response models that the rows which handlers return do not have.

use super::members::OwnerKind;
use super::objects::{Object, Objects};
use super::shapes::ClassId;
use crate::database::reading::CallAt;
use crate::{Module, Project, Route};
use pyaudit_python::{ExprId, ExprKind, StmtId, StmtKind};
use pyaudit_source::{Role, Span};

/// What makes an object of a model by other ways than from its fields.
const OWN_WAYS: &[&str] = &[
    "model_validator",
    "root_validator",
    "from_orm",
    "GetterDict",
    "model_validate",
    "alias_generator",
    "__init__",
    "__get_validators__",
    "__get_pydantic_core_schema__",
    "WrapValidator",
];

/// A required field of a response that the returned row cannot give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfilledField {
    /// What the finding is about: `GET /users`.
    pub route: String,
    /// The returned expression.
    pub span: Span,
    /// The model of the response.
    pub response: String,
    /// The mapped class.
    pub row: String,
    /// The fields, with their places.
    pub fields: Vec<(String, Span)>,
}

impl Project {
    /// Every route whose handler certainly returns rows without a field that its response model requires, in the order of
    /// the routes; and how many routes return rows for a response model.
    pub fn unfilled_response_fields(&self) -> (Vec<UnfilledField>, usize) {
        let (objects, strict) = (Objects::new(self), Objects::strict(self));
        let (mut found, mut examined) = (Vec::new(), 0);
        let mut seen = std::collections::BTreeSet::new();
        for route in &self.routes.routes {
            let Some((module, handler)) = route.handler else { continue };
            let module = self.modules.get(module);
            if module.role != Role::Application || !self.is_fastapi_route(route) {
                continue;
            }
            let Some((response, is_list)) = self.response_class(&objects, route, module, handler) else { continue };
            for value in self.returned_by(module, handler) {
                let row = match strict.of(module, value) {
                    Some(Object::Instance(row)) if !is_list => row,
                    Some(Object::Many(row)) if is_list => row,
                    _ => continue,
                };
                if self.database.table_of_class(row.0, row.1).is_none() || !seen.insert((module.id, value)) {
                    continue;
                }
                examined += 1;
                let fields = self.fields_without_source(response, row);
                if !fields.is_empty() {
                    found.push(UnfilledField {
                        route: route.subject(),
                        span: module.span_of(value),
                        response: self.class_name(response),
                        row: self.class_name(row),
                        fields,
                    });
                }
            }
        }
        (found, examined)
    }

    fn class_name(&self, (module, class): ClassId) -> String {
        let home = self.modules.get(module);
        home.class(class).map_or_else(String::new, |it| home.python.syntax.identifier(it.name).to_owned())
    }

    /// The model of a route's response, and whether it is a list of such; `None` for one that fills itself in its own way.
    fn response_class<'p>(
        &'p self,
        objects: &Objects<'p>,
        route: &'p Route,
        module: &'p Module,
        handler: StmtId,
    ) -> Option<(ClassId, bool)> {
        let declared = match self.route_argument(route, "response_model") {
            Some((home, argument)) => objects.annotation(home, argument, 12),
            None => objects.annotation(module, module.function(handler)?.returns?, 12),
        };
        let (class, is_list) = match declared? {
            Object::Instance(class) => (class, false),
            Object::Many(class) => (class, true),
            _ => return None,
        };
        let home = self.modules.get(class.0);
        let is_model = self.inherits_from(home, class.1, crate::settings::MODELS)
            || self.inherits_from(home, class.1, &["sqlmodel.SQLModel", "sqlmodel.main.SQLModel"]);
        let is_row = self.database.table_of_class(class.0, class.1).is_some();
        let fills_itself = self.shapes().ancestors(class).into_iter().any(|(module, class)| {
            let home = self.modules.get(module);
            let text = self.sources.slice(home.span(home.python.syntax.stmt(class).range));
            OWN_WAYS.iter().any(|way| text.contains(way))
        });
        (is_model && !is_row && !fills_itself && self.shapes().is_closed(class)).then_some((class, is_list))
    }

    /// The required fields of a model that a row has no attribute for.
    fn fields_without_source(&self, response: ClassId, row: ClassId) -> Vec<(String, Span)> {
        let mut seen = std::collections::BTreeSet::new();
        let mut missing = Vec::new();
        for (module, class) in self.shapes().ancestors(response) {
            let home = self.modules.get(module);
            for &stmt in home.class(class).into_iter().flat_map(|class| &class.body) {
                let Some((name, is_required)) = self.response_field(home, stmt) else { continue };
                if !seen.insert(name.to_owned()) || !is_required {
                    continue;
                }
                if self.lacks(row, OwnerKind::Model, name) && !self.attribute_index().is_stored(name) {
                    missing.push((name.to_owned(), home.span(home.python.syntax.stmt(stmt).range)));
                }
            }
        }
        missing
    }

    /// The field that a statement of a model's body declares, and whether it must be given by its own name.
    fn response_field<'m>(&self, module: &'m Module, stmt: StmtId) -> Option<(&'m str, bool)> {
        let syntax = &module.python.syntax;
        let (target, annotation, value) = match &syntax.stmt(stmt).kind {
            StmtKind::AnnAssign { target, annotation, value, .. } => (*target, *annotation, *value),
            StmtKind::Assign { targets, .. } => {
                // A default that is given later is found here, and hides the field of a base.
                let ExprKind::Name { id, .. } = syntax.expr(*targets.first()?).kind else { return None };
                return Some((syntax.name(id), false));
            }
            StmtKind::FunctionDef(function) => return Some((syntax.identifier(function.name), false)),
            _ => return None,
        };
        let ExprKind::Name { id, .. } = syntax.expr(target).kind else { return None };
        let name = syntax.name(id);
        let text = self.sources.slice(module.span_of(annotation));
        let is_plain =
            !name.starts_with('_') && !["ClassVar", "Field(", "alias", "default"].iter().any(|it| text.contains(it));
        let may_be_left_out = !self.uses_pydantic_2() && self.annotation(module, annotation).is_optional;
        let is_required = is_plain && !may_be_left_out && value.is_none_or(|value| is_required_value(module, value));
        Some((name, is_required))
    }
}

/// Whether what stands after `=` gives neither a default nor another name: `...`, `Field(..., description="…")`.
fn is_required_value(module: &Module, value: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let is_dots = |expr: ExprId| matches!(syntax.expr(expr).kind, ExprKind::Ellipsis);
    let Some(call) = CallAt::of(module, value) else { return is_dots(value) };
    let gives =
        ["default", "default_factory", "alias", "validation_alias"].iter().any(|name| call.keyword(name).is_some());
    let is_whole = call.keywords.iter().all(|keyword| keyword.name.is_some());
    module.last_name(call.func) == Some("Field")
        && !gives
        && is_whole
        && call.args.first().is_none_or(|&first| is_dots(first))
}
