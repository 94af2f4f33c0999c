use pyaudit_check::project::calls::FunctionNode;
use pyaudit_check::project::{Module, NamedCall};
use pyaudit_check::python::{ExprId, ExprKind, Integer, Parent, StmtId, StmtKind};
use pyaudit_check::{Findings, Project, Role, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds rate limits that count by the first address in `X-Forwarded-For`: slowapi's `get_ipaddr`, and functions of the
    /// project that take the first part of that header and belong to a limiter, by their name or that of what calls them.
    ///
    /// ## Why it matters
    /// The client writes that header. A proxy adds the real address at its end, so that the first part is whatever the
    /// client likes, another one for each request, and nobody is ever limited.
    ///
    /// ## How to fix
    /// Let the server read the header from proxies that it trusts alone (`uvicorn --proxy-headers
    /// --forwarded-allow-ips=10.0.0.5`, `ProxyHeadersMiddleware`) and use `request.client.host`; or count from the end, by
    /// the number of your own proxies.
    ///
    /// ## Limits
    /// Code that only logs the address is silent, and so are a function that names trusted proxies, and functions and
    /// middleware that nothing but tests uses.
    id: "spoofable-client-address",
    summary: "a rate limit counts by an address that the client chooses",
    area: Api,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-Forwarded-For#security_and_privacy_concerns",
        "https://cwe.mitre.org/data/definitions/348.html",
    ],
    run: Module(run),
}

/// Functions of libraries that read the header. <https://slowapi.readthedocs.io/en/latest/api/>
const LIBRARY: &[&str] = &["slowapi.util.get_ipaddr"];

const HEADER: &str = "x-forwarded-for";

/// Parts of names of what limits.
const LIMITING: &[&str] = &["limit", "throttl", "quota", "lockout", "attempt"];

/// How many callers are looked at in a row.
const CALLERS: usize = 3;

fn library_message() -> String {
    "nobody is limited who does not want to be: `get_ipaddr` takes the address that the client writes into \
     `X-Forwarded-For`"
        .to_owned()
}

fn own_message(function: &str, header: &str) -> String {
    format!(
        "nobody is limited who does not want to be: `{function}` takes the first address of `{header}`, which the \
         client writes"
    )
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    for call in module.calls_named(&["Limiter"]) {
        findings.examined(1);
        let key = call.argument(project, "key_func", 0);
        if let Some(key) = key.filter(|&key| project.is_any(module, key, LIBRARY)) {
            findings.report(module.span_of(key), library_message());
        }
    }
    let syntax = &module.python.syntax;
    let mut told = BTreeSet::new();
    for (id, expr) in syntax.exprs() {
        let Some(header) = syntax.string(id).filter(|text| text.eq_ignore_ascii_case(HEADER)) else { continue };
        let around = syntax.enclosing_functions(Parent::Expr(id)).next();
        let Some(function) = around else { continue };
        if !takes_first(module, function)
            || names_proxies(module, function)
            || !belongs_to_limiter(project, module, function)
            || !is_used(project, module, function, CALLERS)
            || !told.insert(function)
        {
            continue;
        }
        findings.examined(1);
        let name = module.python.qualname(function).unwrap_or_default();
        findings.report(module.span(expr.range), own_message(&name, header)).subject(name);
    }
}

/// Whether a function takes the first part of a text that it splits at commas.
fn takes_first(module: &Module, function: StmtId) -> bool {
    let syntax = &module.python.syntax;
    let body = module.function(function).map_or(&[][..], |function| &function.body);
    let is_split = |expr: ExprId| match &syntax.expr(expr).kind {
        ExprKind::Call { func, args, .. } => {
            module.last_name(*func) == Some("split")
                && args.first().and_then(|&mark| syntax.string(mark)).is_some_and(|mark| mark.starts_with(','))
        }
        _ => false,
    };
    // `forwarded.split(",")[0]`, also with the parts in a name of their own.
    let holders: Vec<&str> = syntax
        .walk_stmts_in(body, false)
        .filter_map(|id| match &syntax.stmt(id).kind {
            StmtKind::Assign { targets, value } if syntax.walk_exprs_of(*value).any(is_split) => {
                module.last_name(*targets.first()?)
            }
            _ => None,
        })
        .collect();
    body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true)).any(|id| match &syntax.expr(id).kind {
        ExprKind::Subscript { value, slice, .. } => {
            let is_first = matches!(syntax.expr(*slice).kind, ExprKind::Int(Integer::Small(0)));
            is_first && (is_split(*value) || module.last_name(*value).is_some_and(|name| holders.contains(&name)))
        }
        _ => false,
    })
}

