//! Tracked files of data that the application writes when it runs.

use crate::budget::{Budget, steps};
use crate::{Leftover, Module, NamedCall, Project, paths};
use pyaudit_python::{ExprId, ExprKind, FoldedPart, Operator, Parent};
use pyaudit_source::{FileId, Role, Span, Tracking};
use std::collections::BTreeMap;

/// A tracked file of data that code of the application writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenData {
    /// The file.
    pub file: FileId,
    /// Where it is written, in the order of the places.
    pub writes: Vec<Span>,
}

/// Endings of files of records.
const DATA: &[&str] = &[
    "json", "jsonl", "csv", "tsv", "db", "sqlite", "sqlite3", "pkl", "pickle", "parquet", "shelve", "yaml", "yml",
    "txt", "xlsx",
];

/// Functions whose first argument is a file of records that they make where it is missing.
const STORES: &[&str] = &["sqlite3.connect", "aiosqlite.connect", "shelve.open", "tinydb.TinyDB", "duckdb.connect"];

/// The end of a path, as far as it is written out.
struct Tail {
    /// Its components, with `/`.
    text: String,
    /// Whether the whole path is known.
    is_whole: bool,
}

impl Project {
    /// The tracked files of data that code of the application writes when it runs, in the order of their paths. `examined`
    /// counts the writes whose path is known.
    pub fn written_data(&self) -> (Vec<WrittenData>, usize) {
        let candidates = self.data_files();
        let mut found: BTreeMap<FileId, Vec<Span>> = BTreeMap::new();
        let mut examined = 0;
        for module in self.served_modules() {
            for (path, span) in self.writes_of(module) {
                let steps = steps();
                let Some(tail) = self.tail(module, path, Budget::new(&steps)) else { continue };
                examined += 1;
                if let Some(file) = self.tracked(module, &tail, &candidates) {
                    found.entry(file).or_default().push(span);
                }
            }
        }
        let found = found.into_iter().map(|(file, mut writes)| {
            writes.sort();
            writes.dedup();
            WrittenData { file, writes }
        });
        (found.collect(), examined)
    }

    /// The tracked files of data by their names.
    fn data_files(&self) -> BTreeMap<&str, Vec<FileId>> {
        let mut files: BTreeMap<&str, Vec<FileId>> = BTreeMap::new();
        for (id, file) in self.sources.files() {
            let extension = file.name().rsplit_once('.').map_or("", |(_, extension)| extension);
            let is_data = DATA.contains(&extension) && file.role == Role::Application;
            if is_data && file.tracking == Tracking::Tracked && Leftover::of_path(&file.path).is_none() {
                files.entry(file.name()).or_default().push(id);
            }
        }
        files
    }

    /// The paths that a module writes, each with its place.
    fn writes_of(&self, module: &Module) -> Vec<(ExprId, Span)> {
        const NAMES: &[&str] = &[
            "open",
            "write_text",
            "write_bytes",
            "to_csv",
            "to_json",
            "to_parquet",
            "to_pickle",
            "to_excel",
            "dump",
            "connect",
            "TinyDB",
            "create_engine",
            "create_async_engine",
        ];
        let mut writes = Vec::new();
        for call in module.calls_named(NAMES) {
            let is_by_hand = module.python.is_in_main_guard(Parent::Expr(call.id))
                || call.function().is_some_and(|function| self.is_used_by_main_guard_only(module, function));
            if let Some(path) = self.written_path(&call).filter(|_| !is_by_hand) {
                writes.push((path, call.span()));
            }
        }
        writes
    }

