//! Files that code opens by a path that is written in it, and that the repository does not hold.

use crate::{Data, Module, NamedCall, Project, paths};
use pyaudit_python::{BoolOperator, ExprId, ExprKind, Integer, Operator, Parent, StmtKind};
use pyaudit_source::Role;
use std::collections::BTreeSet;

/// A literal path that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingFile {
    /// The expression that gives the path.
    pub path: ExprId,
    /// The path as the code says it, from the place that it is built from.
    pub text: String,
    /// Whether it is a directory.
    pub is_directory: bool,
}

/// Calls that read a file or directory by a path, with the name and place of the argument and whether it is a directory.
const READERS: &[(&str, &[&str], &str, usize, bool)] = &[
    (
        "Jinja2Templates",
        &["fastapi.templating.Jinja2Templates", "starlette.templating.Jinja2Templates"],
        "directory",
        0,
        true,
    ),
    ("StaticFiles", &["fastapi.staticfiles.StaticFiles", "starlette.staticfiles.StaticFiles"], "directory", 0, true),
    ("FileSystemLoader", &["jinja2.FileSystemLoader"], "searchpath", 0, true),
    ("FileResponse", &["fastapi.responses.FileResponse", "starlette.responses.FileResponse"], "path", 0, false),
    ("open", &["open", "io.open", "aiofiles.open"], "file", 0, false),
    ("load", &["joblib.load", "torch.load"], "f", 0, false),
    ("read_csv", &["pandas.read_csv"], "filepath_or_buffer", 0, false),
    ("read_excel", &["pandas.read_excel"], "io", 0, false),
];

/// Parts of paths that say that a file is made while the service runs, or brought from outside.
const MADE_AT_RUN_TIME: &[&str] = &[
    "tmp",
    "temp",
    "log",
    "logs",
    "cache",
    "upload",
    "uploads",
    "output",
    "outputs",
    "out",
    "dist",
    "build",
    "storage",
    "secret",
    "secrets",
    "credential",
    "credentials",
    "token",
    "key",
    "keys",
    "env",
    "state",
    "run",
    "var",
    "proc",
    "etc",
    "download",
    "downloads",
    "export",
    "exports",
    "generated",
    "node_modules",
    "media",
    "volume",
    "volumes",
    "mnt",
    "certs",
];

/// Where a path starts.
enum Base {
    /// Written as it stands: the working directory, which is not known.
    Anywhere,
    /// A directory of the repository.
    Directory(String),
}

impl Project {
    /// The literal paths of a module that it reads and that nothing gives: no tracked file, no code or command that writes
    /// there, no image that copies there; and how many such paths were looked at.
    pub fn missing_files(&self, module: &Module, made: &BTreeSet<String>) -> (Vec<MissingFile>, usize) {
        let names: Vec<&str> = READERS.iter().map(|(name, ..)| *name).collect();
        let mut examined = 0;
        let mut missing = Vec::new();
        for call in module.calls_named(&names) {
            let Some((path, is_directory)) = self.read_path(&call) else { continue };
            let Some((base, text)) = self.literal_path(module, path, 0) else { continue };
            if !is_plain(&text) || is_guarded(module, call.id) {
                continue;
            }
            examined += 1;
            if !self.is_given(module, &base, &text, made) {
                missing.push(MissingFile { path, text, is_directory });
            }
        }
        (missing, examined)
    }

    /// The path that a call reads, and whether it is a directory; `None` where it writes or may accept that nothing is there.
    fn read_path(&self, call: &NamedCall<'_>) -> Option<(ExprId, bool)> {
        let readers = READERS.iter().filter(|(name, ..)| *name == call.name);
        let (name, _, argument, place, is_directory) =
            *readers.into_iter().find(|(_, dotted, ..)| call.is_any(self, dotted))?;
        let syntax = &call.module.python.syntax;
        if name == "open" {
            let mode = call.argument(self, "mode", 1);
            let reads = mode.is_none_or(|mode| {
                syntax.string(mode).is_some_and(|mode| mode.starts_with('r') && !mode.contains('+'))
            });
            reads.then_some(())?;
        }
        let is_false = |value: ExprId| matches!(syntax.expr(value).kind, ExprKind::Bool(false));
        if call.option(self, "check_dir").is_some_and(is_false) {
            return None;
        }
        Some((call.argument(self, argument, place)?, is_directory))
    }

