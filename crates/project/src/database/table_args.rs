//! Indexes and constraints: in `__table_args__`, among the arguments of `Table`, and beside the classes.

use super::reading::{CallAt, returned};
use super::{Database, ForeignKey, Table};
use crate::{Definition, Module, Project};
use pyaudit_python::{ExprId, ExprKind, StmtId, StmtKind};
use pyaudit_source::Span;

/// An index that is written as such.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name, where it is a constant.
    pub name: Option<String>,
    /// Its columns in order, by their names in the database; an expression stands as it is written.
    pub columns: Vec<String>,
    /// Whether it is unique.
    pub unique: bool,
    /// Whether it holds only some of the rows: `postgresql_where=`.
    pub is_partial: bool,
    /// Where it is written.
    pub span: Span,
}

/// A constraint that is written as such.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// What it is.
    pub kind: ConstraintKind,
    /// Its name, where it is a constant.
    pub name: Option<String>,
    /// Its columns in order, by their names in the database.
    pub columns: Vec<String>,
    /// For a foreign key the columns it refers to.
    pub targets: Vec<String>,
    /// Where it is written.
    pub span: Span,
}

/// The kinds of constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConstraintKind {
    /// `PrimaryKeyConstraint`.
    PrimaryKey,
    /// `UniqueConstraint`.
    Unique,
    /// `ForeignKeyConstraint`.
    ForeignKey,
    /// `CheckConstraint`.
    Check,
}

impl Project {
    /// Reads the arguments of `Table("name", metadata, Column(…), …)`.
    pub(super) fn read_table_arguments(&self, module: &Module, call: &CallAt<'_>, table: &mut Table) {
        for &argument in call.args.iter().skip(1) {
            let (home, value) = match module.python.syntax.expr(argument).kind {
                ExprKind::Starred { .. } => {
                    table.is_complete = false;
                    continue;
                }
                _ => self.follow(module, argument),
            };
            let Some(item) = CallAt::of(home, value) else { continue };
            if self.library_name(home, item.func).as_deref() == Some("Column") {
                let parts = self.column_parts(&item);
                match parts.name.clone() {
                    Some(name) => table.columns.push(parts.finish(&name, home.span_of(value), None)),
                    None => table.is_complete = false,
                }
            }
        }
        for &argument in call.args.iter().skip(1) {
            self.add_item(module, argument, table);
        }
    }

    /// Reads `__table_args__` of a class or of what it is made of.
    pub(super) fn add_table_args(&self, module: &Module, class: StmtId, table: &mut Table) {
        for (home, id) in self.own_lineage(module, class) {
            let scope = home.scope_opened_by(Definition::Class(id));
            match scope.and_then(|scope| home.definition_in(scope, "__table_args__")) {
                Some(Definition::Value(value) | Definition::Annotated { value: Some(value), .. }) => {
                    return self.add_items(home, value, 8, table);
                }
                Some(Definition::Function(function)) => {
                    for value in returned(home, function) {
                        self.add_items(home, value, 8, table);
                    }
                    return;
                }
                _ => {}
            }
        }
    }

