//! Walks over the syntax, without recursion.

use crate::module::{Parent, Syntax};
use crate::syntax::{
    ExprId, ExprKind, Keyword, Parameters, PatternId, PatternKind, StmtId, StmtKind, StringPart, TypeParam,
};

/// A direct child of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Child {
    /// A statement of a body.
    Stmt(StmtId),
    /// An expression.
    Expr(ExprId),
    /// A match pattern.
    Pattern(PatternId),
}

impl Syntax {
    /// Calls `visit` for every direct child of a node, in order of the source but for two cases, which are in order of
    /// evaluation or of fields: the body of a conditional expression comes before its test as in the source, and the
    /// bases of a class before its keywords.
    pub fn for_each_child(&self, node: Parent, mut visit: impl FnMut(Child)) {
        match node {
            Parent::Module => stmts(&self.body, &mut visit),
            Parent::Stmt(id) => self.stmt_children(id, &mut visit),
            Parent::Expr(id) => self.expr_children(id, &mut visit),
            Parent::Pattern(id) => self.pattern_children(id, &mut visit),
        }
    }

    fn stmt_children(&self, id: StmtId, visit: &mut dyn FnMut(Child)) {
        match &self.stmt(id).kind {
            StmtKind::FunctionDef(def) => {
                exprs(&def.decorators, visit);
                type_params(&def.type_params, visit);
                parameters(&def.parameters, visit);
                exprs(def.returns.as_slice(), visit);
                stmts(&def.body, visit);
            }
            StmtKind::ClassDef(def) => {
                exprs(&def.decorators, visit);
                type_params(&def.type_params, visit);
                exprs(&def.bases, visit);
                keywords(&def.keywords, visit);
                stmts(&def.body, visit);
            }
            StmtKind::If { clauses, orelse } => {
                for clause in clauses {
                    visit(Child::Expr(clause.test));
                    stmts(&clause.body, visit);
                }
                stmts(orelse, visit);
            }
            StmtKind::For { target, iter, body, orelse, .. } => {
                exprs(&[*target, *iter], visit);
                stmts(body, visit);
                stmts(orelse, visit);
            }
            StmtKind::While { test, body, orelse } => {
                visit(Child::Expr(*test));
                stmts(body, visit);
                stmts(orelse, visit);
            }
            StmtKind::With { items, body, .. } => {
                for item in items {
                    visit(Child::Expr(item.context_expr));
                    exprs(item.optional_vars.as_slice(), visit);
                }
                stmts(body, visit);
            }
            StmtKind::Match { subject, cases } => {
                visit(Child::Expr(*subject));
                for case in cases {
                    visit(Child::Pattern(case.pattern));
                    exprs(case.guard.as_slice(), visit);
                    stmts(&case.body, visit);
                }
            }
            StmtKind::Try { body, handlers, orelse, finalbody, .. } => {
                stmts(body, visit);
                for handler in handlers {
                    exprs(handler.exception.as_slice(), visit);
                    stmts(&handler.body, visit);
                }
                stmts(orelse, visit);
                stmts(finalbody, visit);
            }
            kind => simple_stmt_children(kind, visit),
        }
    }

    fn expr_children(&self, id: ExprId, visit: &mut dyn FnMut(Child)) {
        match &self.expr(id).kind {
            ExprKind::BoolOp { values, .. } => exprs(values, visit),
            ExprKind::Named { target, value } => exprs(&[*target, *value], visit),
            ExprKind::BinOp { left, right, .. } => exprs(&[*left, *right], visit),
            ExprKind::UnaryOp { operand, .. } => visit(Child::Expr(*operand)),
            ExprKind::Lambda { parameters: of, body } => {
                parameters(of, visit);
                visit(Child::Expr(*body));
            }
            ExprKind::IfExp { test, body, orelse } => exprs(&[*body, *test, *orelse], visit),
            ExprKind::Dict(items) => {
                for item in items {
                    exprs(item.key.as_slice(), visit);
                    visit(Child::Expr(item.value));
                }
            }
            ExprKind::Set(elts) | ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => exprs(elts, visit),
            ExprKind::Compare { left, comparisons } => {
                visit(Child::Expr(*left));
                comparisons.iter().for_each(|(_, right)| visit(Child::Expr(*right)));
            }
            ExprKind::Call { func, args, keywords: named } => {
                visit(Child::Expr(*func));
                arguments(self, args, named, visit);
            }
            ExprKind::FString(parts) | ExprKind::TString(parts) => string_parts(parts, visit),
            ExprKind::Await(value)
            | ExprKind::YieldFrom(value)
            | ExprKind::Attribute { value, .. }
            | ExprKind::Starred { value, .. } => visit(Child::Expr(*value)),
            ExprKind::Yield(value) => exprs(value.as_slice(), visit),
            ExprKind::Subscript { value, slice, .. } => exprs(&[*value, *slice], visit),
            ExprKind::Slice { lower, upper, step } => {
                for part in [lower, upper, step] {
                    exprs(part.as_slice(), visit);
                }
            }
            kind => comprehension_children(kind, visit),
        }
    }

