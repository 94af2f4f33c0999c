//! Comparing scopes with CPython's symbol tables: which tables there are, which names each has, and whether a name is
//! of the table itself (`local`), of a function around it (`free`), or of the module or nobody (`global`).

use super::exceptions::{DECLARED, Exceptions, INLINED};
use super::report::Difference;
use pyaudit_python::{ExprId, ExprKind, Identifier, Module, NameId, Parent, ScopeId, ScopeKind, StmtKind};
use pyaudit_source::LineIndex;
use std::collections::{BTreeMap, BTreeSet};

/// The names of a table, and whose each is.
type Symbols = BTreeMap<String, &'static str>;
/// The tables by their heads (`function 12 name`); several where equal ones stand on a line.
type Tables = BTreeMap<String, Vec<Symbols>>;

/// Whose a name of the module is that only functions bind.
const DECLARED_OWNER: &str = "local or global";

/// Compares the lines of CPython's tables with the scopes of a module.
pub(super) fn compare(expected: &str, module: &Module, text: &str, exceptions: &mut Exceptions) -> Vec<Difference> {
    let expected = read(expected, exceptions);
    let found = Scopes::new(module, text, exceptions).tables(exceptions);
    let mut differences = Vec::new();
    let heads: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    for head in heads {
        let (mut left, mut right) = (tables_of(&expected, head).into_iter(), tables_of(&found, head).into_iter());
        loop {
            match (left.next(), right.next()) {
                (None, None) => break,
                (Some(first), Some(second)) => differences.extend(symbols(head, first, second)),
                (first, _) => {
                    let construct = if first.is_some() { "table is missing" } else { "table is too many" };
                    differences.push(Difference::of_tables(construct.to_owned(), head.clone(), String::new()));
                }
            }
        }
    }
    differences
}

fn tables_of<'t>(tables: &'t Tables, head: &str) -> Vec<&'t Symbols> {
    let mut found: Vec<&Symbols> = tables.get(head).into_iter().flatten().collect();
    found.sort();
    found
}

/// The first difference between two tables.
fn symbols(head: &str, expected: &Symbols, found: &Symbols) -> Option<Difference> {
    let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let agree = |name: &String| match (expected.get(name), found.get(name)) {
        (Some(&DECLARED_OWNER), Some(&owner)) => owner != "free",
        (first, second) => first == second,
    };
    let differs = names.into_iter().find(|&name| !agree(name))?;
    let show = |symbols: &Symbols| symbols.get(differs).copied().unwrap_or("nothing");
    let construct = format!("symbol: {} instead of {}", show(found), show(expected));
    let line = |symbols: &Symbols| format!("{head}: {differs} is {}", show(symbols));
    Some(Difference::of_tables(construct, line(expected), line(found)))
}

/// Reads CPython's tables, without what the exceptions cover.
fn read(lines: &str, exceptions: &mut Exceptions) -> Tables {
    let mut tables = Tables::new();
    let mut current = None;
    for line in lines.lines() {
        if let Some(head) = line.strip_prefix('Y') {
            current = (!exceptions.cover(line, "")).then(|| {
                let same = tables.entry(head.to_owned()).or_default();
                same.push(Symbols::new());
                head
            });
        } else if let Some((is_module, table)) =
            current.and_then(|head: &str| Some((head.starts_with("module"), tables.get_mut(head)?.last_mut()?)))
        {
            let (name, flags) = line.trim_start().split_once(' ').unwrap_or((line, ""));
            let flags: Vec<&str> = flags.split(',').collect();
            let owner = ["local", "free", "global"].into_iter().find(|flag| flags.contains(flag));
            let is_declared = is_module && owner == Some("global") && flags.contains(&"declared-global");
            if exceptions.cover(line, "") {
                continue;
            }
            let is_declared = is_declared && exceptions.cover(DECLARED, "");
            table.insert(name.to_owned(), if is_declared { DECLARED_OWNER } else { owner.unwrap_or("unknown") });
        }
    }
    tables
}

