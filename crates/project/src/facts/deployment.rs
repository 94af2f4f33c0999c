//! What a deployment platform is told to do well: to probe the service, and to migrate before a release.

use super::{Axis, Fact};
use crate::Project;
use crate::manifests::{Platform, Service};
use crate::workflows::unwrapped;
use pyaudit_shell::Joined;
use pyaudit_source::Span;

/// The health checks and the release migrations of every service.
pub(super) fn facts(project: &Project) -> Vec<Fact> {
    let services = || project.manifests.services.iter();
    let probed = services().filter_map(probed);
    probed.chain(services().filter_map(|service| migrated(project, service))).collect()
}

fn probed(service: &Service) -> Option<Fact> {
    let setting = service.health_check_path.as_ref()?;
    let path = setting.value.as_deref().filter(|path| path.starts_with('/') && service.platform == Platform::Render)?;
    Some(Fact {
        id: "platform-health-check",
        axis: Axis::Observability,
        message: format!("Render probes `{path}` of {}", named(service)),
        span: Span::new(service.file, setting.value_range),
    })
}

fn migrated(project: &Project, service: &Service) -> Option<Fact> {
    let release = service.pre_deploy.as_ref()?;
    let run = project.scripts.expand(&project.sources, service.file, &release.commands, service.directory.as_deref());
    let upgrades = run.iter().any(|invocation| {
        let is_kept = invocation.command.joined == Joined::Plain;
        is_kept
            && unwrapped(&invocation.command).iter().any(|program| {
                let has = |text: &str| program.arguments.iter().any(|word| word.text == text);
                // With `--sql` the statements are printed and not run.
                program.name == "alembic" && has("upgrade") && !has("--sql")
            })
    });
    upgrades.then(|| Fact {
        id: "pre-deploy-migrations",
        axis: Axis::Reproducibility,
        message: format!("the release of {} migrates the database before the new version starts", named(service)),
        span: release.span,
    })
}

/// ``service `shop` ``. A process of a Procfile is named after its type, which says nothing of the service.
fn named(service: &Service) -> String {
    match (&service.name, service.platform) {
        (Some(name), Platform::Render) => format!("service `{name}`"),
        _ => "the application".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::told;
    use super::facts;

    fn render(lines: &str) -> Vec<String> {
        told(facts, &[("render.yaml", &format!("services:\n  - type: web\n    name: shop\n{lines}"))])
    }

    #[test]
    fn probes_and_release_migrations_are_facts() {
        let told = render("    healthCheckPath: /health\n    preDeployCommand: poetry run alembic upgrade head\n");
        let expected = [
            "platform-health-check render.yaml:4 Render probes `/health` of service `shop`",
            "pre-deploy-migrations render.yaml:5 the release of service `shop` migrates the database before the new \
             version starts",
        ];
        assert_eq!(told, expected);
        let procfile = super::super::testing::told(facts, &[("Procfile", "release: alembic upgrade head\n")]);
        assert_eq!(procfile.len(), 1);
    }

    #[test]
    fn migrations_elsewhere_or_without_effect_are_none() {
        assert!(render("    buildCommand: alembic upgrade head\n").is_empty());
        assert!(render("    startCommand: alembic upgrade head && uvicorn app:app\n").is_empty());
        assert!(render("    preDeployCommand: alembic upgrade head --sql\n").is_empty());
        assert!(render("    preDeployCommand: alembic upgrade head || true\n").is_empty());
        assert!(render("    preDeployCommand: alembic downgrade -1\n").is_empty());
        assert!(render("    healthCheckPath: \"\"\n").is_empty());
    }
}