    fn pattern_children(&self, id: PatternId, visit: &mut dyn FnMut(Child)) {
        match &self.pattern(id).kind {
            PatternKind::Value(value) => visit(Child::Expr(*value)),
            PatternKind::Sequence(patterns) | PatternKind::Or(patterns) => {
                patterns.iter().for_each(|&pattern| visit(Child::Pattern(pattern)));
            }
            PatternKind::Mapping { keys, patterns, .. } => {
                for (&key, &pattern) in keys.iter().zip(patterns) {
                    visit(Child::Expr(key));
                    visit(Child::Pattern(pattern));
                }
            }
            PatternKind::Class { cls, patterns, keywords } => {
                visit(Child::Expr(*cls));
                patterns.iter().for_each(|&pattern| visit(Child::Pattern(pattern)));
                keywords.iter().for_each(|&(_, pattern)| visit(Child::Pattern(pattern)));
            }
            PatternKind::As { pattern, .. } => {
                if let &Some(pattern) = pattern {
                    visit(Child::Pattern(pattern));
                }
            }
            PatternKind::Singleton(_) | PatternKind::Star(_) | PatternKind::Error => {}
        }
    }

    /// Every expression below a statement, in order of the source, an expression before its parts. Statements in the
    /// bodies of functions and classes are left out with `nested_definitions` false; decorators, defaults, annotations and
    /// bases are not inside the body and stay. Lambdas and comprehensions are gone through in either case.
    pub fn walk_exprs_in(&self, stmt: StmtId, nested_definitions: bool) -> impl Iterator<Item = ExprId> {
        self.walk_from(vec![Child::Stmt(stmt)], nested_definitions, true).filter_map(|child| match child {
            Child::Expr(id) => Some(id),
            _ => None,
        })
    }

    /// Every expression below an expression, itself first, in order of the source.
    pub fn walk_exprs_of(&self, expr: ExprId) -> impl Iterator<Item = ExprId> {
        self.walk_from(vec![Child::Expr(expr)], true, true).filter_map(|child| match child {
            Child::Expr(id) => Some(id),
            _ => None,
        })
    }

    /// Every statement of a body and below, in order of the source, a statement before those in its bodies.
    pub fn walk_stmts_in(&self, body: &[StmtId], descend_into_functions: bool) -> impl Iterator<Item = StmtId> {
        let start = body.iter().rev().map(|&stmt| Child::Stmt(stmt)).collect();
        self.walk_from(start, descend_into_functions, false).filter_map(|child| match child {
            Child::Stmt(id) => Some(id),
            _ => None,
        })
    }

    /// Walks from a stack of nodes, the first of them last.
    fn walk_from(&self, mut stack: Vec<Child>, definitions: bool, expressions: bool) -> impl Iterator<Item = Child> {
        let mut children = Vec::new();
        std::iter::from_fn(move || {
            let child = stack.pop()?;
            let node = match child {
                Child::Stmt(id) => Parent::Stmt(id),
                Child::Expr(id) => Parent::Expr(id),
                Child::Pattern(id) => Parent::Pattern(id),
            };
            let shut = !definitions && self.is_definition(child);
            self.for_each_child(node, |child| {
                let is_stmt = matches!(child, Child::Stmt(_));
                if (is_stmt && !shut) || (!is_stmt && expressions) {
                    children.push(child);
                }
            });
            stack.extend(children.drain(..).rev());
            Some(child)
        })
    }

