//! Whether an address in Python is used, or only talked about.

use crate::{Module, Project};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtKind};

/// Functions that look at a text, show it, or take it where nothing else is given.
const LOOKS: &[&str] = &[
    "startswith",
    "endswith",
    "replace",
    "match",
    "compile",
    "search",
    "sub",
    "fullmatch",
    "findall",
    "split",
    "strip",
    "removeprefix",
    "removesuffix",
    "print",
    "debug",
    "info",
    "warning",
    "warn",
    "error",
    "exception",
    "critical",
    "log",
    "echo",
    "secho",
    "get",
    "getattr",
    "setdefault",
    "pop",
    "getenv",
    "Doc",
    "uuid5",
    "Namespace",
    "HTTPException",
    "ValueError",
    "RuntimeError",
    "register_namespace",
    "option",
    "Option",
    "add_argument",
    "success",
    "trace",
    "rule",
];

/// Words of names of what is allowed, of patterns and of documentation.
const WORDS: &[&str] = &[
    "uris",
    "origin",
    "origins",
    "cors",
    "allowed",
    "allowlist",
    "whitelist",
    "trusted",
    "blocked",
    "blacklist",
    "denylist",
    "example",
    "examples",
    "description",
    "summary",
    "servers",
    "contact",
    "license",
    "terms",
    "help",
    "docs",
    "pattern",
    "patterns",
    "regex",
    "namespace",
    "xmlns",
    "schema",
    "prefixes",
    "hosts",
    "responses",
    "detail",
    "message",
    "title",
    "dev",
    "debug",
    "test",
    "documentation",
    "placeholder",
    "mock",
    "dummy",
    "fake",
    "referer",
    "issuer",
    "default",
];

fn says(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.split('_').any(|word| WORDS.contains(&word))
}

impl Project {
    /// Whether a text is compared, shown, documented, allowed, or for development alone.
    pub(super) fn is_only_talked_about(&self, module: &Module, text: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let around = syntax.enclosing_functions(Parent::Expr(text)).next().and_then(|id| module.function(id));
        // What a function named so returns is a list of what is allowed, or a default.
        let is_returned =
            syntax.enclosing_stmt(text).is_some_and(|stmt| matches!(syntax.stmt(stmt).kind, StmtKind::Return(_)));
        if is_returned && around.is_some_and(|function| says(syntax.identifier(function.name))) {
            return true;
        }
        let mut inner = text;
        for node in syntax.ancestors(Parent::Expr(text)) {
            match node {
                Parent::Expr(outer) => {
                    if self.is_set_aside_by(module, outer, inner) {
                        return true;
                    }
                    inner = outer;
                }
                Parent::Stmt(stmt) => {
                    let is_set_aside = match &syntax.stmt(stmt).kind {
                        StmtKind::Expr(value) => *value == text,
                        StmtKind::Raise { .. } | StmtKind::Assert { .. } => true,
                        StmtKind::Assign { targets, .. } => targets.iter().any(|&target| names_other(module, target)),
                        StmtKind::AnnAssign { target, .. } | StmtKind::AugAssign { target, .. } => {
                            names_other(module, *target)
                        }
                        _ => false,
                    };
                    return is_set_aside || self.runs_in_development(module, text);
                }
                _ => {}
            }
        }
        self.runs_in_development(module, text)
    }

    /// Whether an expression only looks at the one inside it, or names it something that is no address to call.
    fn is_set_aside_by(&self, module: &Module, outer: ExprId, inner: ExprId) -> bool {
        let syntax = &module.python.syntax;
        match &syntax.expr(outer).kind {
            ExprKind::Compare { .. } => true,
            ExprKind::Call { func, keywords, .. } => {
                let is_look = module.last_name(*func).is_some_and(|name| {
                    LOOKS.contains(&name) || name.ends_with("Error") || name.to_ascii_lowercase().contains("env")
                });
                let named = keywords.iter().find(|keyword| keyword.value == inner).and_then(|keyword| keyword.name);
                *func != inner && (is_look || named.is_some_and(|name| says(syntax.identifier(name))))
            }
            ExprKind::Dict(items) => {
                let mut own =
                    items.iter().filter(|item| item.value == inner).filter_map(|item| syntax.string(item.key?));
                // `{"url": …, "description": …}` is a server of a documentation.
                let is_documented =
                    items.iter().any(|item| item.key.and_then(|key| syntax.string(key)) == Some("description"));
                own.any(|key| says(key) || (is_documented && key == "url"))
            }
            ExprKind::IfExp { test, .. } => self.condition_of(module, *test).is_some(),
            _ => false,
        }
    }
}

/// Whether a target is named as something that is no address to call.
fn names_other(module: &Module, target: ExprId) -> bool {
    let syntax = &module.python.syntax;
    match &syntax.expr(target).kind {
        ExprKind::Subscript { slice, .. } => syntax.string(*slice).is_some_and(says),
        _ => module.last_name(target).is_some_and(says),
    }
}
