//! Of which class an object is, where that is certain.
//!
//! [`Project::type_of`] answers as a reader would guess. Here every place that binds a name must agree, annotations of
//! two classes give none, and what cannot be read makes the whole unknown.

use super::shapes::{ClassId, receiver_of};
use crate::database::reading::returned;
use crate::types::DEPENDS;
use crate::{Definition, Module, ModuleId, Project, Symbol};
use pyaudit_python::{
    BindingKind, BindingSite, BoolOperator, ExprContext, ExprId, ExprKind, NameId, Operator, Parent, ScopeId, StmtId,
    StmtKind,
};
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

/// Methods of queries and statements that leave their entity.
const SAME: &[&str] = &[
    "filter",
    "filter_by",
    "where",
    "options",
    "order_by",
    "limit",
    "offset",
    "unique",
    "join",
    "outerjoin",
    "with_for_update",
    "populate_existing",
    "execution_options",
    "distinct",
    "yield_per",
    "having",
    "group_by",
];

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

    fn attribute(&self, module: &'p Module, expr: ExprId, value: ExprId, name: &str, hops: usize) -> Option<Object> {
        let receiver = self.infer(module, value, hops);
        match receiver {
            Some(Object::Instance(class)) => self.member(class, name, hops),
            Some(_) => None,
            None => {
                // `module.name`; what is an attribute of something else is none.
                let name = module.python.qualified_name(expr)?;
                let symbol = self.project.resolve_qualified(module, &name)?;
                let Symbol::Definition { path, .. } = &symbol else { return None };
                if path.len() == 1 { self.defined(&symbol, hops) } else { None }
            }
        }
    }

    /// What an attribute of an object of a class is.
    fn member(&self, class: ClassId, name: &str, hops: usize) -> Option<Object> {
        let project = self.project;
        if project.shapes().descendants(class).len() > 1 || project.attribute_index().is_stored(name) {
            return None;
        }
        let module = project.modules.get(class.0);
        match project.member(module, class.1, name) {
            Some((home, Definition::Annotated { annotation, .. })) => {
                if !self.stores(class, name).is_empty() {
                    return None;
                }
                let annotated = || self.annotation(home, annotation, hops).filter(|_| self.trusts_annotations);
                self.mapped(class, name).or_else(annotated)
            }
            Some((home, Definition::Function(function))) => {
                let definition = home.function(function)?;
                let is_property = definition
                    .decorators
                    .iter()
                    .any(|&it| project.is_any(home, it, &["property", "functools.cached_property"]));
                if is_property { self.returned(home, function, false, hops) } else { None }
            }
            Some(_) => None,
            None => {
                let stores = self.stores(class, name);
                let mut found = None;
                for (home, store) in stores {
                    let one = self.stored(home, store, hops)?;
                    match one {
                        Stored::Object(one) if found.is_some_and(|known| known != one) => return None,
                        Stored::Object(one) => found = Some(one),
                        Stored::Nothing => {}
                    }
                }
                found
            }
        }
    }

    /// The objects that a relationship with an annotation leads to.
    fn mapped(&self, class: ClassId, name: &str) -> Option<Object> {
        let table = self.project.database.table_of_class(class.0, class.1)?;
        let relationship = table.relationships.iter().find(|it| it.attribute == name)?;
        let target = relationship.class?;
        Some(if relationship.is_collection { Object::Many(target) } else { Object::Instance(target) })
    }

    /// Every place in a class, or in one above it, that assigns an attribute of this name.
    fn stores(&self, class: ClassId, name: &str) -> Vec<(&'p Module, ExprId)> {
        let mut found = Vec::new();
        for (module, class) in self.project.shapes().ancestors(class) {
            let module = self.project.modules.get(module);
            if module.python.name_id(name).is_none() && module.python.syntax.stmts().len() == 0 {
                continue;
            }
            let syntax = &module.python.syntax;
            for &stmt in module.class(class).into_iter().flat_map(|class| &class.body) {
                found.extend(syntax.walk_exprs_in(stmt, true).filter(|&expr| {
                    matches!(syntax.expr(expr).kind, ExprKind::Attribute { attr, ctx: ExprContext::Store | ExprContext::Del, .. }
                        if syntax.identifier(attr) == name)
                }).map(|expr| (module, expr)));
            }
        }
        found
    }

    /// What a place assigns to an attribute, where that can be told.
    fn stored(&self, module: &'p Module, target: ExprId, hops: usize) -> Option<Stored> {
        let syntax = &module.python.syntax;
        let Parent::Stmt(stmt) = syntax.expr_parent(target) else { return None };
        let value = match &syntax.stmt(stmt).kind {
            StmtKind::AnnAssign { annotation, value, .. } => {
                return self.declared(module, *annotation, *value, hops).map(Stored::Object);
            }
            StmtKind::Assign { targets, value } if targets.contains(&target) => *value,
            _ => return None,
        };
        match syntax.expr(value).kind {
            ExprKind::None => Some(Stored::Nothing),
            _ => self.infer(module, value, hops).map(Stored::Object),
        }
    }

    fn call(&self, module: &'p Module, func: ExprId, args: &[ExprId], is_awaited: bool, hops: usize) -> Option<Object> {
        let syntax = &module.python.syntax;
        if let ExprKind::Attribute { value, attr, .. } = syntax.expr(func).kind {
            let name = syntax.identifier(attr);
            match self.infer(module, value, hops) {
                Some(object) => return self.method(object, name, is_awaited, hops),
                None => {
                    if let Some(found) = self.session_call(module, value, name, args, hops) {
                        return Some(found);
                    }
                }
            }
        }
        let name = module.python.qualified_name(func)?;
        let symbol = self.project.resolve_qualified(module, &name)?;
        if let Symbol::External(path) = &symbol {
            let is_select = path.starts_with("sqlalchemy.") || path.starts_with("sqlmodel.");
            let [only] = args else { return None };
            let is_select = is_select && path.rsplit('.').next() == Some("select");
            return if is_select { self.entity(module, *only).map(Object::Statement) } else { None };
        }
        match self.project.definition(&symbol)? {
            (home, Definition::Class(class)) => (!is_awaited).then_some(Object::Instance((home.id, class))),
            (home, Definition::Function(function)) => {
                let Symbol::Definition { path, .. } = &symbol else { return None };
                (path.len() == 1).then(|| self.returned(home, function, is_awaited, hops)).flatten()
            }
            _ => None,
        }
    }

    /// What a method of an object gives.
    fn method(&self, object: Object, name: &str, is_awaited: bool, hops: usize) -> Option<Object> {
        match object {
            Object::Instance(class) | Object::Class(class) => {
                let module = self.project.modules.get(class.0);
                let below = self.project.shapes().descendants(class);
                let is_overridden = below.len() > 1;
                match self.project.member(module, class.1, name)? {
                    (home, Definition::Function(function)) if !is_overridden => {
                        self.returned(home, function, is_awaited, hops)
                    }
                    _ => None,
                }
            }
            Object::Query(class) | Object::Statement(class) | Object::Scalars(class) | Object::Rows(class)
                if SAME.contains(&name) =>
            {
                let _ = class;
                Some(object)
            }
            Object::Query(class) if ONE.contains(&name) || name == "get" => Some(Object::Instance(class)),
            Object::Scalars(class) if ONE.contains(&name) => Some(Object::Instance(class)),
            Object::Rows(class) if matches!(name, "scalar" | "scalar_one" | "scalar_one_or_none") => {
                Some(Object::Instance(class))
            }
            Object::Rows(class) if name == "scalars" => Some(Object::Scalars(class)),
            Object::Query(class) | Object::Scalars(class) if matches!(name, "all" | "fetchall") => {
                Some(Object::Many(class))
            }
            _ => None,
        }
    }

    /// What a call on a session gives.
    fn session_call(
        &self,
        module: &'p Module,
        session: ExprId,
        name: &str,
        args: &[ExprId],
        hops: usize,
    ) -> Option<Object> {
        let known = ["query", "get", "get_one", "scalar", "scalars", "execute", "exec"];
        let first = *args.first()?;
        if !known.contains(&name) {
            return None;
        }
        let is_session = module.last_name(session).is_some_and(|it| SESSIONS.contains(&it))
            || self.project.database_object(module, session).is_some();
        if !is_session {
            return None;
        }
        match name {
            "query" if args.len() == 1 => self.entity(module, first).map(Object::Query),
            "get" | "get_one" if args.len() > 1 => self.entity(module, first).map(Object::Instance),
            "scalar" | "scalars" | "execute" | "exec" => match self.infer(module, first, hops)? {
                Object::Statement(class) => Some(match name {
                    "scalar" => Object::Instance(class),
                    "execute" => Object::Rows(class),
                    _ => Object::Scalars(class),
                }),
                _ => None,
            },
            _ => None,
        }
    }

    /// The mapped class that an expression names.
    fn entity(&self, module: &'p Module, expr: ExprId) -> Option<ClassId> {
        match self.infer(module, expr, HOPS)? {
            Object::Class(class) => self.project.database.table_of_class(class.0, class.1).map(|_| class),
            _ => None,
        }
    }

    /// What a function gives when it is called, and awaited if it is asynchronous.
    pub(crate) fn returned(&self, module: &'p Module, id: StmtId, is_awaited: bool, hops: usize) -> Option<Object> {
        let hops = hops.checked_sub(1)?;
        let function = module.function(id)?;
        let is_plain = function.decorators.iter().all(|&decorator| {
            let called = match module.python.syntax.expr(decorator).kind {
                ExprKind::Call { func, .. } => func,
                _ => decorator,
            };
            self.project.is_any(module, called, TRANSPARENT_DECORATORS)
        });
        if function.is_async != is_awaited || !is_plain || yields(module, id) {
            return None;
        }
        let values = returned(module, id);
        let Some(annotation) = function.returns else { return self.all(module, &values, hops) };
        let declared = self.annotation(module, annotation, hops)?;
        if !self.trusts_annotations {
            return self.all(module, &values, hops).filter(|given| *given == declared);
        }
        // One value that is certainly something else shows that the annotation is wrong.
        let contradicts =
            |&value: &ExprId| self.infer(module, value, hops).is_some_and(|given| !self.is_kind_of(given, declared));
        (!values.iter().any(contradicts)).then_some(declared)
    }

    /// Whether one object may stand where another is declared: it is of the same class or of one below it.
    fn is_kind_of(&self, given: Object, declared: Object) -> bool {
        match (given, declared) {
            (Object::Instance(given), Object::Instance(declared)) | (Object::Many(given), Object::Many(declared)) => {
                self.project.shapes().ancestors(given).contains(&declared)
            }
            (given, declared) => given == declared,
        }
    }

    /// The class that an annotation certainly names.
    pub(crate) fn annotation(&self, module: &'p Module, expr: ExprId, hops: usize) -> Option<Object> {
        let hops = hops.checked_sub(1)?;
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                let name = module.python.qualified_name(expr)?;
                let symbol = self.project.resolve_qualified(module, &name)?;
                match self.project.definition(&symbol)? {
                    (home, Definition::Class(class)) => Some(Object::Instance((home.id, class))),
                    (home, Definition::Value(value)) => self.annotation(home, value, hops),
                    _ => None,
                }
            }
            ExprKind::Str { value, .. } => {
                let text = value.trim();
                let binding = module.python.binding(ScopeId(0), text)?;
                match self.sites(module, &binding.sites, (ScopeId(0), binding.name), hops)? {
                    Object::Class(class) => Some(Object::Instance(class)),
                    _ => None,
                }
            }
            ExprKind::BinOp { left, op: Operator::BitOr, right } => {
                match (&syntax.expr(*left).kind, &syntax.expr(*right).kind) {
                    (_, ExprKind::None) => self.annotation(module, *left, hops),
                    (ExprKind::None, _) => self.annotation(module, *right, hops),
                    _ => None,
                }
            }
            ExprKind::Subscript { value, slice, .. } => self.generic(module, *value, *slice, hops),
            _ => None,
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

