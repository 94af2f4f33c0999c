use pyaudit_check::project::hardcoded_urls::{HardcodedUrl, HostKind};
use pyaudit_check::{Confidence, Findings, Project, Severity, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds addresses of services that stand in the code: `http://localhost:8000`, `redis://127.0.0.1:6379`,
    /// `redis.Redis(host="localhost")` and addresses of private networks in what an application loads, and hosts of the
    /// project's own deployments anywhere, also in scripts of front ends. A host is the project's own where an environment file, a
    /// manifest or the allowed origins name it, or where it belongs to a platform (`shop.onrender.com`). One finding an
    /// address and application, with every place. A host of the project's own that is only a default of a setting is information.
    ///
    /// ## Why it matters
    /// The code works on one machine, or against one deployment, alone: in a container `localhost` is the container itself,
    /// a second environment talks to the first one's services, and a move takes a release.
    ///
    /// ## How to fix
    /// Make it a setting without a default, or with one that is refused in production, and give it a value in each environment.
    ///
    /// ## Limits
    /// Addresses of others (`https://api.openai.com`) are silent. So are defaults of settings and of the environment that
    /// point at this machine (`localhost-setting-default`), allowed origins, comparisons, patterns, messages,
    /// documentation, code for development, `if __name__ == "__main__"`, scripts, tests, configurations of tools, and what no
    /// application loads. Redirect URIs belong to `hardcoded-redirect-uri`. JavaScript is looked at as text, and only what is
    /// plainly called or named as an address counts.
    id: "hardcoded-url",
    summary: "the address of a service stands in the code",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Low,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://12factor.net/config", "https://12factor.net/backing-services"],
    run: Project(run),
}

fn message(address: &str, kind: HostKind, is_default: bool) -> String {
    match (kind, is_default) {
        (HostKind::Own, true) => {
            format!("`{address}` is the default of a setting: a deployment that forgets it talks to this one")
        }
        (HostKind::Own, false) => {
            format!("`{address}` stands in the code, so that every environment talks to this deployment")
        }
        (HostKind::Local, _) => {
            format!("`{address}` stands in the code, and is another machine wherever the service is deployed")
        }
        (HostKind::Private, _) => {
            format!("`{address}` stands in the code, and means something in one network alone")
        }
    }
}

fn run(project: &Project, findings: &mut Findings) {
    let (urls, examined) = project.hardcoded_urls();
    findings.examined(examined);
    let mut groups: BTreeMap<(&str, bool, &str), Vec<&HardcodedUrl>> = BTreeMap::new();
    for url in &urls {
        let root = project.modules.root_of(&project.sources.file(url.span.file).path);
        groups.entry((root, url.in_script, &url.address)).or_default().push(url);
    }
    for places in groups.into_values() {
        // What the environment cannot replace comes first.
        let is_default = places.iter().all(|url| url.is_default);
        let Some(first) = places.iter().find(|url| url.is_default == is_default) else { continue };
        let address = shown(&first.address);
        let finding = findings.report(first.span, message(&address, first.kind, is_default));
        finding.subject(&address).secret();
        if is_default {
            finding.severity(Severity::Info);
        }
        if first.in_script {
            finding.confidence(Confidence::Low);
        }
        for other in places.iter().filter(|other| other.span != first.span) {
            finding.related(other.span, "the same address");
        }
    }
}

/// An address without the credentials that it may carry.
fn shown(address: &str) -> String {
    match (address.split_once("://"), address.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => address.to_owned(),
    }
}
