use pyaudit_check::project::environment::{Variable, is_known_key};
use pyaudit_check::project::settings::{SecretKind, secret_kind};
use pyaudit_check::project::variables::{Given, SiteKind, Stake};
use pyaudit_check::project::{Module, names_secret};
use pyaudit_check::python::{ExprId, ExprKind, Parent, StmtKind};
use pyaudit_check::{Confidence, FileId, Findings, Project, Role, Severity, Span, check, mask};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Finds secrets that stand in the source: keys that are known by their form (AWS, GitHub, Stripe, Slack, private keys),
    /// values that look made by a machine under the name of a secret, signing keys and passwords of the application as constants
    /// and defaults of parameters (`SECRET_KEY = "mysecret"`, `DEFAULT_PASSWORD = "1234"`), addresses with a password, and the same in compose files, images,
    /// manifests and workflows. One finding a value and file. Values are never shown.
    ///
    /// ## Why it matters
    /// Everybody who can read the repository, now or later, has the secret; it cannot differ between environments,
    /// and replacing it takes a release.
    ///
    /// ## How to fix
    /// Read it from the environment, without a default, and replace the secret at its source: history keeps the old one.
    ///
    /// ## Limits
    /// Defaults of settings and of reads of the environment belong to `insecure-setting-default`, environment files to
    /// `committed-env-file` and `secret-in-env-example`. Placeholders, words for databases on this machine, names of
    /// fields, headers and messages, examples of schemas, and keys that front ends publish are silent. Tests and examples are not examined, and of scripts only keys
    /// that look real. Keys apart that are known by their form, nothing is said of services that ask nobody who they are, of hashes of
    /// words like `admin`, and of jobs whose service runs on their own machine; compose files for development, and those
    /// beside code that start images of others alone, have low severity and confidence. What is known by its name alone is of medium confidence. Other text files are not searched. Whether a key is still valid is not asked.
    id: "hardcoded-secret",
    summary: "a secret stands in the source",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: High,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://cwe.mitre.org/data/definitions/798.html", "https://cwe.mitre.org/data/definitions/321.html"],
    run: Project(run),
}

fn message(name: Option<&str>, text: &str) -> String {
    let shown = mask(text);
    match name {
        Some(name) => {
            format!("`{name}` is a secret in the source (`{shown}`), which everybody who reads the repository has")
        }
        None => format!("`{shown}` is a secret in the source, which everybody who reads the repository has"),
    }
}

/// A secret, with its name where it has one.
type Found<'p> = (Span, Option<&'p str>, &'p str);

/// The same as an expression of a module.
type Candidate<'m> = (ExprId, Option<&'m str>, &'m str);

fn run(project: &Project, findings: &mut Findings) {
    let defaults: BTreeSet<Span> = project.fallbacks().iter().map(|fallback| fallback.span).collect();
    for module in project.modules.iter() {
        if matches!(module.role, Role::Application | Role::Script) {
            findings.examined(1);
            let mut found = in_module(module, &defaults);
            found.sort_by_key(|(span, name, _)| (*span, name.is_none()));
            report(found, Stake::Unknown, findings);
        }
    }
    for ((_, stake), found) in in_manifests(project) {
        findings.examined(1);
        report(found, stake, findings);
    }
}

/// The secrets of each manifest, those that open little apart.
fn in_manifests(project: &Project) -> BTreeMap<(FileId, Stake), Vec<Found<'_>>> {
    let mut found: BTreeMap<_, Vec<Found<'_>>> = BTreeMap::new();
    for site in project.variables.sites() {
        let is_manifest = !matches!(site.kind, SiteKind::EnvironmentFile | SiteKind::Code);
        if !is_manifest || matches!(project.sources.file(site.file).role, Role::Test | Role::Example) {
            continue;
        }
        for definition in &site.definitions {
            let Given::Literal(text) = &definition.value else { continue };
            let is_known = is_known_key(text);
            if is_public(&definition.name) || !(is_known || Variable::named(&definition.name, text).looks_real()) {
                continue;
            }
            // The key of a real service is one wherever it stands.
            let stake =
                if is_known { Stake::Unknown } else { project.variables.stake(&project.sources, site, definition) };
            if stake != Stake::Nothing {
                let place = (definition.value_span, Some(&*definition.name), &**text);
                found.entry((site.file, stake)).or_default().push(place);
            }
        }
    }
    found
}

