//! Rows that are deleted, and rows of other tables that refer to them.

use super::{ForeignKey, Relationship, Table};
use crate::calls::FunctionId;
use crate::{Module, ModuleId, Project};
use pyaudit_python::{ExprId, ExprKind, StmtKind};
use pyaudit_source::{Role, Span};
use std::collections::{BTreeMap, BTreeSet};

/// A place that deletes rows of a table.
#[derive(Debug, Clone, Copy)]
pub struct Deletion<'p> {
    /// The table, where it is known.
    pub table: Option<&'p Table>,
    /// The callee: `db.delete`, `delete`.
    pub span: Span,
    /// Whether it is one statement, so that the mapper's cascades do not run.
    pub is_bulk: bool,
    /// The function around it.
    pub function: FunctionId,
    module: ModuleId,
}

/// A foreign key whose rows stand in the way of a deletion.
#[derive(Debug, Clone, Copy)]
pub struct Dependent<'p> {
    /// The table that refers.
    pub table: &'p Table,
    /// The name of its column.
    pub column: &'p str,
    /// The key.
    pub key: &'p ForeignKey,
    /// The relationship of the deleted class that sets the key to null first, although it may not be.
    pub blanks: Option<&'p Relationship>,
}

/// How deep the functions that a deleting function calls are looked into.
const DEPTH: usize = 2;

impl Project {
    /// The deletions of the application, in the order of the source.
    pub fn deletions(&self) -> Vec<Deletion<'_>> {
        let mut found = Vec::new();
        for module in self.modules.iter().filter(|module| module.role == Role::Application) {
            for (id, expr) in module.python.syntax.exprs() {
                if let ExprKind::Call { func, args, .. } = &expr.kind {
                    found.extend(self.deletion(module, id, *func, args));
                }
            }
        }
        found.sort_by_key(|deletion| deletion.span);
        found
    }

    fn deletion(&self, module: &Module, call: ExprId, func: ExprId, args: &[ExprId]) -> Option<Deletion<'_>> {
        let syntax = &module.python.syntax;
        let (table, is_bulk) = match &syntax.expr(func).kind {
            ExprKind::Attribute { value, attr, .. } if syntax.identifier(*attr) == "delete" => match args.first() {
                Some(&row) if self.database_object(module, *value).is_some_and(crate::DatabaseObject::is_session) => {
                    (self.table_of_row(module, row), false)
                }
                _ => (Some(self.table_of_query(module, *value).or_else(|| self.table_of_query(module, call))?), true),
            },
            ExprKind::Name { id, .. } if syntax.name(*id) == "delete" => {
                (Some(self.table_of_query(module, call)?), true)
            }
            _ => return None,
        };
        let function = self.calls.function_of(module, call);
        Some(Deletion { table, span: module.span_of(func), is_bulk, function, module: module.id })
    }

    /// The foreign keys that make a deletion fail, or leave rows behind that refer to nothing: neither the database
    /// (`ondelete`) nor the mapper (`cascade`) takes care of their rows, nor does the function or what it calls.
    pub fn dependents_of<'p>(&'p self, deletion: &Deletion<'p>, all: &[Deletion<'p>]) -> Vec<Dependent<'p>> {
        let Some(parent) = deletion.table else { return Vec::new() };
        let Some(name) = parent.name.as_deref().filter(|name| self.database.tables_named(name).count() == 1) else {
            return Vec::new();
        };
        let around = self.around(deletion.function);
        let handled = self.handled(deletion, all, &around);
        let Some(handled) = handled else { return Vec::new() };
        let mut found = Vec::new();
        for table in self.database.tables().iter().filter(|table| table.base == parent.base && table.is_complete) {
            let is_handled = handled.contains(&table.span) || self.is_mentioned(deletion, parent, table);
            if is_handled || self.modules.get(table.module).role != Role::Application {
                continue;
            }
            for column in &table.columns {
                let refers = |key: &&ForeignKey| {
                    key.target.as_deref().and_then(|target| target.rsplit_once('.')).is_some_and(|(to, _)| to == name)
                };
                let Some(key) = column.foreign_keys.iter().find(refers) else { continue };
                let relationships = relationships_to(parent, table);
                if let Some(blanks) = stands_in_the_way(deletion, table, key, &relationships, column.nullable) {
                    found.push(Dependent { table, column: &column.name, key, blanks });
                }
            }
        }
        found
    }

    /// The tables whose rows are deleted along; `None` where rows that are not known are, or an error is expected.
    fn handled(
        &self,
        deletion: &Deletion<'_>,
        all: &[Deletion<'_>],
        around: &BTreeSet<FunctionId>,
    ) -> Option<BTreeSet<Span>> {
        let others = all.iter().filter(|other| around.contains(&other.function) && other.span != deletion.span);
        let tables: Option<BTreeSet<Span>> = others.map(|other| other.table.map(|table| table.span)).collect();
        let module = self.modules.get(deletion.module);
        let syntax = &module.python.syntax;
        let expects = syntax.enclosing_stmts(pyaudit_python::Parent::Expr(self.place(deletion)?)).any(|stmt| {
            let StmtKind::Try { handlers, .. } = &syntax.stmt(stmt).kind else { return false };
            handlers.iter().filter_map(|handler| handler.exception).any(|exception| {
                let text = self.text_at(module, exception);
                text.contains("Integrity") || text.contains("ForeignKey")
            })
        });
        tables.filter(|_| !expects)
    }

    /// The callee of a deletion.
    fn place(&self, deletion: &Deletion<'_>) -> Option<ExprId> {
        let module = self.modules.get(deletion.module);
        let edges = module.python.syntax.exprs();
        { edges }.find(|(_, expr)| Some(expr.range) == deletion.span.range).map(|(id, _)| id)
    }

    /// A function with those that it calls.
    fn around(&self, function: FunctionId) -> BTreeSet<FunctionId> {
        let mut found = BTreeSet::from([function]);
        let mut level = vec![function];
        for _ in 0..DEPTH {
            let next: Vec<FunctionId> = level
                .iter()
                .flat_map(|&at| self.calls.callees(at).map(|(callee, _)| callee))
                .filter(|callee| found.insert(*callee))
                .collect();
            level = next;
        }
        found
    }

    /// Whether the function that deletes speaks of the dependent class, or of a relationship to it: it looks after its rows.
    fn is_mentioned(&self, deletion: &Deletion<'_>, parent: &Table, child: &Table) -> bool {
        let module = self.modules.get(deletion.module);
        let crate::calls::FunctionNode::Definition(function) = self.calls.function(deletion.function).node else {
            return false;
        };
        let class = child.class_path.last().map(String::as_str);
        let attributes: Vec<&str> = relationships_to(parent, child).iter().map(|one| one.attribute.as_str()).collect();
        let syntax = &module.python.syntax;
        let body = module.function(function).map_or(&[][..], |definition| &definition.body);
        body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true)).any(|id| match &syntax.expr(id).kind {
            ExprKind::Name { id, .. } => Some(syntax.name(*id)) == class,
            ExprKind::Attribute { attr, .. } => {
                let name = syntax.identifier(*attr);
                Some(name) == class || attributes.contains(&name)
            }
            _ => false,
        })
    }
}

