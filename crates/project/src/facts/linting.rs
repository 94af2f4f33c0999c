//! Linters that are configured and not held back.

use super::{Axis, Fact};
use crate::Project;
use crate::linting::{LintConfiguration, Linter};
use pyaudit_source::Span;

/// Rules whose loss everywhere leaves a linter next to nothing to find.
const BASIC: &[&str] = &["ALL", "all", "E", "F", "W", "F401", "F841"];

/// One fact for each configuration of a linter that looks at least for unused names and ignores no basic family.
pub(super) fn facts(project: &Project) -> Vec<Fact> {
    let configured = project.linting.configurations.iter().filter(|configuration| is_useful(configuration));
    let fact = |configuration: &LintConfiguration| Fact {
        id: "linter-configured",
        axis: Axis::Reproducibility,
        message: format!("`{}` is configured", configuration.linter.name()),
        span: Span::file(configuration.file),
    };
    configured.map(fact).collect()
}

fn is_useful(configuration: &LintConfiguration) -> bool {
    let LintConfiguration { linter, options, .. } = configuration;
    let looks = match linter {
        Linter::Pylint => options.selected.is_none(),
        Linter::Ruff | Linter::Flake8 => options.looks_for(*linter, "F401"),
    };
    looks && options.exit_zero.is_none() && !options.ignored.iter().any(|code| BASIC.contains(&code.text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::told;
    use super::facts;

    #[test]
    fn a_configuration_is_a_fact() {
        let expected = ["linter-configured pyproject.toml `ruff` is configured"];
        assert_eq!(told(facts, &[("pyproject.toml", "[tool.ruff.lint]\nselect = ['E', 'F']\n")]), expected);
        assert_eq!(told(facts, &[(".flake8", "[flake8]\nmax-line-length = 100\n")]).len(), 1);
    }

    #[test]
    fn a_linter_that_is_held_back_is_none() {
        assert!(told(facts, &[("pyproject.toml", "[tool.ruff.lint]\nselect = ['E9', 'F63']\n")]).is_empty());
        assert!(told(facts, &[("pyproject.toml", "[tool.ruff.lint]\nignore = ['F401']\n")]).is_empty());
        assert!(told(facts, &[("pyproject.toml", "[tool.black]\nline-length = 100\n")]).is_empty());
    }
}
