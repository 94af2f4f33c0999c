//! Where a text that a client chose goes: from the parameters of a handler through names, paths and calls to an argument.
//!
//! A text counts as long as nothing looked at it: a comparison with what is allowed, a check by a function whose name says
//! so, a pattern in its declaration, or the last component of a path taken alone (`Path(x).name`) ends the trail. What a
//! function gives back is not followed, so that a function that cleans a name is taken at its word.

mod texts;

use crate::calls::{Callee, EdgeKind, FunctionNode};
use crate::types::DEPENDS;
use crate::{Definition, Module, ModuleId, Project, Route};
use pyaudit_python::{ExprId, ExprKind, FunctionDef, NameId, Parameter, StmtId, StmtKind};
use pyaudit_source::Span;
use std::collections::{BTreeMap, BTreeSet};
use texts::Scope;

/// How many calls are followed in a row.
const MAX_CALLS: usize = 4;

/// How many functions one handler is followed through.
const MAX_FUNCTIONS: usize = 40;

/// A text that a client chose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestValue {
    /// How it is called in the handler: `file.filename`, `path`.
    pub name: String,
    /// Where the parameter that brings it stands.
    pub span: Span,
    /// Whether it may hold a slash. A plain parameter of the path may not; one with `:path` may.
    pub may_hold_slash: bool,
}

/// A text that a client chose, in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestReach {
    /// The text.
    pub value: RequestValue,
    /// The module of the call.
    pub module: ModuleId,
    /// The call.
    pub call: ExprId,
    /// The argument, or the object whose method is called, that holds the text.
    pub holder: ExprId,
    /// The calls between the handler and this one, from the outermost.
    pub through: Vec<Span>,
}

/// What a name holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Held {
    /// A text.
    Text(RequestValue),
    /// An uploaded file: its `filename` is a text.
    Upload(RequestValue),
    /// Several of these.
    Uploads(RequestValue),
    /// A model of the body: its fields are texts.
    Model(RequestValue, ModuleId, StmtId),
    /// The request itself.
    Request(RequestValue),
}

const UPLOADS: &[&str] =
    &["fastapi.UploadFile", "fastapi.datastructures.UploadFile", "starlette.datastructures.UploadFile"];

const REQUESTS: &[&str] = &["fastapi.Request", "fastapi.requests.Request", "starlette.requests.Request"];

const MODELS: &[&str] = &["pydantic.BaseModel", "pydantic.main.BaseModel", "sqlmodel.SQLModel"];

impl Project {
    /// The calls that a text which a client chose reaches from a handler, where `held` names, of each call with its callee,
    /// the arguments that matter.
    pub fn request_reaches(
        &self,
        module: &Module,
        handler: StmtId,
        held: &dyn Fn(&Module, ExprId) -> Vec<ExprId>,
    ) -> Vec<RequestReach> {
        let Some(route) = self.routes.of_handler(module.id, handler) else { return Vec::new() };
        let values = self.handler_values(module, handler, route);
        if values.is_empty() {
            return Vec::new();
        }
        let mut walk = Walk { project: self, held, found: Vec::new(), seen: BTreeSet::new(), left: MAX_FUNCTIONS };
        walk.function(module, handler, values, &[]);
        walk.found
    }

    /// What the parameters of a handler hold.
    fn handler_values(&self, module: &Module, handler: StmtId, route: &Route) -> BTreeMap<NameId, Held> {
        let Some(function) = module.function(handler) else { return BTreeMap::new() };
        let parameters = function.parameters.iter();
        parameters
            .filter_map(|parameter| Some((parameter.name.name, self.parameter_value(module, parameter, route)?)))
            .collect()
    }

    fn parameter_value(&self, module: &Module, parameter: &Parameter, route: &Route) -> Option<Held> {
        let syntax = &module.python.syntax;
        let annotation = parameter.annotation?;
        let names = |expr: ExprId, wanted: &[&str]| {
            syntax.walk_exprs_of(expr).any(|part| match syntax.expr(part).kind {
                ExprKind::Call { func, .. } => self.is_any(module, func, wanted),
                _ => false,
            })
        };
        let declared = [Some(annotation), parameter.default];
        if declared.into_iter().flatten().any(|expr| names(expr, DEPENDS) || has_pattern(module, expr)) {
            return None;
        }
        let name = syntax.identifier(parameter.name);
        let is_segment = route.path.contains(&format!("{{{name}}}"));
        let value = RequestValue {
            name: name.to_owned(),
            span: module.span(parameter.name.range),
            may_hold_slash: !is_segment,
        };
        let is_list = syntax.walk_exprs_of(annotation).any(|part| self.is_any(module, part, &["list", "typing.List"]));
        let class = self.annotated_class(module, annotation)?;
        if class.is_any(UPLOADS) || (is_list && self.mentions(module, annotation, UPLOADS)) {
            return Some(if is_list { Held::Uploads(value) } else { Held::Upload(value) });
        }
        if class.is_any(REQUESTS) {
            return Some(Held::Request(value));
        }
        if class.is("str") {
            return Some(Held::Text(value));
        }
        match self.definition(&class)? {
            (home, Definition::Class(id)) if self.inherits_from(home, id, MODELS) => {
                Some(Held::Model(value, home.id, id))
            }
            _ => None,
        }
    }

    fn mentions(&self, module: &Module, annotation: ExprId, wanted: &[&str]) -> bool {
        module.python.syntax.walk_exprs_of(annotation).any(|part| self.is_any(module, part, wanted))
    }
}

