//! Which fields a validator of one field cannot see yet.

use super::reading::STEPS;
use super::{Outcome, Validator, ValidatorKind};
use crate::settings::SettingsClass;
use crate::{Module, Project};
use pyaudit_python::{ExprId, ExprKind};
use std::collections::BTreeSet;

impl Project {
    /// Whether an outcome stands on fields that are not there yet when the validator runs: pydantic validates fields in
    /// the order of their definition, and `info.data.get("environment", "development")` gives its fallback for those that
    /// come later. <https://docs.pydantic.dev/latest/concepts/validators/#validation-data>
    pub(super) fn asks_too_early(&self, class: &SettingsClass, validator: &Validator, outcome: &Outcome) -> bool {
        if validator.kind != ValidatorKind::Field {
            return false;
        }
        let subjects: BTreeSet<&str> = outcome
            .tests
            .iter()
            .flat_map(super::Test::subjects)
            .flat_map(|(_, names)| names)
            .map(String::as_str)
            .collect();
        let place = |name: &str| class.fields.iter().position(|field| field.name == name);
        let Some(last) = subjects.iter().filter_map(|name| place(name)).max() else { return false };
        outcome.tests.iter().any(|test| {
            let module = self.modules.get(test.module);
            self.asked_for(module, test.expr, STEPS).iter().any(|name| place(name).is_some_and(|at| at > last))
        })
    }

    /// The names that an expression, or the values of its names, asks a dictionary for by `get`.
    fn asked_for<'m>(&self, module: &'m Module, expr: ExprId, hops: usize) -> Vec<&'m str> {
        let Some(hops) = hops.checked_sub(1) else { return Vec::new() };
        let syntax = &module.python.syntax;
        let mut found = Vec::new();
        for inside in syntax.walk_exprs_of(expr) {
            match &syntax.expr(inside).kind {
                ExprKind::Call { func, args, .. } if module.last_name(*func) == Some("get") => {
                    found.extend(args.first().and_then(|&name| syntax.string(name)));
                }
                ExprKind::Name { .. } => {
                    let value = self.local_value(module, inside);
                    found.extend(value.into_iter().flat_map(|value| self.asked_for(module, value, hops)));
                }
                _ => {}
            }
        }
        found
    }
}
