//! What a callable demands that is used as a dependency: a function, class, instance, or what a factory returns.

use super::schemes::{may_authenticate, of_instance, of_method};
use super::{Analyst, Authentication, Demand, Guard};
use crate::database::reading::returned;
use crate::{Definition, Module, Symbol};
use pyaudit_python::{ExprId, ExprKind, FunctionDef, Keyword, StmtId};

/// Calls that give their first argument with some arguments filled in.
const PARTIAL: &[&str] = &["functools.partial"];

/// The keywords of a call with its module.
type Keywords<'a> = Option<(&'a Module, &'a [Keyword])>;

impl Analyst<'_> {
    /// What a dependency demands.
    pub(super) fn of_callable(&self, module: &Module, expr: ExprId, depth: u32) -> Authentication {
        let Some(depth) = depth.checked_sub(1) else { return Authentication::default() };
        match &module.python.syntax.expr(expr).kind {
            ExprKind::Call { func, args, .. } if self.project.is_any(module, *func, PARTIAL) => {
                args.first().map_or_else(Authentication::default, |&inner| self.of_callable(module, inner, depth))
            }
            ExprKind::Call { func, keywords, .. } => self.of_made(module, expr, *func, keywords, depth),
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => self.of_name(module, expr, depth),
            _ => Authentication::default(),
        }
    }

    /// What a name demands: a function, a class, or an object that is called.
    fn of_name(&self, module: &Module, expr: ExprId, depth: u32) -> Authentication {
        let symbol = self.project.symbol(module, expr);
        if let Some(Symbol::External(name)) = &symbol {
            return of_library(module, expr, name);
        }
        match symbol.and_then(|symbol| self.project.definition(&symbol)) {
            Some((home, Definition::Function(function))) => self.outcome(home, function, depth).authentication,
            Some((home, Definition::Class(class))) => self.of_class_method(home, class, &["__init__"], depth),
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
                    return self.of_factory(home, factory, Some((module, keywords)), depth);
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
                    self.of_factory(home, factory, Some((module, keywords)), depth)
                }
                _ => Authentication::default(),
            },
            _ => of_library(module, call, &format!("{}.{method}", class.external().unwrap_or_default())),
        }
    }

    /// What an instance of a class demands when it is called.
    fn of_class(
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

    fn of_class_method(&self, home: &Module, class: StmtId, names: &[&str], depth: u32) -> Authentication {
        let method = names.iter().find_map(|name| self.project.member(home, class, name));
        match method {
            Some((home, Definition::Function(method))) => self.outcome(home, method, depth).authentication,
            Some((home, Definition::Value(value))) => self.of_callable(home, value, depth),
            _ => Authentication::default(),
        }
    }

    /// What the function or dependency demands that a factory returns: `require_role("admin")`. Where it chooses by one
    /// of its parameters, `strict if required else lenient`, the keywords of the call or the default say which.
    fn of_factory(&self, home: &Module, factory: StmtId, keywords: Keywords<'_>, depth: u32) -> Authentication {
        let syntax = &home.python.syntax;
        let Some(definition) = home.function(factory) else { return Authentication::default() };
        let each = returned(home, factory).into_iter().map(|value| {
            let ExprKind::IfExp { test, body, orelse } = syntax.expr(value).kind else {
                return self.of_product(home, value, depth);
            };
            match chosen(home, definition, test, keywords) {
                Some(true) => self.of_product(home, body, depth),
                Some(false) => self.of_product(home, orelse, depth),
                None => {
                    let (one, other) = (self.of_product(home, body, depth), self.of_product(home, orelse, depth));
                    if one.demand < other.demand { one } else { other }
                }
            }
        });
        let found = each.fold(Authentication::default(), Authentication::and);
        let annotated = definition.returns.filter(|_| found.demand == Demand::Nothing);
        annotated.and_then(|returns| self.of_returned_class(home, returns, depth)).unwrap_or(found)
    }

    /// What an object of the class demands that a factory says it returns, where what it makes cannot be followed.
    fn of_returned_class(&self, home: &Module, returns: ExprId, depth: u32) -> Option<Authentication> {
        let class = self.project.symbol(home, returns)?;
        let is_class = matches!(self.project.definition(&class), Some((_, Definition::Class(_))));
        is_class.then(|| self.of_class(home, returns, &class, &[], depth))
    }

    fn of_product(&self, home: &Module, value: ExprId, depth: u32) -> Authentication {
        self.of_depends(home, value, depth).unwrap_or_else(|| self.of_callable(home, value, depth))
    }

    fn library_guard(&self, module: &Module, at: ExprId, named: ExprId, demand: Demand) -> Authentication {
        let text = self.project.sources.slice(module.span_of(named)).to_owned();
        let name = text.split('(').next().unwrap_or_default().trim().to_owned();
        Authentication::by(Guard { name, span: module.span_of(at), demand })
    }
}

/// Whether a parameter that a factory asks is true: by the keyword of the call, or by its default.
fn chosen(home: &Module, factory: &FunctionDef, test: ExprId, keywords: Keywords<'_>) -> Option<bool> {
    let syntax = &home.python.syntax;
    let ExprKind::Name { id, .. } = syntax.expr(test).kind else { return None };
    let parameter = factory.parameters.iter().find(|parameter| parameter.name.name == id)?;
    let given = keywords.and_then(|(module, keywords)| Some((module, module.keyword(keywords, syntax.name(id))?)));
    let (module, value) = given.or_else(|| Some((home, parameter.default?)))?;
    match module.python.syntax.expr(value).kind {
        ExprKind::Bool(holds) => Some(holds),
        _ => None,
    }
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
