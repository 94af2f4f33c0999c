//! Fields of settings that nothing reads.

use super::{Access, Field, Member, SettingsClass};
use crate::{Module, ModuleId, Project};
use pyaudit_python::{ExprContext, ExprKind, Keyword};
use pyaudit_source::Role;
use std::collections::BTreeSet;

/// Members by which all fields of an object are taken at once.
const TAKE_ALL: &[&str] = &[
    "model_dump",
    "model_dump_json",
    "dict",
    "json",
    "copy",
    "model_copy",
    "__dict__",
    "model_fields",
    "__fields__",
    "items",
];

/// Functions that take all attributes of what they are given.
const TAKERS: &[&str] = &["vars", "asdict", "from_object", "dir", "from_mapping", "jsonable_encoder"];

/// Ends of names of files in which templates read settings.
const TEMPLATES: &[&str] = &[".html", ".jinja", ".jinja2", ".j2", ".mako", ".txt"];

impl Project {
    /// The fields of each class of settings of pydantic that nothing reads: no attribute, string or template of the
    /// repository has the name. Classes of which no object is made, whose objects are taken as a whole or
    /// have unknown attributes, are left out.
    pub fn unused_settings(&self) -> Vec<(&SettingsClass, Vec<&Field>)> {
        let classes = self.settings.classes().iter().enumerate().filter(|(at, class)| {
            let module = self.modules.get(class.module);
            let is_examined = class.kind.is_settings() && module.role == Role::Application;
            is_examined && !class.instances.is_empty() && !self.is_taken_whole(*at, class)
        });
        let classes: Vec<&SettingsClass> = classes.map(|(_, class)| class).collect();
        if classes.is_empty() {
            return Vec::new();
        }
        let names = self.attribute_names();
        let is_unused = |class: &&SettingsClass, field: &&Field| {
            let is_own = (field.module, field.class) == (class.module, class.class);
            is_own
                && !field.name.contains('.')
                && !names.contains(field.name.as_str())
                && !self.is_in_template(&field.name)
        };
        let found = classes.into_iter().map(|class| {
            let fields = class.fields.iter().filter(|field| is_unused(&class, field)).collect::<Vec<&Field>>();
            (class, fields)
        });
        found.filter(|(_, fields)| !fields.is_empty()).collect()
    }

    /// Whether some code takes every field of a class, or of a class of the project that inherits from it.
    fn is_taken_whole(&self, number: usize, class: &SettingsClass) -> bool {
        let derived = self
            .settings
            .classes()
            .iter()
            .enumerate()
            .filter(|(at, other)| *at == number || other.bases.contains(&(class.module, class.class)));
        let numbers: BTreeSet<usize> = derived.map(|(at, _)| at).collect();
        let by_member = self.settings.uses().iter().any(|used| {
            let is_whole = TAKE_ALL.contains(&used.name.as_str()) && !matches!(used.member, Member::Field(_));
            numbers.contains(&used.class) && used.access == Access::Read && is_whole
        });
        by_member || class.is_open || self.modules.iter().any(|module| self.is_given_whole(module, &numbers))
    }

    /// Whether `vars(settings)`, `**settings` and the like stand in a module.
    fn is_given_whole(&self, module: &Module, numbers: &BTreeSet<usize>) -> bool {
        let syntax = &module.python.syntax;
        syntax.exprs().any(|(_, expr)| {
            let ExprKind::Call { func, args, keywords } = &expr.kind else { return false };
            let name = module.last_name(*func).unwrap_or("");
            let given = args.iter().copied().filter(|_| TAKERS.contains(&name));
            let spread = keywords.iter().filter(|Keyword { name, .. }| name.is_none()).map(|keyword| keyword.value);
            let mut objects = given.chain(spread);
            objects.any(|object| {
                let class = self.class_of_object(module, object, &self.settings);
                class.is_some_and(|class| numbers.contains(&class))
            })
        })
    }

    /// Every name that is read as an attribute or stands as a string.
    fn attribute_names(&self) -> BTreeSet<&str> {
        let homes: BTreeSet<ModuleId> = self.settings.classes().iter().map(|class| class.module).collect();
        let modules = self.modules.iter().filter(|module| module.role != Role::Vendored);
        let exprs = modules.flat_map(|module| module.python.syntax.exprs().map(move |(_, expr)| (module, expr)));
        let names = exprs.filter_map(|(module, expr)| match &expr.kind {
            ExprKind::Attribute { attr, ctx: ExprContext::Load, .. } => Some(module.python.syntax.identifier(*attr)),
            ExprKind::Str { value, .. } => Some(&**value),
            // A default may use another: `URL: str = f"http://{HOST}"`.
            ExprKind::Name { id, ctx: ExprContext::Load } if homes.contains(&module.id) => {
                Some(module.python.syntax.name(*id))
            }
            _ => None,
        });
        names.collect()
    }

    fn is_in_template(&self, name: &str) -> bool {
        let dotted = format!(".{name}");
        self.sources.files().any(|(file, source)| {
            TEMPLATES.iter().any(|end| source.name().ends_with(end))
                && source.role != Role::Vendored
                && self.sources.text(file).is_some_and(|text| text.contains(&dotted))
        })
    }
}
