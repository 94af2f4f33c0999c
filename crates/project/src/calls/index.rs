//! The first pass: functions, classes, what they return, what is assigned to `self`, loops, and guards.

use super::kinds::{ClassId, Type};
use super::linker::{Assignment, Body, Class, Guard, Linker, Loop};
use super::{Colour, Entry, Function, FunctionId, FunctionNode};
use crate::Module;
use pyaudit_python::{
    BindingKind, BoolOperator, ExprId, ExprKind, FunctionDef, ScopeId, ScopeKind, StmtId, StmtKind, UnaryOperator,
};

/// How many `return` and `yield` are read of one function.
const MAX_RESULTS: usize = 16;

/// How many assignments are read of one attribute of a class.
const MAX_ASSIGNMENTS: usize = 16;

/// How many methods of one name are kept.
const MAX_METHODS: usize = 8;

/// How many conditions are read that tell the class of one name.
const MAX_GUARDS: usize = 16;

impl<'p> Linker<'p> {
    /// Reads every module once, and links the classes with those that inherit from them.
    pub(super) fn index(&mut self) {
        for module in self.project.modules.iter() {
            self.open_tables(module);
            self.index_scopes(module);
        }
        for module in self.project.modules.iter() {
            self.index_exprs(module);
            self.index_stmts(module);
        }
        for at in 0..self.classes.len() {
            for base in self.direct_bases(ClassId(at as u32)) {
                if let Type::Class(base) = base {
                    self.classes[base.0 as usize].subclasses.push(ClassId(at as u32));
                }
            }
        }
    }

    /// Gives the functions and classes of a module their numbers.
    fn index_scopes(&mut self, module: &'p Module) {
        let syntax = &module.python.syntax;
        let scopes = &module.python.names.scopes;
        let mut nodes: Vec<(u32, ScopeId, ScopeKind)> = Vec::new();
        for (at, scope) in scopes.iter().enumerate() {
            let start = match scope.kind {
                ScopeKind::Function(stmt) | ScopeKind::Class(stmt) => syntax.stmt(stmt).range.start,
                ScopeKind::Lambda(expr) => syntax.expr(expr).range.start,
                ScopeKind::Module => 0,
                ScopeKind::Comprehension(_) | ScopeKind::TypeParameters(_) => continue,
            };
            nodes.push((start, ScopeId(at as u32), scope.kind));
        }
        // The body of the module comes first, and an outer node before those in it.
        nodes.sort_by_key(|&(start, scope, kind)| (kind != ScopeKind::Module, start, scope));
        let mut own = vec![None; scopes.len()];
        for (_, scope, kind) in nodes {
            match kind {
                ScopeKind::Class(stmt) => self.add_class(module, stmt, scope),
                ScopeKind::Function(stmt) => {
                    own[scope.0 as usize] = Some(self.add_function(module, FunctionNode::Definition(stmt), scope));
                }
                ScopeKind::Lambda(expr) => {
                    own[scope.0 as usize] = Some(self.add_function(module, FunctionNode::Lambda(expr), scope));
                }
                _ => own[scope.0 as usize] = Some(self.add_function(module, FunctionNode::Module, scope)),
            }
        }
        let mut owners: Vec<FunctionId> = Vec::with_capacity(scopes.len());
        for (at, scope) in scopes.iter().enumerate() {
            let outer = scope.parent.map_or(FunctionId(0), |parent| owners[parent.0 as usize]);
            owners.push(own[at].unwrap_or(outer));
        }
        self.tables[module.id.0 as usize].scopes = owners;
    }

    fn add_class(&mut self, module: &Module, stmt: StmtId, scope: ScopeId) {
        let id = ClassId(self.classes.len() as u32);
        let class = Class { module: module.id, stmt, scope, lineage: None, subclasses: Vec::new() };
        self.classes.push(class);
        self.class_at.insert((module.id, stmt), id);
    }

    fn add_function(&mut self, module: &'p Module, node: FunctionNode, scope: ScopeId) -> FunctionId {
        let id = FunctionId(self.functions.len() as u32);
        let definition = match node {
            FunctionNode::Definition(stmt) => module.function(stmt),
            _ => None,
        };
        let class = match node {
            FunctionNode::Definition(_) => class_around(module, scope),
            _ => None,
        };
        let colour = if definition.is_some_and(|function| function.is_async) { Colour::Async } else { Colour::Sync };
        let entry = Entry::default();
        self.functions.push(Function {
            module: module.id,
            node,
            class,
            colour,
            entry,
            is_cached: false,
            unknown_calls: 0,
        });
        self.bodies.push(Body::default());
        self.by_node.insert((module.id, node), id);
        if let Some(function) = definition.filter(|_| class.is_some()) {
            let name = self.atom_of(module.id, function.name);
            let of_name = self.methods_by_name.entry(name).or_default();
            if of_name.len() < MAX_METHODS {
                of_name.push(id);
            }
        }
        id
    }

