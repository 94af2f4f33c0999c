//! Columns: `Column(…)`, `mapped_column(…)`, `Field(…)` of SQLModel, and what an annotation adds.

use super::annotations::{Annotation, TypeEntry};
use super::reading::CallAt;
use super::{Column, ColumnType, ForeignKey};
use crate::{Definition, Module, Project};
use pyaudit_python::{ExprId, ExprKind};
use pyaudit_source::Span;

/// Positional arguments of a column that are neither its name nor its type.
const ITEMS: &[&str] = &["ForeignKey", "Sequence", "Identity", "Computed", "CheckConstraint", "FetchedValue"];

/// What has been said of a column so far. What is said first wins.
#[derive(Default, Clone)]
pub(super) struct Parts {
    pub name: Option<String>,
    pub column_type: Option<ColumnType>,
    pub nullable: Option<bool>,
    pub primary_key: Option<bool>,
    pub unique: Option<bool>,
    pub index: Option<bool>,
    pub has_default: bool,
    pub has_server_default: bool,
    pub has_on_update: bool,
    pub autoincrement: Option<bool>,
    pub foreign_keys: Vec<ForeignKey>,
}

impl Parts {
    /// Takes over what has not been said yet.
    pub(super) fn fill(&mut self, other: Self) {
        self.name = self.name.take().or(other.name);
        self.column_type = self.column_type.take().or(other.column_type);
        self.nullable = self.nullable.or(other.nullable);
        self.primary_key = self.primary_key.or(other.primary_key);
        self.unique = self.unique.or(other.unique);
        self.index = self.index.or(other.index);
        self.has_default |= other.has_default;
        self.has_server_default |= other.has_server_default;
        self.has_on_update |= other.has_on_update;
        self.autoincrement = self.autoincrement.or(other.autoincrement);
        if self.foreign_keys.is_empty() {
            self.foreign_keys = other.foreign_keys;
        }
    }

    /// The column, given what its annotation says of `None`.
    pub(super) fn finish(self, attribute: &str, span: Span, is_optional: Option<bool>) -> Column {
        let primary_key = self.primary_key.unwrap_or(false);
        Column {
            attribute: attribute.to_owned(),
            name: self.name.unwrap_or_else(|| attribute.to_owned()),
            span,
            column_type: self.column_type,
            nullable: self.nullable.unwrap_or(!primary_key && is_optional.unwrap_or(true)),
            primary_key,
            unique: self.unique.unwrap_or(false),
            index: self.index.unwrap_or(false),
            has_default: self.has_default,
            has_server_default: self.has_server_default,
            has_on_update: self.has_on_update,
            autoincrement: self.autoincrement,
            foreign_keys: self.foreign_keys,
            contradictions: Vec::new(),
        }
    }
}

impl Project {
    /// What `Column(…)` or `mapped_column(…)` says.
    pub(super) fn column_parts(&self, call: &CallAt<'_>) -> Parts {
        let module = call.module;
        let mut parts = Parts {
            nullable: call.flag("nullable"),
            primary_key: call.flag("primary_key"),
            unique: call.flag("unique"),
            index: call.flag("index"),
            has_default: call.gives("default") || call.gives("insert_default") || call.gives("default_factory"),
            has_server_default: call.gives("server_default"),
            has_on_update: call.gives("onupdate"),
            autoincrement: call.flag("autoincrement"),
            name: call.keyword("name").and_then(|name| self.constant_string(module, name)),
            column_type: call.keyword("type_").and_then(|expr| self.column_type(module, expr)),
            ..Parts::default()
        };
        for (at, &argument) in call.args.iter().enumerate() {
            let (home, followed) = self.follow(module, argument);
            let item = CallAt::of(home, followed);
            let item_name = item.and_then(|item| self.library_name(home, item.func));
            match (item, item_name.as_deref()) {
                (Some(item), Some("ForeignKey")) => parts.foreign_keys.extend(self.foreign_key(&item)),
                (_, Some("Identity" | "Computed" | "FetchedValue" | "Sequence")) => parts.has_server_default = true,
                (_, Some(name)) if ITEMS.contains(&name) => {}
                _ if at == 0 && matches!(home.python.syntax.expr(followed).kind, ExprKind::Str { .. }) => {
                    parts.name = self.constant_string(home, followed);
                }
                _ if parts.column_type.is_none() => parts.column_type = self.column_type(module, argument),
                _ => {}
            }
        }
        parts
    }

