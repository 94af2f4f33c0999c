//! Building the scopes.
//!
//! Children have smaller ids than their parents, so that a pass over an arena from its end meets parents first and hands
//! scopes down without recursion: first the statements, then the patterns, then the expressions, since no expression
//! holds a statement.

use super::{Binding, BindingKind, BindingSite, Names, Scope, ScopeId, ScopeKind, exported, guards, imports};
use crate::module::{Parent, Syntax};
use crate::syntax::{
    ClassDef, Comprehension, ExprContext, ExprId, ExprKind, FunctionDef, Identifier, NameId, Parameters, PatternId,
    PatternKind, StmtId, StmtKind, TypeParam,
};
use pyaudit_source::Range;
use std::collections::{HashMap, HashSet};

/// Reads the names of a module. Takes the first parts of `import a.b` into the table of names where they are not there.
pub(crate) fn resolve(syntax: &mut Syntax) -> Names {
    let guards = guards::read(syntax);
    let (first_parts, by_text) = imports::intern(syntax);
    let mut builder = Builder::new(syntax);
    builder.statements();
    builder.patterns();
    builder.expressions();
    let imports = imports::read(syntax, &mut builder, &guards, &first_parts);
    let mut names = builder.finish(imports);
    names.guards = guards;
    names.by_text = by_text;
    names.exported = exported::read(syntax, &names);
    names
}

/// The scope number of what has none yet.
const UNSET: ScopeId = ScopeId(u32::MAX);

/// A name that a scope binds, before `global` and `nonlocal` are heeded.
#[derive(Clone, Copy)]
struct Site {
    scope: ScopeId,
    name: NameId,
    place: BindingSite,
}

/// The scopes as far as they are built.
pub(super) struct Builder<'s> {
    syntax: &'s Syntax,
    /// What opens each scope, and the scope around it.
    opened: Vec<(ScopeKind, Option<ScopeId>)>,
    sites: Vec<Site>,
    stmt_scopes: Vec<ScopeId>,
    body_scopes: Vec<ScopeId>,
    pattern_scopes: Vec<ScopeId>,
    expr_scopes: Vec<ScopeId>,
    /// How targets are bound that are more than a name among others.
    kinds: HashMap<ExprId, BindingKind>,
    declared_global: HashSet<(ScopeId, NameId)>,
    declared_nonlocal: HashSet<(ScopeId, NameId)>,
}

impl<'s> Builder<'s> {
    fn new(syntax: &'s Syntax) -> Self {
        Self {
            syntax,
            opened: vec![(ScopeKind::Module, None)],
            sites: Vec::new(),
            stmt_scopes: vec![UNSET; syntax.stmts.len()],
            body_scopes: vec![UNSET; syntax.stmts.len()],
            pattern_scopes: vec![UNSET; syntax.patterns.len()],
            expr_scopes: vec![UNSET; syntax.exprs.len()],
            kinds: HashMap::new(),
            declared_global: HashSet::new(),
            declared_nonlocal: HashSet::new(),
        }
    }

    fn open(&mut self, kind: ScopeKind, parent: ScopeId) -> ScopeId {
        self.opened.push((kind, Some(parent)));
        ScopeId(self.opened.len() as u32 - 1)
    }

    /// Adds a place that binds a name.
    fn bind(&mut self, scope: ScopeId, name: NameId, range: Range, kind: BindingKind) {
        self.sites.push(Site { scope, name, place: BindingSite { range, kind } });
    }

    fn bind_identifier(&mut self, scope: ScopeId, identifier: Identifier, kind: BindingKind) {
        self.bind(scope, identifier.name, identifier.range, kind);
    }

    /// Adds the name of an import; tells the scope that it is bound in.
    pub(super) fn bind_import(&mut self, stmt: StmtId, identifier: Identifier, import: u32) {
        self.bind_identifier(self.stmt_scopes[stmt.0 as usize], identifier, BindingKind::Import(import));
    }

    /// The scope in which a statement's names are bound where it binds `name`.
    pub(super) fn scope_of_name(&self, stmt: StmtId, name: Option<NameId>) -> ScopeId {
        let scope = self.stmt_scopes[stmt.0 as usize];
        let is_global = name.is_some_and(|name| self.declared_global.contains(&(scope, name)));
        if is_global { ScopeId(0) } else { scope }
    }

    fn set(&mut self, expr: ExprId, scope: ScopeId) {
        self.expr_scopes[expr.0 as usize] = scope;
    }

    fn set_all(&mut self, exprs: impl IntoIterator<Item = ExprId>, scope: ScopeId) {
        for expr in exprs {
            self.set(expr, scope);
        }
    }

    fn statements(&mut self) {
        for at in (0..self.syntax.stmts.len()).rev() {
            let scope = match self.syntax.stmt_parents[at] {
                Parent::Stmt(parent) => self.body_scopes[parent.0 as usize],
                _ => ScopeId(0),
            };
            self.stmt_scopes[at] = scope;
            self.body_scopes[at] = self.statement(StmtId(at as u32), scope);
        }
    }

