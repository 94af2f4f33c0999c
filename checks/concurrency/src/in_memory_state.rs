mod uses;

use pyaudit_check::project::calls::{FunctionId, FunctionNode};
use pyaudit_check::project::{Definition, Module, ModuleId, Symbol, is_about_process};
use pyaudit_check::python::{ExprId, ExprKind, Parent, ScopeKind, StmtId, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, Span, check};
use std::collections::{BTreeMap, BTreeSet};
use uses::{Use, Uses, only_bounds};

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
    /// tasks, and registries, locks, clients, models and pools by their names, which belong to a process, and events, locks,
    /// queues and tasks by what is put in. So do
    /// objects that are only kept to be closed at the end, and services of an abstract class that a function makes where it
    /// finds none, a memo, which one function fills with what it works out from its arguments,
    /// what nothing reads, what only keeps a warning from being logged twice, what tells of the process itself (whether it is ready), and what only code writes or reads that
    /// surely nothing runs. A cache, and what stands in for a store of all processes where that is missing, is of
    /// low severity and confidence, and metrics, statistics and buffers of a process stay silent. Where requests do not both
    /// write and read it, the confidence is low. All containers of one class are one finding. Attributes of objects that a
    /// function makes are not seen.
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

/// What is known of a container from where it is made.
struct Made {
    /// The name that it is given.
    span: Span,
    /// Whether it is made to hold objects of the process: locks, events, tasks.
    is_of_process: bool,
}

/// What runs while the process serves.
struct Running {
    /// What answers requests, and everything that goes on beside them.
    serving: BTreeSet<FunctionId>,
    /// What answers requests.
    answering: BTreeSet<FunctionId>,
}

fn run(project: &Project, findings: &mut Findings) {
    let homes = homes(project);
    findings.examined(homes.len());
    let uses = Uses::of(project, &homes.keys().collect());
    let running = Running { serving: project.functions_while_serving(), answering: project.functions_of_requests() };
    // What one class keeps moves to another place at once.
    let mut groups: BTreeMap<Home, Vec<Home>> = BTreeMap::new();
    for (home, made) in &homes {
        if uses.of.get(home).is_some_and(|of_it| is_state(project, home, made, of_it, &uses, &running)) {
            let is_attribute = home.1.len() > 1;
            let owner = if is_attribute { home.1[..home.1.len() - 1].to_vec() } else { home.1.clone() };
            groups.entry((home.0, owner)).or_default().push(home.clone());
        }
    }
    for kept in groups.into_values() {
        report(project, &kept, &homes, &uses, &running, findings);
    }
}

