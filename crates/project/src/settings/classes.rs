//! The classes that hold settings.

use super::fields::{MODELS, Plan};
use super::{ClassKind, EnvironmentRead, Extra, SettingsClass};
use crate::{Module, ModuleId, Project};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtId, StmtKind};
use std::collections::{BTreeMap, BTreeSet};

const PYDANTIC_2: &[&str] = &["pydantic_settings.BaseSettings", "pydantic_settings.main.BaseSettings"];

const PYDANTIC_1: &[&str] = &[
    "pydantic.BaseSettings",
    "pydantic.env_settings.BaseSettings",
    "pydantic.v1.BaseSettings",
    "pydantic.v1.env_settings.BaseSettings",
];

const DATACLASSES: &[&str] = &[
    "dataclasses.dataclass",
    "pydantic.dataclasses.dataclass",
    "attr.s",
    "attr.attrs",
    "attr.dataclass",
    "attrs.define",
    "attrs.frozen",
    "attr.define",
];

/// Bases of somebody else that add no attributes that the model does not know.
const KNOWN_BASES: &[&str] = &[
    "object",
    "abc.ABC",
    "typing.Generic",
    "typing.NamedTuple",
    "typing.Protocol",
    "pydantic.BaseModel",
    "pydantic.main.BaseModel",
    "pydantic.v1.BaseModel",
];

impl Project {
    /// Every class that holds settings, with its fields, in the order of the modules and the source.
    pub(super) fn settings_classes(&self, reads: &[EnvironmentRead]) -> Vec<SettingsClass> {
        let reading = self.reading_classes(reads);
        let mut by_stmt: BTreeMap<(ModuleId, StmtId), Vec<usize>> = BTreeMap::new();
        for (at, read) in reads.iter().enumerate() {
            by_stmt.entry((read.module, read.stmt.unwrap_or(StmtId(u32::MAX)))).or_default().push(at);
        }
        let mut classes = Vec::new();
        for module in self.modules.iter() {
            for (id, stmt) in module.python.syntax.stmts() {
                let StmtKind::ClassDef(definition) = &stmt.kind else { continue };
                if definition.bases.is_empty() && !reading.contains(&(module.id, id)) {
                    continue;
                }
                let Some(mut class) = self.settings_class(module, id, &reading) else { continue };
                for field in &mut class.fields {
                    field.reads = by_stmt.get(&(field.module, field.stmt)).cloned().unwrap_or_default();
                    for &read in &field.reads {
                        let variable = reads[read].variable.clone();
                        field.variables.extend(variable.filter(|_| !class.kind.is_settings()));
                    }
                }
                if !class.kind.is_settings() {
                    class.take_requirements(reads);
                }
                classes.push(class);
            }
        }
        classes.sort_by_key(|class| class.span);
        classes
    }

    /// The classes of which an attribute is given what a read of the environment gives.
    fn reading_classes(&self, reads: &[EnvironmentRead]) -> BTreeSet<(ModuleId, StmtId)> {
        let mut found = BTreeSet::new();
        for read in reads {
            let (Some(class), Some(stmt)) = (read.class, read.stmt) else { continue };
            let module = self.modules.get(read.module);
            let is_body = read.function.is_none() && module.class_of_stmt(stmt) == Some(class);
            if read.target.is_some() && (is_body || module.instance_attribute(class, stmt).is_some()) {
                found.insert((module.id, class));
            }
        }
        found
    }

