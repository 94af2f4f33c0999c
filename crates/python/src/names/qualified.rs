//! Qualified names: what a dotted name stands for, as far as one file can tell.

use super::{Base, Binding, BindingKind, Import, Names, Qualified, ScopeId, ScopeKind, builtins};
use crate::module::Module;
use crate::syntax::{ExprId, ExprKind, NameId, StmtKind};

/// The parts of a dotted name that are read at most.
const MAXIMUM_PARTS: usize = 64;
/// The candidates that are kept at most.
const MAXIMUM_CANDIDATES: usize = 16;
/// The places that are looked at for one expression at most.
const MAXIMUM_STEPS: usize = 256;
/// How many aliases of aliases are followed.
const MAXIMUM_ALIASES: usize = 8;

impl Module {
    /// Everything that a name or dotted name may stand for, in order of the source, each once; nothing for another
    /// expression. A name that is bound in several places has several candidates (`try: import ujson as json`,
    /// `except ImportError: import json`); a binding to a literal `None` beside others adds none. `alias = imported.name` is
    /// followed. A name that is assigned anything else is itself (`Local`), a parameter or loop variable is nothing.
    ///
    /// A name that nothing binds is a built-in of that name. Where there is none and the module has star imports, it is
    /// a candidate of each: `from x import *` may hide a built-in too, but seldom does.
    pub fn qualified_names(&self, expr: ExprId) -> Vec<Qualified> {
        self.candidates(expr).found
    }

    /// What a name or dotted name stands for, where that is certain: every place that binds it agrees.
    pub fn qualified_name(&self, expr: ExprId) -> Option<Qualified> {
        let candidates = self.candidates(expr);
        match candidates.found.as_slice() {
            [only] if !candidates.open => Some(only.clone()),
            _ => None,
        }
    }

    fn candidates(&self, expr: ExprId) -> Candidates {
        let mut search = Search { module: self, visiting: Vec::new(), steps: 0 };
        let mut candidates = search.dotted(expr);
        candidates.found.truncate(MAXIMUM_CANDIDATES);
        candidates
    }

    /// The path of a name that a scope binds, as in `__qualname__`.
    pub(super) fn local_path(&self, scope: ScopeId, name: NameId) -> Vec<String> {
        let mut path = vec![self.syntax.name(name).to_owned()];
        for (_, scope) in self.names.scope_chain(scope) {
            match scope.kind {
                ScopeKind::Module | ScopeKind::TypeParameters(_) => {}
                ScopeKind::Class(stmt) | ScopeKind::Function(stmt) => match &self.syntax.stmt(stmt).kind {
                    StmtKind::FunctionDef(def) => {
                        path.extend([String::from("<locals>"), self.syntax.identifier(def.name).to_owned()]);
                    }
                    StmtKind::ClassDef(def) => path.push(self.syntax.identifier(def.name).to_owned()),
                    _ => {}
                },
                ScopeKind::Lambda(_) => path.extend([String::from("<locals>"), String::from("<lambda>")]),
                ScopeKind::Comprehension(expr) => {
                    path.extend([
                        String::from("<locals>"),
                        comprehension_name(&self.syntax.expr(expr).kind).to_owned(),
                    ]);
                }
            }
        }
        path.reverse();
        path
    }
}

/// What CPython calls the code of a comprehension.
fn comprehension_name(kind: &ExprKind) -> &'static str {
    match kind {
        ExprKind::ListComp { .. } => "<listcomp>",
        ExprKind::SetComp { .. } => "<setcomp>",
        ExprKind::DictComp { .. } => "<dictcomp>",
        _ => "<genexpr>",
    }
}

/// What was found.
#[derive(Default)]
struct Candidates {
    found: Vec<Qualified>,
    /// Whether it may be something else besides.
    open: bool,
}

impl Candidates {
    fn add(&mut self, qualified: Qualified) {
        if !self.found.contains(&qualified) {
            self.found.push(qualified);
        }
    }

    fn merge(&mut self, other: Self) {
        self.open |= other.open;
        other.found.into_iter().for_each(|qualified| self.add(qualified));
    }
}

/// One search, with what bounds it.
struct Search<'m> {
    module: &'m Module,
    /// The bindings whose values are being looked at.
    visiting: Vec<(ScopeId, NameId)>,
    steps: usize,
}

