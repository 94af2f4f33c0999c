//! The second pass: every place that runs a function.

use super::common_methods::COMMON_METHODS;
use super::interner::Atom;
use super::kinds::{ClassId, Type};
use super::linker::Linker;
use super::{Callee, Confidence, Edge, EdgeKind, FunctionId};
use crate::Module;
use pyaudit_python::{BindingKind, ExprContext, ExprId, ExprKind, Keyword, Parent, StmtKind};

/// What is called, with how certain that is.
pub(super) struct Target {
    pub callee: Callee,
    pub kind: EdgeKind,
    pub confidence: Confidence,
}

impl<'p> Linker<'p> {
    /// Finds the edges of every module.
    pub(super) fn collect(&mut self) {
        for module in self.project.modules.iter() {
            for (id, expr) in module.python.syntax.exprs() {
                match &expr.kind {
                    ExprKind::Call { func, args, keywords } => self.call(module, id, *func, args, keywords),
                    ExprKind::Attribute { value, attr, ctx: ExprContext::Load } => {
                        let object = self.type_of(module, *value);
                        if matches!(object, Type::Instance(_) | Type::Union(_) | Type::Super(_)) {
                            let name = self.atom_of(module.id, *attr);
                            self.property_edges(module, id, object, name);
                        }
                    }
                    ExprKind::Subscript { value, ctx, .. } => self.subscript_edges(module, id, *value, *ctx),
                    _ => {}
                }
            }
            for (id, stmt) in module.python.syntax.stmts() {
                match &stmt.kind {
                    StmtKind::FunctionDef(function) => {
                        self.decorator_edges(module, id, &function.decorators);
                        if let Some(number) = self.function_at(module.id, id) {
                            for parameter in function.parameters.iter() {
                                self.parameter_edges(module, number, parameter);
                            }
                        }
                    }
                    StmtKind::ClassDef(class) => self.decorator_edges(module, id, &class.decorators),
                    StmtKind::With { items, is_async, .. } => {
                        for item in items {
                            self.with_edges(module, item.context_expr, *is_async);
                        }
                    }
                    StmtKind::For { iter, is_async, .. } => self.loop_edges(module, *iter, *is_async),
                    _ => {}
                }
            }
        }
    }

    /// Adds an edge that stays on its thread.
    pub(super) fn edge(
        &mut self,
        caller: FunctionId,
        module: &Module,
        place: ExprId,
        callee: Callee,
        kind: EdgeKind,
        confidence: Confidence,
    ) {
        let (off_loop, is_given) = (false, false);
        self.edges.push(Edge { caller, place, module: module.id, callee, kind, off_loop, is_given, confidence });
    }

    /// The edges of a call and of the functions that it is given.
    fn call(&mut self, module: &'p Module, id: ExprId, func: ExprId, args: &'p [ExprId], keywords: &'p [Keyword]) {
        let caller = self.function_of_expr(module, id);
        self.calls += 1;
        let callee = self.type_of(module, func);
        let mut targets = Vec::new();
        self.targets(module, func, callee, &mut targets);
        if callee == Type::Unknown {
            self.functions[caller.0 as usize].unknown_calls += 1;
            targets.extend(self.only_method(module, func, args.len() + keywords.len()));
        } else {
            self.known_calls += 1;
        }
        let kind = self.call_kind(module, id);
        let in_main = module.python.is_in_main_guard(Parent::Expr(id));
        for target in targets {
            let kind = if target.kind == EdgeKind::Call { kind } else { target.kind };
            let (off_loop, confidence) = self.is_off_loop(module, id, &target);
            self.edge(caller, module, id, target.callee, kind, target.confidence.max(confidence));
            if let Some(edge) = self.edges.last_mut() {
                edge.off_loop = off_loop;
            }
            if in_main {
                self.mark_main(target.callee);
            }
        }
        if self.depends_call(module, id) {
            return;
        }
        self.mark_registered(module, callee, args, keywords);
        self.callback_edges(module, id, func, callee, args, keywords);
    }

