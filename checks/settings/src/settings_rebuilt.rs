use pyaudit_check::project::Module;
use pyaudit_check::project::settings::{Instance, InstanceKind, SettingsClass};
use pyaudit_check::python::{ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_check::{Findings, Project, Role, Span, check};

check! {
    /// ## What it does
    /// Finds settings of pydantic that are made anew at each call: a `def get_settings(): return Settings()` without a
    /// cache that a dependency or a function calls, and `Settings()` in a route handler.
    ///
    /// ## Why it matters
    /// Each request reads the `.env` file from disk, looks at every variable and validates every field again, which takes
    /// longer than many handlers do, and what one part of the program was told may differ from what another one was.
    ///
    /// ## How to fix
    /// Put `@lru_cache` on the function, or make one object at the top of the module.
    ///
    /// ## Limits
    /// A function that only a module's own statements, the making of the application or its start call is silent, and so is one
    /// with parameters or that keeps the object itself (`global`, an attribute). Models and plain classes are not examined, nor are
    /// tests, scripts, examples and migrations.
    id: "settings-rebuilt",
    summary: "settings are read from disk at each call",
    area: Settings,
    axis: Robustness,
    severity: Low,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://fastapi.tiangolo.com/advanced/settings/#creating-the-settings-only-once-with-lru_cache"],
    run: Project(run),
}

/// Functions that run once.
const ONCE: &[&str] = &[
    "main",
    "create_app",
    "make_app",
    "build_app",
    "get_app",
    "get_application",
    "create_application",
    "lifespan",
    "startup",
    "setup",
    "init",
    "configure",
    "run",
];

/// Callables that take a dependency.
const DEPENDS: &[&str] =
    &["fastapi.Depends", "fastapi.param_functions.Depends", "fastapi.Security", "fastapi.params.Depends"];

fn getter_message(function: &str, class: &str) -> String {
    format!("`{function}` makes a new `{class}` at each call, which reads and validates everything again")
}

fn handler_message(class: &str, handler: &str) -> String {
    format!("`{handler}` makes a new `{class}` for each request, which reads and validates everything again")
}

fn run(project: &Project, findings: &mut Findings) {
    for class in project.settings.classes() {
        let constructions = class.instances.iter().filter(|instance| instance.kind == InstanceKind::Construction);
        for instance in constructions {
            let module = project.modules.get(instance.module);
            let Some(function) =
                instance.function.filter(|_| module.role == Role::Application && class.kind.is_settings())
            else {
                continue;
            };
            findings.examined(1);
            report(project, module, class, (instance, function), findings);
        }
    }
}

fn report(
    project: &Project,
    module: &Module,
    class: &SettingsClass,
    (instance, function): (&Instance, StmtId),
    findings: &mut Findings,
) {
    let Some(definition) = module.function(function) else { return };
    let name = module.python.syntax.identifier(definition.name);
    if project.handlers_in(module).iter().any(|(handler, _)| *handler == function) {
        findings.report(instance.span, handler_message(&class.qualname(), name)).subject(name);
        return;
    }
    let is_lent = class.instances.iter().any(|getter| {
        let is_it = getter.module == instance.module && getter.function == Some(function);
        is_it && getter.kind == InstanceKind::Getter && !getter.is_cached
    });
    // One with parameters makes what it is asked for.
    let is_plain = definition.parameters.iter().next().is_none() && definition.decorators.is_empty();
    if !is_lent || keeps(module, function) || !is_plain {
        return;
    }
    let Some(user) = repeated_use(project, module, function, name) else { return };
    let finding = findings.report(instance.span, getter_message(name, &class.qualname()));
    finding.subject(name).related(user, "called here each time");
}

/// Whether a function puts what it makes somewhere to find it again.
fn keeps(module: &Module, function: StmtId) -> bool {
    let syntax = &module.python.syntax;
    syntax.stmts().any(|(id, stmt)| {
        let is_inside = || syntax.enclosing_functions(Parent::Stmt(id)).next() == Some(function);
        match &stmt.kind {
            StmtKind::Global(_) | StmtKind::Nonlocal(_) => is_inside(),
            StmtKind::Assign { targets, .. } => {
                let is_name = |target: &ExprId| matches!(syntax.expr(*target).kind, ExprKind::Name { .. });
                !targets.iter().all(is_name) && is_inside()
            }
            _ => false,
        }
    })
}

/// The first place that has the function called more than once: a dependency, or a call in a function.
fn repeated_use(project: &Project, home: &Module, function: StmtId, name: &str) -> Option<Span> {
    let is_it = |module: &Module, expr: ExprId| {
        project.function(module, expr).is_some_and(|(found, id, _)| (found.id, id) == (home.id, function))
    };
    let modules = || project.modules.iter().filter(|module| module.role == Role::Application);
    let depends = modules().flat_map(|module| module.calls_named(&["Depends", "Security"])).find(|call| {
        let taken = call.args.first().copied();
        taken.is_some_and(|taken| is_it(call.module, taken)) && call.is_any(project, DEPENDS)
    });
    let called = || {
        let names = [name];
        modules().find_map(|module| {
            let calls = module.calls_named(&names);
            let call = calls.into_iter().find(|call| is_repeated(module, call.id) && is_it(module, call.func))?;
            Some(module.span_of(call.id))
        })
    };
    depends.map(|call| call.module.span_of(call.id)).or_else(called)
}

/// Whether a call stands in a function that may run more than once.
fn is_repeated(module: &Module, call: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let mut functions = syntax.enclosing_functions(Parent::Expr(call)).peekable();
    functions.peek().is_some()
        && functions.all(|function| {
            let name = module.function(function).map_or("", |function| syntax.identifier(function.name));
            let lower = name.trim_start_matches('_').to_ascii_lowercase();
            let first = lower.split('_').next().unwrap_or("");
            !ONCE.contains(&lower.as_str()) && !ONCE.contains(&first)
        })
}