    /// The path that an expression gives, and where it starts, where both are written in the code.
    fn literal_path(&self, module: &Module, expr: ExprId, depth: usize) -> Option<(Base, String)> {
        const MAX_DEPTH: usize = 8;
        let depth = (depth < MAX_DEPTH).then_some(depth + 1)?;
        let syntax = &module.python.syntax;
        if let Some(text) = syntax.string(expr) {
            return Some((Base::Anywhere, text.to_owned()));
        }
        if let Some(directory) = self.directory_of(module, expr, depth) {
            return Some((Base::Directory(directory), String::new()));
        }
        match &syntax.expr(expr).kind {
            ExprKind::BinOp { left, op: Operator::Div, right } => {
                let (base, start) = self.literal_path(module, *left, depth)?;
                let text = syntax.string(*right)?;
                Some((base, join(&start, text)))
            }
            ExprKind::Call { func, args, keywords } if keywords.is_empty() => {
                let is_join = self.is_any(module, *func, &["os.path.join"]);
                let is_same = self.is_any(
                    module,
                    *func,
                    &["str", "pathlib.Path", "os.path.abspath", "os.path.realpath", "os.path.normpath"],
                );
                let joins = is_join || self.is_any(module, *func, &["pathlib.Path"]);
                let is_path = joins || (is_same && args.len() == 1);
                if !is_path {
                    return None;
                }
                let (first, others) = args.split_first()?;
                let (base, mut path) = self.literal_path(module, *first, depth)?;
                for &other in others {
                    path = join(&path, syntax.string(other)?);
                }
                Some((base, path))
            }
            ExprKind::Name { .. } => self.literal_path(module, module.python.only_value(expr)?, depth),
            _ => None,
        }
    }

    /// The directory that an expression made of `__file__` means.
    fn directory_of(&self, module: &Module, expr: ExprId, depth: usize) -> Option<String> {
        const MAX_DEPTH: usize = 24;
        let depth = (depth < MAX_DEPTH).then_some(depth + 1)?;
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Name { id, .. } if syntax.name(*id) == "__file__" => {
                Some(self.sources.file(module.file).path.clone())
            }
            ExprKind::Name { .. } => self.directory_of(module, module.python.only_value(expr)?, depth),
            ExprKind::Attribute { value, attr, .. } if syntax.identifier(*attr) == "parent" => {
                up(&self.directory_of(module, *value, depth)?, 1)
            }
            ExprKind::Subscript { value, slice, .. } => {
                let ExprKind::Attribute { value, attr, .. } = syntax.expr(*value).kind else { return None };
                let ExprKind::Int(Integer::Small(steps)) = &syntax.expr(*slice).kind else { return None };
                let steps = usize::try_from(*steps).ok()?;
                let of = (syntax.identifier(attr) == "parents").then_some(value)?;
                up(&self.directory_of(module, of, depth)?, steps.checked_add(1)?)
            }
            ExprKind::Call { func, args, .. } => {
                if let Some(&only) = args.first().filter(|_| args.len() == 1) {
                    let inner = self.directory_of(module, only, depth)?;
                    if self.is_any(module, *func, &["os.path.dirname"]) {
                        return up(&inner, 1);
                    }
                    let same = ["str", "pathlib.Path", "os.path.abspath", "os.path.realpath"];
                    return self.is_any(module, *func, &same).then_some(inner);
                }
                let ExprKind::Attribute { value, attr, .. } = syntax.expr(*func).kind else { return None };
                let is_same = args.is_empty() && matches!(syntax.identifier(attr), "resolve" | "absolute");
                is_same.then(|| self.directory_of(module, value, depth)).flatten()
            }
            _ => None,
        }
    }

    /// Whether something may stand at a path when the service runs.
    fn is_given(&self, module: &Module, base: &Base, text: &str, made: &BTreeSet<String>) -> bool {
        let path = paths::join("", text.trim_start_matches("./"));
        let last = text.trim_end_matches('/').rsplit('/').next().unwrap_or(text);
        if made.contains(last) {
            return true;
        }
        match base {
            Base::Directory(directory) => paths::join(directory, text).is_none_or(|path| self.is_there(&path)),
            Base::Anywhere => {
                let Some(path) = path else { return true };
                let directories = self.sources.files().map(|(_, file)| file.directory());
                let around: BTreeSet<&str> = directories.flat_map(paths::ancestors).collect();
                let own = self.sources.file(module.file).directory();
                around.iter().chain([&own]).any(|at| paths::join(at, &path).is_some_and(|path| self.is_there(&path)))
            }
        }
    }

    /// Whether the repository holds a file or directory, or ignores it: what is ignored is made or brought.
    fn is_there(&self, path: &str) -> bool {
        let inside = format!("{path}/");
        self.sources.find(path).is_some()
            || self.sources.is_ignored(path)
            || self.sources.is_ignored(&format!("{path}/any"))
            || self.sources.files().any(|(_, file)| file.path.starts_with(&inside))
            || self.sources.tracked_paths().any(|tracked| tracked == path || tracked.starts_with(&inside))
    }

    /// The last parts of every path that code writes, makes or asks for, and every word of images, compose files, manifests
    /// and scripts: what may be there without being tracked.
    pub fn made_paths(&self) -> BTreeSet<String> {
        let mut made = BTreeSet::new();
        for (file, source) in self.sources.files() {
            let is_code = source.path.ends_with(".py") || source.path.ends_with(".pyi");
            let is_text = !is_code && !matches!(self.files.get(file), Some(Data::Json(_) | Data::Requirements(_)));
            if is_text && source.role != Role::Vendored {
                let text = self.sources.text(file).unwrap_or("");
                let words = text.split(|mark: char| {
                    mark.is_whitespace() || matches!(mark, '/' | ':' | '"' | '\'' | ',' | '[' | ']' | '=')
                });
                made.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
            }
        }
        for module in self.modules.iter() {
            made.extend(self.paths_made_in(module));
        }
        made
    }

    /// The last parts of the literal paths that stand in calls which make, ask for or write something.
    fn paths_made_in(&self, module: &Module) -> Vec<String> {
        const MAKERS: &[&str] = &[
            "mkdir",
            "makedirs",
            "exists",
            "is_file",
            "is_dir",
            "isfile",
            "isdir",
            "touch",
            "copy",
            "copyfile",
            "copytree",
            "move",
            "rename",
            "replace",
            "dump",
            "save",
            "to_csv",
            "to_excel",
            "savefig",
            "urlretrieve",
            "download",
            "hf_hub_download",
            "snapshot_download",
            "write_text",
            "write_bytes",
            "extractall",
            "FileHandler",
            "RotatingFileHandler",
            "open",
            "write",
            "add_argument",
            "ensure_dir",
            "access",
            "stat",
            "glob",
        ];
        let syntax = &module.python.syntax;
        let mut made = Vec::new();
        for call in module.calls_named(MAKERS) {
            let is_read = call.name == "open" && self.read_path(&call).is_some();
            if is_read {
                continue;
            }
            for expr in syntax.walk_exprs_of(call.id) {
                let value = module.python.only_value(expr).unwrap_or(expr);
                for text in syntax.walk_exprs_of(value).filter_map(|part| syntax.string(part)) {
                    made.extend(text.trim_end_matches('/').rsplit('/').next().map(str::to_owned));
                }
            }
        }
        made
    }
}