impl Search<'_> {
    /// The candidates of a name with attributes.
    fn dotted(&mut self, expr: ExprId) -> Candidates {
        let syntax = &self.module.syntax;
        let mut attributes = Vec::new();
        let mut at = expr;
        while let ExprKind::Attribute { value, attr, .. } = syntax.expr(at).kind {
            attributes.push(syntax.identifier(attr));
            at = value;
            if attributes.len() >= MAXIMUM_PARTS {
                return Candidates::default();
            }
        }
        let mut candidates = self.name(at);
        for qualified in &mut candidates.found {
            qualified.path.extend(attributes.iter().rev().map(|&attribute| attribute.to_owned()));
        }
        candidates
    }

    /// The candidates of a plain name.
    fn name(&mut self, expr: ExprId) -> Candidates {
        let ExprKind::Name { id, .. } = self.module.syntax.expr(expr).kind else { return Candidates::default() };
        match self.module.lookup(expr) {
            Some((scope, binding)) => self.binding(scope, binding),
            None => unbound(&self.module.names, self.module.syntax.name(id)),
        }
    }

    fn binding(&mut self, scope: ScopeId, binding: &Binding) -> Candidates {
        let key = (scope, binding.name);
        let mut candidates = Candidates::default();
        if self.visiting.contains(&key) || self.visiting.len() >= MAXIMUM_ALIASES {
            return candidates;
        }
        self.visiting.push(key);
        let mut is_assigned = false;
        for site in &binding.sites {
            self.steps += 1;
            if self.steps > MAXIMUM_STEPS || candidates.found.len() > MAXIMUM_CANDIDATES {
                candidates.open = true;
                break;
            }
            match site.kind {
                BindingKind::Import(at) => {
                    candidates.add(imported(&self.module.names.imports[at as usize], self.module));
                }
                BindingKind::Function(_) | BindingKind::Class(_) => candidates.add(self.local(scope, binding)),
                BindingKind::Assigned(value) | BindingKind::Annotated { value: Some(value), .. } => {
                    is_assigned |= !self.assigned(value, (scope, binding), &mut candidates);
                }
                BindingKind::Annotated { value: None, .. } => is_assigned = true,
                BindingKind::Parameter { .. } | BindingKind::With(_) | BindingKind::Other => candidates.open = true,
            }
        }
        self.visiting.pop();
        if is_assigned && candidates.found.is_empty() && !candidates.open {
            candidates.add(self.local(scope, binding));
        }
        candidates
    }

    /// Adds what an assigned value stands for; `false` where it adds nothing by itself: `None`.
    fn assigned(&mut self, value: ExprId, to: (ScopeId, &Binding), candidates: &mut Candidates) -> bool {
        match self.module.syntax.expr(value).kind {
            ExprKind::None => return false,
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                let found = self.dotted(value);
                if !found.found.is_empty() {
                    candidates.merge(found);
                    return true;
                }
            }
            _ => {}
        }
        candidates.add(self.local(to.0, to.1));
        true
    }

    fn local(&self, scope: ScopeId, binding: &Binding) -> Qualified {
        Qualified { base: Base::Local, path: self.module.local_path(scope, binding.name) }
    }
}

/// What a name stands for that no scope binds.
fn unbound(names: &Names, name: &str) -> Candidates {
    let mut candidates = Candidates::default();
    if builtins::is_builtin(name) {
        candidates.add(Qualified { base: Base::Builtin, path: vec![name.to_owned()] });
        return candidates;
    }
    let stars = names.imports.iter().filter(|import| import.bound.is_none());
    for star in stars.take(MAXIMUM_CANDIDATES) {
        let path = module_path(&star.module).chain([name.to_owned()]).collect();
        candidates.add(Qualified { base: Base::Import { level: star.level }, path });
    }
    candidates
}

/// What the name that an import binds stands for.
fn imported(import: &Import, module: &Module) -> Qualified {
    let base = Base::Import { level: import.level };
    let bound = import.bound.map(|bound| module.syntax.name(bound).to_owned());
    let path = match (&import.name, bound) {
        (None, Some(bound)) if !import.renamed => vec![bound],
        (name, _) => module_path(&import.module).chain(name.clone()).collect(),
    };
    Qualified { base, path }
}

fn module_path(dotted: &str) -> impl Iterator<Item = String> {
    dotted.split('.').filter(|part| !part.is_empty()).map(str::to_owned)
}
