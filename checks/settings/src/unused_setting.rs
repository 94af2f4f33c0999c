use pyaudit_check::project::settings::Field;
use pyaudit_check::{Findings, Project, Role, Span, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds fields of settings classes of pydantic that nothing reads. One finding a class, with every such field.
    ///
    /// ## Why it matters
    /// A setting that changes nothing misleads whoever sets it: a limit that is not enforced, a switch that does not
    /// switch, a secret that has to be kept for nothing.
    ///
    /// ## How to fix
    /// Remove the field, its variable in manifests and `.env.example`, or use it where it was meant to be used.
    ///
    /// ## Limits
    /// A field counts as read when anything, tests included, has an attribute or a string of its name, of whatever
    /// object, so that a field with a common name is often not found. Classes whose objects are taken as a whole
    /// (`model_dump()`, `**settings`, `vars(settings)`), that allow more attributes, or of which no object is made are
    /// left out, and so are fields of bases in another class.
    id: "unused-setting",
    summary: "a setting that nothing reads",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Low,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://docs.pydantic.dev/latest/concepts/pydantic_settings/"],
    run: Project(run),
}

fn message(class: &str, fields: &[&Field]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<String> = fields.iter().take(SHOWN).map(|field| format!("`{}`", field.name)).collect();
    let more = if fields.len() > SHOWN { format!(" and {} more", fields.len() - SHOWN) } else { String::new() };
    format!("nothing reads {}{more} of `{class}`", shown.join(", "))
}

fn run(project: &Project, findings: &mut Findings) {
    for class in project.settings.classes() {
        if class.kind.is_settings() && project.modules.get(class.module).role == Role::Application {
            findings.examined(class.fields.len());
        }
    }
    // What the code goes by is told once, where it is done.
    let bypassed: BTreeSet<Span> = project.bypassed_settings().iter().map(|bypass| bypass.field.span).collect();
    for (class, mut fields) in project.unused_settings() {
        fields.retain(|field| !bypassed.contains(&field.span));
        let Some((first, others)) = fields.split_first() else { continue };
        let finding = findings.report(first.span, message(&class.qualname(), &fields));
        finding.subject(class.qualname());
        for field in others {
            finding.related(field.span, format!("nothing reads `{}`", field.name));
        }
    }
}
