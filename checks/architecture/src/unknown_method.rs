use crate::missing::{self, Group};
use pyaudit_check::project::{MemberUse, MissingMember, OwnerKind};
use pyaudit_check::{Findings, Project, check};

check! {
    /// ## What it does
    /// Finds calls of methods that the class of the object does not have: `self.send()`, `service.send()` where the class
    /// of `service` is certain, `Service.send()`. The class, all that it inherits from and all that inherit from it are
    /// read. All that one class lacks is one finding.
    ///
    /// ## Why it matters
    /// The line raises `AttributeError` when it runs, often on a way that no test takes: a method was renamed or removed,
    /// and a caller was left behind.
    ///
    /// ## How to fix
    /// Call the method that the class has, or bring it back.
    ///
    /// ## Limits
    /// Silent for classes with a base, decorator or metaclass that is not known, with `__getattr__`, or with `setattr` of
    /// a computed name; for names that any method assigns to `self`, that any code assigns from outside, or asks for by
    /// `hasattr` or `getattr`; in mixins, protocols and abstract bases that nothing inherits from; where `isinstance`
    /// narrows the object; and where the class of the object is not certain. Where an annotation alone says it, the
    /// confidence is medium, and the check is silent if another class has all that the object is asked for. In a module that
    /// cannot be loaded, because an import at its start fails or only such modules import it, the confidence is low. Calls on settings belong to
    /// [unknown-setting-attribute](unknown-setting-attribute.md).
    id: "unknown-method",
    summary: "a method that is called does not exist",
    area: Architecture,
    axis: Robustness,
    severity: High,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://docs.python.org/3/library/exceptions.html#AttributeError"],
    run: Project(run),
}

fn run(project: &Project, findings: &mut Findings) {
    let all = project.missing_members();
    findings.examined(all.examined(OwnerKind::Other, true) + all.examined(OwnerKind::Model, true));
    let wanted = |one: &MissingMember| one.owner != OwnerKind::Settings && one.access == MemberUse::Call;
    for group in missing::grouped(project, wanted) {
        missing::report(&group, message(&group), findings);
    }
}

fn message(group: &Group<'_>) -> String {
    let first = group.first();
    match group.only_name() {
        Some(name) => {
            let called = if first.on_self { "self" } else { first.class_name.as_str() };
            format!("`{}` has no method `{name}`, so that calling `{called}.{name}()` fails", first.class_name)
        }
        None => format!("`{}` has no methods {}, so that calling them fails", first.class_name, group.listed()),
    }
}