impl ModuleFacts {
    fn of(module: &Module) -> Self {
        let syntax = &module.python.syntax;
        let mut facts = Self { loops: HashMap::new(), narrowed: HashSet::new() };
        for (_, stmt) in syntax.stmts() {
            match stmt.kind {
                StmtKind::For { target, iter, .. } => facts.add_loop(module, target, iter),
                StmtKind::Match { subject, .. } => facts.narrow(module, subject),
                _ => {}
            }
        }
        for (_, expr) in syntax.exprs() {
            match &expr.kind {
                ExprKind::ListComp { generators, .. }
                | ExprKind::SetComp { generators, .. }
                | ExprKind::Generator { generators, .. }
                | ExprKind::DictComp { generators, .. } => {
                    generators.iter().for_each(|it| facts.add_loop(module, it.target, it.iter));
                }
                ExprKind::Call { func, args, .. }
                    if matches!(module.last_name(*func), Some("isinstance" | "issubclass" | "hasattr" | "type")) =>
                {
                    args.first().iter().for_each(|it| facts.narrow(module, **it));
                }
                _ => {}
            }
        }
        facts
    }

    fn add_loop(&mut self, module: &Module, target: ExprId, iter: ExprId) {
        let target = module.python.syntax.expr(target);
        if matches!(target.kind, ExprKind::Name { .. }) {
            self.loops.insert(target.range.start, iter);
        }
    }

    fn narrow(&mut self, module: &Module, object: ExprId) {
        if let ExprKind::Name { id, .. } = module.python.syntax.expr(object).kind {
            self.narrowed.insert(id);
        }
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
        if !SAME.contains(&syntax.identifier(attr)) {
            return false;
        }
        at = value;
    }
    let is_same = matches!(syntax.expr(at).kind, ExprKind::Name { id, .. } if id == name);
    is_same && module.python.lookup(at).is_some_and(|(found, _)| found == scope)
}
