//! What names are: bindings, imports, members of modules.

use super::interner::{Atom, PathId};
use super::kinds::Type;
use super::linker::{Linker, Question};
use crate::{Module, ModuleId};
use pyaudit_python::{Base, BindingKind, BindingSite, ExprId, ExprKind, Import, NameId, ScopeId, ScopeKind};

/// How many places that bind one name are looked at.
const MAX_SITES: usize = 16;

/// How many star imports of a module are looked through for a name.
const MAX_STARS: usize = 16;

impl<'p> Linker<'p> {
    /// What a name is where it is read.
    pub(super) fn name(&mut self, module: &'p Module, expr: ExprId, name: NameId) -> Type {
        let Some((scope, binding)) = module.python.lookup(expr) else { return self.unbound(module, expr, name) };
        if let Some(guarded) = self.guarded(module, expr, scope, name) {
            return guarded;
        }
        if binding.sites.len() > 1
            && let Some(sites) = sites_in_reach(module, expr, scope, &binding.sites)
        {
            return self.sites_type(module, scope, sites);
        }
        self.binding(module, scope, name)
    }

    /// What all places that bind a name of a scope say of it.
    pub(super) fn binding(&mut self, module: &'p Module, scope: ScopeId, name: NameId) -> Type {
        self.answer(Question::Binding(module.id, scope, name), |linker| {
            match module.python.names.scope(scope).binding(name) {
                Some(binding) => linker.sites_type(module, scope, &binding.sites),
                None => Type::Unknown,
            }
        })
    }

    /// What `isinstance` says of a name at this place.
    fn guarded(&mut self, module: &'p Module, expr: ExprId, scope: ScopeId, name: NameId) -> Option<Type> {
        let guards = &self.tables[module.id.0 as usize].guards;
        if guards.is_empty() {
            return None;
        }
        let at = module.python.syntax.expr(expr).range.start;
        let holding = guards.get(&(scope, name))?.iter().rfind(|guard| (guard.start..guard.end).contains(&at));
        let class = holding?.class;
        let elements: &[ExprId] = match &module.python.syntax.expr(class).kind {
            ExprKind::Tuple { elts, .. } => elts,
            _ => &[class],
        };
        let mut found = Type::Unknown;
        for &element in elements {
            let class = self.type_of(module, element);
            let instance = Self::instance(class);
            found = self.types.join(found, instance);
        }
        (found != Type::Unknown).then_some(found)
    }

    /// An instance of a class.
    pub(super) const fn instance(class: Type) -> Type {
        match class {
            Type::Class(class) => Type::Instance(class),
            Type::External(path) => Type::Object(path),
            _ => Type::Unknown,
        }
    }

    /// What these places say of the name that they bind.
    pub(super) fn sites_type(&mut self, module: &'p Module, scope: ScopeId, sites: &[BindingSite]) -> Type {
        if sites.len() > 1
            && let Some(function) = self.getter(module, sites)
        {
            return Type::Function(function);
        }
        let mut found = Type::Unknown;
        for site in sites.iter().take(MAX_SITES) {
            let one = self.site(module, scope, site);
            found = self.types.join(found, one);
        }
        found
    }

    fn site(&mut self, module: &'p Module, scope: ScopeId, site: &BindingSite) -> Type {
        match site.kind {
            BindingKind::Import(at) => {
                module.python.names.imports.get(at as usize).map_or(Type::Unknown, |import| self.import(module, import))
            }
            BindingKind::Function(stmt) => self.function_at(module.id, stmt).map_or(Type::Unknown, Type::Function),
            BindingKind::Class(stmt) => {
                self.class_at.get(&(module.id, stmt)).map_or(Type::Unknown, |&class| Type::Class(class))
            }
            BindingKind::Assigned(value) => self.assigned(module, value),
            BindingKind::Annotated { annotation, value } => match (self.annotation(module, annotation), value) {
                (Type::Unknown, Some(value)) => self.assigned(module, value),
                (annotated, _) => annotated,
            },
            BindingKind::Parameter { annotation, default } => {
                self.parameter(module, scope, site.range.start, annotation, default)
            }
            BindingKind::With(manager) => {
                let manager = self.type_of(module, manager);
                self.entered(manager)
            }
            BindingKind::Other => self.loop_element(module, site.range.start),
        }
    }

    /// What a value gives to the name that it is assigned to: of a dependency, what that gives.
    fn assigned(&mut self, module: &'p Module, value: ExprId) -> Type {
        match self.dependency(module, value) {
            Some(provided) => provided,
            None => self.type_of(module, value),
        }
    }

