//! Queries whose rows a handler answers with, all of them.

use super::reading::returned;
use super::{ConstraintKind, Filter, Table};
use crate::{Module, ModuleId, Project};
use pyaudit_python::{BindingKind, CompareOperator, ExprId, ExprKind, Parent, StmtId, StmtKind, UnaryOperator};
use pyaudit_source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// How many functions are followed from a handler to its query.
const MAX_CALLS: usize = 4;

/// How many expressions one question looks at.
const MAX_STEPS: usize = 2_000;

/// How many names and calls are followed in a row from a query to what it started from.
pub(super) const MAX_HOPS: usize = 40;

/// Calls at the end of a query that give all of its rows.
const ALL: &[&str] = &["all", "fetchall", "scalars", "exec", "execute", "unique"];

/// Methods of sessions that run a statement.
const RUNS: &[&str] = &["execute", "scalars", "exec", "stream", "stream_scalars"];

/// Methods of queries, statements and results that leave the number of rows to what was asked before.
const SAME: &[&str] = &[
    "all",
    "fetchall",
    "scalars",
    "unique",
    "order_by",
    "options",
    "join",
    "outerjoin",
    "populate_existing",
    "execution_options",
    "distinct",
    "yield_per",
    "select_from",
];

/// Methods that add conditions.
const CONDITIONS: &[&str] = &["where", "filter", "filter_by"];

/// Functions that give what they are given in another form.
const FORMS: &[&str] =
    &["list", "sorted", "tuple", "reversed", "jsonable_encoder", "model_validate", "validate_python"];

/// Words of functions that wrap what they are given in an answer.
const WRAPPERS: &[&str] = &["response", "respond", "success", "ok", "envelope"];

/// Columns that name whose a row is.
const OWNERS: &[&str] = &[
    "organization_id",
    "organisation_id",
    "org_id",
    "tenant_id",
    "workspace_id",
    "account_id",
    "company_id",
    "team_id",
    "user_id",
    "owner_id",
    "customer_id",
];

/// What keeps a query from reading the whole of its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Narrowing {
    /// Nothing, or a flag that most rows have.
    None,
    /// The rows belong to something, or are searched for: fewer, but they grow as well.
    Some,
}

/// A query that reads all rows it finds, and whose rows a handler answers with.
#[derive(Debug, Clone)]
pub struct WholeRead<'p> {
    /// The table.
    pub table: &'p Table,
    /// The module of the query.
    pub module: &'p Module,
    /// The call that gives the rows: `.all()`.
    pub call: ExprId,
    /// What it leaves out.
    pub narrowing: Narrowing,
    /// The calls that lead from the handler to it.
    pub through: Vec<Span>,
}

/// What is known of a query when it has been followed to its start.
#[derive(Default)]
pub(super) struct Chain<'p> {
    /// Whether something limits the rows, or may do so.
    pub(super) is_bounded: bool,
    /// Whether it locks the rows it reads.
    pub(super) is_locked: bool,
    /// The arguments of its conditions that always hold, each with its module and the keyword it is given by.
    pub(super) conditions: Vec<(&'p Module, Option<&'p str>, ExprId)>,
    seen: BTreeSet<(ModuleId, ExprId)>,
}

struct Walk<'p> {
    project: &'p Project,
    found: Vec<WholeRead<'p>>,
    seen: BTreeSet<(ModuleId, ExprId)>,
    through: Vec<Span>,
    filters: BTreeMap<ModuleId, Vec<Filter<'p>>>,
    left: usize,
}

impl Project {
    /// The queries without a limit whose rows a function returns, itself or through functions that it calls, each once.
    /// Left out are queries by a key, over a period, and those that something else may bound.
    pub fn whole_reads<'p>(&'p self, module: &'p Module, function: StmtId) -> Vec<WholeRead<'p>> {
        let mut walk = Walk {
            project: self,
            found: Vec::new(),
            seen: BTreeSet::new(),
            through: Vec::new(),
            filters: BTreeMap::new(),
            left: MAX_STEPS,
        };
        walk.function(module, function);
        walk.found
    }

