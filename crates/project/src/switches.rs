//! Switches: expressions that turn something on or off, by a constant or by what the environment says.

use crate::budget::{Budget, steps};
use crate::database::reading::returned;
use crate::settings::Literal;
use crate::variables::Scope;
use crate::{Definition, Module, Project};
use pyaudit_python::{ExprId, ExprKind};

/// What an expression gives when the environment says nothing, and who may say otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Switch {
    /// The value.
    pub value: Literal,
    /// The environment variable or field of settings that decides; `None` for a constant.
    pub variable: Option<String>,
}

/// Who decides about a switch.
struct Decider {
    variable: String,
    /// Whether a validator of the settings class looks at the field.
    is_validated: bool,
}

impl Project {
    /// What a switch is set to, where that can be known. A field of settings that a validator looks at is not known: the
    /// validator may change it in production, or refuse to start with it. Nor is one that a deployment sets.
    pub fn switch(&self, module: &Module, expr: ExprId) -> Option<Switch> {
        let value = self.value_when_unset(module, expr)?;
        let decider = self.decided_by(module, expr, Budget::new(&steps()));
        match decider {
            Some(Decider { is_validated: true, .. }) => None,
            Some(decider) if self.deployment_sets(&decider.variable) => None,
            decider => Some(Switch { value, variable: decider.map(|decider| decider.variable) }),
        }
    }

    /// Whether a deployment that the repository describes gives this environment variable, whatever its value.
    pub fn deployment_sets(&self, variable: &str) -> bool {
        let sites = self.variables.sites();
        let given = self.variables.get(variable).map_or(&[][..], |variable| &variable.definitions);
        given.iter().any(|&(site, _)| sites[site].scope == Scope::Deployment && sites[site].is_own)
    }

    /// The first environment variable or field of settings that an expression asks, names and properties followed.
    pub fn deciding_variable(&self, module: &Module, expr: ExprId) -> Option<String> {
        self.decided_by(module, expr, Budget::new(&steps())).map(|decider| decider.variable)
    }

    fn decided_by(&self, module: &Module, expr: ExprId, budget: Budget<'_>) -> Option<Decider> {
        let budget = budget.step()?;
        let syntax = &module.python.syntax;
        for part in syntax.walk_exprs_of(expr) {
            match &syntax.expr(part).kind {
                ExprKind::Call { .. } | ExprKind::Subscript { .. } => {
                    if let Some(read) = self.environment_read(module, part) {
                        let name = self.constant_string(module, read.name)?;
                        return Some(Decider { variable: format!("{}{name}", read.prefix), is_validated: false });
                    }
                }
                ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                    if let Some((class, field)) = self.setting_field(module, part) {
                        let is_validated = class.validators.iter().any(|one| one.fields.contains(&field.name));
                        let variable = field.variables.first().unwrap_or(&field.name).clone();
                        return Some(Decider { variable, is_validated });
                    }
                    if let Some((home, Definition::Function(property))) = self.attribute(module, part) {
                        let mut given = returned(home, property).into_iter();
                        if let Some(found) = given.find_map(|value| self.decided_by(home, value, budget)) {
                            return Some(found);
                        }
                    }
                    let behind = self.value_behind(module, part);
                    let behind = behind.or_else(|| self.local_value(module, part).map(|value| (module, value)));
                    if let Some(found) = behind.and_then(|(home, value)| self.decided_by(home, value, budget)) {
                        return Some(found);
                    }
                }
                _ => {}
            }
        }
        None
    }
}