    fn index_exprs(&mut self, module: &'p Module) {
        for (id, expr) in module.python.syntax.exprs() {
            match &expr.kind {
                ExprKind::Yield(value) => {
                    let function = self.function_of_expr(module, id);
                    self.add_yield(function, *value);
                }
                ExprKind::Call { func, .. } => {
                    self.note_called_parameter(module, *func);
                    self.note_construction(module, id, *func);
                }
                ExprKind::YieldFrom(_) => {
                    let function = self.function_of_expr(module, id);
                    self.add_yield(function, None);
                }
                ExprKind::Lambda { body, .. } => {
                    let function = self.function_of_expr(module, *body);
                    self.bodies[function.0 as usize].returns.push(*body);
                }
                ExprKind::ListComp { generators, .. }
                | ExprKind::SetComp { generators, .. }
                | ExprKind::DictComp { generators, .. }
                | ExprKind::Generator { generators, .. } => {
                    for generator in generators {
                        self.add_loop(module, generator.target, generator.iter);
                    }
                }
                _ => {}
            }
        }
    }

    /// Notes a parameter that its function calls.
    fn note_called_parameter(&mut self, module: &Module, func: ExprId) {
        if let Some((_, binding)) = module.python.lookup(func)
            && let [site] = binding.sites.as_slice()
            && matches!(site.kind, BindingKind::Parameter { .. })
        {
            self.called_parameters.insert((module.id, site.range.start));
        }
    }

    fn add_yield(&mut self, function: FunctionId, value: Option<ExprId>) {
        let body = &mut self.bodies[function.0 as usize];
        body.is_generator = true;
        if body.yields.len() < MAX_RESULTS {
            body.yields.extend(value);
        }
        let colour = &mut self.functions[function.0 as usize].colour;
        *colour = if colour.is_async() { Colour::AsyncGenerator } else { Colour::Generator };
    }

    fn add_loop(&mut self, module: &Module, target: ExprId, iter: ExprId) {
        let syntax = &module.python.syntax;
        let (name, is_second) = match &syntax.expr(target).kind {
            ExprKind::Name { .. } => (target, false),
            ExprKind::Tuple { elts, .. } if elts.len() == 2 => (elts[1], true),
            _ => return,
        };
        let start = syntax.expr(name).range.start;
        self.tables[module.id.0 as usize].loops.insert(start, Loop { iter, is_second });
    }

    fn index_stmts(&mut self, module: &'p Module) {
        let syntax = &module.python.syntax;
        for (id, stmt) in syntax.stmts() {
            match &stmt.kind {
                StmtKind::Return(Some(value)) => {
                    let function = self.function_of_stmt(module, id);
                    let returns = &mut self.bodies[function.0 as usize].returns;
                    if returns.len() < MAX_RESULTS {
                        returns.push(*value);
                    }
                }
                StmtKind::Assign { targets, value } => {
                    for &target in targets {
                        self.add_assignment(module, target, None, Some(*value), false);
                    }
                }
                StmtKind::AnnAssign { target, annotation, value, .. } => {
                    self.add_assignment(module, *target, Some(*annotation), *value, false);
                }
                StmtKind::With { items, .. } => {
                    for item in items {
                        if let Some(target) = item.optional_vars {
                            self.add_assignment(module, target, None, Some(item.context_expr), true);
                        }
                    }
                }
                StmtKind::For { target, iter, .. } => self.add_loop(module, *target, *iter),
                StmtKind::If { clauses, .. } => self.add_guards(module, id, clauses),
                StmtKind::Assert { test, .. } => {
                    self.add_guard(module, *test, stmt.range.end, end_of_body(module, id));
                }
                _ => {}
            }
        }
    }

    /// Notes what is assigned to an attribute of the instance.
    fn add_assignment(
        &mut self,
        module: &'p Module,
        target: ExprId,
        annotation: Option<ExprId>,
        value: Option<ExprId>,
        is_entered: bool,
    ) {
        let ExprKind::Attribute { value: object, attr, .. } = module.python.syntax.expr(target).kind else { return };
        let Some(class) = self.receiver_class(module, object) else { return };
        let name = self.atom_of(module.id, attr);
        let assignments = self.assignments.entry((class, name)).or_default();
        if assignments.len() < MAX_ASSIGNMENTS {
            assignments.push(Assignment { annotation, value, is_entered });
        }
    }