/// Whether requests keep something in a container, and something is made of it.
fn is_state(
    project: &Project,
    home: &Home,
    made: &Made,
    of_it: &[Use<'_>],
    uses: &Uses<'_>,
    running: &Running,
) -> bool {
    let adds: Vec<&Use<'_>> = of_it.iter().filter(|it| it.adds && running.serving.contains(&it.function)).collect();
    let holds_own = || adds.iter().all(|it| it.value.is_some_and(|value| project.is_of_process(it.module, value)));
    !adds.is_empty()
        && !made.is_of_process
        && !holds_own()
        && !of_it.iter().any(|it| project.is_forgotten_when_done(it.module, it.object))
        && (uses.may_be_read_elsewhere(home) || of_it.iter().any(|it| is_read(project, it)))
        && !is_memo(project, home, of_it, uses)
}

/// Whether something that runs makes something of what a container holds.
fn is_read(project: &Project, it: &Use<'_>) -> bool {
    it.reads
        && !project.is_unreached_at(it.module, it.object)
        && !project.is_only_logged(it.module, it.object)
        && !only_bounds(project, it)
}

/// Whether one function alone keeps in a container what it works out from its arguments.
fn is_memo(project: &Project, home: &Home, of_it: &[Use<'_>], uses: &Uses<'_>) -> bool {
    let mut adders: Vec<FunctionId> = of_it.iter().filter(|it| it.adds).map(|it| it.function).collect();
    adders.dedup();
    let [adder] = adders[..] else { return false };
    let function = project.calls.function(adder);
    let FunctionNode::Definition(stmt) = function.node else { return false };
    let module = project.modules.get(function.module);
    let others_read = || of_it.iter().any(|it| it.function != adder && is_read(project, it));
    // What an answer to a change is kept under tells whether the change was made before.
    let is_about_changes = || {
        let name = home.1.join(".");
        let says_so = words(&name).any(|word| word.starts_with("idempot") || word == "processed" || word == "seen");
        let changes = project.routes.of_handler(module.id, stmt).is_some_and(|route| {
            route.methods.iter().any(|method| !matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS"))
        });
        says_so || changes && !is_cache(&name)
    };
    if uses.may_be_read_elsewhere(home) || others_read() || is_about_changes() {
        return false;
    }
    let here: Vec<&Use<'_>> = of_it.iter().filter(|it| it.function == adder).collect();
    let looked_up: Vec<ExprId> = here.iter().filter(|it| it.reads).map(|it| it.object).collect();
    let kept: Option<Vec<(ExprId, ExprId)>> =
        here.iter().filter(|it| it.adds).map(|it| Some((it.key?, it.value?))).collect();
    !looked_up.is_empty() && kept.is_some_and(|kept| project.is_memo(module, stmt, &looked_up, &kept))
}

fn is_cache(name: &str) -> bool {
    words(name).any(|word| matches!(word.as_str(), "cache" | "cached" | "memo"))
}

fn report(
    project: &Project,
    kept: &[Home],
    homes: &BTreeMap<Home, Made>,
    uses: &Uses<'_>,
    running: &Running,
    findings: &mut Findings,
) {
    let Some(home) = kept.iter().min_by_key(|home| homes[*home].span) else { return };
    let of_them = || kept.iter().flat_map(|home| &uses.of[home]);
    let mut writes: Vec<&Use<'_>> =
        of_them().filter(|it| it.changes && running.serving.contains(&it.function)).collect();
    writes.sort_by_key(|write| (!write.adds, write.span()));
    let functions: BTreeSet<FunctionId> = writes.iter().map(|write| write.function).collect();
    let name = home.1.join(".");
    let first = project.calls.qualname(project, writes[0].function);
    let finding = findings.report(homes[home].span, message(&name, &first, functions.len()));
    finding.subject(name.clone());
    let is_answering = |it: &Use<'_>| running.answering.contains(&it.function);
    let mut adds = writes.iter().filter(|write| write.adds);
    if is_cache(&name) || adds.clone().all(|add| project.is_fallback_of_store(add.module, add.object)) {
        finding.severity(Severity::Low).confidence(Confidence::Low);
    } else if !adds.any(|add| is_answering(add)) || !of_them().any(|it| is_answering(it) && is_read(project, it)) {
        finding.confidence(Confidence::Low);
    }
    for other in kept.iter().filter(|other| *other != home) {
        finding.related(homes[other].span, format!("`{}` is written too", other.1.join(".")));
    }
    for write in writes.iter().take(MAX_RELATED) {
        finding.related(write.span(), format!("`{}` writes to it", project.calls.qualname(project, write.function)));
    }
}

/// The containers that live as long as the process, with their places.
fn homes(project: &Project) -> BTreeMap<Home, Made> {
    let mut found = BTreeMap::new();
    for module in project.modules.iter() {
        if module.role != Role::Application || !project.imports.is_served(module.id) {
            continue;
        }
        for (id, _) in module.python.syntax.stmts() {
            let Some(made) = assigned(module, id) else { continue };
            // What stands below `if __name__ == "__main__":` is no part of a service.
            if is_of_body(module, made.target) && !module.python.is_in_main_guard(Parent::Stmt(id)) {
                global(project, module, &made, &mut found);
            }
        }
    }
    found
}

/// A statement that gives one name or attribute a value.
struct Assigned {
    target: ExprId,
    annotation: Option<ExprId>,
    value: ExprId,
}

fn assigned(module: &Module, stmt: StmtId) -> Option<Assigned> {
    match &module.python.syntax.stmt(stmt).kind {
        StmtKind::Assign { targets, value } if targets.len() == 1 => {
            Some(Assigned { target: targets[0], annotation: None, value: *value })
        }
        StmtKind::AnnAssign { target, annotation, value: Some(value), .. } => {
            Some(Assigned { target: *target, annotation: Some(*annotation), value: *value })
        }
        _ => None,
    }
}

/// What is known of a container.
fn made(project: &Project, module: &Module, it: &Assigned) -> Made {
    let mut said = it.annotation.into_iter().chain([it.value]);
    let is_of_process = said.any(|said| project.is_made_for_process(module, said));
    Made { span: module.span_of(it.target), is_of_process }
}

/// Whether a target is a name of the module's own body.
fn is_of_body(module: &Module, target: ExprId) -> bool {
    let python = &module.python;
    matches!(python.syntax.expr(target).kind, ExprKind::Name { .. })
        && python.names.scope(python.scope_of_expr(target)).kind == ScopeKind::Module
}

fn global(project: &Project, module: &Module, it: &Assigned, found: &mut BTreeMap<Home, Made>) {
    let syntax = &module.python.syntax;
    let value = it.value;
    let ExprKind::Name { id, .. } = syntax.expr(it.target).kind else { return };
    if is_container(project, module, value) {
        let name = syntax.name(id).to_owned();
        let is_own = belongs_to_process(&name, holds_tasks(project, module, value)) || tells_of_process(module, &name);
        if !is_own && !project.holds_process_objects(module, &name) {
            found.insert((module.id, vec![name]), made(project, module, it));
        }
        return;
    }
    let ExprKind::Call { func, .. } = syntax.expr(value).kind else { return };
    if let Some((home, class, _)) = project.class(module, func).filter(|(home, ..)| home.role == Role::Application) {
        attributes(project, home, class, found);
    }
}

/// The containers that a class gives its instances in `__init__`.
fn attributes(project: &Project, module: &Module, class: StmtId, found: &mut BTreeMap<Home, Made>) {
    let Some((home, Definition::Function(init))) = project.member(module, class, "__init__") else { return };
    let Some(definition) = home.function(init).filter(|_| home.id == module.id) else { return };
    let syntax = &module.python.syntax;
    for stmt in syntax.walk_stmts_in(&definition.body, false) {
        let Some(it) = assigned(module, stmt) else { continue };
        let value = it.value;
        let ExprKind::Attribute { value: object, attr, .. } = syntax.expr(it.target).kind else { continue };
        let name = syntax.identifier(attr);
        let is_own = module.own_class(object).is_some();
        if is_own
            && is_container(project, module, value)
            && !belongs_to_process(name, holds_tasks(project, module, value))
            && !tells_of_process(module, &module.path_to(Parent::Stmt(class)).join("."))
            && !is_about_process(name)
        {
            let mut path = module.path_to(Parent::Stmt(class));
            path.push(name.to_owned());
            found.insert((module.id, path), made(project, module, &it));
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

/// Whether a name, or that of its module, says that it tells of the process itself: whether it is ready.
fn tells_of_process(module: &Module, name: &str) -> bool {
    let stem = module.name.rsplit('.').next().unwrap_or("");
    is_about_process(name) || stem.contains("readiness") || stem.contains("liveness")
}

fn words(name: &str) -> impl Iterator<Item = String> + '_ {
    name.split(|letter: char| !letter.is_alphanumeric()).map(str::to_lowercase)
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
