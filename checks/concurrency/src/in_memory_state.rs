use pyaudit_check::project::calls::FunctionId;
use pyaudit_check::project::{Definition, Module, ModuleId, Symbol};
use pyaudit_check::python::{ExprId, ExprKind, Parent, ScopeKind, StmtId, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, Span, check};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Finds dictionaries, lists, sets and counters that live in a module, or in the only object of a class, and that
    /// requests, tasks or background loops write to: quotas, attempts, sessions, codes, job states, connections, caches.
    ///
    /// ## Why it matters
    /// Each worker process has its own copy. With two workers a limit counts half of the requests, a code that one
    /// process issued is unknown to the other, and every restart or deployment forgets everything. What nothing removes
    /// grows until the process is killed.
    ///
    /// ## How to fix
    /// Keep it where all processes see it: in Redis with an expiry, or in the database. For sockets, spread messages by a
    /// pub/sub channel.
    ///
    /// ## Limits
    /// How many workers run is not read yet, so this holds for a service that runs more than one or restarts. What is
    /// written at import or at the start alone stays silent, and so do constants, results of `lru_cache`, sets that hold running
    /// tasks, and registries, locks, clients, models and pools by their names, which belong to a process. So do
    /// objects that are only kept to be closed at the end, and services of an abstract class that a function makes where it
    /// finds none. A cache is of
    /// low severity and confidence, and metrics, statistics and buffers of a process stay silent. All containers of one class are one finding. Attributes of objects that a function makes are not seen.
    id: "in-memory-state",
    summary: "requests keep state in the memory of one process",
    area: Concurrency,
    axis: Robustness,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://12factor.net/processes",
        "https://fastapi.tiangolo.com/deployment/concepts/#memory-per-process",
    ],
    run: Project(run),
}

fn message(name: &str, writer: &str, writers: usize) -> String {
    let more = match writers {
        1 => String::new(),
        2 => " and one more function".to_owned(),
        _ => format!(" and {} more functions", writers - 1),
    };
    format!(
        "`{name}` is the memory of one process, written by `{writer}`{more}: other workers do not see it, and a restart forgets it"
    )
}

/// How many writes are shown of a finding.
const MAX_RELATED: usize = 8;

/// Methods that change a container.
const CHANGES: &[&str] = &[
    "append",
    "appendleft",
    "add",
    "update",
    "setdefault",
    "pop",
    "popleft",
    "popitem",
    "remove",
    "discard",
    "clear",
    "extend",
    "insert",
];

/// Changes that put something in; a container that is only emptied while serving holds nothing of requests.
const ADDITIONS: &[&str] = &["append", "appendleft", "add", "update", "setdefault", "extend", "insert", "="];

/// Callables that make a container.
const CONTAINERS: &[&str] = &[
    "dict",
    "list",
    "set",
    "collections.defaultdict",
    "collections.deque",
    "collections.OrderedDict",
    "collections.Counter",
    "cachetools.TTLCache",
    "cachetools.LRUCache",
];

/// Words in names of what belongs to a process.
const OWN_WORDS: &[&str] = &[
    "lock",
    "locks",
    "registry",
    "registered",
    "client",
    "clients",
    "pool",
    "pools",
    "engine",
    "engines",
    "plugin",
    "plugins",
    "model",
    "models",
    "handlers",
    "semaphores",
    "loop",
    "logger",
    "loggers",
    "instances",
    "singletons",
    "adapters",
    "factories",
    "pipelines",
    "loaded",
    "metrics",
    "stats",
    "statistics",
    "buffer",
    "buffers",
    "batch",
    "waiters",
    "futures",
    "middleware",
    "routes",
];

/// Where state lives: a name of a module, or an attribute of a class.
type Home = (ModuleId, Vec<String>);

/// A place that changes a container.
struct Write {
    span: Span,
    function: FunctionId,
    adds: bool,
}

