//! What the application takes where its environment gives nothing: defaults of fields of settings, and of other reads.

use super::{EnvironmentRead, Field, Literal, SettingsClass};
use crate::{Condition, Module, ModuleId, Project, paths};
use pyaudit_python::{Expr, ExprContext, ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_source::{Role, Span};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A value that the application takes where its environment gives none.
#[derive(Debug, Clone)]
pub struct Fallback<'p> {
    /// The variable that would replace it, or the name of the field.
    pub name: &'p str,
    /// Every variable that would replace it.
    pub variables: &'p [String],
    /// The value, known.
    pub value: Literal,
    /// Where the value stands.
    pub span: Span,
    /// The module of the value.
    pub module: ModuleId,
    /// The expression of the value.
    pub expr: ExprId,
    /// The field that has it; `None` for a read outside of classes of settings.
    pub field: Option<(&'p SettingsClass, &'p Field)>,
    /// The environment in which alone it is taken, as far as branches and the name of the class tell.
    pub condition: Option<Condition>,
    /// What a test looks at that may refuse it: the name that a read is assigned to.
    target: Option<&'p str>,
}

/// Whether something refuses a value where users are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refused {
    /// Nothing does.
    No,
    /// Something may: a test that could not be worked out.
    Perhaps,
    /// The application does not start with it.
    Yes,
}

/// Words of the name of a class that is taken in development or tests alone.
const DEVELOPMENT_CLASSES: &[&str] = &["dev", "development", "local", "test", "testing", "debug", "ci"];

impl Project {
    /// What the application takes where its environment gives nothing, as far as it is known: each value once, those of
    /// tests, scripts and examples left out. In the order of their places.
    pub fn fallbacks(&self) -> Vec<Fallback<'_>> {
        let mut found: BTreeMap<Span, Fallback<'_>> = BTreeMap::new();
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        let mut classes: Vec<&SettingsClass> = self.settings.classes().iter().collect();
        // Of a class and its base the one of which objects are made says what is refused.
        classes.sort_by_key(|class| class.instances.is_empty());
        for class in classes {
            if self.unspoken_settings().contains(&(class.module, class.class)) {
                seen.extend(class.fields.iter().flat_map(|field| &field.reads));
                continue;
            }
            for field in &class.fields {
                seen.extend(&field.reads);
                if let Some(fallback) = self.fallback_of_field(class, field) {
                    found.entry(fallback.span).or_insert(fallback);
                }
            }
        }
        for (_, read) in self.settings.reads().iter().enumerate().filter(|(at, _)| !seen.contains(at)) {
            if let Some(fallback) = self.fallback_of_read(read) {
                found.entry(fallback.span).or_insert(fallback);
            }
        }
        found.into_values().collect()
    }

    /// The classes of settings of which no object is made, though one is made of another, from which nothing inherits, and
    /// of which no module speaks. Worked out once: every name of every module is looked at.
    fn unspoken_settings(&self) -> &BTreeSet<(ModuleId, StmtId)> {
        self.unspoken_settings.get_or_init(|| {
            let classes = self.settings.classes();
            if classes.iter().all(|class| class.instances.is_empty()) {
                return BTreeSet::new();
            }
            let bases: BTreeSet<_> = classes.iter().flat_map(|class| &class.bases).copied().collect();
            let left = classes.iter().filter(|class| class.instances.is_empty());
            let mut left: Vec<_> = left.filter(|class| !bases.contains(&(class.module, class.class))).collect();
            let names: HashSet<&str> = left.iter().filter_map(|class| class.path.last()).map(String::as_str).collect();
            // The modules that speak of each name; a second one is enough to know.
            let mut speakers: HashMap<&str, Vec<ModuleId>> = HashMap::new();
            for module in self.modules.iter().filter(|_| !names.is_empty()) {
                for name in module.python.all_names().filter(|name| names.contains(name)) {
                    let known = speakers.entry(name).or_default();
                    if known.len() < 2 {
                        known.push(module.id);
                    }
                }
            }
            left.retain(|class| {
                let Some(name) = class.path.last() else { return false };
                let elsewhere = speakers.get(name.as_str()).is_some_and(|ids| ids.iter().any(|&id| id != class.module));
                !elsewhere && !self.reads_name(class.module, name)
            });
            left.into_iter().map(|class| (class.module, class.class)).collect()
        })
    }

    /// Whether a module reads a name, beside binding it.
    fn reads_name(&self, module: ModuleId, name: &str) -> bool {
        let syntax = &self.modules.get(module).python.syntax;
        let is_read = |(_, expr): (ExprId, &Expr)| matches!(expr.kind, ExprKind::Name { id, ctx: ExprContext::Load } if syntax.name(id) == name);
        syntax.exprs().any(is_read)
    }

    fn fallback_of_field<'p>(&'p self, class: &'p SettingsClass, field: &'p Field) -> Option<Fallback<'p>> {
        let default = field.default.as_ref()?;
        let home = self.modules.get(default.module);
        if home.role != Role::Application || field.variables.is_empty() {
            return None;
        }
        let owner = class.path.last().map_or("", String::as_str);
        let is_development = camel_words(owner).any(|word| DEVELOPMENT_CLASSES.contains(&word.as_str()));
        let condition = is_development.then_some(Condition::Development);
        Some(Fallback {
            name: field.variables.first().unwrap_or(&field.name),
            variables: &field.variables,
            value: default.value.clone()?,
            span: default.span,
            module: default.module,
            expr: default.expr,
            field: Some((class, field)),
            condition: condition.or_else(|| self.condition_at(home, Parent::Expr(default.expr))),
            target: None,
        })
    }

    fn fallback_of_read<'p>(&'p self, read: &'p EnvironmentRead) -> Option<Fallback<'p>> {
        let home = self.modules.get(read.module);
        let name = read.variable.as_ref().filter(|_| !read.asks_only && home.role == Role::Application)?;
        let given = read.default.zip(read.default_value.clone()).filter(|(_, value)| value.truth());
        let (expr, value) = given.or_else(|| {
            let fallback = read.fallback?;
            Some((fallback, self.value_when_unset(home, fallback)?))
        })?;
        Some(Fallback {
            name,
            variables: std::slice::from_ref(name),
            value,
            span: home.span_of(expr),
            module: home.id,
            expr,
            field: None,
            condition: self.condition_at(home, Parent::Expr(read.expr)),
            target: read.target.as_deref(),
        })
    }
}