/// The relationships of a class that lead to another.
fn relationships_to<'p>(parent: &'p Table, child: &Table) -> Vec<&'p Relationship> {
    let leads =
        |one: &&Relationship| one.class.is_some() && one.class == child.class.map(|class| (child.module, class));
    parent.relationships.iter().filter(leads).collect()
}

/// Whether the rows of a key are left to nobody; with the relationship that makes it worse, if one does.
#[expect(clippy::option_option, reason = "whether, and by what")]
fn stands_in_the_way<'p>(
    deletion: &Deletion<'_>,
    child: &Table,
    key: &ForeignKey,
    relationships: &[&'p Relationship],
    nullable: bool,
) -> Option<Option<&'p Relationship>> {
    let by_database = key.on_delete.is_some();
    if deletion.is_bulk {
        return (!by_database).then_some(None);
    }
    // The mapper deletes the rows of tables in between itself.
    let parent = deletion.table?;
    let is_between = parent.relationships.iter().any(|one| one.secondary.is_some());
    if child.class.is_none() && is_between || secondary_names(parent).any(|name| is_table(child, name)) {
        return None;
    }
    let own: Vec<&&Relationship> = relationships.iter().filter(|one| !one.is_view_only).collect();
    let cascades = |one: &&&Relationship| {
        one.cascade.as_deref().is_some_and(|cascade| cascade.contains("all") || cascade.contains("delete"))
    };
    if own.iter().any(cascades) {
        return None;
    }
    match own.first() {
        // It empties the key of the children first, and the database has no say in that.
        Some(one) if !one.passive_deletes && !is_unloaded(one) => (!nullable).then_some(Some(**one)),
        _ => (!by_database).then_some(None),
    }
}

