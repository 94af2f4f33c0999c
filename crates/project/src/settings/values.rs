//! The values that settings may have: their defaults, as far as validators let them pass, and what validators put in
//! their place.

use super::validators::Verdict;
use super::{Action, Default as FieldDefault, Field, Literal, Outcome, SettingsClass, Validator, ValidatorKind};
use crate::budget::{Budget, steps};
use crate::values::{Arguments, Frame};
use crate::{Condition, Definition, Module, Possible, Project};
use pyaudit_python::{ExprId, ExprKind, Parent};
use std::collections::BTreeSet;

/// How many classes one object may have.
const MAX_CHOICES: usize = 8;

impl Project {
    /// The strings that a field may have, lists taken apart: its default by branch, without what validators refuse, and
    /// with what they put in its place. Where the environment gives the value it is not known, so `complete` is false.
    pub fn setting_values(&self, class: &SettingsClass, field: &Field) -> Possible {
        let mut possible = Possible { values: Vec::new(), complete: true };
        let steps = steps();
        let budget = Budget::new(&steps);
        let frame = Frame { budget, condition: None, variable: None, call: None, validates: true };
        self.evaluate_setting(class, field, &frame, &mut possible);
        possible
    }

    /// The fields that an attribute of a settings object may be: one for each class that the object may have, with what is
    /// said of the environment in which it has it.
    pub fn setting_fields(&self, module: &Module, expr: ExprId) -> Vec<(&SettingsClass, &Field, Option<Condition>)> {
        let syntax = &module.python.syntax;
        if let Some((class, field)) = self.setting_field(module, expr) {
            return vec![(class, field, None)];
        }
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(expr).kind else { return Vec::new() };
        let name = syntax.identifier(*attr);
        let (home, object) = self.follow(module, *value);
        let mut found = Vec::new();
        let mut open = vec![(object, None)];
        while let Some((object, condition)) = open.pop().filter(|_| found.len() < MAX_CHOICES) {
            if let ExprKind::IfExp { test, body, orelse } = home.python.syntax.expr(object).kind {
                let own = self.condition_of(home, test);
                open.push((orelse, own.map(Condition::negated).or(condition)));
                open.push((body, own.or(condition)));
                continue;
            }
            let class = self.class_of_object(home, object, &self.settings);
            let class = class.map(|number| &self.settings.classes()[number]);
            found.extend(class.and_then(|class| Some((class, class.field(name)?, condition))));
        }
        found
    }

    /// The field that an attribute of a settings object is.
    pub fn setting_field(&self, module: &Module, expr: ExprId) -> Option<(&SettingsClass, &Field)> {
        let syntax = &module.python.syntax;
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(expr).kind else { return None };
        let class = if let Some(class) = module.own_class(*value) {
            self.settings.class(module.id, class)?
        } else {
            let symbol = self.symbol(module, *value).filter(|symbol| self.is_class(symbol));
            match self.definition(&symbol.or_else(|| self.type_of(module, *value))?)? {
                (home, Definition::Class(class)) => self.settings.class(home.id, class)?,
                _ => return None,
            }
        };
        Some((class, class.field(syntax.identifier(*attr))?))
    }

    fn is_class(&self, symbol: &crate::Symbol) -> bool {
        matches!(self.definition(symbol), Some((_, Definition::Class(_))))
    }

    /// Adds what a field may have.
    pub(crate) fn evaluate_setting(
        &self,
        class: &SettingsClass,
        field: &Field,
        frame: &Frame<'_>,
        into: &mut Possible,
    ) {
        into.complete &= !class.kind.is_settings();
        let mut own = Possible { values: Vec::new(), complete: true };
        match &field.default {
            Some(default) => self.evaluate_default(class, field, default, frame, &mut own),
            None => own.complete = false,
        }
        if frame.validates {
            for validator in &class.validators {
                self.apply(class, validator, field, frame, &mut own);
            }
        }
        into.complete &= own.complete;
        into.values.append(&mut own.values);
    }

    fn evaluate_default(
        &self,
        class: &SettingsClass,
        field: &Field,
        default: &FieldDefault,
        frame: &Frame<'_>,
        into: &mut Possible,
    ) {
        // `Field(default_factory=list)`
        if default.value.as_ref().and_then(Literal::items).is_some_and(<[Literal]>::is_empty) {
            return;
        }
        let home = self.modules.get(default.module);
        let own = field.variables.first().filter(|_| class.kind.is_settings()).cloned();
        let variable = own.or_else(|| frame.variable.clone());
        let frame = Frame { variable, ..frame.clone() };
        let declared = home.class_attributes(field.class).into_iter().filter(|each| each.name == field.name);
        let branches: Vec<ExprId> = declared.filter_map(|each| each.value).collect();
        // One name under the branches of an `if` in the body of the class.
        if branches.len() > 1 && default.module == field.module {
            for value in branches {
                self.evaluate_at(home, self.declared_value(home, value), &frame, into);
            }
            return;
        }
        self.evaluate_at(home, home.lambda_body(default.expr), &frame, into);
    }