    fn settings_class(
        &self,
        module: &Module,
        class: StmtId,
        reading: &BTreeSet<(ModuleId, StmtId)>,
    ) -> Option<SettingsClass> {
        let lineage = self.lineage(module, class);
        let bases = self.bases_of_somebody_else(&lineage);
        let is_one_of = |known: &[&str]| bases.iter().any(|base| known.contains(&base.as_str()));
        let reads = lineage.iter().any(|(module, class)| reading.contains(&(module.id, *class)));
        let kind = if is_one_of(PYDANTIC_2) {
            ClassKind::Pydantic2
        } else if is_one_of(PYDANTIC_1) {
            ClassKind::Pydantic1
        } else if !reads {
            return None;
        } else if is_one_of(MODELS) {
            ClassKind::Model
        } else if self.is_dataclass(&lineage) {
            ClassKind::Dataclass
        } else {
            ClassKind::Plain
        };
        let (configuration, options) = self.configuration(&lineage);
        let plan = Plan { kind, lineage: &lineage, configuration: &configuration, options: &options };
        let fields = self.settings_fields(&plan);
        let by_name = fields.iter().enumerate().map(|(at, field)| (field.name.clone(), at)).collect();
        let members = Self::members(&lineage);
        let is_known = |base: &String| {
            let all = [KNOWN_BASES, PYDANTIC_1, PYDANTIC_2];
            all.iter().any(|known| known.contains(&base.as_str()))
        };
        let is_open = (kind.is_settings() && configuration.extra == Extra::Allow)
            || ["__getattr__", "__getattribute__"].iter().any(|name| members.contains(*name))
            || !bases.iter().all(is_known);
        let definition = module.class(class)?;
        Some(SettingsClass {
            module: module.id,
            class,
            path: module.path_to(Parent::Stmt(class)),
            span: module.span(definition.name.range),
            kind,
            configuration,
            fields,
            validators: Vec::new(),
            instances: Vec::new(),
            bases: lineage.iter().skip(1).map(|(module, class)| (module.id, *class)).collect(),
            members,
            is_open,
            by_name,
        })
    }

    /// The dotted names of the bases that are none of the project; a base that is neither stands as an empty name.
    fn bases_of_somebody_else(&self, lineage: &[(&Module, StmtId)]) -> Vec<String> {
        let mut names = Vec::new();
        for &(module, class) in lineage {
            for &base in module.class(class).into_iter().flat_map(|class| &class.bases) {
                let base = module.without_subscript(base);
                let symbols = self.symbols(module, base);
                for symbol in &symbols {
                    match symbol {
                        crate::Symbol::External(name) | crate::Symbol::Builtin(name) => names.push(name.clone()),
                        _ => {}
                    }
                }
                if symbols.is_empty() {
                    names.push(String::new());
                }
            }
        }
        names
    }

    fn is_dataclass(&self, lineage: &[(&Module, StmtId)]) -> bool {
        lineage.iter().any(|&(module, class)| {
            let decorators = module.class(class).map_or(&[][..], |class| &class.decorators);
            decorators.iter().any(|&decorator| self.is_any(module, decorated_by(module, decorator), DATACLASSES))
        })
    }

    /// Every name that an object of a class has by the class and its bases in the project.
    fn members(lineage: &[(&Module, StmtId)]) -> BTreeSet<String> {
        let mut members = BTreeSet::new();
        for &(module, class) in lineage {
            let scope = module.scope_opened_by(crate::Definition::Class(class));
            for binding in scope.into_iter().flat_map(|scope| &module.python.names.scope(scope).bindings) {
                members.insert(module.python.syntax.name(binding.name).to_owned());
            }
            members.extend(module.instance_attributes(class).iter().map(|attribute| attribute.name.to_owned()));
        }
        members
    }
}

impl SettingsClass {
    /// A plain attribute is required when one of its reads fails.
    fn take_requirements(&mut self, reads: &[EnvironmentRead]) {
        for field in &mut self.fields {
            field.required |= field.reads.iter().any(|&read| reads[read].required);
        }
    }
}

/// What a decorator calls, or the decorator itself.
pub(super) fn decorated_by(module: &Module, decorator: ExprId) -> ExprId {
    match module.python.syntax.expr(decorator).kind {
        ExprKind::Call { func, .. } => func,
        _ => decorator,
    }
}
