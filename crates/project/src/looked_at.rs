//! Texts that no reader turns into plain data, and that checks look into: data files, keys, and the scripts of front ends.

use crate::{Project, paths};
use pyaudit_source::{FileId, Role, SourceFile, Tracking};

/// What a text that is looked at holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LookedAt {
    /// JavaScript and its dialects.
    Script,
    /// Records: JSON, YAML, CSV, SQL.
    Data,
    /// A key of a certificate or of SSH.
    Key,
}

/// Files that tools write or read, in which records are never kept.
const TOOL_FILES: &[&str] = &[
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "composer.json",
    "deno.json",
    "turbo.json",
    "nx.json",
    "lerna.json",
    "manifest.json",
    "openapi.json",
    "swagger.json",
    "components.json",
    "vercel.json",
    "renovate.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "mkdocs.yml",
];

/// Names of private keys without an ending.
const KEY_NAMES: &[&str] = &["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"];

impl LookedAt {
    /// What the file at a path holds, by its name alone; `None` where it is not looked at.
    pub fn of_path(path: &str) -> Option<Self> {
        let name = paths::file_name(path).to_ascii_lowercase();
        let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
        match extension {
            "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs" | "vue" | "svelte" => {
                let is_written = !stem.ends_with(".min") && !stem.ends_with(".d") && !stem.ends_with(".bundle");
                is_written.then_some(Self::Script)
            }
            "json" | "jsonl" | "ndjson" | "csv" | "tsv" | "sql" | "yml" | "yaml" => {
                let is_of_tool = TOOL_FILES.contains(&name.as_str())
                    || name.starts_with("tsconfig")
                    || name.starts_with('.')
                    || is_translation(path);
                (!is_of_tool).then_some(Self::Data)
            }
            "pem" | "key" => Some(Self::Key),
            "" if KEY_NAMES.contains(&stem) => Some(Self::Key),
            _ => None,
        }
    }
}

/// Whether a file holds the texts of a user interface in one language.
fn is_translation(path: &str) -> bool {
    paths::directory(path).split('/').any(|part| {
        matches!(part, "locale" | "locales" | "lang" | "langs" | "i18n" | "translations" | "messages" | "l10n")
    })
}

/// Whether the text of the file at a path is read for nothing but a look into it.
pub fn is_optional(path: &str) -> bool {
    !crate::files::has_reader(path) && LookedAt::of_path(path).is_some()
}

impl Project {
    /// The texts of one kind that the repository ships, in the order of their paths; those that git does not track are
    /// left out.
    pub fn looked_at(&self, kind: LookedAt) -> impl Iterator<Item = (FileId, &SourceFile, &str)> {
        let files = self.sources.files().filter(move |(_, file)| {
            let is_shipped = matches!(file.role, Role::Application | Role::Migration | Role::Script);
            is_shipped && file.tracking != Tracking::Untracked && LookedAt::of_path(&file.path) == Some(kind)
        });
        files.filter_map(|(id, file)| Some((id, file, self.sources.text(id)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_what_is_looked_at() {
        for (path, kind) in [
            ("web/src/App.vue", Some(LookedAt::Script)),
            ("web/jquery.min.js", None),
            ("web/types.d.ts", None),
            ("data/users.json", Some(LookedAt::Data)),
            ("web/package.json", None),
            ("web/locales/de/errors.json", None),
            ("db/dump.sql", Some(LookedAt::Data)),
            ("deploy/id_rsa", Some(LookedAt::Key)),
            ("certs/server.pem", Some(LookedAt::Key)),
            ("app/main.py", None),
        ] {
            assert_eq!(LookedAt::of_path(path), kind, "{path}");
        }
    }

    #[test]
    fn what_has_a_reader_is_not_optional() {
        assert!(is_optional("data/users.json"));
        assert!(!is_optional("docker-compose.yml"));
        assert!(!is_optional("logo.png"));
    }
}