/// Whether a name says that everybody may know the value: what a front end is built with, the key of a statistics service.
fn is_public(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_front_end = ["vite_", "react_app_", "expo_"].iter().any(|start| lower.starts_with(start));
    is_front_end || lower.split('_').any(|word| matches!(word, "public" | "telemetry" | "posthog" | "publishable"))
}

/// Whether a text is a token without its signature, as examples have it.
fn is_unsigned(text: &str) -> bool {
    text.starts_with("eyJ") && text.matches('.').count() < 2
}

/// The places of examples and descriptions of schemas.
fn examples(module: &Module) -> Vec<Span> {
    const NAMES: &[&str] = &["example", "examples", "description", "json_schema_extra", "openapi_examples"];
    let syntax = &module.python.syntax;
    let mut found = Vec::new();
    for (_, expr) in syntax.exprs() {
        if let ExprKind::Call { keywords, .. } = &expr.kind {
            found.extend(
                NAMES.iter().filter_map(|name| module.keyword(keywords, name)).map(|value| module.span_of(value)),
            );
        }
    }
    found
}

/// Reports each value once.
fn report(found: Vec<Found<'_>>, stake: Stake, findings: &mut Findings) {
    let mut values: Vec<(&str, Vec<Found<'_>>)> = Vec::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for each in found {
        let at = *seen.entry(each.2).or_insert_with(|| {
            values.push((each.2, Vec::new()));
            values.len() - 1
        });
        if values[at].1.last().is_none_or(|last| last.0 != each.0) {
            values[at].1.push(each);
        }
    }
    for (text, places) in values {
        let Some(((span, name, _), others)) = places.split_first() else { continue };
        let finding = findings.report(*span, message(*name, text));
        finding.subject(name.unwrap_or("secret")).secret();
        if stake == Stake::Little {
            finding.severity(Severity::Low).confidence(Confidence::Low);
        } else if !is_known_key(text) {
            finding.confidence(Confidence::Medium);
        }
        for (span, ..) in others {
            finding.related(*span, "the same value");
        }
    }
}

/// The secrets of a module that are no default of a setting.
fn in_module<'p>(module: &'p Module, defaults: &BTreeSet<Span>) -> Vec<Found<'p>> {
    let syntax = &module.python.syntax;
    let is_default = |expr: ExprId| {
        let span = module.span_of(expr);
        defaults.iter().any(|default| {
            default.file == span.file
                && default.range.zip(span.range).is_some_and(|(outer, inner)| outer.contains(inner))
        })
    };
    let mut found = Vec::new();
    let examples = examples(module);
    let is_example = |expr: ExprId| {
        let range = module.span_of(expr).range;
        examples.iter().any(|example| example.range.zip(range).is_some_and(|(outer, inner)| outer.contains(inner)))
    };
    for (id, expr) in syntax.exprs() {
        if let ExprKind::Str { value, .. } = &expr.kind {
            let given = || Variable::named("", value);
            let is_address = value.contains("://") && value.contains('@') && !value.contains(char::is_whitespace);
            if is_known_key(value) || (is_address && given().looks_real() && module.role == Role::Application) {
                found.push((id, None, &**value));
            }
        }
    }
    found.extend(in_dictionaries(module));
    found.extend(in_parameters(module));
    for (id, stmt) in syntax.stmts() {
        let (target, value, annotated) = match &stmt.kind {
            StmtKind::Assign { targets, value } if targets.len() == 1 => (targets[0], *value, false),
            StmtKind::AnnAssign { target, value: Some(value), .. } => (*target, *value, true),
            _ => continue,
        };
        let Some(name) = module.last_name(target) else { continue };
        let in_class = syntax.ancestors(Parent::Stmt(id)).find_map(|node| match node {
            Parent::Stmt(outer) => Some(matches!(syntax.stmt(outer).kind, StmtKind::ClassDef(_))),
            _ => None,
        });
        let is_field = in_class == Some(true) && !name.starts_with('_');
        for value in branches(module, value) {
            if let Some(text) = syntax.string(value).filter(|text| is_secret(module, name, text, (annotated, is_field)))
            {
                found.push((value, Some(name), text));
            }
        }
    }
    let found = found.into_iter().filter(|(expr, ..)| !is_default(*expr) && !is_example(*expr));
    found.map(|(expr, name, text)| (module.span_of(expr), name, text)).collect()
}

