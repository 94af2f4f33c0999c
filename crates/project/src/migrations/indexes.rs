//! The indexes that migrations make, and those that SQL in the code makes: `op.create_index`, `CREATE INDEX`, the keys and
//! unique constraints of `op.create_table`. <https://alembic.sqlalchemy.org/en/latest/ops.html>

use super::{Migrations, Revision, sql};
use crate::Files;
use pyaudit_python::{BindingKind, BindingSite, ExprId, ExprKind, Keyword, Module, Parent, StmtKind, Syntax};
use pyaudit_source::{FileId, Role, Sources, Span};
use std::collections::{BTreeMap, BTreeSet};

/// An index that a migration or SQL in the code makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeIndex {
    /// Its name, where it has one and it is known.
    pub name: Option<String>,
    /// The table, without its schema; `None` where it cannot be known.
    pub table: Option<String>,
    /// The first column, which is what a search by one column needs; `None` where it cannot be known.
    pub column: Option<String>,
    /// The call or text that makes it.
    pub span: Span,
}

/// The indexes that exist once all migrations have run.
#[derive(Debug, Default)]
pub struct MadeIndexes {
    made: Vec<MadeIndex>,
    /// For each file that makes indexes whose table or column is computed: the strings that it holds.
    computed: BTreeMap<FileId, BTreeSet<String>>,
}

/// What a migration does with an index.
enum Step {
    Makes(MadeIndex),
    Drops(String),
}

/// How deep a history is followed; the longest in use have a few thousand revisions.
const MAX_REVISIONS: usize = 20_000;

impl MadeIndexes {
    /// Follows the revisions in the order in which they run, then adds what SQL elsewhere in the code makes.
    pub(super) fn build(migrations: &Migrations, sources: &Sources, files: &Files) -> Self {
        let mut built = Self::default();
        let mut revisions = BTreeSet::new();
        for revision in in_order(migrations) {
            let Some(module) = files.python(revision.file) else { continue };
            revisions.insert(revision.file);
            for step in (Reader { module, file: revision.file, downgrade: Some(revision) }).steps() {
                match step {
                    Step::Makes(index) => built.made.push(index),
                    Step::Drops(name) => built.made.retain(|index| index.name.as_deref() != Some(name.as_str())),
                }
            }
        }
        for (file, source) in sources.files() {
            let runs = matches!(source.role, Role::Application | Role::Script | Role::Migration);
            let Some(module) = files.python(file).filter(|_| runs && !revisions.contains(&file)) else { continue };
            built.made.extend(Reader { module, file, downgrade: None }.texts());
        }
        built.note_computed(files);
        built
    }

    /// Every index, those of migrations in the order in which they are made.
    pub fn iter(&self) -> impl Iterator<Item = &MadeIndex> {
        self.made.iter()
    }

    /// Whether a search in a table by this column can use an index that a migration makes. The table may have its schema
    /// before it. Where a migration computes the names, those that stand in it as strings are taken for what it computes.
    pub fn cover(&self, table: &str, column: &str) -> bool {
        let table = table.rsplit('.').next().unwrap_or(table);
        self.made.iter().any(|index| {
            let written = self.computed.get(&index.span.file);
            let is = |known: Option<&str>, name: &str| match known {
                Some(known) => known.eq_ignore_ascii_case(name),
                None => written.is_some_and(|written| written.contains(&name.to_ascii_lowercase())),
            };
            is(index.table.as_deref(), table) && is(index.column.as_deref(), column)
        })
    }

    fn note_computed(&mut self, files: &Files) {
        for index in self.made.iter().filter(|index| index.table.is_none() || index.column.is_none()) {
            let Some(module) = files.python(index.span.file) else { continue };
            self.computed.entry(index.span.file).or_insert_with(|| {
                let strings = module.syntax.exprs().filter_map(|(id, _)| module.syntax.string(id));
                strings.map(str::to_ascii_lowercase).collect()
            });
        }
    }
}

