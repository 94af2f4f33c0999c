//! The `deps` of `tox.ini`. <https://tox.wiki/en/stable/config.html#deps>

use super::{Group, Include, Manifest, ManifestKind, Purpose, Reader};
use crate::{Data, paths};
use pyaudit_data::Text;
use pyaudit_source::Range;

pub(super) fn read(reader: Reader<'_>) -> Option<Manifest> {
    let Some(Data::Ini(document)) = reader.files.get(reader.file) else { return None };
    let mut manifest = reader.manifest(ManifestKind::Tox);
    for section in document.entries() {
        let Some(environment) = section.key.text.strip_prefix("testenv") else { continue };
        let group = Group::Named(environment.trim_start_matches(':').to_owned());
        let purpose = Purpose::of_name(environment, Purpose::Test);
        if let Some(text) = section.value.get("deps").and_then(pyaudit_data::Value::as_text) {
            dependencies(reader, text, &group, purpose, &mut manifest);
        }
    }
    Some(manifest)
}

fn dependencies(reader: Reader<'_>, text: &Text, group: &Group, purpose: Purpose, manifest: &mut Manifest) {
    for (start, line) in lines(&text.text) {
        // A factor before a colon limits the line to some environments: `py38: tomli`.
        let (start, line) = without_factor(start, line);
        if let Some(path) = line.strip_prefix("-r").or_else(|| line.strip_prefix("-c")) {
            let constraint = line.starts_with("-c");
            manifest.includes.extend(include(reader, text, start, path, constraint));
            continue;
        }
        manifest.declared.extend(reader.declared_text(text, start..start + line.len(), group, purpose));
    }
}

/// The lines of a value with their offsets, without blank ones, comments and what has a substitution.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split('\n')
        .scan(0, |offset, line| {
            let start = *offset;
            *offset += line.len() + 1;
            let indent = line.len() - line.trim_start().len();
            let content = line.trim();
            let content = content.split_once(" #").map_or(content, |(content, _)| content.trim_end());
            Some((start + indent, content))
        })
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#') && !line.starts_with('{'))
}

fn without_factor(start: usize, line: &str) -> (usize, &str) {
    let Some((factor, rest)) = line.split_once(": ") else { return (start, line) };
    let is_factor = factor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_,!{}.".contains(&byte));
    if !is_factor {
        return (start, line);
    }
    let content = rest.trim_start();
    (start + line.len() - content.len(), content)
}

fn include(reader: Reader<'_>, text: &Text, start: usize, path: &str, constraint: bool) -> Option<Include> {
    let written = path.trim();
    let range = Range::new(start as u32, (start + 2 + path.len()) as u32);
    let relative = written.replace("{toxinidir}/", "").replace("{tox_root}/", "");
    let target = paths::join(&reader.directory(), &relative).and_then(|path| reader.sources.find(&path));
    Some(Include { constraint, target, span: reader.span(text.source_range(range)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_is_no_part_of_the_requirement() {
        assert_eq!(without_factor(3, "py38,py39: tomli>=1"), (14, "tomli>=1"));
        assert_eq!(without_factor(0, "pytest"), (0, "pytest"));
        assert_eq!(lines("\npytest\n  # no\n  coverage  # yes").collect::<Vec<_>>(), [(1, "pytest"), (17, "coverage")]);
    }
}
