//! Parameters by which a client says how many rows it wants, and what bounds them.

use crate::routes::Element;
use crate::{Definition, Module, ModuleId, Project, Route};
use pyaudit_python::{CompareOperator, ExprId, ExprKind, FunctionDef, Integer, Parent, StmtId, StmtKind};
use pyaudit_source::Span;
use std::collections::BTreeSet;

/// Names of parameters for the size of a page.
const NAMES: &[&str] = &[
    "limit",
    "page_size",
    "pagesize",
    "pageSize",
    "per_page",
    "perPage",
    "items_per_page",
    "itemsPerPage",
    "page_limit",
    "max_results",
    "take",
];

/// Functions that declare a parameter or field with its bounds.
/// <https://fastapi.tiangolo.com/tutorial/query-params-str-validations/>
const DECLARATIONS: &[&str] = &[
    "fastapi.Query",
    "fastapi.param_functions.Query",
    "fastapi.params.Query",
    "fastapi.Body",
    "fastapi.Form",
    "pydantic.Field",
    "pydantic.fields.Field",
    "sqlmodel.Field",
];

/// Methods that take no more rows than they are told.
const LIMITS: &[&str] = &["limit", "fetchmany"];

/// Words of functions that bound a number.
const CLAMPS: &[&str] =
    &["min", "clamp", "cap", "bound", "bounded", "capped", "clip", "validate", "normalize", "sanitize"];

/// How many dependencies of one route are looked at.
const MAX_CALLABLES: usize = 64;

/// How many functions a value is followed through.
const MAX_DEPTH: usize = 4;

/// A parameter for the size of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit {
    /// Its name.
    pub span: Span,
    /// Its default, where that is a number.
    pub default: Option<(u64, Span)>,
    /// The largest value that is let in, where a declaration says so.
    pub maximum: Option<(u64, Span)>,
    /// The place where it limits a query and nothing on the way has bounded it; only where no declaration does.
    pub unbounded_at: Option<Span>,
}

/// What becomes of a value in a function.
#[derive(Default)]
struct Flow {
    is_clamped: bool,
    limits: Option<Span>,
}

impl Project {
    /// The parameters for the size of a page that a route takes, itself and through its dependencies and models.
    pub fn page_limits(&self, route: &Route) -> Vec<PageLimit> {
        let mut found = Vec::new();
        let Some((home, handler)) = route.handler else { return found };
        let mut seen = BTreeSet::new();
        let mut open: Vec<Element> = Vec::new();
        self.limits_of_function(self.modules.get(home), handler, true, &mut found, &mut open);
        let listed = route
            .dependencies
            .iter()
            .filter_map(|&(module, element)| self.element_dependency(self.modules.get(module), element));
        open.extend(listed);
        while let Some((module, callable)) = open.pop() {
            let module = self.modules.get(module);
            let definition = self.symbol(module, callable).and_then(|symbol| self.definition(&symbol));
            let Some((home, definition)) = definition else { continue };
            let (Definition::Function(id) | Definition::Class(id)) = definition else { continue };
            if seen.len() == MAX_CALLABLES || !seen.insert((home.id, id)) {
                continue;
            }
            match definition {
                Definition::Function(function) => {
                    self.limits_of_function(home, function, false, &mut found, &mut open);
                }
                _ => self.limits_of_class(home, id, &mut found, &mut open),
            }
        }
        found
    }

    fn limits_of_class(&self, module: &Module, class: StmtId, found: &mut Vec<PageLimit>, open: &mut Vec<Element>) {
        if let Some((home, Definition::Function(init))) = self.member(module, class, "__init__") {
            return self.limits_of_function(home, init, false, found, open);
        }
        for field in self.model_fields(module, class) {
            if NAMES.contains(&field.text()) {
                let at = field.module.span(field.name.range);
                found.extend(self.declared_limit(field.module, at, Some(field.annotation), field.value));
            }
        }
    }

