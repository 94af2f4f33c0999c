//! Dependencies whose versions are settled.

use super::{Axis, Fact};
use crate::Project;
use crate::dependencies::{Declared, Group, Manifest, ManifestKind, Purpose};
use pyaudit_source::{FileId, Role, Span};
use std::collections::BTreeSet;

/// One fact for each manifest of an application in which every dependency it needs to run is settled.
pub(super) fn facts(project: &Project) -> Vec<Fact> {
    project.dependencies.shipped(&project.sources).filter_map(|manifest| pinned(project, manifest)).collect()
}

fn pinned(project: &Project, manifest: &Manifest) -> Option<Fact> {
    let source = project.sources.file(manifest.file);
    let lists = !matches!(manifest.kind, ManifestKind::Constraints | ManifestKind::Tox);
    let is_known = manifest.complete && manifest.includes.iter().all(|include| include.target.is_some());
    let unread = project.dependencies.unread_near(&project.sources, &manifest.directory);
    if !lists || !is_known || unread || manifest.library || source.role == Role::Test {
        return None;
    }
    let needed: Vec<&Declared> = manifest.declared.iter().filter(|declared| is_runtime(declared)).collect();
    let settled = |declared: &&Declared| !declared.distribution.is_empty() && declared.is_pinned();
    (!needed.is_empty() && needed.iter().all(settled)).then(|| fact(project, manifest, &needed))
}

fn is_runtime(declared: &Declared) -> bool {
    declared.purpose == Purpose::Runtime && declared.group != Group::Build
}

fn fact(project: &Project, manifest: &Manifest, needed: &[&Declared]) -> Fact {
    let names: BTreeSet<&str> = needed.iter().map(|declared| declared.distribution.as_str()).collect();
    let by: BTreeSet<FileId> = needed.iter().filter_map(|declared| declared.pinned_by).collect();
    let by_names: Vec<String> = by.iter().map(|&file| format!("`{}`", project.sources.file(file).path)).collect();
    let how = if by.is_empty() { String::new() } else { format!(" by {}", by_names.join(", ")) };
    let path = &project.sources.file(manifest.file).path;
    let what = match names.len() {
        1 => "the one dependency".to_owned(),
        count => format!("all {count} dependencies"),
    };
    Fact {
        id: "pinned-dependencies",
        axis: Axis::Reproducibility,
        message: format!("the version of {what} in `{path}` is settled{how}"),
        span: Span::file(by.first().copied().unwrap_or(manifest.file)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::told;
    use super::facts;

    const PROJECT: &str = "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['fastapi>=0.110', 'httpx']\n\
                           classifiers = ['Private :: Do Not Upload']\n";
    const LOCK: &str = "version = 1\n[[package]]\nname = 'shop'\nversion = '1'\nsource = { virtual = '.' }\n\
                        dependencies = [{ name = 'fastapi' }, { name = 'httpx' }]\n\
                        [[package]]\nname = 'fastapi'\nversion = '0.110.1'\n\
                        [[package]]\nname = 'httpx'\nversion = '0.27.0'\n";

    #[test]
    fn a_lock_and_exact_pins_are_facts() {
        let by_lock = told(facts, &[("pyproject.toml", PROJECT), ("uv.lock", LOCK)]);
        let expected = "pinned-dependencies uv.lock the version of all 2 dependencies in `pyproject.toml` is settled by \
                        `uv.lock`";
        assert_eq!(by_lock, [expected]);
        let exact = told(facts, &[("requirements.txt", "fastapi==0.110.1\n")]);
        let expected =
            "pinned-dependencies requirements.txt the version of the one dependency in `requirements.txt` is settled";
        assert_eq!(exact, [expected]);
    }

    #[test]
    fn one_open_dependency_or_a_list_not_read_to_its_end_is_none() {
        assert!(told(facts, &[("requirements.txt", "fastapi==0.110.1\nhttpx>=0.27\n")]).is_empty());
        assert!(told(facts, &[("requirements.txt", "-r base.txt\nfastapi==0.110.1\n")]).is_empty());
        assert!(told(facts, &[("requirements.txt", "# nothing yet\n")]).is_empty());
        assert!(told(facts, &[("pyproject.toml", PROJECT)]).is_empty());
        assert!(told(facts, &[("examples/a/requirements.txt", "fastapi==0.110.1\n")]).is_empty());
    }
}
