//! `Pipfile` of Pipenv. <https://pipenv.pypa.io/en/latest/pipfile.html>

use super::{Group, Manifest, ManifestKind, Purpose, Reader, poetry};
use crate::Data;

pub(super) fn read(reader: Reader<'_>) -> Option<Manifest> {
    let Some(Data::Toml(document)) = reader.files.get(reader.file) else { return None };
    let mut manifest = reader.manifest(ManifestKind::Pipfile);
    for table in document.entries() {
        let (group, purpose) = match table.key.text.as_str() {
            "packages" => (Group::Runtime, Purpose::Runtime),
            "dev-packages" => (Group::Named("dev".to_owned()), Purpose::Development),
            "source" | "requires" | "scripts" | "pipenv" | "pipenv_install_options" => continue,
            other => (Group::Named(other.to_owned()), Purpose::of_name(other, Purpose::Development)),
        };
        let declared = table.value.entries().iter().map(|entry| poetry::of_entry(reader, entry, &group, purpose));
        manifest.declared.extend(declared);
    }
    Some(manifest)
}
