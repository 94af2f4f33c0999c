//! Mapped classes and bare tables.

use super::annotations::TypeEntry;
use super::reading::{CallAt, returned};
use super::{Column, ContradictionKind, Database, Table};
use crate::{Definition, Module, Project, Symbol};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtId, StmtKind};
use std::collections::BTreeSet;

/// Calls that give a declarative base.
const BASE_CALLS: &[&str] = &["declarative_base", "generate_base", "automap_base", "registry"];

/// Bases of somebody else that add no columns.
const PLAIN_BASES: &[&str] = &[
    "DeclarativeBase",
    "DeclarativeBaseNoMeta",
    "MappedAsDataclass",
    "AsyncAttrs",
    "SQLModel",
    "BaseModel",
    "Generic",
    "ABC",
    "Protocol",
    "Enum",
    "object",
    "DeferredReflection",
];

/// What a class is mapped by.
struct Root {
    base: Symbol,
    /// Whether it is `SQLModel`, whose fields are columns.
    is_sqlmodel: bool,
}

impl Project {
    /// What maps a class, if anything does: its first base, through its own classes, that is a declarative one.
    fn root(&self, module: &Module, class: StmtId) -> Option<Root> {
        for (home, id) in self.lineage(module, class) {
            let definition = home.class(id)?;
            for &decorator in &definition.decorators {
                if let Some(base) = self.mapping_decorator(home, id, decorator) {
                    return Some(Root { base, is_sqlmodel: false });
                }
            }
            for &base in &definition.bases {
                if let Some(root) = self.root_base(home, id, home.without_subscript(base)) {
                    return Some(root);
                }
            }
        }
        None
    }

    fn root_base(&self, module: &Module, class: StmtId, base: ExprId) -> Option<Root> {
        for symbol in self.symbols(module, base) {
            if let Some(name) = symbol.external() {
                let is_sqlmodel = matches!(name, "sqlmodel.SQLModel" | "sqlmodel.main.SQLModel");
                let is_declarative = name.starts_with("sqlalchemy.")
                    && (name.ends_with(".DeclarativeBase") || name.ends_with(".DeclarativeBaseNoMeta"));
                if is_sqlmodel {
                    return Some(Root { base: symbol, is_sqlmodel });
                }
                if is_declarative {
                    return Some(Root { base: Self::class_symbol(module, class), is_sqlmodel });
                }
            }
            let value = match self.definition(&symbol) {
                Some((home, Definition::Value(value) | Definition::Annotated { value: Some(value), .. })) => {
                    (home, value)
                }
                _ => continue,
            };
            let Some(call) = CallAt::of(value.0, value.1) else { continue };
            let is_method = matches!(&value.0.python.syntax.expr(call.func).kind,
                ExprKind::Attribute { attr, .. } if value.0.python.syntax.identifier(*attr) == "generate_base");
            let name = self.library_name(value.0, call.func);
            if is_method || name.is_some_and(|name| BASE_CALLS.contains(&name.as_str())) {
                return Some(Root { base: symbol, is_sqlmodel: false });
            }
        }
        None
    }

    fn class_symbol(module: &Module, class: StmtId) -> Symbol {
        Symbol::Definition { module: module.id, path: module.path_to(Parent::Stmt(class)) }
    }

    /// `@as_declarative()`, `@mapper_registry.mapped`.
    fn mapping_decorator(&self, module: &Module, class: StmtId, decorator: ExprId) -> Option<Symbol> {
        let syntax = &module.python.syntax;
        let func = CallAt::of(module, decorator).map_or(decorator, |call| call.func);
        if self.library_name(module, func).as_deref() == Some("as_declarative") {
            return Some(Self::class_symbol(module, class));
        }
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(func).kind else { return None };
        if !matches!(syntax.identifier(*attr), "mapped" | "mapped_as_dataclass" | "as_declarative_base") {
            return None;
        }
        let (home, registry) = self.follow(module, *value);
        let call = CallAt::of(home, registry)?;
        let is_registry = self.library_name(home, call.func).as_deref() == Some("registry");
        is_registry.then(|| self.symbol(module, *value)).flatten()
    }