    fn declared_value(&self, module: &Module, value: ExprId) -> ExprId {
        let declared = self.declared(module, value);
        let default = declared.and_then(|it| it.default.or(it.factory));
        module.lambda_body(default.unwrap_or(value))
    }

    fn evaluate_at(&self, module: &Module, value: ExprId, frame: &Frame<'_>, into: &mut Possible) {
        let condition = self.condition_at(module, Parent::Expr(value)).or(frame.condition);
        self.evaluate(module, value, &Frame { condition, ..frame.clone() }, into);
    }

    /// Takes away what a validator refuses, and adds what it puts in the place of a field.
    fn apply(
        &self,
        class: &SettingsClass,
        validator: &Validator,
        field: &Field,
        frame: &Frame<'_>,
        into: &mut Possible,
    ) {
        // One that looks before everything else sees no defaults, but what it puts in place counts.
        let puts = validator.sees_defaults || validator.kind == ValidatorKind::Model;
        for outcome in &validator.outcomes {
            match &outcome.action {
                Action::Refuse if validator.sees_defaults => self.refuse(class, outcome, field, into),
                Action::Replace { fields, value } if puts && fields.contains(&field.name) => {
                    let default = field.default.as_ref().and_then(|default| default.value.as_ref());
                    let condition = match self.verdict(class, outcome, &field.name, default) {
                        Verdict::No => continue,
                        Verdict::Perhaps(condition) => condition,
                        Verdict::Yes(None) => {
                            into.values.clear();
                            None
                        }
                        Verdict::Yes(Some(condition)) => {
                            limit(into, condition, |_| true);
                            Some(condition)
                        }
                    };
                    let frame = Frame { condition: condition.or(frame.condition), ..frame.clone() };
                    self.replace(validator, field, (outcome, *value), &frame, into);
                }
                _ => {}
            }
        }
    }

    /// Takes away what is refused: everywhere, or where the tests say that it is.
    fn refuse(&self, class: &SettingsClass, outcome: &Outcome, field: &Field, into: &mut Possible) {
        if !outcome.tested.contains(&field.name) {
            return;
        }
        let default = field.default.as_ref().and_then(|default| default.value.as_ref());
        let list = default.filter(|value| value.items().is_some());
        let texts: BTreeSet<String> = into.values.iter().map(|value| value.text.clone()).collect();
        for text in texts {
            let alone = Literal::Str(text.clone());
            match self.verdict(class, outcome, &field.name, Some(list.unwrap_or(&alone))) {
                Verdict::Yes(None) => into.values.retain(|value| value.text != text),
                Verdict::Yes(Some(condition)) => limit(into, condition, |value| value == text),
                Verdict::No | Verdict::Perhaps(_) => {}
            }
        }
    }

    fn replace(
        &self,
        validator: &Validator,
        field: &Field,
        (outcome, value): (&Outcome, ExprId),
        frame: &Frame<'_>,
        into: &mut Possible,
    ) {
        let home = self.modules.get(outcome.module);
        let argument = field.default.as_ref().filter(|_| validator.kind == ValidatorKind::Field).and_then(|default| {
            let caller = self.modules.get(default.module);
            let parameters = &home.function(validator.function?)?.parameters;
            let names = parameters.iter().map(|parameter| home.python.syntax.identifier(parameter.name));
            let name = names.into_iter().find(|name| !matches!(*name, "cls" | "self"))?;
            Some(Arguments { caller, given: vec![(name, caller.lambda_body(default.expr))], outer: None })
        });
        let own = field.variables.first().filter(|_| argument.is_some()).cloned();
        let variable = own.or_else(|| frame.variable.clone());
        let frame = Frame { call: argument.as_ref(), validates: false, variable, ..frame.clone() };
        self.evaluate(home, value, &frame, into);
    }
}

/// Leaves some values where a condition does not hold.
fn limit(into: &mut Possible, condition: Condition, concerns: impl Fn(&str) -> bool) {
    into.values.retain(|value| !(concerns(&value.text) && value.condition == Some(condition)));
    for value in into.values.iter_mut().filter(|value| concerns(&value.text)) {
        value.condition = Some(condition.negated());
    }
}
