//! Functions that nothing runs but tests: handlers of routers that no application mounts, set-up functions that nobody
//! calls, and what only these call.
//!
//! A name that is spoken of in code that runs may mean every function of that name, so that what is left over is surely
//! not reached by a request, a worker or a command. Modules that no program loads run nothing.

use super::mentions::strings;
use crate::calls::{FunctionId, FunctionNode};
use crate::{Module, ModuleId, Project, Route};
use pyaudit_python::{ClassDef, ExprContext, ExprId, ExprKind, FoldedPart, FunctionDef, Parent, StmtId, StmtKind};
use pyaudit_source::Role;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What runs together: the outermost function with all in it, or the body of a module with those of its classes.
type Unit = (ModuleId, Option<StmtId>);

/// Decorators after which nothing else knows of a function.
const PLAIN_DECORATORS: &[&str] = &[
    "property",
    "cached_property",
    "staticmethod",
    "classmethod",
    "abstractmethod",
    "override",
    "wraps",
    "lru_cache",
    "cache",
    "contextmanager",
    "asynccontextmanager",
    "overload",
    "setter",
];

/// How long a text is at most that may name functions.
const MAX_TEXT: usize = 100;

/// How long the start of a name is at least that a text begins with: `handle_` of `f"handle_{kind}"`.
const MIN_START: usize = 4;

/// Which functions run.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    live: HashSet<Unit>,
    /// The modules that some program may load.
    loaded: BTreeSet<ModuleId>,
}

impl Project {
    /// Which functions something besides tests may run. Worked out when it is first asked for.
    fn reached_code(&self) -> &Reached {
        self.reached.get_or_init(|| Spread::over(self))
    }

    /// Whether surely no request, worker or command runs a function: no program loads its module, or nothing that runs
    /// speaks of it and what serves does not mount it. Functions of tests are never told.
    pub fn is_unreached(&self, module: &Module, function: StmtId) -> bool {
        let outermost = module.python.syntax.enclosing_functions(Parent::Stmt(function)).last().unwrap_or(function);
        self.is_unit_unreached(module, Some(outermost))
    }

    /// Whether surely no request, worker or command runs a statement.
    pub fn is_unreached_stmt(&self, module: &Module, stmt: StmtId) -> bool {
        let outermost = module.python.syntax.enclosing_functions(Parent::Stmt(stmt)).last();
        self.is_unit_unreached(module, outermost)
    }

    /// Whether surely no request, worker or command runs the code around an expression.
    pub fn is_unreached_at(&self, module: &Module, expr: ExprId) -> bool {
        self.is_unit_unreached(module, unit_of(module, expr).1)
    }

    /// Whether surely no request, worker or command runs a function of the call graph.
    pub(crate) fn is_function_unreached(&self, function: FunctionId) -> bool {
        let function = self.calls.function(function);
        let module = self.modules.get(function.module);
        match function.node {
            FunctionNode::Module => self.is_unit_unreached(module, None),
            FunctionNode::Definition(stmt) => self.is_unreached(module, stmt),
            FunctionNode::Lambda(expr) => self.is_unreached_at(module, expr),
        }
    }

    fn is_unit_unreached(&self, module: &Module, function: Option<StmtId>) -> bool {
        module.role == Role::Application && !self.reached_code().live.contains(&(module.id, function))
    }

    /// Whether surely nobody can ask for a route: its router is not mounted by what is shipped, a function registers it that
    /// nothing calls, or no program loads its module.
    pub fn is_unserved(&self, route: &Route) -> bool {
        let module = self.modules.get(route.module);
        if !route.may_be_served {
            return true;
        }
        if module.role != Role::Application {
            return false;
        }
        let registering = registering_function(self, route);
        !self.reached_code().loaded.contains(&module.id)
            || registering.is_some_and(|function| self.is_unreached(module, function))
    }
}