    /// Binds what a statement binds; tells the scope of its body.
    fn statement(&mut self, id: StmtId, scope: ScopeId) -> ScopeId {
        let stmt = self.syntax.stmt(id);
        match &stmt.kind {
            StmtKind::FunctionDef(def) => return self.function(id, def, scope),
            StmtKind::ClassDef(def) => return self.class(id, def, scope),
            StmtKind::TypeAlias { type_params, value, .. } => {
                let inner = self.type_parameters(id, type_params, scope);
                self.set(*value, inner);
            }
            StmtKind::Assign { targets, value } => {
                self.kinds.extend(targets.iter().map(|&target| (target, BindingKind::Assigned(*value))));
            }
            StmtKind::AnnAssign { target, annotation, value, .. } => {
                self.kinds.insert(*target, BindingKind::Annotated { annotation: *annotation, value: *value });
            }
            StmtKind::With { items, .. } => {
                let targets = items.iter().filter_map(|item| Some((item.optional_vars?, item.context_expr)));
                self.kinds.extend(targets.map(|(target, value)| (target, BindingKind::With(value))));
            }
            StmtKind::Try { handlers, .. } => {
                for name in handlers.iter().filter_map(|handler| handler.name) {
                    self.bind_identifier(scope, name, BindingKind::Other);
                }
            }
            StmtKind::Global(names) => self.declared_global.extend(names.iter().map(|name| (scope, name.name))),
            StmtKind::Nonlocal(names) => self.declared_nonlocal.extend(names.iter().map(|name| (scope, name.name))),
            _ => {}
        }
        scope
    }

    fn function(&mut self, id: StmtId, def: &FunctionDef, scope: ScopeId) -> ScopeId {
        self.bind_identifier(scope, def.name, BindingKind::Function(id));
        let around = self.type_parameters(id, &def.type_params, scope);
        let annotations = def.parameters.iter().filter_map(|parameter| parameter.annotation);
        self.set_all(annotations.chain(def.returns), around);
        let inner = self.open(ScopeKind::Function(id), around);
        self.parameters(&def.parameters, inner);
        inner
    }

    fn class(&mut self, id: StmtId, def: &ClassDef, scope: ScopeId) -> ScopeId {
        self.bind_identifier(scope, def.name, BindingKind::Class(id));
        let around = self.type_parameters(id, &def.type_params, scope);
        let keywords = def.keywords.iter().map(|keyword| keyword.value);
        self.set_all(def.bases.iter().copied().chain(keywords), around);
        self.open(ScopeKind::Class(id), around)
    }

    /// Opens the scope of type parameters, where there are any; tells the scope that sees them.
    fn type_parameters(&mut self, id: StmtId, params: &[TypeParam], scope: ScopeId) -> ScopeId {
        if params.is_empty() {
            return scope;
        }
        let inner = self.open(ScopeKind::TypeParameters(id), scope);
        for param in params {
            self.bind_identifier(inner, param.name, BindingKind::Other);
            self.set_all(param.bound.into_iter().chain(param.default), inner);
        }
        inner
    }

    fn parameters(&mut self, parameters: &Parameters, scope: ScopeId) {
        for parameter in parameters.iter() {
            let kind = BindingKind::Parameter { annotation: parameter.annotation, default: parameter.default };
            self.bind_identifier(scope, parameter.name, kind);
        }
    }

    fn patterns(&mut self) {
        for at in (0..self.syntax.patterns.len()).rev() {
            let scope = match self.syntax.pattern_parents[at] {
                Parent::Stmt(parent) => self.stmt_scopes[parent.0 as usize],
                Parent::Pattern(parent) => self.pattern_scopes[parent.0 as usize],
                _ => ScopeId(0),
            };
            self.pattern_scopes[at] = scope;
            let captured = match &self.syntax.pattern(PatternId(at as u32)).kind {
                PatternKind::Mapping { rest: name, .. } | PatternKind::Star(name) | PatternKind::As { name, .. } => {
                    *name
                }
                _ => None,
            };
            if let Some(name) = captured {
                self.bind_identifier(scope, name, BindingKind::Other);
            }
        }
    }

    fn expressions(&mut self) {
        for at in (0..self.syntax.exprs.len()).rev() {
            if self.expr_scopes[at] == UNSET {
                self.expr_scopes[at] = match self.syntax.expr_parents[at] {
                    Parent::Stmt(parent) => self.stmt_scopes[parent.0 as usize],
                    Parent::Pattern(parent) => self.pattern_scopes[parent.0 as usize],
                    Parent::Expr(parent) => self.expr_scopes[parent.0 as usize],
                    Parent::Module => ScopeId(0),
                };
            }
            self.expression(ExprId(at as u32), self.expr_scopes[at]);
        }
    }

