//! Every check there is.

use pyaudit_check::Check;

/// The checks of all areas, in the order of their ids.
pub fn checks() -> Vec<&'static Check> {
    let areas = [
        pyaudit_api::CHECKS,
        pyaudit_ci::CHECKS,
        pyaudit_database::CHECKS,
        pyaudit_dependencies::CHECKS,
        pyaudit_deployment::CHECKS,
        pyaudit_migrations::CHECKS,
        pyaudit_observability::CHECKS,
        pyaudit_settings::CHECKS,
        pyaudit_resilience::CHECKS,
        pyaudit_concurrency::CHECKS,
        pyaudit_architecture::CHECKS,
    ];
    let mut checks = areas.concat();
    checks.sort_by_key(|check| check.id);
    checks
}

#[cfg(test)]
mod tests {
    use super::checks;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_name_of_a_check_is_its_own_and_in_kebab_case() {
        let mut seen = BTreeSet::new();
        for check in checks() {
            for name in [check.id].iter().chain(check.aliases) {
                assert!(seen.insert(*name), "`{name}` is there twice");
                let is_word =
                    |word: &str| !word.is_empty() && word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'));
                assert!(name.split('-').all(is_word), "`{name}` is not in kebab-case");
                assert!(pyaudit_check::Area::from_name(name).is_none(), "`{name}` is an area");
            }
        }
    }

    #[test]
    fn every_check_stands_in_the_file_of_its_name_in_its_area() {
        let areas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../checks");
        for check in checks() {
            let file = areas.join(check.area.name()).join("src").join(check.id.replace('-', "_") + ".rs");
            assert!(file.is_file(), "`{}` does not stand in {}", check.id, file.display());
        }
    }

    #[test]
    fn every_area_that_has_checks_is_listed() {
        let areas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../checks");
        let listed: BTreeSet<String> = checks().iter().map(|check| check.id.replace('-', "_")).collect();
        for area in std::fs::read_dir(areas).unwrap() {
            for file in std::fs::read_dir(area.unwrap().path().join("src")).unwrap() {
                let path = file.unwrap().path();
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                let name = path.file_stem().unwrap().to_string_lossy().into_owned();
                assert!(!text.contains("check! {") || listed.contains(&name), "{} is not listed", path.display());
            }
        }
    }
}