/// The outermost function that registers a route; `None` where that is the body of a module or class.
fn registering_function(project: &Project, route: &Route) -> Option<StmtId> {
    let module = project.modules.get(route.registration.0);
    let functions = module.python.syntax.enclosing_functions(Parent::Expr(route.registration.1));
    let own = route.handler.filter(|(home, _)| *home == module.id).map(|(_, function)| function);
    functions.filter(|function| Some(*function) != own).last()
}

/// The unit that the code of an expression belongs to.
fn unit_of(module: &Module, expr: ExprId) -> Unit {
    (module.id, module.python.syntax.enclosing_functions(Parent::Expr(expr)).last())
}

/// A function that a name may mean.
struct Named<'p> {
    unit: Unit,
    /// The class whose method it is.
    class: Option<&'p str>,
}

/// The search: from what surely runs to everything that this speaks of.
struct Spread<'p> {
    project: &'p Project,
    loaded: BTreeSet<ModuleId>,
    functions: HashMap<&'p str, Vec<Named<'p>>>,
    /// The methods of each class that Python calls by itself.
    with_class: HashMap<&'p str, Vec<Unit>>,
    /// The methods that are spoken of while their class is not, by class.
    methods: HashMap<&'p str, Vec<Unit>>,
    /// What each unit speaks of.
    spoken: BTreeMap<Unit, BTreeSet<&'p str>>,
    /// Starts of names that code puts together.
    starts: HashSet<String>,
    /// The handlers of routes, and whether any of their routes may be served.
    handlers: HashMap<(ModuleId, StmtId), bool>,
    live: HashSet<Unit>,
    known: HashSet<&'p str>,
    open: Vec<Unit>,
}

impl<'p> Spread<'p> {
    fn over(project: &'p Project) -> Reached {
        let mut spread = Self {
            project,
            loaded: project.liveness().loaded.clone(),
            functions: HashMap::new(),
            with_class: HashMap::new(),
            methods: HashMap::new(),
            spoken: BTreeMap::new(),
            starts: HashSet::new(),
            handlers: HashMap::new(),
            live: HashSet::new(),
            known: HashSet::new(),
            open: Vec::new(),
        };
        for route in &project.routes.routes {
            let Some(handler) = route.handler else { continue };
            *spread.handlers.entry(handler).or_default() |= route.may_be_served;
        }
        let modules = || project.modules.iter().filter(|module| !matches!(module.role, Role::Test | Role::Stub));
        for module in modules() {
            spread.listen(module);
            spread.define(module);
        }
        for module in modules() {
            spread.start(module);
        }
        spread.go();
        Reached { live: spread.live, loaded: spread.loaded }
    }

    /// Notes what the units of a module speak of.
    fn listen(&mut self, module: &'p Module) {
        let syntax = &module.python.syntax;
        for (id, expr) in syntax.exprs() {
            let name = match expr.kind {
                ExprKind::Name { id, ctx: ExprContext::Load } => syntax.name(id),
                ExprKind::Attribute { attr, .. } => syntax.identifier(attr),
                ExprKind::FString(_) => {
                    self.note_start(module, id);
                    continue;
                }
                _ => continue,
            };
            self.spoken.entry(unit_of(module, id)).or_default().insert(name);
        }
        for (id, text) in strings(module).filter(|(_, text)| text.len() <= MAX_TEXT) {
            let words = text.split(|mark: char| !mark.is_alphanumeric() && mark != '_').filter(|word| !word.is_empty());
            self.spoken.entry(unit_of(module, id)).or_default().extend(words);
        }
        for import in module.python.names.imports.iter().filter(|import| import.renamed) {
            let function = syntax.enclosing_functions(Parent::Stmt(import.stmt)).last();
            self.spoken.entry((module.id, function)).or_default().extend(import.name.as_deref());
        }
    }

    /// Notes the start of a name: `getattr(self, f"handle_{kind}")`.
    fn note_start(&mut self, module: &Module, text: ExprId) {
        let folded = module.python.fold_string(text);
        if let Some(FoldedPart::Text(start)) = folded.parts.first()
            && start.len() >= MIN_START
            && start.chars().all(|part| part.is_alphanumeric() || part == '_')
        {
            self.starts.insert(start.clone());
        }
    }