    fn add_items(&self, module: &Module, expr: ExprId, hops: usize, table: &mut Table) {
        let Some(hops) = hops.checked_sub(1) else { return };
        match &module.python.syntax.expr(expr).kind {
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
                for &element in elts {
                    self.add_items(module, element, hops, table);
                }
            }
            ExprKind::BinOp { left, right, .. } => {
                self.add_items(module, *left, hops, table);
                self.add_items(module, *right, hops, table);
            }
            ExprKind::Starred { value, .. } => self.add_items(module, *value, hops, table),
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                let (home, value) = self.follow(module, expr);
                if (home.id, value) != (module.id, expr) {
                    self.add_items(home, value, hops, table);
                }
            }
            _ => self.add_item(module, expr, table),
        }
    }

    /// Adds an index or a constraint.
    fn add_item(&self, module: &Module, expr: ExprId, table: &mut Table) {
        let (module, expr) = self.follow(module, expr);
        let Some(call) = CallAt::of(module, expr) else { return };
        let Some(item) = self.library_name(module, call.func) else { return };
        let span = module.span_of(expr);
        let name = call.keyword("name").and_then(|name| self.constant_string(module, name));
        let constraint = |kind, columns, targets| Constraint { kind, name, columns, targets, span };
        match item.as_str() {
            "Index" => table.indexes.extend(self.index(&call, span, table)),
            "UniqueConstraint" => {
                let columns = self.column_names(module, call.args, table);
                table.constraints.push(constraint(ConstraintKind::Unique, columns, Vec::new()));
            }
            "PrimaryKeyConstraint" => {
                let columns = self.column_names(module, call.args, table);
                for column in table.columns.iter_mut().filter(|column| columns.contains(&column.name)) {
                    column.primary_key = true;
                    column.nullable = false;
                }
                table.constraints.push(constraint(ConstraintKind::PrimaryKey, columns, Vec::new()));
            }
            "ForeignKeyConstraint" => {
                let list = |at: usize, name: &str| call.args.get(at).copied().or_else(|| call.keyword(name));
                let columns = list(0, "columns").map_or_else(Vec::new, |expr| elements(module, expr));
                let columns = self.column_names(module, &columns, table);
                let targets = list(1, "refcolumns").map_or_else(Vec::new, |expr| elements(module, expr));
                let targets: Vec<Option<String>> =
                    targets.into_iter().map(|target| self.key_target(module, target)).collect();
                let on_delete = call.keyword("ondelete").and_then(|text| self.constant_string(module, text));
                for (name, target) in columns.iter().zip(&targets) {
                    if let Some(column) = table.columns.iter_mut().find(|column| column.name == *name) {
                        let (target, on_delete) = (target.clone(), on_delete.clone());
                        column.foreign_keys.push(ForeignKey { target, on_delete, span });
                    }
                }
                let targets = targets.into_iter().flatten().collect();
                table.constraints.push(constraint(ConstraintKind::ForeignKey, columns, targets));
            }
            "CheckConstraint" => table.constraints.push(constraint(ConstraintKind::Check, Vec::new(), Vec::new())),
            _ => {}
        }
    }

    fn index(&self, call: &CallAt<'_>, span: Span, table: &Table) -> Option<Index> {
        let (name, columns) = call.args.split_first()?;
        Some(Index {
            name: self.constant_string(call.module, *name),
            columns: self.column_names(call.module, columns, table),
            unique: call.flag("unique").unwrap_or(false),
            is_partial: call.gives("postgresql_where") || call.gives("sqlite_where"),
            span,
        })
    }

    /// The names in the database of columns that are given as texts, attributes or names of the class body.
    fn column_names(&self, module: &Module, columns: &[ExprId], table: &Table) -> Vec<String> {
        columns.iter().map(|&column| self.named_column(module, column, table)).collect()
    }

    fn named_column(&self, module: &Module, expr: ExprId, table: &Table) -> String {
        let syntax = &module.python.syntax;
        let of_attribute = |attribute: &str| {
            table.column_of(attribute).map_or_else(|| attribute.to_owned(), |column| column.name.clone())
        };
        match &syntax.expr(expr).kind {
            ExprKind::Str { value, .. } => value.to_string(),
            ExprKind::Name { id, .. } => of_attribute(syntax.name(*id)),
            ExprKind::Attribute { attr, .. } => of_attribute(syntax.identifier(*attr)),
            // `created_at.desc()` searches by the column as well as `created_at` does.
            ExprKind::Call { func, args, .. } if args.is_empty() => match &syntax.expr(*func).kind {
                ExprKind::Attribute { value, attr, .. } if matches!(syntax.identifier(*attr), "desc" | "asc") => {
                    self.named_column(module, *value, table)
                }
                _ => self.text_at(module, expr),
            },
            _ => self.text_at(module, expr),
        }
    }

    /// Adds indexes that a module makes outside of classes: `Index("ix", User.email)`.
    pub(super) fn add_loose_indexes(&self, module: &Module, into: &mut Database) {
        let syntax = &module.python.syntax;
        for &stmt in &syntax.body {
            let (StmtKind::Expr(value) | StmtKind::Assign { value, .. }) = syntax.stmt(stmt).kind else { continue };
            let Some(call) = CallAt::of(module, value) else { continue };
            if self.library_name(module, call.func).as_deref() != Some("Index") {
                continue;
            }
            let at = call.args.iter().skip(1).find_map(|&column| self.table_with(module, column, into));
            let Some(at) = at else { continue };
            let index = self.index(&call, module.span_of(value), &into.tables[at]);
            into.tables[at].indexes.extend(index);
        }
    }

    /// The table of the first class or bare table that an expression names.
    fn table_with(&self, module: &Module, expr: ExprId, into: &Database) -> Option<usize> {
        module.python.syntax.walk_exprs_of(expr).find_map(|part| {
            if let Some((home, class, _)) = self.class(module, part) {
                return into.by_class.get(&(home.id, class)).copied();
            }
            let (home, call) = self.follow(module, part);
            let span = home.span_of(call);
            into.tables.iter().position(|table| table.class.is_none() && table.span == span)
        })
    }

    /// The schema in the options of `__table_args__`.
    pub(super) fn schema(&self, module: &Module, class: StmtId) -> Option<String> {
        let found = self.own_lineage(module, class).into_iter().find_map(|(home, id)| {
            let scope = home.scope_opened_by(Definition::Class(id))?;
            match home.definition_in(scope, "__table_args__")? {
                Definition::Value(value) | Definition::Annotated { value: Some(value), .. } => Some((home, value)),
                Definition::Function(function) => Some((home, returned(home, function).first().copied()?)),
                Definition::Annotated { .. } | Definition::Class(_) => None,
            }
        });
        let (home, value) = found?;
        let syntax = &home.python.syntax;
        let options = match &syntax.expr(value).kind {
            ExprKind::Tuple { elts, .. } => *elts.last()?,
            _ => value,
        };
        let ExprKind::Dict(items) = &syntax.expr(options).kind else { return None };
        let schema = items.iter().find(|item| item.key.and_then(|key| syntax.string(key)) == Some("schema"))?;
        self.constant_string(home, schema.value)
    }
}

/// The elements of a list or tuple.
fn elements(module: &Module, expr: ExprId) -> Vec<ExprId> {
    match &module.python.syntax.expr(expr).kind {
        ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => elts.to_vec(),
        _ => Vec::new(),
    }
}
