//! What a foreign key is there for, as far as its table and the queries of the application tell.

use super::{Column, ConstraintKind, Table};
use crate::{Module, Project};
use pyaudit_python::{ExprContext, ExprKind, StmtId};
use pyaudit_source::{Role, Span};
use std::collections::BTreeSet;

/// How much a foreign key without an index of its own matters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyUse {
    /// No code names the class of the parent, and no query searches by the key: nothing seems to need an index.
    Forgotten,
    /// It says who did something (`created_by`), or points back to one of the rows that refer to its own
    /// (`current_version_id`), and no query searches by it: only a delete of the parent does.
    DeleteOnly,
    /// It comes second in an index whose first column is the tenant, named here, by which every query narrows.
    BehindTenant(String),
    /// Joins and deletes read the table.
    Plain,
}

/// Names of the columns that say whose the rows are.
const TENANTS: &[&str] = &[
    "tenant_id",
    "workspace_id",
    "organization_id",
    "organisation_id",
    "org_id",
    "account_id",
    "company_id",
    "customer_id",
    "team_id",
    "project_id",
];

/// First words of pointers to one of several children.
const POINTING: &[&str] = &[
    "current",
    "latest",
    "last",
    "active",
    "default",
    "head",
    "primary",
    "main",
    "selected",
    "live",
    "published",
    "draft",
    "root",
    "first",
    "final",
    "best",
];

impl Project {
    /// The columns that queries of the application search by, each as the place of its declaration; those that only a
    /// function searches by which nothing names are left out.
    pub fn searched_columns(&self) -> BTreeSet<Span> {
        let applications = || self.modules.iter().filter(|module| module.role == Role::Application);
        let filters = applications().flat_map(|module| self.filters_in(module).into_iter().map(move |it| (module, it)));
        let used = filters.filter(|(module, filter)| {
            filter.function.is_none_or(|function| self.is_named_somewhere(module, function))
        });
        used.map(|(_, filter)| filter.column.span).collect()
    }

    /// What a foreign key of a table is there for. `searched` is what [`Project::searched_columns`] gave.
    pub fn key_use(&self, table: &Table, column: &Column, searched: &BTreeSet<Span>) -> KeyUse {
        if let Some(tenant) = tenant_before(table, column) {
            return KeyUse::BehindTenant(tenant.to_owned());
        }
        if searched.contains(&column.span) {
            return KeyUse::Plain;
        }
        let target = column.foreign_keys.iter().find_map(|key| key.target.as_deref());
        let parent = target.and_then(|target| target.rsplit_once('.')).and_then(|(name, _)| self.database.table(name));
        let points_back = || {
            let word = column.name.split('_').next().unwrap_or_default();
            POINTING.contains(&word) && parent.is_some_and(|parent| refers_to(parent, table))
        };
        if says_who(&column.name) || points_back() {
            KeyUse::DeleteOnly
        } else if parent.is_some_and(|parent| self.is_forgotten(parent)) {
            KeyUse::Forgotten
        } else {
            KeyUse::Plain
        }
    }

    /// Whether no code of the application names the class of a table, and no relationship leads to it.
    fn is_forgotten(&self, table: &Table) -> bool {
        let Some(name) = table.class_path.last().filter(|_| table.class.is_some()) else { return false };
        let leads = |other: &Table| {
            let mut relationships = other.relationships.iter();
            relationships
                .any(|it| it.class.map_or(it.target.as_ref() == Some(name), |class| Some(class.1) == table.class))
        };
        let mut modules = self.modules.iter().filter(|module| module.role == Role::Application);
        table.relationships.is_empty()
            && !self.database.tables().iter().any(leads)
            && !modules.any(|module| reads_name(module, name))
    }

    /// Whether a function is a route, or code outside the tests names it.
    fn is_named_somewhere(&self, module: &Module, function: StmtId) -> bool {
        let Some(definition) = module.function(function) else { return true };
        let name = module.python.syntax.identifier(definition.name);
        let mut modules = self.modules.iter().filter(|other| other.role != Role::Test);
        !definition.decorators.is_empty() || name.starts_with("__") || modules.any(|other| reads_name(other, name))
    }
}

/// Whether a module reads a name, by itself or as an attribute.
fn reads_name(module: &Module, name: &str) -> bool {
    let Some(wanted) = module.python.name_id(name) else { return false };
    module.python.syntax.exprs().any(|(_, expr)| match &expr.kind {
        ExprKind::Name { id, ctx: ExprContext::Load } => *id == wanted,
        ExprKind::Attribute { attr, .. } => attr.name == wanted,
        _ => false,
    })
}

