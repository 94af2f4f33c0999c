//! The body of a function that looks at fields: which expressions are their values, and what its statements do.

use super::super::{Settings, SettingsClass};
use super::{Action, Test};
use crate::{Module, Project};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtId, StmtKind};
use std::collections::{BTreeMap, BTreeSet};

/// Calls that end the program.
const EXITS: &[&str] = &["sys.exit", "os._exit", "exit", "quit"];

/// How many expressions inside one are looked at.
const MAX_EXPRESSIONS: usize = 128;

/// How many steps an expression may be made of the value of a field.
pub(super) const STEPS: usize = 4;

/// A function whose body is read for what it does to fields.
pub(super) struct Reading<'a> {
    pub project: &'a Project,
    /// The classes of the project, which it does not have yet while they are built.
    pub settings: &'a Settings,
    pub class: &'a SettingsClass,
    pub module: &'a Module,
    /// `None` for the statements of a module.
    pub function: Option<StmtId>,
    /// The fields whose values names of the function hold.
    pub subjects: BTreeMap<String, Vec<String>>,
    /// Whether what it returns takes the place of its subject.
    pub returns_value: bool,
    /// What holds where it is called.
    pub outer: Vec<Test>,
}

impl<'a> Reading<'a> {
    /// A function, or the statements of a module, without what it is called with.
    pub(super) fn of(
        project: &'a Project,
        settings: &'a Settings,
        class: &'a SettingsClass,
        module: &'a Module,
        function: Option<StmtId>,
    ) -> Self {
        let (subjects, outer) = (BTreeMap::new(), Vec::new());
        Self { project, settings, class, module, function, subjects, returns_value: false, outer }
    }

    /// The fields that an expression looks at, also through names that hold what another expression gives.
    pub(super) fn mentioned(&self, expr: ExprId, hops: usize, into: &mut BTreeSet<String>) {
        let Some(hops) = hops.checked_sub(1) else { return };
        for inside in self.module.python.syntax.walk_exprs_of(expr).take(MAX_EXPRESSIONS) {
            into.extend(self.fields_of(inside, 1));
            let is_name = matches!(self.module.python.syntax.expr(inside).kind, ExprKind::Name { .. });
            if let Some(value) = self.project.local_value(self.module, inside).filter(|_| is_name) {
                self.mentioned(value, hops, into);
            }
        }
    }

    /// What a statement does to fields.
    pub(super) fn actions(&self, stmt: StmtId) -> Vec<Action> {
        let syntax = &self.module.python.syntax;
        let replace = |fields: Vec<String>, value| (!fields.is_empty()).then_some(Action::Replace { fields, value });
        match &syntax.stmt(stmt).kind {
            StmtKind::Raise { .. } | StmtKind::Assert { .. } => vec![Action::Refuse],
            StmtKind::Return(Some(value)) if self.returns_value => {
                let is_subject = matches!(syntax.expr(*value).kind,
                    ExprKind::Name { id, .. } if self.subjects.contains_key(syntax.name(id)));
                let fields = self.subjects.values().flatten().cloned().collect();
                replace(fields, *value).filter(|_| !is_subject).into_iter().collect()
            }
            StmtKind::Assign { targets, value } => {
                targets.iter().filter_map(|&target| replace(self.stored(target), *value)).collect()
            }
            StmtKind::AnnAssign { target, value: Some(value), .. } => {
                replace(self.stored(*target), *value).into_iter().collect()
            }
            StmtKind::Expr(call) => self.called(*call).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// The fields that an assignment to a target changes: `self.name`, `values["name"]`.
    fn stored(&self, target: ExprId) -> Vec<String> {
        match self.module.python.syntax.expr(target).kind {
            ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => self.fields_of(target, 1),
            _ => Vec::new(),
        }
    }

    /// `setattr(self, "name", value)`, `object.__setattr__(self, "name", value)`, `sys.exit(1)`.
    fn called(&self, call: ExprId) -> Option<Action> {
        let syntax = &self.module.python.syntax;
        let ExprKind::Call { func, args, .. } = &syntax.expr(call).kind else { return None };
        if self.project.is_any(self.module, *func, EXITS) {
            return Some(Action::Refuse);
        }
        let [object, name, value] = **args else { return None };
        let is_setter = matches!(self.module.last_name(*func), Some("setattr" | "__setattr__"));
        self.module.own_class(object).filter(|_| is_setter)?;
        let fields = self.fields_named(name);
        (!fields.is_empty()).then_some(Action::Replace { fields, value })
    }

    fn field_named(&self, name: &str) -> Vec<String> {
        self.class.field(name).map(|field| field.name.clone()).into_iter().collect()
    }

    /// The fields that an expression names: a text, or the target of a loop over texts.
    fn fields_named(&self, name: ExprId) -> Vec<String> {
        let names = match self.module.python.syntax.string(name) {
            Some(name) => vec![name.to_owned()],
            None => self.project.looped_names(self.module, name),
        };
        names.iter().flat_map(|name| self.field_named(name)).collect()
    }

    /// The fields whose value an expression is, or is made of within so many steps; with one step those that it is.
    pub(super) fn fields_of(&self, expr: ExprId, steps: usize) -> Vec<String> {
        let Some(steps) = steps.checked_sub(1) else { return Vec::new() };
        let syntax = &self.module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Name { id, .. } => {
                let is_here = syntax.enclosing_functions(Parent::Expr(expr)).next() == self.function;
                let found = self.subjects.get(syntax.name(*id)).filter(|_| is_here);
                found.cloned().unwrap_or_default()
            }
            ExprKind::Attribute { value, attr, .. } => {
                let name = syntax.identifier(*attr);
                if self.is_object(*value) { self.field_named(name) } else { self.fields_of(*value, steps) }
            }
            // `values["name"]`
            ExprKind::Subscript { slice, .. } => {
                syntax.string(*slice).map(|name| self.field_named(name)).unwrap_or_default()
            }
            // `values.get("name")`, `getattr(self, "name")`, `len(value)`, `self.name.lower()`
            ExprKind::Call { func, args, .. } => {
                let name = match (self.module.last_name(*func), &**args) {
                    (Some("get"), [name, ..]) => syntax.string(*name).map(|_| *name),
                    (Some("getattr"), [object, name, ..]) => self.is_object(*object).then_some(*name),
                    _ => None,
                };
                if let Some(name) = name {
                    return self.fields_named(name);
                }
                let of_method = self.fields_of(*func, steps);
                let of_argument = || args.first().map(|&first| self.fields_of(first, steps)).unwrap_or_default();
                if of_method.is_empty() { of_argument() } else { of_method }
            }
            _ => Vec::new(),
        }
    }

    /// Whether an expression is an object of the class, or the class.
    fn is_object(&self, expr: ExprId) -> bool {
        if self.module.own_class(expr).is_some() {
            return true;
        }
        let number = self.project.class_of_object(self.module, expr, self.settings);
        number.is_some_and(|number| self.settings.classes()[number].is(self.class))
    }
}

impl SettingsClass {
    fn is(&self, other: &Self) -> bool {
        (self.module, self.class) == (other.module, other.class)
    }
}
