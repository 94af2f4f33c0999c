//! The strings that an expression may give: through constants, settings, defaults of environment variables, branches.
//!
//! Used where the value decides whether something is a defect, such as the origins that a middleware gets. The answer
//! says whether it is complete, and where each value stands.

mod calls;

use crate::budget::{Budget, steps};
use crate::{Condition, Definition, Module, Project};
use pyaudit_python::{BindingKind, BindingSite, BoolOperator, ExprId, ExprKind, FoldedPart, Operator, Parent};
use pyaudit_source::Span;

/// How many values are collected; a list with more is not read to its end.
const MAX_VALUES: usize = 256;

/// One string that an expression may give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PossibleValue {
    /// The string, or the element of the list.
    pub text: String,
    /// Where it is written.
    pub span: Span,
    /// The environment in which it applies, when that is limited.
    pub condition: Option<Condition>,
    /// The environment variable that would replace it, when there is one.
    pub variable: Option<String>,
}

/// The strings that an expression may give.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Possible {
    /// Each string, the elements of lists one by one.
    pub values: Vec<PossibleValue>,
    /// Whether nothing else is possible.
    pub complete: bool,
}

/// What is carried along while an expression is evaluated.
#[derive(Clone)]
pub(crate) struct Frame<'a> {
    pub budget: Budget<'a>,
    pub condition: Option<Condition>,
    pub variable: Option<String>,
    /// The call whose function is evaluated, for the values of its parameters.
    pub call: Option<&'a Arguments<'a>>,
    /// Whether what validators do to settings counts; not while a validator itself is followed.
    pub validates: bool,
}

/// What a function of the project is called with.
pub(crate) struct Arguments<'a> {
    /// Where the call stands.
    pub caller: &'a Module,
    /// Each parameter that is given, by its name.
    pub given: Vec<(&'a str, ExprId)>,
    /// The call around it.
    pub outer: Option<&'a Arguments<'a>>,
}

impl Project {
    /// The one string that an expression gives, whatever the environment. Names are followed to their constants.
    pub fn constant_string(&self, module: &Module, expr: ExprId) -> Option<String> {
        self.constant(module, expr, Budget::new(&steps()))
    }

    fn constant(&self, module: &Module, expr: ExprId, budget: Budget<'_>) -> Option<String> {
        let budget = budget.step()?;
        let mut text = String::new();
        for part in module.python.fold_string(expr).parts {
            match part {
                FoldedPart::Text(known) => text.push_str(&known),
                FoldedPart::Hole(hole) => text.push_str(&self.constant_behind(module, hole, budget)?),
            }
        }
        Some(text)
    }

    /// The constant that a name or an attribute of a settings object stands for.
    fn constant_behind(&self, module: &Module, expr: ExprId, budget: Budget<'_>) -> Option<String> {
        let (home, value) = self.value_behind(module, expr)?;
        self.constant(home, value, budget)
    }

