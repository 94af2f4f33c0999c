//! What is carried along while the calls of a project are linked.

use super::interner::{Atom, Atoms, PathId, Paths};
use super::kinds::{ClassId, Type, Types};
use super::known::Known;
use super::number_map::{NumberMap, NumberSet};
use super::primitives::Primitives;
use super::{Callee, Calls, Edge, Function, FunctionId, FunctionNode};
use crate::{Module, ModuleId, Project};
use pyaudit_python::{ExprId, FunctionDef, Identifier, NameId, ScopeId, StmtId};

/// How many questions may wait for each other; real code takes a handful.
const MAX_ACTIVE: usize = 48;

/// How deep expressions are looked into, over all questions that wait for each other.
const MAX_DEPTH: u32 = 200;

/// How many expressions may be looked at for one that was asked for. What was worked out before costs one.
const MAX_STEPS: u32 = 1_000;

/// A question whose answer is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Question {
    /// What a name of a scope is.
    Binding(ModuleId, ScopeId, NameId),
    /// What a name is that no scope of the module binds.
    Unbound(ModuleId, NameId),
    /// What a name of a module is to others.
    ModuleMember(ModuleId, Atom),
    /// What an attribute of an instance of a class is.
    Member(ClassId, Atom),
    /// What a call of a function gives.
    Returned(FunctionId),
    /// What the constructors are given for the parameter at this byte.
    Given(ModuleId, u32),
    /// What an annotation stands for.
    Annotation(ModuleId, ExprId),
}

/// What the linker keeps of a module.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// The function that the code of each scope belongs to.
    pub scopes: Vec<FunctionId>,
    /// What is known of each expression.
    pub exprs: Vec<Type>,
    /// The project's number of each name; `u32::MAX` where it was not asked for.
    atoms: Vec<Atom>,
    /// What `isinstance` says of names.
    pub guards: NumberMap<(ScopeId, NameId), Vec<Guard>>,
    /// What loops and comprehensions go through, by the first byte of the name that they bind.
    pub loops: NumberMap<u32, Loop>,
}

/// What a condition says of a name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    /// The first byte at which it holds.
    pub start: u32,
    /// The first byte at which it holds no more.
    pub end: u32,
    /// The class, or tuple of classes.
    pub class: ExprId,
}

/// What a name of a loop is bound to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loop {
    /// What is gone through.
    pub iter: ExprId,
    /// Whether the name is the second of a pair: of `items()` or `enumerate(…)`.
    pub is_second: bool,
}

/// What the linker keeps of a function besides its row in the table.
#[derive(Debug, Default, Clone)]
pub(super) struct Body {
    pub returns: Vec<ExprId>,
    pub yields: Vec<ExprId>,
    pub is_generator: bool,
    pub traits: Option<super::decorators::Traits>,
}

/// A class of the project.
#[derive(Debug)]
pub(super) struct Class {
    pub module: ModuleId,
    pub stmt: StmtId,
    pub scope: ScopeId,
    /// The classes that an attribute is looked for in, itself first, and the libraries' classes among them.
    pub lineage: Option<std::rc::Rc<super::classes::Lineage>>,
    /// The classes of the project that name it as a base.
    pub subclasses: Vec<ClassId>,
}

/// An assignment to an attribute of `self`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Assignment {
    pub annotation: Option<ExprId>,
    pub value: Option<ExprId>,
    /// Whether it is `with value as self.name`.
    pub is_entered: bool,
}

/// The calls of a project while they are linked.
pub(super) struct Linker<'p> {
    pub project: &'p Project,
    pub atoms: Atoms<'p>,
    pub paths: Paths,
    pub types: Types,
    pub known: Known,
    pub primitives: Primitives,
    pub functions: Vec<Function>,
    pub bodies: Vec<Body>,
    pub by_node: NumberMap<(ModuleId, FunctionNode), FunctionId>,
    pub classes: Vec<Class>,
    pub class_at: NumberMap<(ModuleId, StmtId), ClassId>,
    pub assignments: NumberMap<(ClassId, Atom), Vec<Assignment>>,
    /// The methods of the project by name; of names that many classes use, only the first.
    pub methods_by_name: NumberMap<Atom, Vec<FunctionId>>,
    /// The parameters that their function calls, by module and first byte.
    pub called_parameters: NumberSet<(ModuleId, u32)>,
    /// The calls that may make instances, by the last name of what is called; of names that many call, only the first.
    pub constructions: NumberMap<Atom, Vec<(ModuleId, ExprId)>>,
    pub validators: NumberMap<ClassId, std::rc::Rc<[FunctionId]>>,
    pub tables: Vec<Tables>,
    pub edges: Vec<Edge>,
    pub calls: usize,
    pub known_calls: usize,
    pub methods: NumberMap<(ClassId, Atom), Option<FunctionId>>,
    pub overrides: NumberMap<(ClassId, Atom), std::rc::Rc<[FunctionId]>>,
    pub products: NumberMap<PathId, Type>,
    answers: NumberMap<Question, Type>,
    active: Vec<Question>,
    /// The lowest of the waiting questions that something asked for again, so that what was found since is not all.
    lowest: usize,
    depth: u32,
    steps: u32,
}

