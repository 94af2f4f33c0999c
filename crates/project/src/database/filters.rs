//! Columns that queries search by.

use super::{Column, Table};
use crate::{Module, Project};
use pyaudit_python::{CompareOperator, ExprId, ExprKind, Parent, StmtId};
use pyaudit_source::Span;

/// A condition of a query on one column.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'p> {
    /// The table.
    pub table: &'p Table,
    /// The column.
    pub column: &'p Column,
    /// `User.email`, or the keyword `email` of `filter_by`.
    pub span: Span,
    /// The function around it.
    pub function: Option<StmtId>,
    /// Whether one value, or one of several, is searched: `==`, `in_`. A range otherwise.
    pub is_equality: bool,
    /// Whether it is compared with a column: a join, by which the other table narrows what is read.
    pub is_join: bool,
}

/// Methods of queries and statements that take conditions.
const CONDITIONS: &[&str] = &["where", "filter", "join", "outerjoin"];

impl Project {
    /// The conditions of the queries of a module on columns of mapped classes, in the order of the source. Left out are
    /// texts that are searched by a part, members of enumerations and what stands in a `__main__` block.
    pub fn filters_in<'p>(&'p self, module: &Module) -> Vec<Filter<'p>> {
        let syntax = &module.python.syntax;
        let mut found = Vec::new();
        for (id, expr) in syntax.exprs() {
            let ExprKind::Call { func, args, keywords } = &expr.kind else { continue };
            let ExprKind::Attribute { value, attr, .. } = &syntax.expr(*func).kind else { continue };
            let name = syntax.identifier(*attr);
            let takes_conditions = name == "filter_by" || CONDITIONS.contains(&name);
            if !takes_conditions || module.python.is_in_main_guard(Parent::Expr(id)) {
                continue;
            }
            let function = syntax.enclosing_functions(Parent::Expr(id)).next();
            if name == "filter_by" && !keywords.is_empty() {
                let Some(table) = self.table_of_query(module, *value) else { continue };
                for keyword in keywords {
                    let Some(argument) = keyword.name else { continue };
                    let Some(column) = table.column_of(syntax.identifier(argument)) else { continue };
                    let span = module.span(argument.range);
                    found.push(Filter { table, column, span, function, is_equality: true, is_join: false });
                }
            } else {
                for &argument in args {
                    for part in syntax.walk_exprs_of(argument) {
                        let condition = self.condition(module, part);
                        found.extend(condition.map(|(table, column, at, is_equality)| Filter {
                            table,
                            column,
                            span: module.span_of(at),
                            function,
                            is_equality,
                            is_join: false,
                        }));
                        found.extend(self.joined(module, part).into_iter().map(|(table, column, at)| Filter {
                            table,
                            column,
                            span: module.span_of(at),
                            function,
                            is_equality: true,
                            is_join: true,
                        }));
                    }
                }
            }
        }
        // A subquery is walked with the condition it stands in.
        found.sort_by_key(|filter| filter.span);
        found.dedup_by_key(|filter| filter.span);
        found
    }

    /// The column that a comparison or a call of `in_` searches by.
    fn condition(&self, module: &Module, expr: ExprId) -> Option<(&Table, &Column, ExprId, bool)> {
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Compare { left, comparisons } => {
                let [(operator, right)] = **comparisons else { return None };
                let is_equality = operator == CompareOperator::Eq;
                let is_range = matches!(
                    operator,
                    CompareOperator::Lt | CompareOperator::LtE | CompareOperator::Gt | CompareOperator::GtE
                );
                let sides = (self.mapped_column(module, *left), self.mapped_column(module, right));
                match sides {
                    (Some((table, column)), None) if is_equality || is_range => {
                        let is_null = matches!(syntax.expr(right).kind, ExprKind::None | ExprKind::Bool(_));
                        let is_excluded = is_null || is_member(module, right);
                        (!is_excluded).then_some((table, column, *left, is_equality))
                    }
                    _ => None,
                }
            }
            ExprKind::Call { func, args, .. } => {
                let ExprKind::Attribute { value, attr, .. } = &syntax.expr(*func).kind else { return None };
                let name = syntax.identifier(*attr);
                let is_enumerated = args.iter().any(|&argument| match &syntax.expr(argument).kind {
                    ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } | ExprKind::Set(elts) => {
                        elts.iter().any(|&element| is_member(module, element))
                    }
                    _ => false,
                });
                if is_enumerated || !matches!(name, "in_" | "between") {
                    return None;
                }
                let (table, column) = self.mapped_column(module, *value)?;
                Some((table, column, *value, name == "in_"))
            }
            _ => None,
        }
    }

    /// The two columns that a join compares.
    fn joined(&self, module: &Module, expr: ExprId) -> Vec<(&Table, &Column, ExprId)> {
        let ExprKind::Compare { left, comparisons } = &module.python.syntax.expr(expr).kind else { return Vec::new() };
        let [(CompareOperator::Eq, right)] = **comparisons else { return Vec::new() };
        match (self.mapped_column(module, *left), self.mapped_column(module, right)) {
            (Some((table, column)), Some((other, key))) => vec![(table, column, *left), (other, key, right)],
            _ => Vec::new(),
        }
    }

    /// The column that `User.email` is.
    fn mapped_column(&self, module: &Module, expr: ExprId) -> Option<(&Table, &Column)> {
        let syntax = &module.python.syntax;
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(expr).kind else { return None };
        let class = match &syntax.expr(*value).kind {
            ExprKind::Name { id, .. } => syntax.name(*id),
            ExprKind::Attribute { attr, .. } => syntax.identifier(*attr),
            _ => return None,
        };
        if !class.starts_with(char::is_uppercase) {
            return None;
        }
        let table = self.mapped(module, *value)?;
        Some((table, table.column_of(syntax.identifier(*attr))?))
    }

    /// Whether a search by a column can use an index, of the model or of the migrations.
    pub fn has_index(&self, table: &Table, column: &Column) -> bool {
        let covers = |name: &str| self.migrations.indexes.cover(name, &column.name);
        table.is_indexed(column) || table.name.as_deref().is_none_or(covers)
    }
}

