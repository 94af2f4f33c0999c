//! Paths inside a repository: relative to the root, with `/`, without `.` and `..`.

/// The path that `relative` means from `directory`; `None` where it leads out of the repository, is absolute, or holds
/// a variable.
pub fn join(directory: &str, relative: &str) -> Option<String> {
    if relative.starts_with(['/', '~']) || relative.contains(['$', '%', '`', '*']) || relative.contains("://") {
        return None;
    }
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The directory of a path; empty for a file in the root itself.
pub fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// The last component of a path.
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The directory itself, then each directory around it up to the root.
pub fn ancestors(directory: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(directory), |&at| {
        (!at.is_empty()).then(|| at.rsplit_once('/').map_or("", |(outer, _)| outer))
    })
}

/// Whether `path` is `directory` or lies in it. Everything lies in the root.
pub fn is_within(path: &str, directory: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The words of a path or name in lower case: `requirements/dev-tests.txt` has `requirements`, `dev`, `tests`, `txt`.
pub fn words(path: &str) -> impl Iterator<Item = String> {
    path.split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_paths_and_refuses_those_that_leave_the_repository() {
        assert_eq!(join("backend/app", "../requirements.txt").as_deref(), Some("backend/requirements.txt"));
        assert_eq!(join("", "./a//b").as_deref(), Some("a/b"));
        assert_eq!(join("backend", ".").as_deref(), Some("backend"));
        assert_eq!(join("backend", "../../x"), None);
        assert_eq!(join("", "/etc/passwd"), None);
        assert_eq!(join("", "$HOME/x"), None);
        assert_eq!(join("", "https://example.com/requirements.txt"), None);
    }

    #[test]
    fn lists_the_directories_around_a_directory() {
        assert_eq!(ancestors("a/b").collect::<Vec<_>>(), ["a/b", "a", ""]);
        assert_eq!(ancestors("").collect::<Vec<_>>(), [""]);
        assert!(is_within("a/b", "a") && is_within("a", "a") && !is_within("ab", "a") && is_within("x", ""));
    }
}