fn join(start: &str, text: &str) -> String {
    if start.is_empty() || text.starts_with('/') {
        text.to_owned()
    } else {
        format!("{}/{text}", start.trim_end_matches('/'))
    }
}

/// The path so many levels above a path.
fn up(path: &str, steps: usize) -> Option<String> {
    paths::ancestors(path).nth(steps).map(str::to_owned)
}

/// Whether a path may be one of the repository's own: relative, without holes, and not of a kind that is made later.
fn is_plain(text: &str) -> bool {
    let is_own = !text.is_empty()
        && text != "."
        && !text.starts_with(['/', '~', '\\'])
        && !text.contains(['{', '}', '%', '$', '*', ':', '?', '\n', '<']);
    is_own && paths::words(text).all(|word| !MADE_AT_RUN_TIME.contains(&word.as_str()))
}

/// Whether a call stands in a `try` or below a condition, which may ask first if the file is there.
fn is_guarded(module: &Module, call: ExprId) -> bool {
    let syntax = &module.python.syntax;
    syntax.ancestors(Parent::Expr(call)).any(|node| match node {
        Parent::Stmt(id) => matches!(syntax.stmt(id).kind, StmtKind::Try { .. } | StmtKind::If { .. }),
        Parent::Expr(id) => matches!(
            syntax.expr(id).kind,
            ExprKind::IfExp { .. } | ExprKind::BoolOp { op: BoolOperator::And | BoolOperator::Or, .. }
        ),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn missing(code: &str, others: &[(&str, &str)]) -> Vec<String> {
        let mut files = vec![("app/core/main.py", code)];
        files.extend(others);
        let project = project(&files);
        let module = project.modules.iter().find(|module| module.name.ends_with("main")).expect("a module");
        let (missing, _) = project.missing_files(module, &project.made_paths());
        missing.into_iter().map(|file| file.text).collect()
    }

    #[test]
    fn a_path_from_the_file_itself_is_resolved() {
        let code = "import os\nfrom pathlib import Path\nBASE = Path(__file__).resolve().parent.parent\n\
            a = open(BASE / 'data' / 'a.json')\nb = open(os.path.join(os.path.dirname(__file__), 'b.json'))\n\
            c = open(Path(__file__).parents[2] / 'c.json')\n";
        assert_eq!(missing(code, &[]), ["data/a.json", "b.json", "c.json"]);
        let there = [("app/data/a.json", "{}"), ("app/core/b.json", "{}"), ("c.json", "{}")];
        assert!(missing(code, &there).is_empty());
    }

    #[test]
    fn what_something_makes_or_asks_for_is_not_missing() {
        assert_eq!(missing("open('model.bin', 'rb')\n", &[]), ["model.bin"]);
        for code in [
            "open('model.bin', 'wb')\nopen('model.bin')\n",
            "import os\nif os.path.exists('model.bin'):\n    open('model.bin')\n",
            "try:\n    open('model.bin')\nexcept OSError:\n    pass\n",
            "open('logs/model.bin')\nopen('/srv/model.bin')\nopen(f'{x}/model.bin')\nopen('~/model.bin')\n",
        ] {
            assert!(missing(code, &[]).is_empty(), "{code}");
        }
        assert!(missing("open('model.bin')\n", &[("Dockerfile", "FROM x\nRUN fetch model.bin\n")]).is_empty());
        assert!(missing("open('model.bin')\n", &[(".gitignore", "*.bin\n")]).is_empty());
    }
}