fn run(project: &Project, findings: &mut Findings) {
    let homes = homes(project);
    let names: BTreeSet<&str> = homes.keys().filter_map(|(_, path)| path.last()).map(String::as_str).collect();
    let serving = project.functions_while_serving();
    let mut writes: BTreeMap<Home, Vec<Write>> = BTreeMap::new();
    for module in project.modules.iter().filter(|module| module.role == Role::Application) {
        for (home, write) in changes(project, module, &names) {
            if homes.contains_key(&home) && serving.contains(&write.function) {
                writes.entry(home).or_default().push(write);
            }
        }
    }
    findings.examined(homes.len());
    writes.retain(|_, writes| writes.iter().any(|write| write.adds));
    // What one class keeps moves to another place at once.
    let mut groups: BTreeMap<(ModuleId, Vec<String>), Vec<Home>> = BTreeMap::new();
    for home in writes.keys() {
        let is_attribute = home.1.len() > 1;
        let owner = if is_attribute { home.1[..home.1.len() - 1].to_vec() } else { home.1.clone() };
        groups.entry((home.0, owner)).or_default().push(home.clone());
    }
    for kept in groups.into_values() {
        let mut all: Vec<&Write> = kept.iter().flat_map(|home| &writes[home]).collect();
        all.sort_by_key(|write| (!write.adds, write.span));
        report(project, &kept, &homes, &all, findings);
    }
}

fn report(project: &Project, kept: &[Home], homes: &BTreeMap<Home, Span>, writes: &[&Write], findings: &mut Findings) {
    let Some(home) = kept.iter().min_by_key(|home| homes[*home]) else { return };
    let place = homes[home];
    let functions: BTreeSet<FunctionId> = writes.iter().map(|write| write.function).collect();
    let name = home.1.join(".");
    let first = project.calls.qualname(project, writes[0].function);
    let finding = findings.report(place, message(&name, &first, functions.len()));
    finding.subject(name.clone());
    if words(&name).any(|word| matches!(word.as_str(), "cache" | "cached" | "memo")) {
        finding.severity(Severity::Low).confidence(Confidence::Low);
    }
    for other in kept.iter().filter(|other| *other != home) {
        finding.related(homes[other], format!("`{}` is written too", other.1.join(".")));
    }
    for write in writes.iter().take(MAX_RELATED) {
        finding.related(write.span, format!("`{}` writes to it", project.calls.qualname(project, write.function)));
    }
}

/// The containers that live as long as the process, with their places.
fn homes(project: &Project) -> BTreeMap<Home, Span> {
    let mut found = BTreeMap::new();
    for module in project.modules.iter() {
        if module.role != Role::Application || !project.imports.is_served(module.id) {
            continue;
        }
        for (_, stmt) in module.python.syntax.stmts() {
            let (target, value) = match &stmt.kind {
                StmtKind::Assign { targets, value } if targets.len() == 1 => (targets[0], *value),
                StmtKind::AnnAssign { target, value: Some(value), .. } => (*target, *value),
                _ => continue,
            };
            if is_of_body(module, target) {
                global(project, module, target, value, &mut found);
            }
        }
    }
    found
}

/// Whether a target is a name of the module's own body.
fn is_of_body(module: &Module, target: ExprId) -> bool {
    let python = &module.python;
    matches!(python.syntax.expr(target).kind, ExprKind::Name { .. })
        && python.names.scope(python.scope_of_expr(target)).kind == ScopeKind::Module
}

fn global(project: &Project, module: &Module, target: ExprId, value: ExprId, found: &mut BTreeMap<Home, Span>) {
    let syntax = &module.python.syntax;
    let ExprKind::Name { id, .. } = syntax.expr(target).kind else { return };
    if is_container(project, module, value) {
        let name = syntax.name(id).to_owned();
        let is_own = belongs_to_process(&name, holds_tasks(project, module, value));
        if !is_own && !project.holds_process_objects(module, &name) {
            found.insert((module.id, vec![name]), module.span_of(target));
        }
        return;
    }
    let ExprKind::Call { func, .. } = syntax.expr(value).kind else { return };
    if let Some((home, class, _)) = project.class(module, func).filter(|(home, ..)| home.role == Role::Application) {
        attributes(project, home, class, found);
    }
}

