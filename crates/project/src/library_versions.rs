//! Which major version of a library the repository uses.

use crate::Project;

/// Names that exist since version 2 of pydantic alone. <https://docs.pydantic.dev/latest/migration/>
const PYDANTIC_2: &[&str] = &[
    "field_validator",
    "model_validator",
    "ConfigDict",
    "TypeAdapter",
    "field_serializer",
    "model_serializer",
    "RootModel",
    "computed_field",
    "AfterValidator",
    "BeforeValidator",
];

impl Project {
    /// The major version of a distribution that locks pin or manifests ask for, where all that say it agree.
    pub fn library_major(&self, distribution: &str) -> Option<u32> {
        let locked = self.dependencies.locks.iter().filter_map(|lock| lock.packages.get(distribution));
        let mut majors: Vec<u32> = locked.filter_map(|package| major(&package.version)).collect();
        if majors.is_empty() {
            let manifests = self.dependencies.shipped(&self.sources);
            let declared = manifests.flat_map(|manifest| &manifest.declared);
            let declared = declared.filter(|declared| declared.distribution == distribution);
            majors.extend(declared.filter_map(|declared| lower_major(&declared.specifiers)));
        }
        majors.sort_unstable();
        majors.dedup();
        if let [one] = majors[..] { Some(one) } else { None }
    }

    /// Whether the repository uses version 2 of pydantic: what it installs says so, or names that it imports.
    pub fn uses_pydantic_2(&self) -> bool {
        if let Some(major) = self.library_major("pydantic") {
            return major >= 2;
        }
        self.modules.iter().any(|module| {
            module.python.names.imports.iter().filter(|import| import.level == 0).any(|import| {
                let is_new = import.name.as_deref().is_some_and(|name| PYDANTIC_2.contains(&name));
                import.module == "pydantic_settings" || (import.module == "pydantic" && is_new)
            })
        })
    }
}

/// The first number of a version.
fn major(version: &str) -> Option<u32> {
    version.split(['.', '!']).next()?.parse().ok()
}

/// The major version that the lower bound of specifiers names: `^2.1`, `>=2,<3`, `==2.4.*`.
fn lower_major(specifiers: &str) -> Option<u32> {
    specifiers.split(',').find_map(|specifier| {
        let specifier = specifier.trim();
        let version =
            ["===", "==", "~=", ">=", "^", "~", ">"].iter().find_map(|operator| specifier.strip_prefix(operator));
        major(version?.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::lower_major;

    #[test]
    fn the_lower_bound_names_the_major_version() {
        assert_eq!(lower_major(">=2.1,<3"), Some(2));
        assert_eq!(lower_major("<3, ^1.10"), Some(1));
        assert_eq!(lower_major("==2.*"), Some(2));
        assert_eq!(lower_major("<3"), None);
        assert_eq!(lower_major(""), None);
    }
}
