//! Security schemes and login helpers of libraries.

use super::Demand;
use crate::{Module, Symbol};
use pyaudit_python::{ExprKind, Keyword};

/// Classes of `fastapi.security` that only ask that a credential be sent; what it says is not looked at
/// (<https://fastapi.tiangolo.com/reference/security/>).
const SCHEMES: &[&str] = &[
    "OAuth2",
    "OAuth2PasswordBearer",
    "OAuth2AuthorizationCodeBearer",
    "OpenIdConnect",
    "HTTPBearer",
    "HTTPBasic",
    "HTTPDigest",
    "APIKeyHeader",
    "APIKeyQuery",
    "APIKeyCookie",
];

/// Methods of library objects that give a dependency which demands a user unless it is told `optional=True`.
const USER_DEPENDENCIES: &[&str] = &[
    "fastapi_users.FastAPIUsers.current_user",
    "fastapi_users.fastapi_users.FastAPIUsers.current_user",
    "fastapi_users.authentication.Authenticator.current_user",
];

/// Libraries whose objects are dependencies that verify a token and answer 401 or 403 unless `auto_error=False`.
const VERIFYING_CLASSES: &[&str] = &[
    "fastapi_login.LoginManager",
    "fastapi_azure_auth.SingleTenantAzureAuthorizationCodeBearer",
    "fastapi_azure_auth.MultiTenantAzureAuthorizationCodeBearer",
    "fastapi_azure_auth.B2CMultiTenantAuthorizationCodeBearer",
    "fastapi_cloudauth.cognito.Cognito",
    "fastapi_cloudauth.auth0.Auth0",
    "fastapi_cloudauth.firebase.FirebaseCurrentUser",
    "fastapi_jwt.JwtAccessBearer",
    "fastapi_jwt.JwtRefreshBearer",
    "fastapi_jwt.JwtAccessBearerCookie",
    "fastapi_auth0.Auth0",
];

/// Words in the name of something of a library that may demand a credential.
const WORDS: &[&str] = &[
    "auth",
    "authenticated",
    "authenticate",
    "authorize",
    "authorized",
    "authorization",
    "login",
    "logged",
    "user",
    "permission",
    "permissions",
    "role",
    "roles",
    "token",
    "jwt",
    "bearer",
    "credentials",
    "identity",
    "principal",
    "scopes",
    "scope",
    "admin",
    "superuser",
    "access",
    "acl",
    "rbac",
    "policy",
    "guard",
    "guarded",
    "protect",
    "protected",
    "secure",
    "secured",
    "restricted",
    "require",
    "required",
    "requires",
    "verify",
    "verified",
    "enforce",
    "apikey",
];

/// Whether a class is a security scheme of FastAPI.
pub(super) fn is_scheme(symbol: &Symbol) -> bool {
    let name = symbol.external().and_then(|name| name.strip_prefix("fastapi.security."));
    name.is_some_and(|name| SCHEMES.contains(&name.rsplit('.').next().unwrap_or(name)))
}

/// What an instance of a library's class demands as a dependency, if it has anything to do with credentials.
pub(super) fn of_instance(module: &Module, class: &Symbol, keywords: &[Keyword]) -> Option<Demand> {
    let lenient = is_false(module, keywords, "auto_error");
    if is_scheme(class) {
        return Some(if lenient { Demand::Optional } else { Demand::HeaderOnly });
    }
    if class.is_any(VERIFYING_CLASSES) {
        return Some(if lenient { Demand::Optional } else { Demand::Required });
    }
    None
}

/// What the dependency demands that a method of a library's object gives: `fastapi_users.current_user(optional=True)`.
pub(super) fn of_method(module: &Module, class: &Symbol, method: &str, keywords: &[Keyword]) -> Option<Demand> {
    let path = format!("{}.{method}", class.external()?);
    if !USER_DEPENDENCIES.contains(&path.as_str()) {
        return None;
    }
    let optional = module.keyword(keywords, "optional");
    let is_optional = optional.is_some_and(|value| module.python.syntax.expr(value).kind == ExprKind::Bool(true));
    Some(if is_optional { Demand::Optional } else { Demand::Required })
}

/// Whether something that cannot be looked into may have to do with credentials, by the words of its name.
pub(super) fn may_authenticate(dotted: &str) -> bool {
    let name = dotted.rsplit('.').next().unwrap_or(dotted);
    words_of(name).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// The words of a name in any of Python's styles, in lower case: `getCurrentUser`, `current_user`, `JWTBearer`.
pub(super) fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before_is_lower = false;
    let mut starts = true;
    for character in name.chars() {
        if !character.is_alphanumeric() {
            starts = true;
            continue;
        }
        if starts || (character.is_uppercase() && before_is_lower) {
            words.push(String::new());
        }
        starts = false;
        before_is_lower = character.is_lowercase() || character.is_numeric();
        words.last_mut().expect("a word was just begun").extend(character.to_lowercase());
    }
    words
}

fn is_false(module: &Module, keywords: &[Keyword], name: &str) -> bool {
    let value = module.keyword(keywords, name);
    value.is_some_and(|value| module.python.syntax.expr(value).kind == ExprKind::Bool(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_style_have_words() {
        assert_eq!(words_of("getCurrentUser"), ["get", "current", "user"]);
        assert_eq!(words_of("require_api_key"), ["require", "api", "key"]);
        assert_eq!(words_of("LoginRequired"), ["login", "required"]);
        assert!(may_authenticate("flask_login.login_required"));
        assert!(!may_authenticate("slowapi.Limiter.limit"));
        assert!(!may_authenticate("shop.authors"), "a part of a word is no word");
    }

    #[test]
    fn schemes_are_known_under_both_modules() {
        let is = |name: &str| is_scheme(&Symbol::External(name.to_owned()));
        assert!(is("fastapi.security.HTTPBearer"));
        assert!(is("fastapi.security.http.HTTPBearer"));
        assert!(!is("fastapi.security.OAuth2PasswordRequestForm"), "a login form is no guard");
    }
}