/// The revisions, parents before children; of two that are equally deep the first by its file.
fn in_order(migrations: &Migrations) -> Vec<&Revision> {
    let mut waits: BTreeMap<FileId, usize> = BTreeMap::new();
    let mut children: BTreeMap<FileId, Vec<&Revision>> = BTreeMap::new();
    for revision in migrations.revisions.iter().take(MAX_REVISIONS) {
        let parents: Vec<FileId> = migrations.parents(revision).map(|parent| parent.file).collect();
        waits.insert(revision.file, parents.len());
        for parent in parents {
            children.entry(parent).or_default().push(revision);
        }
    }
    let starts = migrations.revisions.iter().take(MAX_REVISIONS);
    let mut order: Vec<&Revision> = starts.filter(|revision| waits.get(&revision.file) == Some(&0)).collect();
    let mut at = 0;
    while let Some(&revision) = order.get(at) {
        at += 1;
        for &child in children.get(&revision.file).map_or(&[][..], Vec::as_slice) {
            let Some(left) = waits.get_mut(&child.file) else { continue };
            *left = left.saturating_sub(1);
            if *left == 0 {
                order.push(child);
            }
        }
    }
    // A history in a circle has no order; its revisions come last, so that nothing they make is lost.
    let known: BTreeSet<FileId> = order.iter().map(|revision| revision.file).collect();
    order.extend(migrations.revisions.iter().filter(|revision| !known.contains(&revision.file)));
    order
}

/// What an operation works on: the name of the table, unless it is computed.
struct Target {
    table: Option<String>,
}

/// Reads one module.
struct Reader<'a> {
    module: &'a Module,
    file: FileId,
    /// The revision that the module is, whose downgrade does not count.
    downgrade: Option<&'a Revision>,
}

