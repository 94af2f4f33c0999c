use pyaudit_check::project::AuthStack;
use pyaudit_check::{Confidence, Findings, Project, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds guards of routes that do the same work in two ways: dependencies that verify a user's token with different
    /// libraries (python-jose and PyJWT, PyJWT and Supabase), and dependencies of which one answers 403 and the other
    /// 401 for a request without a token, because one rests on `HTTPBearer` and the other on `OAuth2PasswordBearer`.
    ///
    /// ## Why it matters
    /// A token that one half of the API accepts is refused by the other, or, worse, one half checks the expiry, the
    /// audience or a revocation and the other does not. Every rule has to be kept twice, and a client cannot tell by the
    /// status whether to log in again.
    ///
    /// ## How to fix
    /// Let one dependency tell who sends a request, and build the others (active user, administrator) upon it.
    ///
    /// ## Limits
    /// Guards count that turn a request away and stand in front of routes which an application serves. Guards for others
    /// than users (API keys, services, web sockets, signed links) are left alone, and so is a guard that tries several
    /// libraries itself. Since FastAPI 0.122 `HTTPBearer` answers 401 as well, so the second form has a low confidence.
    id: "conflicting-auth-stacks",
    summary: "routes are guarded by two different authentications",
    area: Api,
    axis: Modularity,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://fastapi.tiangolo.com/tutorial/security/get-current-user/", "https://cwe.mitre.org/data/definitions/1041.html"],
    run: Project(run),
}

fn library_message(guard: &AuthStack, other: &AuthStack) -> String {
    let list = |stack: &AuthStack| stack.libraries.iter().copied().collect::<Vec<_>>().join(" and ");
    format!(
        "`{}` verifies tokens with {}, and `{}` with {}: one API has two authentications",
        name(guard, other),
        list(guard),
        name(other, guard),
        list(other)
    )
}

fn answer_message(guard: &AuthStack, other: &AuthStack) -> String {
    format!(
        "without a token `{}` answers as `{}` does, and `{}` as `{}` does: clients may get 403 here and 401 there",
        name(guard, other),
        scheme(guard),
        name(other, guard),
        scheme(other)
    )
}

/// The name of a guard, with its module where another has the same.
fn name(stack: &AuthStack, other: &AuthStack) -> String {
    let name = &stack.guard.name;
    if *name == other.guard.name { format!("{}.{name}", stack.module) } else { name.clone() }
}

fn scheme(stack: &AuthStack) -> &'static str {
    stack.scheme.map_or("", |(name, _)| name)
}

fn run(project: &Project, findings: &mut Findings) {
    // Applications of one repository that share nothing may well differ.
    let mut by_root: BTreeMap<String, Vec<AuthStack>> = BTreeMap::new();
    for stack in project.auth_stacks() {
        let path = &project.sources.file(stack.guard.span.file).path;
        by_root.entry(project.modules.root_of(path).to_owned()).or_default().push(stack);
    }
    for stacks in by_root.values() {
        findings.examined(stacks.len());
        if !report_libraries(stacks, findings) {
            report_answers(stacks, findings);
        }
    }
}

/// Reports the guards with other libraries than the guard of most routes has. Whether there are any.
fn report_libraries(stacks: &[AuthStack], findings: &mut Findings) -> bool {
    let with_library = || stacks.iter().filter(|stack| !stack.libraries.is_empty());
    let Some(main) = with_library().max_by_key(|stack| stack.routes) else { return false };
    let others: Vec<&AuthStack> = with_library().filter(|stack| stack.libraries.is_disjoint(&main.libraries)).collect();
    report(main, &others, library_message, Confidence::Medium, findings);
    !others.is_empty()
}

fn report_answers(stacks: &[AuthStack], findings: &mut Findings) {
    let with_scheme = || stacks.iter().filter(|stack| stack.scheme.is_some());
    let Some(main) = with_scheme().max_by_key(|stack| stack.routes) else { return };
    let is_bearer = |stack: &AuthStack| scheme(stack) == "HTTPBearer";
    let others: Vec<&AuthStack> = with_scheme().filter(|stack| is_bearer(stack) != is_bearer(main)).collect();
    report(main, &others, answer_message, Confidence::Low, findings);
}

fn report(
    main: &AuthStack,
    others: &[&AuthStack],
    message: fn(&AuthStack, &AuthStack) -> String,
    confidence: Confidence,
    findings: &mut Findings,
) {
    let Some(first) = others.iter().max_by_key(|stack| stack.routes) else { return };
    let finding = findings.report(first.guard.span, message(first, main));
    finding.subject(&first.guard.name).confidence(confidence);
    finding.related(main.guard.span, format!("`{}` guards {} routes", main.guard.name, main.routes));
    for other in others.iter().filter(|other| other.guard.span != first.guard.span) {
        finding.related(other.guard.span, format!("`{}` differs as well", other.guard.name));
    }
}
