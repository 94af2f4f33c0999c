//! What annotations say of a column: `Mapped[str | None]`, `Annotated[int, mapped_column(primary_key=True)]`.

use super::ColumnType;
use crate::{Definition, Module, Project};
use pyaudit_python::{ExprId, ExprKind, StmtId};

/// The types that SQLAlchemy takes for Python's when nothing else is said ("Mapped Column Derives the Datatype and
/// Nullability from the Mapped Annotation").
const DEFAULTS: &[(&str, &str)] = &[
    ("int", "Integer"),
    ("str", "String"),
    ("bool", "Boolean"),
    ("float", "Float"),
    ("bytes", "LargeBinary"),
    ("datetime.datetime", "DateTime"),
    ("datetime.date", "Date"),
    ("datetime.time", "Time"),
    ("datetime.timedelta", "Interval"),
    ("decimal.Decimal", "Numeric"),
    ("uuid.UUID", "Uuid"),
    ("enum.Enum", "Enum"),
];

/// Classes whose subclasses are enumerations.
const ENUMERATIONS: &[&str] = &["enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"];

/// What an annotation says.
#[derive(Default, Clone)]
pub(crate) struct Annotation<'p> {
    /// The types that stand in it, aliases and what is behind them, from the outside in.
    pub types: Vec<(&'p Module, ExprId)>,
    /// Whether `None` is allowed.
    pub is_optional: bool,
    /// The further arguments of `Annotated`, outermost first.
    pub extras: Vec<(&'p Module, ExprId)>,
}

impl Project {
    /// The annotation inside `Mapped[…]`.
    pub(super) fn mapped_annotation(&self, module: &Module, annotation: ExprId) -> Option<ExprId> {
        let ExprKind::Subscript { value, slice, .. } = &module.python.syntax.expr(annotation).kind else { return None };
        let name = self.library_name(module, *value)?;
        matches!(name.as_str(), "Mapped" | "WriteOnlyMapped" | "DynamicMapped").then_some(*slice)
    }

    /// Reads an annotation, through aliases, `Optional`, unions and `Annotated`.
    pub(crate) fn annotation<'p>(&'p self, module: &'p Module, expr: ExprId) -> Annotation<'p> {
        let mut found = Annotation::default();
        self.read_annotation(module, expr, 12, &mut found);
        found
    }

    fn read_annotation<'p>(&'p self, module: &'p Module, expr: ExprId, hops: usize, into: &mut Annotation<'p>) {
        let Some(hops) = hops.checked_sub(1) else { return };
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::None => into.is_optional = true,
            ExprKind::BinOp { left, right, .. } => {
                self.read_annotation(module, *left, hops, into);
                self.read_annotation(module, *right, hops, into);
            }
            ExprKind::Subscript { value, slice, .. } => {
                let elements = match &syntax.expr(*slice).kind {
                    ExprKind::Tuple { elts, .. } => elts.to_vec(),
                    _ => vec![*slice],
                };
                if self.is_any(module, *value, &["typing.Optional", "typing.Union"]) {
                    into.is_optional |= self.is_any(module, *value, &["typing.Optional"]);
                    for element in elements {
                        self.read_annotation(module, element, hops, into);
                    }
                } else if self.is_any(module, *value, &["typing.Annotated", "typing_extensions.Annotated"]) {
                    into.extras.extend(elements.iter().skip(1).map(|&extra| (module, extra)));
                    self.read_annotation(module, elements[0], hops, into);
                } else {
                    into.types.push((module, *value));
                }
            }
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                into.types.push((module, expr));
                let named = self.symbol(module, expr).and_then(|symbol| self.definition(&symbol));
                if let Some((home, Definition::Value(value))) = named {
                    self.read_annotation(home, value, hops, into);
                }
            }
            _ => {}
        }
    }

    /// The type of a column by its annotation: by the map of its declarative base, then by SQLAlchemy's own.
    pub(super) fn annotated_type(&self, annotation: &Annotation<'_>, map: &[TypeEntry<'_>]) -> Option<ColumnType> {
        for &(module, expr) in &annotation.types {
            let symbol = self.symbol(module, expr);
            let entry = map.iter().find(|entry| symbol.is_some() && self.symbol(entry.key_module, entry.key) == symbol);
            if let Some(entry) = entry {
                return self.column_type(entry.key_module, entry.value);
            }
        }
        annotation.types.iter().find_map(|&(module, expr)| self.default_type(module, expr).map(ColumnType::named))
    }

    /// The name of the type that a Python class is stored as.
    pub(super) fn default_type(&self, module: &Module, expr: ExprId) -> Option<&'static str> {
        let symbol = self.symbol(module, expr)?;
        if symbol.is_any(&["typing.Literal", "typing_extensions.Literal"]) {
            return Some("Enum");
        }
        if let Some((_, name)) = DEFAULTS.iter().find(|(python, _)| symbol.is(python)) {
            return Some(name);
        }
        let (home, class, _) = self.class(module, expr)?;
        self.inherits_from(home, class, ENUMERATIONS).then_some("Enum")
    }

    /// The `type_annotation_map` of the classes of a lineage.
    pub(super) fn type_map<'p>(&'p self, lineage: &[(&'p Module, StmtId)]) -> Vec<TypeEntry<'p>> {
        let mut entries = Vec::new();
        for &(module, class) in lineage {
            let Some(value) = module.class_value(class, "type_annotation_map") else { continue };
            let (home, value) = self.follow(module, value);
            if let ExprKind::Dict(items) = &home.python.syntax.expr(value).kind {
                let known = items.iter().filter_map(|item| Some((item.key?, item.value)));
                entries.extend(known.map(|(key, value)| TypeEntry { key_module: home, key, value }));
            }
        }
        entries
    }
}

/// One line of a `type_annotation_map`.
pub(super) struct TypeEntry<'p> {
    key_module: &'p Module,
    key: ExprId,
    value: ExprId,
}
