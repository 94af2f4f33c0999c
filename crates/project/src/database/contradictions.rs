//! Columns that say two things of one value: the annotation against the type, the default against the type.

use super::ColumnType;
use super::annotations::Annotation;
use super::columns::Parts;
use super::reading::CallAt;
use crate::Project;
use pyaudit_python::{ExprId, ExprKind};
use pyaudit_source::Span;

/// Two things that a column says of one value and that cannot both be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// What contradicts what.
    pub kind: ContradictionKind,
    /// The annotation, argument or default that is wrong or right.
    pub span: Span,
}

/// What contradicts what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContradictionKind {
    /// The annotation names another type than the column has.
    Annotation {
        /// The annotation inside `Mapped[…]`, as it is written.
        annotation: String,
        /// The type of the column.
        column: String,
    },
    /// The annotation says that there is always a value, and the column may be null.
    NeverNone,
    /// The annotation allows `None`, and the column does not, nor has it a default.
    MaybeNone,
    /// The default is of another type than the column.
    Default {
        /// The default, as it is written.
        value: String,
        /// The type of the column.
        column: String,
    },
    /// The default has a time zone, and the column has none.
    AwareDefault,
}

/// The kinds of value that a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Whole numbers.
    Integer,
    /// Texts.
    Text,
    /// True and false.
    Boolean,
    /// Binary fractions.
    Float,
    /// Decimal fractions.
    Numeric,
    /// Points in time.
    DateTime,
    /// Days.
    Date,
    /// Times of day.
    Time,
    /// Universally unique identifiers.
    Uuid,
    /// Bytes.
    Binary,
}

/// The types of SQLAlchemy, in lower case, by the values that they hold.
const FAMILIES: &[(Family, &[&str])] = &[
    (Family::Integer, &["integer", "smallinteger", "biginteger", "int", "bigint", "smallint", "tinyint", "mediumint"]),
    (
        Family::Text,
        &["string", "text", "unicode", "unicodetext", "varchar", "char", "nvarchar", "autostring", "citext"],
    ),
    (Family::Boolean, &["boolean"]),
    (Family::Float, &["float", "double", "real", "double_precision"]),
    (Family::Numeric, &["numeric", "decimal"]),
    (Family::DateTime, &["datetime", "timestamp"]),
    (Family::Date, &["date"]),
    (Family::Time, &["time"]),
    (Family::Uuid, &["uuid"]),
    (Family::Binary, &["largebinary", "blob", "bytea", "varbinary"]),
];

impl ColumnType {
    /// What kind of value it holds, where it is a type of a library that is known.
    pub fn family(&self) -> Option<Family> {
        let is_own = self.symbol.as_ref().is_some_and(|symbol| symbol.external().is_none());
        let name = self.name.to_lowercase();
        let row = FAMILIES.iter().find(|(_, names)| names.contains(&name.as_str()));
        row.filter(|_| !is_own).map(|&(family, _)| family)
    }
}