impl Reader<'_> {
    fn syntax(&self) -> &Syntax {
        &self.module.syntax
    }

    /// What the calls and texts of a revision do, in the order of the source.
    fn steps(&self) -> Vec<Step> {
        let mut found: Vec<(ExprId, Vec<Step>)> = Vec::new();
        for (id, expr) in self.syntax().exprs() {
            let steps = match &expr.kind {
                ExprKind::Call { func, args, keywords } => self.call(id, *func, args, keywords),
                _ => self.text(id).into_iter().map(Step::Makes).collect(),
            };
            if !steps.is_empty() && !self.is_downgrade(id) {
                found.push((id, steps));
            }
        }
        found.sort_by_key(|(id, _)| self.syntax().expr(*id).range);
        found.into_iter().flat_map(|(_, steps)| steps).collect()
    }

    /// The indexes that SQL in the strings of a module makes.
    fn texts(&self) -> Vec<MadeIndex> {
        self.syntax().exprs().flat_map(|(id, _)| self.text(id)).collect()
    }

    fn is_downgrade(&self, expr: ExprId) -> bool {
        let downgrade = self.downgrade.and_then(|revision| revision.downgrade).map(|function| function.stmt);
        let mut around = self.syntax().enclosing_functions(Parent::Expr(expr));
        around.any(|function| {
            let name = match &self.syntax().stmt(function).kind {
                StmtKind::FunctionDef(definition) => self.syntax().identifier(definition.name),
                _ => "",
            };
            Some(function) == downgrade || (self.downgrade.is_some() && name.contains("downgrade"))
        })
    }

    /// The indexes that a string makes, if it is SQL.
    fn text(&self, expr: ExprId) -> Vec<MadeIndex> {
        let text = match &self.syntax().expr(expr).kind {
            ExprKind::Str { value, .. } if sql::makes_index(value) => value.to_string(),
            ExprKind::FString { .. } => self.module.fold_string(expr).with_placeholder(sql::HOLE),
            _ => return Vec::new(),
        };
        let span = Span::new(self.file, self.syntax().expr(expr).range);
        let made = sql::indexes(&text).into_iter();
        made.map(|(name, table, column)| MadeIndex { name, table, column, span }).collect()
    }

    fn call(&self, id: ExprId, func: ExprId, args: &[ExprId], keywords: &[Keyword]) -> Vec<Step> {
        let name = match &self.syntax().expr(func).kind {
            ExprKind::Attribute { attr, .. } => self.syntax().identifier(*attr),
            ExprKind::Name { id, .. } => self.syntax().name(*id),
            _ => return Vec::new(),
        };
        let call = Call { id, func, args, keywords };
        match name {
            "create_index" => self.operation(&call, &["index_name", "table_name", "columns"]),
            "create_unique_constraint" | "create_primary_key" => {
                self.operation(&call, &["constraint_name", "table_name", "columns"])
            }
            "drop_index" | "drop_constraint" => {
                let name =
                    call.argument(self, 0, &["index_name", "constraint_name"]).and_then(|name| self.string(name));
                name.map(Step::Drops).into_iter().collect()
            }
            "Column" => self.column(&call),
            "Index" | "UniqueConstraint" | "PrimaryKeyConstraint" => self.item(&call, name == "Index"),
            _ => Vec::new(),
        }
    }

    /// `op.create_index(name, table, [columns])`; of a batch operation the table is that of the `with`.
    fn operation(&self, call: &Call<'_>, names: &[&str; 3]) -> Vec<Step> {
        let name = call.argument(self, 0, &names[..1]).and_then(|name| self.string(name));
        let batch = self.batch_table(call.func);
        let at = if batch.is_some() { 1 } else { 2 };
        let table = match batch {
            Some(target) => target.table,
            None => call.argument(self, 1, &names[1..2]).and_then(|table| self.string(table)),
        };
        let column = call.argument(self, at, &names[2..]).and_then(|columns| self.first_column(columns));
        vec![Step::Makes(MadeIndex { name, table, column, span: self.span(call.id) })]
    }

    /// The table of `with op.batch_alter_table("table") as batch`, for a method of `batch`: within, it may be unknown.
    fn batch_table(&self, func: ExprId) -> Option<Target> {
        let ExprKind::Attribute { value, .. } = self.syntax().expr(func).kind else { return None };
        let (_, binding) = self.module.lookup(value)?;
        let start = self.syntax().expr(func).range.start;
        let before = |site: &&BindingSite| matches!(site.kind, BindingKind::With(_)) && site.range.start <= start;
        let BindingKind::With(manager) = binding.sites.iter().rev().find(before)?.kind else { return None };
        let ExprKind::Call { args, .. } = &self.syntax().expr(manager).kind else {
            return Some(Target { table: None });
        };
        Some(Target { table: args.first().and_then(|&table| self.string(table)) })
    }

    /// A column of `op.create_table` or `op.add_column` with an index, a key or a unique constraint of its own.
    fn column(&self, call: &Call<'_>) -> Vec<Step> {
        let is_set = |name: &str| {
            let value = call.keyword(self, name).map(|value| &self.syntax().expr(value).kind);
            matches!(value, Some(ExprKind::Bool(true)))
        };
        if !["index", "unique", "primary_key"].iter().any(|name| is_set(name)) {
            return Vec::new();
        }
        let Some(Target { table }) = self.table_around(call.id) else { return Vec::new() };
        let column = call.args.first().and_then(|&name| self.string(name));
        // The naming convention is not known here; this is what it is without one.
        let name = table.as_ref().zip(column.as_ref()).map(|(table, column)| format!("ix_{table}_{column}"));
        vec![Step::Makes(MadeIndex { name, table, column, span: self.span(call.id) })]
    }

    /// `Index("name", "column")`, `UniqueConstraint("column", name="name")` among the arguments of `op.create_table`.
    fn item(&self, call: &Call<'_>, is_index: bool) -> Vec<Step> {
        let Some(Target { table }) = self.table_around(call.id) else { return Vec::new() };
        let (name, column) = if is_index {
            (call.args.first().copied(), call.args.get(1).copied())
        } else {
            (call.keyword(self, "name"), call.args.first().copied())
        };
        let name = name.and_then(|name| self.string(name));
        let column = column.and_then(|column| self.string(column));
        vec![Step::Makes(MadeIndex { name, table, column, span: self.span(call.id) })]
    }

    /// The table of the operation that a column or constraint is an argument of.
    fn table_around(&self, item: ExprId) -> Option<Target> {
        let Parent::Expr(outer) = self.syntax().expr_parent(item) else { return None };
        let ExprKind::Call { func, args, .. } = &self.syntax().expr(outer).kind else { return None };
        let ExprKind::Attribute { attr, .. } = &self.syntax().expr(*func).kind else { return None };
        let method = self.syntax().identifier(*attr);
        if !matches!(method, "create_table" | "add_column") {
            return None;
        }
        let named = || Target { table: args.first().and_then(|&table| self.string(table)) };
        Some(self.batch_table(*func).unwrap_or_else(named))
    }

    /// The first of a list of columns; an expression over one column (`sa.text("name DESC")`) counts as the column.
    fn first_column(&self, columns: ExprId) -> Option<String> {
        let first = match &self.syntax().expr(columns).kind {
            ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => *elts.first()?,
            _ => columns,
        };
        let text = match &self.syntax().expr(first).kind {
            ExprKind::Call { args, .. } => self.string(*args.first()?)?,
            _ => self.string(first)?,
        };
        Some(sql::column_of(&text))
    }

    /// The text of a string, of a constant of the module, or inside `op.f(…)`.
    fn string(&self, expr: ExprId) -> Option<String> {
        if let ExprKind::Call { func, args, .. } = &self.syntax().expr(expr).kind
            && let ExprKind::Attribute { attr, .. } = &self.syntax().expr(*func).kind
            && self.syntax().identifier(*attr) == "f"
        {
            return self.string(*args.first()?);
        }
        self.module.fold_string(expr).text().map(str::to_owned)
    }

    fn span(&self, expr: ExprId) -> Span {
        Span::new(self.file, self.syntax().expr(expr).range)
    }
}

