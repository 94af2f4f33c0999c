//! Code that loads modules by names that it puts together: `import_module`, `pkgutil.iter_modules` and their like.

use crate::{Module, NamedCall, Project, Symbol};
use pyaudit_python::{ExprKind, FoldedPart};
use pyaudit_source::Role;

/// What may be loaded without an import statement.
#[derive(Debug, Default)]
pub(super) struct Loaders {
    /// Dotted names that a loaded name starts with, with the dot at their end.
    prefixes: Vec<String>,
    /// Directories whose modules may be loaded.
    directories: Vec<String>,
    /// Whether names of modules may come from anywhere.
    pub(super) by_name: bool,
}

const LOADING: &[&str] = &[
    "import_module",
    "__import__",
    "iter_modules",
    "walk_packages",
    "spec_from_file_location",
    "run_module",
    "run_path",
    "load_module",
    "find_modules",
    "import_string",
    "import_submodules",
    "autodiscover_tasks",
    "autodiscover",
    "scan",
];

impl Loaders {
    pub(super) fn read(project: &Project) -> Self {
        let mut loaders = Self::default();
        for module in project.modules.iter().filter(|module| module.role != Role::Test) {
            for call in module.calls_named(LOADING) {
                loaders.note(project, module, &call);
            }
        }
        // A function of the project may pass the name on, so that any text which starts as a name of modules may be one.
        if loaders.by_name {
            for module in project.modules.iter().filter(|module| module.role != Role::Test) {
                loaders.note_templates(module);
                loaders.note_directories(project, module);
            }
        }
        loaders
    }

    /// The directories of modules that texts name, whose files may be listed and loaded: `"app/tools"`.
    fn note_directories(&mut self, project: &Project, module: &Module) {
        for (_, expr) in module.python.syntax.exprs() {
            let ExprKind::Str { value, .. } = &expr.kind else { continue };
            let path = value.trim_start_matches("./").trim_end_matches('/');
            if path.contains('/') && !path.contains(char::is_whitespace) {
                let root = project.modules.root_of(project.modules.path(module.id));
                let below = if root.is_empty() { path.to_owned() } else { format!("{root}/{path}") };
                let directories = [path.to_owned(), below].into_iter();
                self.directories.extend(directories.filter(|path| !project.modules.files_in(path, true).is_empty()));
            }
        }
        self.directories.sort();
        self.directories.dedup();
    }

    /// The packages at the start of f-strings: `f"app.plugins.{name}"`.
    fn note_templates(&mut self, module: &Module) {
        let is_dotted = |text: &str| {
            text.contains('.') && text.chars().all(|part| part.is_alphanumeric() || matches!(part, '.' | '_'))
        };
        for (id, expr) in module.python.syntax.exprs() {
            if matches!(expr.kind, ExprKind::FString(_))
                && let Some(FoldedPart::Text(start)) = module.python.fold_string(id).parts.first()
                && let Some((package, _)) = start.rsplit_once('.').filter(|_| is_dotted(start))
                && !package.is_empty()
            {
                self.prefixes.push(format!("{package}."));
            }
        }
        self.prefixes.sort();
        self.prefixes.dedup();
    }

    fn note(&mut self, project: &Project, module: &Module, call: &NamedCall<'_>) {
        let folded = call.args.first().map(|&name| module.python.fold_string(name));
        if let Some(folded) = &folded {
            // A name that is known stands as a text like any other.
            if folded.text().is_some() && call.args.len() == 1 {
                return;
            }
            if let Some(FoldedPart::Text(start)) = folded.parts.first()
                && let Some((package, _)) = start.rsplit_once('.')
                && !package.is_empty()
            {
                self.prefixes.push(format!("{package}."));
                return;
            }
        }
        self.by_name = true;
        self.directories.push(project.sources.file(module.file).directory().to_owned());
        for &argument in call.args {
            for expr in module.python.syntax.walk_exprs_of(argument) {
                if let Some(Symbol::Module(id)) = project.symbol(module, expr) {
                    let package = project.modules.get(id);
                    self.directories.push(project.sources.file(package.file).directory().to_owned());
                }
            }
        }
    }

    /// Whether the module at a path, with this dotted name from the root of the repository, may be loaded by name.
    pub(super) fn may_load(&self, path: &str, dotted: &str) -> bool {
        let anchored = format!(".{dotted}");
        let mut directories = self.directories.iter();
        let mut prefixes = self.prefixes.iter();
        directories.any(|directory| crate::paths::is_within(path, directory))
            || prefixes.any(|prefix| anchored.contains(&format!(".{prefix}")))
    }
}
