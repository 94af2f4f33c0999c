//! Of which class an object is, where that is certain.
//!
//! [`Project::type_of`] answers as a reader would guess. Here every place that binds a name must agree, annotations of
//! two classes give none, and what cannot be read makes the whole unknown.

mod attributes;
mod calls;
mod facts;

use super::shapes::{ClassId, receiver_of};
use crate::database::REFINEMENTS;
use crate::types::DEPENDS;
use crate::{Definition, Module, ModuleId, Project, Symbol};
use pyaudit_python::{BindingKind, BindingSite, BoolOperator, ExprId, ExprKind, NameId, ScopeId, StmtId, StmtKind};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// How many names, calls and functions are followed in a row.
const HOPS: usize = 12;

/// What an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Object {
    /// An object of a class, or of one below it.
    Instance(ClassId),
    /// The class.
    Class(ClassId),
    /// A list or another iterable of objects.
    Many(ClassId),
    /// `session.query(Class)`.
    Query(ClassId),
    /// `select(Class)`.
    Statement(ClassId),
    /// What `session.execute(select(Class))` gives.
    Rows(ClassId),
    /// What `session.scalars(select(Class))` gives.
    Scalars(ClassId),
}

/// What a place assigns to an attribute.
enum Stored {
    Object(Object),
    Nothing,
}

/// What gives a parameter its value.
enum Provider {
    Named(ExprId),
    /// The class of the annotation, as `Depends()` says.
    Annotation,
}

/// Decorators of functions that leave what they give.
const TRANSPARENT_DECORATORS: &[&str] = &[
    "staticmethod",
    "classmethod",
    "property",
    "abc.abstractmethod",
    "typing.override",
    "typing_extensions.override",
    "functools.lru_cache",
    "functools.cache",
    "functools.cached_property",
    "tenacity.retry",
];

/// Annotations of several objects.
const COLLECTIONS: &[&str] = &[
    "list",
    "set",
    "frozenset",
    "typing.List",
    "typing.Set",
    "typing.Sequence",
    "typing.Iterable",
    "typing.Collection",
    "collections.abc.Sequence",
    "collections.abc.Iterable",
    "collections.abc.Collection",
];

/// Methods of queries and statements that leave their entity, beside those that leave what is asked for.
const SAME: &[&str] = &["having", "group_by"];

/// Whether a method of a query or statement leaves its entity.
fn leaves_entity(name: &str) -> bool {
    REFINEMENTS.contains(&name) || SAME.contains(&name)
}

/// Methods that give one row.
const ONE: &[&str] = &["first", "one", "one_or_none"];

/// Names of sessions, where no annotation tells one.
pub(super) const SESSIONS: &[&str] = &["db", "session", "db_session", "_session", "_db", "async_session", "sess"];

/// The inference over a project, for one thread.
pub(crate) struct Objects<'p> {
    project: &'p Project,
    /// Whether what an annotation says of a parameter or a result is taken for true.
    trusts_annotations: bool,
    names: RefCell<HashMap<(ModuleId, ScopeId, NameId), Option<Object>>>,
    exprs: RefCell<HashMap<(ModuleId, ExprId), Option<Object>>>,
    modules: RefCell<HashMap<ModuleId, ModuleFacts>>,
}

/// What is looked up once for each module.
struct ModuleFacts {
    /// What is iterated, by the start of the name of the loop variable.
    loops: HashMap<u32, ExprId>,
    /// The names whose class a test may narrow.
    narrowed: HashSet<NameId>,
}

impl<'p> Objects<'p> {
    /// One that takes annotations for true.
    pub(crate) fn new(project: &'p Project) -> Self {
        Self::with(project, true)
    }

    /// One that goes by what runs: constructors, queries, the values that functions return.
    pub(crate) fn strict(project: &'p Project) -> Self {
        Self::with(project, false)
    }

    fn with(project: &'p Project, trusts_annotations: bool) -> Self {
        Self {
            project,
            trusts_annotations,
            names: RefCell::default(),
            exprs: RefCell::default(),
            modules: RefCell::default(),
        }
    }

