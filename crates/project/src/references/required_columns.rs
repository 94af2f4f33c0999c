//! Rows that are written without a value that the database demands.

use super::objects::{Object, Objects};
use super::shapes::ClassId;
use crate::database::{Column, ConstraintKind, Table};
use crate::{Module, ModuleId, Project};
use pyaudit_python::{ExprContext, ExprId, ExprKind, NameId, Parent, ScopeId, StmtId, StmtKind};
use pyaudit_source::{Role, Span};
use std::collections::BTreeSet;

/// A row that is written without some of what it must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncompleteRow {
    /// The module.
    pub module: ModuleId,
    /// The class where the row is made.
    pub span: Span,
    /// The name of the class.
    pub class_name: String,
    /// The attributes without a value, with the places of their columns.
    pub columns: Vec<(String, Span)>,
}

/// Events at which a listener may fill a row in.
const EVENTS: &[&str] = &["before_insert", "before_flush", "init", "before_attach", "transient_to_pending", "set"];

/// Methods of a session, and functions, that leave a row as it is.
const HARMLESS: &[&str] = &["add", "add_all", "refresh", "expunge", "print", "str", "repr", "info", "debug", "warning"];

/// What becomes of a row between its making and its writing.
#[derive(Default)]
struct Life {
    /// The attributes that are assigned later.
    assigned: BTreeSet<String>,
    /// Whether another row refers to it, which may fill its keys.
    is_linked: bool,
    /// Whether it is given to a session.
    is_added: bool,
    /// Whether something else may change it.
    is_unknown: bool,
}

impl Project {
    /// Every row of the application that is made by keywords alone, and added to a session without a column that must not
    /// be null and that nothing else gives a value; and how many such rows were looked at.
    pub fn incomplete_rows(&self) -> (Vec<IncompleteRow>, usize) {
        if self.database.tables().is_empty() {
            return (Vec::new(), 0);
        }
        let listened = self.listened_classes();
        // Under pydantic 1 a field of SQLModel whose default is `None` makes a column that may be null.
        let knows_fields = self.library_major("pydantic").is_none_or(|major| major >= 2);
        let looked = self.modules.gather(|module| {
            if module.role == Role::Application && self.is_parsed(module) {
                self.rows_made_in(module, &listened, knows_fields)
            } else {
                Vec::new()
            }
        });
        let examined = looked.len();
        (looked.into_iter().flatten().collect(), examined)
    }

    /// The rows made in a module: `None` for one that has all it needs.
    fn rows_made_in(&self, module: &Module, listened: &Listened, knows_fields: bool) -> Vec<Option<IncompleteRow>> {
        let objects = Objects::new(self);
        let module = self.modules.get(module.id);
        let mut found = Vec::new();
        for (id, expr) in module.python.syntax.exprs() {
            let ExprKind::Call { func, args, keywords } = &expr.kind else { continue };
            if keywords.is_empty() || !args.is_empty() || keywords.iter().any(|keyword| keyword.name.is_none()) {
                continue;
            }
            let Some(Object::Class(class)) = objects.of(module, *func) else { continue };
            let Some(table) = self.fillable_table(class).filter(|_| !listened.covers(class)) else { continue };
            if !knows_fields && self.is_sqlmodel(class) {
                continue;
            }
            let life = self.life_of(module, id, table);
            if !life.is_added || life.is_unknown {
                continue;
            }
            let given: BTreeSet<&str> =
                keywords.iter().filter_map(|it| Some(module.python.syntax.identifier(it.name?))).collect();
            let is_linked =
                life.is_linked || table.relationships.iter().any(|it| given.contains(it.attribute.as_str()));
            let missing = table.columns.iter().filter(|column| {
                let name = column.attribute.as_str();
                let is_given = given.contains(name) || life.assigned.contains(name);
                !is_given && self.is_required(class, table, column) && !(is_linked && is_key(table, column))
            });
            let columns: Vec<(String, Span)> = missing.map(|it| (it.attribute.clone(), it.span)).collect();
            found.push((!columns.is_empty()).then(|| IncompleteRow {
                module: module.id,
                span: module.span_of(*func),
                class_name: table.class_path.last().cloned().unwrap_or_default(),
                columns,
            }));
        }
        found
    }

    /// The table of a class that the constructor of its library fills, where all of it is read.
    fn fillable_table(&self, class: ClassId) -> Option<&Table> {
        let table = self.database.table_of_class(class.0, class.1)?;
        let shapes = self.shapes();
        let is_own = (table.module, table.class) == (class.0, Some(class.1));
        let makes_itself = ["__init__", "__post_init__", "__new__"].iter().any(|name| shapes.has_itself(class, name));
        let is_plain = is_own && table.is_complete && shapes.is_closed(class) && shapes.descendants(class).len() == 1;
        (is_plain && !makes_itself).then_some(table)
    }

