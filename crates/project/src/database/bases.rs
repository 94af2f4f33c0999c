//! Declarative bases: what classes are mapped on, and which of them share their tables.

use super::Table;
use super::reading::CallAt;
use crate::{Definition, Module, ModuleId, Project, Symbol};
use pyaudit_python::{Base, BindingKind, ExprId, ExprKind, Qualified, ScopeId, StmtId};
use pyaudit_source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// A declarative base with the tables on it.
#[derive(Debug, Clone)]
pub struct DeclarativeBase<'d> {
    /// The class, the object that `declarative_base()` gave, or `sqlmodel.SQLModel`.
    pub symbol: Symbol,
    /// Where it is made; the first of its tables for a base of a library.
    pub span: Span,
    /// Its tables, in the order of the modules.
    pub tables: Vec<&'d Table>,
    /// The `MetaData` that it is given; that of `SQLModel` for `SQLModel` itself.
    pub metadata: Option<Symbol>,
}

impl DeclarativeBase<'_> {
    /// Its name: `Base`.
    pub fn name(&self) -> &str {
        match &self.symbol {
            Symbol::Definition { path, .. } => path.last().map_or("", String::as_str),
            Symbol::External(name) | Symbol::Builtin(name) => name.rsplit('.').next().unwrap_or(name),
            Symbol::Module(_) => "",
        }
    }

    /// The modules that must be loaded for its tables to be known.
    pub fn modules(&self) -> BTreeSet<ModuleId> {
        self.tables.iter().map(|table| table.module).collect()
    }
}