/// Whether a function has something to do with proxies that are trusted.
fn names_proxies(module: &Module, function: StmtId) -> bool {
    let syntax = &module.python.syntax;
    let body = module.function(function).map_or(&[][..], |function| &function.body);
    body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true)).any(|id| {
        module.last_name(id).is_some_and(|name| {
            let lower = name.to_ascii_lowercase();
            lower.contains("trust") || lower.contains("prox")
        })
    })
}

/// Whether something that is shipped uses a function, or the class of a method: it is called by what is used itself,
/// registered by a decorator, or named.
fn is_used(project: &Project, module: &Module, function: StmtId, depth: usize) -> bool {
    let syntax = &module.python.syntax;
    let class = syntax.enclosing_stmts(Parent::Stmt(function)).find_map(|stmt| match &syntax.stmt(stmt).kind {
        StmtKind::ClassDef(class) => Some(class),
        _ => None,
    });
    if let Some(class) = class {
        return is_named(project, syntax.identifier(class.name));
    }
    let Some((id, definition)) = project.calls.of(module.id, function).zip(module.function(function)) else {
        return true;
    };
    let Some(depth) = depth.checked_sub(1) else { return true };
    if project.calls.is_entry_point(id) || !definition.decorators.is_empty() {
        return true;
    }
    let callers: Vec<_> = project.calls.edges_to(id).map(|edge| project.calls.function(edge.caller)).collect();
    if callers.is_empty() {
        return is_named(project, syntax.identifier(definition.name));
    }
    callers.into_iter().any(|caller| {
        let home = project.modules.get(caller.module);
        home.role == Role::Application
            && match caller.node {
                FunctionNode::Definition(caller) => is_used(project, home, caller, depth),
                FunctionNode::Module | FunctionNode::Lambda(_) => true,
            }
    })
}

/// Whether shipped code has a name anywhere but where it is defined or imported.
fn is_named(project: &Project, name: &str) -> bool {
    let shipped = project.modules.iter().filter(|module| module.role == Role::Application);
    let mut having = shipped.filter(|module| module.python.name_id(name).is_some());
    having.any(|module| {
        let syntax = &module.python.syntax;
        syntax.exprs().any(|(_, expr)| match expr.kind {
            ExprKind::Name { id, .. } => syntax.name(id) == name,
            ExprKind::Attribute { attr, .. } => syntax.identifier(attr) == name,
            _ => false,
        })
    })
}

/// Whether a function, what calls it, or a limiter that is given it, limits.
fn belongs_to_limiter(project: &Project, module: &Module, function: StmtId) -> bool {
    let limits = |name: &str| {
        let lower = name.to_ascii_lowercase();
        LIMITING.iter().any(|word| lower.contains(word))
    };
    let is_key = |call: &NamedCall<'_>| {
        let key = call.argument(project, "key_func", 0);
        let own = key.and_then(|key| project.function(call.module, key));
        own.is_some_and(|(home, id, _)| (home.id, id) == (module.id, function))
    };
    let Some(id) = project.calls.of(module.id, function) else { return false };
    let mut level = vec![id];
    for _ in 0..CALLERS {
        if level.iter().any(|&id| limits(&project.calls.qualname(project, id))) {
            return true;
        }
        level = level.iter().flat_map(|&id| project.calls.edges_to(id).map(|edge| edge.caller)).collect();
        level.sort_unstable();
        level.dedup();
        level.truncate(64);
    }
    let shipped = project.modules.iter().filter(|module| module.role == Role::Application);
    shipped.flat_map(|module| module.calls_named(&["Limiter"])).any(|call| is_key(&call))
}