    /// Whether a column must be given a value by whoever makes the row.
    fn is_required(&self, class: ClassId, table: &Table, column: &Column) -> bool {
        if column.nullable || column.has_default || column.has_server_default || column.has_on_update {
            return false;
        }
        let type_name = column.column_type.as_ref().map(|it| it.name.to_lowercase());
        let is_textual = type_name.as_deref().is_some_and(|name| {
            ["string", "text", "uuid", "guid", "char", "varchar", "unicode", "autostring"].contains(&name)
        });
        // The database counts numbers of keys up by itself.
        if column.primary_key && (!is_textual || table.primary_key().len() > 1) {
            return false;
        }
        let text = self.sources.slice(column.span);
        let is_written_plainly =
            !["Mapped[\"", "Mapped['", "**", "init=False", "declared_attr"].iter().any(|it| text.contains(it))
                && text.split("nullable=").skip(1).all(|rest| rest.starts_with("False"));
        is_written_plainly && !self.is_named_in_mapper_args(class, column)
    }

    /// Whether the mapper fills a column: the version of a row, the kind of a polymorphic one.
    fn is_named_in_mapper_args(&self, class: ClassId, column: &Column) -> bool {
        self.shapes().ancestors(class).into_iter().any(|(module, class)| {
            let home = self.modules.get(module);
            let text = self.sources.slice(home.span(home.python.syntax.stmt(class).range));
            text.split("__mapper_args__").skip(1).any(|rest| {
                let end = rest.char_indices().nth(400).map_or(rest.len(), |(at, _)| at);
                rest[..end].contains(column.attribute.as_str())
            })
        })
    }

    fn life_of(&self, module: &Module, row: ExprId, table: &Table) -> Life {
        let syntax = &module.python.syntax;
        match syntax.expr_parent(row) {
            Parent::Stmt(stmt) => {
                let target = match &syntax.stmt(stmt).kind {
                    StmtKind::Assign { targets, .. } if targets.len() == 1 => targets[0],
                    StmtKind::AnnAssign { target, .. } => *target,
                    _ => return Life::default(),
                };
                let ExprKind::Name { id, .. } = syntax.expr(target).kind else { return Life::default() };
                self.life_of_name(module, (target, id), stmt, table)
            }
            Parent::Expr(parent) => Life { is_added: self.is_added_by(module, row, parent), ..Life::default() },
            _ => Life::default(),
        }
    }

    /// Whether an expression is what a session is given: `session.add(row)`, `session.add_all([row])`.
    fn is_added_by(&self, module: &Module, row: ExprId, parent: ExprId) -> bool {
        let syntax = &module.python.syntax;
        match &syntax.expr(parent).kind {
            ExprKind::Call { func, args, .. } => args.contains(&row) && self.is_session_method(module, *func, "add"),
            ExprKind::List { .. } | ExprKind::ListComp { .. } => match syntax.expr_parent(parent) {
                Parent::Expr(outer) => match &syntax.expr(outer).kind {
                    ExprKind::Call { func, args, .. } => {
                        args.contains(&parent) && self.is_session_method(module, *func, "add_all")
                    }
                    _ => false,
                },
                _ => false,
            },
            _ => false,
        }
    }

    fn is_session_method(&self, module: &Module, func: ExprId, method: &str) -> bool {
        let ExprKind::Attribute { value, attr, .. } = module.python.syntax.expr(func).kind else { return false };
        module.python.syntax.identifier(attr) == method
            && (module.last_name(value).is_some_and(|it| super::objects::SESSIONS.contains(&it))
                || self.database_object(module, value).is_some())
    }