    /// Whether a class has rows: it is mapped, and neither the base itself nor abstract.
    pub(super) fn is_mapped(&self, module: &Module, class: StmtId) -> bool {
        let Some(root) = self.root(module, class) else { return false };
        if root.base == Self::class_symbol(module, class) || Self::own_flag(module, class, "__abstract__") {
            return false;
        }
        if root.is_sqlmodel {
            let keywords = module.class(class).map_or(&[][..], |class| &class.keywords);
            let table = module.keyword(keywords, "table").map(|table| &module.python.syntax.expr(table).kind);
            return matches!(table, Some(ExprKind::Bool(true)));
        }
        true
    }

    fn own_flag(module: &Module, class: StmtId, name: &str) -> bool {
        let value = module.class_value(class, name);
        value.is_some_and(|value| matches!(module.python.syntax.expr(value).kind, ExprKind::Bool(true)))
    }

    /// The part of a lineage that gives a class its columns: without mapped parents and what these are made of.
    pub(super) fn own_lineage<'p>(&'p self, module: &'p Module, class: StmtId) -> Vec<(&'p Module, StmtId)> {
        let lineage = self.lineage(module, class);
        let mut inherited = BTreeSet::new();
        for &(home, id) in lineage.iter().skip(1) {
            if self.is_mapped(home, id) {
                inherited.extend(self.lineage(home, id).into_iter().map(|(home, id)| (home.id, id)));
            }
        }
        lineage.into_iter().filter(|(home, id)| !inherited.contains(&(home.id, *id))).collect()
    }

    fn mapped_parent<'p>(&'p self, module: &'p Module, class: StmtId) -> Option<(&'p Module, StmtId)> {
        self.lineage(module, class).into_iter().skip(1).find(|&(home, id)| self.is_mapped(home, id))
    }

    /// The name of the table of a class, with its schema. `None` where it cannot be known, or has none of its own.
    pub(super) fn table_name(&self, module: &Module, class: StmtId) -> Option<String> {
        let syntax = &module.python.syntax;
        let name = syntax.identifier(module.class(class)?.name);
        if let Some((home, call)) = self.explicit_table(module, class) {
            return self.bare_table_name(&CallAt::of(home, call)?);
        }
        let table = match self.name_definition(module, class) {
            Some((home, definition)) => match definition {
                Definition::Value(value) | Definition::Annotated { value: Some(value), .. } => {
                    self.class_text(home, value, name, 8)?
                }
                Definition::Function(function) => match returned(home, function).as_slice() {
                    [only] => self.class_text(home, *only, name, 8)?,
                    _ => return None,
                },
                _ => return None,
            },
            None => self.root(module, class).filter(|root| root.is_sqlmodel).map(|_| name.to_lowercase())?,
        };
        Some(match self.schema(module, class) {
            Some(schema) => format!("{schema}.{table}"),
            None => table,
        })
    }

    /// The definition of `__tablename__` that counts for a class: its own, or that of what has no table itself.
    fn name_definition<'p>(&'p self, module: &'p Module, class: StmtId) -> Option<(&'p Module, Definition)> {
        self.lineage(module, class).into_iter().find_map(|(home, id)| {
            let scope = home.scope_opened_by(Definition::Class(id))?;
            let found = home.definition_in(scope, "__tablename__")?;
            let is_own = (home.id, id) == (module.id, class);
            (is_own || !self.is_mapped(home, id)).then_some((home, found))
        })
    }

    /// The call behind `__table__ = Table(…)`.
    fn explicit_table<'p>(&'p self, module: &'p Module, class: StmtId) -> Option<(&'p Module, ExprId)> {
        let value = module.class_value(class, "__table__")?;
        let (home, call) = self.follow(module, value);
        let name = self.library_name(home, CallAt::of(home, call)?.func)?;
        (name == "Table").then_some((home, call))
    }

    /// Reads the mapped classes of a module that have a table of their own.
    pub(super) fn read_classes(&self, module: &Module, into: &mut Database) {
        for (id, stmt) in module.python.syntax.stmts() {
            let StmtKind::ClassDef(class) = &stmt.kind else { continue };
            if class.bases.is_empty() && class.decorators.is_empty() || !self.is_mapped(module, id) {
                continue;
            }
            let has_name = self.name_definition(module, id).is_some() || self.explicit_table(module, id).is_some();
            let is_sqlmodel = self.root(module, id).is_some_and(|root| root.is_sqlmodel);
            let has_parent = self.mapped_parent(module, id).is_some();
            if has_name || (is_sqlmodel && !has_parent) {
                into.push(self.class_table(module, id));
            } else if !has_parent {
                into.push(Table { is_complete: false, ..self.class_table(module, id) });
            }
        }
    }

    fn class_table(&self, module: &Module, class: StmtId) -> Table {
        let syntax = &module.python.syntax;
        let root = self.root(module, class);
        let range = module.class(class).map_or(syntax.stmt(class).range, |class| class.name.range);
        let mut table = Table {
            name: self.table_name(module, class),
            module: module.id,
            span: module.span(range),
            class: Some(class),
            class_path: module.path_to(Parent::Stmt(class)),
            base: root.as_ref().map(|root| root.base.clone()),
            columns: Vec::new(),
            indexes: Vec::new(),
            constraints: Vec::new(),
            relationships: Vec::new(),
            is_complete: self.bases_are_known(module, class),
        };
        if let Some((home, call)) = self.explicit_table(module, class).and_then(|(m, c)| Some((m, CallAt::of(m, c)?))) {
            self.read_table_arguments(home, &call, &mut table);
        }
        self.add_members(module, class, root.is_some_and(|root| root.is_sqlmodel), &mut table);
        self.add_table_args(module, class, &mut table);
        table
    }

    fn bases_are_known(&self, module: &Module, class: StmtId) -> bool {
        self.external_bases(module, class).iter().all(|base| {
            base.external().and_then(|name| name.rsplit('.').next()).is_some_and(|name| PLAIN_BASES.contains(&name))
        })
    }

    /// Adds the columns and relationships of a class, its mixins and its abstract bases.
    fn add_members(&self, module: &Module, class: StmtId, is_sqlmodel: bool, table: &mut Table) {
        let lineage = self.own_lineage(module, class);
        let map = self.type_map(&self.lineage(module, class));
        let mut seen = BTreeSet::new();
        for (home, id) in lineage {
            let Some(definition) = home.class(id) else { continue };
            let mut own = BTreeSet::new();
            for &stmt in &definition.body {
                let Some(member) = Member::of(home, stmt) else { continue };
                if !seen.contains(&member.name) {
                    self.add_member(&member, is_sqlmodel, &map, table);
                }
                own.insert(member.name);
            }
            seen.extend(own);
        }
    }

    fn add_member(&self, member: &Member<'_>, is_sqlmodel: bool, map: &[TypeEntry<'_>], table: &mut Table) {
        if member.name.starts_with("__") || member.name == "model_config" {
            return;
        }
        let mut value = member.value;
        if let Some(function) = member.function {
            if !self.is_declared_attr(member.module, function) {
                return;
            }
            value = returned(member.module, function).first().copied();
        }
        let call = value.and_then(|value| self.declaring_call(member.module, value, 4));
        let name = call.as_ref().and_then(|call| self.library_name(call.module, call.func));
        let span = member.module.span_of_stmt(member.stmt);
        let mapped = member.annotation.and_then(|annotation| self.mapped_annotation(member.module, annotation));
        match (name.as_deref(), call) {
            (Some("relationship" | "relation" | "dynamic_loader" | "Relationship"), Some(call)) => {
                table.relationships.push(self.relationship(&member.name, member.annotation, &call));
            }
            (Some("Column" | "mapped_column"), Some(call)) => {
                let mut parts = self.column_parts(&call);
                let annotation = mapped.map(|mapped| self.annotation(member.module, mapped));
                let said = mapped.zip(annotation.as_ref());
                let contradictions = self.contradictions(&call, &parts, said);
                if let Some(annotation) = &annotation {
                    self.add_annotation(&mut parts, annotation, map);
                }
                let column = parts.finish(&member.name, span, annotation.map(|found| found.is_optional));
                table.columns.push(Column { contradictions, ..column });
            }
            (name, call) if is_sqlmodel => {
                let Some(annotation) = member.annotation.filter(|_| member.function.is_none()) else { return };
                let is_constant =
                    self.is_any(member.module, member.module.without_subscript(annotation), &["typing.ClassVar"]);
                if is_constant || matches!(name, Some("PrivateAttr")) {
                    return;
                }
                let annotation = self.annotation(member.module, annotation);
                let field = call.filter(|_| name == Some("Field"));
                let (mut parts, is_optional) = self.field_parts(field.as_ref(), &annotation);
                parts.has_default |= field.is_none() && value.is_some();
                table.columns.push(parts.finish(&member.name, span, is_optional));
            }
            (None, None) if mapped.is_some() => {
                let annotation = self.annotation(member.module, mapped.unwrap_or(ExprId(0)));
                let mut parts = super::columns::Parts { has_default: value.is_some(), ..Default::default() };
                self.add_annotation(&mut parts, &annotation, map);
                table.columns.push(parts.finish(&member.name, span, Some(annotation.is_optional)));
            }
            (None, Some(_)) if mapped.is_some() => table.is_complete = false,
            _ => {}
        }
    }

    fn is_declared_attr(&self, module: &Module, function: StmtId) -> bool {
        let decorators = module.function(function).map_or(&[][..], |function| &function.decorators);
        decorators.iter().any(|&decorator| {
            let symbols = self.symbols(module, decorator);
            symbols.iter().filter_map(Symbol::external).any(|name| name.split('.').any(|part| part == "declared_attr"))
        })
    }

    /// The call that declares a column or relationship, behind `deferred(…)` and functions of the project.
    fn declaring_call<'p>(&'p self, module: &'p Module, value: ExprId, hops: usize) -> Option<CallAt<'p>> {
        let call = CallAt::of(module, value)?;
        let hops = hops.checked_sub(1)?;
        if let Some((home, function, _)) = self.function(module, call.func) {
            let found = returned(home, function).into_iter().find_map(|value| self.declaring_call(home, value, hops));
            return found.or(Some(call));
        }
        match self.library_name(module, call.func).as_deref() {
            Some("deferred" | "column_property") => {
                let inner = call.args.first().and_then(|&inner| CallAt::of(module, inner));
                let is_column = |inner: &CallAt<'_>| {
                    matches!(self.library_name(module, inner.func).as_deref(), Some("Column" | "mapped_column"))
                };
                Some(inner.filter(is_column).unwrap_or(call))
            }
            _ => Some(call),
        }
    }

    /// Adds what the classes of single-table hierarchies bring to the table of their parent.
    pub(super) fn add_inherited(&self, into: &mut Database) {
        for module in self.modules.iter() {
            for (id, stmt) in module.python.syntax.stmts() {
                let is_class = matches!(&stmt.kind, StmtKind::ClassDef(class) if !class.bases.is_empty());
                if !is_class || into.by_class.contains_key(&(module.id, id)) || !self.is_mapped(module, id) {
                    continue;
                }
                let Some((home, parent)) = self.mapped_parent(module, id) else { continue };
                let Some(&at) = into.by_class.get(&(home.id, parent)) else { continue };
                let mut brought = Table { columns: Vec::new(), relationships: Vec::new(), ..into.tables[at].clone() };
                let is_sqlmodel = self.root(module, id).is_some_and(|root| root.is_sqlmodel);
                self.add_members(module, id, is_sqlmodel, &mut brought);
                let table = &mut into.tables[at];
                let new = |column: &Column| table.columns.iter().all(|known| known.name != column.name);
                let mut columns: Vec<Column> = brought.columns.into_iter().filter(new).collect();
                // A column of one class of several in a table must allow null for the rows of the others.
                for column in &mut columns {
                    column.contradictions.retain(|one| one.kind != ContradictionKind::NeverNone);
                }
                table.columns.extend(columns);
                table.relationships.extend(brought.relationships);
                into.by_class.insert((module.id, id), at);
            }
        }
    }
}

