//! The fields of settings classes: names, variables, defaults.

use super::configuration::{Configuration, Options};
use super::declarations::Declared;
use super::{ClassKind, Default as FieldDefault, Field, Literal};
use crate::{Module, Project};
use pyaudit_python::{ExprId, ExprKind, Keyword, StmtId, StmtKind};
use pyaudit_source::Range;
use std::collections::{BTreeSet, HashMap};

/// How many levels of models in models are followed.
const MAX_LEVELS: usize = 4;

/// How many fields a class has at most, models in models counted in.
const MAX_FIELDS: usize = 2_000;

/// Classes whose subclasses are models of pydantic.
pub(crate) const MODELS: &[&str] = &[
    "pydantic.BaseModel",
    "pydantic.main.BaseModel",
    "pydantic.v1.BaseModel",
    "pydantic_settings.BaseSettings",
    "pydantic.BaseSettings",
];

/// A name that the body of a class, or a method through `self`, binds to a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute<'m> {
    pub name: &'m str,
    pub range: Range,
    pub stmt: StmtId,
    pub annotation: Option<ExprId>,
    pub value: Option<ExprId>,
}

impl Module {
    /// The names that the body of a class binds, in order of the source.
    pub(super) fn class_attributes(&self, class: StmtId) -> Vec<Attribute<'_>> {
        let syntax = &self.python.syntax;
        let Some(definition) = self.class(class) else { return Vec::new() };
        let statements = syntax.walk_stmts_in(&definition.body, false);
        statements.filter_map(|stmt| self.attribute_at(stmt, |target| self.plain_name(target))).collect()
    }

    /// The attributes that the methods of a class give to `self`, in order of the source.
    pub(super) fn instance_attributes(&self, class: StmtId) -> Vec<Attribute<'_>> {
        let syntax = &self.python.syntax;
        let Some(definition) = self.class(class) else { return Vec::new() };
        let statements = syntax.walk_stmts_in(&definition.body, true);
        statements.filter_map(|stmt| self.instance_attribute(class, stmt)).collect()
    }

    /// The attribute of `self` that a statement in a method of a class assigns.
    pub(super) fn instance_attribute(&self, class: StmtId, stmt: StmtId) -> Option<Attribute<'_>> {
        let syntax = &self.python.syntax;
        self.attribute_at(stmt, |target| match &syntax.expr(target).kind {
            ExprKind::Attribute { value, attr, .. } if self.own_class(*value) == Some(class) => {
                Some((syntax.identifier(*attr), attr.range))
            }
            _ => None,
        })
    }

    fn plain_name(&self, target: ExprId) -> Option<(&str, Range)> {
        let expr = self.python.syntax.expr(target);
        match expr.kind {
            ExprKind::Name { id, .. } => Some((self.python.syntax.name(id), expr.range)),
            _ => None,
        }
    }

    fn attribute_at<'m>(
        &'m self,
        stmt: StmtId,
        named: impl Fn(ExprId) -> Option<(&'m str, Range)>,
    ) -> Option<Attribute<'m>> {
        let (target, annotation, value) = match &self.python.syntax.stmt(stmt).kind {
            StmtKind::AnnAssign { target, annotation, value, .. } => (*target, Some(*annotation), *value),
            StmtKind::Assign { targets, value } => (*targets.first()?, None, Some(*value)),
            _ => return None,
        };
        let (name, range) = named(target)?;
        Some(Attribute { name, range, stmt, annotation, value })
    }
}

/// What decides the fields of a class.
pub(super) struct Plan<'a, 'p> {
    pub kind: ClassKind,
    /// The class and its bases in the project, itself first.
    pub lineage: &'a [(&'p Module, StmtId)],
    pub configuration: &'a Configuration,
    pub options: &'a Options<'p>,
}