    fn life_of_name(&self, module: &Module, (target, name): (ExprId, NameId), made: StmtId, table: &Table) -> Life {
        let syntax = &module.python.syntax;
        let mut life = Life::default();
        let Some(function) = syntax.enclosing_functions(Parent::Stmt(made)).next() else { return life };
        let Some((scope, _)) = module.python.lookup(target) else { return life };
        let body = module.function(function).map_or(&[][..], |function| &function.body);
        let start = syntax.stmt(made).range.start;
        let exprs: Vec<ExprId> = body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true)).collect();
        let ends = exprs.iter().filter_map(|&expr| match &syntax.expr(expr).kind {
            ExprKind::Call { func, .. } if matches!(module.last_name(*func), Some("commit" | "flush")) => {
                Some(syntax.expr(expr).range.start).filter(|&at| at > start)
            }
            _ => None,
        });
        let end = ends.min().unwrap_or(u32::MAX);
        for expr in exprs {
            let at = syntax.expr(expr).range.start;
            let is_use = matches!(syntax.expr(expr).kind, ExprKind::Name { id, ctx: ExprContext::Load } if id == name);
            if is_use && at > start && at < end && is_in(module, expr, scope, name) {
                self.add_use(module, expr, table, &mut life);
            }
        }
        life
    }

    /// What one use of the name of a row says of its life.
    fn add_use(&self, module: &Module, used: ExprId, table: &Table, life: &mut Life) {
        let syntax = &module.python.syntax;
        match syntax.expr_parent(used) {
            Parent::Expr(parent) => match &syntax.expr(parent).kind {
                ExprKind::Attribute { attr, ctx, .. } => {
                    let name = syntax.identifier(*attr);
                    let is_called = matches!(syntax.expr_parent(parent), Parent::Expr(outer)
                        if matches!(syntax.expr(outer).kind, ExprKind::Call { func, .. } if func == parent));
                    if *ctx == ExprContext::Store {
                        life.assigned.insert(name.to_owned());
                        life.is_linked |= table.relationships.iter().any(|it| it.attribute == name);
                        // A property or synonym may set a column of another name.
                        life.is_unknown |= table.column_of(name).is_none() && !life.is_linked;
                    }
                    life.is_unknown |= is_called || name == "__dict__";
                }
                ExprKind::Call { func, args, .. } => {
                    let called = module.last_name(*func);
                    if self.is_added_by(module, used, parent) {
                        life.is_added = true;
                    } else if called == Some("append") && args.contains(&used) {
                        let is_relationship = matches!(syntax.expr(*func).kind, ExprKind::Attribute { value, .. }
                            if matches!(syntax.expr(value).kind, ExprKind::Attribute { .. }));
                        life.is_linked |= is_relationship;
                        life.is_unknown |= !is_relationship;
                    } else if !args.contains(&used) && self.makes_row(module, *func) {
                        life.is_linked = true;
                    } else {
                        life.is_unknown |= !called.is_some_and(|it| HARMLESS.contains(&it));
                    }
                }
                ExprKind::List { .. } => {
                    let is_added = self.is_added_by(module, used, parent);
                    life.is_added |= is_added;
                    life.is_unknown |= !is_added;
                }
                ExprKind::Compare { .. } | ExprKind::BoolOp { .. } | ExprKind::UnaryOp { .. } => {}
                _ => life.is_unknown = true,
            },
            Parent::Stmt(stmt) => match &syntax.stmt(stmt).kind {
                StmtKind::Assign { targets, .. } => {
                    let to_attribute =
                        targets.iter().all(|&it| matches!(syntax.expr(it).kind, ExprKind::Attribute { .. }));
                    life.is_linked |= to_attribute;
                    life.is_unknown |= !to_attribute;
                }
                StmtKind::Return(_) | StmtKind::If { .. } | StmtKind::Assert { .. } | StmtKind::Expr(_) => {}
                _ => life.is_unknown = true,
            },
            _ => life.is_unknown = true,
        }
    }

    fn makes_row(&self, module: &Module, func: ExprId) -> bool {
        self.class(module, func).is_some_and(|(home, class, _)| self.database.table_of_class(home.id, class).is_some())
    }

    /// The classes whose rows listeners may fill in.
    fn listened_classes(&self) -> Listened {
        let found = self.modules.gather(|module| {
            let syntax = &module.python.syntax;
            let calls = syntax.exprs().filter_map(|(_, expr)| match &expr.kind {
                ExprKind::Call { func, args, .. }
                    if matches!(module.last_name(*func), Some("listens_for" | "listen")) =>
                {
                    let event = args.get(1).and_then(|&event| syntax.string(event));
                    event.filter(|event| EVENTS.contains(event)).and(args.first().copied())
                }
                _ => None,
            });
            calls.map(|target| self.class(module, target).map(|(home, class, _)| (home.id, class))).collect()
        });
        let mut listened = Listened::default();
        for class in found {
            match class {
                Some(class) => listened.classes.extend(self.shapes().descendants(class)),
                None => listened.all = true,
            }
        }
        listened
    }
}

/// The classes that listeners are told of.
#[derive(Default)]
struct Listened {
    classes: BTreeSet<ClassId>,
    /// Whether the listeners are told of every class.
    all: bool,
}

impl Listened {
    fn covers(&self, class: ClassId) -> bool {
        self.all || self.classes.contains(&class)
    }
}

/// Whether a relationship may fill a column.
fn is_key(table: &Table, column: &Column) -> bool {
    !column.foreign_keys.is_empty()
        || table.constraints.iter().any(|it| it.kind == ConstraintKind::ForeignKey && it.columns.contains(&column.name))
}

fn is_in(module: &Module, used: ExprId, scope: ScopeId, name: NameId) -> bool {
    module.python.lookup_in(module.python.scope_of_expr(used), name).is_some_and(|(found, _)| found == scope)
}
