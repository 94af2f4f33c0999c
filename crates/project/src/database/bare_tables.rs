//! Tables that are made by `Table(…)`.

use super::reading::CallAt;
use super::{Database, Table};
use crate::{Module, Project};

impl Project {
    /// The name of a bare table, with its schema.
    pub(super) fn bare_table_name(&self, call: &CallAt<'_>) -> Option<String> {
        let name = self.constant_string(call.module, *call.args.first()?)?;
        let schema = call.keyword("schema").and_then(|schema| self.constant_string(call.module, schema));
        Some(schema.map_or_else(|| name.clone(), |schema| format!("{schema}.{name}")))
    }

    /// Reads the tables of a module that are made by `Table(…)` and mapped to no class by `__table__`.
    pub(super) fn read_bare_tables(&self, module: &Module, into: &mut Database) {
        for (id, _) in module.python.syntax.exprs() {
            let Some(call) = CallAt::of(module, id) else { continue };
            let is_table = self.may_mean(module, call.func, &["Table"]);
            if call.args.is_empty() || !is_table || self.library_name(module, call.func).as_deref() != Some("Table") {
                continue;
            }
            // `Table("name", metadata, autoload_with=engine)` declares no column here.
            let name = self.bare_table_name(&call);
            let is_known =
                name.is_some() && into.tables.iter().any(|table| table.module == module.id && table.name == name);
            if is_known {
                continue;
            }
            let mut table = Table {
                name,
                module: module.id,
                span: module.span_of(id),
                class: None,
                class_path: Vec::new(),
                base: call.args.get(1).and_then(|&metadata| self.symbol(module, metadata)),
                columns: Vec::new(),
                indexes: Vec::new(),
                constraints: Vec::new(),
                relationships: Vec::new(),
                is_complete: !call.gives("autoload_with") && !call.gives("autoload"),
            };
            self.read_table_arguments(module, &call, &mut table);
            into.push(table);
        }
    }
}
