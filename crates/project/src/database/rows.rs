//! Which table the rows of an expression are of: what queries give, what annotations say.

use super::Table;
use crate::{Module, Project};
use pyaudit_python::{BindingKind, ExprId, ExprKind};

/// How many names, calls and functions are followed in a row.
const HOPS: usize = 12;

/// Methods of queries and results that give one row.
const ONE: &[&str] = &["first", "one", "one_or_none", "scalar_one", "scalar_one_or_none", "scalar", "get", "get_one"];

/// Methods of queries and statements that leave what they ask for.
pub(crate) const REFINEMENTS: &[&str] = &[
    "filter",
    "filter_by",
    "where",
    "options",
    "order_by",
    "limit",
    "offset",
    "unique",
    "join",
    "outerjoin",
    "with_for_update",
    "populate_existing",
    "execution_options",
    "distinct",
    "yield_per",
];

/// Others of queries, statements and results that give rows of the same table.
const SAME: &[&str] = &["scalars", "returning", "all"];

/// Methods of sessions that run a statement.
const RUNS: &[&str] = &["execute", "scalars", "scalar", "exec", "stream", "stream_scalars"];

/// Calls that start a statement over one table.
const STARTS: &[&str] = &["select", "update", "delete", "insert"];

impl Project {
    /// The table that a row is of: of `db.get(User, id)`, `db.query(User).first()`, `await session.scalar(select(User))`, a
    /// parameter `user: User`, a call of a function that gives one. `None` where it cannot be told.
    pub fn table_of_row(&self, module: &Module, expr: ExprId) -> Option<&Table> {
        self.row(module, expr, HOPS)
    }

    /// The table that a query or statement is over: `db.query(User).filter(…)`, `select(User).where(…)`, `delete(User)`.
    pub fn table_of_query(&self, module: &Module, expr: ExprId) -> Option<&Table> {
        self.rows(module, expr, HOPS)
    }

    fn row(&self, module: &Module, expr: ExprId, hops: usize) -> Option<&Table> {
        let hops = hops.checked_sub(1)?;
        let syntax = &module.python.syntax;
        let found = match &syntax.expr(expr).kind {
            ExprKind::Await(value) | ExprKind::Named { value, .. } => self.row(module, *value, hops),
            ExprKind::Name { .. } => assigned(module, expr, |value| self.row(module, value, hops)),
            ExprKind::Call { func, args, .. } => match &syntax.expr(*func).kind {
                ExprKind::Attribute { value, attr, .. } if ONE.contains(&syntax.identifier(*attr)) => {
                    let is_session = self.database_object(module, *value).is_some();
                    match args.first() {
                        Some(&first) if is_session => {
                            self.mapped(module, first).or_else(|| self.rows(module, first, hops))
                        }
                        _ => self.rows(module, *value, hops),
                    }
                }
                _ => None,
            },
            _ => None,
        };
        found.or_else(|| self.typed_row(module, expr, hops))
    }

    /// The table of the class that an expression is an instance of, or that a function of the project finds.
    fn typed_row(&self, module: &Module, expr: ExprId, hops: usize) -> Option<&Table> {
        if let Some(class) = self.type_of(module, expr) {
            return self.database.model_of(self, &class);
        }
        let ExprKind::Call { .. } = module.python.syntax.expr(expr).kind else { return None };
        let (home, function) = self.run_by(module, expr)?;
        let mut rows =
            super::reading::returned(home, function).into_iter().filter_map(|value| self.row(home, value, hops));
        let first = rows.next()?;
        rows.all(|other| other.span == first.span).then_some(first)
    }