/// Whether a value is a member of an enumeration, or a constant of a class: `Status.OPEN`, `Status.OPEN.value`.
fn is_member(module: &Module, value: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let ExprKind::Attribute { value: holder, attr, .. } = &syntax.expr(value).kind else { return false };
    match &syntax.expr(*holder).kind {
        ExprKind::Name { id, .. } => syntax.name(*id).starts_with(char::is_uppercase),
        ExprKind::Attribute { .. } => syntax.identifier(*attr) == "value" && is_member(module, *holder),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn filters(query: &str) -> Vec<String> {
        let text = format!(
            "from sqlalchemy import ForeignKey, and_, select\nfrom sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column\n\
             class Base(DeclarativeBase): pass\nclass User(Base):\n    __tablename__ = 'users'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    \
             email: Mapped[str] = mapped_column(unique=True)\n    city: Mapped[str]\n    age: Mapped[int]\n\
             class Order(Base):\n    __tablename__ = 'orders'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    \
             user_id: Mapped[int] = mapped_column(ForeignKey('users.id'))\ndef f(db: Session, x):\n    return {query}\n"
        );
        let project = project(&[("app/models.py", &text)]);
        let module = project.modules.iter().next().expect("it was parsed");
        let line = |filter: &super::Filter<'_>| {
            let index = if project.has_index(filter.table, filter.column) { " indexed" } else { "" };
            let range = if filter.is_equality { "" } else { " range" };
            let join = if filter.is_join { " join" } else { "" };
            format!("{}{range}{index}{join}", filter.column.name)
        };
        project.filters_in(module).iter().map(line).collect()
    }

    #[test]
    fn conditions_name_the_columns_they_search_by() {
        assert_eq!(filters("db.execute(select(User).where(User.city == x, User.age > 3))"), ["city", "age range"]);
        assert_eq!(
            filters("db.query(User).filter(and_(User.email == x, User.city.in_(x)))"),
            ["email indexed", "city"]
        );
        assert_eq!(filters("db.query(User).filter_by(city=x, other=x).first()"), ["city"]);
    }

    #[test]
    fn joins_nulls_parts_and_other_objects_are_no_conditions() {
        assert_eq!(filters("db.query(User).filter(User.id == Order.user_id)"), ["id indexed join", "user_id join"]);
        assert!(filters("db.query(User).filter(User.city == None, User.city.is_(None))").is_empty());
        assert!(filters("db.query(User).filter(User.city.ilike(x), User.city != x)").is_empty());
        assert!(filters("x.filter(x.city == 1)").is_empty());
        assert!(filters("db.query(User).filter(User.city == City.ROME, User.city.in_([City.OSLO.value]))").is_empty());
    }
}