    fn is_definition(&self, child: Child) -> bool {
        match child {
            Child::Stmt(id) => matches!(self.stmt(id).kind, StmtKind::FunctionDef(_) | StmtKind::ClassDef(_)),
            _ => false,
        }
    }
}

fn simple_stmt_children(kind: &StmtKind, visit: &mut dyn FnMut(Child)) {
    match kind {
        StmtKind::Return(value) => exprs(value.as_slice(), visit),
        StmtKind::Delete(targets) => exprs(targets, visit),
        StmtKind::Assign { targets, value } => {
            exprs(targets, visit);
            visit(Child::Expr(*value));
        }
        StmtKind::TypeAlias { name, type_params: of, value } => {
            visit(Child::Expr(*name));
            type_params(of, visit);
            visit(Child::Expr(*value));
        }
        StmtKind::AugAssign { target, value, .. } => exprs(&[*target, *value], visit),
        StmtKind::AnnAssign { target, annotation, value, .. } => {
            exprs(&[*target, *annotation], visit);
            exprs(value.as_slice(), visit);
        }
        StmtKind::Raise { exc, cause } => {
            exprs(exc.as_slice(), visit);
            exprs(cause.as_slice(), visit);
        }
        StmtKind::Assert { test, msg } => {
            visit(Child::Expr(*test));
            exprs(msg.as_slice(), visit);
        }
        StmtKind::Expr(value) => visit(Child::Expr(*value)),
        _ => {}
    }
}

fn comprehension_children(kind: &ExprKind, visit: &mut dyn FnMut(Child)) {
    let generators = match kind {
        ExprKind::ListComp { elt, generators }
        | ExprKind::SetComp { elt, generators }
        | ExprKind::Generator { elt, generators } => {
            visit(Child::Expr(*elt));
            generators
        }
        ExprKind::DictComp { key, value, generators } => {
            exprs(&[*key, *value], visit);
            generators
        }
        _ => return,
    };
    for generator in generators {
        exprs(&[generator.target, generator.iter], visit);
        exprs(&generator.ifs, visit);
    }
}

fn stmts(body: &[StmtId], visit: &mut dyn FnMut(Child)) {
    for &stmt in body {
        visit(Child::Stmt(stmt));
    }
}

fn exprs(of: &[ExprId], visit: &mut dyn FnMut(Child)) {
    for &expr in of {
        visit(Child::Expr(expr));
    }
}

fn keywords(of: &[Keyword], visit: &mut dyn FnMut(Child)) {
    for keyword in of {
        visit(Child::Expr(keyword.value));
    }
}

/// Positional and keyword arguments in order of the source: `*args` may stand after a keyword.
fn arguments(syntax: &Syntax, args: &[ExprId], named: &[Keyword], visit: &mut dyn FnMut(Child)) {
    let mut named = named.iter().peekable();
    for &arg in args {
        let start = syntax.expr(arg).range.start;
        while let Some(keyword) = named.next_if(|keyword| keyword.range.start < start) {
            visit(Child::Expr(keyword.value));
        }
        visit(Child::Expr(arg));
    }
    named.for_each(|keyword| visit(Child::Expr(keyword.value)));
}

fn parameters(of: &Parameters, visit: &mut dyn FnMut(Child)) {
    for parameter in of.iter() {
        exprs(parameter.annotation.as_slice(), visit);
        exprs(parameter.default.as_slice(), visit);
    }
}

fn type_params(of: &[TypeParam], visit: &mut dyn FnMut(Child)) {
    for param in of {
        exprs(param.bound.as_slice(), visit);
        exprs(param.default.as_slice(), visit);
    }
}

/// Parts of a format specification nest as deeply as replacement fields do, which is bounded.
fn string_parts(parts: &[StringPart], visit: &mut dyn FnMut(Child)) {
    for part in parts {
        if let StringPart::Interpolation(field) = part {
            visit(Child::Expr(field.value));
            if let Some(spec) = &field.format_spec {
                string_parts(&spec.parts, visit);
            }
        }
    }
}