    /// Notes the functions of a module by their names.
    fn define(&mut self, module: &'p Module) {
        let syntax = &module.python.syntax;
        for (id, function) in outermost_functions(module) {
            let name = syntax.identifier(function.name);
            let unit = (module.id, Some(id));
            let class = class_around(module, id).map(|class| syntax.identifier(class.name));
            if let Some(class) = class.filter(|_| name.starts_with("__")) {
                self.with_class.entry(class).or_default().push(unit);
            }
            self.functions.entry(name).or_default().push(Named { unit, class });
        }
    }

    /// Begins with what something outside the code runs.
    fn start(&mut self, module: &'p Module) {
        if !self.loaded.contains(&module.id) {
            return;
        }
        self.run((module.id, None));
        let project = self.project;
        let is_ours = module.role == Role::Application && project.liveness().is_ours.contains(&module.id);
        // What no other module imports but may be started is a program, of which a server or tool may call any function.
        let importers = project.imports.importers(module.id);
        let is_imported = importers.iter().any(|&id| id != module.id && project.modules.get(id).role != Role::Test);
        let is_program = !is_imported && project.may_be_started(module, &BTreeSet::new());
        for (id, function) in outermost_functions(module) {
            let name = module.python.syntax.identifier(function.name);
            let is_called = || is_program && function.decorators.is_empty() && class_around(module, id).is_none();
            let is_run = !is_ours || is_called() || self.is_run_from_outside(module, id, function);
            if is_run || self.is_named_outside(name) {
                self.run((module.id, Some(id)));
            }
        }
    }

    /// Whether a word of a command or configuration, or the start of a name, may mean a function.
    fn is_named_outside(&self, name: &str) -> bool {
        let starts = (MIN_START..=name.len()).filter_map(|end| name.get(..end));
        self.project.liveness().mentions.has_word(name) || starts.into_iter().any(|start| self.starts.contains(start))
    }

    /// Whether a framework, a library or the base of its class calls a function.
    fn is_run_from_outside(&self, module: &Module, id: StmtId, function: &FunctionDef) -> bool {
        let project = self.project;
        if let Some(&is_served) = self.handlers.get(&(module.id, id)) {
            return is_served;
        }
        let entry = project.calls.of(module.id, id).map(|id| project.calls.function(id).entry);
        let is_plain = |&decorator: &ExprId| {
            let callee = match module.python.syntax.expr(decorator).kind {
                ExprKind::Call { func, .. } => func,
                _ => decorator,
            };
            module.last_name(callee).is_some_and(|name| PLAIN_DECORATORS.contains(&name))
        };
        entry.is_none_or(|entry| entry.task || entry.main || entry.framework)
            || !function.decorators.iter().all(is_plain)
            || class_around(module, id).is_some_and(|class| !class.bases.is_empty() || !class.decorators.is_empty())
    }

    fn run(&mut self, unit: Unit) {
        if self.live.insert(unit) {
            self.open.push(unit);
        }
    }

    /// Goes from what runs to what it speaks of, until nothing more is found.
    fn go(&mut self) {
        while let Some(unit) = self.open.pop() {
            for name in self.spoken.remove(&unit).unwrap_or_default() {
                self.hear(name);
            }
        }
    }

    /// Runs what a name may mean that is spoken of for the first time.
    fn hear(&mut self, name: &'p str) {
        if !self.known.insert(name) {
            return;
        }
        let mut units = self.with_class.remove(name).unwrap_or_default();
        // A method runs where both it and its class are spoken of.
        units.extend(self.methods.remove(name).unwrap_or_default());
        for named in self.functions.remove(name).unwrap_or_default() {
            match named.class {
                Some(class) if !self.known.contains(class) => {
                    self.methods.entry(class).or_default().push(named.unit);
                }
                _ => units.push(named.unit),
            }
        }
        for unit in units {
            if self.loaded.contains(&unit.0) {
                self.run(unit);
            }
        }
    }
}

