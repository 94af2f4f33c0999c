//! Files that an application writes and reads again: its state between requests, or between starts.

use crate::calls::FunctionId;
use crate::{Definition, Module, ModuleId, Project, Symbol};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtId};
use std::collections::{BTreeMap, BTreeSet};

/// What a path is known by, so that two places can be told to mean one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Path {
    /// A constant of a module.
    Constant(ModuleId, Vec<String>),
    /// An attribute of the instances of a class.
    Attribute(ModuleId, StmtId, String),
    /// A text.
    Text(String),
}

/// A file that the application writes anew, and reads.
#[derive(Debug, Clone)]
pub struct StateFile {
    /// The path as it stands where the file is written first.
    pub name: String,
    /// The calls that write it anew, in the order of their places.
    pub writes: Vec<(ModuleId, ExprId)>,
    /// The calls that read it.
    pub reads: Vec<(ModuleId, ExprId)>,
    /// Whether what is written is data in the form of JSON, YAML or a pickle.
    pub holds_data: bool,
}

/// Names of what a function does that puts a whole file in the place of another at once.
const ATOMIC: &[&str] =
    &["replace", "rename", "move", "NamedTemporaryFile", "mkstemp", "atomic_write", "TemporaryFile"];

/// How a call opens a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    Read,
    Write,
}

/// Words of a path that say that a file holds no records.
const NO_RECORDS: &[&str] = &[
    "cache",
    "cached",
    "config",
    "configuration",
    "settings",
    "index",
    "lock",
    "pid",
    "export",
    "report",
    "tmp",
    "temp",
    "log",
    "model",
    "schema",
    "token",
    "credentials",
    "state",
    "checkpoint",
    "vocab",
    "embeddings",
    "metadata",
    "manifest",
    "openapi",
];

/// Words of a path that say that a file is made once and then read: keys, locks.
const MADE_ONCE: &[&str] = &["key", "keys", "private", "public", "cert", "certificate", "pem", "lock", "pid", "salt"];

/// Whether a path has one of these words, which are in lower case.
fn says(path: &str, words: &[&str]) -> bool {
    let lower = path.to_ascii_lowercase();
    lower.split(|mark: char| !mark.is_alphanumeric()).any(|word| words.contains(&word))
}

impl StateFile {
    /// Whether requests keep records in the file: a function behind them writes it as data, and one reads it.
    pub fn holds_records(&self, project: &Project, behind: &BTreeSet<FunctionId>) -> bool {
        let is_behind = |&(module, func): &(ModuleId, ExprId)| {
            let module = project.modules.get(module);
            behind.contains(&project.calls.function_of(module, func))
        };
        let is_other = says(&self.name, NO_RECORDS);
        self.holds_data && !is_other && self.writes.iter().any(is_behind) && self.reads.iter().any(is_behind)
    }
}

impl Project {
    /// The files that modules of the service write anew and read again, in the order of the first write. A path is known
    /// by a constant of a module, an attribute of an instance, or a text.
    pub fn state_files(&self) -> Vec<StateFile> {
        let mut files: BTreeMap<Path, StateFile> = BTreeMap::new();
        for module in self.served_modules() {
            for call in module.calls_named(&["open", "write_text", "write_bytes", "read_text", "read_bytes"]) {
                let Some((path, opening)) = self.opening(&call) else { continue };
                let Some(key) = self.path_key(module, path) else { continue };
                let name = self.sources.slice(module.span_of(path)).to_owned();
                let file = files.entry(key).or_insert_with(|| StateFile {
                    name,
                    writes: Vec::new(),
                    reads: Vec::new(),
                    holds_data: false,
                });
                match opening {
                    Opening::Read => file.reads.push((module.id, call.func)),
                    Opening::Write => {
                        file.writes.push((module.id, call.func));
                        file.holds_data |= writes_data(module, call.id);
                    }
                }
            }
        }
        let mut files: Vec<StateFile> = files.into_values().collect();
        files.retain(|file| !file.writes.is_empty() && !file.reads.is_empty() && !says(&file.name, MADE_ONCE));
        files.sort_by_key(|file| file.writes[0]);
        files
    }

