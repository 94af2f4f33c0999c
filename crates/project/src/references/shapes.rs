//! What objects of the project's classes have, as far as it is written.

use crate::database::reading::CallAt;
use crate::{Definition, Module, ModuleId, Project, Symbol};
use pyaudit_python::{BindingKind, ExprContext, ExprId, ExprKind, StmtId, StmtKind};
use std::collections::{BTreeSet, HashMap, HashSet};

/// How many classes above and below a class are looked at; real ones have a handful.
const MAX_CLASSES: usize = 256;

/// A class of the project.
pub(crate) type ClassId = (ModuleId, StmtId);

/// External classes whose attributes are known, and those that matter. Names with two underscores on each side and, for
/// models of pydantic, those that start with `model_` are always known.
const BASES: &[(&[&str], &[&str])] = &[
    (
        &[
            "object",
            "abc.ABC",
            "typing.Generic",
            "typing_extensions.Generic",
            "typing.Protocol",
            "typing_extensions.Protocol",
            "sqlalchemy.orm.MappedAsDataclass",
        ],
        &[],
    ),
    (
        &[
            "pydantic.BaseModel",
            "pydantic.main.BaseModel",
            "pydantic_settings.BaseSettings",
            "pydantic_settings.main.BaseSettings",
            "pydantic.BaseSettings",
            "pydantic.v1.BaseModel",
            "pydantic.v1.BaseSettings",
        ],
        PYDANTIC,
    ),
    (&["sqlmodel.SQLModel", "sqlmodel.main.SQLModel"], PYDANTIC),
    (&["sqlalchemy.orm.DeclarativeBase", "sqlalchemy.orm.DeclarativeBaseNoMeta"], DECLARATIVE),
    (&["sqlalchemy.ext.asyncio.AsyncAttrs"], &["awaitable_attrs"]),
    (
        &["Exception", "ValueError", "RuntimeError", "TypeError", "LookupError", "KeyError"],
        &["args", "with_traceback", "add_note"],
    ),
];

/// What every model of pydantic has, in either version.
const PYDANTIC: &[&str] = &[
    "dict",
    "json",
    "copy",
    "parse_obj",
    "parse_raw",
    "parse_file",
    "from_orm",
    "construct",
    "schema",
    "schema_json",
    "validate",
    "update_forward_refs",
    "fields",
    "Config",
    "settings_customise_sources",
    "metadata",
    "registry",
    "sqlmodel_update",
    "sqlmodel_rebuild",
];

/// What every mapped class has.
const DECLARATIVE: &[&str] = &["metadata", "registry", "type_annotation_map", "mro"];

/// Decorators of classes that add no names, but for those with two underscores on each side.
const PLAIN_DECORATORS: &[&str] = &[
    "dataclasses.dataclass",
    "pydantic.dataclasses.dataclass",
    "functools.total_ordering",
    "typing.final",
    "typing_extensions.final",
    "typing.runtime_checkable",
    "typing_extensions.runtime_checkable",
    "sqlalchemy.orm.as_declarative",
    "sqlalchemy.ext.declarative.as_declarative",
];

/// Decorators of methods whose first argument may be something else than an object of the class.
const OTHER_SELF: &[&str] = &[
    "validator",
    "root_validator",
    "field_validator",
    "model_validator",
    "expression",
    "comparator",
    "inplace",
    "declared_attr",
    "hybrid_method",
    "hybrid_property",
];

/// What one class itself brings.
#[derive(Debug, Default)]
struct Part {
    members: BTreeSet<String>,
    bases: Vec<ClassId>,
    /// The lists of the external classes that it inherits from.
    known: Vec<&'static [&'static str]>,
    /// Whether all of `known` is read, no code adds attributes and no base is unknown.
    is_closed: bool,
}

/// Whether an object has an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Has {
    Yes,
    No,
    Unknown,
}

/// The classes of a project. They are asked for one by one and never gone through in the order of the maps.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    parts: HashMap<ClassId, Part>,
    children: HashMap<ClassId, Vec<ClassId>>,
    /// Classes that `setattr` with a name that is not known is called on.
    opened: HashSet<ClassId>,
}

