//! Statements, as far as they matter for routes.

use super::framework::Decorator;
use super::interpreter::{Branch, Flow, Frame, Interpreter};
use super::value::{Class, ClassId, Code, Function, Value};
use pyaudit_python::{ClassDef, ExceptHandler, ExprId, ExprKind, FunctionDef, IfClause, StmtId, StmtKind};
use std::rc::Rc;

/// How often the body of one loop is followed.
const MAX_ITERATIONS: usize = 2_000;

impl Interpreter<'_> {
    /// Follows statements until one ends the block.
    pub(super) fn run_block(&mut self, frame: &mut Frame, body: &[StmtId]) -> Flow {
        for &statement in body {
            let flow = self.run(frame, statement);
            if flow != Flow::Next {
                return flow;
            }
        }
        Flow::Next
    }

    /// Follows one statement.
    pub(super) fn run(&mut self, frame: &mut Frame, statement: StmtId) -> Flow {
        if self.enter().is_none() {
            return Flow::Next;
        }
        let flow = self.run_statement(frame, statement);
        self.leave();
        flow
    }

    fn run_statement(&mut self, frame: &mut Frame, statement: StmtId) -> Flow {
        let syntax = &self.module(frame.module).python.syntax;
        match &syntax.stmt(statement).kind {
            StmtKind::FunctionDef(function) => self.define_function(frame, statement, function),
            StmtKind::ClassDef(class) => self.define_class(frame, statement, class),
            StmtKind::Return(value) => {
                let value = value.map_or(Value::None, |value| self.value(frame, value));
                frame.returns.push(value);
                return Flow::Return;
            }
            StmtKind::Assign { targets, value } => {
                let value = self.value(frame, *value);
                for &target in targets {
                    self.assign_target(frame, target, value.clone());
                }
            }
            StmtKind::AnnAssign { target, value: Some(value), .. } => {
                let value = self.value(frame, *value);
                self.assign_target(frame, *target, value);
            }
            StmtKind::AugAssign { target, op, value } => {
                let right = self.value(frame, *value);
                let left = self.value(frame, *target);
                if !self.extend_in_place(&left, &right) {
                    let value = self.binary(&left, *op, &right);
                    self.assign_target(frame, *target, value);
                }
            }
            StmtKind::For { target, iter, body, orelse, .. } => {
                return self.run_for(frame, [*target, *iter], body, orelse);
            }
            StmtKind::While { test, body, orelse } => {
                let test = self.value(frame, *test);
                if self.truth(&test) == Some(false) {
                    self.mark_dead(frame.module, body);
                    return self.run_block(frame, orelse);
                }
                let flow = self.run_block(frame, body);
                return if flow == Flow::Return { flow } else { self.run_block(frame, orelse) };
            }
            StmtKind::If { clauses, orelse } => return self.run_if(frame, clauses, orelse),
            StmtKind::With { items, body, .. } => {
                for item in items {
                    let value = self.value(frame, item.context_expr);
                    if let Some(target) = item.optional_vars {
                        self.assign_target(frame, target, value);
                    }
                }
                return self.run_block(frame, body);
            }
            StmtKind::Match { subject, cases } => {
                self.value(frame, *subject);
                let bodies: Vec<&[StmtId]> = cases.iter().map(|case| &*case.body).collect();
                let condition = self.module(frame.module).span_of(*subject);
                return self.run_branches(frame, &bodies, condition, true);
            }
            StmtKind::Raise { exc, .. } => {
                if let Some(exception) = exc {
                    self.value(frame, *exception);
                }
                return Flow::Raise;
            }
            StmtKind::Try { body, handlers, orelse, finalbody, .. } => {
                return self.run_try(frame, body, handlers, orelse, finalbody);
            }
            StmtKind::Import(aliases) => return self.run_import(frame, aliases),
            StmtKind::ImportFrom { module, names, level } => {
                let path = module.map_or("", |module| syntax.identifier(module));
                return self.run_import_from(frame, *level, path, names);
            }
            StmtKind::Global(names) => {
                if let Some(module) = self.namespace(frame.module) {
                    for &name in names {
                        let name = Rc::from(syntax.identifier(name));
                        self.environments[frame.environment.0 as usize].elsewhere.insert(name, module);
                    }
                }
            }
            StmtKind::Expr(value) => {
                self.value(frame, *value);
            }
            StmtKind::Break => return Flow::Break,
            StmtKind::Continue => return Flow::Continue,
            _ => {}
        }
        Flow::Next
    }

    fn define_function(&mut self, frame: &mut Frame, statement: StmtId, function: &FunctionDef) {
        let syntax = &self.module(frame.module).python.syntax;
        let environment = &self.environments[frame.environment.0 as usize];
        let around = if environment.is_class { environment.around } else { Some(frame.environment) };
        let class = environment.is_class.then(|| self.class_of_body(frame)).flatten();
        let named = |name: &str| {
            function.decorators.iter().any(|&decorator| match &syntax.expr(decorator).kind {
                ExprKind::Name { id, .. } => syntax.name(*id) == name,
                ExprKind::Attribute { attr, .. } => syntax.identifier(*attr) == name,
                _ => false,
            })
        };
        let mut value = Value::Function(Rc::new(Function {
            module: frame.module,
            code: Code::Def(statement),
            around: around.unwrap_or(frame.environment),
            bound: None,
            class,
            is_property: named("property") || named("cached_property") || named("computed_field"),
            is_static: named("staticmethod"),
            is_class_method: named("classmethod"),
        }));
        for &decorator in function.decorators.iter().rev() {
            self.decorators.push(Decorator { module: frame.module, function: statement, expr: decorator });
            value = self.decorate(frame, decorator, value);
            self.decorators.pop();
        }
        self.assign(frame.environment, syntax.identifier(function.name), value);
    }

    /// What a decorator makes of a function or class; the same where that is not known.
    fn decorate(&mut self, frame: &mut Frame, decorator: ExprId, value: Value) -> Value {
        let decorating = self.value(frame, decorator);
        match decorating.plain() {
            Value::Unknown | Value::External(_) | Value::Made(_) => value,
            _ => {
                let arguments = super::value::Arguments { positional: vec![value.clone()], ..Default::default() };
                match self.call(frame, decorator, &decorating, &arguments) {
                    Value::Unknown | Value::None | Value::Made(_) => value,
                    decorated => decorated,
                }
            }
        }
    }

    /// The class whose body a frame runs.
    fn class_of_body(&self, frame: &Frame) -> Option<ClassId> {
        self.classes.iter().rposition(|class| class.body == frame.environment).map(|at| ClassId(at as u32))
    }

    fn define_class(&mut self, frame: &mut Frame, statement: StmtId, class: &ClassDef) {
        let syntax = &self.module(frame.module).python.syntax;
        let bases = class.bases.iter().map(|&base| self.value(frame, base)).collect();
        let body = self.new_environment(Some(frame.environment), true);
        let id = ClassId(self.classes.len() as u32);
        self.classes.push(Class { module: frame.module, def: statement, body, bases });
        let mut inner = Frame::new(frame.module, body);
        self.run_block(&mut inner, &class.body);
        let mut value = Value::Class(id);
        for &decorator in class.decorators.iter().rev() {
            value = self.decorate(frame, decorator, value);
        }
        self.assign(frame.environment, syntax.identifier(class.name), value);
    }

    /// Gives a name, an attribute, an element or several of them a value.
    pub(super) fn assign_target(&mut self, frame: &mut Frame, target: ExprId, value: Value) {
        let syntax = &self.module(frame.module).python.syntax;
        match &syntax.expr(target).kind {
            ExprKind::Name { id, .. } => self.assign(frame.environment, syntax.name(*id), value),
            ExprKind::Attribute { value: object, attr, .. } => {
                let object = self.value(frame, *object);
                self.set_attribute(&object, syntax.identifier(*attr), value);
            }
            ExprKind::Subscript { value: container, slice, .. } => {
                let container = self.value(frame, *container);
                let key = self.value(frame, *slice);
                self.set_element(&container, key, value);
            }
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
                let values = self.elements(&value);
                let has_star =
                    elts.iter().any(|&element| matches!(syntax.expr(element).kind, ExprKind::Starred { .. }));
                for (at, &element) in elts.iter().enumerate() {
                    let value = values.as_ref().filter(|values| !has_star && values.len() == elts.len());
                    let value = value.map_or(Value::Unknown, |values| values[at].clone());
                    self.assign_target(frame, element, value);
                }
            }
            ExprKind::Starred { value: inner, .. } => self.assign_target(frame, *inner, Value::Unknown),
            _ => {}
        }
    }

    fn run_for(&mut self, frame: &mut Frame, [target, iter]: [ExprId; 2], body: &[StmtId], orelse: &[StmtId]) -> Flow {
        let iterated = self.value(frame, iter);
        let values = self.elements(&iterated).unwrap_or_else(|| vec![Value::Unknown]);
        for value in values.into_iter().take(MAX_ITERATIONS) {
            self.assign_target(frame, target, value);
            match self.run_block(frame, body) {
                Flow::Next | Flow::Continue => {}
                Flow::Break => return Flow::Next,
                flow => return flow,
            }
        }
        self.run_block(frame, orelse)
    }

    /// The branches of an `if`: the one that is taken where that is known, else each under its condition.
    fn run_if(&mut self, frame: &mut Frame, clauses: &[IfClause], orelse: &[StmtId]) -> Flow {
        let mut open: Vec<&[StmtId]> = Vec::new();
        let mut condition = None;
        let mut is_decided = false;
        for clause in clauses {
            if is_decided {
                self.mark_dead(frame.module, &clause.body);
                continue;
            }
            let test = self.value(frame, clause.test);
            match self.truth(&test) {
                // What runs when the module is a script is not followed, but it is no dead code.
                Some(false) if self.is_main_guarded(frame, &clause.body) => {}
                Some(false) => self.mark_dead(frame.module, &clause.body),
                Some(true) => {
                    open.push(&clause.body);
                    is_decided = true;
                }
                None => {
                    condition = condition.or_else(|| Some(self.module(frame.module).span_of(clause.test)));
                    open.push(&clause.body);
                }
            }
        }
        if is_decided {
            self.mark_dead(frame.module, orelse);
        } else {
            open.push(orelse);
        }
        match (condition, open.as_slice()) {
            (None, [body]) => self.run_block(frame, body),
            (Some(condition), _) => self.run_branches(frame, &open, condition, false),
            _ => Flow::Next,
        }
    }

    fn is_main_guarded(&self, frame: &Frame, body: &[StmtId]) -> bool {
        let python = &self.module(frame.module).python;
        body.first().is_some_and(|&id| python.is_in_main_guard(pyaudit_python::Parent::Stmt(id)))
    }

    /// Follows each of several branches under a condition that is not known.
    fn run_branches(
        &mut self,
        frame: &mut Frame,
        bodies: &[&[StmtId]],
        condition: pyaudit_source::Span,
        falls_through: bool,
    ) -> Flow {
        let mut going_on: Vec<Branch> = Vec::new();
        let mut ended = Vec::new();
        for body in bodies {
            let (flow, branch) = self.follow_branch(Some(condition), |this| this.run_block(frame, body));
            if flow == Flow::Next {
                going_on.push(branch);
            } else {
                ended.push(flow);
            }
        }
        if going_on.is_empty() && !falls_through {
            return ended.first().copied().unwrap_or(Flow::Next);
        }
        self.merge(&going_on, falls_through);
        Flow::Next
    }

    /// A `try`: its body, and each handler as what might run instead.
    fn run_try(
        &mut self,
        frame: &mut Frame,
        body: &[StmtId],
        handlers: &[ExceptHandler],
        orelse: &[StmtId],
        finalbody: &[StmtId],
    ) -> Flow {
        frame.tries += 1;
        let mut flow = self.run_block(frame, body);
        frame.tries -= 1;
        if flow == Flow::Raise {
            flow = Flow::Next;
            if let Some(handler) = handlers.first() {
                self.bind_exception(frame, handler);
                flow = self.run_block(frame, &handler.body);
            }
        } else {
            for handler in handlers {
                let condition = self.module(frame.module).span(handler.range);
                self.follow_branch(Some(condition), |this| {
                    this.bind_exception(frame, handler);
                    let returns = frame.returns.len();
                    let flow = this.run_block(frame, &handler.body);
                    frame.returns.truncate(returns);
                    flow
                });
            }
            if flow == Flow::Next {
                flow = self.run_block(frame, orelse);
            }
        }
        let last = self.run_block(frame, finalbody);
        if last == Flow::Next { flow } else { last }
    }

    fn bind_exception(&mut self, frame: &Frame, handler: &ExceptHandler) {
        if let Some(name) = handler.name {
            let name = self.module(frame.module).python.syntax.identifier(name);
            self.assign(frame.environment, name, Value::Unknown);
        }
    }
}
