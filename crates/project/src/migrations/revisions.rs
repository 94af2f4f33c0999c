//! A module that is an Alembic revision by its shape: `revision` and `down_revision` at its top, and `def upgrade`.

use super::bodies::Bodies;
use super::{Function, Reference, Revision};
use pyaudit_python::{ExprId, ExprKind, Module, StmtId, StmtKind, Syntax};
use pyaudit_source::{FileId, Range};

/// Phrases that say why there is no way back, or what is needed for one.
const REASONS: &[&str] = &[
    "irreversib",
    "not reversib",
    "non-reversib",
    "nonreversib",
    "unreversib",
    "cannot be reverse",
    "can't be reverse",
    "cannot be undone",
    "can't be undone",
    "one-way",
    "forward-only",
    "backup",
    "snapshot",
    "data loss",
    "lossy",
    "would be lost",
    "will be lost",
    "is lost",
    "are lost",
    "was lost",
    "were lost",
    "has been lost",
    "loses ",
    "lose data",
    "unrecoverable",
    "not recoverable",
    "cannot recover",
    "can't recover",
    "cannot be recovered",
    "can't be recovered",
    "cannot restore",
    "can't restore",
    "cannot be restored",
    "can't be restored",
    "cannot recreate",
    "cannot be recreated",
    "can't be recreated",
    "cannot reconstruct",
    "cannot be reconstructed",
    "cannot distinguish",
    "cannot tell",
    "can't tell",
    "cannot know",
    "no way to know",
    "no way to tell",
    "no longer known",
    "already deleted",
    "have been deleted",
    "has been deleted",
    "destructive",
];

/// Phrases that say there is no way back, whatever the reason.
const IRREVERSIBLE: &[&str] = &[
    "irreversib",
    "not reversib",
    "non-reversib",
    "nonreversib",
    "unreversib",
    "cannot be reverse",
    "can't be reverse",
    "can not be reverse",
    "cannot be undone",
    "can't be undone",
    "cannot be reverted",
    "can't be reverted",
    "cannot be downgraded",
    "cannot downgrade",
    "can't downgrade",
    "no downgrade",
    "one-way",
    "one way",
    "forward-only",
    "forward only",
    "no way back",
    "not possible to downgrade",
    "downgrade is not supported",
    "downgrade not supported",
    "no rollback",
];

/// Words that say a downgrade that does nothing is meant to.
const INTENTIONAL: &[&str] = &["intentional", "deliberate", "on purpose"];

/// Words that only a change of the schema needs: operations of Alembic and SQLAlchemy, and statements of SQL.
const SCHEMA_WORDS: &[&str] = &[
    "create",
    "alter",
    "drop",
    "rename",
    "truncate",
    "create_all",
    "drop_all",
    "create_table",
    "drop_table",
    "rename_table",
    "add_column",
    "drop_column",
    "alter_column",
    "create_index",
    "drop_index",
    "create_foreign_key",
    "create_primary_key",
    "create_unique_constraint",
    "create_check_constraint",
    "create_exclude_constraint",
    "drop_constraint",
    "create_table_comment",
    "drop_table_comment",
    "batch_alter_table",
    "sync_trigger",
    "grant",
    "revoke",
];

/// Words that change rows.
const DATA_WORDS: &[&str] = &["insert", "update", "delete", "merge", "bulk_insert", "session", "commit"];

/// Reads a module as a revision, if it has the shape of one.
pub(super) fn read(file: FileId, module: &Module, text: &str) -> Option<Revision> {
    let syntax = &module.syntax;
    let id = references(syntax, assigned(syntax, "revision")?).into_iter().next()?;
    let down_revision = assigned(syntax, "down_revision")?;
    let upgrade = function(syntax, "upgrade")?;
    let downgrade = function(syntax, "downgrade");
    let bodies = Bodies::new(module);
    let of = |(stmt, name)| Function { stmt, name, body: bodies.of(stmt) };
    let list = |name| assigned(syntax, name).map(|value| references(syntax, value)).unwrap_or_default();
    Some(Revision {
        file,
        environment: None,
        id,
        down_revisions: references(syntax, down_revision),
        depends_on: list("depends_on"),
        branch_labels: list("branch_labels"),
        upgrade: of(upgrade),
        downgrade: downgrade.map(of),
        irreversible: said(module, text, downgrade.map(|(stmt, _)| stmt), IRREVERSIBLE),
        reason: said(module, text, downgrade.map(|(stmt, _)| stmt), REASONS),
        intentional: said(module, text, downgrade.map(|(stmt, _)| stmt), INTENTIONAL),
        data_only: changes_data_only(module, text, downgrade.map(|(stmt, _)| stmt)),
    })
}

