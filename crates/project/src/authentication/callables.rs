//! What a callable demands that is used as a dependency: a function, class, instance, or what a factory returns.

use super::dependencies::unknown;
use super::schemes::{may_authenticate, of_instance, of_method, words_of};
use super::{Analyst, Authentication, Demand, Guard};
use crate::{Definition, Module, Symbol};
use pyaudit_python::{BindingKind, BindingSite, ExprId, ExprKind, Keyword, ScopeId, StmtId};

/// Words of parameters that hold a dependency which lends something.
const RESOURCES: &[&str] = &[
    "cache",
    "client",
    "config",
    "database",
    "db",
    "engine",
    "pagination",
    "params",
    "query",
    "redis",
    "repo",
    "repository",
    "service",
    "session",
    "settings",
    "uow",
];

/// Calls that give their first argument with some arguments filled in.
const PARTIAL: &[&str] = &["functools.partial"];

impl Analyst<'_> {
    /// What a dependency demands.
    pub(super) fn of_callable(&self, module: &Module, expr: ExprId, depth: u32) -> Authentication {
        let Some(depth) = depth.checked_sub(1) else { return Authentication::default() };
        match &module.python.syntax.expr(expr).kind {
            ExprKind::Call { func, args, .. } if self.project.is_any(module, *func, PARTIAL) => {
                args.first().map_or_else(Authentication::default, |&inner| self.of_callable(module, inner, depth))
            }
            ExprKind::Call { func, keywords, .. } => match self.of_depends(module, expr, depth) {
                Some(found) => found,
                None => self.of_made(module, expr, *func, keywords, depth),
            },
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => self.of_name(module, expr, depth),
            ExprKind::IfExp { body, orelse, .. } => {
                Authentication::any_of([*body, *orelse].map(|one| self.of_callable(module, one, depth)))
            }
            ExprKind::BoolOp { values, .. } => {
                Authentication::any_of(values.iter().map(|&one| self.of_callable(module, one, depth)))
            }
            ExprKind::Lambda { .. } => self.of_lambda(module, expr, depth),
            ExprKind::None => Authentication::default(),
            // `GUARDS["admin"]`
            _ => unknown(module, expr, self.project.sources.slice(module.span_of(expr))),
        }
    }

    /// What a function without a name demands by the functions that it calls: `lambda request: check(request, "x")`. One
    /// without parameters sees nothing of the request, and what it returns is not called.
    fn of_lambda(&self, module: &Module, lambda: ExprId, depth: u32) -> Authentication {
        let syntax = &module.python.syntax;
        if matches!(&syntax.expr(lambda).kind, ExprKind::Lambda { parameters, .. } if parameters.iter().next().is_none())
        {
            return Authentication::default();
        }
        let calls = syntax.walk_exprs_of(lambda).filter_map(|id| match syntax.expr(id).kind {
            ExprKind::Call { func, .. } => Some(func),
            _ => None,
        });
        let each = calls.map(|func| match self.project.called_function(module, func) {
            Some((home, function)) => self.outcome(home, function, depth).authentication,
            None => of_library(module, func, self.project.sources.slice(module.span_of(func))),
        });
        each.fold(Authentication::default(), Authentication::and)
    }

    /// What a name demands: a function, a class, or an object that is called.
    fn of_name(&self, module: &Module, expr: ExprId, depth: u32) -> Authentication {
        if let Some(function) = nearest_function(module, expr) {
            return self.outcome(module, function, depth).authentication;
        }
        if is_given(module, expr) {
            return unknown(module, expr, self.project.sources.slice(module.span_of(expr)));
        }
        let symbol = self.project.symbol(module, expr);
        if let Some(Symbol::External(name)) = &symbol {
            return of_library(module, expr, name);
        }
        match symbol.and_then(|symbol| self.project.definition(&symbol)) {
            Some((home, Definition::Function(function))) => self.outcome(home, function, depth).authentication,
            Some((home, Definition::Class(class))) => self.of_construction(home, class, depth),
            Some((home, Definition::Value(value))) => self.of_callable(home, value, depth),
            Some((_, Definition::Annotated { .. })) | None => self.of_attribute(module, expr, depth),
        }
    }

    /// What a method of an object demands, `guard.require_user`, or an object whose making is not seen.
    fn of_attribute(&self, module: &Module, expr: ExprId, depth: u32) -> Authentication {
        if let ExprKind::Attribute { value, attr, .. } = &module.python.syntax.expr(expr).kind {
            let method = module.python.syntax.identifier(*attr);
            let class = self.project.type_of(module, *value);
            if let Some((home, Definition::Class(class))) = class.and_then(|class| self.project.definition(&class)) {
                return self.of_class_method(home, class, &[method], depth);
            }
        }
        if let Some(class) = self.project.type_of(module, expr) {
            return self.of_class(module, expr, &class, &[], depth);
        }
        let text = self.project.sources.slice(module.span_of(expr)).to_owned();
        of_library(module, expr, &text)
    }

    /// What an object demands that a call makes: an instance of a class, or the function that a factory returns.
    fn of_made(&self, module: &Module, call: ExprId, func: ExprId, keywords: &[Keyword], depth: u32) -> Authentication {
        let symbol = self.project.symbol(module, func);
        if let Some(symbol) = &symbol {
            match self.project.definition(symbol) {
                Some((_, Definition::Class(_))) => return self.of_class(module, call, symbol, keywords, depth),
                Some((home, Definition::Function(factory))) => {
                    return self.of_factory(home, factory, Some((module, call)), depth);
                }
                _ => {}
            }
            if symbol.external().is_some() {
                return self.of_class(module, call, symbol, keywords, depth);
            }
        }
        let ExprKind::Attribute { value, attr, .. } = &module.python.syntax.expr(func).kind else {
            return Authentication::default();
        };
        let method = module.python.syntax.identifier(*attr);
        let Some(class) = self.project.type_of(module, *value) else {
            let text = self.project.sources.slice(module.span_of(func)).to_owned();
            return of_library(module, call, &text);
        };
        if let Some(demand) = of_method(module, &class, method, keywords) {
            return self.library_guard(module, call, func, demand);
        }
        match self.project.definition(&class) {
            Some((home, Definition::Class(class))) => match self.project.member(home, class, method) {
                Some((home, Definition::Function(factory))) => {
                    self.of_factory(home, factory, Some((module, call)), depth)
                }
                _ => Authentication::default(),
            },
            _ => of_library(module, call, &format!("{}.{method}", class.external().unwrap_or_default())),
        }
    }

    /// What an instance of a class demands when it is called.
    pub(super) fn of_class(
        &self,
        module: &Module,
        at: ExprId,
        class: &Symbol,
        keywords: &[Keyword],
        depth: u32,
    ) -> Authentication {
        if let Some(name) = class.external() {
            return match of_instance(module, class, keywords) {
                Some(demand) => self.library_guard(module, at, at, demand),
                None => of_library(module, at, name),
            };
        }
        let Some((home, Definition::Class(id))) = self.project.definition(class) else {
            return Authentication::default();
        };
        let own = self.of_class_method(home, id, &["__call__"], depth);
        if self.project.member(home, id, "__call__").is_some() {
            return if is_lenient(module, keywords) { own.at_most_optional() } else { own };
        }
        let inherited =
            self.project.external_bases(home, id).into_iter().find_map(|base| of_instance(module, &base, keywords));
        inherited.map_or_else(Authentication::default, |demand| self.library_guard(module, at, at, demand))
    }

    /// What a class demands whose objects are made for each request: by its constructor, or by the fields of a data class.
    fn of_construction(&self, home: &Module, class: StmtId, depth: u32) -> Authentication {
        if self.project.member(home, class, "__init__").is_some() {
            return self.of_class_method(home, class, &["__init__"], depth);
        }
        self.of_dependences(self.project.class_dependences(home, class), depth)
    }

    fn of_class_method(&self, home: &Module, class: StmtId, names: &[&str], depth: u32) -> Authentication {
        let method = names.iter().find_map(|name| self.project.member(home, class, name));
        match method {
            Some((home, Definition::Function(method))) => self.outcome(home, method, depth).authentication,
            Some((home, Definition::Value(value))) => self.of_callable(home, value, depth),
            _ => Authentication::default(),
        }
    }

    fn library_guard(&self, module: &Module, at: ExprId, named: ExprId, demand: Demand) -> Authentication {
        let text = self.project.sources.slice(module.span_of(named)).to_owned();
        let name = text.split('(').next().unwrap_or_default().trim().to_owned();
        Authentication::by(Guard { name, span: module.span_of(at), demand })
    }
}

