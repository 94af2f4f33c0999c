//! Requirements that are a URL, a version control address, a path or an archive instead of a name.

use super::{Requirement, marker, specification};
use crate::Text;
use crate::text::{is_python_space, place, trim};
use pyaudit_source::ParseProblem;

const SCHEMES: [&str; 8] = ["http", "https", "ftp", "file", "git", "hg", "svn", "bzr"];
const VERSION_CONTROL: [&str; 4] = ["git+", "hg+", "svn+", "bzr+"];
const ARCHIVES: [&str; 10] =
    [".whl", ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar.lzma"];

/// Whether pip takes this for a URL.
pub(super) fn is_url(text: &str) -> bool {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| {
        SCHEMES.contains(&scheme.as_str()) || VERSION_CONTROL.iter().any(|prefix| scheme.starts_with(prefix))
    })
}

/// Whether pip takes this for a path or an archive. pip also asks the file system; here the shape of the text decides.
pub(super) fn is_path(text: &str) -> bool {
    let head = text.split(';').next().unwrap_or(text).trim_end_matches(is_python_space);
    let is_pathlike = |part: &str| part.contains(['/', '\\']) || part.starts_with('.');
    if let Some((name, _)) = head.split_once('@')
        && !is_pathlike(name)
    {
        return false;
    }
    let lower = without_extras(head).to_ascii_lowercase();
    is_pathlike(head) || ARCHIVES.iter().any(|extension| lower.ends_with(extension))
}

/// Reads the bytes from `start` to `end` of a decoded text as a URL or path with an optional marker.
pub(super) fn parse(text: &Text, start: usize, end: usize) -> Result<Requirement, ParseProblem> {
    let (start, whole) = trim(start, &text.text[start..end]);
    // Inside a URL a semicolon alone is part of it.
    let separators: &[&str] = if is_url(whole) { &["; ", " ;"] } else { &[";"] };
    let separator = separators.iter().filter_map(|separator| whole.find(separator)).min();
    let location = whole[..separator.unwrap_or(whole.len())].trim_end_matches(is_python_space);
    let mut requirement = Requirement { url: Some(location.to_owned()), ..Requirement::default() };
    requirement.range = place(text, start, start + whole.len());
    requirement.name_range = place(text, start, start + location.len());
    if let Some(separator) = separator {
        let semicolon = separator + whole[separator..].find(';').unwrap_or(0);
        requirement.marker = Some(read_marker(text, start + semicolon + 1, start + whole.len())?);
    }
    if let Some((at, name)) = egg_name(location).or_else(|| wheel_name(location)) {
        name.clone_into(&mut requirement.name);
        requirement.name_range = place(text, start + at, start + at + name.len());
        requirement.extras = extras_at(&location[at + name.len()..]);
    }
    if requirement.extras.is_empty() {
        requirement.extras = extras_at(&location[without_extras(location).len()..]);
    }
    Ok(requirement)
}

fn read_marker(text: &Text, start: usize, end: usize) -> Result<String, ParseProblem> {
    let part = &text.text[start..end];
    let problem = |at: usize, expected: &str| {
        ParseProblem::at(place(text, start + at, end), format!("expected {expected} in the marker"))
    };
    let length = marker::marker_length(part).map_err(|wrong| problem(wrong.at, wrong.expected))?;
    if length < part.len() { Err(problem(length, "the end")) } else { Ok(part.trim().to_owned()) }
}

/// The name in `#egg=name`, and where it stands.
fn egg_name(location: &str) -> Option<(usize, &str)> {
    let fragment = location.find('#')? + 1;
    let mut at = fragment;
    for part in location[fragment..].split('&') {
        if let Some(egg) = part.strip_prefix("egg=") {
            let name = &egg[..specification::name_length(egg)];
            return (!name.is_empty()).then_some((at + "egg=".len(), name));
        }
        at += part.len() + 1;
    }
    None
}

/// The name in the file name of a wheel, and where it stands.
fn wheel_name(location: &str) -> Option<(usize, &str)> {
    let path = &location[..location.find(['?', '#']).unwrap_or(location.len())];
    let path = without_extras(path);
    let at = path.rfind(['/', '\\']).map_or(0, |slash| slash + 1);
    let file = path[at..].strip_suffix(".whl")?;
    let (name, _) = file.split_once('-')?;
    (!name.is_empty()).then_some((at, name))
}

/// A path without the `[extra]` at its end.
fn without_extras(path: &str) -> &str {
    let bracket = if path.ends_with(']') { path.rfind('[') } else { None };
    &path[..bracket.filter(|&at| at > 0).unwrap_or(path.len())]
}

/// The extras that a text starts with.
fn extras_at(text: &str) -> Vec<String> {
    if !text.starts_with('[') {
        return Vec::new();
    }
    specification::extras(text).map(|(names, _)| names).unwrap_or_default()
}