    /// The path that a call writes.
    fn written_path(&self, call: &NamedCall<'_>) -> Option<ExprId> {
        match call.name {
            "write_text" | "write_bytes" => call.object,
            "to_csv" | "to_json" | "to_parquet" | "to_pickle" | "to_excel" => call.args.first().copied(),
            "dump" => call.is_any(self, &["joblib.dump"]).then(|| call.args.get(1).copied())?,
            "connect" | "TinyDB" => call.is_any(self, STORES).then(|| call.args.first().copied())?,
            "create_engine" | "create_async_engine" => call.argument(self, "url", 0),
            _ => {
                if call.is_any(self, STORES) {
                    return call.args.first().copied();
                }
                let is_plain = call.is_any(self, &["open", "io.open", "aiofiles.open"]);
                let (path, place) = if is_plain { (*call.args.first()?, 1) } else { (call.object?, 0) };
                let mode = call.module.python.syntax.string(call.argument(self, "mode", place)?)?;
                mode.starts_with(['w', 'a', 'x']).then_some(path)
            }
        }
    }

    /// The end of the path that an expression gives.
    fn tail(&self, module: &Module, path: ExprId, budget: Budget<'_>) -> Option<Tail> {
        let budget = budget.step()?;
        let syntax = &module.python.syntax;
        if let Some(read) = self.environment_read(module, path) {
            return self.tail(module, read.default?, budget);
        }
        match &syntax.expr(path).kind {
            ExprKind::Str { value, .. } => tail_of(value),
            ExprKind::BinOp { left, op: Operator::Div, right } => {
                let last = tail_of(syntax.string(*right)?)?;
                self.below(module, *left, &last, budget)
            }
            ExprKind::FString(_) | ExprKind::BinOp { op: Operator::Add, .. } => {
                let parts = module.python.fold_string(path).parts;
                let [.., FoldedPart::Hole(hole), FoldedPart::Text(text)] = parts.as_slice() else { return None };
                let text = text.strip_prefix('/')?;
                self.below(module, *hole, &tail_of(text)?, budget)
            }
            ExprKind::Call { func, args, .. } => match module.last_name(*func)? {
                "Path" | "PurePath" | "str" | "abspath" | "realpath" | "fspath" | "normpath" => {
                    let [only] = **args else { return None };
                    self.tail(module, only, budget)
                }
                "resolve" | "absolute" | "as_posix" | "expanduser" => match &syntax.expr(*func).kind {
                    ExprKind::Attribute { value, .. } => self.tail(module, *value, budget),
                    _ => None,
                },
                "join" => {
                    let (first, rest) = args.split_first()?;
                    let parts: Option<Vec<&str>> = rest.iter().map(|&part| syntax.string(part)).collect();
                    self.below(module, *first, &tail_of(&parts?.join("/"))?, budget)
                }
                _ => None,
            },
            ExprKind::BoolOp { values, .. } => values.iter().find_map(|&value| self.tail(module, value, budget)),
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                let behind = self.value_behind(module, path);
                let (home, value) = behind.or_else(|| Some((module, self.local_value(module, path)?)))?;
                self.tail(home, value, budget)
            }
            _ => None,
        }
    }

    /// A path below a directory, where the directory is one of the project: known, or the place of the code.
    fn below(&self, module: &Module, directory: ExprId, last: &Tail, budget: Budget<'_>) -> Option<Tail> {
        if let Some(known) = self.tail(module, directory, budget) {
            return Some(Tail { text: format!("{}/{}", known.text, last.text), is_whole: known.is_whole });
        }
        let is_own = self.is_of_project(module, directory, budget);
        is_own.then(|| Tail { text: last.text.clone(), is_whole: false })
    }

    /// Whether a directory is found from the place of the code: `Path(__file__).parent`.
    fn is_of_project(&self, module: &Module, directory: ExprId, budget: Budget<'_>) -> bool {
        let Some(budget) = budget.step() else { return false };
        let syntax = &module.python.syntax;
        let mut inside = std::iter::once(directory).chain(syntax.walk_exprs_of(directory));
        let names_file =
            |id: ExprId| matches!(syntax.expr(id).kind, ExprKind::Name { id, .. } if syntax.name(id) == "__file__");
        if inside.any(names_file) {
            return true;
        }
        let base =
            self.value_behind(module, directory).or_else(|| Some((module, self.local_value(module, directory)?)));
        match base {
            Some((home, value)) => self.is_of_project(home, value, budget),
            None => match &syntax.expr(directory).kind {
                ExprKind::Attribute { value, .. } => self.is_of_project(module, *value, budget),
                ExprKind::BinOp { left, .. } => self.is_of_project(module, *left, budget),
                ExprKind::Call { func, args, .. } => {
                    let first = args.first().copied().unwrap_or(*func);
                    self.is_of_project(module, first, budget)
                }
                _ => false,
            },
        }
    }

    /// The one tracked file that a path ends at, seen from the application of a module.
    fn tracked(&self, module: &Module, tail: &Tail, candidates: &BTreeMap<&str, Vec<FileId>>) -> Option<FileId> {
        let root = self.modules.root_of(self.modules.path(module.id));
        let named = candidates.get(paths::file_name(&tail.text))?;
        let mut fits = named.iter().copied().filter(|&file| {
            let path = &self.sources.file(file).path;
            let below = path.strip_suffix(tail.text.as_str());
            let around = below.filter(|around| around.is_empty() || around.ends_with('/'));
            around.is_some_and(|around| {
                let directory = around.trim_end_matches('/');
                // A relative path counts from where the program is started: the root of the application or above it.
                let is_start = paths::is_within(root, directory) || directory == root;
                if tail.is_whole { is_start } else { is_start || paths::is_within(path, root) }
            })
        });
        let first = fits.next()?;
        fits.next().is_none().then_some(first)
    }
}