impl Shapes {
    pub(super) fn build(project: &Project) -> Self {
        let read = project.modules.iter().flat_map(|module| {
            let classes = module.python.syntax.stmts().filter(|(_, stmt)| matches!(stmt.kind, StmtKind::ClassDef(_)));
            classes.map(|(id, _)| ((module.id, id), project.class_part(module, id)))
        });
        let mut shapes = Self::default();
        for (class, part) in read {
            for &base in &part.bases {
                shapes.children.entry(base).or_default().push(class);
            }
            shapes.parts.insert(class, part);
        }
        shapes.opened = project.modules.iter().flat_map(|module| project.opened_classes(module)).collect();
        shapes
    }

    /// The class and the classes of the project that it inherits from.
    pub(crate) fn ancestors(&self, class: ClassId) -> Vec<ClassId> {
        Self::reach(class, |class| self.parts.get(&class).map_or(&[][..], |part| &part.bases))
    }

    /// The class and the classes of the project that inherit from it.
    pub(crate) fn descendants(&self, class: ClassId) -> Vec<ClassId> {
        Self::reach(class, |class| self.children.get(&class).map_or(&[][..], Vec::as_slice))
    }

    fn reach<'s>(class: ClassId, next: impl Fn(ClassId) -> &'s [ClassId]) -> Vec<ClassId> {
        let mut found = vec![class];
        let mut at = 0;
        while at < found.len() && found.len() <= MAX_CLASSES {
            for &other in next(found[at]) {
                if !found.contains(&other) {
                    found.push(other);
                }
            }
            at += 1;
        }
        found
    }

    /// Whether the class itself and all above it are read completely.
    pub(crate) fn is_closed(&self, class: ClassId) -> bool {
        let lineage = self.ancestors(class);
        lineage.len() <= MAX_CLASSES
            && lineage
                .iter()
                .all(|it| self.parts.get(it).is_some_and(|part| part.is_closed) && !self.opened.contains(it))
    }

    /// Whether the class or one above it has a name.
    pub(crate) fn has_itself(&self, class: ClassId, name: &str) -> bool {
        self.ancestors(class)
            .iter()
            .filter_map(|it| self.parts.get(it))
            .any(|part| part.members.contains(name) || part.known.iter().any(|names| names.contains(&name)))
    }

    /// Every name that the classes of the project give to objects of a class, in order.
    pub(crate) fn names(&self, class: ClassId) -> BTreeSet<&str> {
        let lineage = self.ancestors(class);
        let parts = lineage.iter().filter_map(|it| self.parts.get(it));
        parts.flat_map(|part| part.members.iter().map(String::as_str)).collect()
    }

    /// Whether an object that is known to be of a class, or of one below it, has an attribute.
    pub(crate) fn has(&self, class: ClassId, name: &str) -> Has {
        // Every class has `mro`, and an abstract one `register`.
        if name.starts_with("__") || matches!(name, "mro" | "register") || self.has_itself(class, name) {
            return Has::Yes;
        }
        let is_pydantic = || {
            let lineage = self.ancestors(class);
            lineage.iter().filter_map(|it| self.parts.get(it)).any(|part| part.known.contains(&PYDANTIC))
        };
        if name.starts_with("model_") && is_pydantic() {
            return Has::Yes;
        }
        let below = self.descendants(class);
        let is_certain =
            below.len() <= MAX_CLASSES && below.iter().all(|&it| self.is_closed(it) && !self.has_itself(it, name));
        if is_certain { Has::No } else { Has::Unknown }
    }

    /// Whether a class that has nothing to do with this one has all of these names.
    pub(crate) fn is_other(&self, class: ClassId, names: &BTreeSet<&str>) -> bool {
        let related: HashSet<ClassId> = self.ancestors(class).into_iter().chain(self.descendants(class)).collect();
        self.parts
            .keys()
            .any(|&other| !related.contains(&other) && names.iter().all(|name| self.has_itself(other, name)))
    }
}

