use pyaudit_check::project::{Condition, Definition, Module};
use pyaudit_check::python::{CompareOperator, ExprId, ExprKind, Parent, StmtKind};
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds decisions about what somebody may do that depend on a literal e-mail address or user name: `if user.email ==
    /// "boss@example.com"`, `user.username == "admin"`, an address that is looked up in a list of literals.
    ///
    /// ## Why it matters
    /// The rule cannot be changed without a release, nobody finds it in the list of roles, and whoever manages to register
    /// or rename an account to that address has the rights that come with it.
    ///
    /// ## How to fix
    /// A role or a permission in the database, given to the account by whoever runs the service.
    ///
    /// ## Limits
    /// The comparison must decide a branch or an answer and look at an object that is named after a user. Queries that look
    /// an account up, scripts, seeds, tests and development are silent, and so are addresses that come from the settings.
    id: "hardcoded-identity",
    summary: "rights depend on a literal e-mail address or user name",
    area: Api,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://cwe.mitre.org/data/definitions/798.html"],
    run: Module(run),
}

/// Attributes and keys that hold an address.
const ADDRESSES: &[&str] = &["email", "mail", "user_email", "email_address", "upn", "preferred_username"];

/// Attributes and keys that hold a name.
const NAMES: &[&str] = &["username", "user_name", "login", "preferred_username"];

/// Names that stand for those who run a service.
const RULERS: &[&str] = &["admin", "root", "administrator", "superadmin", "superuser", "owner"];

/// Words in the name of an object that is the account of whoever asks.
const ACCOUNTS: &[&str] =
    &["user", "account", "principal", "me", "payload", "claims", "token", "identity", "member", "admin"];

/// Words in the name of a function that makes accounts.
const MAKING: &[&str] =
    &["seed", "init", "create", "bootstrap", "demo", "setup", "ensure", "fixture", "mock", "populate"];

fn message(identity: &str) -> String {
    format!(
        "rights depend on the literal `{identity}`: whoever gets that name gets them, and only a release changes it"
    )
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application || project.stands_among_tests(module) {
        return;
    }
    let syntax = &module.python.syntax;
    let mut found = Vec::new();
    for (id, expr) in syntax.exprs() {
        let ExprKind::Compare { left, comparisons } = &expr.kind else { continue };
        let [(operator, right)] = **comparisons else { continue };
        let (subject, literal) = match operator {
            CompareOperator::Eq | CompareOperator::NotEq if attribute_of_account(project, module, right).is_some() => {
                (right, *left)
            }
            CompareOperator::Eq | CompareOperator::NotEq | CompareOperator::In | CompareOperator::NotIn => {
                (*left, right)
            }
            _ => continue,
        };
        let Some(attribute) = attribute_of_account(project, module, subject) else { continue };
        let Some(identity) = identity(project, module, literal, &attribute) else { continue };
        if decides(module, id) && !makes_accounts(project, module, id) {
            found.push((module.span(expr.range), identity));
        }
    }
    found.sort();
    findings.examined(project.handlers_in(module).len().max(found.len()));
    // The same name in one module is mended once.
    while let Some((span, identity)) = (!found.is_empty()).then(|| found.remove(0)) {
        let finding = findings.report(span, message(&identity));
        finding.subject(identity.clone());
        for (other, _) in found.extract_if(.., |(_, same)| *same == identity) {
            finding.related(other, "here too");
        }
    }
}

/// The attribute or key with a name or address that is read of an account.
fn attribute_of_account(project: &Project, module: &Module, expr: ExprId) -> Option<String> {
    let syntax = &module.python.syntax;
    let (object, attribute) = match &syntax.expr(expr).kind {
        ExprKind::Attribute { value, attr, .. } => (*value, syntax.identifier(*attr).to_owned()),
        ExprKind::Subscript { value, slice, .. } => (*value, syntax.string(*slice)?.to_owned()),
        ExprKind::Call { func, args, .. } => match &syntax.expr(*func).kind {
            ExprKind::Attribute { value, attr, .. } => match syntax.identifier(*attr) {
                "get" => (*value, syntax.string(*args.first()?)?.to_owned()),
                "lower" | "strip" | "casefold" => return attribute_of_account(project, module, *value),
                _ => return None,
            },
            _ => return None,
        },
        _ => return None,
    };
    let is_identity = ADDRESSES.contains(&attribute.as_str()) || NAMES.contains(&attribute.as_str());
    let name = module.last_name(object)?.to_ascii_lowercase();
    let is_account = name.split('_').any(|word| ACCOUNTS.contains(&word));
    // `User.email == …` is part of a query.
    let is_class = matches!(
        project.symbol(module, object).and_then(|symbol| project.definition(&symbol)),
        Some((_, Definition::Class(_)))
    );
    (is_identity && is_account && !is_class).then_some(attribute)
}

/// The first address or ruler's name among literals.
fn identity(project: &Project, module: &Module, literal: ExprId, attribute: &str) -> Option<String> {
    let (_, value) = match module.python.syntax.expr(literal).kind {
        ExprKind::Name { .. } => (module, project.local_value(module, literal)?),
        _ => (module, literal),
    };
    let syntax = &module.python.syntax;
    let texts: Vec<&str> = match &syntax.expr(value).kind {
        ExprKind::Str { value, .. } => vec![&**value],
        ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } | ExprKind::Set(elts) => {
            elts.iter().filter_map(|&element| syntax.string(element)).collect()
        }
        _ => return None,
    };
    let is_address =
        |text: &str| text.split_once('@').is_some_and(|(before, after)| !before.is_empty() && after.contains('.'));
    let is_ruler = |text: &str| NAMES.contains(&attribute) && RULERS.contains(&text.to_ascii_lowercase().as_str());
    texts.into_iter().find(|text| is_address(text) || is_ruler(text)).map(str::to_owned)
}

/// Whether a comparison decides a branch, or is what a function answers.
fn decides(module: &Module, compare: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let mut inner = Parent::Expr(compare);
    for outer in syntax.ancestors(Parent::Expr(compare)) {
        match outer {
            Parent::Expr(id) => match &syntax.expr(id).kind {
                ExprKind::BoolOp { .. } | ExprKind::UnaryOp { .. } => inner = outer,
                ExprKind::IfExp { test, .. } => return Parent::Expr(*test) == inner,
                _ => return false,
            },
            Parent::Stmt(id) => {
                return matches!(
                    syntax.stmt(id).kind,
                    StmtKind::If { .. } | StmtKind::Return(_) | StmtKind::Assign { .. } | StmtKind::Assert { .. }
                );
            }
            _ => return false,
        }
    }
    false
}

/// Whether a comparison stands where accounts are made, or holds in development alone.
fn makes_accounts(project: &Project, module: &Module, compare: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let node = Parent::Expr(compare);
    let mut around = syntax.enclosing_functions(node).filter_map(|function| module.function(function));
    let by_name = around.any(|function| {
        let name = syntax.identifier(function.name).to_ascii_lowercase();
        name.split('_').any(|word| MAKING.contains(&word))
    });
    let in_development = project.condition_at(module, node) == Some(Condition::Development);
    by_name || in_development || module.python.is_in_main_guard(node) || project.is_in_test_case(module, compare)
}
