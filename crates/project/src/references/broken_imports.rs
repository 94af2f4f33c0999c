//! Imports of names and modules that the project does not have.

use super::offers::{Offer, Offers};
use crate::paths;
use crate::standard_library::is_standard_library;
use crate::{Module, ModuleId, Project};
use pyaudit_python::{Import, Parent, StmtId, StmtKind};
use pyaudit_source::Span;
use std::collections::{BTreeSet, HashMap};

/// An import that fails when it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenImport {
    /// The module that imports.
    pub module: ModuleId,
    /// The imported name.
    pub span: Span,
    /// What is not there.
    pub missing: MissingImport,
    /// Whether only a type checker runs it.
    pub is_for_types: bool,
    /// Whether it stands below a condition, or looks into directories that are no packages.
    pub is_conditional: bool,
}

/// What an import names that is not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MissingImport {
    /// A module, by the path that it would have from the root of the repository without its ending, and by its name.
    Module {
        /// `app/services/mail`.
        path: String,
        /// `app.services.mail`, as the first import of it writes it.
        name: String,
    },
    /// A name of a module or package.
    Name {
        /// The path of the file, or of the directory of a namespace package.
        path: String,
        /// The module as it is written.
        module: String,
        /// The name.
        name: String,
    },
}

/// What became of one import.
enum Outcome {
    Found,
    Missing(MissingImport),
}

/// One import of a module of the project, with the first name of its path; `None` for a relative one.
struct Looked<'p> {
    top: Option<&'p str>,
    broken: Option<BrokenImport>,
}

impl Project {
    /// Every import of the project's own modules that fails, in the order of their places, and how many were looked at.
    ///
    /// An import is looked up in every directory of the repository that holds its first name, so that whatever
    /// `sys.path` is at run time, nothing is called missing that some directory has. It counts only where other imports of
    /// the same first name are found.
    pub fn broken_imports(&self) -> (Vec<BrokenImport>, usize) {
        let offers = Offers::of(self);
        let tops = self.top_level_places();
        let looked: Vec<Looked<'_>> =
            self.modules.iter().flat_map(|module| self.look(module, &offers, &tops)).collect();
        let mut counts: HashMap<&str, (usize, usize)> = HashMap::new();
        for one in &looked {
            let Some(top) = one.top else { continue };
            let count = counts.entry(top).or_default();
            *(if one.broken.is_some() { &mut count.1 } else { &mut count.0 }) += 1;
        }
        let is_known = |top: &str| counts.get(top).is_some_and(|&(found, missing)| found >= 2 && found > missing);
        let examined = looked.len();
        let broken = looked.into_iter().filter(|one| one.top.is_none_or(is_known)).filter_map(|one| one.broken);
        let mut broken: Vec<BrokenImport> = broken.filter(|one| !offers.may_be_made(&one.missing)).collect();
        broken.sort_by_key(|one| one.span);
        (broken, examined)
    }

    /// The directories that hold a module or a directory of modules of each name.
    fn top_level_places(&self) -> HashMap<&str, BTreeSet<&str>> {
        let mut places: HashMap<&str, BTreeSet<&str>> = HashMap::new();
        for module in self.modules.iter() {
            let path = self.modules.path(module.id).trim_end_matches(".py");
            let path = path.strip_suffix("/__init__").unwrap_or(path);
            let mut start = 0;
            for part in path.split('/') {
                places.entry(part).or_default().insert(path[..start].trim_end_matches('/'));
                start += part.len() + 1;
            }
        }
        places
    }