/// Our scopes in the form of CPython's tables.
struct Scopes<'m> {
    module: &'m Module,
    index: LineIndex,
    /// The scope whose table has the names of each scope.
    shown_in: Vec<ScopeId>,
    /// The expressions whose names are in no table of ours: annotations that are evaluated later or never.
    hidden: Vec<bool>,
}

impl<'m> Scopes<'m> {
    fn new(module: &'m Module, text: &str, exceptions: &mut Exceptions) -> Self {
        let index = LineIndex::new(text);
        let mut scopes = Self { module, index, shown_in: Vec::new(), hidden: Vec::new() };
        scopes.shown_in = scopes.merge(exceptions);
        scopes.hidden = scopes.annotations(exceptions.version());
        scopes
    }

    /// Since Python 3.12 list, set and dict comprehensions are shown in the scope around them.
    fn merge(&self, exceptions: &mut Exceptions) -> Vec<ScopeId> {
        let mut shown_in: Vec<ScopeId> = Vec::new();
        for (at, scope) in self.module.names.scopes.iter().enumerate() {
            let id = ScopeId(at as u32);
            let is_inlined = match scope.kind {
                ScopeKind::Comprehension(expr) => !matches!(self.kind(expr), ExprKind::Generator { .. }),
                _ => false,
            };
            let target = match scope.parent {
                Some(parent) if is_inlined && exceptions.cover(INLINED, "") => shown_in[parent.0 as usize],
                _ => id,
            };
            shown_in.push(target);
        }
        shown_in
    }

