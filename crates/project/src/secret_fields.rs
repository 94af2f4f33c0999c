//! Fields of answers that hold what no client should be told, by their names.

use crate::database::reading::returned;
use crate::{Definition, Module, Project};
use pyaudit_python::{ExprId, ExprKind};

/// What a field holds by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretField {
    /// A password, its hash or its salt: no answer has a use for it.
    Password,
    /// The digest of a key, a token or a code.
    Digest,
    /// A secret that was handed out once, when it was made: `client_secret`, `totp_secret`, `private_key`.
    Secret,
    /// A token that lets its bearer in, or an API key.
    Token,
}

const PASSWORD: &[&str] = &["password", "passwd", "pwd", "passphrase", "salt", "passwordhash", "hashedpassword"];

const DIGEST: &[&str] = &["hash", "hashed", "digest", "sha256"];

/// Words beside `hash` that make it the digest of a secret.
const DIGESTED: &[&str] = &["key", "apikey", "token", "secret", "otp", "pin"];

/// Words beside `key` that make it a secret.
const KEYS: &[&str] = &["private", "signing", "encryption", "secret"];

/// Words beside `token` that make it one which lets its bearer in. A bare `token` may be anything.
const TOKENS: &[&str] = &[
    "refresh",
    "access",
    "reset",
    "verification",
    "confirmation",
    "api",
    "auth",
    "bot",
    "oauth",
    "personal",
    "bearer",
];

/// Words beside these that make it something about a secret, something that is counted, or something meant to be shown.
const HARMLESS: &[&str] = &[
    "has",
    "is",
    "must",
    "should",
    "require",
    "required",
    "requires",
    "can",
    "use",
    "uses",
    "needs",
    "hint",
    "policy",
    "strength",
    "score",
    "changed",
    "change",
    "updated",
    "created",
    "expires",
    "expire",
    "expired",
    "expiry",
    "at",
    "days",
    "minutes",
    "seconds",
    "ttl",
    "lifetime",
    "url",
    "uri",
    "link",
    "path",
    "file",
    "type",
    "name",
    "id",
    "ids",
    "uuid",
    "count",
    "length",
    "max",
    "min",
    "enabled",
    "prefix",
    "suffix",
    "last",
    "first",
    "masked",
    "field",
    "method",
    "status",
    "state",
    "label",
    "preview",
    "version",
    "algorithm",
    "public",
    "publishable",
    "total",
    "used",
    "usage",
    "limit",
    "budget",
    "per",
    "cost",
    "price",
    "input",
    "output",
    "prompt",
    "provider",
    "rotated",
    "date",
    "time",
    "csrf",
    "xsrf",
    "push",
    "device",
    "fcm",
    "apns",
    "next",
    "page",
    "continuation",
    "cursor",
    "sync",
    "share",
    "shared",
    "invite",
    "invitation",
    "upload",
    "download",
    "anon",
    "site",
    "room",
    "meeting",
    "wifi",
    "join",
    "zoom",
    "message",
    "error",
    "ref",
    "reference",
    "reset_required",
    "endpoint",
    "scope",
    "scopes",
    "help",
    "description",
    "header",
    "headers",
];

/// What a field holds by its name; `None` for one that may be shown.
pub fn secret_field(name: &str) -> Option<SecretField> {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split('_').filter(|word| !word.is_empty()).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    if has(HARMLESS) {
        return None;
    }
    let once = ["temporary", "temp", "generated", "initial", "plain", "one"];
    if has(PASSWORD) {
        let is_about_a_reset = has(&["reset"]) && !has(&["token"]);
        return match (is_about_a_reset, has(&["token"]), has(&once)) {
            (true, ..) => None,
            (false, true, _) => Some(SecretField::Token),
            (false, false, true) => Some(SecretField::Secret),
            (false, false, false) => Some(SecretField::Password),
        };
    }
    if has(DIGEST) {
        return has(DIGESTED).then_some(SecretField::Digest);
    }
    if has(&["secret"]) || (has(&["key"]) && has(KEYS)) {
        return Some(SecretField::Secret);
    }
    let is_token = has(&["token", "jwt"]) && has(TOKENS);
    let is_key = has(&["apikey"]) || (has(&["api"]) && has(&["key"]));
    (is_token || is_key).then_some(SecretField::Token)
}

