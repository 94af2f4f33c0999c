use pyaudit_check::project::ModuleId;
use pyaudit_check::project::database::{DatabaseKey, Engine, SessionLender};
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, check};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Finds applications that make two engines or pools for one database, and applications whose routes get their
    /// sessions from two dependency functions over one session factory.
    ///
    /// ## Why it matters
    /// Each engine has a pool of its own, so that a process opens twice the connections that its settings say, and a
    /// change of one (a timeout, TLS, `pool_pre_ping`) misses the other. Two `get_db` functions give one request two
    /// sessions and two transactions, and an override of one in the tests leaves the other on the real database.
    ///
    /// ## How to fix
    /// Make the engine, the factory and `get_db` in one module, and import them everywhere else.
    ///
    /// ## Limits
    /// Two engines are of one database when one application loads both and their addresses are the same constant, or are made
    /// of names that say no more than that they are an address (`DATABASE_URL`, `settings.db_uri`): `REPLICA_URL`
    /// and `ANALYTICS_URL` are others. Addresses that are parameters are not compared. A synchronous engine beside an asynchronous one is
    /// of low severity; where both stand in one module, they are meant, and the confidence is low, as it is where a docstring or
    /// comment says that a pool is kept apart (a bulkhead). Silent for engines of tests, scripts and migrations, for `NullPool`, for engines that only live in the
    /// function that makes them, and for branches that give one name one of several engines.
    id: "several-engines",
    summary: "one application has two engines for one database",
    area: Database,
    axis: Robustness,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://docs.sqlalchemy.org/en/20/core/connections.html#basic-usage",
        "https://fastapi.tiangolo.com/advanced/testing-dependencies/",
    ],
    run: Project(run),
}

fn run(project: &Project, findings: &mut Findings) {
    let applications = project.modules_of_applications();
    let together =
        |a: ModuleId, b: ModuleId| applications.iter().any(|loaded| loaded.contains(&a) && loaded.contains(&b));
    report_engines(project, &together, findings);
    report_lenders(project, &together, findings);
}

/// An engine with what tells its database.
struct Pool<'p> {
    engine: &'p Engine,
    key: DatabaseKey,
}

impl Pool<'_> {
    fn is_of_same_database(&self, other: &Self) -> bool {
        let dialects = (self.engine.dialect.as_ref(), other.engine.dialect.as_ref());
        self.key == other.key && !matches!(dialects, (Some(one), Some(another)) if one != another)
    }
}

fn report_engines(project: &Project, together: &impl Fn(ModuleId, ModuleId) -> bool, findings: &mut Findings) {
    let pools = pools(project);
    findings.examined(pools.len());
    let mut told = BTreeSet::new();
    for (at, first) in pools.iter().enumerate() {
        if told.contains(&at) {
            continue;
        }
        let twins: Vec<usize> = (at + 1..pools.len())
            .filter(|&other| {
                first.is_of_same_database(&pools[other]) && together(first.engine.module, pools[other].engine.module)
            })
            .collect();
        let Some(&second) =
            twins.iter().find(|&&twin| pools[twin].engine.is_async == first.engine.is_async).or(twins.first())
        else {
            continue;
        };
        told.extend(twins.iter().copied());
        let is_pair = twins.iter().all(|&twin| pools[twin].engine.is_async != first.engine.is_async);
        let count = twins.len() + 1;
        let finding = findings.report(pools[second].engine.span, message(first.engine, count, is_pair));
        finding.related(first.engine.span, "the first engine");
        if is_pair {
            finding.severity(Severity::Low);
        }
        let is_meant = is_pair && pools[second].engine.module == first.engine.module
            || project.says_pool_is_apart(first.engine)
            || twins.iter().all(|&twin| project.says_pool_is_apart(pools[twin].engine));
        if is_meant {
            finding.confidence(Confidence::Low);
        } else if first.key.address.is_some() {
            finding.confidence(Confidence::High);
        }
        for &other in twins.iter().filter(|&&twin| twin != second) {
            finding.related(pools[other].engine.span, "another engine");
        }
    }
}

fn message(first: &Engine, count: usize, is_pair: bool) -> String {
    let address = first.url_text.as_deref().unwrap_or("one address");
    if is_pair {
        return format!(
            "a synchronous and an asynchronous engine serve the database of `{address}`, each with a pool of its own"
        );
    }
    format!("{count} engines serve the database of `{address}`, each with a pool of its own")
}

/// The engines of the running application, one for each place that keeps one.
fn pools(project: &Project) -> Vec<Pool<'_>> {
    let mut by_home = BTreeMap::new();
    for engine in project.database.engines() {
        let module = project.modules.get(engine.module);
        let has_pool = engine.argument("poolclass").is_none_or(|class| !class.value.ends_with("NullPool"));
        let is_running = module.role == Role::Application && project.imports.is_served(engine.module);
        if !has_pool || !is_running || !project.outlives_its_function(engine) {
            continue;
        }
        let Some(key) = project.database_of(engine) else { continue };
        by_home.entry(project.home_of_engine(engine)).or_insert(Pool { engine, key });
    }
    let mut pools: Vec<Pool<'_>> = by_home.into_values().collect();
    pools.sort_by_key(|pool| pool.engine.span);
    pools
}

fn report_lenders(project: &Project, together: &impl Fn(ModuleId, ModuleId) -> bool, findings: &mut Findings) {
    let used = project.dependency_functions();
    let mut by_factory: BTreeMap<usize, Vec<&SessionLender>> = BTreeMap::new();
    for lender in project.database.lenders() {
        let is_used = used.contains(&(lender.module, lender.function)) && project.is_generator_dependency(lender);
        if is_used && project.modules.get(lender.module).role == Role::Application {
            let factory = project.factory_of(lender);
            if let Some(factory) = factory {
                by_factory.entry(factory).or_default().push(lender);
            }
        }
    }
    for lenders in by_factory.into_values() {
        let first = lenders[0];
        let twins: Vec<&&SessionLender> =
            lenders[1..].iter().filter(|twin| together(first.module, twin.module)).collect();
        let Some(second) = twins.first() else { continue };
        let text = format!(
            "`{}` lends sessions of the same factory as `{}`: a request that depends on both has two transactions",
            name(project, second),
            name(project, first)
        );
        let finding = findings.report(second.span, text);
        finding.severity(Severity::Low).subject(name(project, second));
        finding.related(first.span, "the first dependency");
        for other in &twins[1..] {
            finding.related(other.span, "another one");
        }
    }
}

fn name(project: &Project, lender: &SessionLender) -> String {
    project.sources.slice(lender.span).to_owned()
}
