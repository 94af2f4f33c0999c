use pyaudit_check::project::Module;
use pyaudit_check::project::database::{Relationship, Table};
use pyaudit_check::{Findings, Project, Role, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds mapped classes whose every query loads a large part of the database with it: three or more relationships that
    /// are eager by default (`lazy="joined"`, `"selectin"`, `"subquery"`, `"immediate"`), two eagerly joined collections,
    /// or eager relationships that lead from class to class over five or more tables.
    ///
    /// ## Why it matters
    /// `lazy=` on the class holds for each query of it, also for the one that only wants a name. Each joined collection
    /// multiplies the rows of the answer by its own, each `selectin` is one more round trip, and each class that is loaded brings
    /// its own eager relationships along.
    ///
    /// ## How to fix
    /// Leave relationships lazy (or `lazy="raise"`), and say in the query what it needs:
    /// `select(Order).options(selectinload(Order.items))`.
    ///
    /// ## Limits
    /// Options of single queries are not counted. `lazy=True`, `"select"`, `"raise"`, `"noload"`, `"dynamic"` and
    /// `"write_only"` load nothing eagerly. How many rows there are is not known, so that the figures are of relationships alone.
    id: "eager-load-everything",
    summary: "each query of a class loads many related rows",
    area: Database,
    axis: Robustness,
    severity: Low,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://docs.sqlalchemy.org/en/20/orm/queryguide/relationships.html#summary-of-relationship-loading-techniques",
        "https://docs.sqlalchemy.org/en/20/orm/queryguide/relationships.html#the-zen-of-joined-eager-loading",
    ],
    run: Module(run),
}

/// Ways of loading that come with each query. `lazy=False` is another word for `joined`.
const EAGER: &[&str] = &["joined", "selectin", "subquery", "immediate", "False"];

/// How many eager relationships of one class are many.
const MANY: usize = 3;

/// How many tables a chain of eager relationships may go through.
const LONG: usize = 5;

fn many_message(class: &str, count: usize, reached: usize) -> String {
    format!("each query of `{class}` loads {count} relationships with it, {reached} other tables in all")
}

fn product_message(class: &str) -> String {
    format!("each query of `{class}` joins two collections: its rows are those of one times those of the other")
}

fn chain_message(class: &str, reached: &[String]) -> String {
    let names: Vec<String> = reached.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "each query of `{class}` loads {} other tables with it, from one to the next: {}",
        reached.len(),
        names.join(", ")
    )
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    for table in project.database.tables().iter().filter(|table| table.module == module.id) {
        let Some(class) = table.class_path.last().filter(|_| !table.relationships.is_empty()) else { continue };
        findings.examined(1);
        let eager: Vec<&Relationship> = eager(table).collect();
        let reached = project.database.eagerly_loaded(table, is_eager);
        let joined = eager.iter().filter(|one| is_joined_collection(one)).count();
        let text = if eager.len() >= MANY {
            many_message(class, eager.len(), reached.len())
        } else if joined >= 2 {
            product_message(class)
        } else if reached.len() >= LONG {
            chain_message(class, &reached)
        } else {
            continue;
        };
        let finding = findings.report(table.span, text);
        finding.subject(class.clone());
        let mut told = BTreeSet::new();
        for one in eager.iter().filter(|one| told.insert(one.span)) {
            finding.related(one.span, format!("`{}` is loaded with each `{class}`", one.attribute));
        }
    }
}

fn eager(table: &Table) -> impl Iterator<Item = &Relationship> {
    table.relationships.iter().filter(|one| is_eager(one))
}

fn is_eager(one: &Relationship) -> bool {
    one.lazy.as_deref().is_some_and(|lazy| EAGER.contains(&lazy))
}

fn is_joined_collection(one: &Relationship) -> bool {
    one.is_collection && one.lazy.as_deref().is_some_and(|lazy| matches!(lazy, "joined" | "False"))
}
