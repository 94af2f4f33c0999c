use pyaudit_check::project::{Module, Query, QueryKind};
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, check};

check! {
    /// ## What it does
    /// Finds route handlers, and functions nested in them, that run SQL themselves: raw SQL through `execute(text(…))`,
    /// a SQL string or a cursor, and, at low severity, queries through an ORM session (`db.query(…)`,
    /// `session.execute(select(…))`). All queries of one handler are one finding.
    ///
    /// ## Why it matters
    /// A query in a handler can be neither reused nor tested without HTTP, and each handler invents its own rules for
    /// what a user may see. Raw SQL there is also where injection and broken migrations start, because nobody finds it
    /// when a table changes.
    ///
    /// ## How to fix
    /// Move the query into a repository or service function that takes the session, and call that from the handler.
    ///
    /// ## Limits
    /// A handler is a function that is registered as a route of a FastAPI or Starlette application or router. Queries
    /// in services and repositories are where they belong and stay silent, as does a health probe's `SELECT 1`. ORM
    /// calls count where the session can be followed to its making, through annotations, dependencies and context
    /// managers in any module; a SQL text counts wherever it is executed. Queries of other object mappers (Tortoise,
    /// Peewee, Django, Beanie) are not recognised yet.
    id: "sql-in-handler",
    summary: "a route handler runs SQL itself",
    area: Api,
    axis: Modularity,
    severity: High,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.sqlalchemy.org/en/20/orm/session_basics.html",
        "https://martinfowler.com/eaaCatalog/repository.html",
    ],
    run: Module(run),
}

fn message(kind: QueryKind, subject: &str, count: usize) -> String {
    let what = match kind {
        QueryKind::RawSql => "raw SQL",
        QueryKind::Orm => "an ORM query",
    };
    match count {
        1 => format!("{what} in the handler of `{subject}`"),
        _ => format!("{what} in the handler of `{subject}`, which queries in {count} places"),
    }
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    for (handler, route) in project.handlers_in(module) {
        findings.examined(1);
        let queries: Vec<Query> =
            project.queries_in(module, handler).into_iter().filter(|query| !query.is_probe).collect();
        // Raw SQL is what the finding points at, where there is any.
        let Some(worst) = queries.iter().min_by_key(|query| (query.kind, query.range)) else { continue };
        let subject = route.subject();
        let finding = findings.report(module.span(worst.range), message(worst.kind, &subject, queries.len()));
        finding.subject(subject);
        if worst.kind == QueryKind::Orm {
            finding.severity(Severity::Low);
        }
        if !worst.is_certain {
            finding.confidence(Confidence::Medium);
        }
        for query in queries.iter().filter(|query| query.range != worst.range) {
            finding.related(module.span(query.range), "another query of the same handler");
        }
    }
}