/// The function that a name means where a function around it defines several of that name, one on each way:
/// the last before the use.
fn nearest_function(module: &Module, expr: ExprId) -> Option<StmtId> {
    let (scope, binding) = module.python.lookup(expr)?;
    let syntax = &module.python.syntax;
    if scope == ScopeId(0) || binding.sites.len() < 2 {
        return None;
    }
    let before = syntax.expr(expr).range.start;
    let functions = binding.sites.iter().map(|site| match site.kind {
        BindingKind::Function(function) => Some(function),
        _ => None,
    });
    let functions: Vec<StmtId> = functions.collect::<Option<_>>()?;
    functions.into_iter().rfind(|&function| syntax.stmt(function).range.start < before)
}

/// Whether a name is a parameter of a function around it that is handed a guard, or may be: `def routes(guard): …`.
fn is_given(module: &Module, expr: ExprId) -> bool {
    let ExprKind::Name { id, .. } = module.python.syntax.expr(expr).kind else { return false };
    let is_parameter = module.python.lookup(expr).is_some_and(|(_, binding)| {
        matches!(binding.sites[..], [BindingSite { kind: BindingKind::Parameter { default: None, .. }, .. }])
    });
    let words = words_of(module.python.syntax.name(id));
    is_parameter && !words.iter().any(|word| RESOURCES.contains(&word.as_str()))
}

/// What something of a library demands that nobody here can look into.
fn of_library(module: &Module, at: ExprId, name: &str) -> Authentication {
    let demand = if may_authenticate(name) { Demand::Unknown } else { Demand::Nothing };
    Authentication::by(Guard { name: short(name), span: module.span_of(at), demand })
}

/// Whether an object is told when it is made that it shall let requests without a credential pass.
fn is_lenient(module: &Module, keywords: &[Keyword]) -> bool {
    let is = |name, value: bool| {
        module.keyword(keywords, name).is_some_and(|it| module.python.syntax.expr(it).kind == ExprKind::Bool(value))
    };
    is("optional", true) || is("auto_error", false) || is("required", false) || is("raise_error", false)
}

/// The last two names of a dotted path, which say enough.
fn short(name: &str) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    parts[parts.len().saturating_sub(2)..].join(".")
}