    /// What an annotation adds: the columns inside `Annotated`, the type, whether `None` is allowed.
    pub(super) fn add_annotation(&self, parts: &mut Parts, annotation: &Annotation<'_>, map: &[TypeEntry<'_>]) {
        for &(module, extra) in &annotation.extras {
            let call = CallAt::of(module, extra);
            if let Some(call) = call.filter(|call| {
                matches!(self.library_name(module, call.func).as_deref(), Some("mapped_column" | "Column"))
            }) {
                parts.fill(self.column_parts(&call));
            }
        }
        if parts.column_type.is_none() && parts.foreign_keys.is_empty() {
            parts.column_type = self.annotated_type(annotation, map);
        }
    }

    /// What a field of an SQLModel says.
    pub(super) fn field_parts(&self, call: Option<&CallAt<'_>>, annotation: &Annotation<'_>) -> (Parts, Option<bool>) {
        let is_optional = Some(annotation.is_optional);
        let Some(call) = call else { return (self.with_field_type(Parts::default(), None, annotation), is_optional) };
        if let Some(column) = call.keyword("sa_column") {
            let (home, column) = self.follow(call.module, column);
            let mut parts = CallAt::of(home, column).map(|column| self.column_parts(&column)).unwrap_or_default();
            // The object has the default of the field before the column is asked for one.
            parts.has_default |= call.gives("default") || call.gives("default_factory");
            return (parts, None);
        }
        let mut parts = Parts {
            nullable: call.flag("nullable"),
            primary_key: call.flag("primary_key"),
            unique: call.flag("unique"),
            index: call.flag("index"),
            has_default: call.gives("default") || call.gives("default_factory") || !call.args.is_empty(),
            column_type: call.keyword("sa_type").and_then(|expr| self.column_type(call.module, expr)),
            ..Parts::default()
        };
        if let Some(target) = call.keyword("foreign_key") {
            let on_delete = call.keyword("ondelete").and_then(|text| self.constant_string(call.module, text));
            parts.foreign_keys.push(ForeignKey {
                target: self.constant_string(call.module, target),
                on_delete,
                span: call.module.span_of(target),
            });
        }
        self.add_field_keywords(&mut parts, call);
        (self.with_field_type(parts, Some(call), annotation), is_optional)
    }

    /// `sa_column_kwargs={"server_default": …}` and `sa_column_args=[ForeignKey(…)]`.
    fn add_field_keywords(&self, parts: &mut Parts, call: &CallAt<'_>) {
        let syntax = &call.module.python.syntax;
        if let Some(ExprKind::Dict(items)) = call.keyword("sa_column_kwargs").map(|expr| &syntax.expr(expr).kind) {
            for item in items {
                match item.key.and_then(|key| syntax.string(key)) {
                    Some("server_default") => parts.has_server_default = true,
                    Some("onupdate") => parts.has_on_update = true,
                    Some("default") => parts.has_default = true,
                    Some("name") => parts.name = self.constant_string(call.module, item.value),
                    Some("unique") => {
                        parts.unique = Some(matches!(syntax.expr(item.value).kind, ExprKind::Bool(true)));
                    }
                    _ => {}
                }
            }
        }
        let arguments = call.keyword("sa_column_args").map(|expr| &syntax.expr(expr).kind);
        if let Some(ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. }) = arguments {
            for &element in elts {
                let item = CallAt::of(call.module, element);
                let key =
                    item.filter(|item| self.library_name(item.module, item.func).as_deref() == Some("ForeignKey"));
                parts.foreign_keys.extend(key.and_then(|key| self.foreign_key(&key)));
            }
        }
    }

    fn with_field_type(&self, mut parts: Parts, call: Option<&CallAt<'_>>, annotation: &Annotation<'_>) -> Parts {
        if parts.column_type.is_some() {
            return parts;
        }
        let size = |name: &str| {
            let call = call?;
            self.integer(call.module, call.keyword(name)?)
        };
        let found = annotation.types.iter().find_map(|&(module, expr)| {
            let symbol = self.symbol(module, expr)?;
            let is_text = symbol.external().is_some_and(|name| name.starts_with("pydantic."));
            let is_path = symbol.is_any(&["pathlib.Path", "ipaddress.IPv4Address", "typing.Literal"]);
            if is_text || is_path { Some("AutoString") } else { self.default_type(module, expr) }
        });
        parts.column_type = found.map(|name| match name {
            "String" | "AutoString" => {
                ColumnType { sizes: size("max_length").into_iter().collect(), ..ColumnType::named("AutoString") }
            }
            "Numeric" => {
                let sizes = [size("max_digits"), size("decimal_places")].into_iter().flatten().collect();
                ColumnType { sizes, ..ColumnType::named("Numeric") }
            }
            name => ColumnType::named(name),
        });
        parts
    }

    /// The type that an expression names or makes.
    pub(super) fn column_type(&self, module: &Module, expr: ExprId) -> Option<ColumnType> {
        let (home, value) = self.follow(module, expr);
        let syntax = &home.python.syntax;
        match &syntax.expr(value).kind {
            ExprKind::Call { func, args, keywords } => {
                if let ExprKind::Attribute { value, attr, .. } = &syntax.expr(*func).kind
                    && syntax.identifier(*attr) == "with_variant"
                {
                    return self.column_type(home, *value);
                }
                let (func_home, func) = self.follow(home, *func);
                let mut found = self.column_type_name(func_home, func)?;
                let named = ["length", "precision", "scale"];
                let named = named.iter().filter_map(|name| home.keyword(keywords, name));
                found.sizes = args.iter().copied().chain(named).filter_map(|size| self.integer(home, size)).collect();
                found.arguments = args.iter().map(|&argument| self.text_at(home, argument)).collect();
                Some(found)
            }
            _ => self.column_type_name(home, value),
        }
    }

    fn column_type_name(&self, module: &Module, expr: ExprId) -> Option<ColumnType> {
        let symbol = self.symbol(module, expr)?;
        let name = match self.definition(&symbol) {
            Some((home, Definition::Class(id))) => {
                let syntax = &home.python.syntax;
                home.class(id).map(|class| syntax.identifier(class.name).to_owned())?
            }
            Some(_) => return None,
            None => symbol.external()?.rsplit('.').next()?.to_owned(),
        };
        Some(ColumnType { symbol: Some(symbol), ..ColumnType::named(&name) })
    }

    /// The key that `ForeignKey(…)` declares.
    pub(super) fn foreign_key(&self, call: &CallAt<'_>) -> Option<ForeignKey> {
        let target = call.args.first().copied().or_else(|| call.keyword("column"))?;
        let on_delete = call.keyword("ondelete").and_then(|text| self.constant_string(call.module, text));
        let span = call.module.span_of(target);
        Some(ForeignKey { target: self.key_target(call.module, target), on_delete, span })
    }

    /// `table.column` of what a foreign key is given: a text, `User.id`, `users.c.id`.
    pub(super) fn key_target(&self, module: &Module, expr: ExprId) -> Option<String> {
        if let Some(text) = self.constant_string(module, expr).filter(|text| text.contains('.')) {
            return Some(text);
        }
        let syntax = &module.python.syntax;
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(expr).kind else { return None };
        let column = syntax.identifier(*attr);
        let holder = match &syntax.expr(*value).kind {
            ExprKind::Attribute { value, attr, .. } if matches!(syntax.identifier(*attr), "c" | "columns") => *value,
            _ => *value,
        };
        if let Some((home, class, _)) = self.class(module, holder) {
            let table = self.table_name(home, class)?;
            return Some(format!("{table}.{}", self.column_name(home, class, column)));
        }
        let (home, table) = self.follow(module, holder);
        let call =
            CallAt::of(home, table).filter(|call| self.library_name(home, call.func).as_deref() == Some("Table"))?;
        Some(format!("{}.{column}", self.constant_string(home, *call.args.first()?)?))
    }

    /// The name in the database of an attribute of a mapped class.
    fn column_name(&self, module: &Module, class: pyaudit_python::StmtId, attribute: &str) -> String {
        let name = match self.member(module, class, attribute) {
            Some((home, Definition::Value(value) | Definition::Annotated { value: Some(value), .. })) => {
                CallAt::of(home, value)
                    .filter(|call| {
                        matches!(self.library_name(home, call.func).as_deref(), Some("Column" | "mapped_column"))
                    })
                    .and_then(|call| self.column_parts(&call).name)
            }
            _ => None,
        };
        name.unwrap_or_else(|| attribute.to_owned())
    }
}
