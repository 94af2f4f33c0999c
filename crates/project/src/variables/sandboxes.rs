//! What says that a secret in a manifest opens nothing but a sandbox: something to try or test with.

use super::{Definition, Given, Scope, Site, SiteKind, Variables};
use crate::environment::Variable;
use pyaudit_source::{FileId, Sources};

/// How much a secret of a site is worth to who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stake {
    /// Nothing: what it opens lives for a test, on one machine, or asks nobody for it.
    Nothing,
    /// Little: services that somebody starts to develop or to try something.
    Little,
    /// As much as any secret.
    Unknown,
}

/// Last words of variables that say where a service is.
const ADDRESSES: &[&str] = &["url", "uri", "endpoint", "host", "address", "server", "base"];

impl Variables {
    /// What a secret that a site gives may open.
    pub fn stake(&self, sources: &Sources, site: &Site, definition: &Definition) -> Stake {
        let is_test = matches!(site.scope, Scope::Test | Scope::Example);
        if is_test || is_unguarded(site) || (site.kind == SiteKind::Workflow && is_of_this_machine(site, definition)) {
            return Stake::Nothing;
        }
        let is_sandbox = site.kind == SiteKind::Compose
            && (site.scope == Scope::Development || self.is_of_others_alone(sources, site.file));
        if is_sandbox { Stake::Little } else { Stake::Unknown }
    }

    /// Whether a compose file that stands beside code, not at the root nor with what is deployed, starts images of others
    /// alone: the services that something is tried with.
    fn is_of_others_alone(&self, sources: &Sources, file: FileId) -> bool {
        let mut services = self.sites.iter().filter(|site| site.file == file);
        !sources.file(file).directory().is_empty()
            && services.all(|site| !site.is_own && site.scope != Scope::Deployment)
    }
}

/// Whether a service is told to ask nobody who they are: `plugins.security.disabled=true`,
/// `POSTGRES_HOST_AUTH_METHOD=trust`. That a connection is not encrypted says nothing of it.
fn is_unguarded(site: &Site) -> bool {
    site.definitions.iter().any(|definition| {
        let Given::Literal(value) = &definition.value else { return false };
        let (name, value) = (definition.name.to_ascii_lowercase(), value.trim().to_ascii_lowercase());
        let words: Vec<&str> = name.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
        let has = |known: &[&str]| words.iter().any(|word| known.contains(word));
        let is_guard = has(&["security", "auth", "authentication"]) && !has(&["ssl", "tls"]);
        let is_off = (has(&["disabled", "disable"]) && value == "true")
            || (has(&["enabled", "enable"]) && value == "false")
            || (name.ends_with("host_auth_method") && value == "trust");
        is_guard && is_off
    })
}

/// Whether the service that a secret belongs to, by the first word of its name, runs on the machine of the job:
/// `MINT_KEY` beside `MINT_URL: http://localhost:8000`.
fn is_of_this_machine(site: &Site, secret: &Definition) -> bool {
    let family = |name: &str| name.split('_').next().unwrap_or("").to_ascii_lowercase();
    let own = family(&secret.name);
    let addresses: Vec<bool> = site
        .definitions
        .iter()
        .filter(|definition| {
            let last = definition.name.rsplit('_').next().unwrap_or("").to_ascii_lowercase();
            definition.name != secret.name && family(&definition.name) == own && ADDRESSES.contains(&last.as_str())
        })
        .filter_map(|definition| match &definition.value {
            Given::Literal(text) => Some(Variable::named(&definition.name, text).is_on_this_machine()),
            _ => None,
        })
        .collect();
    !addresses.is_empty() && addresses.iter().all(|&is_local| is_local)
}

#[cfg(test)]
mod tests {
    use super::Stake;
    use crate::facts::testing::project;

    /// What the secret `MINT_KEY` of the only file opens.
    fn stake(path: &str, text: &str) -> Stake {
        let project = project(&[(path, text)]);
        let sites = project.variables.sites();
        let found = sites.iter().find_map(|site| {
            let definition = site.definitions.iter().find(|definition| definition.name == "MINT_KEY")?;
            Some(project.variables.stake(&project.sources, site, definition))
        });
        found.expect("a site gives it")
    }

    fn service(making: &str, more: &str) -> String {
        format!("services:\n  mint:\n    {making}\n    environment:\n      MINT_KEY: x\n{more}")
    }

    #[test]
    fn tests_and_services_without_a_guard_have_nothing_at_stake() {
        let image = "image: mint:1";
        assert_eq!(stake("docker-compose.e2e.yml", &service(image, "")), Stake::Nothing);
        let open =
            |name: &str, value: &str| stake("compose.yml", &service(image, &format!("      {name}: \"{value}\"\n")));
        assert_eq!(open("plugins.security.disabled", "true"), Stake::Nothing);
        assert_eq!(open("xpack.security.enabled", "false"), Stake::Nothing);
        assert_eq!(open("POSTGRES_HOST_AUTH_METHOD", "trust"), Stake::Nothing);
        assert_eq!(open("plugins.security.ssl.http.enabled", "false"), Stake::Unknown);
        assert_eq!(open("xpack.security.enabled", "true"), Stake::Unknown);
    }

    #[test]
    fn services_to_try_something_have_little_at_stake() {
        assert_eq!(stake("docker-compose.dev.yml", &service("build: .", "")), Stake::Little);
        assert_eq!(stake("app/mint/docker-compose.yml", &service("image: mint:1", "")), Stake::Little);
        assert_eq!(stake("app/mint/docker-compose.yml", &service("build: .", "")), Stake::Unknown);
        assert_eq!(stake("docker-compose.yml", &service("image: mint:1", "")), Stake::Unknown);
        assert_eq!(stake("deploy/docker-compose.yml", &service("image: mint:1", "")), Stake::Unknown);
    }

    #[test]
    fn a_job_that_talks_to_its_own_machine_has_nothing_at_stake() {
        let job = |address: &str| {
            let text = format!(
                "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pytest\n        env:\n          \
                 {address}\n          MINT_KEY: x\n"
            );
            stake(".github/workflows/test.yml", &text)
        };
        assert_eq!(job("MINT_URL: http://localhost:8000"), Stake::Nothing);
        assert_eq!(job("MINT_HOST: 127.0.0.1"), Stake::Nothing);
        assert_eq!(job("MINT_URL: https://mint.acme.io"), Stake::Unknown);
        assert_eq!(job("BANK_URL: http://localhost:8000"), Stake::Unknown);
    }
}