impl Project {
    /// The contradictions of a column that `Column(…)` or `mapped_column(…)` declares with a type.
    pub(super) fn contradictions(
        &self,
        call: &CallAt<'_>,
        parts: &Parts,
        annotation: Option<(ExprId, &Annotation<'_>)>,
    ) -> Vec<Contradiction> {
        let mut found = Vec::new();
        if let Some((written, annotation)) = annotation {
            found.extend(self.against_annotation(call, parts, written, annotation));
            let is_any =
                annotation.types.iter().any(|&(module, name)| self.is_any(module, name, &["typing.Any", "object"]));
            found.extend(against_null(call, parts, annotation).filter(|_| !is_any));
        }
        found.extend(self.against_default(call, parts));
        found
    }

    fn against_annotation(
        &self,
        call: &CallAt<'_>,
        parts: &Parts,
        written: ExprId,
        annotation: &Annotation<'_>,
    ) -> Option<Contradiction> {
        let column = parts.column_type.as_ref()?;
        let family = column.family()?;
        // `int | str`, or an alias whose map entry decides.
        let [(module, python)] = annotation.types[..] else { return None };
        let expected = ColumnType::named(self.default_type(module, python)?).family()?;
        let arguments: String = call
            .args
            .iter()
            .chain(&call.keyword("type_"))
            .map(|&argument| self.text_at(call.module, argument))
            .collect();
        let is_fitting = match (expected, family) {
            (one, other) if one == other => true,
            // A driver gives the text where it is told so.
            (Family::Text, Family::Uuid) => arguments.contains("as_uuid=False"),
            (Family::Float, Family::Numeric) => arguments.contains("asdecimal=False"),
            (Family::Numeric, Family::Float) => arguments.contains("asdecimal=True"),
            (Family::Integer, Family::Boolean) | (Family::Boolean, Family::Integer) => true,
            _ => arguments.contains("with_variant"),
        };
        (!is_fitting).then(|| Contradiction {
            kind: ContradictionKind::Annotation {
                annotation: self.text_at(call.module, written),
                column: column.to_string(),
            },
            span: call.module.span_of(written),
        })
    }

    fn against_default(&self, call: &CallAt<'_>, parts: &Parts) -> Option<Contradiction> {
        let column = parts.column_type.as_ref()?;
        let default = call.keyword("default").or_else(|| call.keyword("insert_default"))?;
        let module = call.module;
        let family = column.family()?;
        let span = module.span_of(default);
        if family == Family::DateTime && self.is_aware(call, default) {
            let written: String = call.args.iter().map(|&argument| self.text_at(module, argument)).collect();
            // A name stands for a type that is made elsewhere.
            let is_naive = !written.contains("timezone") && !written.to_lowercase().contains("tz");
            return is_naive.then_some(Contradiction { kind: ContradictionKind::AwareDefault, span });
        }
        let fits = match module.python.syntax.expr(default).kind {
            ExprKind::Str { .. } => matches!(family, Family::Text | Family::Uuid),
            ExprKind::Int(_) => {
                family != Family::Text && !matches!(family, Family::DateTime | Family::Date | Family::Uuid)
            }
            ExprKind::Bool(_) => matches!(family, Family::Boolean | Family::Integer),
            ExprKind::List { .. } | ExprKind::Dict(_) => false,
            _ => true,
        };
        let kind = ContradictionKind::Default { value: self.text_at(module, default), column: column.to_string() };
        (!fits).then_some(Contradiction { kind, span })
    }

    /// Whether a default gives times with a zone: `datetime.now(timezone.utc)`, itself or in a lambda.
    fn is_aware(&self, call: &CallAt<'_>, default: ExprId) -> bool {
        let module = call.module;
        let zones = ["datetime.timezone.utc", "datetime.UTC", "pytz.utc", "pytz.UTC"];
        module.python.syntax.walk_exprs_of(default).any(|part| {
            matches!(module.python.syntax.expr(part).kind, ExprKind::Name { .. } | ExprKind::Attribute { .. })
                && self.is_any(module, part, &zones)
        }) && !self.text_at(module, default).contains("replace(")
    }
}

fn against_null(call: &CallAt<'_>, parts: &Parts, annotation: &Annotation<'_>) -> Option<Contradiction> {
    let nullable = parts.nullable?;
    let has_value = parts.has_default || parts.has_server_default || parts.primary_key == Some(true);
    let kind = match (annotation.is_optional, nullable) {
        (false, true) if !annotation.types.is_empty() => ContradictionKind::NeverNone,
        (true, false) if !has_value => ContradictionKind::MaybeNone,
        _ => return None,
    };
    Some(Contradiction { kind, span: call.module.span_of(call.keyword("nullable")?) })
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn told(column: &str) -> String {
        let text = format!(
            "from datetime import date, datetime, timezone\nfrom decimal import Decimal\nfrom typing import Any\nfrom sqlalchemy import *\n\
             from sqlalchemy import Boolean, Column, Date, DateTime, Integer, Numeric, String, Uuid\n\
             from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\nclass Base(DeclarativeBase): pass\n\
             class Item(Base):\n    __tablename__ = 'items'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    {column}\n"
        );
        let project = project(&[("app/models.py", &text)]);
        let table = project.database.table("items").expect("it is mapped");
        let all = table.columns.iter().flat_map(|column| &column.contradictions);
        let names: Vec<String> = all.map(|one| project.sources.slice(one.span).to_owned()).collect();
        names.join(" ")
    }

    #[test]
    fn what_a_column_says_twice_must_agree() {
        assert_eq!(told("n: Mapped[int] = mapped_column(String(20))"), "int");
        assert_eq!(told("n: Mapped[float] = mapped_column(Numeric(10, 2))"), "float");
        assert_eq!(told("n: Mapped[datetime] = mapped_column(Date)"), "datetime");
        assert_eq!(told("n: Mapped[str] = mapped_column(String, nullable=True)"), "True");
        assert_eq!(told("n: Mapped[str | None] = mapped_column(String, nullable=False)"), "False");
        assert_eq!(told("n = Column(Integer, default='0')"), "'0'");
        assert_eq!(told("n = Column(Boolean, default='false')"), "'false'");
        assert_eq!(
            told("n = Column(DateTime, default=lambda: datetime.now(timezone.utc))"),
            "lambda: datetime.now(timezone.utc)"
        );
    }

    #[test]
    fn what_agrees_or_converts_is_left_alone() {
        for column in [
            "n: Mapped[int] = mapped_column(BigInteger)",
            "n: Mapped[str] = mapped_column(Uuid(as_uuid=False))",
            "n: Mapped[float] = mapped_column(Numeric(10, 2, asdecimal=False))",
            "n: Mapped[Decimal] = mapped_column(Numeric(10, 2))",
            "n: Mapped[str | None] = mapped_column(String, nullable=False, default='x')",
            "n: Mapped[str | None] = mapped_column(String, nullable=True)",
            "n: Mapped[bool] = mapped_column(Integer)",
            "n: Mapped[Any] = mapped_column(String, nullable=True)",
            "n = Column(Boolean, default=0)",
            "n = Column(Numeric, default=0)",
            "n = Column(DateTime(timezone=True), default=lambda: datetime.now(timezone.utc))",
            "n = Column(DateTime, default=datetime.utcnow)",
        ] {
            assert_eq!(told(column), "", "{column}");
        }
    }
}
