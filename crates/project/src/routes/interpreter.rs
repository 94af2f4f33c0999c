//! Follows the making of applications: modules are gone through as Python would import them, as far as it matters for
//! which routes an application serves.
//!
//! Statements that run at import are followed in their order, and so are calls of functions of the project from there.
//! What cannot be known is [`Value::Unknown`]; where a condition is not known, each branch is followed and what it
//! registers is noted with that condition. The work is bounded: by steps altogether and for each statement of a module, by
//! depth, and by how often one function is called.

use super::RouterId;
use super::framework::{Decorator, Entry, EntryId, RouterState};
use super::value::{Class, ClassId, DictId, Environment, EnvironmentId, ListId, Object, ObjectId, ObjectRole, Value};
use crate::{Module, ModuleId, Project};
use pyaudit_python::{ExprId, Parent, StmtId};
use pyaudit_source::Span;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// How deep statements, expressions, calls and imports nest before no more is followed.
const MAX_DEPTH: u32 = 700;

/// How many steps one statement of a module may take.
const STATEMENT_STEPS: u64 = 100_000;

/// How many steps a project may take whatever its size, and how many more for each expression in it.
const BASE_STEPS: u64 = 2_000_000;
const STEPS_PER_EXPRESSION: u64 = 4;

/// How many elements are copied for the work of a step.
const ELEMENTS_PER_STEP: u64 = 16;

/// How many elements a list or dictionary may get by one operation.
pub(super) const MAX_ELEMENTS: usize = 2_000;

/// How often one function is called, and how often within itself.
const MAX_CALLS: u32 = 2_000;
const MAX_RECURSION: u32 = 2;

/// How a block ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Return,
    Raise,
    Break,
    Continue,
}

/// Whether a module was gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    NotStarted,
    Running,
    Done,
}

/// One run of a module, a class body or a function.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) module: ModuleId,
    pub(super) environment: EnvironmentId,
    /// What `return` gave, where it was reached under conditions that are not known.
    pub(super) returns: Vec<Value>,
    /// What `super()` means: the object and the class of the method.
    pub(super) method: Option<(Value, ClassId)>,
    /// How many `try` statements stand around.
    pub(super) tries: u32,
}

impl Frame {
    pub(super) const fn new(module: ModuleId, environment: EnvironmentId) -> Self {
        Self { module, environment, returns: Vec::new(), method: None, tries: 0 }
    }
}

/// A name that was assigned in a branch, with what it held before.
type Change = (EnvironmentId, Rc<str>, Option<Value>);

/// The state of the whole following.
pub(super) struct Interpreter<'p> {
    pub(super) project: &'p Project,
    pub(super) environments: Vec<Environment>,
    pub(super) lists: Vec<Vec<Value>>,
    pub(super) dicts: Vec<Vec<(Value, Value)>>,
    pub(super) objects: Vec<Object>,
    pub(super) classes: Vec<Class>,
    pub(super) routers: Vec<RouterState>,
    /// Routes, mounts and hosts that were made as objects.
    pub(super) entries: Vec<Entry>,
    /// Which of these are hosts.
    pub(super) hosts: HashSet<EntryId>,
    /// Which of these stand in the list of a router.
    pub(super) attached: HashSet<EntryId>,
    /// The members of enumerations that were named.
    pub(super) members: HashMap<(ClassId, Rc<str>), ObjectId>,
    /// Calls that registered something, or that are known to register nothing.
    pub(super) visited: HashSet<(ModuleId, ExprId)>,
    /// Functions that were called, with the number of calls.
    pub(super) called: HashMap<(ModuleId, StmtId), u32>,
    /// Statements that never run.
    dead: HashSet<(ModuleId, StmtId)>,
    /// Functions to call when the application starts, with the object that it is.
    pub(super) at_start: Vec<(Value, ObjectId)>,
    /// Whether something was included that could not be followed, in what is not known either.
    pub(super) has_unknown_includes: bool,
    /// The applications and routers that include something that could not be followed.
    pub(super) unknown_includes: HashSet<RouterId>,
    /// Functions that were called as a server would, with the first and the last router that they made.
    pub(super) guesses: Vec<((ModuleId, StmtId), [usize; 2])>,
    /// By what names modules are imported.
    pub(super) names: super::names::Names<'p>,
    /// The conditions around what is followed, the innermost last.
    pub(super) conditions: Vec<Span>,
    /// The decorators that are being applied, the innermost last.
    pub(super) decorators: Vec<Decorator>,
    pub(super) active: HashMap<(ModuleId, StmtId), u32>,
    journals: Vec<Vec<Change>>,
    modules: Vec<(Option<EnvironmentId>, Progress)>,
    depth: u32,
    /// How many steps are left; shared readers take steps as well.
    steps: Cell<u64>,
    statement_steps: u64,
}

