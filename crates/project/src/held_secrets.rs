//! Secrets that a service holds: settings and environment variables whose names say so.

use crate::budget::{Budget, steps};
use crate::{Module, Project};
use pyaudit_python::{ExprId, ExprKind, FoldedPart, Operator};

/// Words that name something only the service and its friends know.
const SECRET_WORDS: &[&str] = &[
    "secret",
    "token",
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "apikey",
    "key",
    "signature",
    "credential",
    "credentials",
];

/// Words beside these that make it something about a secret: `TOKEN_URL`, `PUBLIC_KEY`.
const NOT_SECRET_WORDS: &[&str] = &[
    "url",
    "uri",
    "type",
    "prefix",
    "name",
    "id",
    "public",
    "algorithm",
    "expire",
    "expires",
    "expiry",
    "minutes",
    "days",
    "seconds",
    "ttl",
    "header",
    "path",
    "file",
    "length",
    "enabled",
    "marker",
    "lifetime",
    "issuer",
    "audience",
    "field",
    "limit",
    "max",
    "min",
    "version",
    "policy",
    "provider",
];

/// Methods that give the secret itself in another form.
const SAME: &[&str] = &["get_secret_value", "encode", "decode", "strip", "lower", "upper"];

/// Whether a name, of a variable or a field, is that of a secret.
pub fn names_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(['_', '-', '.']).collect();
    words.iter().any(|word| SECRET_WORDS.contains(word)) && !words.iter().any(|word| NOT_SECRET_WORDS.contains(word))
}

impl Project {
    /// The setting or environment variable whose secret an expression gives, alone or inside a text, names followed.
    pub fn held_secret(&self, module: &Module, expr: ExprId) -> Option<String> {
        self.secret(module, expr, Budget::new(&steps()))
    }

    fn secret(&self, module: &Module, expr: ExprId, budget: Budget<'_>) -> Option<String> {
        let budget = budget.step()?;
        let syntax = &module.python.syntax;
        if let Some(read) = self.environment_read(module, expr) {
            return self.constant_string(module, read.name).filter(|name| names_secret(name));
        }
        match &syntax.expr(expr).kind {
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                if let Some((_, field)) = self.setting_field(module, expr) {
                    return names_secret(&field.name).then(|| field.variables.first().unwrap_or(&field.name).clone());
                }
                let behind = self.value_behind(module, expr);
                let (home, value) = behind.or_else(|| Some((module, self.local_value(module, expr)?)))?;
                self.secret(home, value, budget)
            }
            ExprKind::Call { func, .. } => match &syntax.expr(*func).kind {
                ExprKind::Attribute { value, attr, .. } if SAME.contains(&syntax.identifier(*attr)) => {
                    self.secret(module, *value, budget)
                }
                _ => None,
            },
            ExprKind::FString(_) | ExprKind::BinOp { op: Operator::Add, .. } => {
                let parts = module.python.fold_string(expr).parts;
                parts.into_iter().find_map(|part| match part {
                    FoldedPart::Hole(hole) if hole != expr => self.secret(module, hole, budget),
                    _ => None,
                })
            }
            ExprKind::BoolOp { values, .. } => values.iter().find_map(|&value| self.secret(module, value, budget)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::names_secret;

    #[test]
    fn names_about_a_secret_are_no_secret() {
        for name in ["API_KEY", "webhook_secret", "ADMIN_TOKEN", "stripe.secret_key"] {
            assert!(names_secret(name), "{name}");
        }
        for name in ["TOKEN_URL", "PUBLIC_KEY", "ACCESS_TOKEN_EXPIRE_MINUTES", "KEY_ID", "DATABASE_URL"] {
            assert!(!names_secret(name), "{name}");
        }
    }
}