    fn limits_of_function(
        &self,
        module: &Module,
        function: StmtId,
        is_handler: bool,
        found: &mut Vec<PageLimit>,
        open: &mut Vec<Element>,
    ) {
        let Some(definition) = module.function(function) else { return };
        let syntax = &module.python.syntax;
        let has_page = definition.parameters.iter().any(|it| syntax.identifier(it.name) == "page");
        for parameter in definition.parameters.iter() {
            open.extend(self.parameter_dependencies(module, parameter));
            let name = syntax.identifier(parameter.name);
            if !(NAMES.contains(&name) || name == "size" && has_page) {
                continue;
            }
            let at = module.span(parameter.name.range);
            let Some(mut limit) = self.declared_limit(module, at, parameter.annotation, parameter.default) else {
                continue;
            };
            if is_handler && limit.maximum.is_none() {
                let flow = self.flow_of(module, function, name, MAX_DEPTH, &mut BTreeSet::new());
                limit.unbounded_at = flow.limits.filter(|_| !flow.is_clamped);
            }
            found.push(limit);
        }
    }

    /// What the declaration of a parameter or field says; `None` where it is no plain number.
    fn declared_limit(
        &self,
        module: &Module,
        span: Span,
        annotation: Option<ExprId>,
        default: Option<ExprId>,
    ) -> Option<PageLimit> {
        let class = annotation.and_then(|annotation| self.annotated_class(module, annotation))?;
        if !class.is("int") {
            return None;
        }
        let mut limit = PageLimit { span, default: None, maximum: None, unbounded_at: None };
        let metadata = annotation.into_iter().flat_map(|annotation| self.annotated(module, annotation));
        let mut declared: Vec<(&Module, ExprId)> =
            metadata.flat_map(|(home, _, elements)| elements.iter().map(move |&element| (home, element))).collect();
        declared.extend(default.map(|default| (module, default)));
        for (home, expr) in declared {
            let syntax = &home.python.syntax;
            let ExprKind::Call { func, args, keywords } = &syntax.expr(expr).kind else {
                limit.default = self.number(home, expr).or(limit.default);
                continue;
            };
            if !self.is_any(home, *func, DECLARATIONS) {
                // What else may stand there is a constraint of another kind, or a dependency.
                return None;
            }
            let given = home.keyword(keywords, "default").or_else(|| args.first().copied());
            limit.default = given.and_then(|given| self.number(home, given)).or(limit.default);
            for bound in ["le", "lt"] {
                let Some(value) = home.keyword(keywords, bound) else { continue };
                // A bound that cannot be read is a bound.
                limit.maximum = Some(self.number(home, value).unwrap_or((0, home.span_of(value))));
            }
        }
        Some(limit)
    }

    fn number(&self, module: &Module, expr: ExprId) -> Option<(u64, Span)> {
        Some((self.integer(module, expr)?, module.span_of(expr)))
    }

    /// What becomes of a parameter in a function and in those that it is handed to.
    fn flow_of(
        &self,
        module: &Module,
        function: StmtId,
        name: &str,
        depth: usize,
        seen: &mut BTreeSet<(ModuleId, StmtId)>,
    ) -> Flow {
        let mut flow = Flow::default();
        let Some(depth) = depth.checked_sub(1) else { return Flow { is_clamped: true, limits: None } };
        let Some(definition) = module.function(function).filter(|_| seen.insert((module.id, function))) else {
            return flow;
        };
        let syntax = &module.python.syntax;
        let names = aliases(module, definition, name);
        for expr in definition.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true)) {
            let inner = match &syntax.expr(expr).kind {
                ExprKind::Compare { .. } => Flow { is_clamped: is_bound(module, expr, &names), limits: None },
                ExprKind::Call { .. } => self.flow_of_call(module, expr, &names, depth, seen),
                _ => continue,
            };
            flow.is_clamped |= inner.is_clamped;
            flow.limits = flow.limits.or(inner.limits);
        }
        flow
    }

    /// What a call does with a value that it may be given.
    fn flow_of_call(
        &self,
        module: &Module,
        call: ExprId,
        names: &BTreeSet<&str>,
        depth: usize,
        seen: &mut BTreeSet<(ModuleId, StmtId)>,
    ) -> Flow {
        let syntax = &module.python.syntax;
        let mut flow = Flow::default();
        let ExprKind::Call { func, args, keywords } = &syntax.expr(call).kind else { return flow };
        let positional = args.iter().enumerate().map(|(place, &value)| (Argument::At(place), value));
        let by_keyword =
            keywords.iter().filter_map(|it| Some((Argument::Named(syntax.identifier(it.name?)), it.value)));
        let mut given: Vec<(Argument<'_>, ExprId)> = positional.chain(by_keyword).collect();
        given.retain(|&(_, value)| holds(module, value, names));
        if given.is_empty() {
            return flow;
        }
        let called = module.last_name(*func).unwrap_or("");
        if crate::paths::words(&called.replace('_', " ")).any(|word| CLAMPS.contains(&word.as_str())) {
            flow.is_clamped = true;
        } else if LIMITS.contains(&called) {
            flow.limits = Some(module.span_of(call));
        } else if let Some((home, function)) = self.run_by(module, call) {
            let is_attribute = matches!(syntax.expr(*func).kind, ExprKind::Attribute { .. });
            for (argument, _) in given {
                let Some(taken) = taken_by(home, function, is_attribute, argument) else { continue };
                let inner = self.flow_of(home, function, taken, depth, seen);
                flow.is_clamped |= inner.is_clamped;
                flow.limits = flow.limits.or(inner.limits);
            }
        } else {
            // A class of the project may check it.
            flow.is_clamped = self.class(module, *func).is_some();
        }
        flow
    }
}

