use pyaudit_check::project::settings::{ClassKind, Field, SettingsClass};
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds plain classes that collect configuration from attributes such as `PORT = os.getenv("PORT")`, three or more
    /// of them, where a class of settings is meant.
    ///
    /// ## Why it matters
    /// What `os.getenv` gives is text or `None`: `"false"` is true, a missing variable shows as an error deep inside a
    /// request, and each attribute converts, defaults and checks in its own way, or not at all. The values are read when
    /// the module is imported, so that tests cannot give others.
    ///
    /// ## How to fix
    /// Inherit from `pydantic_settings.BaseSettings` and annotate the fields: types are converted and checked once, at
    /// start, and everything that is missing is told together.
    ///
    /// ## Limits
    /// Services that read their own settings in `__init__` (classes with methods, whose names do not say that they hold settings),
    /// classes with fewer than three such attributes, dataclasses, models, and names of a module outside of a class are left alone, and
    /// so are classes whose reads are typed by `environs`, `decouple` or `starlette.config`. Tests, scripts and examples are
    /// not examined.
    id: "untyped-settings",
    summary: "a plain class reads the environment attribute by attribute",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Low,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://docs.pydantic.dev/latest/concepts/pydantic_settings/"],
    run: Project(run),
}

/// The fewest attributes that make a class one of settings.
const FEWEST: usize = 3;

fn message(class: &str, count: usize) -> String {
    format!("`{class}` takes {count} variables from `os.environ` as text: nothing checks or converts them at start")
}

fn run(project: &Project, findings: &mut Findings) {
    for class in project.settings.classes() {
        if project.modules.get(class.module).role != Role::Application {
            continue;
        }
        findings.examined(1);
        let fields: Vec<&Field> = class.fields.iter().filter(|field| is_untyped(project, class, field)).collect();
        let is_meant = says_settings(class) || has_no_methods(project, class);
        if class.kind == ClassKind::Plain && fields.len() >= FEWEST && is_meant {
            findings.report(class.span, message(&class.qualname(), fields.len())).subject(class.qualname());
        }
    }
}

/// Whether the name of a class says that it holds settings.
fn says_settings(class: &SettingsClass) -> bool {
    const NAMES: &[&str] =
        &["settings", "setting", "config", "configuration", "conf", "environment", "env", "constants"];
    let name = class.path.last().map_or("", String::as_str).to_ascii_lowercase();
    NAMES.iter().any(|word| name.starts_with(word) || name.ends_with(word))
}

/// Whether a class only holds values: one that does something with them is a service with its own settings in it.
fn has_no_methods(project: &Project, class: &SettingsClass) -> bool {
    let module = project.modules.get(class.module);
    let body = module.class(class.class).map_or(&[][..], |definition| &definition.body);
    body.iter().all(|&stmt| {
        module.function(stmt).is_none_or(|function| {
            module.python.syntax.identifier(function.name) == "__init__" || !function.decorators.is_empty()
        })
    })
}

/// Whether a field of a class itself is what the standard library reads.
fn is_untyped(project: &Project, class: &SettingsClass, field: &Field) -> bool {
    let reads = field.reads.iter().filter_map(|&at| project.settings.reads().get(at));
    let mut readers = reads.map(|read| read.reader);
    let is_own = (field.module, field.class) == (class.module, class.class);
    is_own && readers.any(|reader| reader == pyaudit_check::project::settings::Reader::Os)
}