    /// The table that a query is over, and what was asked of it on the way.
    pub(super) fn query_chain<'p>(
        &'p self,
        module: &'p Module,
        expr: ExprId,
        hops: usize,
        chain: &mut Chain<'p>,
    ) -> Option<&'p Table> {
        let hops = hops.checked_sub(1)?;
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Await(value) | ExprKind::Named { value, .. } => self.query_chain(module, *value, hops, chain),
            ExprKind::Name { .. } => self.named_chain(module, expr, hops, chain),
            ExprKind::Call { func, args, keywords } => {
                let ExprKind::Attribute { value, attr, .. } = &syntax.expr(*func).kind else {
                    return self.started_chain(module, expr, *func, args, hops, chain);
                };
                let name = syntax.identifier(*attr);
                let is_session = || self.database_object(module, *value).is_some();
                if name == "query" && is_session() {
                    let [only] = **args else { return None };
                    return self.mapped(module, only);
                }
                if RUNS.contains(&name) && !args.is_empty() && is_session() {
                    return self.query_chain(module, args[0], hops, chain);
                }
                if CONDITIONS.contains(&name) {
                    let plain = args.iter().map(|&condition| (module, None, condition));
                    let by_name = keywords
                        .iter()
                        .map(|keyword| (module, keyword.name.map(|name| syntax.identifier(name)), keyword.value));
                    chain.conditions.extend(plain.chain(by_name));
                } else if name == "with_for_update" {
                    chain.is_locked = true;
                } else if !SAME.contains(&name) {
                    let started = self.started_chain(module, expr, *func, args, hops, chain);
                    if started.is_some() {
                        return started;
                    }
                    chain.is_bounded = true;
                }
                self.query_chain(module, *value, hops, chain)
            }
            _ => None,
        }
    }

    /// A query that a name holds: what every place that assigns it makes of it.
    fn named_chain<'p>(
        &'p self,
        module: &'p Module,
        name: ExprId,
        hops: usize,
        chain: &mut Chain<'p>,
    ) -> Option<&'p Table> {
        let (_, binding) = module.python.lookup(name)?;
        let mut table = None;
        for site in &binding.sites {
            let (BindingKind::Assigned(value) | BindingKind::Annotated { value: Some(value), .. }) = site.kind else {
                return None;
            };
            if !module.may_reach(value, name) || !chain.seen.insert((module.id, value)) {
                continue;
            }
            let before = chain.conditions.len();
            table = self.query_chain(module, value, hops, chain).or(table);
            if is_conditional(module, value, name) {
                chain.conditions.truncate(before);
            }
        }
        table
    }

    /// A query that `select(Model)` starts, or that a function of the project gives.
    fn started_chain<'p>(
        &'p self,
        module: &'p Module,
        call: ExprId,
        func: ExprId,
        args: &[ExprId],
        hops: usize,
        chain: &mut Chain<'p>,
    ) -> Option<&'p Table> {
        if self.library_name(module, func).as_deref() == Some("select") {
            let [only] = *args else { return None };
            return self.mapped(module, only);
        }
        let (home, function) = self.run_by(module, call)?;
        let [only] = returned(home, function)[..] else { return None };
        self.query_chain(home, only, hops, chain)
    }
}

/// Whether an expression runs on one branch of its function only, and a place that comes later on others as well.
fn is_conditional(module: &Module, expr: ExprId, place: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let place = syntax.expr(place).range;
    let around = syntax.enclosing_stmts(Parent::Expr(expr));
    let mut inside = around.take_while(|&stmt| !matches!(syntax.stmt(stmt).kind, StmtKind::FunctionDef(_)));
    inside.any(|stmt| {
        let is_choice = matches!(syntax.stmt(stmt).kind, StmtKind::If { .. } | StmtKind::Match { .. });
        is_choice && !syntax.stmt(stmt).range.contains(place)
    })
}

impl<'p> Walk<'p> {
    fn function(&mut self, module: &'p Module, function: StmtId) {
        for value in self.project.returned_by(module, function) {
            self.rows(module, value);
        }
    }