impl Project {
    fn class_part(&self, module: &Module, id: StmtId) -> Part {
        let mut part = Part { is_closed: self.is_parsed(module), ..Part::default() };
        let Some(class) = module.class(id) else { return Part::default() };
        for &base in &class.bases {
            part.is_closed &= self.add_base(module, module.without_subscript(base), &mut part);
        }
        for keyword in &class.keywords {
            let name = keyword.name.map(|name| module.python.syntax.identifier(name));
            part.is_closed &= match name {
                Some("metaclass") => self.is_any(module, keyword.value, &["abc.ABCMeta"]),
                Some("extra") | None => false,
                Some(_) => true,
            };
        }
        for &decorator in &class.decorators {
            let called = CallAt::of(module, decorator).map_or(decorator, |call| call.func);
            part.is_closed &= self.is_any(module, called, PLAIN_DECORATORS) || self.is_registry(module, called);
        }
        let scope = module.scope_opened_by(Definition::Class(id));
        for binding in scope.into_iter().flat_map(|scope| &module.python.names.scope(scope).bindings) {
            part.members.insert(module.python.syntax.name(binding.name).to_owned());
        }
        let hooks =
            ["__getattr__", "__getattribute__", "__init_subclass__", "__class_getitem__", "__setattr__", "__new__"];
        part.is_closed &= !hooks.iter().any(|hook| part.members.contains(*hook));
        let is_configured = ["model_config", "Config"].iter().any(|name| part.members.contains(*name));
        let text = self.sources.slice(module.span(module.python.syntax.stmt(id).range));
        part.is_closed &= !(is_configured && text.contains("allow"));
        Self::read_class_body(module, &class.body, &mut part);
        part
    }

    /// `@mapper_registry.mapped`.
    fn is_registry(&self, module: &Module, decorator: ExprId) -> bool {
        let ExprKind::Attribute { value, attr, .. } = module.python.syntax.expr(decorator).kind else { return false };
        let (home, value) = self.follow(module, value);
        matches!(module.python.syntax.identifier(attr), "mapped" | "mapped_as_dataclass")
            && CallAt::of(home, value).is_some_and(|it| self.library_name(home, it.func).as_deref() == Some("registry"))
    }

    /// Adds what a base class brings; `false` where that cannot be known.
    fn add_base(&self, module: &Module, base: ExprId, part: &mut Part) -> bool {
        let Some(symbol) = module.python.qualified_name(base).and_then(|name| self.resolve_qualified(module, &name))
        else {
            return false;
        };
        match (&symbol, self.definition(&symbol)) {
            (_, Some((home, Definition::Class(id)))) => {
                part.bases.push((home.id, id));
                true
            }
            (_, Some((home, Definition::Value(value) | Definition::Annotated { value: Some(value), .. }))) => {
                self.add_made_base(home, value, part)
            }
            (Symbol::External(name) | Symbol::Builtin(name), None) => {
                let known = BASES.iter().find(|(paths, _)| paths.contains(&name.as_str()));
                part.known.extend(known.map(|(_, names)| *names));
                known.is_some()
            }
            _ => false,
        }
    }

    /// `declarative_base()` and `declarative_base(cls=Class)`.
    fn add_made_base(&self, module: &Module, value: ExprId, part: &mut Part) -> bool {
        let Some(call) = CallAt::of(module, value) else { return false };
        if self.library_name(module, call.func).as_deref() != Some("declarative_base") {
            return false;
        }
        part.known.push(DECLARATIVE);
        let syntax = &module.python.syntax;
        let names = call.keywords.iter().map(|it| it.name.map_or("**", |name| syntax.identifier(name)));
        let is_plain =
            call.args.is_empty() && names.into_iter().all(|it| matches!(it, "cls" | "metadata" | "bind" | "name"));
        match call.keyword("cls") {
            Some(class) => self.add_base(module, class, part) && is_plain,
            None => is_plain,
        }
    }

    /// Adds the attributes that the methods of a class assign, and looks for code that adds others.
    fn read_class_body(module: &Module, body: &[StmtId], part: &mut Part) {
        let syntax = &module.python.syntax;
        let mut seen: Vec<ExprId> = Vec::new();
        for &stmt in body {
            seen.extend(syntax.walk_exprs_in(stmt, true));
        }
        for expr in seen {
            match &syntax.expr(expr).kind {
                ExprKind::Attribute { attr, ctx, .. } => {
                    let name = syntax.identifier(*attr);
                    if *ctx == ExprContext::Store {
                        part.members.insert(name.to_owned());
                    }
                    part.is_closed &= name != "__setattr__" && !(name == "__dict__" && is_changed(module, expr));
                }
                ExprKind::Call { func, args, .. } => match module.last_name(*func) {
                    // `setattr(user, key, value)` in a repository is about another object.
                    Some("setattr") => {
                        let object = args.first().map(|&it| &syntax.expr(it).kind);
                        let name = args.get(1).and_then(|&it| syntax.string(it));
                        part.members.extend(name.map(str::to_owned));
                        let is_own = matches!(object, Some(ExprKind::Name { id, .. })
                            if matches!(syntax.name(*id), "self" | "cls"));
                        part.is_closed &= name.is_some() || !is_own;
                    }
                    Some("locals" | "exec" | "vars") => part.is_closed = false,
                    _ => {}
                },
                _ => {}
            }
        }
    }

