//! `environment.yml` of conda, with the list for pip inside it.
//! <https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html>

use super::{Declared, Group, Manifest, ManifestKind, Pin, Purpose, Reader};
use crate::Data;
use pyaudit_data::Value;
use pyaudit_data::requirements::normalise_name;
use pyaudit_source::Range;

pub(super) fn read(reader: Reader<'_>) -> Option<Manifest> {
    let Some(Data::Yaml(documents)) = reader.files.get(reader.file) else { return None };
    let mut manifest = reader.manifest(ManifestKind::Conda);
    let purpose = Purpose::of_name(&reader.sources.file(reader.file).path, Purpose::Runtime);
    let dependencies = documents.iter().filter_map(|document| document.get("dependencies"));
    for item in dependencies.flat_map(Value::items) {
        manifest.declared.extend(of_conda(reader, item, purpose));
        for value in item.get("pip").map_or(&[][..], Value::items) {
            manifest.declared.extend(reader.declared(value, &Group::Runtime, purpose));
        }
    }
    Some(manifest)
}

/// A match specification: `conda-forge::numpy=1.26=py311_0`, `python>=3.11`.
fn of_conda(reader: Reader<'_>, item: &Value, purpose: Purpose) -> Option<Declared> {
    let text = item.as_text()?;
    let start = text.text.rfind("::").map_or(0, |at| at + 2);
    let specification = &text.text[start..];
    let end = specification.find(['=', '<', '>', '!', '~', ' ', '[']).unwrap_or(specification.len());
    let (name, constraint) = specification.split_at(end);
    // The interpreter and pip itself are no distributions of the application.
    if name.is_empty() || matches!(name, "python" | "pip") {
        return None;
    }
    let range = text.source_range(Range::new(start as u32, (start + end) as u32))?;
    Some(Declared {
        distribution: normalise_name(name),
        group: Group::Runtime,
        purpose,
        pin: pin(constraint),
        specifiers: constraint.trim().to_owned(),
        extras: Vec::new(),
        name: reader.span(range),
        pinned_by: None,
    })
}

/// In conda `=1.26` means any 1.26 release; with a build string, or with `==`, it is exact.
fn pin(constraint: &str) -> Pin {
    let constraint = constraint.trim();
    if let Some(rest) = constraint.strip_prefix('=').filter(|rest| !rest.starts_with('=')) {
        let parts = rest.split('.').count();
        return if rest.contains('=') || (parts >= 3 && !rest.contains('*')) { Pin::Exact } else { Pin::Compatible };
    }
    Pin::of_constraint(constraint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_equals_sign_of_conda_is_a_prefix() {
        assert_eq!(pin("=1.26"), Pin::Compatible);
        assert_eq!(pin("=1.26.4"), Pin::Exact);
        assert_eq!(pin("=1.26.4=py311_0"), Pin::Exact);
        assert_eq!(pin("==1.26.4"), Pin::Exact);
        assert_eq!(pin(">=1.2"), Pin::Lower);
        assert_eq!(pin(""), Pin::Unconstrained);
    }
}
