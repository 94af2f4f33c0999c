//! Factories of dependencies: which of the values that a function returns a call of it gets, and what it demands.

use super::{Analyst, Authentication, Demand};
use crate::{Definition, Module};
use pyaudit_python::{CompareOperator, ExprId, ExprKind, FunctionDef, StmtId, StmtKind, UnaryOperator};

/// How deeply nested statements of a factory are walked; what stands deeper is left out.
const MAX_NESTING: u32 = 24;

/// A call with its module.
type Call<'a> = Option<(&'a Module, ExprId)>;

/// A factory and how it is called.
#[derive(Clone, Copy)]
struct Making<'a> {
    home: &'a Module,
    factory: &'a FunctionDef,
    call: Call<'a>,
}

impl Analyst<'_> {
    /// What the function or dependency demands that a factory returns: `require_role("admin")`. Where it chooses by one
    /// of its parameters, `strict if required else lenient`, the arguments of the call or the defaults say which; of
    /// several that are left the weakest demand counts.
    pub(super) fn of_factory(&self, home: &Module, factory: StmtId, call: Call<'_>, depth: u32) -> Authentication {
        let Some(depth) = depth.checked_sub(1) else { return Authentication::default() };
        let Some(definition) = home.function(factory) else { return Authentication::default() };
        let making = Making { home, factory: definition, call };
        let mut values = Vec::new();
        making.returns(&definition.body, &mut values, MAX_NESTING);
        let each = values.into_iter().map(|value| self.of_product(home, value, depth));
        let found = Authentication::any_of(each);
        let annotated = definition.returns.filter(|_| found.demand == Demand::Nothing);
        annotated.and_then(|returns| self.of_returned_class(home, returns, depth)).unwrap_or(found)
    }

    /// What an object of the class demands that a factory says it returns, where what it makes cannot be followed.
    fn of_returned_class(&self, home: &Module, returns: ExprId, depth: u32) -> Option<Authentication> {
        let class = self.project.symbol(home, returns)?;
        let is_class = matches!(self.project.definition(&class), Some((_, Definition::Class(_))));
        is_class.then(|| self.of_class(home, returns, &class, &[], depth))
    }

    fn of_product(&self, home: &Module, value: ExprId, depth: u32) -> Authentication {
        match home.python.syntax.expr(value).kind {
            ExprKind::Name { .. } => match self.project.local_value(home, value) {
                Some(made) => self.of_callable(home, made, depth),
                None => self.of_callable(home, value, depth),
            },
            _ => self.of_callable(home, value, depth),
        }
    }
}

impl Making<'_> {
    /// The values that statements may return to this call. Gives whether the statements may come to their end.
    fn returns(&self, body: &[StmtId], found: &mut Vec<ExprId>, nesting: u32) -> bool {
        let Some(nesting) = nesting.checked_sub(1) else { return true };
        body.iter().all(|&stmt| self.returns_of(stmt, found, nesting))
    }

    fn returns_of(&self, stmt: StmtId, found: &mut Vec<ExprId>, nesting: u32) -> bool {
        let syntax = &self.home.python.syntax;
        match &syntax.stmt(stmt).kind {
            StmtKind::Return(value) => {
                found.extend(value.iter().flat_map(|&value| self.alternatives(value)));
                false
            }
            StmtKind::Raise { .. } => false,
            StmtKind::If { clauses, orelse } => {
                let mut ends = false;
                for clause in clauses {
                    let holds = self.holds(clause.test);
                    if holds != Some(false) {
                        ends |= self.returns(&clause.body, found, nesting);
                    }
                    if holds == Some(true) {
                        return ends;
                    }
                }
                ends | self.returns(orelse, found, nesting)
            }
            StmtKind::FunctionDef(_) | StmtKind::ClassDef(_) => true,
            _ => {
                let inner = syntax.walk_stmts_in(std::slice::from_ref(&stmt), false);
                let values = inner.filter_map(|inner| match syntax.stmt(inner).kind {
                    StmtKind::Return(value) => value,
                    _ => None,
                });
                found.extend(values);
                true
            }
        }
    }

    /// What `strict if required else lenient` may be.
    fn alternatives(&self, value: ExprId) -> Vec<ExprId> {
        let ExprKind::IfExp { test, body, orelse } = self.home.python.syntax.expr(value).kind else {
            return vec![value];
        };
        match self.holds(test) {
            Some(true) => vec![body],
            Some(false) => vec![orelse],
            None => vec![body, orelse],
        }
    }

    /// Whether a test holds for this call; `None` where it is about more than a parameter that is given a constant.
    fn holds(&self, test: ExprId) -> Option<bool> {
        let syntax = &self.home.python.syntax;
        match &syntax.expr(test).kind {
            ExprKind::Name { .. } => {
                let (module, value) = self.given(test)?;
                match module.python.syntax.expr(value).kind {
                    ExprKind::Bool(holds) => Some(holds),
                    ExprKind::None => Some(false),
                    _ => None,
                }
            }
            ExprKind::UnaryOp { op: UnaryOperator::Not, operand } => Some(!self.holds(*operand)?),
            ExprKind::Compare { left, comparisons } => {
                let [(operator, right)] = comparisons[..] else { return None };
                let is_equal = self.is_equal(*left, right)?;
                match operator {
                    CompareOperator::Eq | CompareOperator::Is => Some(is_equal),
                    CompareOperator::NotEq | CompareOperator::IsNot => Some(!is_equal),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn is_equal(&self, left: ExprId, right: ExprId) -> Option<bool> {
        let (module, value) = self.given(left)?;
        let (one, other) = (&module.python.syntax, &self.home.python.syntax);
        match (&one.expr(value).kind, &other.expr(right).kind) {
            (ExprKind::None, ExprKind::None) => Some(true),
            (ExprKind::Bool(one), ExprKind::Bool(other)) => Some(one == other),
            (ExprKind::None, ExprKind::Bool(_) | ExprKind::Str { .. })
            | (ExprKind::Bool(_) | ExprKind::Str { .. }, ExprKind::None) => Some(false),
            _ => Some(one.string(value)? == other.string(right)?),
        }
    }

    /// What the call gives a parameter: by keyword, by place, or by the parameter's default.
    fn given(&self, name: ExprId) -> Option<(&Module, ExprId)> {
        let syntax = &self.home.python.syntax;
        let ExprKind::Name { id, .. } = syntax.expr(name).kind else { return None };
        let at = self.factory.parameters.iter().position(|parameter| parameter.name.name == id)?;
        let parameter = self.factory.parameters.iter().nth(at)?;
        if let Some((module, call)) = self.call
            && let ExprKind::Call { args, keywords, .. } = &module.python.syntax.expr(call).kind
        {
            let given = module.keyword(keywords, syntax.name(id));
            // A method has its object before the arguments.
            let is_method =
                self.factory.parameters.iter().next().is_some_and(|it| syntax.identifier(it.name) == "self");
            let place = at.checked_sub(usize::from(is_method));
            let given = given.or_else(|| place.and_then(|place| args.get(place).copied()));
            if let Some(given) = given {
                return Some((module, given));
            }
        }
        Some((self.home, parameter.default?))
    }
}