/// Whether a declaration says which texts are right.
fn has_pattern(module: &Module, declaration: ExprId) -> bool {
    let syntax = &module.python.syntax;
    syntax.walk_exprs_of(declaration).any(|part| match &syntax.expr(part).kind {
        ExprKind::Call { keywords, .. } => {
            ["pattern", "regex"].iter().any(|name| module.keyword(keywords, name).is_some())
        }
        _ => false,
    })
}

struct Walk<'p> {
    project: &'p Project,
    held: &'p dyn Fn(&Module, ExprId) -> Vec<ExprId>,
    found: Vec<RequestReach>,
    seen: BTreeSet<(ModuleId, StmtId, Vec<NameId>)>,
    left: usize,
}

impl<'p> Walk<'p> {
    fn function(&mut self, module: &'p Module, id: StmtId, mut names: BTreeMap<NameId, Held>, through: &[Span]) {
        let Some(function) = module.function(id) else { return };
        let key = (module.id, id, names.keys().copied().collect());
        if self.left == 0 || !self.seen.insert(key) {
            return;
        }
        self.left -= 1;
        assign(self.project, module, function, &mut names);
        let names = names;
        let scope = Scope { project: self.project, module, names: &names };
        let guarded = scope.guarded(function);
        let calls = self.project.calls_in(module, id);
        for call in &calls {
            for holder in (self.held)(module, call.id) {
                let Some(value) = scope.text(holder).filter(|value| !guarded.contains(value)) else { continue };
                self.found.push(RequestReach {
                    value,
                    module: module.id,
                    call: call.id,
                    holder,
                    through: through.to_vec(),
                });
            }
        }
        if through.len() < MAX_CALLS {
            for call in &calls {
                self.step_into(&scope, id, call.id, &guarded, through);
            }
        }
    }

    /// Follows a call into the function of the project that it runs, with what its arguments hold.
    fn step_into(
        &mut self,
        scope: &Scope<'p, '_>,
        caller: StmtId,
        call: ExprId,
        guarded: &BTreeSet<RequestValue>,
        through: &[Span],
    ) {
        let syntax = &scope.module.python.syntax;
        let ExprKind::Call { args, keywords, func } = &syntax.expr(call).kind else { return };
        let given = args.iter().enumerate().map(|(at, &arg)| (Ok(at), arg));
        let by_name =
            keywords.iter().filter_map(|keyword| Some((Err(syntax.identifier(keyword.name?)), keyword.value)));
        let given: Vec<(Result<usize, &str>, Held)> = given
            .chain(by_name)
            .filter_map(|(place, arg)| Some((place, scope.held(arg)?)))
            .filter(|(_, held)| !matches!(held, Held::Text(value) if guarded.contains(value)))
            .collect();
        if given.is_empty() {
            return;
        }
        let Some((home, definition)) = callee(self.project, scope.module.id, caller, call) else {
            return;
        };
        let Some(function) = home.function(definition) else { return };
        let names = received(home, function, &given);
        if !names.is_empty() {
            let mut through = through.to_vec();
            through.push(scope.module.span_of(*func));
            self.function(home, definition, names, &through);
        }
    }
}

/// The one function of the project that a call runs.
fn callee(project: &Project, module: ModuleId, caller: StmtId, place: ExprId) -> Option<(&Module, StmtId)> {
    let calls = &project.calls;
    let edges = calls.edges_from(calls.of(module, caller)?).iter();
    let edges = edges.filter(|edge| edge.module == module && edge.place == place);
    let mut run = edges.filter(|edge| matches!(edge.kind, EdgeKind::Call | EdgeKind::Await | EdgeKind::Super));
    let (Some(edge), None) = (run.next(), run.next()) else { return None };
    let Callee::Function(function) = edge.callee else { return None };
    let function = calls.function(function);
    match function.node {
        FunctionNode::Definition(id) => Some((project.modules.get(function.module), id)),
        _ => None,
    }
}

/// What the parameters of a called function hold.
fn received(home: &Module, function: &FunctionDef, given: &[(Result<usize, &str>, Held)]) -> BTreeMap<NameId, Held> {
    let syntax = &home.python.syntax;
    let positional: Vec<&Parameter> = function.parameters.posonlyargs.iter().chain(&function.parameters.args).collect();
    let is_bound = positional.first().is_some_and(|first| matches!(syntax.identifier(first.name), "self" | "cls"));
    let mut names = BTreeMap::new();
    for (place, held) in given {
        let parameter = match place {
            Ok(at) => positional.get(at + usize::from(is_bound)).copied(),
            Err(name) => function.parameters.iter().find(|parameter| syntax.identifier(parameter.name) == *name),
        };
        if let Some(parameter) = parameter {
            names.insert(parameter.name.name, held.clone());
        }
    }
    names
}

/// Adds the names that a function gives what it received, in the order of the source. A name that is also given something
/// else no longer holds it.
fn assign(project: &Project, module: &Module, function: &FunctionDef, names: &mut BTreeMap<NameId, Held>) {
    let syntax = &module.python.syntax;
    for id in syntax.walk_stmts_in(&function.body, false) {
        let (target, value) = match &syntax.stmt(id).kind {
            StmtKind::Assign { targets, value } if targets.len() == 1 => (targets[0], *value),
            StmtKind::AnnAssign { target, value: Some(value), .. } => (*target, *value),
            StmtKind::For { target, iter, .. } => {
                if let (ExprKind::Name { id, .. }, Some(Held::Uploads(value))) =
                    (&syntax.expr(*target).kind, (Scope { project, module, names }).held(*iter))
                {
                    names.insert(*id, Held::Upload(value));
                }
                continue;
            }
            _ => continue,
        };
        let ExprKind::Name { id, .. } = syntax.expr(target).kind else { continue };
        match (Scope { project, module, names }).held(value) {
            Some(held) => names.insert(id, held),
            None => names.remove(&id),
        };
    }
}