    /// Looks at a value that is answered, or at what it is made of.
    fn rows(&mut self, module: &'p Module, expr: ExprId) {
        if self.left == 0 || !self.seen.insert((module.id, expr)) {
            return;
        }
        self.left -= 1;
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Await(value) | ExprKind::Named { value, .. } | ExprKind::Starred { value, .. } => {
                self.rows(module, *value);
            }
            ExprKind::Name { .. } => self.name(module, expr),
            ExprKind::ListComp { generators, .. } | ExprKind::Generator { generators, .. } => {
                if let Some(first) = generators.first() {
                    self.rows(module, first.iter);
                }
            }
            ExprKind::Dict(items) => items.iter().for_each(|item| self.rows(module, item.value)),
            ExprKind::BoolOp { values, .. } => values.iter().for_each(|&value| self.rows(module, value)),
            ExprKind::Call { func, args, keywords } => {
                let values = keywords.iter().map(|keyword| keyword.value);
                self.call(module, expr, *func, &args.iter().copied().chain(values).collect::<Vec<_>>());
            }
            _ => {}
        }
    }

    /// What a name is assigned, and what loops over rows append to it.
    fn name(&mut self, module: &'p Module, name: ExprId) {
        let Some((scope, binding)) = module.python.lookup(name) else { return };
        for site in &binding.sites {
            let (BindingKind::Assigned(value) | BindingKind::Annotated { value: Some(value), .. }) = site.kind else {
                continue;
            };
            if !module.may_reach(value, name) {
                continue;
            }
            match &module.python.syntax.expr(value).kind {
                ExprKind::List { elts, .. } if elts.is_empty() => self.appended(module, name, scope),
                _ => self.rows(module, value),
            }
        }
    }

    fn appended(&mut self, module: &'p Module, name: ExprId, scope: pyaudit_python::ScopeId) {
        let syntax = &module.python.syntax;
        let Some(function) = syntax.enclosing_functions(Parent::Expr(name)).next() else { return };
        let Some(definition) = module.function(function) else { return };
        for stmt in syntax.walk_stmts_in(&definition.body, false) {
            let StmtKind::For { iter, body, .. } = &syntax.stmt(stmt).kind else { continue };
            let mut exprs = body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
            let appends = exprs.any(|expr| {
                let ExprKind::Call { func, .. } = syntax.expr(expr).kind else { return false };
                let ExprKind::Attribute { value, attr, .. } = syntax.expr(func).kind else { return false };
                let is_same = || match (&syntax.expr(value).kind, &syntax.expr(name).kind) {
                    (ExprKind::Name { id, .. }, ExprKind::Name { id: wanted, .. }) => {
                        id == wanted && module.python.lookup(value).is_some_and(|(found, _)| found == scope)
                    }
                    _ => false,
                };
                syntax.identifier(attr) == "append" && is_same()
            });
            if appends {
                self.rows(module, *iter);
            }
        }
    }

    fn call(&mut self, module: &'p Module, call: ExprId, func: ExprId, arguments: &[ExprId]) {
        let Some(name) = module.last_name(func) else { return };
        if ALL.contains(&name) && self.query(module, call) {
            return;
        }
        if FORMS.contains(&name) {
            if let Some(&first) = arguments.first() {
                self.rows(module, first);
            }
            return;
        }
        if let Some((home, function)) = self.project.run_by(module, call)
            && self.through.len() < MAX_CALLS
        {
            self.through.push(module.span_of(func));
            self.function(home, function);
            self.through.pop();
        }
        let wraps = name.starts_with(char::is_uppercase)
            || crate::paths::words(&name.replace('_', " ")).any(|word| WRAPPERS.contains(&word.as_str()));
        if wraps {
            for &argument in arguments {
                self.rows(module, argument);
            }
        }
    }

    /// Notes a query of which all rows are read. Whether the call is a query at all.
    fn query(&mut self, module: &'p Module, call: ExprId) -> bool {
        let mut chain = Chain::default();
        let Some(table) = self.project.query_chain(module, call, MAX_HOPS, &mut chain) else { return false };
        if chain.is_bounded {
            return true;
        }
        if let Some(narrowing) = self.narrowing(table, &chain.conditions) {
            let through = self.through.clone();
            self.found.push(WholeRead { table, module, call, narrowing, through });
        }
        true
    }

    /// What conditions leave of a table; `None` where that is a few rows.
    fn narrowing(&mut self, table: &Table, conditions: &[(&'p Module, Option<&'p str>, ExprId)]) -> Option<Narrowing> {
        let project = self.project;
        let mut narrowing = Narrowing::None;
        let mut given: BTreeSet<&str> = BTreeSet::new();
        for &(module, keyword, condition) in conditions {
            let named = keyword.and_then(|name| table.column_of(name));
            if named.is_some_and(|column| column.primary_key || column.unique) || asks_for_nobodys(module, condition) {
                return None;
            }
            given.extend(named.map(|column| column.name.as_str()));
            if is_flag(module, condition) {
                continue;
            }
            narrowing = Narrowing::Some;
            let span = module.span_of(condition);
            let all = self.filters.entry(module.id).or_insert_with(|| project.filters_in(module));
            let own = all.iter().filter(|filter| !filter.is_join && encloses(span, filter.span));
            for filter in own {
                let is_key = filter.table.span == table.span && (filter.column.primary_key || filter.column.unique);
                if !filter.is_equality || is_key {
                    return None;
                }
                given.extend((filter.table.span == table.span).then_some(filter.column.name.as_str()));
            }
        }
        (!is_unique_by(table, &given)).then_some(narrowing)
    }
}

