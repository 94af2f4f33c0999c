use crate::missing::{self, Group};
use pyaudit_check::project::{MemberUse, MissingMember, OwnerKind};
use pyaudit_check::{Findings, Project, check};

check! {
    /// ## What it does
    /// Finds attributes of settings objects that their class does not have: no field, property, method or constant of that
    /// name in it, in its bases, or in a class that inherits from it. Reads, and assignments to objects of pydantic, which
    /// refuse them. All that one class lacks is one finding.
    ///
    /// ## Why it matters
    /// The line raises `AttributeError` when it runs, be the environment variable set or not: variables become attributes
    /// only where a field declares them.
    ///
    /// ## How to fix
    /// Declare the field, or use the name that the class has.
    ///
    /// ## Limits
    /// Silent where the object may be of another class: names with several values, parameters without annotation, and
    /// those that `isinstance` narrows. Silent for classes with `extra="allow"`, `__getattr__`, `setattr` with a computed
    /// name, a base or decorator of somebody else that is not known, and for names that any code asks for by `hasattr` or
    /// `getattr`, or assigns from outside.
    id: "unknown-setting-attribute",
    summary: "an attribute of the settings does not exist",
    area: Architecture,
    axis: Robustness,
    severity: High,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://docs.pydantic.dev/latest/concepts/pydantic_settings/",
        "https://docs.python.org/3/library/exceptions.html#AttributeError",
    ],
    run: Project(run),
}

fn run(project: &Project, findings: &mut Findings) {
    let all = project.missing_members();
    findings.examined(all.examined(OwnerKind::Settings, false) + all.examined(OwnerKind::Settings, true));
    let wanted = |one: &MissingMember| one.owner == OwnerKind::Settings;
    for group in missing::grouped(project, wanted) {
        missing::report(&group, message(&group), findings);
    }
}

fn message(group: &Group<'_>) -> String {
    let first = group.first();
    let is_one = group.only_name().is_some();
    let consequence = match (first.access, is_one) {
        (MemberUse::Store, true) => "so that pydantic refuses the assignment",
        (MemberUse::Store, false) => "so that pydantic refuses the assignments",
        (_, true) => "so that this line fails",
        (_, false) => "so that these lines fail",
    };
    format!("`{}` has no field or attribute {}, {consequence}", first.class_name, group.listed())
}