    fn kind(&self, expr: ExprId) -> &'m ExprKind {
        &self.module.syntax.expr(expr).kind
    }

    /// Which expressions are in annotations that get a table of their own: all since Python 3.14 (PEP 649), and under
    /// `from __future__ import annotations` before.
    fn annotations(&self, version: (u32, u32)) -> Vec<bool> {
        let syntax = &self.module.syntax;
        let mut hidden = vec![false; syntax.exprs().len()];
        let is_future = |import: &pyaudit_python::Import| {
            import.module == "__future__" && import.name.as_deref() == Some("annotations")
        };
        let is_lazy = version >= (3, 14) || self.module.names.imports.iter().any(is_future);
        for (_, stmt) in syntax.stmts() {
            match &stmt.kind {
                StmtKind::FunctionDef(def) if is_lazy => {
                    let annotations = def.parameters.iter().filter_map(|parameter| parameter.annotation);
                    annotations.chain(def.returns).for_each(|expr| hidden[expr.0 as usize] = true);
                }
                StmtKind::AnnAssign { annotation, .. } if is_lazy => hidden[annotation.0 as usize] = true,
                StmtKind::TypeAlias { value, .. } => hidden[value.0 as usize] = true,
                _ => {}
            }
        }
        for at in (0..hidden.len()).rev() {
            let id = ExprId(at as u32);
            if let Parent::Expr(parent) = syntax.expr_parent(id) {
                let same_scope = self.module.scope_of_expr(id) == self.module.scope_of_expr(parent);
                hidden[at] |= hidden[parent.0 as usize] && same_scope;
            }
        }
        hidden
    }

    fn tables(&self, exceptions: &Exceptions) -> Tables {
        let mut symbols: Vec<Symbols> = vec![Symbols::new(); self.module.names.scopes.len()];
        // What a comprehension adds to the scope around it does not replace what is there.
        let mut uses = self.uses();
        uses.sort_by_key(|&(scope, name)| (self.shown_in[scope.0 as usize] != scope, scope, name));
        uses.dedup();
        uses.retain(|&(_, name)| self.module.syntax.name(name) != "__class__");
        for (scope, name) in uses {
            let shown = self.shown_in[scope.0 as usize];
            let owner = self.owner(scope, name);
            symbols[shown.0 as usize].entry(self.mangled(scope, name)).or_insert(owner);
        }
        let mut tables = Tables::new();
        for (at, symbols) in symbols.into_iter().enumerate() {
            let is_shown = self.shown_in[at] == ScopeId(at as u32);
            if let Some(head) = self.head(ScopeId(at as u32), exceptions.version()).filter(|_| is_shown) {
                tables.entry(head).or_default().push(symbols);
            }
        }
        tables
    }

    /// Every name with each scope that reads, binds or declares it.
    fn uses(&self) -> Vec<(ScopeId, NameId)> {
        let syntax = &self.module.syntax;
        let mut uses = Vec::new();
        for (id, expr) in syntax.exprs() {
            if let ExprKind::Name { id: name, .. } = expr.kind
                && !self.hidden[id.0 as usize]
            {
                uses.push((self.module.scope_of_expr(id), name));
            }
        }
        for (at, scope) in self.module.names.scopes.iter().enumerate() {
            uses.extend(scope.bindings.iter().map(|binding| (ScopeId(at as u32), binding.name)));
        }
        for (id, stmt) in syntax.stmts() {
            let scope = self.module.scope_of_stmt(id);
            let mut declare = |names: &[Identifier], scope| uses.extend(names.iter().map(|name| (scope, name.name)));
            match &stmt.kind {
                StmtKind::Global(names) => {
                    declare(names, scope);
                    declare(names, ScopeId(0));
                }
                StmtKind::Nonlocal(names) => declare(names, scope),
                _ => {}
            }
        }
        uses
    }

    /// Whose a name is that a scope uses.
    fn owner(&self, scope: ScopeId, name: NameId) -> &'static str {
        let shown = |scope: ScopeId| self.shown_in[scope.0 as usize];
        match self.module.lookup_in(scope, name) {
            Some((owner, _)) if shown(owner) == shown(scope) => "local",
            Some((ScopeId(0), _)) | None => "global",
            Some(_) => "free",
        }
    }

    /// A name as a class mangles it (language reference, "Private name mangling").
    fn mangled(&self, scope: ScopeId, name: NameId) -> String {
        let syntax = &self.module.syntax;
        let text = syntax.name(name);
        let class = self.module.names.scope_chain(scope).find_map(|(_, scope)| match scope.kind {
            ScopeKind::Class(stmt) => match &syntax.stmt(stmt).kind {
                StmtKind::ClassDef(def) => Some(syntax.identifier(def.name).trim_start_matches('_')),
                _ => None,
            },
            _ => None,
        });
        match class {
            Some(class) if text.starts_with("__") && !text.ends_with("__") && !class.is_empty() => {
                format!("_{class}{text}")
            }
            _ => text.to_owned(),
        }
    }

    /// The kind, line and name of a table; `None` for a scope that is compared with none.
    fn head(&self, scope: ScopeId, version: (u32, u32)) -> Option<String> {
        let syntax = &self.module.syntax;
        let line = |range: pyaudit_source::Range| self.index.line(range.start);
        Some(match self.module.names.scope(scope).kind {
            ScopeKind::Module => String::from("module 0 top"),
            ScopeKind::TypeParameters(_) => return None,
            ScopeKind::Class(stmt) | ScopeKind::Function(stmt) => {
                let line = line(syntax.stmt(stmt).range);
                match &syntax.stmt(stmt).kind {
                    StmtKind::ClassDef(def) => format!("class {line} {}", syntax.identifier(def.name)),
                    StmtKind::FunctionDef(def) => format!("function {line} {}", syntax.identifier(def.name)),
                    _ => return None,
                }
            }
            ScopeKind::Lambda(expr) => format!("function {} lambda", line(syntax.expr(expr).range)),
            ScopeKind::Comprehension(expr) => {
                let name = match self.kind(expr) {
                    ExprKind::ListComp { .. } if version < (3, 12) => "listcomp",
                    ExprKind::SetComp { .. } if version < (3, 12) => "setcomp",
                    ExprKind::DictComp { .. } if version < (3, 12) => "dictcomp",
                    ExprKind::Generator { .. } => "genexpr",
                    _ => return None,
                };
                format!("function {} {name}", line(syntax.expr(expr).range))
            }
        })
    }
}