/// Whether at most one row has these values, by a constraint or an index over several columns.
fn is_unique_by(table: &Table, given: &BTreeSet<&str>) -> bool {
    let is_given = |columns: &[String]| !columns.is_empty() && columns.iter().all(|name| given.contains(name.as_str()));
    let mut constraints = table.constraints.iter();
    let mut indexes = table.indexes.iter();
    constraints
        .any(|it| matches!(it.kind, ConstraintKind::Unique | ConstraintKind::PrimaryKey) && is_given(&it.columns))
        || indexes.any(|it| it.unique && is_given(&it.columns))
}

/// Whether a condition asks for rows that belong to nobody, which the service brings along: `Scope.tenant_id.is_(None)`.
fn asks_for_nobodys(module: &Module, condition: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let is_none = |expr: ExprId| syntax.expr(expr).kind == ExprKind::None;
    let column = match &syntax.expr(condition).kind {
        ExprKind::Call { func, args, .. } => match (&syntax.expr(*func).kind, &**args) {
            (ExprKind::Attribute { value, attr, .. }, &[only])
                if syntax.identifier(*attr) == "is_" && is_none(only) =>
            {
                *value
            }
            _ => return false,
        },
        ExprKind::Compare { left, comparisons } => match **comparisons {
            [(CompareOperator::Eq | CompareOperator::Is, right)] if is_none(right) => *left,
            _ => return false,
        },
        _ => return false,
    };
    module.last_name(column).is_some_and(|name| OWNERS.contains(&name))
}

fn encloses(outer: Span, inner: Span) -> bool {
    let (Some(one), Some(two)) = (outer.range, inner.range) else { return false };
    outer.file == inner.file && one.start <= two.start && two.end <= one.end
}

/// Whether a condition asks for a flag or a state that most rows may have: `Item.deleted_at.is_(None)`, `~Item.hidden`,
/// `Item.status == "open"`, `Item.active`.
fn is_flag(module: &Module, condition: ExprId) -> bool {
    let syntax = &module.python.syntax;
    match &syntax.expr(condition).kind {
        ExprKind::Bool(_) | ExprKind::None | ExprKind::Attribute { .. } | ExprKind::Str { .. } => true,
        ExprKind::UnaryOp { op: UnaryOperator::Invert | UnaryOperator::Not, operand } => is_flag(module, *operand),
        ExprKind::Compare { left, comparisons } => {
            let is_column = matches!(syntax.expr(*left).kind, ExprKind::Attribute { .. });
            let constant = |expr: ExprId| match &syntax.expr(expr).kind {
                ExprKind::Bool(_) | ExprKind::None | ExprKind::Str { .. } => true,
                ExprKind::Attribute { value, .. } => {
                    let holder = module.last_name(*value).unwrap_or("");
                    holder.starts_with(char::is_uppercase) || is_member_value(module, *value)
                }
                _ => false,
            };
            is_column
                && matches!(**comparisons, [(
                    CompareOperator::Eq | CompareOperator::NotEq | CompareOperator::Is | CompareOperator::IsNot,
                    right,
                )] if constant(right))
        }
        ExprKind::Call { func, .. } => {
            matches!(module.last_name(*func), Some("is_" | "is_not" | "isnot" | "not_" | "notin_" | "not_in"))
        }
        _ => false,
    }
}