    fn expression(&mut self, id: ExprId, scope: ScopeId) {
        let expr = self.syntax.expr(id);
        match &expr.kind {
            ExprKind::Name { id: name, ctx: ExprContext::Store | ExprContext::Del } => {
                self.target(id, *name, expr.range, scope);
            }
            ExprKind::Named { target, value } => {
                self.kinds.insert(*target, BindingKind::Assigned(*value));
            }
            ExprKind::Lambda { parameters, body } => {
                let inner = self.open(ScopeKind::Lambda(id), scope);
                self.parameters(parameters, inner);
                self.set(*body, inner);
            }
            ExprKind::ListComp { elt, generators }
            | ExprKind::SetComp { elt, generators }
            | ExprKind::Generator { elt, generators } => self.comprehension(id, [*elt], generators, scope),
            ExprKind::DictComp { key, value, generators } => {
                self.comprehension(id, [*key, *value], generators, scope);
            }
            _ => {}
        }
    }

    fn comprehension<const N: usize>(
        &mut self,
        id: ExprId,
        elements: [ExprId; N],
        generators: &[Comprehension],
        scope: ScopeId,
    ) {
        let inner = self.open(ScopeKind::Comprehension(id), scope);
        self.set_all(elements, inner);
        for (at, generator) in generators.iter().enumerate() {
            self.set(generator.target, inner);
            self.set_all(generator.ifs.iter().copied(), inner);
            // The first iterable is evaluated before the comprehension is entered.
            self.set(generator.iter, if at == 0 { scope } else { inner });
        }
    }

    /// Binds a name that is assigned or deleted.
    fn target(&mut self, id: ExprId, name: NameId, range: Range, scope: ScopeId) {
        let is_walrus = matches!(self.syntax.expr_parent(id), Parent::Expr(parent)
            if matches!(self.syntax.expr(parent).kind, ExprKind::Named { .. }));
        let scope = if is_walrus { self.outside_comprehensions(scope) } else { scope };
        let kind = self.kinds.get(&id).copied().unwrap_or(BindingKind::Other);
        if !matches!(kind, BindingKind::Annotated { value: None, .. }) || self.is_declaration(id) {
            self.bind(scope, name, range, kind);
        }
    }

    /// Whether the annotation of a target without a value makes it a name of its scope: not where it is in parentheses.
    fn is_declaration(&self, target: ExprId) -> bool {
        match self.syntax.expr_parent(target) {
            Parent::Stmt(stmt) => matches!(self.syntax.stmt(stmt).kind, StmtKind::AnnAssign { simple: true, .. }),
            _ => false,
        }
    }

    /// Where `:=` binds: the innermost scope that is no comprehension (PEP 572).
    fn outside_comprehensions(&self, mut scope: ScopeId) -> ScopeId {
        while let (ScopeKind::Comprehension(_), Some(parent)) = self.opened[scope.0 as usize] {
            scope = parent;
        }
        scope
    }

    /// Moves what `global` and `nonlocal` declare to where it is bound, and sorts.
    fn finish(mut self, imports: Vec<super::Import>) -> Names {
        let own: HashSet<(ScopeId, NameId)> = self.sites.iter().map(|site| (site.scope, site.name)).collect();
        let mut sites = std::mem::take(&mut self.sites);
        for site in &mut sites {
            site.scope = self.declared_scope(site.scope, site.name, &own);
        }
        sites.sort_by_key(|site| (site.scope, site.name, site.place.range));
        let scopes = self.opened.iter().map(|&(kind, parent)| Scope { parent, kind, bindings: Vec::new() });
        let mut scopes: Vec<Scope> = scopes.collect();
        for site in sites {
            let bindings = &mut scopes[site.scope.0 as usize].bindings;
            match bindings.last_mut() {
                Some(last) if last.name == site.name => last.sites.push(site.place),
                _ => bindings.push(Binding { name: site.name, sites: vec![site.place] }),
            }
        }
        let mut declared_global: Vec<_> = self.declared_global.into_iter().collect();
        declared_global.sort_unstable();
        let (expr_scopes, stmt_scopes, body_scopes) = (self.expr_scopes, self.stmt_scopes, self.body_scopes);
        Names { scopes, imports, expr_scopes, stmt_scopes, body_scopes, declared_global, ..Names::default() }
    }

    /// The scope that a name belongs to which `scope` binds.
    fn declared_scope(&self, scope: ScopeId, name: NameId, own: &HashSet<(ScopeId, NameId)>) -> ScopeId {
        if self.declared_global.contains(&(scope, name)) {
            return ScopeId(0);
        }
        if !self.declared_nonlocal.contains(&(scope, name)) {
            return scope;
        }
        let parent = |id: ScopeId| self.opened[id.0 as usize].1;
        let mut around = std::iter::successors(parent(scope), |&id| parent(id));
        let owner = around.find(|&id| {
            let is_function = !matches!(self.opened[id.0 as usize].0, ScopeKind::Class(_) | ScopeKind::Module);
            is_function && own.contains(&(id, name)) && !self.declared_nonlocal.contains(&(id, name))
        });
        // Without an owner it is an error of the program; the name stays where it stands.
        owner.unwrap_or(scope)
    }
}