    /// What an expression certainly is.
    pub(crate) fn of(&self, module: &'p Module, expr: ExprId) -> Option<Object> {
        self.infer(module, expr, HOPS)
    }

    fn infer(&self, module: &'p Module, expr: ExprId, hops: usize) -> Option<Object> {
        if let Some(&known) = self.exprs.borrow().get(&(module.id, expr)) {
            return known;
        }
        let hops = hops.checked_sub(1)?;
        let found = self.infer_new(module, expr, hops);
        // What was given up for its length is worked out again from nearer.
        if found.is_some() || hops > HOPS / 2 {
            self.exprs.borrow_mut().insert((module.id, expr), found);
        }
        found
    }

    fn infer_new(&self, module: &'p Module, expr: ExprId, hops: usize) -> Option<Object> {
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Name { .. } => self.name(module, expr, hops),
            ExprKind::Attribute { value, attr, .. } => {
                self.attribute(module, expr, *value, syntax.identifier(*attr), hops)
            }
            ExprKind::Await(value) => match &syntax.expr(*value).kind {
                ExprKind::Call { func, args, .. } => self.call(module, *func, args, true, hops),
                _ => None,
            },
            ExprKind::Call { func, args, .. } => self.call(module, *func, args, false, hops),
            ExprKind::Named { value, .. } => self.infer(module, *value, hops),
            ExprKind::IfExp { body, orelse, .. } => self.all(module, &[*body, *orelse], hops),
            ExprKind::BoolOp { op: BoolOperator::Or, values } => self.all(module, values, hops),
            ExprKind::List { elts, .. } => many(self.all(module, elts, hops)?),
            ExprKind::ListComp { elt, .. } | ExprKind::Generator { elt, .. } => many(self.infer(module, *elt, hops)?),
            ExprKind::Subscript { value, slice, .. } => {
                match (self.infer(module, *value, hops)?, &syntax.expr(*slice).kind) {
                    (Object::Many(class), ExprKind::Int(_) | ExprKind::UnaryOp { .. }) => Some(Object::Instance(class)),
                    (Object::Many(class), ExprKind::Slice { .. }) => Some(Object::Many(class)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// What all of several expressions are, `None` left out.
    fn all(&self, module: &'p Module, exprs: &[ExprId], hops: usize) -> Option<Object> {
        let mut found = None;
        for &expr in exprs {
            if matches!(module.python.syntax.expr(expr).kind, ExprKind::None) {
                continue;
            }
            let one = self.infer(module, expr, hops)?;
            if found.is_some_and(|known| known != one) {
                return None;
            }
            found = Some(one);
        }
        found
    }

    fn name(&self, module: &'p Module, expr: ExprId, hops: usize) -> Option<Object> {
        let ExprKind::Name { id, .. } = module.python.syntax.expr(expr).kind else { return None };
        if let Some((class, is_class)) = receiver_of(module, expr) {
            let class = (module.id, class);
            return Some(if is_class { Object::Class(class) } else { Object::Instance(class) });
        }
        let Some((scope, binding)) = module.python.lookup(expr) else {
            // A name of a star import.
            return self.symbol(module, expr, hops);
        };
        let key = (module.id, scope, id);
        if let Some(&known) = self.names.borrow().get(&key) {
            return known;
        }
        if self.is_narrowed(module, id) {
            return None;
        }
        // While the sites are looked at, a name that is given a value made of itself tells nothing.
        self.names.borrow_mut().insert(key, None);
        let found = self.sites(module, &binding.sites, (scope, id), hops);
        self.names.borrow_mut().insert(key, found);
        found
    }

    fn sites(&self, module: &'p Module, sites: &[BindingSite], name: (ScopeId, NameId), hops: usize) -> Option<Object> {
        let mut found = None;
        for site in sites {
            if let BindingKind::Assigned(value) = site.kind {
                let kind = &module.python.syntax.expr(value).kind;
                if matches!(kind, ExprKind::None) || (found.is_some() && continues(module, value, name)) {
                    continue;
                }
            }
            let one = self.site(module, site, hops)?;
            if found.is_some_and(|known| known != one) {
                return None;
            }
            found = Some(one);
        }
        found
    }

    fn site(&self, module: &'p Module, site: &BindingSite, hops: usize) -> Option<Object> {
        match site.kind {
            BindingKind::Assigned(value) => self.infer(module, value, hops),
            BindingKind::Annotated { annotation, value } => self.declared(module, annotation, value, hops),
            BindingKind::Parameter { annotation, default } => {
                let declared = self.annotation(module, annotation?, hops)?;
                match default.and_then(|default| self.provider(module, default)) {
                    Some(Provider::Named(provider)) => {
                        self.provided(module, provider, hops).filter(|found| *found == declared)
                    }
                    Some(Provider::Annotation) => Some(declared),
                    None => Some(declared)
                        .filter(|_| self.trusts_annotations || self.is_provided_by_annotation(module, annotation)),
                }
            }
            BindingKind::Class(class) => Some(Object::Class((module.id, class))),
            BindingKind::Import(at) => {
                let import = module.python.names.imports.get(at as usize)?;
                let symbol = self.project.imported(module, import)?;
                self.defined(&symbol, hops)
            }
            BindingKind::Other => {
                let iterated = self.facts(module, |facts| facts.loops.get(&site.range.start).copied())?;
                match self.infer(module, iterated, hops)? {
                    Object::Many(class) | Object::Query(class) | Object::Scalars(class) => {
                        Some(Object::Instance(class))
                    }
                    _ => None,
                }
            }
            BindingKind::Function(_) | BindingKind::With(_) => None,
        }
    }

    /// What an annotated name is: what it is given must agree with its annotation, where that can be told.
    fn declared(&self, module: &'p Module, annotation: ExprId, value: Option<ExprId>, hops: usize) -> Option<Object> {
        let declared = self.annotation(module, annotation, hops)?;
        let is_none = |value: ExprId| matches!(module.python.syntax.expr(value).kind, ExprKind::None);
        let given = value.filter(|&value| !is_none(value)).and_then(|value| self.infer(module, value, hops));
        match given {
            Some(given) => (given == declared).then_some(declared),
            None => self.trusts_annotations.then_some(declared),
        }
    }

    /// Whether the annotation of a parameter names its provider: `Annotated[Service, Depends(get_service)]`.
    fn is_provided_by_annotation(&self, module: &'p Module, annotation: Option<ExprId>) -> bool {
        let Some(annotation) = annotation else { return false };
        let read = self.project.annotation(module, annotation);
        read.extras.iter().any(|&(home, extra)| self.provider(home, extra).is_some())
    }

    /// What a dotted name stands for, where that is certain.
    fn symbol(&self, module: &'p Module, expr: ExprId, hops: usize) -> Option<Object> {
        let name = module.python.qualified_name(expr)?;
        let symbol = self.project.resolve_qualified(module, &name)?;
        self.defined(&symbol, hops)
    }

    fn defined(&self, symbol: &Symbol, hops: usize) -> Option<Object> {
        match self.project.definition(symbol)? {
            (home, Definition::Class(class)) => Some(Object::Class((home.id, class))),
            (home, Definition::Value(value)) => self.infer(home, value, hops),
            (home, Definition::Annotated { annotation, value }) => self.declared(home, annotation, value, hops),
            (_, Definition::Function(_)) => None,
        }
    }

    fn generic(&self, module: &'p Module, value: ExprId, slice: ExprId, hops: usize) -> Option<Object> {
        let syntax = &module.python.syntax;
        let elements: Vec<ExprId> = match &syntax.expr(slice).kind {
            ExprKind::Tuple { elts, .. } => elts.to_vec(),
            _ => vec![slice],
        };
        let first = *elements.first()?;
        if self.project.is_any(module, value, &["typing.Optional"]) {
            return self.annotation(module, first, hops);
        }
        if self.project.is_any(module, value, &["typing.Union"]) {
            let is_none = |&it: &ExprId| matches!(syntax.expr(it).kind, ExprKind::None);
            let [only] = elements.iter().copied().filter(|it| !is_none(it)).collect::<Vec<_>>()[..] else {
                return None;
            };
            return self.annotation(module, only, hops);
        }
        if self.project.is_any(module, value, &["typing.Annotated", "typing_extensions.Annotated"]) {
            let declared = self.annotation(module, first, hops)?;
            let provider = elements[1..].iter().find_map(|&it| self.provider(module, it));
            return match provider {
                Some(Provider::Named(provider)) => {
                    self.provided(module, provider, hops).filter(|found| *found == declared)
                }
                _ => Some(declared),
            };
        }
        if self.project.is_any(module, value, COLLECTIONS) {
            return many(self.annotation(module, first, hops)?);
        }
        // `Repository[User]`
        match self.annotation(module, value, hops)? {
            Object::Instance(class) => Some(Object::Instance(class)),
            _ => None,
        }
    }

    /// What `Depends(provider)` names.
    fn provider(&self, module: &Module, expr: ExprId) -> Option<Provider> {
        let ExprKind::Call { func, args, keywords } = &module.python.syntax.expr(expr).kind else { return None };
        if !self.project.is_any(module, *func, DEPENDS) {
            return None;
        }
        let named = args.first().copied().or_else(|| module.keyword(keywords, "dependency"));
        Some(named.map_or(Provider::Annotation, Provider::Named))
    }

    /// What a dependency gives a parameter.
    fn provided(&self, module: &'p Module, provider: ExprId, hops: usize) -> Option<Object> {
        let name = module.python.qualified_name(provider)?;
        let symbol = self.project.resolve_qualified(module, &name)?;
        match self.project.definition(&symbol)? {
            (home, Definition::Class(class)) => Some(Object::Instance((home.id, class))),
            (home, Definition::Function(function)) => {
                let is_async = home.function(function)?.is_async;
                self.returned(home, function, is_async, hops)
            }
            _ => None,
        }
    }

    fn is_narrowed(&self, module: &'p Module, name: NameId) -> bool {
        self.facts(module, |facts| facts.narrowed.contains(&name))
    }

    fn facts<T>(&self, module: &'p Module, ask: impl FnOnce(&ModuleFacts) -> T) -> T {
        let mut modules = self.modules.borrow_mut();
        ask(modules.entry(module.id).or_insert_with(|| ModuleFacts::of(module)))
    }
}

fn many(object: Object) -> Option<Object> {
    match object {
        Object::Instance(class) => Some(Object::Many(class)),
        _ => None,
    }
}

/// Whether a function yields itself.
fn yields(module: &Module, function: StmtId) -> bool {
    let syntax = &module.python.syntax;
    let Some(definition) = module.function(function) else { return false };
    syntax.walk_stmts_in(&definition.body, false).any(|stmt| {
        !matches!(syntax.stmt(stmt).kind, StmtKind::FunctionDef(_) | StmtKind::ClassDef(_))
            && syntax
                .walk_exprs_in(stmt, false)
                .any(|expr| matches!(syntax.expr(expr).kind, ExprKind::Yield(_) | ExprKind::YieldFrom(_)))
    })
}

/// Whether a value is made of the name that it is given to by methods that leave the entity: `query = query.filter(…)`.
fn continues(module: &Module, value: ExprId, (scope, name): (ScopeId, NameId)) -> bool {
    let syntax = &module.python.syntax;
    let mut at = value;
    while let ExprKind::Call { func, .. } = syntax.expr(at).kind {
        let ExprKind::Attribute { value, attr, .. } = syntax.expr(func).kind else { return false };
        if !leaves_entity(syntax.identifier(attr)) {
            return false;
        }
        at = value;
    }
    let is_same = matches!(syntax.expr(at).kind, ExprKind::Name { id, .. } if id == name);
    is_same && module.python.lookup(at).is_some_and(|(found, _)| found == scope)
}