    /// What a call of a callee runs.
    pub(super) fn targets(&mut self, module: &'p Module, func: ExprId, callee: Type, into: &mut Vec<Target>) {
        let members = self.types.members(callee);
        let confidence = if members.len() > 1 { Confidence::Guess } else { Confidence::Known };
        for member in members {
            match member {
                Type::Function(function) => self.function_targets(module, func, function, confidence, into),
                Type::Class(class) => self.constructor_targets(module, func, class, confidence, into),
                Type::Instance(class) => {
                    let method = self.method(class, self.known.call);
                    into.extend(method.map(|method| target(method, EdgeKind::Call, confidence)));
                }
                Type::External(path) => {
                    let made = self.validated_class(module, func, member);
                    let validators = made.map(|class| self.validators(class));
                    for &validator in validators.iter().flat_map(|all| all.iter()) {
                        into.push(target(validator, EdgeKind::Constructor, Confidence::Guess));
                    }
                    into.push(Target { callee: Callee::External(path), kind: EdgeKind::Call, confidence });
                }
                Type::Object(path) => {
                    let path = self.paths.join(Some(path), self.known.call);
                    into.extend(path.map(|path| Target {
                        callee: Callee::External(path),
                        kind: EdgeKind::Call,
                        confidence,
                    }));
                }
                _ => {}
            }
        }
    }

    /// A function, its wrappers, and the methods that may be meant instead of it.
    fn function_targets(
        &mut self,
        module: &'p Module,
        func: ExprId,
        function: FunctionId,
        confidence: Confidence,
        into: &mut Vec<Target>,
    ) {
        let mut kind = EdgeKind::Call;
        let mut confidence = confidence;
        let mut overrides = None;
        if let ExprKind::Attribute { value, attr, .. } = module.python.syntax.expr(func).kind {
            let name = self.atom_of(module.id, attr);
            match self.type_of(module, value) {
                Type::Super(_) => kind = EdgeKind::Super,
                Type::Instance(class) | Type::Class(class) => {
                    // A method that only descendants have is one of those.
                    if matches!(self.member(class, name), Type::Unknown | Type::External(_)) {
                        confidence = Confidence::Guess;
                    } else if self.method(class, name) != Some(function) {
                        overrides = self.own_name(function);
                    } else if !self.is_exact(module, value) {
                        overrides = Some((class, name));
                    }
                }
                _ => {}
            }
        }
        if self.is_placeholder(function) {
            confidence = Confidence::Guess;
        }
        into.push(target(function, kind, confidence));
        for wrapper in self.wrappers(function) {
            into.push(target(wrapper, kind, confidence));
        }
        if let Some((class, name)) = overrides {
            self.add_overrides(class, name, function, kind, into);
        }
    }

    /// The class and the name of a method that is called as a value: `self.translate = translator.translate`.
    fn own_name(&mut self, function: FunctionId) -> Option<(ClassId, Atom)> {
        let (module, _, definition) = self.definition(function)?;
        let class = self.functions[function.0 as usize].class?;
        let class = *self.class_at.get(&(module.id, class))?;
        Some((class, self.atom_of(module.id, definition.name)))
    }

    fn add_overrides(&mut self, class: ClassId, name: Atom, of: FunctionId, kind: EdgeKind, into: &mut Vec<Target>) {
        let mut overrides = self.overrides(class, name);
        if overrides.is_empty() && self.is_protocol(class) {
            overrides = self.methods_named(name);
        }
        for &function in overrides.iter() {
            if function != of {
                into.push(target(function, kind, Confidence::Guess));
            }
        }
    }

