//! Modules that programs load as plugins, by the entry points of a distribution.
//! <https://packaging.python.org/en/latest/specifications/entry-points/>

use crate::{ModuleId, Project};
use pyaudit_data::Value;
use std::collections::BTreeSet;

/// Where `pyproject.toml` lists groups of entry points; scripts have tables of their own.
const TABLES: &[&[&str]] = &[&["project", "entry-points"], &["tool", "poetry", "plugins"]];

/// Groups whose entry points are programs and not plugins.
const SCRIPTS: &[&str] = &["console_scripts", "gui_scripts"];

impl Project {
    /// The modules that entry points of the repository's distributions name, scripts left out, in their order.
    pub(crate) fn plugin_modules(&self) -> Vec<ModuleId> {
        let mut named: BTreeSet<&str> = BTreeSet::new();
        for (file, source) in self.sources.files() {
            let is_manifest = source.path == "pyproject.toml" || source.path.ends_with("/pyproject.toml");
            if let Some(manifest) = self.files.value(file).filter(|_| is_manifest) {
                named.extend(TABLES.iter().filter_map(|table| manifest.at(table)).flat_map(modules));
            }
        }
        self.modules.iter().filter(|module| named.contains(module.name.as_str())).map(|module| module.id).collect()
    }
}

/// The modules that the groups of a table name: `shop.plugins.mail` of `mail = "shop.plugins.mail:Plugin"`.
fn modules(groups: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    for group in groups.entries().iter().filter(|group| !SCRIPTS.contains(&group.key.text.as_str())) {
        let objects = group.value.entries().iter().filter_map(|entry| entry.value.as_str());
        found.extend(objects.map(|object| object.split([':', ' ', '[']).next().unwrap_or(object)));
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    #[test]
    fn entry_points_serve_and_scripts_do_not() {
        let manifest = "[project]\nname = 'shop'\n[project.scripts]\nshop = 'shop.cli:main'\n\
            [project.entry-points.'shop.plugins']\nmail = 'shop.plugins.mail:Plugin [smtp]'\n\
            [project.entry-points.console_scripts]\nother = 'shop.other:main'\n";
        let files = [
            ("pyproject.toml", manifest),
            ("src/shop/cli.py", "import shop.helper\n"),
            ("src/shop/other.py", ""),
            ("src/shop/helper.py", ""),
            ("src/shop/plugins/mail.py", "import shop.smtp\n"),
            ("src/shop/smtp.py", ""),
        ];
        let project = project(&files);
        let served = project.modules.iter().filter(|module| project.imports.is_served(module.id));
        let mut names: Vec<&str> = served.map(|module| module.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["shop.plugins.mail", "shop.smtp"]);
    }
}
