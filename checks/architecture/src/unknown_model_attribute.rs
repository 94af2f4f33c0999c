use crate::missing::{self, Group};
use pyaudit_check::project::{MemberUse, MissingMember, OwnerKind};
use pyaudit_check::{Confidence, Findings, Project, check};

check! {
    /// ## What it does
    /// Finds attributes of mapped classes that are no column, relationship, property, method or other name of the class, its
    /// mixins, its bases or of a class that inherits from it, nor a `backref` of another class: read from a row or from the
    /// class in a query, given to the constructor or to `filter_by`, named by `back_populates`, or assigned to a row that is
    /// then written. All that one class lacks is one finding.
    ///
    /// ## Why it matters
    /// A read raises `AttributeError`, a keyword of the constructor `TypeError`, one of `filter_by` `InvalidRequestError`; a
    /// wrong `back_populates` stops all mappings. An assignment is the worst: it raises nothing and stores nothing.
    ///
    /// ## How to fix
    /// Use the name of the column, or add the column with a migration.
    ///
    /// ## Limits
    /// What an object is must be certain: a row of `session.get(Model, …)`, `query(Model)` or `select(Model)`, a loop over
    /// such rows. Where an annotation alone says it, the confidence is medium, and the check is silent if
    /// another class has all that the object is asked for. Silent for reflected tables, imperative mappings,
    /// bases and decorators that are not known, names that any code assigns, or asks for by `hasattr` or `getattr`. An
    /// assignment counts only where nothing reads the attribute, no class or text has the name, and the session writes
    /// afterwards: values that are put on a row for its response are no mistake.
    id: "unknown-model-attribute",
    summary: "an attribute of a mapped class does not exist",
    area: Architecture,
    axis: Robustness,
    severity: High,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.sqlalchemy.org/en/20/orm/declarative_tables.html",
        "https://docs.sqlalchemy.org/en/20/orm/mapping_styles.html#default-constructor",
    ],
    run: Project(run),
}

fn run(project: &Project, findings: &mut Findings) {
    let all = project.missing_members();
    findings.examined(all.examined(OwnerKind::Model, false));
    let wanted = |one: &MissingMember| one.owner == OwnerKind::Model && one.access != MemberUse::Call;
    for group in missing::grouped(project, wanted) {
        let finding = missing::report(&group, message(project, &group), findings);
        if group.first().access == MemberUse::Store {
            finding.confidence(Confidence::Medium);
        }
    }
}

fn message(project: &Project, group: &Group<'_>) -> String {
    let first = group.first();
    let consequence = match first.access {
        MemberUse::Store if group.only_name().is_none() => "so that these assignments store nothing",
        MemberUse::Store => "so that this assignment stores nothing",
        _ if group.only_name().is_none() => "so that these lines fail",
        MemberUse::Keyword if project.is_sqlmodel(first.class) => "so that this argument is dropped",
        MemberUse::Keyword => "so that the constructor raises `TypeError`",
        MemberUse::Filter => "so that this query fails",
        MemberUse::Mirror => "so that the mappings cannot be configured",
        MemberUse::Read | MemberUse::Call => "so that this line fails",
    };
    format!("`{}` has no column or attribute {}, {consequence}", first.class_name, group.listed())
}