    /// Whether an object is surely of the class itself, not of one that inherits from it: it is made by calling it.
    fn is_exact(&mut self, module: &'p Module, object: ExprId) -> bool {
        let syntax = &module.python.syntax;
        match syntax.expr(object).kind {
            ExprKind::Call { func, .. } => matches!(self.type_of(module, func), Type::Class(_)),
            ExprKind::Name { id, .. } => {
                let Some((_, binding)) = module.python.lookup(object) else { return false };
                let [site] = binding.sites.as_slice() else { return false };
                match site.kind {
                    BindingKind::Assigned(value) => match syntax.expr(value).kind {
                        ExprKind::Call { func, .. } => matches!(self.type_of(module, func), Type::Class(_)),
                        _ => false,
                    },
                    BindingKind::Class(_) | BindingKind::Import(_) => syntax.name(id) != "cls",
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// What making an instance of a class runs.
    fn constructor_targets(
        &mut self,
        module: &'p Module,
        func: ExprId,
        class: ClassId,
        confidence: Confidence,
        into: &mut Vec<Target>,
    ) {
        let (init, new, post) = (self.known.init, self.known.new, self.known.post_init);
        let made = self.method(class, init);
        let methods = [self.method(class, new), made.or_else(|| self.method(class, post))];
        for method in methods.into_iter().flatten() {
            into.push(target(method, EdgeKind::Constructor, confidence));
            for wrapper in self.wrappers(method) {
                into.push(target(wrapper, EdgeKind::Constructor, confidence));
            }
        }
        for &validator in self.validators(class).iter() {
            into.push(target(validator, EdgeKind::Constructor, Confidence::Guess));
        }
        if !self.is_exact_class(module, func) {
            for &method in self.overrides(class, init).iter() {
                into.push(target(method, EdgeKind::Constructor, Confidence::Guess));
            }
        }
        let lineage = self.lineage(class);
        if let (None, Some(&base)) = (made, lineage.external.first()) {
            into.push(Target { callee: Callee::External(base), kind: EdgeKind::Constructor, confidence });
        }
    }

    /// Whether an expression is the class itself, not a variable that may hold one that inherits from it.
    fn is_exact_class(&mut self, module: &'p Module, func: ExprId) -> bool {
        match module.python.syntax.expr(func).kind {
            ExprKind::Name { .. } => module.python.lookup(func).is_some_and(|(_, binding)| {
                binding.sites.iter().all(|site| matches!(site.kind, BindingKind::Class(_) | BindingKind::Import(_)))
            }),
            ExprKind::Attribute { value, .. } => {
                matches!(self.type_of(module, value), Type::Module(_) | Type::Class(_))
            }
            _ => true,
        }
    }

    /// The method of the project that alone has the name which is called on an unknown object, where the name is not one
    /// that libraries use and the number of arguments fits.
    fn only_method(&mut self, module: &'p Module, func: ExprId, given: usize) -> Option<Target> {
        let ExprKind::Attribute { value, attr, .. } = module.python.syntax.expr(func).kind else { return None };
        if self.type_of(module, value) != Type::Unknown {
            return None;
        }
        let name = self.atom_of(module.id, attr);
        let text = self.atoms.text(name);
        let &[sole] = self.methods_by_name.get(&name)?.as_slice() else { return None };
        if text.len() < 4 || text.starts_with("__") || COMMON_METHODS.contains(&text) {
            return None;
        }
        let (home, _, definition) = self.definition(sole)?;
        let is_from_tests = home.role == pyaudit_source::Role::Test && module.role != pyaudit_source::Role::Test;
        let parameters = definition.parameters.iter().count();
        let takes_more = definition.parameters.vararg.is_some() || definition.parameters.kwarg.is_some();
        let fits = takes_more || given < parameters;
        (fits && !is_from_tests).then(|| target(sole, EdgeKind::Call, Confidence::Guess))
    }

    /// The edges of reading an attribute that is a property.
    fn property_edges(&mut self, module: &'p Module, id: ExprId, object: Type, name: Atom) {
        let members = self.types.members(object);
        let confidence = if members.len() > 1 { Confidence::Guess } else { Confidence::Known };
        for member in members {
            let (class, is_super) = match member {
                Type::Instance(class) => (class, false),
                Type::Super(class) => (class, true),
                _ => continue,
            };
            let mut targets = Vec::new();
            match self.method(class, name) {
                Some(method) if self.traits(method).is_declared => {}
                Some(method) if self.traits(method).is_property => {
                    targets.push(target(method, EdgeKind::Property, confidence));
                    if !is_super {
                        self.add_overrides(class, name, method, EdgeKind::Property, &mut targets);
                    }
                }
                Some(_) => {}
                None if is_super || self.member(class, name) != Type::Unknown => {}
                None => {
                    for &method in self.overrides(class, name).iter() {
                        if self.traits(method).is_property {
                            targets.push(target(method, EdgeKind::Property, Confidence::Guess));
                        }
                    }
                }
            }
            let caller = self.function_of_expr(module, id);
            for target in targets {
                self.edge(caller, module, id, target.callee, target.kind, target.confidence);
            }
        }
    }
}

/// A function of the project as a target.
pub(super) fn target(function: FunctionId, kind: EdgeKind, confidence: Confidence) -> Target {
    Target { callee: Callee::Function(function), kind, confidence }
}
