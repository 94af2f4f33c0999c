//! Whether a validator refuses a value, and where.

use super::super::{Field, Literal, SettingsClass};
use super::reading::{Reading, STEPS};
use super::{Action, Outcome, Test, Validator};
use crate::{Condition, Project};
use pyaudit_python::{BoolOperator, ExprId, ExprKind, UnaryOperator};
use std::collections::BTreeSet;

/// A validator that refuses a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal<'p> {
    /// The validator.
    pub validator: &'p Validator,
    /// Where it refuses.
    pub outcome: &'p Outcome,
    /// The environment in which it does; `None` for everywhere.
    pub condition: Option<Condition>,
    /// Whether every test on the way could be worked out; else it may let the value pass.
    pub is_certain: bool,
}

/// Whether the tests before an outcome hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::settings) enum Verdict {
    /// They do not.
    No,
    /// They do where the condition holds, if what could not be worked out does.
    Perhaps(Option<Condition>),
    /// They do where the condition holds.
    Yes(Option<Condition>),
}

/// The most parts of one test.
const MAX_PARTS: usize = 64;

impl Project {
    /// What refuses a value of a field, other variables being unset. The environment is taken to be any.
    pub fn refusals<'p>(&'p self, class: &'p SettingsClass, field: &Field, value: &Literal) -> Vec<Refusal<'p>> {
        class.validators.iter().flat_map(|validator| self.refusals_by(validator, class, field, value)).collect()
    }

    /// What refuses the default of a field, other variables being unset: the guards that make a deployment give a value.
    /// Those that are certain come first. Empty where there is no default or it is not known.
    pub fn default_refusals<'p>(&'p self, class: &'p SettingsClass, field: &Field) -> Vec<Refusal<'p>> {
        let Some(value) = field.default.as_ref().and_then(|default| default.value.as_ref()) else { return Vec::new() };
        let validators = class.validators.iter().filter(|validator| validator.sees_defaults);
        let mut found: Vec<Refusal<'_>> =
            validators.flat_map(|validator| self.refusals_by(validator, class, field, value)).collect();
        found.sort_by_key(|refusal| !refusal.is_certain);
        found
    }

    fn refusals_by<'p>(
        &'p self,
        validator: &'p Validator,
        class: &'p SettingsClass,
        field: &Field,
        value: &Literal,
    ) -> Vec<Refusal<'p>> {
        let refusing = validator.outcomes.iter().filter(|outcome| outcome.action == Action::Refuse);
        let refusing = refusing.filter(|outcome| outcome.tested.contains(&field.name));
        let refusing = refusing.filter(|outcome| !self.asks_too_early(class, validator, outcome));
        let refused = refusing.filter_map(|outcome| match self.verdict(class, outcome, &field.name, Some(value)) {
            Verdict::No => None,
            Verdict::Perhaps(condition) => Some(Refusal { validator, outcome, condition, is_certain: false }),
            Verdict::Yes(condition) => Some(Refusal { validator, outcome, condition, is_certain: true }),
        });
        refused.collect()
    }

    /// Whether the tests before an outcome hold for a value of a field, other variables being unset.
    pub(in crate::settings) fn verdict(
        &self,
        class: &SettingsClass,
        outcome: &Outcome,
        field: &str,
        value: Option<&Literal>,
    ) -> Verdict {
        let (mut is_certain, mut condition) = (true, None);
        for test in &outcome.tests {
            let module = self.modules.get(test.module);
            let reading = Reading::of(self, &self.settings, class, module, None).around(module, test);
            let mut parts = Vec::new();
            parts_of(&reading, test.expr, test.holds, &mut parts);
            for (expr, holds) in parts {
                match part(&reading, (expr, holds), field, value) {
                    Verdict::Perhaps(_) => is_certain = false,
                    Verdict::Yes(None) => {}
                    Verdict::Yes(Some(own)) if condition.is_none_or(|known| known == own) => condition = Some(own),
                    // It does not hold, or it would have to be development and not.
                    Verdict::No | Verdict::Yes(Some(_)) => return Verdict::No,
                }
            }
        }
        if is_certain { Verdict::Yes(condition) } else { Verdict::Perhaps(condition) }
    }
}

impl Test {
    /// The names of the function around it that hold values of fields.
    pub fn subjects(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.subjects.iter().map(|(name, fields)| (name.as_str(), fields.as_slice()))
    }
}

/// The parts of a test that must all be true, or false.
fn parts_of(reading: &Reading<'_>, expr: ExprId, holds: bool, into: &mut Vec<(ExprId, bool)>) {
    match &reading.module.python.syntax.expr(expr).kind {
        ExprKind::BoolOp { op, values } if (*op == BoolOperator::And) == holds && into.len() < MAX_PARTS => {
            values.iter().for_each(|&value| parts_of(reading, value, holds, into));
        }
        ExprKind::UnaryOp { op: UnaryOperator::Not, operand } => parts_of(reading, *operand, !holds, into),
        _ => into.push((expr, holds)),
    }
}

/// Whether one part of a test holds.
fn part(reading: &Reading<'_>, (expr, holds): (ExprId, bool), field: &str, value: Option<&Literal>) -> Verdict {
    let (project, module) = (reading.project, reading.module);
    let mut mentioned = BTreeSet::new();
    reading.mentioned(expr, STEPS, &mut mentioned);
    let concerns = mentioned.contains(field);
    if !concerns && let Some(condition) = project.condition_of(module, expr) {
        return Verdict::Yes(Some(if holds { condition } else { condition.negated() }));
    }
    let inside = module.python.syntax.walk_exprs_of(expr).take(MAX_PARTS);
    let is_mixed = inside.filter(|&inside| project.condition_of(module, inside).is_some()).any(|inside| {
        let mut own = BTreeSet::new();
        reading.mentioned(inside, STEPS, &mut own);
        !own.contains(field)
    });
    if is_mixed {
        return Verdict::Perhaps(None);
    }
    let given = |home: &crate::Module, expr: ExprId| {
        let is_here = home.id == module.id && reading.fields_of(expr, 1).iter().any(|name| name == field);
        is_here.then(|| value.cloned()).flatten()
    };
    match project.value_where(module, expr, &given) {
        // Without a value for the field, what is worked out is what the default gives.
        Some(found) if !concerns || value.is_some() => {
            if found.truth() == holds {
                Verdict::Yes(None)
            } else {
                Verdict::No
            }
        }
        _ => Verdict::Perhaps(None),
    }
}
