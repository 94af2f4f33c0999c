//! How a settings class is configured: `model_config`, `class Config`, keywords of the class.

use super::Literal;
use crate::{Definition, Module, Project};
use pyaudit_python::{ExprId, ExprKind, Operator, StmtId};
use pyaudit_source::Span;
use std::collections::BTreeMap;

/// What happens to keys of an environment file that are no field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extra {
    /// They are an error: the default of `BaseSettings`.
    Forbid,
    /// They are left out.
    Ignore,
    /// They become attributes.
    Allow,
}

crate::named!(Extra { Forbid => "forbid", Ignore => "ignore", Allow => "allow" });

/// An environment file that a class reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentFileName {
    /// The path as far as it is known: counted from the working directory where `is_whole`, else the last part.
    pub path: String,
    /// Whether the whole path is known.
    pub is_whole: bool,
    /// Where it is written.
    pub span: Span,
}

/// How a settings class is configured, that of its bases included.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Configuration {
    /// The environment files, the last of which wins.
    pub environment_files: Vec<EnvironmentFileName>,
    /// What is put before the names of fields without an alias.
    pub prefix: String,
    /// Whether names of variables are taken with their case.
    pub case_sensitive: bool,
    /// What happens to keys that are no field.
    pub extra: Extra,
    /// What parts the names of nested models.
    pub nested_delimiter: Option<String>,
    /// Whether a field with an alias is read by its own name too.
    pub by_name: bool,
    /// Whether defaults are validated.
    pub validates_defaults: bool,
    /// Whether part of the configuration could not be read.
    pub is_partial: bool,
}

impl Default for Configuration {
    /// What `BaseSettings` says by itself.
    fn default() -> Self {
        Self {
            environment_files: Vec::new(),
            prefix: String::new(),
            case_sensitive: false,
            extra: Extra::Forbid,
            nested_delimiter: None,
            by_name: false,
            validates_defaults: true,
            is_partial: false,
        }
    }
}

/// The options that were found, by name, each with its value and the module of it.
#[derive(Default)]
pub(super) struct Options<'p> {
    values: BTreeMap<String, (&'p Module, ExprId)>,
    is_partial: bool,
}

/// How many levels of dictionaries in dictionaries are followed.
const MAX_LEVELS: usize = 8;