/// A name that a class body binds.
struct Member<'p> {
    module: &'p Module,
    stmt: StmtId,
    name: String,
    annotation: Option<ExprId>,
    value: Option<ExprId>,
    function: Option<StmtId>,
}

impl<'p> Member<'p> {
    fn of(module: &'p Module, stmt: StmtId) -> Option<Self> {
        let syntax = &module.python.syntax;
        let named = |target: ExprId| match syntax.expr(target).kind {
            ExprKind::Name { id, .. } => Some(syntax.name(id).to_owned()),
            _ => None,
        };
        let (name, annotation, value, function) = match &syntax.stmt(stmt).kind {
            StmtKind::Assign { targets, value } => (named(*targets.first()?)?, None, Some(*value), None),
            StmtKind::AnnAssign { target, annotation, value, .. } => (named(*target)?, Some(*annotation), *value, None),
            StmtKind::FunctionDef(function) => {
                (syntax.identifier(function.name).to_owned(), function.returns, None, Some(stmt))
            }
            _ => return None,
        };
        Some(Self { module, stmt, name, annotation, value, function })
    }
}

impl Module {
    /// The place of a statement.
    pub(super) fn span_of_stmt(&self, stmt: StmtId) -> pyaudit_source::Span {
        self.span(self.python.syntax.stmt(stmt).range)
    }
}