/// Whether an expression is a member of an enumeration, of which `.value` is taken: `Status.OPEN`.
fn is_member_value(module: &Module, expr: ExprId) -> bool {
    match module.python.syntax.expr(expr).kind {
        ExprKind::Attribute { value, .. } => {
            module.last_name(value).is_some_and(|name| name.starts_with(char::is_uppercase))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Narrowing;
    use crate::facts::testing::project;

    const MODELS: &str = "from sqlalchemy import ForeignKey, UniqueConstraint, select\nfrom sqlalchemy.ext.asyncio import AsyncSession\n\
        from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column\nclass Base(DeclarativeBase): pass\n\
        class User(Base):\n    __tablename__ = 'users'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    \
        active: Mapped[bool]\n    age: Mapped[int]\n    team_id: Mapped[int] = mapped_column(ForeignKey('teams.id'))\n\
        class Seat(Base):\n    __tablename__ = 'seats'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    \
        row: Mapped[int]\n    place: Mapped[int]\n    __table_args__ = (UniqueConstraint('row', 'place'),)\n";

    /// How much the first function named `f` reads, and through how many calls.
    fn reads(body: &str) -> Vec<(Narrowing, usize)> {
        let project = project(&[("app/main.py", &format!("{MODELS}{body}"))]);
        let module = project.modules.iter().next().expect("it was parsed");
        let syntax = &module.python.syntax;
        let is_f = |id| module.function(id).is_some_and(|it| syntax.identifier(it.name) == "f");
        let (function, _) = syntax.stmts().find(|&(id, _)| is_f(id)).expect("it is defined");
        let found = project.whole_reads(module, function);
        found.into_iter().map(|read| (read.narrowing, read.through.len())).collect()
    }

    #[test]
    fn queries_without_a_limit_are_read_whole() {
        let whole = [(Narrowing::None, 0)];
        for body in [
            "def f(db: Session):\n    return db.query(User).all()\n",
            "def f(db: Session):\n    users = db.query(User).filter(User.active == True).order_by(User.age).all()\n    return {'users': users}\n",
            "async def f(db: AsyncSession):\n    result = await db.execute(select(User))\n    return [x.id for x in result.scalars().all()]\n",
            "async def f(db: AsyncSession):\n    stmt = select(User)\n    return list(await db.scalars(stmt))\n",
            "def f(db: Session, q):\n    query = db.query(User)\n    if q:\n        query = query.filter(User.age == q)\n    return query.all()\n",
            "def f(db: Session):\n    out = []\n    for user in db.query(User).all():\n        out.append(user.id)\n    return out\n",
            "def f(db: Session):\n    return Page(items=db.query(User).all())\n",
        ] {
            assert_eq!(reads(body), whole, "{body}");
        }
        let through = "def g(db: Session):\n    return db.query(User).all()\ndef f(db: Session):\n    return g(db)\n";
        assert_eq!(reads(through), [(Narrowing::None, 1)]);
        let owned = "def f(db: Session, x):\n    return db.query(User).filter(User.team_id == x).all()\n";
        assert_eq!(reads(owned), [(Narrowing::Some, 0)]);
    }

    #[test]
    fn limits_keys_periods_and_figures_are_no_whole_reads() {
        for body in [
            "def f(db: Session):\n    return db.query(User).limit(10).all()\n",
            "def f(db: Session):\n    return db.query(User).first()\n",
            "def f(db: Session, x):\n    return db.query(User).filter(User.id.in_(x)).all()\n",
            "def f(db: Session, x):\n    return db.query(User).filter(User.age > x).all()\n",
            "def f(db: Session, x):\n    return db.query(User).filter_by(id=x).all()\n",
            "def f(db: Session):\n    return len(db.query(User).all())\n",
            "def f(db: Session, n):\n    query = db.query(User)\n    if n:\n        query = query.limit(n)\n    return query.all()\n",
            "def f(db: Session):\n    return db.query(User).all()[:10]\n",
            "def f(db: Session):\n    return db.query(User.age).group_by(User.age).all()\n",
            "def f(db: Session):\n    users = db.query(User).all()\n    return {'count': len(users)}\n",
            "def f(db: Session):\n    return db.query(User).filter(User.team_id.is_(None)).all()\n",
            "def f(db: Session, a, b):\n    return db.query(Seat).filter(Seat.row == a, Seat.place == b).all()\n",
        ] {
            assert!(reads(body).is_empty(), "{body}");
        }
    }
}