/// The functions of a module that stand in no other, methods of classes too.
fn outermost_functions(module: &Module) -> impl Iterator<Item = (StmtId, &FunctionDef)> {
    let syntax = &module.python.syntax;
    syntax.stmts().filter_map(move |(id, stmt)| match &stmt.kind {
        StmtKind::FunctionDef(function) if syntax.enclosing_functions(Parent::Stmt(id)).next().is_none() => {
            Some((id, &**function))
        }
        _ => None,
    })
}

/// The class in whose body a function stands.
fn class_around(module: &Module, function: StmtId) -> Option<&ClassDef> {
    module.python.syntax.enclosing_stmts(Parent::Stmt(function)).find_map(|stmt| module.class(stmt))
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    const MAIN: &str = "from fastapi import FastAPI\nfrom app import users\napp = FastAPI()\n\
        app.include_router(users.router)\n";
    const ROUTER: &str = "from fastapi import APIRouter\nrouter = APIRouter()\n";

    /// The names of the functions that nothing reaches, in order.
    fn unreached(files: &[(&str, &str)]) -> Vec<String> {
        let mut all = vec![("app/__init__.py", ""), ("app/main.py", MAIN)];
        all.extend(files);
        let project = project(&all);
        let mut names: Vec<String> = Vec::new();
        for (id, function) in project.calls.functions() {
            let module = project.modules.get(function.module);
            if let crate::calls::FunctionNode::Definition(stmt) = function.node
                && project.is_unreached(module, stmt)
            {
                names.push(project.calls.qualname(&project, id));
            }
        }
        names.sort();
        names
    }

    #[test]
    fn what_only_handlers_of_forgotten_routers_call_is_not_reached() {
        let users =
            format!("{ROUTER}from app.help import shared, alone\n@router.get('/a')\ndef listed(): return shared()\n");
        let forgotten =
            format!("{ROUTER}from app.help import shared, alone\n@router.get('/b')\ndef lost(): return alone()\n");
        let help =
            "def shared(): return 1\ndef alone(): return deeper()\ndef deeper(): return 2\ndef nobody(): return 3\n";
        let test = "from fastapi import FastAPI\nfrom app import users, forgotten\nfrom app.help import nobody\n\
            app = FastAPI()\napp.include_router(forgotten.router)\ndef test(): assert nobody() == 3\n";
        let files = [
            ("app/users.py", users.as_str()),
            ("app/forgotten.py", forgotten.as_str()),
            ("app/help.py", help),
            ("tests/test_b.py", test),
        ];
        assert_eq!(unreached(&files), ["alone", "deeper", "lost", "nobody"]);
    }

    #[test]
    fn what_a_set_up_function_registers_is_reached_where_that_is_called() {
        let users = format!("{ROUTER}@router.get('/a')\ndef listed(): ...\n");
        let setup = "from fastapi import FastAPI\ndef metrics(app: FastAPI):\n    @app.get('/m')\n    def shown(): ...\n\
            X = 1\n";
        let importing = "from app import users, wiring\n";
        let files = [("app/users.py", users.as_str()), ("app/wiring.py", setup), ("app/other.py", importing)];
        let with = |program: &str| {
            let mut all = files.to_vec();
            all.push(("app/__main__.py", program));
            unreached(&all)
        };
        assert_eq!(with("import app.other\n"), ["metrics", "metrics.<locals>.shown"]);
        assert!(with("from app import other, wiring\nfrom app.main import app\nwiring.metrics(app)\n").is_empty());
    }

    #[test]
    fn methods_come_with_their_class_and_decorated_functions_are_somebody_elses() {
        let users = format!(
            "{ROUTER}import bus\nfrom app.help import Used, Unused\n@bus.on('x')\ndef heard(): Used().save()\n\
             @router.get('/a')\ndef listed(): ...\n"
        );
        let help = "class Used:\n    def __init__(self): self.fill()\n    def fill(self): ...\n    def save(self): ...\n    \
            def drop(self): ...\nclass Unused:\n    def save(self): ...\n";
        let files = [("app/users.py", users.as_str()), ("app/help.py", help)];
        assert_eq!(unreached(&files), ["Unused.save", "Used.drop"]);
    }
}
