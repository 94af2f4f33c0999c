//! The imports of a module, of every form and at any depth.

use super::guards::Guards;
use super::scopes::Builder;
use super::{Import, ScopeId};
use crate::module::Syntax;
use crate::syntax::{Alias, Identifier, NameId, StmtId, StmtKind};
use pyaudit_source::Range;
use std::collections::HashMap;

/// The name that `import a.b` binds, by the dotted name.
pub(super) type FirstParts = HashMap<NameId, NameId>;

/// Gives every first part of a dotted import a number. Tells these, and all names sorted by their text.
pub(super) fn intern(syntax: &mut Syntax) -> (FirstParts, Vec<NameId>) {
    let mut by_text = sorted_by_text(syntax);
    let known = by_text.len();
    let mut added: HashMap<Box<str>, NameId> = HashMap::new();
    let mut first_parts = FirstParts::new();
    for dotted in dotted_names(syntax) {
        let text = syntax.name(dotted);
        let first: Box<str> = text.split('.').next().unwrap_or(text).into();
        let found = by_text.binary_search_by(|&id| syntax.name(id).cmp(&first)).ok().map(|at| by_text[at]);
        let id = found.or_else(|| added.get(&first).copied()).unwrap_or_else(|| {
            let id = NameId(syntax.names.len() as u32);
            syntax.names.push(first.clone());
            added.insert(first, id);
            id
        });
        first_parts.insert(dotted, id);
    }
    if syntax.names.len() > known {
        by_text = sorted_by_text(syntax);
    }
    (first_parts, by_text)
}

fn sorted_by_text(syntax: &Syntax) -> Vec<NameId> {
    let mut by_text: Vec<NameId> = (0..syntax.names.len() as u32).map(NameId).collect();
    by_text.sort_unstable_by(|&a, &b| syntax.name(a).cmp(syntax.name(b)));
    by_text
}

/// The dotted names after `import`, without those that have an alias; each once.
fn dotted_names(syntax: &Syntax) -> Vec<NameId> {
    let imports = syntax.stmts.iter().filter_map(|stmt| match &stmt.kind {
        StmtKind::Import(names) => Some(names),
        _ => None,
    });
    let plain = imports.flatten().filter(|alias| alias.asname.is_none()).map(|alias| alias.name.name);
    let mut dotted: Vec<NameId> = plain.filter(|&name| syntax.name(name).contains('.')).collect();
    dotted.sort_unstable();
    dotted.dedup();
    dotted
}

/// Reads every import, in order of the source, and binds its names.
pub(super) fn read<'s>(
    syntax: &'s Syntax,
    builder: &mut Builder<'s>,
    guards: &[Guards],
    first_parts: &FirstParts,
) -> Vec<Import> {
    let mut statements: Vec<(Range, StmtId)> = Vec::new();
    for (id, stmt) in syntax.stmts() {
        if matches!(stmt.kind, StmtKind::Import(_) | StmtKind::ImportFrom { .. }) {
            statements.push((stmt.range, id));
        }
    }
    statements.sort_unstable();
    let mut reader = Reader { syntax, builder, first_parts, imports: Vec::new() };
    for (_, id) in statements {
        reader.statement(id, guards[id.0 as usize]);
    }
    reader.imports
}

struct Reader<'r, 's> {
    syntax: &'s Syntax,
    builder: &'r mut Builder<'s>,
    first_parts: &'r FirstParts,
    imports: Vec<Import>,
}

impl Reader<'_, '_> {
    fn statement(&mut self, id: StmtId, guards: Guards) {
        let import = Import {
            stmt: id,
            scope: ScopeId(0),
            bound: None,
            range: Range::default(),
            level: 0,
            module: String::new(),
            name: None,
            renamed: false,
            type_checking: guards.type_checking,
            optional: guards.optional,
        };
        match &self.syntax.stmt(id).kind {
            StmtKind::Import(names) => {
                for alias in names {
                    let bound = alias.asname.unwrap_or_else(|| self.first_part(alias.name));
                    let module = self.syntax.identifier(alias.name).to_owned();
                    self.add(Some(bound), alias, Import { module, ..import.clone() });
                }
            }
            StmtKind::ImportFrom { module, names, level } => {
                let module = module.map_or("", |module| self.syntax.identifier(module)).to_owned();
                for alias in names {
                    let name = self.syntax.identifier(alias.name);
                    let bound = (name != "*").then(|| alias.asname.unwrap_or(alias.name));
                    let name = Some(name.to_owned()).filter(|name| name != "*");
                    self.add(bound, alias, Import { module: module.clone(), name, level: *level, ..import.clone() });
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, bound: Option<Identifier>, alias: &Alias, import: Import) {
        let name = bound.map(|bound| bound.name);
        let scope = self.builder.scope_of_name(import.stmt, name);
        if let Some(bound) = bound {
            self.builder.bind_import(import.stmt, bound, self.imports.len() as u32);
        }
        let renamed = alias.asname.is_some();
        self.imports.push(Import { scope, bound: name, range: alias.name.range, renamed, ..import });
    }

    /// `a` of `import a.b`.
    fn first_part(&self, dotted: Identifier) -> Identifier {
        let Some(&name) = self.first_parts.get(&dotted.name) else { return dotted };
        let end = dotted.range.start + self.syntax.name(name).len() as u32;
        Identifier { name, range: Range::new(dotted.range.start, end.min(dotted.range.end)) }
    }
}
