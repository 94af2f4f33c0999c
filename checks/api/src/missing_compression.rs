use pyaudit_check::{Findings, Project, check};

check! {
    /// ## What it does
    /// Finds applications whose answers nothing compresses: no middleware (`GZipMiddleware`, Brotli, Zstandard), and no
    /// proxy or platform in the repository that does. One finding for the repository.
    ///
    /// ## Why it matters
    /// JSON shrinks to a tenth. Lists of some hundred kilobytes cost users on slow lines seconds, and whoever pays for
    /// traffic pays ten times.
    ///
    /// ## How to fix
    /// `app.add_middleware(GZipMiddleware, minimum_size=1000)`, or `gzip on;` in the proxy, which takes the work off the
    /// event loop.
    ///
    /// ## Limits
    /// A proxy or content network that the repository does not describe is not seen, which is why this is information.
    /// Applications with fewer than five routes are not examined.
    id: "missing-compression",
    summary: "nothing compresses the answers",
    area: Api,
    axis: Robustness,
    severity: Info,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://fastapi.tiangolo.com/advanced/middleware/#gzipmiddleware"],
    run: Project(run),
}

/// Applications below this are too small to care.
const FEW_ROUTES: usize = 5;

/// Words in the name of middleware that compresses.
const MIDDLEWARE: &[&str] = &["gzip", "brotli", "zstd", "compress"];

/// What a proxy or platform that compresses says. Caddy, Vercel and Netlify are named by their own lines.
const FRONTS: &[&str] = &[
    "gzip on",
    "brotli on",
    "encode gzip",
    "encode zstd",
    "compress=true",
    "compress: true",
    "mod_deflate",
    "compression",
];

fn message() -> String {
    "nothing compresses the answers: no middleware, and no proxy in this repository".to_owned()
}

fn run(project: &Project, findings: &mut Findings) {
    let Some(main) = project.main_application().filter(|_| project.routes.routes.len() >= FEW_ROUTES) else { return };
    findings.examined(1);
    let is_platform = project.sources.find("vercel.json").or_else(|| project.sources.find("netlify.toml")).is_some();
    let compresses = is_platform || project.has_layer_named(MIDDLEWARE) || project.front_with(FRONTS).is_some();
    if !compresses {
        findings.report(project.made_at(main), message());
    }
}
