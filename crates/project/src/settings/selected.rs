//! Classes of settings of which the environment chooses one: `DevSettings`, `StagingSettings`, `ProdSettings`.
//!
//! What decides between them is read before there are settings, and what each of them fixes is no second default of the
//! others.

use super::{EnvironmentRead, SettingsClass};
use crate::{Module, ModuleId, Project};
use pyaudit_python::{CompareOperator, ExprId, ExprKind, Parent, PatternKind, StmtId, StmtKind};
use pyaudit_source::Span;
use std::collections::BTreeSet;

/// What chooses a class of settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The variable that is read.
    pub variable: String,
    /// The value that is taken where the variable is missing.
    pub default: Option<String>,
    /// The place of that value; of the read where there is none.
    pub span: Span,
    /// Whether the class is the one that is taken where the variable is missing.
    pub is_default: bool,
}

/// Words of a variable that tells in which environment a program runs.
const SELECTORS: &[&str] = &["env", "environment", "stage", "mode", "profile", "deployment", "config", "settings"];

/// Words of a class that tell which environment it is for.
const ENVIRONMENTS: &[&str] = &[
    "dev",
    "develop",
    "development",
    "local",
    "test",
    "testing",
    "stage",
    "staging",
    "qa",
    "uat",
    "prod",
    "production",
    "live",
    "ci",
];

/// Values that mean that users are served.
const SERVED: &[&str] = &["prod", "production", "live"];

impl Project {
    /// Whether a read decides which class of settings is made: its variable names an environment, and its module speaks of
    /// several classes of one family.
    pub fn selects_settings(&self, read: &EnvironmentRead) -> bool {
        let is_selector = read.variable.as_deref().is_some_and(|name| {
            let lower = name.to_ascii_lowercase();
            lower.split('_').any(|word| SELECTORS.contains(&word))
        });
        is_selector && self.are_chosen_in(read.module)
    }

    fn are_chosen_in(&self, module: ModuleId) -> bool {
        let python = &self.modules.get(module).python;
        let named = self
            .settings
            .classes()
            .iter()
            .filter(|class| class.path.last().is_some_and(|name| python.name_id(name).is_some()));
        let named: Vec<&SettingsClass> = named.collect();
        named.iter().enumerate().any(|(at, one)| named[..at].iter().any(|other| self.are_siblings(one, other)))
    }

    /// Whether two classes of settings are of one family, of which the environment chooses one: one inherits from the other,
    /// or both are named after an environment and inherit from a third or differ by that name alone.
    pub fn are_siblings(&self, one: &SettingsClass, other: &SettingsClass) -> bool {
        let own = |class: &SettingsClass| -> BTreeSet<(ModuleId, StmtId)> {
            let home = self.modules.get(class.module);
            self.lineage(home, class.class).into_iter().map(|(home, class)| (home.id, class)).collect()
        };
        let (of_one, of_other) = (own(one), own(other));
        if of_one.contains(&(other.module, other.class)) || of_other.contains(&(one.module, one.class)) {
            return true;
        }
        let names = without_environment(one).zip(without_environment(other));
        names.is_some_and(|(name, other)| name == other || !of_one.is_disjoint(&of_other))
    }

    /// What chooses a class of settings, where it is made under a value of a variable other than those of production, or
    /// under any value that is the default.
    pub fn selection_of(&self, class: &SettingsClass) -> Option<Selection> {
        let name = class.path.last()?;
        let modules = self.modules.iter().filter(|module| module.python.name_id(name).is_some());
        modules.into_iter().find_map(|module| {
            let read =
                self.settings.reads().iter().find(|read| read.module == module.id && self.selects_settings(read))?;
            let values = self.values_selecting(module, class)?;
            let default = read.default_value.as_ref().and_then(|value| value.as_str()).map(str::to_owned);
            let is_default = default.as_ref().is_some_and(|default| values.contains(&default.to_ascii_lowercase()));
            let is_served = values.iter().any(|value| SERVED.contains(&value.as_str()));
            (is_default || !is_served).then(|| Selection {
                variable: read.variable.clone().unwrap_or_default(),
                span: read.default.map_or(read.span, |default| module.span_of(default)),
                default,
                is_default,
            })
        })
    }

