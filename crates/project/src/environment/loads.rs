//! Who loads a `.env` file: settings in the code, compose files, and templates that somebody copies.

use super::{EnvironmentFile, EnvironmentFileKind};
use crate::{Files, paths};
use pyaudit_data::Value;
use pyaudit_python::{ExprId, ExprKind, Keyword, Module, StmtKind};
use pyaudit_source::{FileId, Range, Role, Sources, Span};
use std::collections::BTreeSet;

/// One place that loads a `.env` file, or is made to be copied to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// The name of the file that is loaded.
    pub name: String,
    /// The paths it may have, relative to the root: one where it is known, several where it counts from the directory in
    /// which the program is started.
    pub candidates: Vec<String>,
    /// The place.
    pub span: Span,
    /// How it is loaded, in a few words.
    pub how: &'static str,
}

/// Calls that load an environment file, by their last name.
const LOADERS: &[&str] = &["load_dotenv", "dotenv_values", "find_dotenv", "read_env", "read_envfile", "RepositoryEnv"];

/// Keywords and class attributes that name an environment file.
const SETTINGS: &[&str] = &["env_file", "_env_file", "dotenv_path"];

pub(super) fn find(sources: &Sources, files: &Files, environment_files: &[EnvironmentFile]) -> Vec<Load> {
    let mut found = Vec::new();
    for (file, source) in sources.files() {
        if matches!(source.role, Role::Vendored | Role::Generated | Role::Stub | Role::Test | Role::Example) {
            continue;
        }
        if let Some(module) = files.python(file) {
            found.extend(in_module(sources, file, module));
        } else if is_compose(source.name()) {
            found.extend(files.yaml(file).iter().flat_map(|document| in_compose(file, source.directory(), document)));
        }
    }
    found.extend(environment_files.iter().filter_map(|each| of_template(sources, each)));
    found
}

fn is_compose(name: &str) -> bool {
    (name.starts_with("docker-compose") || name.starts_with("compose"))
        && (name.ends_with(".yml") || name.ends_with(".yaml"))
}

fn is_env(path: &str) -> bool {
    paths::file_name(path) == ".env"
}

fn in_module(sources: &Sources, file: FileId, module: &Module) -> Vec<Load> {
    let syntax = &module.syntax;
    let mut values: Vec<ExprId> = Vec::new();
    let mut bare: Vec<Range> = Vec::new();
    for (_, expr) in syntax.exprs() {
        let ExprKind::Call { func, args, keywords } = &expr.kind else { continue };
        values.extend(keywords.iter().filter(|keyword| is_setting(module, keyword)).map(|keyword| keyword.value));
        if called(module, *func).is_some_and(|name| LOADERS.contains(&name)) {
            values.extend(args.iter());
            let searches = args.is_empty() && !keywords.iter().any(|keyword| is_setting(module, keyword));
            bare.extend(searches.then_some(expr.range));
        }
    }
    for (_, stmt) in syntax.stmts() {
        if let StmtKind::Assign { targets, value } = &stmt.kind {
            let is_setting = |&target: &ExprId| matches!(syntax.expr(target).kind, ExprKind::Name { id, .. } if SETTINGS.contains(&syntax.name(id)));
            values.extend(targets.iter().any(is_setting).then_some(*value));
        }
    }
    let named = env_strings(module, &values).into_iter();
    let places: BTreeSet<Range> = named.chain(bare).collect();
    let directory = sources.file(file).directory();
    let candidates: Vec<String> = paths::ancestors(directory).filter_map(|at| paths::join(at, ".env")).collect();
    let load = |range| Load {
        name: ".env".to_owned(),
        candidates: candidates.clone(),
        span: Span::new(file, range),
        how: "loaded here",
    };
    places.into_iter().map(load).collect()
}

fn is_setting(module: &Module, keyword: &Keyword) -> bool {
    keyword.name.is_some_and(|name| SETTINGS.contains(&module.syntax.identifier(name)))
}

/// The last name of what is called.
fn called(module: &Module, func: ExprId) -> Option<&str> {
    match &module.syntax.expr(func).kind {
        ExprKind::Name { id, .. } => Some(module.syntax.name(*id)),
        ExprKind::Attribute { attr, .. } => Some(module.syntax.identifier(*attr)),
        _ => None,
    }
}

/// The strings inside some expressions that name a `.env` file: alone, in a tuple, or joined to a directory.
fn env_strings(module: &Module, values: &[ExprId]) -> Vec<Range> {
    let ranges: Vec<Range> = values.iter().map(|&value| module.syntax.expr(value).range).collect();
    let strings =
        module.syntax.exprs().filter(|(_, expr)| matches!(&expr.kind, ExprKind::Str { value, .. } if is_env(value)));
    let inside = |range: Range| ranges.iter().any(|outer| outer.contains(range));
    strings.map(|(_, expr)| expr.range).filter(|&range| inside(range)).collect()
}

fn in_compose(file: FileId, directory: &str, document: &Value) -> Vec<Load> {
    let services = document.get("services").map_or(&[][..], Value::entries).iter();
    let lists = services.filter_map(|service| service.value.get("env_file"));
    let paths_of = lists.flat_map(|list| {
        let tables = list.items().iter().filter_map(|item| item.get("path"));
        list.strings().into_iter().chain(tables).collect::<Vec<_>>()
    });
    let loads = paths_of.filter_map(|value| {
        let path = value.as_str().filter(|path| is_env(path))?;
        let candidate = paths::join(directory, path)?;
        Some(Load {
            name: ".env".to_owned(),
            candidates: vec![candidate],
            span: Span::new(file, value.range),
            how: "loaded here",
        })
    });
    loads.collect()
}

/// A template is copied to the name before its suffix: `.env.example` to `.env`.
fn of_template(sources: &Sources, template: &EnvironmentFile) -> Option<Load> {
    let source = sources.file(template.file);
    let shipped = template.kind == EnvironmentFileKind::Template && !matches!(source.role, Role::Test | Role::Example);
    let (name, _) = source.name().rsplit_once('.').filter(|(name, _)| shipped && *name == ".env")?;
    let candidate = paths::join(source.directory(), name)?;
    let span = Span::file(template.file);
    Some(Load { name: name.to_owned(), candidates: vec![candidate], span, how: "the template of it" })
}