    fn rows(&self, module: &Module, expr: ExprId, hops: usize) -> Option<&Table> {
        let hops = hops.checked_sub(1)?;
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Await(value) => self.rows(module, *value, hops),
            ExprKind::Name { .. } => assigned(module, expr, |value| self.rows(module, value, hops)),
            ExprKind::Call { func, args, .. } => match &syntax.expr(*func).kind {
                ExprKind::Attribute { value, attr, .. } => {
                    let name = syntax.identifier(*attr);
                    let is_session = |at: ExprId| self.database_object(module, at).is_some();
                    if let [only] = **args
                        && name == "query"
                        && is_session(*value)
                    {
                        return self.mapped(module, only);
                    }
                    if RUNS.contains(&name) && !args.is_empty() && is_session(*value) {
                        return self.rows(module, args[0], hops);
                    }
                    if REFINEMENTS.contains(&name) || SAME.contains(&name) {
                        return self.rows(module, *value, hops);
                    }
                    self.started(module, *func, args)
                }
                _ => self.started(module, *func, args),
            },
            _ => None,
        }
    }

    /// The table of `select(User)`, where that is all that is selected.
    fn started(&self, module: &Module, func: ExprId, args: &[ExprId]) -> Option<&Table> {
        let [only] = *args else { return None };
        let name = self.library_name(module, func)?;
        STARTS.contains(&name.as_str()).then(|| self.mapped(module, only)).flatten()
    }

    /// The table of a mapped class that is named.
    pub(super) fn mapped(&self, module: &Module, expr: ExprId) -> Option<&Table> {
        let (home, class, _) = self.class(module, expr)?;
        self.database.table_of_class(home.id, class)
    }
}

/// What all places that assign a name agree on.
fn assigned<'p>(module: &Module, name: ExprId, of: impl Fn(ExprId) -> Option<&'p Table>) -> Option<&'p Table> {
    let (_, binding) = module.python.lookup(name)?;
    let mut found: Option<&Table> = None;
    for site in &binding.sites {
        let BindingKind::Assigned(value) = site.kind else { return None };
        // `query = query.filter(…)` says no more than what it started from.
        let Some(table) = of(value) else { continue };
        if found.is_some_and(|known| known.span != table.span) {
            return None;
        }
        found = Some(table);
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;
    use pyaudit_python::ExprKind;

    /// The table of the row that the last call is given.
    fn row(body: &str) -> String {
        let text = format!(
            "from sqlalchemy import select\nfrom sqlalchemy.ext.asyncio import AsyncSession\nfrom sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column\n\
             class Base(DeclarativeBase): pass\nclass User(Base):\n    __tablename__ = 'users'\n    id: Mapped[int] = mapped_column(primary_key=True)\n\
             class Team(Base):\n    __tablename__ = 'teams'\n    id: Mapped[int] = mapped_column(primary_key=True)\n\
             def find(db: Session, id):\n    return db.query(User).filter(User.id == id).first()\n{body}"
        );
        let project = project(&[("app/models.py", &text)]);
        let module = project.modules.iter().next().expect("it was parsed");
        let syntax = &module.python.syntax;
        let last = syntax.exprs().filter_map(|(_, expr)| match &expr.kind {
            ExprKind::Call { func, args, .. } if project.sources.slice(module.span_of(*func)) == "show" => args.first(),
            _ => None,
        });
        let shown = *last.last().expect("it is shown");
        project.table_of_row(module, shown).and_then(|table| table.name.clone()).unwrap_or_default()
    }

    #[test]
    fn rows_are_of_the_table_that_was_asked() {
        for (body, table) in [
            ("def f(db: Session):\n    show(db.get(User, 1))\n", "users"),
            (
                "def f(db: Session):\n    q = db.query(User)\n    q = q.filter(User.id == 1)\n    u = q.first()\n    show(u)\n",
                "users",
            ),
            (
                "async def f(db: AsyncSession):\n    r = await db.execute(select(User).where(User.id == 1))\n    u = r.scalar_one_or_none()\n    show(u)\n",
                "users",
            ),
            ("async def f(db: AsyncSession):\n    u = await db.scalar(select(Team))\n    show(u)\n", "teams"),
            ("def f(u: User):\n    show(u)\n", "users"),
            ("def f(db: Session):\n    u = find(db, 1)\n    show(u)\n", "users"),
            ("def f(db: Session):\n    show(db.query(User, Team).first())\n", ""),
            ("def f(db: Session, x):\n    show(x)\n", ""),
            ("def f(db: Session, x):\n    u = db.get(User, 1)\n    u = db.get(Team, 1)\n    show(u)\n", ""),
        ] {
            assert_eq!(row(body), table, "{body}");
        }
    }
}
