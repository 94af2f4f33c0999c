//! Environment files that stay out of git.

use super::{Axis, Fact};
use crate::Project;
use crate::environment::EnvironmentFileKind;
use crate::paths;
use pyaudit_source::{Range, Span};

/// One fact where the repository loads `.env`, ignores it wherever it is looked for, and tracks no file of its kind.
pub(super) fn facts(project: &Project) -> Vec<Fact> {
    let sources = &project.sources;
    let loads = &project.environment_files.loads;
    let Some(first) = loads.first().filter(|_| sources.git().is_some()) else { return Vec::new() };
    let ignored = loads.iter().flat_map(|load| &load.candidates).all(|path| sources.is_ignored(path));
    let is_real = |path: &str| EnvironmentFileKind::of_name(paths::file_name(path)) == Some(EnvironmentFileKind::Real);
    if !ignored || sources.tracked_paths().any(|path| is_real(&path)) {
        return Vec::new();
    }
    vec![Fact {
        id: "ignored-env-file",
        axis: Axis::ConfigurationSecurity,
        message: "git ignores the `.env` file that is loaded, and tracks none".to_owned(),
        span: rule(project).unwrap_or(first.span),
    }]
}

/// The line of an ignore file that names `.env`, where one does so plainly.
fn rule(project: &Project) -> Option<Span> {
    project.sources.ignore_files().iter().find_map(|&file| {
        let mut offset = 0;
        for line in project.sources.text(file)?.split_inclusive('\n') {
            let pattern = line.trim_end();
            if matches!(pattern, ".env" | "/.env" | "**/.env" | "*.env" | ".env*" | ".env.*") {
                return Some(Span::new(file, Range::new(offset, offset + pattern.len() as u32)));
            }
            offset += line.len() as u32;
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{told, told_in};
    use super::facts;
    use pyaudit_source::MemoryGit;

    const LOADS: (&str, &str) = ("app/settings.py", "from dotenv import load_dotenv\nload_dotenv()\n");

    #[test]
    fn an_ignored_file_is_a_fact_at_its_rule() {
        let expected = ["ignored-env-file .gitignore:2 git ignores the `.env` file that is loaded, and tracks none"];
        assert_eq!(told(facts, &[(".gitignore", "*.pyc\n.env\n"), LOADS, (".env.example", "A=\n")]), expected);
    }

    #[test]
    fn a_tracked_file_an_open_path_or_an_unknown_state_is_none() {
        let ignore = (".gitignore", ".env\n");
        assert!(told(facts, &[ignore, LOADS, (".env.production", "A=1\n")]).is_empty(), "another one is tracked");
        assert!(told(facts, &[(".gitignore", ".env\n!app/.env\n"), LOADS]).is_empty(), "`app/.env` is let in");
        assert!(told(facts, &[("README.md", ""), LOADS]).is_empty(), "no rule");
        assert!(told(facts, &[ignore, ("app/main.py", "")]).is_empty(), "nobody loads it");
        assert!(told_in(MemoryGit::None, facts, &[ignore, LOADS]).is_empty(), "outside git");
    }
}