    /// Whether a write puts a new file in the place of the old one, or may: something in its function does.
    pub fn is_atomic_write(&self, module: &Module, write: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let Some(function) = syntax.enclosing_functions(Parent::Expr(write)).next() else { return false };
        syntax.walk_exprs_in(function, true).any(|expr| match &syntax.expr(expr).kind {
            ExprKind::Call { func, .. } => module.last_name(*func).is_some_and(|name| ATOMIC.contains(&name)),
            _ => false,
        })
    }

    /// The path that a call opens, and for what.
    fn opening(&self, call: &crate::NamedCall<'_>) -> Option<(ExprId, Opening)> {
        match call.name {
            "read_text" | "read_bytes" => Some((call.object?, Opening::Read)),
            "write_text" | "write_bytes" => Some((call.object?, Opening::Write)),
            _ => {
                let is_plain = call.is_any(self, &["open", "io.open", "aiofiles.open"]);
                let (path, place) = if is_plain { (*call.args.first()?, 1) } else { (call.object?, 0) };
                let mode = call.argument(self, "mode", place);
                let mode = match mode {
                    Some(mode) => call.module.python.syntax.string(mode)?,
                    None => "r",
                };
                match mode.as_bytes() {
                    [b'w', ..] => Some((path, Opening::Write)),
                    [b'r', ..] => Some((path, Opening::Read)),
                    _ => None,
                }
            }
        }
    }

    /// What tells a path from others; `None` where it may be another one each time.
    fn path_key(&self, module: &Module, path: ExprId) -> Option<Path> {
        let syntax = &module.python.syntax;
        if let Some(text) = syntax.string(path) {
            return Some(Path::Text(text.to_owned()));
        }
        if let ExprKind::Call { args, .. } = &syntax.expr(path).kind {
            return args.first().and_then(|&only| self.path_key(module, only));
        }
        if let ExprKind::Attribute { value, attr, .. } = &syntax.expr(path).kind
            && let Some(class) = module.own_class(*value)
        {
            return Some(Path::Attribute(module.id, class, syntax.identifier(*attr).to_owned()));
        }
        let symbol = self.symbol(module, path)?;
        let is_constant =
            matches!(self.definition(&symbol), Some((_, Definition::Value(_) | Definition::Annotated { .. })));
        match symbol {
            Symbol::Definition { module, path } if is_constant && path.len() == 1 => Some(Path::Constant(module, path)),
            _ => None,
        }
    }
}

/// Whether what the statement around a write writes is data: `json.dump`, `pickle.dump`, `json.dumps`.
fn writes_data(module: &Module, write: ExprId) -> bool {
    const DUMPS: &[&str] = &["dump", "dumps", "safe_dump", "model_dump_json"];
    let syntax = &module.python.syntax;
    let Some(stmt) = syntax.enclosing_stmt(write) else { return false };
    syntax.walk_exprs_in(stmt, false).any(|expr| module.last_name(expr).is_some_and(|name| DUMPS.contains(&name)))
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn found(text: &str) -> Vec<(String, bool)> {
        let text = format!("import json\nfrom fastapi import FastAPI\napp = FastAPI()\nPATH = 'users.json'\n{text}");
        let project = project(&[("app/main.py", &text)]);
        project.state_files().into_iter().map(|file| (file.name, file.holds_data)).collect()
    }

    #[test]
    fn a_file_that_is_written_and_read_is_state() {
        let load = "def load():\n    with open(PATH) as f:\n        return json.load(f)\n";
        let save = "def save(x):\n    with open(PATH, 'w') as f:\n        json.dump(x, f)\n";
        assert_eq!(found(&format!("{load}{save}")), [("PATH".to_owned(), true)]);
        assert!(found(load).is_empty());
        assert!(found(save).is_empty());
        let text = "def log(x):\n    with open(PATH, 'a') as f:\n        f.write(x)\n";
        assert!(found(&format!("{load}{text}")).is_empty());
    }

    #[test]
    fn an_attribute_of_an_instance_is_one_path() {
        let text = "from pathlib import Path\nclass Store:\n    def __init__(self, path):\n        self.path = Path(path)\n    def load(self):\n        return self.path.read_text()\n    def save(self, x):\n        self.path.write_text(x)\n";
        assert_eq!(found(text), [("self.path".to_owned(), false)]);
    }
}