impl<'p> Linker<'p> {
    pub(super) fn new(project: &'p Project) -> Self {
        let (mut atoms, mut paths) = (Atoms::default(), Paths::default());
        let known = Known::new(&mut atoms, &mut paths);
        Self {
            project,
            atoms,
            paths,
            types: Types::default(),
            known,
            primitives: Primitives::new(),
            functions: Vec::new(),
            bodies: Vec::new(),
            by_node: NumberMap::default(),
            classes: Vec::new(),
            class_at: NumberMap::default(),
            assignments: NumberMap::default(),
            methods_by_name: NumberMap::default(),
            called_parameters: NumberSet::default(),
            constructions: NumberMap::default(),
            validators: NumberMap::default(),
            tables: Vec::new(),
            edges: Vec::new(),
            calls: 0,
            known_calls: 0,
            methods: NumberMap::default(),
            overrides: NumberMap::default(),
            products: NumberMap::default(),
            answers: NumberMap::default(),
            active: Vec::new(),
            lowest: usize::MAX,
            depth: 0,
            steps: 0,
        }
    }

    pub(super) fn module(&self, id: ModuleId) -> &'p Module {
        self.project.modules.get(id)
    }

    /// The project's number of a name of a module.
    pub(super) fn atom(&mut self, module: ModuleId, name: NameId) -> Atom {
        let at = name.0 as usize;
        let atoms = &mut self.tables[module.0 as usize].atoms;
        if at >= atoms.len() {
            atoms.resize(at + 1, Atom(u32::MAX));
        }
        if atoms[at].0 == u32::MAX {
            atoms[at] = self.atoms.intern(self.project.modules.get(module).python.syntax.name(name));
        }
        atoms[at]
    }

    pub(super) fn atom_of(&mut self, module: ModuleId, identifier: Identifier) -> Atom {
        self.atom(module, identifier.name)
    }

    /// Makes the tables of a module.
    pub(super) fn open_tables(&mut self, module: &Module) {
        self.tables.push(Tables { exprs: vec![Type::Unset; module.python.syntax.exprs().len()], ..Tables::default() });
    }

    /// The function that an expression is evaluated in.
    pub(super) fn function_of_expr(&self, module: &Module, expr: ExprId) -> FunctionId {
        self.tables[module.id.0 as usize].scopes[module.python.scope_of_expr(expr).0 as usize]
    }

    /// The function that a statement runs in.
    pub(super) fn function_of_stmt(&self, module: &Module, stmt: StmtId) -> FunctionId {
        self.tables[module.id.0 as usize].scopes[module.python.scope_of_stmt(stmt).0 as usize]
    }

    /// The definition of a function with its module; `None` for lambdas and bodies of modules.
    pub(super) fn definition(&self, function: FunctionId) -> Option<(&'p Module, StmtId, &'p FunctionDef)> {
        let function = &self.functions[function.0 as usize];
        let FunctionNode::Definition(stmt) = function.node else { return None };
        let module = self.module(function.module);
        Some((module, stmt, module.function(stmt)?))
    }

    /// The function that a `def` makes.
    pub(super) fn function_at(&self, module: ModuleId, stmt: StmtId) -> Option<FunctionId> {
        self.by_node.get(&(module, FunctionNode::Definition(stmt))).copied()
    }

    /// Whether a question waits, so that what is found now may not be all.
    pub(super) fn is_waiting(&self) -> bool {
        self.lowest != usize::MAX
    }

    /// Answers a question once. One that is asked again while it waits for itself is unknown there, and what was found
    /// on the way is not kept, because it is not all.
    pub(super) fn answer(&mut self, question: Question, find: impl FnOnce(&mut Self) -> Type) -> Type {
        if let Some(&known) = self.answers.get(&question) {
            return known;
        }
        if let Some(at) = self.active.iter().position(|&waiting| waiting == question) {
            self.lowest = self.lowest.min(at);
            return Type::Unknown;
        }
        if self.active.len() >= MAX_ACTIVE || (self.steps > MAX_STEPS && !self.active.is_empty()) {
            self.lowest = 0;
            return Type::Unknown;
        }
        let at = self.active.len();
        if at == 0 && self.depth == 0 {
            self.steps = 0;
        }
        self.active.push(question);
        let outer = std::mem::replace(&mut self.lowest, usize::MAX);
        let found = find(self);
        self.active.pop();
        if self.lowest >= at {
            self.answers.insert(question, found);
            self.lowest = outer;
        } else {
            self.lowest = self.lowest.min(outer);
        }
        found
    }

    /// What an expression is. Worked out once, unless it depends on a question that waits for it.
    pub(super) fn type_of(&mut self, module: &'p Module, expr: ExprId) -> Type {
        let at = (module.id.0 as usize, expr.0 as usize);
        let known = self.tables[at.0].exprs[at.1];
        if known != Type::Unset {
            return known;
        }
        if self.active.is_empty() && self.depth == 0 {
            (self.steps, self.lowest) = (0, usize::MAX);
        }
        if self.depth >= MAX_DEPTH || self.steps > MAX_STEPS {
            self.lowest = 0;
            return Type::Unknown;
        }
        self.depth += 1;
        self.steps += 1;
        let outer = std::mem::replace(&mut self.lowest, usize::MAX);
        let found = self.infer(module, expr);
        self.depth -= 1;
        if self.lowest == usize::MAX || self.depth == 0 && self.active.is_empty() {
            self.tables[at.0].exprs[at.1] = found;
            self.lowest = outer;
        } else {
            self.lowest = self.lowest.min(outer);
        }
        found
    }

    /// Sorts the edges and makes the tables that are asked.
    pub(super) fn finish(mut self) -> Calls {
        self.mark_entries();
        for at in 0..self.functions.len() {
            self.functions[at].is_cached = self.traits(FunctionId(at as u32)).is_cached;
        }
        let project = self.project;
        self.edges.sort_by_cached_key(|edge| {
            let range = project.modules.get(edge.module).python.syntax.expr(edge.place).range;
            (edge.caller, edge.module, range.start, range.end, edge.callee, edge.kind, edge.confidence, edge.off_loop)
        });
        self.edges.dedup_by(|next, first| {
            (next.caller, next.module, next.place, next.callee)
                == (first.caller, first.module, first.place, first.callee)
                && next.kind == first.kind
        });
        let count = self.functions.len();
        let starts = run_starts(count, self.edges.iter().map(|edge| edge.caller));
        let callees = self.edges.iter().enumerate().filter_map(|(at, edge)| match edge.callee {
            Callee::Function(callee) => Some((callee, at as u32)),
            Callee::External(_) => None,
        });
        let mut callers: Vec<(FunctionId, u32)> = callees.collect();
        callers.sort_unstable();
        let caller_starts = run_starts(count, callers.iter().map(|&(callee, _)| callee));
        let paths: Vec<String> =
            (0..self.paths.len()).map(|at| self.paths.text(PathId(at as u32), &self.atoms)).collect();
        let primitives = paths.iter().map(|path| self.primitives.of(path)).collect();
        Calls {
            functions: self.functions,
            by_node: self.by_node,
            edges: self.edges,
            starts,
            callers: callers.into_iter().map(|(_, edge)| edge).collect(),
            caller_starts,
            paths,
            primitives,
            owners: self.tables.into_iter().map(|tables| tables.scopes).collect(),
            reach: super::reach::Reach::default(),
            calls: self.calls,
            known_calls: self.known_calls,
        }
    }
}

/// Where the run of each function starts in a sorted sequence; one more than there are functions.
fn run_starts(count: usize, sorted: impl Iterator<Item = FunctionId>) -> Vec<u32> {
    let mut starts = vec![0; count + 1];
    for function in sorted {
        starts[function.0 as usize + 1] += 1;
    }
    for at in 0..count {
        starts[at + 1] += starts[at];
    }
    starts
}