/// The value that a name of the module is assigned, plainly or with an annotation.
fn assigned(syntax: &Syntax, name: &str) -> Option<ExprId> {
    let is_name =
        |target: ExprId| matches!(syntax.expr(target).kind, ExprKind::Name { id, .. } if syntax.name(id) == name);
    syntax.body.iter().find_map(|&stmt| match &syntax.stmt(stmt).kind {
        StmtKind::Assign { targets, value } => targets.iter().any(|&target| is_name(target)).then_some(*value),
        StmtKind::AnnAssign { target, value, .. } => value.filter(|_| is_name(*target)),
        _ => None,
    })
}

/// The strings of a string, tuple, list or set; none for `None`.
fn references(syntax: &Syntax, value: ExprId) -> Vec<Reference> {
    let elements = match &syntax.expr(value).kind {
        ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } | ExprKind::Set(elts) => &elts[..],
        _ => &[value],
    };
    let strings = elements.iter().filter_map(|&element| Some((element, syntax.string(element)?)));
    strings.map(|(element, text)| Reference { text: text.to_owned(), range: syntax.expr(element).range }).collect()
}

/// A function at the top of the module, and the range of its name.
fn function(syntax: &Syntax, name: &str) -> Option<(StmtId, Range)> {
    syntax.body.iter().rev().find_map(|&stmt| match &syntax.stmt(stmt).kind {
        StmtKind::FunctionDef(function) if syntax.identifier(function.name) == name => {
            Some((stmt, function.name.range))
        }
        _ => None,
    })
}

/// Whether the text of a module outside its downgrade, comments and docstrings has words that change rows and none that
/// change the schema.
fn changes_data_only(module: &Module, text: &str, downgrade: Option<StmtId>) -> bool {
    let syntax = &module.syntax;
    let documents = std::iter::once(&syntax.body[..]).chain(syntax.stmts().filter_map(|(_, stmt)| match &stmt.kind {
        StmtKind::FunctionDef(function) => Some(&function.body[..]),
        _ => None,
    }));
    let documents = documents.filter(|body| syntax.docstring(body).is_some());
    let documents = documents.filter_map(|body| body.first().map(|&stmt| syntax.stmt(stmt).range));
    let comments = module.comments.iter().map(|comment| comment.range);
    let mut left_out: Vec<Range> =
        documents.chain(comments).chain(downgrade.map(|stmt| syntax.stmt(stmt).range)).collect();
    left_out.sort_unstable_by_key(|range| range.start);
    let mut at = 0;
    let mut words = std::collections::BTreeSet::new();
    for range in left_out.into_iter().chain([Range::empty(text.len() as u32)]) {
        let code = Range::new(at, range.start.max(at)).slice(text);
        let parts = code.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        words.extend(parts.map(str::to_ascii_lowercase));
        at = at.max(range.end);
    }
    let any = |list: &[&str]| list.iter().any(|word| words.contains(*word));
    any(DATA_WORDS) && !any(SCHEMA_WORDS)
}

/// The first place that has one of these phrases: in a comment or string of the downgrade, in the comment lines right above it,
/// or in the docstring of the module.
fn said(module: &Module, text: &str, downgrade: Option<StmtId>, phrases: &[&str]) -> Option<Range> {
    let syntax = &module.syntax;
    let docstring = syntax.body.first().map(|&stmt| syntax.stmt(stmt).range);
    let docstring = docstring.filter(|_| syntax.docstring(&syntax.body).is_some());
    let function = downgrade.map(|stmt| syntax.stmt(stmt).range);
    let body = function.map(|range| with_trailing_comments(module, text, range));
    let comments = module.comments.iter().map(|comment| comment.range);
    let near = comments.filter(|comment| body.is_some_and(|body| body.contains(*comment)));
    let strings =
        syntax.exprs().filter(|(_, expr)| matches!(expr.kind, ExprKind::Str { .. })).map(|(_, expr)| expr.range);
    let inside = strings.filter(|range| function.is_some_and(|function| function.contains(*range)));
    near.chain(inside).chain(docstring).find(|range| {
        let words = range.slice(text).to_lowercase();
        phrases.iter().any(|phrase| words.contains(phrase))
    })
}

/// A function with the comment lines right above it, and those that follow its last statement before the next one:
/// no token of the function holds these.
fn with_trailing_comments(module: &Module, text: &str, function: Range) -> Range {
    let syntax = &module.syntax;
    let next =
        syntax.body.iter().map(|&stmt| syntax.stmt(stmt).range.start).filter(|&start| start >= function.end).min();
    let mut range = Range::new(function.start, next.unwrap_or(text.len() as u32));
    for comment in module.comments.iter().rev().filter(|comment| comment.own_line) {
        let between = Range::new(comment.range.end, range.start).slice(text);
        if comment.range.end <= range.start
            && !between.is_empty()
            && between.trim().is_empty()
            && between.matches('\n').count() == 1
        {
            range.start = comment.range.start;
        }
    }
    range
}