impl Fallback<'_> {
    /// The name that a read outside of classes of settings is assigned to.
    pub(super) fn target(&self) -> Option<&str> {
        self.target
    }

    /// Whether it is taken in development alone.
    pub fn is_for_development(&self) -> bool {
        self.condition == Some(Condition::Development)
    }

    /// Whether this and another are of classes of settings of which the environment chooses one.
    pub fn is_chosen_beside(&self, project: &Project, other: &Fallback<'_>) -> bool {
        let classes = self.field.zip(other.field);
        classes.is_some_and(|((one, _), (other, _))| project.are_siblings(one, other))
    }

    /// Whether it is the default of what chooses between classes of settings.
    pub fn selects_settings(&self, project: &Project) -> bool {
        let mut reads = project.settings.reads().iter().filter(|read| read.module == self.module);
        self.field.is_none()
            && reads.any(|read| {
                (read.default == Some(self.expr) || read.fallback == Some(self.expr)) && project.selects_settings(read)
            })
    }

    /// Whether something refuses it where users are served.
    pub fn refused(&self, project: &Project) -> Refused {
        let Some((class, field)) = self.field else { return self.refused_by_tests(project) };
        let mut refusals = project.default_refusals(class, field).into_iter();
        let mut is_refused = Refused::No;
        for refusal in refusals.by_ref().filter(|refusal| refusal.condition != Some(Condition::Development)) {
            is_refused = is_refused.max(if refusal.is_certain { Refused::Yes } else { Refused::Perhaps });
        }
        is_refused
    }

    /// Whether an `if` of the module that looks at the name raises.
    fn refused_by_tests(&self, project: &Project) -> Refused {
        let (module, Some(target)) = (project.modules.get(self.module), self.target) else { return Refused::No };
        let may_refuse = module.python.syntax.stmts().any(|(_, stmt)| match &stmt.kind {
            StmtKind::If { clauses, .. } => clauses.iter().any(|clause| {
                mentions(module, clause.test, target) && clause.body.iter().any(|&stmt| ends(project, module, stmt))
            }),
            _ => false,
        });
        if may_refuse { Refused::Perhaps } else { Refused::No }
    }
}

fn mentions(module: &Module, expr: ExprId, name: &str) -> bool {
    let syntax = &module.python.syntax;
    syntax.walk_exprs_of(expr).any(|inside| match &syntax.expr(inside).kind {
        ExprKind::Name { id, .. } => syntax.name(*id) == name,
        ExprKind::Attribute { attr, .. } => syntax.identifier(*attr) == name,
        _ => false,
    })
}

/// Whether a statement raises or ends the program.
fn ends(project: &Project, module: &Module, stmt: StmtId) -> bool {
    match &module.python.syntax.stmt(stmt).kind {
        StmtKind::Raise { .. } => true,
        StmtKind::Expr(value) => match &module.python.syntax.expr(*value).kind {
            ExprKind::Call { func, .. } => project.is_any(module, *func, &["sys.exit", "os._exit", "exit", "quit"]),
            _ => false,
        },
        _ => false,
    }
}

/// The words of a name in camel case, in lower case.
pub(super) fn camel_words(name: &str) -> impl Iterator<Item = String> {
    let mut parted = String::with_capacity(name.len() + 4);
    let mut before = ' ';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !before.is_ascii_uppercase() {
            parted.push('_');
        }
        parted.push(letter);
        before = letter;
    }
    paths::words(&parted).collect::<Vec<_>>().into_iter()
}