    fn parameter(
        &mut self,
        module: &'p Module,
        scope: ScopeId,
        start: u32,
        annotation: Option<ExprId>,
        default: Option<ExprId>,
    ) -> Type {
        if let Some((class, method)) = self.receiver(module, scope, start) {
            return if self.traits(method).is_of_class { Type::Class(class) } else { Type::Instance(class) };
        }
        let annotated = annotation.map_or(Type::Unknown, |annotation| self.annotation(module, annotation));
        if let Some(class) = self.gathers(module, scope, start) {
            return self.types.container(class, annotated);
        }
        match default {
            Some(default) if annotated == Type::Unknown => self.assigned(module, default),
            None if annotation.is_none() => self.given_to_constructor(module, scope, start),
            _ => annotated,
        }
    }

    /// What `*args` and `**kwargs` gather their arguments in.
    fn gathers(&self, module: &Module, scope: ScopeId, start: u32) -> Option<PathId> {
        let ScopeKind::Function(stmt) = module.python.names.scope(scope).kind else { return None };
        let parameters = &module.function(stmt)?.parameters;
        let is = |parameter: &Option<Box<pyaudit_python::Parameter>>| {
            parameter.as_ref().is_some_and(|parameter| parameter.name.range.start == start)
        };
        if is(&parameters.vararg) {
            return Some(self.known.tuple);
        }
        is(&parameters.kwarg).then_some(self.known.dict)
    }

    /// What a loop or comprehension binds a name to.
    fn loop_element(&mut self, module: &'p Module, start: u32) -> Type {
        let Some(&found) = self.tables[module.id.0 as usize].loops.get(&start) else { return Type::Unknown };
        let iterated = self.type_of(module, found.iter);
        let Type::Container(id) = iterated else {
            return if found.is_second { Type::Unknown } else { self.iterated(iterated) };
        };
        let (class, element) = self.types.parts(id);
        let gives_pairs = class == self.known.items || class == self.known.enumerate;
        if gives_pairs == found.is_second && class != self.known.dict { element } else { Type::Unknown }
    }

    /// What an import binds its name to.
    fn import(&mut self, module: &'p Module, import: &'p Import) -> Type {
        let path: Vec<String> = import.module.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let Some(name) = import.name.as_deref() else {
            let taken = if import.renamed { path.len() } else { path.len().min(1) };
            return self.imported_module(module, import, &path, taken);
        };
        if let Some((home, taken)) = self.project.modules.find(module, import.level, &path)
            && taken == path.len()
        {
            let name = self.atoms.intern(name);
            return self.module_member(home, name);
        }
        let mut longer = path;
        longer.push(name.to_owned());
        let taken = longer.len();
        self.imported_module(module, import, &longer, taken)
    }

    /// The module that the first `taken` names of an import mean.
    fn imported_module(&mut self, module: &'p Module, import: &'p Import, path: &[String], taken: usize) -> Type {
        let part = &path[..taken];
        match self.project.modules.find(module, import.level, part) {
            Some((found, length)) if length == part.len() => Type::Module(found),
            Some(_) => Type::Unknown,
            None => {
                let is_ours = self.project.modules.find(module, import.level, path).is_some();
                let dotted = self.import_path(import, part.len());
                match dotted.filter(|_| import.level == 0) {
                    Some(dotted) if is_ours => Type::Namespace(dotted),
                    Some(dotted) => Type::External(dotted),
                    None => Type::Unknown,
                }
            }
        }
    }

    /// The first `length` names of an import as a path.
    fn import_path(&mut self, import: &'p Import, length: usize) -> Option<PathId> {
        let names = import.module.split('.').filter(|part| !part.is_empty()).chain(import.name.as_deref());
        let mut path = None;
        for name in names.take(length) {
            let name = self.atoms.intern(name);
            path = Some(self.paths.join(path, name)?);
        }
        path
    }

    /// What a name of a module is to others: what the module binds it to, its submodule, or what a star import brings.
    pub(super) fn module_member(&mut self, id: ModuleId, name: Atom) -> Type {
        self.answer(Question::ModuleMember(id, name), |linker| {
            let module = linker.module(id);
            let text = linker.atoms.text(name);
            if let Some(binding) = module.python.binding(ScopeId(0), text) {
                return linker.binding(module, ScopeId(0), binding.name);
            }
            // What a star import binds hides the submodule that it is from.
            match linker.starred(module, name) {
                Type::Unknown => linker.submodule(module, text).unwrap_or(Type::Unknown),
                found => found,
            }
        })
    }

    fn submodule(&self, module: &Module, name: &str) -> Option<Type> {
        if !self.project.sources.file(module.file).path.ends_with("__init__.py") {
            return None;
        }
        let (found, taken) = self.project.modules.find(module, 1, &[name.to_owned()])?;
        (taken == 1).then_some(Type::Module(found))
    }

    /// What a star import brings under a name.
    fn starred(&mut self, module: &'p Module, name: Atom) -> Type {
        let stars = module.python.names.imports.iter().filter(|import| import.bound.is_none());
        for import in stars.take(MAX_STARS) {
            let path: Vec<String> =
                import.module.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
            match self.project.modules.find(module, import.level, &path) {
                Some((home, taken)) if taken == path.len() && home != module.id => {
                    let found = self.module_member(home, name);
                    if found != Type::Unknown {
                        return found;
                    }
                }
                _ => {}
            }
        }
        Type::Unknown
    }

