//! The check `migration-in-build-command`.

use pyaudit_check::project::manifests::Service;
use pyaudit_check::project::scripts::Invocation;
use pyaudit_check::project::workflows::unwrapped;
use pyaudit_check::project::{Data, scripts};
use pyaudit_check::{FileId, Finding, Findings, Project, Role, Span, check};

check! {
    /// ## What it does
    /// Finds database migrations that run while an application is built: in `buildCommand` of `render.yaml`, directly or in
    /// a script of the repository that it calls, and in `RUN` of a Dockerfile. Migrations are `alembic upgrade`, `flask db
    /// upgrade`, `manage.py migrate` and `aerich upgrade`.
    ///
    /// ## Why it matters
    /// A build may run while the old version serves, may run twice, and may fail after the migration: then the old code
    /// meets the new schema. A build also needs credentials of the production database, which it should not have, and a
    /// preview build of a branch migrates the same database.
    ///
    /// ## How to fix
    /// Move the migration to `preDeployCommand`, which runs once after the build and before the new version starts, or to a
    /// release step or job of the platform.
    ///
    /// ## Limits
    /// `startCommand`, entry points of containers and steps of CI jobs are other questions and stay silent. A script that
    /// the repository does not hold, and migrations that the application runs itself when it starts, are not seen.
    id: "migration-in-build-command",
    summary: "database migrations run while the application is built",
    area: Deployment,
    axis: Reproducibility,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://render.com/docs/deploys#pre-deploy-command",
        "https://render.com/docs/blueprint-spec",
    ],
    run: Project(run),
}

fn message(tool: &str, service: Option<&str>) -> String {
    match service {
        Some(name) => format!("the build of service `{name}` runs database migrations (`{tool}`)"),
        None => format!("the build of the image runs database migrations (`{tool}`)"),
    }
}

fn run(project: &Project, findings: &mut Findings) {
    for service in &project.manifests.services {
        render(project, service, findings);
    }
    for (file, source) in project.sources.files().filter(|(_, source)| source.role == Role::Application) {
        let Some(Data::Dockerfile(dockerfile)) = project.files.get(file) else { continue };
        findings.examined(1);
        for instruction in dockerfile.stages.iter().flat_map(|stage| &stage.instructions) {
            if instruction.keyword != "RUN" {
                continue;
            }
            let commands = scripts::commands_of(&instruction.arguments, instruction.range);
            let invocations = project.scripts.expand(&project.sources, file, &commands, Some(source.directory()));
            if let Some((invocation, tool)) = migration(&invocations) {
                let finding = findings.report(place(invocation), message(&tool, None));
                finding.help("run the migration as a step of the release, from the finished image");
                trace(finding, invocation);
            }
        }
    }
}

fn render(project: &Project, service: &Service, findings: &mut Findings) {
    let Some(build) = &service.build else { return };
    findings.examined(1);
    let invocations =
        project.scripts.expand(&project.sources, service.file, &build.commands, service.directory.as_deref());
    let Some((invocation, tool)) = migration(&invocations) else { return };
    let name = service.name.as_deref().unwrap_or("unnamed");
    let finding = findings.report(place(invocation), message(&tool, Some(name)));
    finding.subject(name).help("move it to `preDeployCommand`");
    let key = Span::new(service.file, build.key);
    if line(project, key) != line(project, place(invocation)) {
        finding.related(key, "the build command");
    }
    trace(finding, invocation);
}

/// The file and line, from 1, that a place begins in.
fn line(project: &Project, span: Span) -> (FileId, Option<u32>) {
    (span.file, project.sources.positions(span).map(|(start, _)| start.line))
}

/// The command in the manifest: the migration itself, or the call of the script that holds it.
fn place(invocation: &Invocation) -> Span {
    invocation.callers.first().copied().unwrap_or_else(|| invocation.span())
}

/// The calls from the manifest to the migration, where a script stands between them.
fn trace(finding: &mut Finding, invocation: &Invocation) {
    let Some((_, inner)) = invocation.callers.split_first() else { return };
    for caller in inner {
        finding.step(*caller, "calls a script");
    }
    finding.step(invocation.span(), "migrates the database");
}

/// The first command that migrates, and its name.
fn migration(invocations: &[Invocation]) -> Option<(&Invocation, String)> {
    invocations.iter().find_map(|invocation| Some((invocation, migrates(invocation)?)))
}

fn migrates(invocation: &Invocation) -> Option<String> {
    unwrapped(&invocation.command).iter().find_map(|program| {
        let arguments: Vec<&str> = program.arguments.iter().map(|word| word.text.as_str()).collect();
        let has = |word: &str| arguments.contains(&word);
        match program.name {
            "alembic" if has("upgrade") => Some("alembic upgrade".to_owned()),
            "flask" if has("db") && has("upgrade") => Some("flask db upgrade".to_owned()),
            "aerich" if has("upgrade") => Some("aerich upgrade".to_owned()),
            "python" | "manage.py" if has("migrate") && (program.name == "manage.py" || runs_manage(&arguments)) => {
                Some("manage.py migrate".to_owned())
            }
            _ => None,
        }
    })
}

fn runs_manage(arguments: &[&str]) -> bool {
    arguments.iter().any(|argument| argument.ends_with("manage.py"))
}
