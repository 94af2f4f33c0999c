//! What expressions are.

use super::FunctionId;
use super::interner::PathId;
use super::kinds::Type;
use super::known::Special;
use super::linker::{Linker, Question};
use crate::Module;
use pyaudit_python::{ExprId, ExprKind, Identifier, Operator};

/// How many elements of a display are looked at.
const MAX_ELEMENTS: usize = 8;

impl<'p> Linker<'p> {
    /// What an expression is, without looking whether it is known already.
    pub(super) fn infer(&mut self, module: &'p Module, expr: ExprId) -> Type {
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Name { id, .. } => self.name(module, expr, *id),
            ExprKind::Attribute { value, attr, .. } => self.infer_attribute(module, *value, *attr),
            ExprKind::Call { func, args, .. } => self.infer_call(module, expr, *func, args),
            ExprKind::Await(value) | ExprKind::Named { value, .. } | ExprKind::Starred { value, .. } => {
                self.type_of(module, *value)
            }
            ExprKind::IfExp { body, orelse, .. } => self.one_of(module, &[*body, *orelse]),
            ExprKind::BoolOp { values, .. } => self.one_of(module, values),
            ExprKind::Subscript { value, slice, .. } => self.infer_subscript(module, *value, *slice),
            ExprKind::BinOp { left, op, .. } => match (self.type_of(module, *left), op) {
                (
                    found @ (Type::Object(_) | Type::Container(_)),
                    Operator::Add | Operator::Mult | Operator::Div | Operator::Mod,
                ) => found,
                _ => Type::Unknown,
            },
            ExprKind::Lambda { .. } => {
                let lambda = self.by_node.get(&(module.id, super::FunctionNode::Lambda(expr)));
                lambda.map_or(Type::Unknown, |&lambda| Type::Function(lambda))
            }
            kind => self.infer_display(module, kind),
        }
    }

    /// What a literal, display or comprehension is.
    fn infer_display(&mut self, module: &'p Module, kind: &'p ExprKind) -> Type {
        let (class, element) = match kind {
            ExprKind::Str { .. } | ExprKind::FString(_) => return Type::Object(self.known.text),
            ExprKind::Bytes(_) => return Type::Object(self.known.bytes),
            ExprKind::Int(_) => return Type::Object(self.known.int),
            ExprKind::Float(_) => return Type::Object(self.known.float),
            ExprKind::Bool(_) | ExprKind::Compare { .. } => return Type::Object(self.known.boolean),
            ExprKind::List { elts, .. } => (self.known.list, self.one_of(module, elts)),
            ExprKind::Tuple { elts, .. } => (self.known.tuple, self.one_of(module, elts)),
            ExprKind::Set(elts) => (self.known.set, self.one_of(module, elts)),
            ExprKind::ListComp { elt, .. } => (self.known.list, self.type_of(module, *elt)),
            ExprKind::Generator { elt, .. } => (self.known.generator, self.type_of(module, *elt)),
            ExprKind::SetComp { elt, .. } => (self.known.set, self.type_of(module, *elt)),
            ExprKind::DictComp { value, .. } => (self.known.dict, self.type_of(module, *value)),
            ExprKind::Dict(items) => {
                let values: Vec<ExprId> = items.iter().take(MAX_ELEMENTS).map(|item| item.value).collect();
                (self.known.dict, self.one_of(module, &values))
            }
            _ => return Type::Unknown,
        };
        self.types.container(class, element)
    }

    /// One of several expressions.
    fn one_of(&mut self, module: &'p Module, exprs: &[ExprId]) -> Type {
        let mut found = Type::Unknown;
        for &expr in exprs.iter().take(MAX_ELEMENTS) {
            let one = self.type_of(module, expr);
            found = self.types.join(found, one);
        }
        found
    }

    fn infer_attribute(&mut self, module: &'p Module, value: ExprId, attr: Identifier) -> Type {
        let object = self.type_of(module, value);
        if object == Type::Unknown {
            return Type::Unknown;
        }
        let name = self.atom_of(module.id, attr);
        self.attribute(object, name)
    }

    /// What a call gives.
    fn infer_call(&mut self, module: &'p Module, call: ExprId, func: ExprId, args: &[ExprId]) -> Type {
        if let ExprKind::Attribute { value, attr, .. } = module.python.syntax.expr(func).kind
            && let Type::Container(container) = self.type_of(module, value)
        {
            let name = self.atom_of(module.id, attr);
            return self.container_method(container, name);
        }
        let callee = self.type_of(module, func);
        let mut found = Type::Unknown;
        for callee in self.types.members(callee) {
            let one = match self.validated_class(module, func, callee) {
                Some(class) => Type::Instance(class),
                None => self.called(module, call, callee, args),
            };
            let one = self.received(module, func, one);
            found = self.types.join(found, one);
        }
        found
    }

    /// The type, with the receiver of a method put in for `Self`.
    fn received(&mut self, module: &'p Module, func: ExprId, given: Type) -> Type {
        if given != Type::Receiver {
            return given;
        }
        let ExprKind::Attribute { value, .. } = module.python.syntax.expr(func).kind else { return Type::Unknown };
        match self.type_of(module, value) {
            Type::Class(class) | Type::Instance(class) | Type::Super(class) => Type::Instance(class),
            _ => Type::Unknown,
        }
    }

    /// What a call of something gives.
    fn called(&mut self, module: &'p Module, call: ExprId, callee: Type, args: &[ExprId]) -> Type {
        match callee {
            Type::Class(class) => Type::Instance(class),
            Type::Function(function) => self.returned(function),
            Type::Instance(class) => {
                let call = self.known.call;
                match self.method(class, call) {
                    Some(method) => self.returned(method),
                    None => Type::Unknown,
                }
            }
            Type::External(path) => match self.known.special(path) {
                Some(special) => self.special(module, call, special, path, args),
                None => self.product_of_call(module, call, path),
            },
            Type::Object(path) => match self.paths.join(Some(path), self.known.call) {
                Some(call) => self.product(call),
                None => Type::Unknown,
            },
            _ => Type::Unknown,
        }
    }

    /// What a call of something external gives; a factory of sessions may be told their class.
    fn product_of_call(&mut self, module: &'p Module, call: ExprId, path: PathId) -> Type {
        if path == self.known.sessionmaker
            && let ExprKind::Call { keywords, .. } = &module.python.syntax.expr(call).kind
            && let Some(class) = module.keyword(keywords, "class_")
            && let Type::External(class) = self.type_of(module, class)
            && self.atoms.text(self.paths.last(class)) == "AsyncSession"
        {
            return Type::Object(self.known.async_sessionmaker);
        }
        if path == self.known.context_variable
            && let ExprKind::Call { keywords, .. } = &module.python.syntax.expr(call).kind
        {
            let default = module.keyword(keywords, "default");
            let element = default.map_or(Type::Unknown, |default| self.type_of(module, default));
            return self.types.container(path, element);
        }
        self.product(path)
    }

    fn special(&mut self, module: &'p Module, call: ExprId, special: Special, path: PathId, args: &[ExprId]) -> Type {
        let first = args.first().map_or(Type::Unknown, |&first| match special {
            Special::Cast => self.annotation(module, first),
            _ => self.type_of(module, first),
        });
        match special {
            Special::Super => self.super_type(module, call),
            Special::First | Special::Partial | Special::Cast => first,
            Special::CallFirst => self.called(module, call, first, &[]),
            Special::Element => self.iterated(first),
            Special::Elements => {
                let element = self.iterated(first);
                self.types.container(path, element)
            }
            Special::ClassOf => match first {
                Type::Instance(class) => Type::Class(class),
                _ => Type::Unknown,
            },
            Special::Identity => Type::Unknown,
        }
    }

    /// What `super()` is where it is called.
    fn super_type(&mut self, module: &'p Module, call: ExprId) -> Type {
        let class = module.python.enclosing_class(call);
        let class = class.and_then(|class| self.class_at.get(&(module.id, class)));
        class.map_or(Type::Unknown, |&class| Type::Super(class))
    }

    fn infer_subscript(&mut self, module: &'p Module, value: ExprId, slice: ExprId) -> Type {
        let object = self.type_of(module, value);
        let is_slice = matches!(module.python.syntax.expr(slice).kind, ExprKind::Slice { .. });
        let mut found = Type::Unknown;
        for member in self.types.members(object) {
            let one = match member {
                Type::Container(_) if is_slice => member,
                Type::Container(id) => self.types.parts(id).1,
                Type::Instance(class) => {
                    let getitem = self.known.getitem;
                    self.method(class, getitem).map_or(Type::Unknown, |method| self.returned(method))
                }
                // `Repository[User](session)`
                Type::Class(_) | Type::External(_) => member,
                _ => Type::Unknown,
            };
            found = self.types.join(found, one);
        }
        found
    }

    /// What going through something gives.
    pub(super) fn iterated(&mut self, iterated: Type) -> Type {
        match iterated {
            Type::Container(id) => match self.types.parts(id) {
                (class, _) if class == self.known.dict => Type::Object(self.known.object),
                (_, element) => element,
            },
            // The members of an enumeration.
            Type::Class(class) if self.is_enumeration(class) => Type::Instance(class),
            Type::Instance(class) => {
                let names = [self.known.iter, self.known.aiter];
                let method = names.iter().find_map(|&name| self.method(class, name));
                match method.map(|method| self.returned(method)) {
                    Some(Type::Container(id)) => self.types.parts(id).1,
                    _ => Type::Unknown,
                }
            }
            _ => Type::Unknown,
        }
    }

    /// What `with manager as name` gives.
    pub(super) fn entered(&mut self, manager: Type) -> Type {
        match manager {
            Type::Container(id) => self.types.parts(id).1,
            Type::Instance(class) => {
                let names = [self.known.enter, self.known.aenter];
                match names.iter().find_map(|&name| self.method(class, name)) {
                    Some(method) => match self.returned(method) {
                        Type::Receiver => manager,
                        found => found,
                    },
                    None => manager,
                }
            }
            Type::Union(_) => {
                let mut found = Type::Unknown;
                for one in self.types.members(manager) {
                    let one = self.entered(one);
                    found = self.types.join(found, one);
                }
                found
            }
            other => other,
        }
    }

    /// What a call of a function of the project gives; [`Type::Receiver`] where it gives the object it is called on.
    pub(super) fn returned(&mut self, function: FunctionId) -> Type {
        self.answer(Question::Returned(function), |linker| linker.find_returned(function))
    }

    fn find_returned(&mut self, function: FunctionId) -> Type {
        let traits = self.traits(function);
        let module = self.module(self.functions[function.0 as usize].module);
        let returns = self.definition(function).and_then(|(_, _, definition)| definition.returns);
        let annotated = returns.map_or(Type::Unknown, |returns| self.annotation(module, returns));
        let body = &self.bodies[function.0 as usize];
        let (is_generator, results) =
            (body.is_generator, if body.is_generator { body.yields.clone() } else { body.returns.clone() });
        let is_vague = matches!(annotated, Type::Unknown) || annotated == Type::Object(self.known.object);
        if !is_vague {
            return match annotated {
                Type::Container(id) if traits.is_manager => {
                    let element = self.types.parts(id).1;
                    self.types.container(self.known.manager, element)
                }
                other => other,
            };
        }
        let mut found = Type::Unknown;
        for result in results {
            let one = self.result(module, function, result);
            found = self.types.join(found, one);
        }
        if !is_generator {
            return found;
        }
        let class = if traits.is_manager { self.known.manager } else { self.known.generator };
        self.types.container(class, found)
    }

    /// What one `return` gives.
    fn result(&mut self, module: &'p Module, function: FunctionId, value: ExprId) -> Type {
        let found = self.type_of(module, value);
        let own = self.functions[function.0 as usize].class;
        match (found, own.and_then(|class| self.class_at.get(&(module.id, class)))) {
            (Type::Instance(class), Some(&own)) if class == own && is_own(module, value) => Type::Receiver,
            _ => found,
        }
    }
}

/// Whether an expression is the receiver of a method or made by calling it: `self`, `cls(…)`.
fn is_own(module: &Module, value: ExprId) -> bool {
    let syntax = &module.python.syntax;
    match syntax.expr(value).kind {
        ExprKind::Name { id, .. } => syntax.name(id) == "self",
        ExprKind::Call { func, .. } => match syntax.expr(func).kind {
            ExprKind::Name { id, .. } => syntax.name(id) == "cls",
            _ => false,
        },
        _ => false,
    }
}