/// A call with its parts.
struct Call<'a> {
    id: ExprId,
    func: ExprId,
    args: &'a [ExprId],
    keywords: &'a [Keyword],
}

impl Call<'_> {
    fn keyword(&self, reader: &Reader<'_>, name: &str) -> Option<ExprId> {
        let syntax = reader.syntax();
        let mut named = self.keywords.iter().filter_map(|keyword| Some((keyword.name?, keyword.value)));
        named.find(|(known, _)| syntax.identifier(*known) == name).map(|(_, value)| value)
    }

    fn argument(&self, reader: &Reader<'_>, at: usize, names: &[&str]) -> Option<ExprId> {
        let positional = self.args.get(at).copied();
        positional.or_else(|| names.iter().find_map(|name| self.keyword(reader, name)))
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    const HEAD: &str = "from alembic import op\nimport sqlalchemy as sa\n";

    fn revision(id: &str, down: &str, upgrade: &str) -> String {
        format!(
            "{HEAD}revision = '{id}'\ndown_revision = {down}\nTABLE = 'orders'\ndef upgrade():\n{upgrade}\ndef downgrade():\n    op.create_index('ix', 'downs', ['way'])\n"
        )
    }

    fn covered(revisions: &[String], pairs: &[(&str, &str)]) -> Vec<bool> {
        let paths: Vec<String> = (0..revisions.len()).map(|at| format!("alembic/versions/{}.py", 9 - at)).collect();
        let files: Vec<(&str, &str)> =
            paths.iter().map(String::as_str).zip(revisions.iter().map(String::as_str)).collect();
        let indexes = project(&files).migrations.indexes;
        pairs.iter().map(|(table, column)| indexes.cover(table, column)).collect()
    }

    #[test]
    fn operations_batches_tables_and_sql_make_indexes_and_downgrades_none() {
        let upgrade = "    op.create_index(op.f('ix_a'), TABLE, ['user_id', 'day'])
    with op.batch_alter_table('items', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_b'), ['order_id'], unique=False)
    op.create_table('carts', sa.Column('id', sa.Integer, primary_key=True), sa.Column('owner', sa.Integer, index=True),
        sa.Column('plain', sa.Integer), sa.UniqueConstraint('slug', 'id'), sa.Index('ix_c', 'shop'))
    op.execute('CREATE INDEX IF NOT EXISTS ix_d ON public.notes USING btree (author_id DESC)')";
        let pairs = [
            ("public.orders", "user_id"),
            ("items", "order_id"),
            ("carts", "id"),
            ("carts", "owner"),
            ("carts", "slug"),
            ("carts", "shop"),
            ("notes", "author_id"),
            ("orders", "day"),
            ("carts", "plain"),
            ("downs", "way"),
        ];
        let found = covered(&[revision("a", "None", upgrade)], &pairs);
        assert_eq!(found, [true, true, true, true, true, true, true, false, false, false]);
    }

    #[test]
    fn a_later_drop_takes_an_index_away_and_an_earlier_one_does_not() {
        let make = |id: &str, down: &str| revision(id, down, "    op.create_index('ix_a', 'orders', ['user_id'])");
        let drop = |id: &str, down: &str| revision(id, down, "    op.drop_index('ix_a', table_name='orders')");
        let pair = [("orders", "user_id")];
        assert_eq!(covered(&[make("a", "None"), drop("b", "'a'")], &pair), [false]);
        assert_eq!(covered(&[make("a", "None"), drop("b", "'a'"), make("c", "'b'")], &pair), [true]);
        assert_eq!(covered(&[drop("a", "None"), make("b", "'a'")], &pair), [true]);
    }

    #[test]
    fn computed_names_are_looked_for_among_the_strings() {
        let upgrade = "    for table, column in [('orders', 'user_id')]:\n        op.create_index(f'ix_{table}', table, [column])";
        let found = covered(&[revision("a", "None", upgrade)], &[("orders", "user_id"), ("orders", "shop_id")]);
        assert_eq!(found, [true, false]);
    }

    #[test]
    fn sql_in_the_application_makes_indexes_too() {
        let text = "STATEMENT = '''\nCREATE UNIQUE INDEX ix ON orders (user_id);\nCREATE INDEX CONCURRENTLY iy ON \"items\"(order_id, day)'''\n";
        let indexes = project(&[("app/setup.py", text)]).migrations.indexes;
        assert!(indexes.cover("orders", "user_id") && indexes.cover("items", "order_id"));
        assert_eq!(indexes.iter().count(), 2);
        let tests = project(&[("tests/test_setup.py", text)]).migrations.indexes;
        assert_eq!(tests.iter().count(), 0);
    }
}
