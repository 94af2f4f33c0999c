//! Addresses that an authorisation server sends users back to, and that stand in the code.

use super::{address_of, is_for_trial};
use crate::front_end::{is_minified, quoted, without_comments};
use crate::{Condition, LookedAt, Module, Project};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtKind};
use pyaudit_source::{FileId, Role, Span};
use std::collections::BTreeSet;

/// A redirect URI of OAuth that stands in the code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HardcodedRedirect {
    /// The text.
    pub span: Span,
    /// The address.
    pub url: String,
}

/// Names under which an authorisation server is told where to send users (RFC 6749, section 3.1.2).
fn names_redirect(name: &str) -> bool {
    let lower = name.to_ascii_lowercase().replace('-', "_");
    lower.ends_with("redirect_uri") || lower.ends_with("redirecturi") || lower == "oauth_redirect_url"
}

impl Project {
    /// The redirect URIs of OAuth that stand in code that an application loads, and in scripts of front ends, in the
    /// order of their places. Defaults of settings and of the environment are none.
    pub fn hardcoded_redirects(&self) -> Vec<HardcodedRedirect> {
        let defaults: BTreeSet<Span> = self.fallbacks().iter().map(|fallback| fallback.span).collect();
        let mut found = Vec::new();
        for module in self.served_modules().filter(|module| !is_for_trial(self.modules.path(module.id))) {
            for value in redirect_values(module) {
                self.redirects_in(module, value, &defaults, &mut found);
            }
        }
        for (id, file, text) in self.looked_at(LookedAt::Script).filter(|(_, file, _)| file.role == Role::Application) {
            let is_named = text.contains("redirect_uri") || text.contains("redirectUri");
            if is_named && !is_for_trial(&file.path) && !is_minified(text) {
                in_script(id, text, &mut found);
            }
        }
        found.sort();
        found.dedup();
        found
    }

    fn redirects_in(
        &self,
        module: &Module,
        value: ExprId,
        defaults: &BTreeSet<Span>,
        found: &mut Vec<HardcodedRedirect>,
    ) {
        let mut add = |span: Span, url: &str| {
            if is_url(url) && !super::is_within(span, defaults) {
                found.push(HardcodedRedirect { span, url: url.to_owned() });
            }
        };
        if self.runs_in_development(module, value) {
            return;
        }
        if let ExprKind::FString(_) = module.python.syntax.expr(value).kind {
            // The host is written, and the path may be made.
            let folded = module.python.fold_string(value).with_placeholder("…");
            add(module.span_of(value), &folded);
            return;
        }
        for possible in self.possible_strings(module, value).values {
            let is_fixed = possible.variable.is_none() && possible.condition != Some(Condition::Development);
            let home = self.modules.in_file(possible.span.file);
            let is_of_settings = home.is_some_and(|home| {
                let text = home.python.syntax.exprs().find(|(_, expr)| Some(expr.range) == possible.span.range);
                text.is_some_and(|(id, _)| self.is_default_of_settings(home, id))
            });
            if is_fixed && !is_of_settings {
                add(possible.span, &possible.text);
            }
        }
    }
}

/// The values that a module gives under the name of a redirect URI: keyword arguments, members of dictionaries, names.
fn redirect_values(module: &Module) -> Vec<ExprId> {
    let syntax = &module.python.syntax;
    let mut values = Vec::new();
    for (_, expr) in syntax.exprs() {
        match &expr.kind {
            ExprKind::Call { keywords, .. } => {
                let named =
                    keywords.iter().filter(|it| it.name.is_some_and(|name| names_redirect(syntax.identifier(name))));
                values.extend(named.map(|keyword| keyword.value));
            }
            ExprKind::Dict(items) => {
                let named =
                    items.iter().filter(|it| it.key.and_then(|key| syntax.string(key)).is_some_and(names_redirect));
                values.extend(named.map(|item| item.value));
            }
            _ => {}
        }
    }
    for (id, stmt) in syntax.stmts() {
        let (target, value) = match &stmt.kind {
            StmtKind::Assign { targets, value } if targets.len() == 1 => (targets[0], *value),
            StmtKind::AnnAssign { target, value: Some(value), .. } => (*target, *value),
            _ => continue,
        };
        let is_plain = matches!(syntax.expr(value).kind, ExprKind::Str { .. } | ExprKind::FString(_));
        let in_class = matches!(syntax.stmt_parent(id), Parent::Stmt(outer) if matches!(syntax.stmt(outer).kind, StmtKind::ClassDef(_)));
        if is_plain && !in_class && module.last_name(target).is_some_and(names_redirect) {
            values.push(value);
        }
    }
    values
}

/// Whether a text is an address with a host that is written out.
fn is_url(text: &str) -> bool {
    let is_placeholder = |host: &str| host.contains('…') || host.contains("example") || host.contains("your");
    let is_web = text.starts_with("http://") || text.starts_with("https://");
    is_web && address_of(text).is_some_and(|(_, host)| !is_placeholder(host))
}

/// `redirect_uri: "https://…"` in a script.
fn in_script(file: FileId, script: &str, found: &mut Vec<HardcodedRedirect>) {
    let text = without_comments(script);
    for quoted in quoted(&text).into_iter().filter(|quoted| is_url(quoted.text)) {
        let before = text.get(..(quoted.range.start as usize).saturating_sub(1)).unwrap_or("").trim_end();
        let Some(name) = before.strip_suffix([':', '=']) else { continue };
        let name = name.trim_end().trim_end_matches(['"', '\'']);
        let start = name.rfind(|letter: char| !letter.is_alphanumeric() && letter != '_').map_or(0, |at| at + 1);
        let is_named = name.get(start..).is_some_and(names_redirect);
        if is_named && !super::branches::is_for_development(&text, quoted.range.start as usize) {
            found.push(HardcodedRedirect { span: Span::new(file, quoted.range), url: quoted.text.to_owned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn found(text: &str) -> Vec<String> {
        let text = format!("from fastapi import FastAPI\nimport os\napp = FastAPI()\n{text}");
        let project = project(&[("app/main.py", &text)]);
        project.hardcoded_redirects().into_iter().map(|redirect| redirect.url).collect()
    }

    #[test]
    fn a_redirect_uri_is_known_by_its_name() {
        for text in [
            "flow(redirect_uri='https://shop.io/cb')\n",
            "data = {'redirect_uri': 'https://shop.io/cb'}\n",
            "GOOGLE_REDIRECT_URI = 'https://shop.io/cb'\n",
            "URI = 'https://shop.io/cb'\nflow(redirect_uri=URI)\n",
        ] {
            assert_eq!(found(text), ["https://shop.io/cb"], "{text}");
        }
        for text in [
            "flow(redirect_uri=os.getenv('URI', 'https://shop.io/cb'))\n",
            "flow(redirect_uri=request.url_for('cb'))\n",
            "flow(redirect_uri='/cb')\n",
            "flow(redirect_uri=f'{base}/cb')\n",
            "flow(redirect_uri='https://example.com/cb')\n",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
