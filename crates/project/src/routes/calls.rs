//! Calls of functions and classes of the project.

use super::interpreter::{Flow, Frame, Interpreter};
use super::value::{Arguments, ClassId, Code, Function, Object, ObjectId, ObjectRole, Partial, Value};
use pyaudit_python::{ExprId, ExprKind, Keyword, Parameters, StmtKind};
use std::rc::Rc;

impl Interpreter<'_> {
    /// `func(args, keywords)`.
    pub(super) fn call_expression(
        &mut self,
        frame: &mut Frame,
        call: ExprId,
        func: ExprId,
        args: &[ExprId],
        keywords: &[Keyword],
    ) -> Value {
        let callee = self.value(frame, func);
        let arguments = self.arguments(frame, args, keywords);
        self.call(frame, call, &callee, &arguments)
    }

    /// What calling a value gives, with what the call registers.
    pub(super) fn call(&mut self, frame: &mut Frame, call: ExprId, callee: &Value, arguments: &Arguments) -> Value {
        if self.enter().is_none() {
            return Value::Unknown;
        }
        let value = match callee.plain() {
            Value::Function(function) => self.call_function(frame, &Rc::clone(function), arguments),
            Value::Class(class) => self.instantiate(frame, call, *class, arguments),
            Value::External(dotted) => self.call_external(frame, call, &Rc::clone(dotted), arguments),
            Value::Method(parts) => {
                let parts = Rc::clone(parts);
                self.call_method(frame, call, &parts.0, &parts.1, arguments)
            }
            Value::Registrar(registrar) => self.register(&Rc::clone(registrar), arguments),
            Value::Wraps(function) => (**function).clone(),
            Value::Partial(partial) => {
                let partial = Rc::clone(partial);
                let mut all = Arguments { positional: partial.arguments.clone(), ..arguments.clone() };
                all.positional.extend(arguments.positional.iter().cloned());
                all.keywords.splice(0..0, partial.keywords.iter().cloned());
                self.call(frame, call, &partial.function, &all)
            }
            Value::OneOf(values) => {
                let values = Rc::clone(values);
                Value::one_of(values.iter().map(|value| self.call(frame, call, value, arguments)).collect())
            }
            Value::Object(id) => self.call_object(frame, call, *id, arguments),
            Value::Made(made) => {
                let made = Rc::clone(made);
                self.call_made(frame, call, &made, arguments)
            }
            _ => self.call_unknown(frame, call, arguments),
        };
        self.leave();
        value
    }

    fn call_object(&mut self, frame: &mut Frame, call: ExprId, id: ObjectId, arguments: &Arguments) -> Value {
        let class = self.objects[id.0 as usize].class;
        match class.and_then(|class| self.class_member(class, "__call__")) {
            Some(Value::Function(function)) => {
                let bound = super::attributes::bind(&function, Value::Object(id));
                self.call(frame, call, &bound, arguments)
            }
            _ => Value::Unknown,
        }
    }

    fn call_function(&mut self, frame: &mut Frame, function: &Function, arguments: &Arguments) -> Value {
        let syntax = &self.module(function.module).python.syntax;
        let (parameters, key) = match function.code {
            Code::Def(id) => match &syntax.stmt(id).kind {
                StmtKind::FunctionDef(def) => (&def.parameters, Some((function.module, id))),
                _ => return Value::Unknown,
            },
            Code::Lambda(id) => match &syntax.expr(id).kind {
                ExprKind::Lambda { parameters, .. } => (&**parameters, None),
                _ => return Value::Unknown,
            },
        };
        if key.is_some_and(|key| !self.may_call(key)) {
            return Value::Unknown;
        }
        let environment = self.new_environment(Some(function.around), false);
        let mut inner = Frame::new(function.module, environment);
        inner.method = function.bound.clone().zip(function.class);
        self.bind_parameters(&mut inner, function, parameters, arguments);
        if let Some(key) = key {
            *self.active.entry(key).or_insert(0) += 1;
        }
        let value = self.run_code(&mut inner, function.code);
        if let Some(key) = key {
            *self.active.entry(key).or_insert(1) -= 1;
        }
        let _ = frame;
        value
    }

    /// Runs the body of a function and gives what it returns.
    fn run_code(&mut self, frame: &mut Frame, code: Code) -> Value {
        let syntax = &self.module(frame.module).python.syntax;
        match code {
            Code::Def(id) => {
                let StmtKind::FunctionDef(def) = &syntax.stmt(id).kind else { return Value::Unknown };
                let flow = self.run_block(frame, &def.body);
                let mut returns = std::mem::take(&mut frame.returns);
                if flow == Flow::Next && !returns.is_empty() {
                    returns.push(Value::None);
                }
                if returns.is_empty() { Value::None } else { Value::one_of(returns) }
            }
            Code::Lambda(id) => {
                let ExprKind::Lambda { body, .. } = &syntax.expr(id).kind else { return Value::Unknown };
                self.value(frame, *body)
            }
        }
    }

    /// Gives the parameters of a function their arguments.
    fn bind_parameters(
        &mut self,
        frame: &mut Frame,
        function: &Function,
        parameters: &Parameters,
        arguments: &Arguments,
    ) {
        let syntax = &self.module(frame.module).python.syntax;
        let bound = function.bound.clone().filter(|_| !function.is_static);
        let mut positional = bound.into_iter().chain(arguments.positional.iter().cloned());
        let mut taken: Vec<&str> = Vec::new();
        for parameter in parameters.posonlyargs.iter().chain(&parameters.args) {
            let name = syntax.identifier(parameter.name);
            let given = positional.next().or_else(|| arguments.get(name, None).cloned());
            taken.push(name);
            let value = self.given_or_default(frame, function, given, parameter, arguments.has_more);
            self.assign(frame.environment, name, value);
        }
        if let Some(rest) = &parameters.vararg {
            let values: Vec<Value> = positional.by_ref().collect();
            let value = if arguments.has_more { Value::Unknown } else { Value::Tuple(values.into()) };
            self.assign(frame.environment, syntax.identifier(rest.name), value);
        }
        for parameter in &parameters.kwonlyargs {
            let name = syntax.identifier(parameter.name);
            taken.push(name);
            let given = arguments.get(name, None).cloned();
            let value = self.given_or_default(frame, function, given, parameter, arguments.has_more);
            self.assign(frame.environment, name, value);
        }
        if let Some(rest) = &parameters.kwarg {
            let others = arguments.keywords.iter().filter(|(name, _)| !taken.contains(&&**name));
            let pairs = others.map(|(name, value)| (Value::Text(Rc::clone(name)), value.clone())).collect();
            let value = if arguments.has_more { Value::Unknown } else { self.new_dict(pairs) };
            self.assign(frame.environment, syntax.identifier(rest.name), value);
        }
    }

    fn given_or_default(
        &mut self,
        frame: &Frame,
        function: &Function,
        given: Option<Value>,
        parameter: &pyaudit_python::Parameter,
        has_more: bool,
    ) -> Value {
        match (given, parameter.default) {
            (Some(value), _) => value,
            (None, _) if has_more => Value::Unknown,
            (None, Some(default)) => {
                let mut outer = Frame::new(frame.module, function.around);
                self.value(&mut outer, default)
            }
            (None, None) => Value::Unknown,
        }
    }

    /// An object of a class of the project, its `__init__` followed.
    pub(super) fn instantiate(
        &mut self,
        frame: &mut Frame,
        call: ExprId,
        class: ClassId,
        arguments: &Arguments,
    ) -> Value {
        let id = self.new_object(Object { class: Some(class), ..Object::default() });
        let this = Value::Object(id);
        let external = self.external_bases_of(class);
        self.take_role(frame, call, id, &external);
        if let Some(Value::Function(init)) = self.class_member(class, "__init__") {
            let bound = super::attributes::bind(&init, this.clone());
            self.call(frame, call, &bound, arguments);
        } else if self.objects[id.0 as usize].role == ObjectRole::Plain {
            self.set_fields(id, class, arguments);
        } else {
            self.initialise(id, arguments);
        }
        this
    }

    /// The fields of a data class, a model or settings from the arguments of its constructor.
    fn set_fields(&mut self, id: ObjectId, class: ClassId, arguments: &Arguments) {
        let fields = self.annotated_fields(class);
        let positional = fields.into_iter().zip(arguments.positional.iter().cloned());
        let named = arguments.keywords.iter().map(|(name, value)| (Rc::clone(name), value.clone()));
        for (name, value) in positional.chain(named) {
            self.objects[id.0 as usize].attributes.insert(name, value);
        }
    }

    fn annotated_fields(&self, class: ClassId) -> Vec<Rc<str>> {
        let class = &self.classes[class.0 as usize];
        let module = self.module(class.module);
        let syntax = &module.python.syntax;
        let body = module.class(class.def).map_or(&[][..], |def| &def.body);
        body.iter()
            .filter_map(|&id| match &syntax.stmt(id).kind {
                StmtKind::AnnAssign { target, .. } => match &syntax.expr(*target).kind {
                    ExprKind::Name { id, .. } => Some(Rc::from(syntax.name(*id))),
                    _ => None,
                },
                _ => None,
            })
            .collect()
    }

    /// A call of something that is not known. `protected(router.get, "/x")` registers what it decorates.
    pub(super) fn call_unknown(&mut self, frame: &mut Frame, call: ExprId, arguments: &Arguments) -> Value {
        let wrapped = arguments.positional.iter().position(|value| match value.plain() {
            Value::Method(parts) => parts.0.as_object().is_some_and(|id| self.is_router(id)),
            _ => false,
        });
        let Some(at) = wrapped else { return Value::Unknown };
        let Value::Method(parts) = arguments.positional[at].plain().clone() else { return Value::Unknown };
        let rest = Arguments { positional: arguments.positional[at + 1..].to_vec(), ..arguments.clone() };
        self.call_method(frame, call, &parts.0, &parts.1, &rest)
    }

    /// `functools.partial(function, …)`.
    pub(super) fn partial(arguments: &Arguments) -> Value {
        let Some((function, rest)) = arguments.positional.split_first() else { return Value::Unknown };
        let (arguments, keywords) = (rest.to_vec(), arguments.keywords.clone());
        Value::Partial(Rc::new(Partial { function: function.clone(), arguments, keywords }))
    }
}