impl<'p> Interpreter<'p> {
    pub(super) fn new(project: &'p Project) -> Self {
        let expressions: u64 = project.modules.iter().map(|module| module.python.syntax.exprs().len() as u64).sum();
        Self {
            project,
            environments: Vec::new(),
            lists: Vec::new(),
            dicts: Vec::new(),
            objects: Vec::new(),
            classes: Vec::new(),
            routers: Vec::new(),
            entries: Vec::new(),
            hosts: HashSet::new(),
            attached: HashSet::new(),
            members: HashMap::new(),
            visited: HashSet::new(),
            called: HashMap::new(),
            dead: HashSet::new(),
            at_start: Vec::new(),
            has_unknown_includes: false,
            unknown_includes: HashSet::new(),
            guesses: Vec::new(),
            names: super::names::Names::new(project),
            conditions: Vec::new(),
            decorators: Vec::new(),
            active: HashMap::new(),
            journals: Vec::new(),
            modules: vec![(None, Progress::NotStarted); project.modules.len()],
            depth: 0,
            steps: Cell::new(BASE_STEPS + STEPS_PER_EXPRESSION * expressions),
            statement_steps: STATEMENT_STEPS,
        }
    }

    /// The module of a frame.
    pub(super) fn module(&self, id: ModuleId) -> &'p Module {
        self.project.modules.get(id)
    }

    /// Takes one step one level deeper; `None` where no more may be taken. Each `Some` is left by [`Self::leave`].
    pub(super) fn enter(&mut self) -> Option<()> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.steps.set(self.steps.get().checked_sub(1)?);
        self.statement_steps = self.statement_steps.checked_sub(1)?;
        self.depth += 1;
        Some(())
    }

    /// Takes steps for the copying of many elements at once.
    pub(super) fn charge(&self, elements: usize) {
        let steps = elements as u64 / ELEMENTS_PER_STEP;
        self.steps.set(self.steps.get().saturating_sub(steps));
    }

    /// Gives the next call or statement the steps of a whole statement.
    pub(super) const fn start_statement(&mut self) {
        self.statement_steps = STATEMENT_STEPS;
    }

    pub(super) const fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Notes a call of a function; `false` where it is called too often or within itself.
    pub(super) fn may_call(&mut self, function: (ModuleId, StmtId)) -> bool {
        let active = self.active.get(&function).copied().unwrap_or(0);
        let called = self.called.entry(function).or_insert(0);
        *called += 1;
        *called <= MAX_CALLS && active < MAX_RECURSION
    }

    /// Goes through a module unless that was done, its packages first.
    pub(super) fn import(&mut self, id: ModuleId) -> EnvironmentId {
        if let (Some(environment), _) = self.modules[id.0 as usize] {
            return environment;
        }
        // A package is gone through before its modules, and often goes through them itself.
        self.names.begin_at(self.module(id));
        for package in self.project.modules.packages_of(self.module(id)) {
            self.import(package);
        }
        if let (Some(environment), _) = self.modules[id.0 as usize] {
            return environment;
        }
        let environment = self.new_environment(None, false);
        self.modules[id.0 as usize] = (Some(environment), Progress::Running);
        if self.enter().is_some() {
            self.run_module(id, environment);
            self.leave();
        }
        self.modules[id.0 as usize].1 = Progress::Done;
        environment
    }

    fn run_module(&mut self, id: ModuleId, environment: EnvironmentId) {
        let module = self.module(id);
        let name = self.names.of(module).to_owned();
        let is_package = self.path_of(id).ends_with("__init__.py");
        let package = if is_package { name.as_str() } else { package_of(&name) };
        for (name, value) in [("__name__", name.as_str()), ("__package__", package)] {
            self.environments[environment.0 as usize].values.insert(Rc::from(name), Value::text(value));
        }
        let file = Value::Path(Rc::from(self.path_of(id)));
        self.environments[environment.0 as usize].values.insert(Rc::from("__file__"), file);
        let conditions = std::mem::take(&mut self.conditions);
        let decorators = std::mem::take(&mut self.decorators);
        let journals = std::mem::take(&mut self.journals);
        let mut frame = Frame::new(id, environment);
        for &statement in &module.python.syntax.body {
            self.statement_steps = STATEMENT_STEPS;
            self.run(&mut frame, statement);
        }
        self.conditions = conditions;
        self.decorators = decorators;
        self.journals = journals;
    }

    /// The path of the file of a module.
    pub(super) fn path_of(&self, id: ModuleId) -> &'p str {
        &self.project.sources.file(self.module(id).file).path
    }

    /// Whether a module was gone through to its end.
    pub(super) fn is_done(&self, id: ModuleId) -> bool {
        self.modules[id.0 as usize].1 == Progress::Done
    }

    /// The namespace of a module that was gone through.
    pub(super) fn namespace(&self, id: ModuleId) -> Option<EnvironmentId> {
        self.modules[id.0 as usize].0
    }

    pub(super) fn new_environment(&mut self, around: Option<EnvironmentId>, is_class: bool) -> EnvironmentId {
        let id = EnvironmentId(self.environments.len() as u32);
        let environment = Environment { values: HashMap::new(), around, is_class, elsewhere: HashMap::new() };
        self.environments.push(environment);
        id
    }

    pub(super) fn new_list(&mut self, mut values: Vec<Value>) -> Value {
        values.truncate(MAX_ELEMENTS);
        self.lists.push(values);
        Value::List(ListId(self.lists.len() as u32 - 1))
    }

    pub(super) fn new_dict(&mut self, mut values: Vec<(Value, Value)>) -> Value {
        values.truncate(MAX_ELEMENTS);
        self.dicts.push(values);
        Value::Dict(DictId(self.dicts.len() as u32 - 1))
    }

    pub(super) fn new_object(&mut self, object: Object) -> ObjectId {
        self.objects.push(object);
        ObjectId(self.objects.len() as u32 - 1)
    }

    pub(super) fn new_entry(&mut self, entry: Entry, is_host: bool) -> EntryId {
        let id = EntryId(self.entries.len() as u32);
        self.objects[entry.object.0 as usize].role = ObjectRole::Entry(id);
        let decorator = self.decorators.last().copied();
        self.visited.extend(decorator.map(|decorator| (decorator.module, decorator.expr)));
        self.entries.push(Entry { decorator, ..entry });
        if is_host {
            self.hosts.insert(id);
        }
        id
    }

    /// What a name holds, as seen from a namespace.
    pub(super) fn lookup(&self, from: EnvironmentId, name: &str) -> Option<Value> {
        let mut at = Some(from);
        while let Some(id) = at {
            let environment = &self.environments[id.0 as usize];
            if let Some(elsewhere) = environment.elsewhere.get(name) {
                return self.environments[elsewhere.0 as usize].values.get(name).cloned();
            }
            if let Some(value) = environment.values.get(name) {
                return Some(value.clone());
            }
            at = environment.around;
        }
        None
    }

    /// Gives a name a value in a namespace.
    pub(super) fn assign(&mut self, environment: EnvironmentId, name: &str, value: Value) {
        let elsewhere = self.environments[environment.0 as usize].elsewhere.get(name).copied();
        let environment = elsewhere.unwrap_or(environment);
        let name: Rc<str> = Rc::from(name);
        let old = self.environments[environment.0 as usize].values.insert(Rc::clone(&name), value);
        if let Some(journal) = self.journals.last_mut() {
            journal.push((environment, name, old));
        }
    }

    /// Follows one of several branches: gives how it ended and the values that it assigned, and takes these back.
    pub(super) fn follow_branch(
        &mut self,
        condition: Option<Span>,
        run: impl FnOnce(&mut Self) -> Flow,
    ) -> (Flow, Branch) {
        self.journals.push(Vec::new());
        let depth = self.conditions.len();
        self.conditions.extend(condition);
        let flow = run(self);
        self.conditions.truncate(depth);
        let journal = self.journals.pop().unwrap_or_default();
        let mut branch = Branch::default();
        for (environment, name, old) in journal.into_iter().rev() {
            let values = &mut self.environments[environment.0 as usize].values;
            let new = match old {
                Some(old) => values.insert(Rc::clone(&name), old),
                None => values.remove(&name),
            };
            let key = (environment, name);
            // The journal is gone through backwards, so the first value met is the last one assigned.
            if !branch.values.contains_key(&key) {
                branch.order.push(key.clone());
                branch.values.insert(key, new.unwrap_or(Value::Unknown));
            }
        }
        branch.order.reverse();
        (flow, branch)
    }

    /// Gives the names that branches assigned what they hold after them. `falls_through` says whether no branch may run.
    pub(super) fn merge(&mut self, branches: &[Branch], falls_through: bool) {
        let mut merged: HashSet<(EnvironmentId, Rc<str>)> = HashSet::new();
        for branch in branches {
            for key in &branch.order {
                if !merged.insert(key.clone()) {
                    continue;
                }
                let before = self.environments[key.0.0 as usize].values.get(&key.1).cloned();
                let mut values: Vec<Value> = Vec::new();
                if falls_through {
                    values.extend(before.clone());
                }
                for other in branches {
                    values.extend(other.values.get(key).cloned().or_else(|| before.clone()));
                }
                self.assign(key.0, &key.1, Value::one_of(values));
            }
        }
    }

    /// Marks statements that never run.
    pub(super) fn mark_dead(&mut self, module: ModuleId, body: &[StmtId]) {
        self.dead.extend(body.iter().map(|&id| (module, id)));
    }

    /// Whether a node stands in what never runs.
    pub(super) fn is_dead(&self, module: &Module, node: ExprId) -> bool {
        module.python.is_in_type_checking(Parent::Expr(node))
            || module.python.syntax.enclosing_stmts(Parent::Expr(node)).any(|id| self.dead.contains(&(module.id, id)))
    }
}

/// What a branch assigned.
#[derive(Debug, Default)]
pub(super) struct Branch {
    values: HashMap<(EnvironmentId, Rc<str>), Value>,
    order: Vec<(EnvironmentId, Rc<str>)>,
}

/// The package of a module by its dotted name.
fn package_of(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(package, _)| package)
}