impl Project {
    /// The column, with its table, that a value shows which goes to a client as it is: a row of a mapped class, a list of
    /// rows, `row.__dict__`, `vars(row)` or `jsonable_encoder(row)`, where that table has a column with a password, or the
    /// digest of a secret. With it comes the place of the row.
    pub fn secret_column_in(&self, module: &Module, value: ExprId) -> Option<(&crate::database::Table, &str, ExprId)> {
        let syntax = &module.python.syntax;
        match &syntax.expr(value).kind {
            ExprKind::Await(inner) => self.secret_column_in(module, *inner),
            ExprKind::Dict(items) => items.iter().find_map(|item| self.secret_column_in(module, item.value)),
            ExprKind::List { elts, .. } => elts.iter().find_map(|&element| self.secret_column_in(module, element)),
            ExprKind::Attribute { value: row, attr, .. } if syntax.identifier(*attr) == "__dict__" => {
                self.secret_column_of(module, *row)
            }
            ExprKind::Call { func, args, keywords } => {
                let filters = ["exclude", "include", "custom_encoder"];
                let is_filtered = filters.iter().any(|name| module.keyword(keywords, name).is_some());
                let encoders = &["fastapi.encoders.jsonable_encoder", "vars", "list", "dict"];
                if self.is_any(module, *func, encoders) {
                    return args.first().filter(|_| !is_filtered).and_then(|&row| self.secret_column_in(module, row));
                }
                if let Some(answer) = self.answer(module, value) {
                    return answer.content.and_then(|content| self.secret_column_in(module, content));
                }
                self.secret_column_of(module, value)
            }
            _ => self.secret_column_of(module, value),
        }
    }

    /// Whether an answer takes a field from a property of the rows that it is made of, which computes it and gives no stored
    /// secret: `WebhookRead.secret` of `Webhook.secret`.
    pub fn is_computed_in_rows(&self, model: &str, field: &str) -> bool {
        let tables = self.database.tables().iter().filter(|table| {
            table.class_path.last().is_some_and(|name| model.len() > name.len() && model.contains(name.as_str()))
        });
        let mut computed = tables.filter_map(|table| {
            let home = self.modules.get(table.module);
            match self.member(home, table.class?, field)? {
                (home, Definition::Function(property)) => Some((home, property)),
                _ => None,
            }
        });
        computed.any(|(home, property)| {
            let values = returned(home, property);
            !values.is_empty() && !values.iter().any(|&value| gives_secret(home, value))
        })
    }

    /// The column with a secret of the table that a row, or each of several rows, is of.
    fn secret_column_of(&self, module: &Module, row: ExprId) -> Option<(&crate::database::Table, &str, ExprId)> {
        let table = self.table_of_row(module, row).or_else(|| self.table_of_query(module, row))?;
        let is_text = |column: &crate::database::Column| {
            column.column_type.as_ref().is_none_or(|it| !matches!(it.name.as_str(), "Boolean" | "DateTime" | "Integer"))
        };
        let column = table.columns.iter().find(|column| {
            let kind = secret_field(&column.attribute);
            matches!(kind, Some(SecretField::Password | SecretField::Digest)) && is_text(column)
        })?;
        Some((table, &column.attribute, row))
    }
}

/// Whether a value is, or is decrypted from, an attribute that holds a secret.
fn gives_secret(module: &Module, value: ExprId) -> bool {
    let syntax = &module.python.syntax;
    syntax.walk_exprs_of(value).any(|part| match syntax.expr(part).kind {
        ExprKind::Attribute { attr, .. } => {
            let name = syntax.identifier(attr);
            name.contains("decrypt") || secret_field(name).is_some()
        }
        ExprKind::Name { id, .. } => syntax.name(id).contains("decrypt"),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::{SecretField, secret_field};

    #[test]
    fn names_tell_what_a_field_holds() {
        for (name, kind) in [
            ("hashed_password", Some(SecretField::Password)),
            ("password", Some(SecretField::Password)),
            ("salt", Some(SecretField::Password)),
            ("api_key_hash", Some(SecretField::Digest)),
            ("client_secret", Some(SecretField::Secret)),
            ("private_key", Some(SecretField::Secret)),
            ("temporary_password", Some(SecretField::Secret)),
            ("refresh_token", Some(SecretField::Token)),
            ("password_reset_token", Some(SecretField::Token)),
            ("api_key", Some(SecretField::Token)),
        ] {
            assert_eq!(secret_field(name), kind, "{name}");
        }
    }

    #[test]
    fn names_about_a_secret_may_be_shown() {
        for name in [
            "has_password",
            "password_hint",
            "must_change_password",
            "access_token_expires_at",
            "next_page_token",
            "csrf_token",
            "push_token",
            "api_key_header",
            "auth_token_header_name",
            "public_key",
            "file_hash",
            "content_hash",
            "token",
            "key",
            "total_tokens",
            "password_reset",
            "api_key_prefix",
            "secret_name",
            "token_type",
            "sort_key",
        ] {
            assert_eq!(secret_field(name), None, "{name}");
        }
    }
}
