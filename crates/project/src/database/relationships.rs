//! Relationships between mapped classes.

use super::reading::CallAt;
use crate::{Module, ModuleId, Project};
use pyaudit_python::{ExprId, ExprKind, StmtId};
use pyaudit_source::Span;

/// `relationship(…)` of SQLAlchemy, `Relationship(…)` of SQLModel.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub struct Relationship {
    /// The attribute of the class.
    pub attribute: String,
    /// The class it leads to, as it is written.
    pub target: Option<String>,
    /// The mapped class it leads to, where it is one of the project.
    pub class: Option<(ModuleId, StmtId)>,
    /// The attribute of the other class that mirrors it: `back_populates` or `backref`.
    pub back_populates: Option<String>,
    /// What follows the parent: `all, delete-orphan`.
    pub cascade: Option<String>,
    /// How it is loaded: `selectin`.
    pub lazy: Option<String>,
    /// The table in between, as it is written.
    pub secondary: Option<String>,
    /// The columns it goes by, as they are written.
    pub foreign_keys: Option<String>,
    /// Whether the other class has its side through `backref` alone.
    pub is_backref: bool,
    /// Whether it is said to hold many rows: by `uselist`, by its annotation, or by a table in between.
    pub is_collection: bool,
    /// `viewonly`: nothing is written by it.
    pub is_view_only: bool,
    /// Whether the database is trusted to delete children: `passive_deletes`.
    pub passive_deletes: bool,
    /// The call.
    pub span: Span,
}

/// An argument of a relationship; SQLModel hands some on in `sa_relationship_kwargs`.
fn option(call: &CallAt<'_>, name: &str) -> Option<ExprId> {
    let syntax = &call.module.python.syntax;
    call.keyword(name).or_else(|| match &syntax.expr(call.keyword("sa_relationship_kwargs")?).kind {
        ExprKind::Dict(items) => {
            let found = items.iter().find(|item| item.key.and_then(|key| syntax.string(key)) == Some(name));
            found.map(|item| item.value)
        }
        ExprKind::Call { keywords, .. } => call.module.keyword(keywords, name),
        _ => None,
    })
}

impl super::Database {
    /// The tables that each query of a table loads with it, in the order in which they are reached by relationships that
    /// are eager. The table itself is left out.
    pub fn eagerly_loaded(&self, table: &super::Table, is_eager: impl Fn(&Relationship) -> bool) -> Vec<String> {
        let mut reached: Vec<&super::Table> = vec![table];
        let mut next = 0;
        while let Some(&at) = reached.get(next) {
            next += 1;
            for one in at.relationships.iter().filter(|one| is_eager(one)) {
                let target = one.class.and_then(|(module, class)| self.table_of_class(module, class));
                reached.extend(target.filter(|target| reached.iter().all(|known| known.span != target.span)));
            }
        }
        let name = |table: &&super::Table| table.name.clone().or_else(|| table.class_path.last().cloned());
        reached[1..].iter().filter_map(name).collect()
    }
}

/// Names of an annotation that are no target.
const CONTAINERS: &[&str] = &[
    "Mapped",
    "DynamicMapped",
    "WriteOnlyMapped",
    "Optional",
    "Union",
    "None",
    "List",
    "list",
    "Set",
    "set",
    "Dict",
    "dict",
    "Sequence",
    "Collection",
    "Iterable",
    "Annotated",
    "typing",
    "str",
    "t",
    "orm",
    "sqlalchemy",
];

impl Relationship {
    /// The side that `backref` gives the other class: back to `class`, by the same table.
    pub(super) fn mirrored(&self, class: (ModuleId, StmtId), name: &str) -> Option<Self> {
        let attribute = self.back_populates.clone().filter(|_| self.is_backref)?;
        Some(Self {
            attribute,
            target: Some(name.to_owned()),
            class: Some(class),
            back_populates: Some(self.attribute.clone()),
            cascade: None,
            lazy: None,
            is_backref: false,
            is_collection: false,
            is_view_only: false,
            passive_deletes: false,
            ..self.clone()
        })
    }
}

impl Project {
    pub(super) fn relationship(&self, attribute: &str, annotation: Option<ExprId>, call: &CallAt<'_>) -> Relationship {
        let module = call.module;
        let text = |name: &str| option(call, name).and_then(|value| self.constant_string(module, value));
        let written = |name: &str| option(call, name).map(|value| self.text_at(module, value));
        let flag = |name: &str| match module.python.syntax.expr(option(call, name)?).kind {
            ExprKind::Bool(value) => Some(value),
            _ => None,
        };
        let argument = call.args.first().copied().or_else(|| call.keyword("argument"));
        let (target, class) = match argument {
            Some(argument) => self.relationship_target(module, argument),
            None => annotation.map_or((None, None), |annotation| self.annotated_target(module, annotation)),
        };
        Relationship {
            attribute: attribute.to_owned(),
            target,
            class,
            back_populates: text("back_populates").or_else(|| self.backref(call)),
            // SQLModel has a word of its own.
            cascade: text("cascade").or_else(|| call.flag("cascade_delete")?.then(|| "all, delete-orphan".to_owned())),
            lazy: text("lazy").or_else(|| written("lazy")),
            secondary: text("secondary").or_else(|| written("secondary")).or_else(|| written("link_model")),
            foreign_keys: written("foreign_keys"),
            is_backref: call.gives("backref"),
            is_collection: flag("uselist").unwrap_or_else(|| {
                annotation.map_or(option(call, "secondary").is_some(), |annotation| {
                    let text = self.text_at(module, annotation).to_lowercase();
                    ["list[", "set[", "sequence[", "dict[", "collection["].iter().any(|name| text.contains(name))
                })
            }),
            is_view_only: flag("viewonly").unwrap_or(false),
            passive_deletes: option(call, "passive_deletes").is_some_and(|value| {
                !matches!(module.python.syntax.expr(value).kind, ExprKind::None | ExprKind::Bool(false))
            }),
            span: module.span_of(call.func),
        }
    }

    fn backref(&self, call: &CallAt<'_>) -> Option<String> {
        let value = call.keyword("backref")?;
        let name = CallAt::of(call.module, value).and_then(|inner| inner.args.first().copied());
        self.constant_string(call.module, name.unwrap_or(value))
    }

    fn relationship_target(&self, module: &Module, expr: ExprId) -> (Option<String>, Option<(ModuleId, StmtId)>) {
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Lambda { body, .. } => self.relationship_target(module, *body),
            ExprKind::Str { value, .. } => (Some(value.to_string()), None),
            _ => {
                let class = self.class(module, expr).map(|(home, class, _)| (home.id, class));
                (Some(self.text_at(module, expr)), class)
            }
        }
    }

    /// The class that an annotation such as `Mapped[list["Item"]]` leads to: the last name that is no container.
    fn annotated_target(&self, module: &Module, annotation: ExprId) -> (Option<String>, Option<(ModuleId, StmtId)>) {
        let syntax = &module.python.syntax;
        let parts: Vec<ExprId> = syntax.walk_exprs_of(annotation).collect();
        for &part in parts.iter().rev() {
            match &syntax.expr(part).kind {
                ExprKind::Str { value, .. } => {
                    let mut words = value.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
                    let named = words.rfind(|word| !word.is_empty() && !CONTAINERS.contains(word));
                    if let Some(named) = named {
                        return (Some(named.to_owned()), None);
                    }
                }
                ExprKind::Name { id, .. } if !CONTAINERS.contains(&syntax.name(*id)) => {
                    return self.relationship_target(module, part);
                }
                _ => {}
            }
        }
        (None, None)
    }
}