    /// The expression that a name of another module, or an attribute of an object of the project, is given.
    pub(crate) fn value_behind<'p>(&'p self, module: &'p Module, expr: ExprId) -> Option<(&'p Module, ExprId)> {
        if !matches!(module.python.syntax.expr(expr).kind, ExprKind::Name { .. } | ExprKind::Attribute { .. }) {
            return None;
        }
        let named = self.symbol(module, expr).and_then(|symbol| self.definition(&symbol));
        let (home, definition) = named.or_else(|| self.attribute(module, expr))?;
        match definition {
            Definition::Value(value) | Definition::Annotated { value: Some(value), .. } => {
                Some((home, self.field_default(home, value).unwrap_or(value)))
            }
            _ => None,
        }
    }

    /// The value of a name that is bound once, by a plain assignment in the same module.
    pub fn local_value(&self, module: &Module, name: ExprId) -> Option<ExprId> {
        let (_, binding) = module.python.lookup(name)?;
        match *binding.sites {
            [BindingSite { kind: BindingKind::Assigned(value), .. }] => Some(value),
            _ => None,
        }
    }

    /// The definition of an attribute in the class of the object that has it: `settings.CORS_ORIGINS`.
    pub(crate) fn attribute<'p>(&'p self, module: &'p Module, expr: ExprId) -> Option<(&'p Module, Definition)> {
        let ExprKind::Attribute { value, attr, .. } = &module.python.syntax.expr(expr).kind else { return None };
        let name = module.python.syntax.identifier(*attr);
        if let Some(class) = module.own_class(*value) {
            return self.member(module, class, name);
        }
        let class = self.type_of(module, *value)?;
        let (home, Definition::Class(id)) = self.definition(&class)? else { return None };
        self.member(home, id, name)
    }

    /// The default inside `Field(default=…)`, `Field(…)` or `field(default_factory=lambda: …)`.
    fn field_default(&self, module: &Module, value: ExprId) -> Option<ExprId> {
        let declared = self.declared(module, value)?;
        declared.default.or_else(|| declared.factory.map(|factory| module.lambda_body(factory)))
    }

    /// The strings that an expression may give, lists taken apart.
    pub fn possible_strings(&self, module: &Module, expr: ExprId) -> Possible {
        let mut possible = Possible { values: Vec::new(), complete: true };
        let (condition, steps) = (self.condition_at(module, Parent::Expr(expr)), steps());
        self.evaluate(
            module,
            expr,
            &Frame { budget: Budget::new(&steps), condition, variable: None, call: None, validates: true },
            &mut possible,
        );
        possible
    }

    pub(crate) fn evaluate(&self, module: &Module, expr: ExprId, frame: &Frame<'_>, into: &mut Possible) {
        let Some(budget) = frame.budget.step().filter(|_| into.values.len() < MAX_VALUES) else {
            into.complete = false;
            return;
        };
        let frame = &Frame { budget, ..frame.clone() };
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::None => {}
            ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } | ExprKind::Set(elts) => {
                for &element in elts {
                    self.evaluate(module, element, frame, into);
                }
            }
            ExprKind::Starred { value, .. } | ExprKind::Await(value) => self.evaluate(module, *value, frame, into),
            ExprKind::BinOp { left, op: Operator::Add | Operator::BitOr, right } if !is_text(module, expr) => {
                self.evaluate(module, *left, frame, into);
                self.evaluate(module, *right, frame, into);
            }
            ExprKind::IfExp { test, body, orelse } => {
                self.evaluate_choice(module, [*test, *body, *orelse], frame, into);
            }
            ExprKind::BoolOp { op: BoolOperator::Or, values } => self.evaluate_or(module, values, frame, into),
            ExprKind::ListComp { elt: _, generators } | ExprKind::Generator { elt: _, generators } => {
                for generator in generators {
                    self.evaluate(module, generator.iter, frame, into);
                }
            }
            ExprKind::Call { func, args, keywords } => {
                if let Some(read) = self.environment_read(module, expr) {
                    return self.evaluate_environment(module, &read, frame, into);
                }
                self.evaluate_call(module, *func, args, keywords, frame, into);
            }
            ExprKind::Name { .. } => self.evaluate_name(module, expr, frame, into),
            ExprKind::Attribute { .. } => self.evaluate_attribute(module, expr, frame, into),
            _ => match self.constant(module, expr, budget) {
                Some(text) => push_text(module, expr, &text, frame, into),
                None => into.complete = false,
            },
        }
    }

    /// `body if test else orelse`: each branch under what the test says of the environment.
    fn evaluate_choice(
        &self,
        module: &Module,
        [test, body, orelse]: [ExprId; 3],
        frame: &Frame<'_>,
        into: &mut Possible,
    ) {
        let condition = self.condition_of(module, test);
        let (then, otherwise) = match condition {
            Some(Condition::Development) => (Some(Condition::Development), Some(Condition::NotDevelopment)),
            Some(Condition::NotDevelopment) => (Some(Condition::NotDevelopment), Some(Condition::Development)),
            None => (frame.condition, frame.condition),
        };
        self.evaluate(module, body, &Frame { condition: then, ..frame.clone() }, into);
        let tests_body = same_text(module, test, body);
        if tests_body && self.is_never_empty(module, body, frame) {
            return;
        }
        self.evaluate(module, orelse, &Frame { condition: otherwise, ..frame.clone() }, into);
    }

    /// `a or b`: what stands after a value that is never empty cannot be reached.
    fn evaluate_or(&self, module: &Module, values: &[ExprId], frame: &Frame<'_>, into: &mut Possible) {
        for &value in values {
            self.evaluate(module, value, frame, into);
            if self.is_never_empty(module, value, frame) {
                return;
            }
        }
    }

    /// Whether an expression surely gives a string or list that is not empty.
    fn is_never_empty(&self, module: &Module, expr: ExprId, frame: &Frame<'_>) -> bool {
        let mut possible = Possible { values: Vec::new(), complete: true };
        self.evaluate(module, expr, frame, &mut possible);
        possible.complete && !possible.values.is_empty() && possible.values.iter().all(|value| !value.text.is_empty())
    }

    /// A name: every plain assignment to it, each under the conditions around it.
    fn evaluate_name(&self, module: &Module, expr: ExprId, frame: &Frame<'_>, into: &mut Possible) {
        let Some((_, binding)) = module.python.lookup(expr) else {
            into.complete = false;
            return;
        };
        for site in &binding.sites {
            let value = match site.kind {
                BindingKind::Assigned(value) | BindingKind::Annotated { value: Some(value), .. } => value,
                BindingKind::Import(_) => {
                    self.evaluate_behind(module, expr, frame, into);
                    continue;
                }
                BindingKind::Annotated { value: None, .. } => continue,
                BindingKind::Parameter { default, .. } => {
                    self.evaluate_parameter(module, expr, default, frame, into);
                    continue;
                }
                _ => {
                    into.complete = false;
                    continue;
                }
            };
            let condition = self.condition_at(module, Parent::Expr(value)).or(frame.condition);
            self.evaluate(module, value, &Frame { condition, ..frame.clone() }, into);
        }
    }

    /// An attribute: a constant of a module, a field or property of an object of the project.
    fn evaluate_attribute(&self, module: &Module, expr: ExprId, frame: &Frame<'_>, into: &mut Possible) {
        if let Some((home, Definition::Function(id))) = self.attribute(module, expr) {
            return self.evaluate_returns(home, id, frame, into);
        }
        self.evaluate_behind(module, expr, frame, into);
    }

    fn evaluate_behind(&self, module: &Module, expr: ExprId, frame: &Frame<'_>, into: &mut Possible) {
        let fields = self.setting_fields(module, expr);
        if !fields.is_empty() {
            for (class, field, condition) in fields {
                let condition = condition.or(frame.condition);
                self.evaluate_setting(class, field, &Frame { condition, ..frame.clone() }, into);
            }
            return;
        }
        let Some((home, value)) = self.value_behind(module, expr) else {
            into.complete = false;
            return;
        };
        let condition = self.condition_at(home, Parent::Expr(value)).or(frame.condition);
        self.evaluate(home, value, &Frame { condition, ..frame.clone() }, into);
    }
}