    /// The class whose instance, or which itself, a name is: the first parameter of the method around it.
    pub(super) fn receiver_class(&self, module: &'p Module, name: ExprId) -> Option<ClassId> {
        let (scope, binding) = module.python.lookup(name)?;
        let [site] = binding.sites.as_slice() else { return None };
        if !matches!(site.kind, BindingKind::Parameter { .. }) {
            return None;
        }
        let (class, _) = self.receiver(module, scope, site.range.start)?;
        Some(class)
    }

    /// The class that the parameter at this byte is given as the receiver of a method, and that method.
    pub(super) fn receiver(&self, module: &'p Module, scope: ScopeId, start: u32) -> Option<(ClassId, FunctionId)> {
        let ScopeKind::Function(stmt) = module.python.names.scope(scope).kind else { return None };
        let function = module.function(stmt)?;
        let first = function.parameters.iter().next()?;
        if first.name.range.start != start || is_static(module, function) {
            return None;
        }
        let id = self.function_at(module.id, stmt)?;
        let class = self.functions[id.0 as usize].class?;
        Some((*self.class_at.get(&(module.id, class))?, id))
    }

    fn add_guards(&mut self, module: &'p Module, id: StmtId, clauses: &[pyaudit_python::IfClause]) {
        let syntax = &module.python.syntax;
        for clause in clauses {
            let Some((&first, &last)) = clause.body.first().zip(clause.body.last()) else { continue };
            self.add_guard(module, clause.test, syntax.stmt(first).range.start, syntax.stmt(last).range.end);
            // `if not isinstance(x, C): return` tells it for what follows.
            if let ExprKind::UnaryOp { op: UnaryOperator::Not, operand } = syntax.expr(clause.test).kind
                && matches!(syntax.stmt(last).kind, StmtKind::Return(_) | StmtKind::Raise { .. } | StmtKind::Continue)
            {
                self.add_guard(module, operand, syntax.stmt(id).range.end, end_of_body(module, id));
            }
        }
    }

    /// Notes what a condition with `isinstance` says of a name within a range.
    fn add_guard(&mut self, module: &'p Module, test: ExprId, start: u32, end: u32) {
        let syntax = &module.python.syntax;
        match &syntax.expr(test).kind {
            ExprKind::BoolOp { op: BoolOperator::And, values } => {
                for &value in values {
                    if matches!(syntax.expr(value).kind, ExprKind::Call { .. }) {
                        self.add_guard(module, value, start, end);
                    }
                }
            }
            ExprKind::Call { func, args, .. } => {
                let ExprKind::Name { id, .. } = syntax.expr(*func).kind else { return };
                let [object, class] = args[..] else { return };
                let ExprKind::Name { id: name, .. } = syntax.expr(object).kind else { return };
                if syntax.name(id) != "isinstance" {
                    return;
                }
                let Some((scope, _)) = module.python.lookup(object) else { return };
                let guards = &mut self.tables[module.id.0 as usize].guards;
                let of_name = guards.entry((scope, name)).or_default();
                if of_name.len() < MAX_GUARDS {
                    of_name.push(Guard { start, end, class });
                }
            }
            _ => {}
        }
    }
}

/// The class whose body a function stands in, type parameters aside.
fn class_around(module: &Module, scope: ScopeId) -> Option<StmtId> {
    let around = module.python.names.scope_chain(scope).skip(1);
    let mut around =
        around.map(|(_, scope)| scope.kind).skip_while(|kind| matches!(kind, ScopeKind::TypeParameters(_)));
    match around.next()? {
        ScopeKind::Class(stmt) => Some(stmt),
        _ => None,
    }
}

/// Whether a method has no receiver.
fn is_static(module: &Module, function: &FunctionDef) -> bool {
    let syntax = &module.python.syntax;
    function.decorators.iter().any(|&decorator| match syntax.expr(decorator).kind {
        ExprKind::Name { id, .. } => syntax.name(id) == "staticmethod",
        _ => false,
    })
}

/// The last byte of the body that a statement stands in.
fn end_of_body(module: &Module, stmt: StmtId) -> u32 {
    let syntax = &module.python.syntax;
    match syntax.stmt_parent(stmt) {
        pyaudit_python::Parent::Stmt(parent) => syntax.stmt(parent).range.end,
        _ => u32::MAX,
    }
}
