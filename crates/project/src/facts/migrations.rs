//! Migrations that have a way back, and a history with one end.

use super::{Axis, Fact, counted};
use crate::Project;
use crate::migrations::{Body, Revision};
use pyaudit_source::Span;
use std::collections::BTreeSet;

/// The facts of every Alembic environment.
pub(super) fn facts(project: &Project) -> Vec<Fact> {
    let environments = 0..project.migrations.environments.len();
    environments.flat_map(|at| [reversible(project, at), single_head(project, at)]).flatten().collect()
}

/// Every revision that changes something has a downgrade that does something.
fn reversible(project: &Project, environment: usize) -> Option<Fact> {
    let acts = |revision: &&Revision| revision.upgrade.body == Body::Acts;
    let changing: Vec<&Revision> = project.migrations.in_environment(Some(environment)).filter(acts).collect();
    let has_way_back = |revision: &&Revision| {
        let acts = revision.downgrade.is_some_and(|downgrade| downgrade.body == Body::Acts);
        acts && revision.irreversible.is_none() && revision.intentional.is_none()
    };
    let last = changing.last().filter(|_| changing.iter().all(has_way_back))?;
    Some(Fact {
        id: "reversible-migrations",
        axis: Axis::Reproducibility,
        message: format!("every downgrade does something: {}", counted(changing.len(), "migration")),
        span: last.downgrade.map_or(Span::file(last.file), |downgrade| last.span(downgrade.name)),
    })
}

/// One revision ends the history, and every revision that is followed is there once.
fn single_head(project: &Project, environment: usize) -> Option<Fact> {
    let migrations = &project.migrations;
    let revisions: Vec<&Revision> = migrations.in_environment(Some(environment)).collect();
    let ids: BTreeSet<&str> = revisions.iter().map(|revision| revision.id.text.as_str()).collect();
    let parents = revisions.iter().flat_map(|revision| &revision.down_revisions);
    let is_whole = ids.len() == revisions.len() && { parents }.all(|parent| ids.contains(parent.text.as_str()));
    let heads = migrations.heads(Some(environment));
    let [head] = heads[..] else { return None };
    (is_whole && revisions.len() > 1).then(|| Fact {
        id: "single-migration-head",
        axis: Axis::Reproducibility,
        message: format!("the history of {} has one head, `{}`", counted(revisions.len(), "migration"), head.id.text),
        span: head.span(head.id.range),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::told;
    use super::facts;

    fn revision(id: &str, down: &str, downgrade: &str) -> String {
        format!(
            "from alembic import op\nrevision = '{id}'\ndown_revision = {down}\n\
             def upgrade():\n    op.drop_index('a')\ndef downgrade():\n    {downgrade}\n"
        )
    }

    fn with(revisions: &[(&str, &str, &str)]) -> Vec<String> {
        let texts: Vec<(String, String)> = revisions
            .iter()
            .map(|(id, down, downgrade)| (format!("alembic/versions/{id}.py"), revision(id, down, downgrade)))
            .collect();
        let mut files = vec![("alembic.ini", "[alembic]\nscript_location = alembic\n"), ("alembic/env.py", "")];
        files.extend(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        told(facts, &files)
    }

    const BACK: &str = "op.create_index('a', 't', ['c'])";

    #[test]
    fn a_line_of_migrations_with_a_way_back_is_told() {
        let expected = [
            "reversible-migrations alembic/versions/b.py:6 every downgrade does something: 2 migrations",
            "single-migration-head alembic/versions/b.py:2 the history of 2 migrations has one head, `b`",
        ];
        assert_eq!(with(&[("a", "None", BACK), ("b", "'a'", BACK)]), expected);
    }

    #[test]
    fn one_without_a_way_back_two_heads_or_a_gap_are_none() {
        let ids = |told: Vec<String>| -> Vec<String> {
            told.iter().filter_map(|line| line.split(' ').next().map(str::to_owned)).collect()
        };
        let head = ["single-migration-head"];
        assert_eq!(ids(with(&[("a", "None", BACK), ("b", "'a'", "pass")])), head);
        assert_eq!(ids(with(&[("a", "None", BACK), ("b", "'a'", "raise NotImplementedError")])), head);
        let reversible = ["reversible-migrations"];
        assert_eq!(ids(with(&[("a", "None", BACK), ("b", "'a'", BACK), ("c", "'a'", BACK)])), reversible);
        assert_eq!(ids(with(&[("a", "None", BACK), ("b", "'gone'", BACK)])), reversible);
        assert!(with(&[]).is_empty());
    }
}