impl Project {
    /// The configuration of a class whose lineage is given, itself first.
    pub(super) fn configuration<'p>(&'p self, lineage: &[(&'p Module, StmtId)]) -> (Configuration, Options<'p>) {
        let mut options = Options::default();
        for &(module, class) in lineage.iter().rev() {
            if let Some(value) = module.class_value(class, "model_config") {
                self.read_options(module, value, MAX_LEVELS, &mut options);
            }
            self.read_config_class(module, class, &mut options);
            for keyword in module.class(class).into_iter().flat_map(|class| &class.keywords) {
                if let Some(name) = keyword.name {
                    let name = module.python.syntax.identifier(name).to_owned();
                    options.values.insert(name, (module, keyword.value));
                }
            }
        }
        (self.configured(&options), options)
    }

    fn configured(&self, options: &Options<'_>) -> Configuration {
        let literal = |name: &str| {
            let &(module, value) = options.values.get(name)?;
            self.value_when_unset(module, value)
        };
        let text = |name: &str| literal(name).and_then(|value| value.as_str().map(str::to_owned));
        let flag = |name: &str| literal(name).is_some_and(|value| value.truth());
        let files = options.values.get("env_file");
        let known = ["env_prefix", "case_sensitive", "env_nested_delimiter"];
        let unread = |name: &str| options.values.contains_key(name) && literal(name).is_none();
        Configuration {
            environment_files: files.map(|&(module, value)| self.file_names(module, value)).unwrap_or_default(),
            prefix: text("env_prefix").unwrap_or_default(),
            case_sensitive: flag("case_sensitive"),
            extra: options
                .values
                .get("extra")
                .and_then(|&(module, value)| self.extra(module, value))
                .unwrap_or(Extra::Forbid),
            nested_delimiter: text("env_nested_delimiter").filter(|delimiter| !delimiter.is_empty()),
            by_name: ["populate_by_name", "validate_by_name", "allow_population_by_field_name"]
                .iter()
                .any(|name| flag(name)),
            // Both versions of `BaseSettings` do, other models do not.
            validates_defaults: ["validate_default", "validate_all"]
                .iter()
                .find_map(|name| literal(name))
                .is_none_or(|value| value.truth()),
            is_partial: options.is_partial || known.iter().any(|name| unread(name)),
        }
    }

    fn extra(&self, module: &Module, value: ExprId) -> Option<Extra> {
        let syntax = &module.python.syntax;
        match &syntax.expr(value).kind {
            // `Extra.ignore`
            ExprKind::Attribute { attr, .. } => Extra::from_name(syntax.identifier(*attr)),
            _ => Extra::from_name(self.value_when_unset(module, value)?.as_str()?),
        }
    }

    /// Reads `SettingsConfigDict(…)`, a dictionary, or what is made of such.
    fn read_options<'p>(&'p self, module: &'p Module, expr: ExprId, levels: usize, into: &mut Options<'p>) {
        let Some(levels) = levels.checked_sub(1) else {
            into.is_partial = true;
            return;
        };
        let (module, expr) = self.follow(module, expr);
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Call { args, keywords, .. } => {
                args.iter().for_each(|&argument| self.read_options(module, argument, levels, into));
                for keyword in keywords {
                    match keyword.name {
                        Some(name) => {
                            into.values.insert(syntax.identifier(name).to_owned(), (module, keyword.value));
                        }
                        None => self.read_options(module, keyword.value, levels, into),
                    }
                }
            }
            ExprKind::Dict(items) => {
                for item in items {
                    match item.key.map(|key| self.constant_string(module, key)) {
                        Some(Some(name)) => {
                            into.values.insert(name, (module, item.value));
                        }
                        Some(None) => into.is_partial = true,
                        None => self.read_options(module, item.value, levels, into),
                    }
                }
            }
            ExprKind::BinOp { left, op: Operator::BitOr, right } => {
                self.read_options(module, *left, levels, into);
                self.read_options(module, *right, levels, into);
            }
            // `BaseSettings.model_config` of the library adds nothing.
            ExprKind::Attribute { attr, .. } if syntax.identifier(*attr) == "model_config" => {}
            _ => into.is_partial = true,
        }
    }

    fn read_config_class<'p>(&'p self, module: &'p Module, class: StmtId, into: &mut Options<'p>) {
        let scope = module.scope_opened_by(Definition::Class(class));
        let Some(Definition::Class(config)) = scope.and_then(|scope| module.definition_in(scope, "Config")) else {
            return;
        };
        for (home, config) in self.lineage(module, config).into_iter().rev() {
            let Some(scope) = home.scope_opened_by(Definition::Class(config)) else { continue };
            for binding in &home.python.names.scope(scope).bindings {
                let name = home.python.syntax.name(binding.name);
                if let Some(value) = binding.only_value() {
                    into.values.insert(name.to_owned(), (home, value));
                }
            }
        }
    }

    /// The names that `fields = {"name": {"env": "NAME"}}` of a configuration of pydantic 1 gives a field.
    pub(super) fn configured_names(&self, options: &Options<'_>, field: &str) -> Vec<String> {
        let Some(&(module, value)) = options.values.get("fields") else { return Vec::new() };
        let entry = |module: &Module, value: ExprId, name: &str| match &module.python.syntax.expr(value).kind {
            ExprKind::Dict(items) => {
                let item = items
                    .iter()
                    .find(|item| item.key.and_then(|key| self.constant_string(module, key)).as_deref() == Some(name))?;
                Some(item.value)
            }
            _ => None,
        };
        let names = entry(module, value, field).and_then(|field| entry(module, field, "env"));
        names.map(|names| self.alias_names(module, names)).unwrap_or_default()
    }

    /// The environment files that an expression names: one, several, or one below a directory that is not known.
    pub(super) fn file_names(&self, module: &Module, expr: ExprId) -> Vec<EnvironmentFileName> {
        let mut names = Vec::new();
        self.collect_file_names(module, expr, MAX_LEVELS, &mut names);
        names
    }

    fn collect_file_names(&self, module: &Module, expr: ExprId, levels: usize, into: &mut Vec<EnvironmentFileName>) {
        let Some(levels) = levels.checked_sub(1) else { return };
        let span = module.span_of(expr);
        if let Some(path) = self.value_when_unset(module, expr).as_ref().and_then(Literal::as_str) {
            into.push(EnvironmentFileName { path: path.to_owned(), is_whole: true, span });
            return;
        }
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => {
                elts.iter().for_each(|&element| self.collect_file_names(module, element, levels, into));
            }
            ExprKind::IfExp { body, orelse, .. } => {
                self.collect_file_names(module, *body, levels, into);
                self.collect_file_names(module, *orelse, levels, into);
            }
            ExprKind::BinOp { left: _, op: Operator::Div, right: last } => {
                let from = into.len();
                self.collect_file_names(module, *last, levels, into);
                into[from..].iter_mut().for_each(|name| name.is_whole = false);
            }
            ExprKind::Call { func, args, .. } => {
                let is_join = matches!(&syntax.expr(*func).kind,
                    ExprKind::Attribute { attr, .. } if matches!(syntax.identifier(*attr), "join" | "joinpath"));
                if let Some(&last) = args.last() {
                    let from = into.len();
                    self.collect_file_names(module, last, levels, into);
                    into[from..].iter_mut().for_each(|name| name.is_whole &= !is_join);
                }
            }
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                let (home, value) = self.follow(module, expr);
                if (home.id, value) != (module.id, expr) {
                    self.collect_file_names(home, value, levels, into);
                }
            }
            _ => {}
        }
    }
}