/// Adds a string; a JSON list or a list with commas is taken apart, as settings classes do.
fn push_text(module: &Module, expr: ExprId, text: &str, frame: &Frame<'_>, into: &mut Possible) {
    let trimmed = text.trim();
    let elements: Vec<String> = match trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(list) => list.split(',').map(|item| item.trim().trim_matches(['"', '\'']).to_owned()).collect(),
        None => vec![text.to_owned()],
    };
    into.values.extend(elements.into_iter().map(|text| PossibleValue {
        text,
        span: module.span_of(expr),
        condition: frame.condition,
        variable: frame.variable.clone(),
    }));
}

/// Whether the leftmost operand of an addition is a string, so that the whole is one.
fn is_text(module: &Module, expr: ExprId) -> bool {
    let folded = module.python.fold_string(expr);
    folded.parts.iter().any(|part| matches!(part, FoldedPart::Text(_)))
}

/// Whether two expressions are the same name or dotted name.
fn same_text(module: &Module, left: ExprId, right: ExprId) -> bool {
    let syntax = &module.python.syntax;
    match (&syntax.expr(left).kind, &syntax.expr(right).kind) {
        (ExprKind::Name { id: left, .. }, ExprKind::Name { id: right, .. }) => left == right,
        (ExprKind::Attribute { value: left, attr: one, .. }, ExprKind::Attribute { value: right, attr: two, .. }) => {
            one.name == two.name && same_text(module, *left, *right)
        }
        _ => false,
    }
}