fn is_unloaded(one: &Relationship) -> bool {
    one.lazy.as_deref().is_some_and(|lazy| matches!(lazy, "noload" | "dynamic" | "write_only"))
}

fn secondary_names(parent: &Table) -> impl Iterator<Item = &str> {
    parent.relationships.iter().filter_map(|one| one.secondary.as_deref())
}

/// Whether a table is what `secondary` names: by its name, its class, or its class with `__table__`.
fn is_table(table: &Table, secondary: &str) -> bool {
    let class = table.class_path.last().map(String::as_str);
    let named = secondary.trim_end_matches(".__table__").rsplit('.').next();
    table.name.as_deref() == Some(secondary) || (class.is_some() && class == named)
}

/// The deletions by the table that they delete from and the way they do.
pub fn by_table<'p>(all: &[Deletion<'p>]) -> BTreeMap<Span, Vec<Deletion<'p>>> {
    let mut found: BTreeMap<Span, Vec<Deletion<'p>>> = BTreeMap::new();
    for deletion in all {
        if let Some(table) = deletion.table {
            found.entry(table.span).or_default().push(*deletion);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn dependents(key: &str, relationship: &str, body: &str) -> Vec<String> {
        let text = format!(
            "from sqlalchemy import Column, ForeignKey, Integer, delete\nfrom sqlalchemy.orm import Session, declarative_base, relationship\n\
             Base = declarative_base()\nclass User(Base):\n    __tablename__ = 'users'\n    id = Column(Integer, primary_key=True)\n    {relationship}\n\
             class Order(Base):\n    __tablename__ = 'orders'\n    id = Column(Integer, primary_key=True)\n    user_id = Column(Integer, {key})\n{body}"
        );
        let project = project(&[("app/models.py", &text)]);
        let all = project.deletions();
        let found = all.iter().flat_map(|deletion| project.dependents_of(deletion, &all));
        found.map(|one| format!("{}.{}", one.table.name.clone().unwrap_or_default(), one.column)).collect()
    }

    const ROW: &str = "def f(db: Session):\n    user = db.get(User, 1)\n    db.delete(user)\n";
    const BULK: &str = "def f(db: Session):\n    db.query(User).filter(User.id == 1).delete()\n";
    const STATEMENT: &str = "def f(db: Session):\n    db.execute(delete(User).where(User.id == 1))\n";
    const PLAIN: &str = "ForeignKey('users.id'), nullable=False";

    #[test]
    fn keys_without_a_rule_stand_in_the_way() {
        for body in [ROW, BULK, STATEMENT] {
            assert_eq!(dependents(PLAIN, "pass", body), ["orders.user_id"], "{body}");
        }
        assert_eq!(dependents(PLAIN, "orders = relationship('Order')", ROW), ["orders.user_id"]);
        let cascade = "orders = relationship('Order', cascade='all, delete-orphan')";
        assert_eq!(dependents(PLAIN, cascade, BULK), ["orders.user_id"]);
    }

    #[test]
    fn rules_of_database_mapper_and_function_are_seen() {
        let none = |key: &str, relationship: &str, body: &str| {
            assert_eq!(dependents(key, relationship, body), [""; 0], "{key} {relationship} {body}");
        };
        let database = "ForeignKey('users.id', ondelete='CASCADE'), nullable=False";
        none(database, "pass", ROW);
        none(database, "pass", BULK);
        none(PLAIN, "orders = relationship('Order', cascade='all, delete-orphan')", ROW);
        none("ForeignKey('users.id')", "orders = relationship('Order')", ROW);
        none(database, "orders = relationship('Order', passive_deletes=True)", ROW);
        none(PLAIN, "pass", &format!("{ROW}    db.query(Order).delete()\n"));
        none(
            PLAIN,
            "pass",
            "def f(db: Session):\n    user = db.get(User, 1)\n    clear(db)\n    db.delete(user)\ndef clear(db: Session):\n    db.execute(delete(Order))\n",
        );
        none(
            PLAIN,
            "pass",
            "def f(db: Session):\n    try:\n        user = db.get(User, 1)\n        db.delete(user)\n    except IntegrityError:\n        pass\n",
        );
    }
}