/// A value, or both values of a conditional expression.
fn branches(module: &Module, value: ExprId) -> Vec<ExprId> {
    match module.python.syntax.expr(value).kind {
        ExprKind::IfExp { body, orelse, .. } => vec![body, orelse],
        _ => vec![value],
    }
}

/// The values under the keys of dictionaries that look real: `{"api_key": "…"}`.
fn in_dictionaries(module: &Module) -> Vec<Candidate<'_>> {
    let syntax = &module.python.syntax;
    let dictionaries = syntax.exprs().filter_map(|(_, expr)| match &expr.kind {
        ExprKind::Dict(items) if module.role == Role::Application => Some(items),
        _ => None,
    });
    let pairs = dictionaries.flatten().filter_map(|item| {
        let (name, text) = (syntax.string(item.key?)?, syntax.string(item.value)?);
        let is_real = names_secret(name) && !text.contains(' ') && Variable::named(name, text).looks_real();
        (is_real && !is_public(name) && !is_unsigned(text)).then_some((item.value, Some(name), text))
    });
    pairs.collect()
}

/// The defaults of parameters that sign or encrypt: `def __init__(self, jwt_secret="your-jwt-secret")`.
fn in_parameters(module: &Module) -> Vec<Candidate<'_>> {
    let syntax = &module.python.syntax;
    let functions = syntax.stmts().filter_map(|(_, stmt)| match &stmt.kind {
        StmtKind::FunctionDef(function) => Some(function),
        _ => None,
    });
    let parameters = functions.flat_map(|function| function.parameters.iter());
    let defaults = parameters.filter_map(|parameter| {
        let name = syntax.identifier(parameter.name);
        let value = parameter.default?;
        let text = syntax.string(value)?;
        is_secret(module, name, text, (false, false)).then_some((value, Some(name), text))
    });
    defaults.collect()
}

/// Whether a name says that the password is one that the application gives or takes itself: `DEFAULT_PASSWORD`.
fn is_given_password(name: &str) -> bool {
    const FIRST: &[&str] = &["default", "initial", "admin", "root", "superuser", "superadmin", "first", "master"];
    let words: Vec<&str> = name.trim_start_matches('_').split('_').collect();
    words.last().is_some_and(|last| matches!(*last, "password" | "passwd" | "pwd"))
        && words.first().is_some_and(|first| FIRST.contains(first))
}

/// Whether a constant is a secret: one that looks real, or the application's own, which any word can be.
fn is_secret(module: &Module, name: &str, text: &str, (annotated, in_class): (bool, bool)) -> bool {
    let given = Variable::named(name, text);
    if is_public(name) || is_unsigned(text) {
        return false;
    }
    if given.looks_real() && !text.contains(' ') {
        return true;
    }
    let lower = name.to_ascii_lowercase();
    let signs = ["secret", "jwt", "signing", "encryption"].iter().any(|word| lower.contains(word))
        || (name.to_ascii_uppercase() == name && is_given_password(&lower));
    let says_itself = text.trim().eq_ignore_ascii_case(name) && !lower.contains("secret");
    // A field of a schema or a member of an enumeration names something.
    let is_constant = module.role == Role::Application && !in_class && !annotated;
    let is_sentence = text.contains(' ') && !signs;
    is_constant
        && !is_sentence
        && !says_itself
        && signs
        && secret_kind(name.trim_start_matches('_'), text) == Some(SecretKind::Own)
}