    fn look<'p>(
        &'p self,
        module: &'p Module,
        offers: &Offers<'p>,
        tops: &HashMap<&str, BTreeSet<&'p str>>,
    ) -> Vec<Looked<'p>> {
        if module.role == pyaudit_source::Role::Vendored
            || !self.is_parsed(module)
            || self.modules.path(module.id).contains("{{")
        {
            return Vec::new();
        }
        let imports = module.python.names.imports.iter().filter(|import| !import.optional);
        imports.filter_map(|import| self.look_at(module, import, offers, tops)).collect()
    }

    fn look_at<'p>(
        &'p self,
        module: &'p Module,
        import: &'p Import,
        offers: &Offers<'p>,
        tops: &HashMap<&str, BTreeSet<&'p str>>,
    ) -> Option<Looked<'p>> {
        let path: Vec<&str> = import.module.split('.').filter(|part| !part.is_empty()).collect();
        let name = import.name.as_deref().filter(|name| *name != "*");
        let (top, places) = if import.level > 0 {
            let directory = self.sources.file(module.file).directory();
            (None, vec![paths::ancestors(directory).nth(import.level as usize - 1)?])
        } else {
            let top = *path.first()?;
            if is_standard_library(top) || self.is_installed(top) || !self.is_own(module, top) {
                return None;
            }
            (Some(top), tops.get(top)?.iter().copied().collect())
        };
        let outcome = offers.import(&places, &path, name)?;
        let broken = match outcome {
            Outcome::Found => None,
            Outcome::Missing(missing) => {
                let is_certain = offers.is_package(&missing);
                Some(BrokenImport {
                    module: module.id,
                    span: module.span(import.range),
                    missing: named(missing, import),
                    is_for_types: import.type_checking,
                    is_conditional: !is_certain || is_conditional(module, import.stmt),
                })
            }
        };
        Some(Looked { top, broken })
    }

    /// Whether an import of this first name means a module of the project.
    fn is_own(&self, module: &Module, top: &str) -> bool {
        let path = [top.to_owned()];
        self.modules.find(module, 0, &path).is_some() || self.modules.is_namespace(module, &path)
    }

    /// Whether a distribution of this name is installed beside the project.
    fn is_installed(&self, top: &str) -> bool {
        let name = top.to_lowercase().replace('_', "-");
        let manifests = &self.dependencies.manifests;
        let is_declared = manifests.iter().flat_map(|it| &it.declared).any(|declared| declared.distribution == name);
        let is_locked = || self.dependencies.locks.iter().any(|lock| lock.packages.contains_key(&name));
        let is_of_project = || manifests.iter().any(|it| it.project.name.as_deref() == Some(name.as_str()));
        (is_declared || is_locked()) && !is_of_project()
    }
}

/// Puts the module's name as the import writes it.
fn named(missing: MissingImport, import: &Import) -> MissingImport {
    let written = format!("{}{}", ".".repeat(import.level as usize), import.module);
    match missing {
        MissingImport::Module { path, name } if import.level == 0 => MissingImport::Module { path, name },
        MissingImport::Module { path, .. } => MissingImport::Module { path, name: written },
        MissingImport::Name { path, name, .. } => MissingImport::Name { path, module: written, name },
    }
}

/// Whether a statement stands below a condition other than `if TYPE_CHECKING`.
fn is_conditional(module: &Module, stmt: StmtId) -> bool {
    let syntax = &module.python.syntax;
    if module.python.is_in_type_checking(Parent::Stmt(stmt)) {
        return false;
    }
    let mut around = syntax.enclosing_stmts(Parent::Stmt(stmt));
    around.any(|stmt| matches!(syntax.stmt(stmt).kind, StmtKind::If { .. } | StmtKind::Match { .. }))
}

impl Offers<'_> {
    /// What becomes of an import that is looked up from several directories; `None` where it cannot be known.
    fn import(&self, places: &[&str], path: &[&str], name: Option<&str>) -> Option<Outcome> {
        let mut missing: Option<MissingImport> = None;
        for place in places {
            match self.import_from(place, path, name)? {
                Outcome::Found => return Some(Outcome::Found),
                // The longest way says best what is missing.
                Outcome::Missing(new) => {
                    let is_better = missing.as_ref().is_none_or(|old| depth(&new) > depth(old));
                    missing = if is_better { Some(new) } else { missing };
                }
            }
        }
        missing.map(Outcome::Missing)
    }

    fn import_from(&self, place: &str, path: &[&str], name: Option<&str>) -> Option<Outcome> {
        let mut at = place.to_owned();
        for (taken, part) in path.iter().enumerate() {
            let inner = if at.is_empty() { (*part).to_owned() } else { format!("{at}/{part}") };
            match self.exists(&inner) {
                Offer::Yes => at = inner,
                Offer::Unknown => return None,
                Offer::No => {
                    let name = path[..=taken].join(".");
                    let missing = MissingImport::Module { path: inner, name };
                    return (!self.may_extend(&at)).then_some(Outcome::Missing(missing));
                }
            }
        }
        let Some(name) = name else { return Some(Outcome::Found) };
        match self.name_at(&at, name) {
            Offer::Yes => Some(Outcome::Found),
            Offer::Unknown => None,
            Offer::No => {
                let path = self.file_of(&at);
                Some(Outcome::Missing(MissingImport::Name { path, module: String::new(), name: name.to_owned() }))
            }
        }
    }
}

/// How far an import came: the number of directories it went into, names after modules.
fn depth(missing: &MissingImport) -> (bool, usize) {
    match missing {
        MissingImport::Module { name, .. } => (false, name.matches('.').count()),
        MissingImport::Name { path, .. } => (true, path.matches('/').count()),
    }
}