    /// The classes to which code may give any attribute: `setattr(Class, name, …)`, `setattr(settings, name, …)`,
    /// `map_imperatively(Class, …)`, and what decorates or registers them by name.
    fn opened_classes(&self, module: &Module) -> Vec<ClassId> {
        let syntax = &module.python.syntax;
        let mut found = Vec::new();
        for (_, expr) in syntax.exprs() {
            let ExprKind::Call { func, args, .. } = &expr.kind else { continue };
            let object = match module.last_name(*func) {
                Some("setattr") if args.get(1).is_some_and(|&name| syntax.string(name).is_none()) => args.first(),
                Some("map_imperatively" | "mapper" | "add_property") => args.first(),
                _ => continue,
            };
            let Some(&object) = object else { continue };
            if let Some((home, class, _)) = self.class(module, object) {
                found.push((home.id, class));
            } else if let Some((home, Definition::Class(class))) =
                self.type_of(module, object).and_then(|class| self.definition(&class))
                && self.database.table_of_class(home.id, class).is_none()
            {
                found.push((home.id, class));
            }
        }
        found
    }
}

/// Whether `object.__dict__` is changed: assigned, updated, given an item.
fn is_changed(module: &Module, dict: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let pyaudit_python::Parent::Expr(parent) = syntax.expr_parent(dict) else {
        return matches!(syntax.expr(dict).kind, ExprKind::Attribute { ctx: ExprContext::Store, .. });
    };
    match syntax.expr(parent).kind {
        ExprKind::Attribute { attr, .. } => matches!(syntax.identifier(attr), "update" | "setdefault" | "__setitem__"),
        ExprKind::Subscript { ctx, .. } => ctx == ExprContext::Store,
        _ => false,
    }
}

/// The class that a name certainly is an object of, or is, because it is the first parameter of a method; and whether it is
/// the class.
pub(super) fn receiver_of(module: &Module, name: ExprId) -> Option<(StmtId, bool)> {
    use pyaudit_python::ScopeKind;
    let syntax = &module.python.syntax;
    let ExprKind::Name { id, .. } = syntax.expr(name).kind else { return None };
    if !matches!(syntax.name(id), "self" | "cls") {
        return None;
    }
    let (scope, binding) = module.python.lookup(name)?;
    let [site] = binding.sites.as_slice() else { return None };
    let BindingKind::Parameter { annotation: None, default: None } = site.kind else { return None };
    let ScopeKind::Function(function) = module.python.names.scope(scope).kind else { return None };
    let definition = module.function(function)?;
    let first = definition.parameters.posonlyargs.first().or(definition.parameters.args.first())?;
    let ScopeKind::Class(class) = module.python.names.scope(module.python.scope_of_stmt(function)).kind else {
        return None;
    };
    let decorated = |known: &str| definition.decorators.iter().any(|&it| module.last_name(it) == Some(known));
    let is_plain = definition.decorators.iter().all(|&decorator| {
        // `@app.task(bind=True)` gives the task as `self`.
        let call = CallAt::of(module, decorator);
        let last = module.last_name(call.map_or(decorator, |call| call.func));
        call.is_none_or(|call| call.keyword("bind").is_none()) && !last.is_some_and(|last| OTHER_SELF.contains(&last))
    });
    (first.name.name == id && !decorated("staticmethod") && is_plain).then_some(())?;
    let is_class = decorated("classmethod")
        || matches!(syntax.identifier(definition.name), "__new__" | "__init_subclass__" | "__class_getitem__");
    Some((class, is_class))
}