/// The end of a path that is written out; `None` for one that lies outside of the repository or in a temporary place.
fn tail_of(text: &str) -> Option<Tail> {
    let path = match text.split_once(":///") {
        Some((scheme, path)) => path.split('?').next().filter(|_| scheme.starts_with("sqlite"))?,
        None => text,
    };
    if path.starts_with('/') || path.contains("://") || path.contains(':') || path.contains("..") {
        return None;
    }
    let path = path.trim_start_matches("./");
    (!path.is_empty()).then(|| Tail { text: path.to_owned(), is_whole: true })
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn found(text: &str) -> Vec<String> {
        let text = format!(
            "import json, os, sqlite3\nfrom pathlib import Path\nfrom fastapi import FastAPI\napp = FastAPI()\n{text}"
        );
        let files = [
            ("app/main.py", text.as_str()),
            ("data/users.json", "{}"),
            ("app/app.db", ""),
            ("requirements.txt", "fastapi\n"),
        ];
        let project = project(&files);
        let written = project.written_data().0;
        written.into_iter().map(|data| project.sources.file(data.file).path.clone()).collect()
    }

    #[test]
    fn a_tracked_file_that_is_written_is_found() {
        for (text, path) in [
            ("def f(x):\n    with open('data/users.json', 'w') as f:\n        json.dump(x, f)\n", "data/users.json"),
            (
                "P = Path(__file__).parent.parent / 'data' / 'users.json'\ndef f(x):\n    P.write_text(x)\n",
                "data/users.json",
            ),
            ("B = os.path.dirname(__file__)\nP = os.path.join(B, 'app.db')\nc = sqlite3.connect(P)\n", "app/app.db"),
            ("P = os.getenv('P', 'data/users.json')\ndef f(x):\n    open(P, 'a').write(x)\n", "data/users.json"),
            ("from sqlalchemy import create_engine\ne = create_engine('sqlite:///./app/app.db')\n", "app/app.db"),
        ] {
            assert_eq!(found(text), [path], "{text}");
        }
    }

    #[test]
    fn reads_other_places_and_trial_runs_are_not() {
        for text in [
            "def f():\n    return json.load(open('data/users.json'))\n",
            "def f(d, x):\n    (Path(d) / 'users.json').write_text(x)\n",
            "def f(x):\n    open('/tmp/data/users.json', 'w').write(x)\n",
            "if __name__ == '__main__':\n    open('data/users.json', 'w').write('')\n",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
