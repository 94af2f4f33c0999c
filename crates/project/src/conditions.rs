//! Conditions that say in which environment a piece of code runs.

use crate::{Module, Project};
use pyaudit_python::{BoolOperator, CompareOperator, ExprId, ExprKind, Parent, StmtKind, UnaryOperator};

/// Where a value or a statement applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// In development alone: below `if settings.debug`, `if ENV == "local"`.
    Development,
    /// Anywhere but in development: the other branch of such an `if`.
    NotDevelopment,
}

crate::named!(Condition { Development => "development", NotDevelopment => "not-development" });

impl Condition {
    /// What holds where this does not.
    pub(crate) const fn negated(self) -> Self {
        match self {
            Self::Development => Self::NotDevelopment,
            Self::NotDevelopment => Self::Development,
        }
    }
}

/// Values of an environment variable that mean development or tests.
const DEVELOPMENT: &[&str] = &["dev", "develop", "development", "local", "localhost", "debug", "test", "testing"];

/// Values of an environment variable that mean that users are served.
const PRODUCTION: &[&str] = &["prod", "production", "live", "staging", "stage"];

/// Words of a name that say, when it is true, that this is development.
const DEVELOPMENT_WORDS: &[&str] = &["debug", "dev", "development", "local"];

/// Words of a name that say, when it is true, that users are served.
const PRODUCTION_WORDS: &[&str] = &["prod", "production"];

impl Project {
    /// What the truth of an expression says about the environment, if anything.
    pub fn condition_of(&self, module: &Module, test: ExprId) -> Option<Condition> {
        let syntax = &module.python.syntax;
        match &syntax.expr(test).kind {
            ExprKind::UnaryOp { op: UnaryOperator::Not, operand } => {
                self.condition_of(module, *operand).map(Condition::negated)
            }
            // Both sides of an `and` hold; an `or` says something when both sides say the same.
            ExprKind::BoolOp { op, values } => {
                let mut conditions = values.iter().map(|&value| self.condition_of(module, value));
                match op {
                    BoolOperator::And => conditions.flatten().next(),
                    BoolOperator::Or => {
                        let first = conditions.next()??;
                        conditions.all(|condition| condition == Some(first)).then_some(first)
                    }
                }
            }
            ExprKind::Compare { left, comparisons } => match **comparisons {
                [(operator, right)] => self.condition_of_comparison(module, *left, operator, right),
                _ => None,
            },
            ExprKind::Call { func, .. } => self.condition_of(module, *func),
            ExprKind::Name { id, .. } => condition_of_name(syntax.name(*id)),
            ExprKind::Attribute { attr, .. } => condition_of_name(syntax.identifier(*attr)),
            _ => None,
        }
    }

    fn condition_of_comparison(
        &self,
        module: &Module,
        left: ExprId,
        operator: CompareOperator,
        right: ExprId,
    ) -> Option<Condition> {
        let mut values = self.compared_values(module, right);
        if values.is_empty() {
            values = self.compared_values(module, left);
        }
        let all = |known: &[&str]| !values.is_empty() && values.iter().all(|value| known.contains(&value.as_str()));
        let condition = if all(DEVELOPMENT) {
            Condition::Development
        } else if all(PRODUCTION) {
            Condition::NotDevelopment
        } else {
            return None;
        };
        match operator {
            CompareOperator::Eq | CompareOperator::In | CompareOperator::Is => Some(condition),
            CompareOperator::NotEq | CompareOperator::NotIn | CompareOperator::IsNot => Some(condition.negated()),
            _ => None,
        }
    }

    /// The environments that an operand of a comparison names: strings, a list of them, or members of an enumeration.
    fn compared_values(&self, module: &Module, operand: ExprId) -> Vec<String> {
        let syntax = &module.python.syntax;
        let elements = match &syntax.expr(operand).kind {
            ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } | ExprKind::Set(elts) => elts.to_vec(),
            _ => vec![operand],
        };
        let texts = elements.iter().filter_map(|&element| match &syntax.expr(element).kind {
            // `Environment.STAGING.value` names a member too.
            ExprKind::Attribute { value, attr, .. } => match &syntax.expr(*value).kind {
                ExprKind::Attribute { attr: member, .. } if matches!(syntax.identifier(*attr), "value" | "name") => {
                    Some(syntax.identifier(*member).to_owned())
                }
                _ => Some(syntax.identifier(*attr).to_owned()),
            },
            _ => self.constant_string(module, element),
        });
        texts.map(|text| text.to_ascii_lowercase()).collect()
    }

    /// The condition under which a node runs, by the `if` statements around it, the innermost that says something.
    pub fn condition_at(&self, module: &Module, node: Parent) -> Option<Condition> {
        let syntax = &module.python.syntax;
        let mut inner = node;
        for outer in syntax.ancestors(node) {
            if let (Parent::Stmt(id), Parent::Stmt(statement)) = (outer, inner)
                && let StmtKind::If { clauses, orelse } = &syntax.stmt(id).kind
            {
                let at = clauses.iter().position(|clause| clause.body.contains(&statement));
                let own = at.and_then(|at| self.condition_of(module, clauses[at].test));
                let before = &clauses[..at.unwrap_or(if orelse.contains(&statement) { clauses.len() } else { 0 })];
                let others = before.iter().filter_map(|clause| self.condition_of(module, clause.test));
                let condition = own.or_else(|| others.map(Condition::negated).next());
                if condition.is_some() {
                    return condition;
                }
            }
            inner = outer;
        }
        None
    }
}

/// What a name says when it is true: `DEBUG`, `is_production`, `settings.DEV_MODE`.
fn condition_of_name(name: &str) -> Option<Condition> {
    let lower = name.to_ascii_lowercase();
    let has = |words: &[&str]| lower.split('_').any(|word| words.contains(&word));
    match (has(DEVELOPMENT_WORDS), has(PRODUCTION_WORDS)) {
        (true, false) => Some(Condition::Development),
        (false, true) => Some(Condition::NotDevelopment),
        _ => None,
    }
}