impl Project {
    /// The bases with tables, those with the most tables first. Bases that share one `MetaData` are one.
    pub fn declarative_bases(&self) -> Vec<DeclarativeBase<'_>> {
        let mut by_symbol: BTreeMap<&Symbol, Vec<&Table>> = BTreeMap::new();
        for table in self.database.tables().iter().filter(|table| table.class.is_some()) {
            if let Some(base) = &table.base {
                by_symbol.entry(base).or_default().push(table);
            }
        }
        let mut bases: Vec<DeclarativeBase<'_>> = Vec::new();
        for (symbol, tables) in by_symbol {
            let metadata = self.metadata_of(symbol);
            let twin = bases.iter_mut().find(|base| metadata.is_some() && base.metadata == metadata);
            match twin {
                Some(twin) => twin.tables.extend(tables),
                None => bases.push(self.declarative_base(symbol, tables, metadata)),
            }
        }
        bases.sort_by_key(|base| (std::cmp::Reverse(base.tables.len()), base.span));
        bases
    }

    fn declarative_base<'d>(
        &self,
        symbol: &Symbol,
        tables: Vec<&'d Table>,
        metadata: Option<Symbol>,
    ) -> DeclarativeBase<'d> {
        let defined = self.definition(symbol).and_then(|(home, definition)| match definition {
            Definition::Class(id) => home.class(id).map(|class| home.span(class.name.range)),
            Definition::Value(value) | Definition::Annotated { value: Some(value), .. } => Some(home.span_of(value)),
            _ => None,
        });
        let span = defined.unwrap_or_else(|| tables[0].span);
        DeclarativeBase { symbol: symbol.clone(), span, tables, metadata }
    }

    /// The `MetaData` that a base is given by name: `metadata = metadata` in its body, `declarative_base(metadata=…)`.
    fn metadata_of(&self, base: &Symbol) -> Option<Symbol> {
        if base.external().is_some_and(|name| name.starts_with("sqlmodel.")) {
            return Some(Symbol::External("sqlmodel.SQLModel.metadata".to_owned()));
        }
        let (home, value) = match self.definition(base)? {
            (home, Definition::Class(id)) => (home, home.class_value(id, "metadata")?),
            (home, Definition::Value(value) | Definition::Annotated { value: Some(value), .. }) => {
                (home, CallAt::of(home, value)?.keyword("metadata")?)
            }
            _ => return None,
        };
        let is_sqlmodel = self.sqlmodel_metadata(home, value);
        is_sqlmodel.or_else(|| self.outer_symbol(home, value))
    }

    /// What a name in a class body means; in `metadata = metadata` it is that of the module, not the attribute itself.
    fn outer_symbol(&self, module: &Module, value: ExprId) -> Option<Symbol> {
        let ExprKind::Name { id, .. } = module.python.syntax.expr(value).kind else {
            return self.symbol(module, value);
        };
        let name = module.python.syntax.name(id);
        let site = module.python.binding(ScopeId(0), name)?.sites.last()?;
        let BindingKind::Import(at) = site.kind else {
            return Some(Symbol::Definition { module: module.id, path: vec![name.to_owned()] });
        };
        let import = module.python.names.imports.get(at as usize)?;
        let path = import.module.split('.').filter(|part| !part.is_empty()).map(str::to_owned);
        let path = path.chain(import.name.clone()).collect();
        self.resolve_qualified(module, &Qualified { base: Base::Import { level: import.level }, path })
    }

    fn sqlmodel_metadata(&self, module: &Module, value: ExprId) -> Option<Symbol> {
        let ExprKind::Attribute { value, .. } = module.python.syntax.expr(value).kind else { return None };
        let is_sqlmodel = self.is_any(module, value, &["sqlmodel.SQLModel", "sqlmodel.main.SQLModel"]);
        is_sqlmodel.then(|| Symbol::External("sqlmodel.SQLModel.metadata".to_owned()))
    }

    /// The bases whose `metadata` a module reads: an Alembic environment for its target.
    pub fn metadata_read_in(&self, module: &Module) -> BTreeSet<Symbol> {
        let syntax = &module.python.syntax;
        let read = syntax.exprs().filter_map(|(_, expr)| match expr.kind {
            ExprKind::Attribute { value, attr, .. } if syntax.identifier(attr) == "metadata" => {
                self.mapped_on(module, value)
            }
            _ => None,
        });
        read.collect()
    }

    /// The base that an expression names: itself, or that of a mapped class.
    fn mapped_on(&self, module: &Module, expr: ExprId) -> Option<Symbol> {
        let symbol = self.symbol(module, expr)?;
        let base = |class: StmtId, home: &Module| {
            let table = self.database.table_of_class(home.id, class)?;
            table.base.clone()
        };
        match self.definition(&symbol) {
            Some((home, Definition::Class(class))) => base(class, home).or(Some(symbol)),
            _ => Some(symbol),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    #[test]
    fn bases_are_told_apart_by_their_metadata() {
        let shared = "from sqlalchemy import MetaData\nfrom sqlalchemy.orm import DeclarativeBase, declarative_base\n\
            metadata = MetaData()\nclass Base(DeclarativeBase):\n    metadata = metadata\n\
            Other = declarative_base(metadata=metadata)\nAlone = declarative_base()\n\
            class A(Base):\n    __tablename__ = 'a'\nclass B(Other):\n    __tablename__ = 'b'\n\
            class C(Alone):\n    __tablename__ = 'c'\n";
        let project = project(&[("app/models.py", shared)]);
        let bases = project.declarative_bases();
        let told: Vec<(&str, usize)> = bases.iter().map(|base| (base.name(), base.tables.len())).collect();
        assert_eq!(told, [("Base", 2), ("Alone", 1)]);
    }

    #[test]
    fn an_environment_tells_which_metadata_it_reads() {
        let models = "from sqlmodel import SQLModel\nfrom sqlalchemy.orm import DeclarativeBase\n\
            class Base(DeclarativeBase):\n    pass\nclass User(Base):\n    __tablename__ = 'users'\n";
        let env = "from app.models import Base, User\nfrom sqlmodel import SQLModel\n\
            target_metadata = [User.metadata, SQLModel.metadata]\n";
        let project = project(&[("app/models.py", models), ("migrations/env.py", env)]);
        let module = project.modules.iter().find(|module| module.name.ends_with("env")).expect("it was parsed");
        let read: Vec<String> = project.metadata_read_in(module).iter().map(|it| format!("{it:?}")).collect();
        assert_eq!(read.len(), 2);
        assert!(read[0].contains("\"Base\"") && read[1].contains("sqlmodel.SQLModel"), "{read:?}");
    }
}