    /// What a name is that no scope binds: a built-in, or from a star import.
    fn unbound(&mut self, module: &'p Module, expr: ExprId, name: NameId) -> Type {
        self.answer(Question::Unbound(module.id, name), |linker| {
            let atom = linker.atom(module.id, name);
            let meanings = module.python.qualified_names(expr);
            match meanings.first().map(|meaning| meaning.base) {
                Some(Base::Builtin) => linker.external(None, atom),
                Some(_) => match linker.starred(module, atom) {
                    Type::Unknown => linker.sole_external_star(module, atom),
                    found => found,
                },
                None => Type::Unknown,
            }
        })
    }

    /// A name from the only star import of a module, where that is of a library.
    fn sole_external_star(&mut self, module: &'p Module, name: Atom) -> Type {
        let mut stars = module.python.names.imports.iter().filter(|import| import.bound.is_none());
        let (Some(import), None) = (stars.next(), stars.next()) else { return Type::Unknown };
        let path: Vec<String> = import.module.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        if import.level > 0 || self.project.modules.find(module, 0, &path).is_some() {
            return Type::Unknown;
        }
        match self.import_path(import, path.len()) {
            Some(path) => self.external(Some(path), name),
            None => Type::Unknown,
        }
    }

    /// A name below the path of something external.
    pub(super) fn external(&mut self, path: Option<PathId>, name: Atom) -> Type {
        self.paths.join(path, name).map_or(Type::Unknown, Type::External)
    }

    /// A name below a package without a file of its own.
    pub(super) fn namespace_member(&mut self, path: PathId, name: Atom) -> Type {
        let Some(path) = self.paths.join(Some(path), name) else { return Type::Unknown };
        let dotted: Vec<String> = self.paths.text(path, &self.atoms).split('.').map(str::to_owned).collect();
        let Some(any) = self.project.modules.iter().next() else { return Type::Unknown };
        match self.project.modules.find(any, 0, &dotted) {
            Some((found, taken)) if taken == dotted.len() => Type::Module(found),
            Some(_) => Type::Unknown,
            None => Type::Namespace(path),
        }
    }
}

/// The places that may have bound a name last where it is read in the scope that binds it: from the last assignment
/// before it that every way leads through.
fn sites_in_reach<'m>(
    module: &'m Module,
    expr: ExprId,
    scope: ScopeId,
    sites: &'m [BindingSite],
) -> Option<&'m [BindingSite]> {
    if sites.len() > MAX_SITES || module.python.scope_of_expr(expr) != scope {
        return None;
    }
    let syntax = &module.python.syntax;
    let at = syntax.expr(expr).range.start;
    let stmt = syntax.enclosing_stmt(expr)?;
    // What the same statement binds is bound after it is read: `x = x.strip()`.
    let before = sites.partition_point(|site| site.range.start < syntax.stmt(stmt).range.start.min(at));
    let around: Vec<_> = syntax.ancestors(pyaudit_python::Parent::Stmt(stmt)).collect();
    let last = sites[..before].iter().rposition(|site| match site.kind {
        BindingKind::Assigned(value) => syntax.enclosing_stmt(value).is_some_and(|assignment| {
            let parent = syntax.stmt_parent(assignment);
            // A clause of an `if` or `try` does not lead to its other clauses.
            matches!(parent, pyaudit_python::Parent::Module)
                || around.contains(&parent) && is_plain_block(module, parent, syntax.stmt(assignment).range.start, at)
        }),
        _ => false,
    })?;
    Some(&sites[last..before])
}

/// Whether two places below a statement stand in the same of its bodies.
fn is_plain_block(module: &Module, parent: pyaudit_python::Parent, one: u32, other: u32) -> bool {
    use pyaudit_python::StmtKind;
    let pyaudit_python::Parent::Stmt(id) = parent else { return true };
    let syntax = &module.python.syntax;
    let holds = |body: &[pyaudit_python::StmtId]| {
        let range = body.first().zip(body.last()).map(|(first, last)| {
            let (start, end) = (syntax.stmt(*first).range.start, syntax.stmt(*last).range.end);
            start..end
        });
        range.is_some_and(|range| range.contains(&one) && range.contains(&other))
    };
    match &syntax.stmt(id).kind {
        StmtKind::If { clauses, orelse } => clauses.iter().any(|clause| holds(&clause.body)) || holds(orelse),
        StmtKind::Try { body, handlers, orelse, finalbody, .. } => {
            holds(body) || handlers.iter().any(|handler| holds(&handler.body)) || holds(orelse) || holds(finalbody)
        }
        StmtKind::For { body, orelse, .. } | StmtKind::While { body, orelse, .. } => holds(body) || holds(orelse),
        StmtKind::Match { cases, .. } => cases.iter().any(|case| holds(&case.body)),
        _ => true,
    }
}