/// The tenant's column that comes first in an index or constraint whose second column is this one.
fn tenant_before<'t>(table: &'t Table, column: &Column) -> Option<&'t str> {
    let indexes = table.indexes.iter().filter(|index| !index.is_partial).map(|index| &index.columns);
    let keys = table
        .constraints
        .iter()
        .filter(|constraint| matches!(constraint.kind, ConstraintKind::PrimaryKey | ConstraintKind::Unique));
    let mut lists = indexes.chain(keys.map(|constraint| &constraint.columns));
    lists.find_map(|columns| match &columns[..] {
        [first, second, ..] if *second == column.name && TENANTS.contains(&first.as_str()) => Some(first.as_str()),
        _ => None,
    })
}

/// Whether a name says who did something: `created_by`, `revoked_by_user_id`.
fn says_who(name: &str) -> bool {
    let words: Vec<&str> = name.split('_').collect();
    let end = words.iter().rposition(|word| !matches!(*word, "id" | "user" | "uuid"));
    end.is_some_and(|end| end > 0 && words[end] == "by")
}

fn refers_to(child: &Table, parent: &Table) -> bool {
    let mut keys = child.columns.iter().flat_map(|column| &column.foreign_keys);
    let is_parent =
        |target: &str| target.rsplit_once('.').is_some_and(|(name, _)| parent.name.as_deref() == Some(name));
    child.name != parent.name && keys.any(|key| key.target.as_deref().is_some_and(is_parent))
}

#[cfg(test)]
mod tests {
    use super::{KeyUse, says_who};
    use crate::facts::testing::project;

    const TABLES: &str = "from sqlalchemy import ForeignKey, UniqueConstraint, select\n\
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\nclass Base(DeclarativeBase): pass\n\
        class User(Base):\n    __tablename__ = 'users'\n    id: Mapped[int] = mapped_column(primary_key=True)\n\
        class Trial(Base):\n    __tablename__ = 'trials'\n    id: Mapped[int] = mapped_column(primary_key=True)\n\
        class Version(Base):\n    __tablename__ = 'versions'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    \
        page_id: Mapped[int] = mapped_column(ForeignKey('pages.id'))\n    \
        workspace_id: Mapped[int] = mapped_column(index=True)\n    __table_args__ = (UniqueConstraint('workspace_id', 'page_id'),)\n\
        class Page(Base):\n    __tablename__ = 'pages'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    \
        owner_id: Mapped[int] = mapped_column(ForeignKey('users.id'))\n    \
        created_by: Mapped[int] = mapped_column(ForeignKey('users.id'))\n    \
        trial_id: Mapped[int] = mapped_column(ForeignKey('trials.id'))\n    \
        current_version_id: Mapped[int] = mapped_column(ForeignKey('versions.id'))\n";

    fn use_of(code: &str, table: &str, column: &str) -> KeyUse {
        let code = format!("from app.models import *\nfrom sqlalchemy import select\n{code}");
        let project = project(&[("app/__init__.py", ""), ("app/models.py", TABLES), ("app/b.py", &code)]);
        let table = project.database.table(table).expect("the table");
        let column = table.column(column).expect("the column");
        project.key_use(table, column, &project.searched_columns())
    }

    #[test]
    fn the_use_of_a_key_is_told_by_its_name_its_indexes_and_the_queries() {
        let names = "def f(db): db.add(User()); db.add(Version())\n";
        assert_eq!(use_of(names, "pages", "owner_id"), KeyUse::Plain);
        assert_eq!(use_of(names, "pages", "created_by"), KeyUse::DeleteOnly);
        assert_eq!(use_of(names, "pages", "current_version_id"), KeyUse::DeleteOnly);
        assert_eq!(use_of(names, "pages", "trial_id"), KeyUse::Forgotten);
        assert_eq!(use_of(names, "versions", "page_id"), KeyUse::BehindTenant("workspace_id".to_owned()));
    }

    #[test]
    fn a_search_makes_a_key_plain_unless_nothing_names_its_function() {
        let search = |column: &str, more: &str| {
            format!("def find(db, x):\n    return db.execute(select(Page).where(Page.{column} == x))\n{more}")
        };
        assert_eq!(use_of(&search("created_by", "find(db, 1)\n"), "pages", "created_by"), KeyUse::Plain);
        assert_eq!(use_of(&search("created_by", ""), "pages", "created_by"), KeyUse::DeleteOnly);
        assert_eq!(use_of(&search("trial_id", "find(db, 1)\n"), "pages", "trial_id"), KeyUse::Plain);
    }

    #[test]
    fn who_did_something_ends_in_by() {
        assert!(["created_by", "approved_by_id", "revoked_by_user_id", "last_edited_by"].into_iter().all(says_who));
        assert!(!["user_id", "by_id", "standby_id", "bypass_id"].into_iter().any(says_who));
    }
}
