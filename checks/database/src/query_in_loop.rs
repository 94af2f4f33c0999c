use pyaudit_check::project::Module;
use pyaudit_check::project::database::RepeatedQuery;
use pyaudit_check::python::{ExprKind, Parent, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds queries that a `for` loop or a comprehension of a running application repeats for each element: `db.query`,
    /// `session.execute`, `session.get`, a cursor's `execute`, in the loop itself or in a function or method of the
    /// project that the loop calls with its session. All queries of one loop are one finding.
    ///
    /// ## Why it matters
    /// A list of a hundred rows costs a hundred and one round trips. It is fast with the ten rows of a test and slow
    /// with the data of a customer, and it holds a connection of the pool all the while.
    ///
    /// ## How to fix
    /// Ask once for all: `select(User).where(User.id.in_(ids))` and a dictionary, a join, a `GROUP BY` for counts, or
    /// `selectinload` for a relationship; one `insert()` with a list for rows to write.
    ///
    /// ## Limits
    /// The session, connection or cursor must be known by its annotation, dependency or making. Silent for loops over
    /// literals, constants, enumerations and `range`, over batches, chunks and pages, for `while` loops (retries,
    /// queues), for loops that go through SQL statements, for a loop whose turns commit, open a savepoint or make a session
    /// of their own, for answers that the loop keeps in a dictionary or a function caches, for loops over mapped classes
    /// or over the fields of one object, for a query that only one turn reaches, for one behind a flag that every caller leaves off, and for functions that seed, migrate or repair. One call is followed, not a chain of them. Attributes that load lazily in a loop are not seen. How
    /// many elements there are cannot be known.
    id: "query-in-loop",
    summary: "a loop queries the database once for each element",
    area: Database,
    axis: Robustness,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.sqlalchemy.org/en/20/glossary.html#term-N-plus-one-problem",
        "https://docs.sqlalchemy.org/en/20/orm/queryguide/relationships.html",
    ],
    run: Module(run),
}

fn message(callee: &str, variable: &str, is_direct: bool) -> String {
    let verb = if is_direct { "runs a query" } else { "queries the database" };
    format!("`{callee}` {verb} once for each `{variable}` of the loop")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    let is_served = module.role == Role::Application && project.imports.is_served(module.id);
    if !is_served || project.is_command_line(module) {
        return;
    }
    findings.examined(loops(module));
    let queries = project.repeated_queries(module);
    for (at, query) in queries.iter().enumerate() {
        let is_first = queries[..at].iter().all(|earlier| earlier.repeated_by != query.repeated_by);
        if is_first {
            report(project, module, query, &queries[at + 1..], findings);
        }
    }
}

fn loops(module: &Module) -> usize {
    let syntax = &module.python.syntax;
    let statements = syntax.stmts().filter(|(_, stmt)| matches!(stmt.kind, StmtKind::For { .. })).count();
    let comprehensions = syntax.exprs().filter(|(_, expr)| {
        matches!(expr.kind, ExprKind::ListComp { .. } | ExprKind::SetComp { .. } | ExprKind::DictComp { .. })
    });
    statements + comprehensions.count()
}

fn report(project: &Project, module: &Module, query: &RepeatedQuery, later: &[RepeatedQuery], findings: &mut Findings) {
    let callee = project.sources.slice(module.span(query.callee));
    let callee = callee.split_whitespace().collect::<String>();
    let text = message(&callee, &query.variable, query.through.is_none());
    let finding = findings.report(module.span(query.callee), text);
    finding.subject(module.path_to(query.repeated_by).join("."));
    if let Some(behind) = query.through {
        finding.confidence(Confidence::Medium);
        finding.step(module.span(query.callee), format!("the loop calls `{callee}`"));
        finding.step(behind, "which runs this query");
    }
    let range = match query.repeated_by {
        Parent::Stmt(id) => match &module.python.syntax.stmt(id).kind {
            StmtKind::For { target, .. } => Some(module.span_of(*target)),
            _ => None,
        },
        Parent::Expr(id) => Some(module.span_of(id)),
        _ => None,
    };
    finding.related.extend(range.map(|span| pyaudit_check::Label { span, message: "the loop".to_owned() }));
    for other in later.iter().filter(|other| other.repeated_by == query.repeated_by) {
        finding.related(module.span(other.callee), "another query of the same loop");
    }
}