/// The containers that a class gives its instances in `__init__`.
fn attributes(project: &Project, module: &Module, class: StmtId, found: &mut BTreeMap<Home, Span>) {
    let Some((home, Definition::Function(init))) = project.member(module, class, "__init__") else { return };
    let Some(definition) = home.function(init).filter(|_| home.id == module.id) else { return };
    let syntax = &module.python.syntax;
    for stmt in syntax.walk_stmts_in(&definition.body, false) {
        let (target, value) = match &syntax.stmt(stmt).kind {
            StmtKind::Assign { targets, value } if targets.len() == 1 => (targets[0], *value),
            StmtKind::AnnAssign { target, value: Some(value), .. } => (*target, *value),
            _ => continue,
        };
        let ExprKind::Attribute { value: object, attr, .. } = syntax.expr(target).kind else { continue };
        let name = syntax.identifier(attr);
        let is_own = module.own_class(object).is_some();
        if is_own
            && is_container(project, module, value)
            && !belongs_to_process(name, holds_tasks(project, module, value))
        {
            let mut path = module.path_to(Parent::Stmt(class));
            path.push(name.to_owned());
            found.insert((module.id, path), module.span_of(target));
        }
    }
}

fn is_container(project: &Project, module: &Module, value: ExprId) -> bool {
    match &module.python.syntax.expr(value).kind {
        ExprKind::Dict(_) | ExprKind::Set(_) | ExprKind::List { .. } => true,
        ExprKind::Call { func, .. } => project.is_any(module, *func, CONTAINERS),
        _ => false,
    }
}

/// Whether a container is a set, which is where running tasks are kept.
fn holds_tasks(project: &Project, module: &Module, value: ExprId) -> bool {
    match &module.python.syntax.expr(value).kind {
        ExprKind::Call { func, .. } => project.is_any(module, *func, &["set"]),
        ExprKind::List { .. } => true,
        _ => false,
    }
}

fn belongs_to_process(name: &str, may_hold_tasks: bool) -> bool {
    words(name).any(|word| {
        OWN_WORDS.contains(&word.as_str()) || may_hold_tasks && matches!(word.as_str(), "task" | "tasks" | "threads")
    })
}

fn words(name: &str) -> impl Iterator<Item = String> + '_ {
    name.split(|letter: char| !letter.is_alphanumeric()).map(str::to_lowercase)
}

/// The changes that a module makes to containers with one of these names.
fn changes(project: &Project, module: &Module, names: &BTreeSet<&str>) -> Vec<(Home, Write)> {
    let syntax = &module.python.syntax;
    let mut found = Vec::new();
    let mut note = |object: ExprId, adds: bool| {
        if let Some(home) = home_of(project, module, object, names) {
            let function = project.calls.function_of(module, object);
            found.push((home, Write { span: module.span_of(object), function, adds }));
        }
    };
    for call in module.calls_named(CHANGES) {
        // `state["x"].append(…)` changes what stands in the container, which is as good.
        if let Some(object) = call.object {
            note(module.without_subscript(object), ADDITIONS.contains(&call.name));
        }
    }
    for (_, stmt) in syntax.stmts() {
        match &stmt.kind {
            StmtKind::Assign { targets, .. } => subscripted(module, targets).for_each(|object| note(object, true)),
            StmtKind::AugAssign { target, .. } => subscripted(module, &[*target]).for_each(|object| note(object, true)),
            StmtKind::Delete(targets) => subscripted(module, targets).for_each(|object| note(object, false)),
            _ => {}
        }
    }
    found
}

/// The objects of targets like `object[key]`.
fn subscripted<'m>(module: &'m Module, targets: &'m [ExprId]) -> impl Iterator<Item = ExprId> + 'm {
    let syntax = &module.python.syntax;
    targets.iter().filter_map(|&target| match syntax.expr(target).kind {
        ExprKind::Subscript { value, .. } => Some(module.without_subscript(value)),
        _ => None,
    })
}

/// The container that an expression is: a name of a module, or an attribute of `self`.
fn home_of(project: &Project, module: &Module, object: ExprId, names: &BTreeSet<&str>) -> Option<Home> {
    let syntax = &module.python.syntax;
    match syntax.expr(object).kind {
        ExprKind::Attribute { value, attr, .. } if names.contains(syntax.identifier(attr)) => {
            if let Some(class) = module.own_class(value) {
                let mut path = module.path_to(Parent::Stmt(class));
                path.push(syntax.identifier(attr).to_owned());
                return Some((module.id, path));
            }
        }
        ExprKind::Name { id, .. } if names.contains(syntax.name(id)) => {}
        _ => return None,
    }
    match project.symbol(module, object)? {
        Symbol::Definition { module, path } => Some((module, path)),
        _ => None,
    }
}