    /// The values, in lower case, under which a module makes or names a class: `if env == "dev":`, `case "dev":`,
    /// `{"dev": DevSettings}`.
    fn values_selecting(&self, module: &Module, class: &SettingsClass) -> Option<BTreeSet<String>> {
        let syntax = &module.python.syntax;
        let name = class.path.last()?;
        let named = syntax.exprs().filter(|(id, expr)| {
            matches!(expr.kind, ExprKind::Name { id, .. } if syntax.name(id) == name)
                && self.class(module, *id).is_some_and(|(home, id, _)| (home.id, id) == (class.module, class.class))
        });
        let found: BTreeSet<String> = named.flat_map(|(id, _)| self.values_around(module, id)).collect();
        (!found.is_empty()).then_some(found)
    }

    fn values_around(&self, module: &Module, name: ExprId) -> Vec<String> {
        let syntax = &module.python.syntax;
        let mut inner = Parent::Expr(name);
        for outer in syntax.ancestors(inner) {
            let values = match (outer, inner) {
                (Parent::Stmt(id), Parent::Stmt(stmt)) => match &syntax.stmt(id).kind {
                    StmtKind::If { clauses, .. } => {
                        let clause = clauses.iter().find(|clause| clause.body.contains(&stmt));
                        clause.map_or_else(Vec::new, |clause| self.values_compared(module, clause.test))
                    }
                    StmtKind::Match { cases, .. } => {
                        let case = cases.iter().find(|case| case.body.contains(&stmt));
                        case.map_or_else(Vec::new, |case| match syntax.pattern(case.pattern).kind {
                            PatternKind::Value(value) => self.names_of_value(module, value),
                            _ => Vec::new(),
                        })
                    }
                    _ => Vec::new(),
                },
                (Parent::Expr(id), Parent::Expr(value)) => match &syntax.expr(id).kind {
                    ExprKind::Dict(items) => {
                        let item = items.iter().find(|item| item.value == value);
                        item.and_then(|item| item.key).map_or_else(Vec::new, |key| self.names_of_value(module, key))
                    }
                    _ => Vec::new(),
                },
                _ => Vec::new(),
            };
            if !values.is_empty() {
                return values;
            }
            inner = outer;
        }
        Vec::new()
    }

    fn values_compared(&self, module: &Module, test: ExprId) -> Vec<String> {
        let syntax = &module.python.syntax;
        match &syntax.expr(test).kind {
            ExprKind::Compare { comparisons, .. } => match comparisons[..] {
                [(CompareOperator::Eq | CompareOperator::Is, right)] => self.names_of_value(module, right),
                [(CompareOperator::In, right)] => match &syntax.expr(right).kind {
                    ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } | ExprKind::Set(elts) => {
                        elts.iter().flat_map(|&value| self.names_of_value(module, value)).collect()
                    }
                    _ => Vec::new(),
                },
                _ => Vec::new(),
            },
            ExprKind::BoolOp { values, .. } => {
                values.iter().flat_map(|&value| self.values_compared(module, value)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A text, or the name and value of a member of an enumeration.
    fn names_of_value(&self, module: &Module, value: ExprId) -> Vec<String> {
        let syntax = &module.python.syntax;
        let member = match &syntax.expr(value).kind {
            ExprKind::Attribute { value: member, attr, .. } if matches!(syntax.identifier(*attr), "value" | "name") => {
                *member
            }
            _ => value,
        };
        let name = match &syntax.expr(member).kind {
            ExprKind::Attribute { attr, .. } => Some(syntax.identifier(*attr).to_owned()),
            _ => None,
        };
        let text = self.constant_string(module, value).or_else(|| self.constant_string(module, member));
        let text = text.or_else(|| {
            let (home, value) = self.named_value(module, member)?;
            self.constant_string(home, value)
        });
        name.into_iter().chain(text).map(|text| text.to_ascii_lowercase()).collect()
    }
}

/// The words of a class without those for an environment; `None` where it has none of them.
fn without_environment(class: &SettingsClass) -> Option<Vec<String>> {
    let name = class.path.last()?;
    let words: Vec<String> = super::fallbacks::camel_words(name).collect();
    let rest: Vec<String> = words.iter().filter(|word| !ENVIRONMENTS.contains(&word.as_str())).cloned().collect();
    (rest.len() < words.len()).then_some(rest)
}
