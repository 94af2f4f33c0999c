//! Every check there is.

use pyaudit_check::Check;

/// The checks of all areas, in the order of their ids.
pub fn checks() -> Vec<&'static Check> {
    let areas = [
        pyaudit_api::CHECKS,
        pyaudit_ci::CHECKS,
        pyaudit_dependencies::CHECKS,
        pyaudit_deployment::CHECKS,
        pyaudit_migrations::CHECKS,
        pyaudit_observability::CHECKS,
        pyaudit_settings::CHECKS,
    ];
    let mut checks = areas.concat();
    checks.sort_by_key(|check| check.id);
    checks
}