impl Project {
    /// The fields of a class, those of its bases first, each once with its last declaration.
    pub(super) fn settings_fields(&self, plan: &Plan<'_, '_>) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for &(module, class) in plan.lineage.iter().rev() {
            let mut attributes = module.class_attributes(class);
            if !plan.kind.is_pydantic() {
                attributes.extend(module.instance_attributes(class));
            }
            for attribute in attributes {
                let Some(field) = self.field(module, class, &attribute, plan) else { continue };
                match numbers.get(&field.name) {
                    Some(&at) => fields[at] = field,
                    None if fields.len() < MAX_FIELDS => {
                        numbers.insert(field.name.clone(), fields.len());
                        fields.push(field);
                    }
                    None => {}
                }
            }
        }
        if let Some(delimiter) = &plan.configuration.nested_delimiter {
            fields = self.with_nested(fields, delimiter, plan.configuration.case_sensitive, MAX_LEVELS);
        }
        fields
    }

    fn field(&self, module: &Module, class: StmtId, attribute: &Attribute<'_>, plan: &Plan<'_, '_>) -> Option<Field> {
        if plan.kind.is_pydantic() && !self.is_pydantic_field(module, attribute, plan.kind) {
            return None;
        }
        if attribute.name.starts_with("__") {
            return None;
        }
        let read = attribute.annotation.map(|annotation| self.annotation(module, annotation));
        let mut extras = read.iter().flat_map(|annotation| &annotation.extras);
        let beside = attribute.value.and_then(|value| Some((module, self.declared(module, value)?)));
        let value = attribute.value.filter(|_| beside.is_none());
        let declared = beside.or_else(|| extras.find_map(|&(home, extra)| Some((home, self.declared(home, extra)?))));
        let is_optional = read.as_ref().is_some_and(|annotation| annotation.is_optional);
        let is_null = plan.kind == ClassKind::Pydantic1 && is_optional && attribute.value.is_none();
        let default = match (value, &declared, attribute.annotation.filter(|_| is_null)) {
            (Some(value), ..) => Some(self.default_at(module, value)),
            // Pydantic 1 takes `Optional[str]` without a default for one with `None`.
            (None, _, Some(annotation)) => {
                Some(FieldDefault { value: Some(Literal::None), ..self.default_at(module, annotation) })
            }
            (None, Some((home, declared)), None) => self.declared_default(home, declared),
            (None, None, None) => None,
        };
        let (home, keywords) = declared.as_ref().map_or((module, &[][..]), |(home, it)| (*home, it.keywords));
        Some(Field {
            name: attribute.name.to_owned(),
            variables: self.field_variables(home, attribute.name, keywords, plan),
            required: default.is_none() && plan.kind != ClassKind::Plain,
            default,
            module: module.id,
            class,
            stmt: attribute.stmt,
            annotation: attribute.annotation,
            span: module.span(attribute.range),
            reads: Vec::new(),
        })
    }

    fn default_at(&self, module: &Module, expr: ExprId) -> FieldDefault {
        FieldDefault { module: module.id, expr, span: module.span_of(expr), value: self.value_when_unset(module, expr) }
    }

    fn declared_default(&self, module: &Module, declared: &Declared<'_>) -> Option<FieldDefault> {
        match (declared.default, declared.factory) {
            (Some(default), _) => Some(self.default_at(module, default)),
            (None, Some(factory)) => {
                let value = self.value_made(module, factory);
                Some(FieldDefault { module: module.id, expr: factory, span: module.span_of(factory), value })
            }
            (None, None) => None,
        }
    }

    /// Whether pydantic makes a field of a name in the body of a class.
    fn is_pydantic_field(&self, module: &Module, attribute: &Attribute<'_>, kind: ClassKind) -> bool {
        if attribute.name.starts_with('_') || attribute.name == "model_config" {
            return false;
        }
        let Some(annotation) = attribute.annotation else {
            // Pydantic 1 takes the type of the value.
            return kind == ClassKind::Pydantic1;
        };
        !self.is_any(module, module.without_subscript(annotation), &["typing.ClassVar", "typing_extensions.ClassVar"])
    }

    /// The variables of a field, in the order in which they are looked at.
    fn field_variables(&self, home: &Module, field: &str, keywords: &[Keyword], plan: &Plan<'_, '_>) -> Vec<String> {
        if !plan.kind.is_settings() {
            return Vec::new();
        }
        let Configuration { prefix, by_name, case_sensitive, .. } = plan.configuration;
        let texts_of = |keyword: &str| home.keyword(keywords, keyword).map(|value| self.alias_names(home, value));
        let own = format!("{prefix}{field}");
        let mut names = if plan.kind == ClassKind::Pydantic1 {
            let env = texts_of("env").filter(|names| !names.is_empty());
            env.unwrap_or_else(|| self.configured_names(plan.options, field))
        } else {
            let alias = texts_of("validation_alias").or_else(|| texts_of("alias")).unwrap_or_default();
            if *by_name && !alias.is_empty() { alias.into_iter().chain([own.clone()]).collect() } else { alias }
        };
        if names.is_empty() {
            names.push(own);
        }
        if !case_sensitive {
            names = names.iter().map(|name| name.to_uppercase()).collect();
        }
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }

    /// The fields with those of the models that they hold: `db.host` is read from `DB__HOST`.
    fn with_nested(&self, fields: Vec<Field>, delimiter: &str, case_sensitive: bool, levels: usize) -> Vec<Field> {
        let Some(levels) = levels.checked_sub(1) else { return fields };
        let mut all = Vec::new();
        for field in fields {
            let nested =
                self.model_of_field(&field).map(|model| self.nested_fields(&field, model, delimiter, case_sensitive));
            all.push(field);
            if let Some(nested) = nested {
                all.extend(self.with_nested(nested, delimiter, case_sensitive, levels));
            }
            if all.len() >= MAX_FIELDS {
                break;
            }
        }
        all
    }

    fn model_of_field(&self, field: &Field) -> Option<(&Module, StmtId)> {
        let module = self.modules.get(field.module);
        let annotation = self.annotation(module, field.annotation?);
        annotation.types.iter().find_map(|&(home, class)| {
            let (home, class, _) = self.class(home, class)?;
            self.inherits_from(home, class, MODELS).then_some((home, class))
        })
    }

    fn nested_fields(
        &self,
        outer: &Field,
        (module, class): (&Module, StmtId),
        delimiter: &str,
        case_sensitive: bool,
    ) -> Vec<Field> {
        let lineage = self.lineage(module, class);
        let configuration = Configuration { case_sensitive: true, ..Configuration::default() };
        let plan = Plan {
            kind: ClassKind::Pydantic2,
            lineage: &lineage,
            configuration: &configuration,
            options: &Options::default(),
        };
        let mut fields = self.settings_fields(&plan);
        for field in &mut fields {
            let own = field.variables.first().cloned().unwrap_or_else(|| field.name.clone());
            let variables = outer.variables.iter().map(|variable| {
                let name = format!("{variable}{delimiter}{own}");
                if case_sensitive { name } else { name.to_uppercase() }
            });
            field.variables = variables.collect();
            field.name = format!("{}.{}", outer.name, field.name);
        }
        fields
    }
}