/// How an argument is given.
#[derive(Clone, Copy)]
enum Argument<'a> {
    At(usize),
    Named(&'a str),
}

/// Whether one of these names stands in an expression.
fn holds(module: &Module, expr: ExprId, names: &BTreeSet<&str>) -> bool {
    let syntax = &module.python.syntax;
    syntax.walk_exprs_of(expr).any(|part| match syntax.expr(part).kind {
        ExprKind::Name { id, .. } => names.contains(syntax.name(id)),
        _ => false,
    })
}

/// Whether a comparison sets one of these names against an upper bound; that it is above 0 or 1 says nothing of that.
fn is_bound(module: &Module, comparison: ExprId, names: &BTreeSet<&str>) -> bool {
    let syntax = &module.python.syntax;
    let ExprKind::Compare { left, comparisons } = &syntax.expr(comparison).kind else { return false };
    if !comparisons.iter().any(|&(operator, _)| is_order(operator)) {
        return false;
    }
    let operands = std::iter::once(*left).chain(comparisons.iter().map(|it| it.1));
    let (held, others): (Vec<ExprId>, Vec<ExprId>) = operands.partition(|&operand| holds(module, operand, names));
    let is_lowest =
        |operand: &ExprId| matches!(syntax.expr(*operand).kind, ExprKind::Int(Integer::Small(0 | 1)) | ExprKind::None);
    !held.is_empty() && !others.iter().all(is_lowest)
}

const fn is_order(operator: CompareOperator) -> bool {
    matches!(operator, CompareOperator::Lt | CompareOperator::LtE | CompareOperator::Gt | CompareOperator::GtE)
}

/// The name of a parameter and of the variables that hold its value or another in its place.
fn aliases<'m>(module: &'m Module, definition: &'m FunctionDef, name: &'m str) -> BTreeSet<&'m str> {
    let syntax = &module.python.syntax;
    let mut names = BTreeSet::from([name]);
    for stmt in syntax.walk_stmts_in(&definition.body, true) {
        let StmtKind::Assign { targets, value } = &syntax.stmt(stmt).kind else { continue };
        let parts: &[ExprId] = match &syntax.expr(*value).kind {
            ExprKind::BoolOp { values, .. } => values,
            ExprKind::IfExp { body, orelse, .. } => &[*body, *orelse],
            _ => &[*value],
        };
        let is_held = parts.iter().any(|&part| match syntax.expr(part).kind {
            ExprKind::Name { id, .. } => names.contains(syntax.name(id)),
            _ => false,
        });
        if let [target] = targets[..]
            && let ExprKind::Name { id, .. } = syntax.expr(target).kind
            && is_held
        {
            names.insert(syntax.name(id));
        }
    }
    names
}

