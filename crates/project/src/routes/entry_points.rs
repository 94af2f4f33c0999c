//! Where following begins: modules that import a framework, what runs when an application starts, and factories that
//! no code of the project calls, because a server does.

use super::interpreter::{Frame, Interpreter};
use super::value::{Arguments, EnvironmentId, Value};
use super::{imports_framework, value};
use crate::{Module, ModuleId};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_source::Role;

/// How many functions are called that run when applications start.
const MAX_STARTS: usize = 1_000;

impl Interpreter<'_> {
    /// Follows all that can matter.
    pub(super) fn follow_all(&mut self) {
        let project = self.project;
        let modules = || project.modules.iter().filter(|module| module.role != Role::Vendored);
        // What the repository ships first, and what makes applications before the rest, so that modules are met as these
        // import them.
        let mut starts: Vec<&Module> = modules().filter(|module| imports_framework(module)).collect();
        starts.sort_by_key(|module| {
            let makes = module.role == Role::Application && makes_application(module);
            (!makes, module.role != Role::Application, module.id)
        });
        for module in starts {
            self.import(module.id);
        }
        for module in modules().filter(|module| imports_framework(module)) {
            self.call_factories(module);
        }
        self.run_starts();
        self.forget_guesses();
    }

    /// Forgets the applications of factories that were called as a server would and turned out to be called by the
    /// project, which then made them again.
    fn forget_guesses(&mut self) {
        for (function, [first, end]) in std::mem::take(&mut self.guesses) {
            if self.called.get(&function).is_some_and(|&calls| calls > 1) {
                for state in &mut self.routers[first..end] {
                    state.entries.clear();
                }
            }
        }
    }

    /// Calls what runs when an application starts, with the application.
    fn run_starts(&mut self) {
        let mut at = 0;
        while at < self.at_start.len().min(MAX_STARTS) {
            let (function, application) = self.at_start[at].clone();
            at += 1;
            let Some(router) = self.router_of(application) else { continue };
            let call = self.state(router).call;
            let Some(environment) = self.namespace(call.0) else { continue };
            let takes_application =
                matches!(function.plain(), Value::Function(function) if self.has_parameters(function));
            let positional = if takes_application { vec![Value::Object(application)] } else { Vec::new() };
            let arguments = Arguments { positional, ..Arguments::default() };
            self.call_from_outside(call.0, environment, call.1, &function, &arguments);
        }
    }

    fn has_parameters(&self, function: &value::Function) -> bool {
        let value::Code::Def(id) = function.code else { return true };
        let def = self.module(function.module).function(id);
        let parameters = def.map_or(0, |def| def.parameters.args.len() + def.parameters.posonlyargs.len());
        parameters > usize::from(function.bound.is_some())
    }

    /// Calls the functions of a module that make an application and were not called.
    fn call_factories(&mut self, module: &Module) {
        let syntax = &module.python.syntax;
        for (id, expr) in syntax.exprs() {
            let ExprKind::Call { func, .. } = &expr.kind else { continue };
            if is_application_class(module, *func) && !self.visited.contains(&(module.id, id)) {
                self.call_factory_around(module, id);
            }
        }
    }

    /// Calls the outermost function around a call, or makes an object of the class that it is a method of.
    fn call_factory_around(&mut self, module: &Module, call: ExprId) {
        let Some(outermost) = module.python.syntax.enclosing_functions(Parent::Expr(call)).last() else { return };
        if self.called.contains_key(&(module.id, outermost)) || self.is_dead(module, call) {
            return;
        }
        let Some(environment) = self.namespace(module.id) else { return };
        let class = match module.python.syntax.parent(Parent::Stmt(outermost)) {
            Parent::Stmt(id) => module.class(id).map(|class| class.name),
            _ => None,
        };
        let Some(class) = class else {
            if let Some(function) = self.named_in(environment, module, outermost) {
                let before = self.routers.len();
                self.call_from_outside(module.id, environment, call, &function, &Arguments::default());
                self.guesses.push(((module.id, outermost), [before, self.routers.len()]));
            }
            return;
        };
        let name = module.python.syntax.identifier(class);
        let Some(class) = self.lookup(environment, name) else { return };
        let object = self.call_from_outside(module.id, environment, call, &class, &Arguments::default());
        if self.called.contains_key(&(module.id, outermost)) {
            return;
        }
        let Some(def) = module.function(outermost) else { return };
        let method = module.python.syntax.identifier(def.name);
        let mut frame = Frame::new(module.id, environment);
        let method = self.attribute(&mut frame, &object, method);
        self.call_from_outside(module.id, environment, call, &method, &Arguments::default());
    }

    fn named_in(&self, environment: EnvironmentId, module: &Module, function: StmtId) -> Option<Value> {
        let StmtKind::FunctionDef(def) = &module.python.syntax.stmt(function).kind else { return None };
        self.lookup(environment, module.python.syntax.identifier(def.name))
    }

    fn call_from_outside(
        &mut self,
        module: ModuleId,
        environment: EnvironmentId,
        call: ExprId,
        callee: &Value,
        arguments: &Arguments,
    ) -> Value {
        self.start_statement();
        let mut frame = Frame::new(module, environment);
        self.call(&mut frame, call, callee, arguments)
    }
}

/// Whether a call in a module makes an application, by the name of what it calls.
fn makes_application(module: &Module) -> bool {
    let syntax = &module.python.syntax;
    syntax.exprs().any(|(_, expr)| match &expr.kind {
        ExprKind::Call { func, .. } => is_application_class(module, *func),
        _ => false,
    })
}

fn is_application_class(module: &Module, func: ExprId) -> bool {
    let syntax = &module.python.syntax;
    match &syntax.expr(func).kind {
        ExprKind::Name { id, .. } => matches!(syntax.name(*id), "FastAPI" | "Starlette"),
        ExprKind::Attribute { attr, .. } => matches!(syntax.identifier(*attr), "FastAPI" | "Starlette"),
        _ => false,
    }
}
