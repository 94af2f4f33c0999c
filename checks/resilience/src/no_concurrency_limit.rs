use pyaudit_check::project::calls::Callee;
use pyaudit_check::project::{Module, NamedCall};
use pyaudit_check::python::{ExprId, ExprKind, Parent, StmtKind};
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds `asyncio.gather(*(call(item) for item in items))` whose calls leave the machine, with nothing that bounds how many run at
    /// once. All of one module are one finding.
    ///
    /// ## Why it matters
    /// A list of a thousand items opens a thousand connections at once. The service at the other end answers 429 or falls over, the
    /// pool of the client runs dry, and every other request waits.
    ///
    /// ## How to fix
    /// Let each call take `async with semaphore:` of one `asyncio.Semaphore(10)`, or go through the items in slices.
    ///
    /// ## Limits
    /// A constant list, a slice and a loop over batches are bounded. A semaphore or limiter that the module of the loop or of the
    /// function it calls names counts. Calls whose way out of the machine cannot be followed are not seen.
    id: "no-concurrency-limit",
    summary: "as many calls at once as there are items",
    area: Resilience,
    axis: Robustness,
    severity: Info,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://docs.python.org/3/library/asyncio-sync.html#asyncio.Semaphore"],
    run: Module(run),
}

/// Names that only code which bounds something has.
const LIMITS: &[&str] = &[
    "Semaphore",
    "BoundedSemaphore",
    "CapacityLimiter",
    "semaphore",
    "_semaphore",
    "limiter",
    "AsyncLimiter",
    "sem",
    "TCPConnector",
    "Limits",
];

fn message(call: &str, items: &str) -> String {
    format!("`{call}` runs for all of `{items}` at once: nothing bounds how many calls leave the machine together")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    let is_served = module.role == Role::Application && project.imports.is_served(module.id);
    if !is_served || project.is_command_line(module) {
        return;
    }
    let mut unbounded = Vec::new();
    for call in module.calls_named(&["gather"]) {
        if !call.is_any(project, &["asyncio.gather"]) {
            continue;
        }
        let Some((each, items)) = fanned_out(project, &call) else { continue };
        if !project.leaves_the_machine(module, each) {
            continue;
        }
        findings.examined(1);
        if is_bounded(project, &call, each, items) {
            continue;
        }
        let what = project.sources.slice(module.span_of(callee(module, each)));
        let items = project.sources.slice(module.span_of(items));
        unbounded.push((call.span(), message(what, items)));
    }
    let Some(((at, text), others)) = unbounded.split_first() else { return };
    let finding = findings.report(*at, text);
    for (at, _) in others {
        finding.related(*at, "as many at once as there are items here too");
    }
}

/// The call that runs for each item, and the items, of `gather(*(call(item) for item in items))`.
fn fanned_out(project: &Project, call: &NamedCall<'_>) -> Option<(ExprId, ExprId)> {
    let module = call.module;
    let syntax = &module.python.syntax;
    let [only] = call.args else { return None };
    let ExprKind::Starred { value, .. } = syntax.expr(*only).kind else { return None };
    let value = project.local_value(module, value).unwrap_or(value);
    let (elt, generators) = match &syntax.expr(value).kind {
        ExprKind::ListComp { elt, generators } | ExprKind::Generator { elt, generators } => (*elt, generators),
        _ => return None,
    };
    let [generator] = &generators[..] else { return None };
    // `asyncio.create_task(call(item))` runs the call inside it.
    let inner = match &syntax.expr(elt).kind {
        ExprKind::Call { args, .. } => {
            args.first().copied().filter(|&arg| matches!(syntax.expr(arg).kind, ExprKind::Call { .. }))
        }
        _ => return None,
    };
    let is_task = project.calls.symbol_at(module, elt).is_some_and(|symbol| symbol.starts_with("asyncio."));
    Some((inner.filter(|_| is_task).unwrap_or(elt), generator.iter))
}

fn callee(module: &Module, call: ExprId) -> ExprId {
    match module.python.syntax.expr(call).kind {
        ExprKind::Call { func, .. } => func,
        _ => call,
    }
}

/// Whether the number of items is bounded, or that of the calls that run at once.
fn is_bounded(project: &Project, call: &NamedCall<'_>, each: ExprId, items: ExprId) -> bool {
    let module = call.module;
    let syntax = &module.python.syntax;
    let limits = |module: &Module| LIMITS.iter().any(|name| module.python.name_id(name).is_some());
    let callees = project.calls.edges_at(module, each).filter_map(|edge| match edge.callee {
        Callee::Function(function) => Some(project.calls.function(function).module),
        Callee::External(_) => None,
    });
    let in_loop = syntax
        .enclosing_stmts(Parent::Expr(call.id))
        .any(|stmt| matches!(syntax.stmt(stmt).kind, StmtKind::For { .. } | StmtKind::While { .. }));
    in_loop
        || limits(module)
        || callees.into_iter().any(|callee| limits(project.modules.get(callee)))
        || is_short(project, module, items)
}

/// Whether there are only so many items as the source says: a list, a constant, a slice.
fn is_short(project: &Project, module: &Module, items: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let value = project.local_value(module, items).unwrap_or(items);
    match &syntax.expr(value).kind {
        ExprKind::List { .. } | ExprKind::Tuple { .. } | ExprKind::Set(_) | ExprKind::Dict(_) => true,
        ExprKind::Subscript { slice, .. } => matches!(syntax.expr(*slice).kind, ExprKind::Slice { .. }),
        ExprKind::Name { id, .. } => is_constant_name(syntax.name(*id)),
        ExprKind::Attribute { attr, .. } => is_constant_name(syntax.identifier(*attr)),
        ExprKind::Call { func, args, .. } => match &syntax.expr(*func).kind {
            // `range(3)`, `enumerate(NAMES)`, `NAMES.items()`
            ExprKind::Name { .. } => args.first().is_some_and(|&first| {
                matches!(syntax.expr(first).kind, ExprKind::Int(_)) || is_short_name(module, first)
            }),
            ExprKind::Attribute { value, .. } => is_short_name(module, *value),
            _ => false,
        },
        _ => false,
    }
}

fn is_short_name(module: &Module, expr: ExprId) -> bool {
    match module.python.syntax.expr(expr).kind {
        ExprKind::Name { id, .. } => is_constant_name(module.python.syntax.name(id)),
        _ => false,
    }
}

fn is_constant_name(name: &str) -> bool {
    name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase)
}