/// The name of the parameter that takes an argument, where the function is called by its name or as an attribute.
fn taken_by<'m>(home: &'m Module, function: StmtId, is_attribute: bool, argument: Argument<'_>) -> Option<&'m str> {
    let syntax = &home.python.syntax;
    let definition = home.function(function)?;
    let place = match argument {
        Argument::Named(keyword) => {
            let mut names = definition.parameters.iter().map(|it| syntax.identifier(it.name));
            return names.find(|name| *name == keyword);
        }
        Argument::At(place) => place,
    };
    let is_method = matches!(syntax.parent(Parent::Stmt(function)), Parent::Stmt(class) if home.class(class).is_some());
    let is_static = definition.decorators.iter().any(|&it| home.last_name(it) == Some("staticmethod"));
    let is_bound = is_method && !is_static && is_attribute;
    let positional = definition.parameters.posonlyargs.iter().chain(&definition.parameters.args);
    positional.skip(usize::from(is_bound)).nth(place).map(|it| syntax.identifier(it.name))
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    /// Default, maximum and whether it is unbounded, for each parameter of the one route.
    fn limits(body: &str) -> Vec<(Option<u64>, Option<u64>, bool)> {
        let text = format!(
            "from typing import Annotated, Optional\nfrom fastapi import Depends, FastAPI, Query\nfrom pydantic import BaseModel, Field\n\
             from sqlalchemy import select\napp = FastAPI()\nTOP = 2000\n{body}"
        );
        let project = project(&[("app/main.py", &text)]);
        let found = project.page_limits(&project.routes.routes[0]);
        found
            .iter()
            .map(|it| (it.default.map(|it| it.0), it.maximum.map(|it| it.0), it.unbounded_at.is_some()))
            .collect()
    }

    #[test]
    fn declarations_tell_default_and_maximum() {
        for (body, expected) in [
            ("@app.get('/')\ndef f(limit: int = Query(50, le=1000)): ...\n", vec![(Some(50), Some(1000), false)]),
            (
                "@app.get('/')\ndef f(limit: Annotated[int, Query(le=TOP)] = 600): ...\n",
                vec![(Some(600), Some(2000), false)],
            ),
            (
                "def page(per_page: int = 20): ...\n@app.get('/')\ndef f(p=Depends(page)): ...\n",
                vec![(Some(20), None, false)],
            ),
            (
                "class P(BaseModel):\n    limit: int = Field(10, le=5000)\n@app.get('/')\ndef f(p: P = Depends()): ...\n",
                vec![(Some(10), Some(5000), false)],
            ),
            ("@app.get('/')\ndef f(limit: str = 'a', size: int = 3): ...\n", vec![]),
        ] {
            assert_eq!(limits(body), expected, "{body}");
        }
    }

    #[test]
    fn an_unbounded_limit_reaches_a_query() {
        for body in [
            "@app.get('/')\ndef f(db, limit: int = 10):\n    return db.query(1).limit(limit).all()\n",
            "def g(db, n):\n    return select(1).limit(n)\n@app.get('/')\ndef f(db, limit: Optional[int] = None):\n    n = limit or 5\n    return g(db, n)\n",
            "@app.get('/')\ndef f(db, limit: int = Query(10, ge=1)):\n    if limit < 1:\n        limit = 1\n    return db.query(1).limit(limit).all()\n",
        ] {
            assert!(limits(body).iter().any(|it| it.2), "{body}");
        }
        for body in [
            "@app.get('/')\ndef f(db, limit: int = 10):\n    return db.query(1).limit(min(limit, 50)).all()\n",
            "@app.get('/')\ndef f(db, limit: int = 10):\n    if limit > 100:\n        limit = 100\n    return db.query(1).limit(limit).all()\n",
            "@app.get('/')\ndef f(db, limit: int = 10):\n    return db.load(limit)\n",
            "def g(db, n):\n    n = max(1, min(n, 5))\n    return select(1).limit(n)\n@app.get('/')\ndef f(db, limit: int = 4):\n    return g(db, limit)\n",
        ] {
            assert!(limits(body).iter().all(|it| !it.2), "{body}");
        }
    }
}
