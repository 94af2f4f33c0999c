//! What each construct becomes, as a term: `a = 1 + b` is `(Assign a (Add 1 b))`. A node without parts stands as its text.

use pyaudit_python::{Child, ExprKind, Module, Parent, StmtId, StmtKind, parse};
use std::fmt::Debug;

/// The name of a variant.
fn variant(value: impl Debug) -> String {
    format!("{value:?}").chars().take_while(|letter| letter.is_alphanumeric()).collect()
}

fn head(module: &Module, node: Parent) -> String {
    match node {
        Parent::Module => String::from("Module"),
        Parent::Stmt(id) => variant(&module.syntax.stmt(id).kind),
        Parent::Pattern(id) => variant(&module.syntax.pattern(id).kind),
        Parent::Expr(id) => match &module.syntax.expr(id).kind {
            ExprKind::BinOp { op, .. } => variant(op),
            ExprKind::UnaryOp { op, .. } => variant(op),
            ExprKind::BoolOp { op, .. } => variant(op),
            ExprKind::Compare { comparisons, .. } => {
                comparisons.iter().map(|(operator, _)| variant(operator)).collect::<Vec<_>>().join("-")
            }
            kind => variant(kind),
        },
    }
}

fn term(module: &Module, text: &str, node: Parent) -> String {
    let mut parts = Vec::new();
    module.syntax.for_each_child(node, |child| {
        parts.push(match child {
            Child::Stmt(id) => Parent::Stmt(id),
            Child::Expr(id) => Parent::Expr(id),
            Child::Pattern(id) => Parent::Pattern(id),
        });
    });
    let range = match node {
        Parent::Expr(id) => Some(module.syntax.expr(id).range),
        Parent::Pattern(id) => Some(module.syntax.pattern(id).range),
        _ => None,
    };
    match range {
        Some(range) if parts.is_empty() => range.slice(text).to_owned(),
        _ => {
            let parts: Vec<_> = parts.into_iter().map(|part| format!(" {}", term(module, text, part))).collect();
            format!("({}{})", head(module, node), parts.concat())
        }
    }
}

/// The terms of the statements of a text without problems.
fn terms(text: &str) -> String {
    let module = parse(text);
    assert!(module.problems.is_empty(), "{text}: {:?}", module.problems);
    let terms: Vec<_> = module.syntax.body.iter().map(|&id| term(&module, text, Parent::Stmt(id))).collect();
    terms.join(" ")
}

#[track_caller]
fn becomes(text: &str, expected: &str) {
    assert_eq!(terms(text), expected, "{text}");
}

#[test]
fn operators_bind_as_in_python() {
    becomes("a + b * c - d", "(Expr (Sub (Add a (Mult b c)) d))");
    becomes("-a ** -b", "(Expr (USub (Pow a (USub b))))");
    becomes("await a ** b", "(Expr (Pow (Await a) b))");
    becomes("a & b ^ c | d", "(Expr (BitOr (BitXor (BitAnd a b) c) d))");
    becomes("not a in b and c or d", "(Expr (Or (And (Not (In a b)) c) d))");
    becomes("a and b and c", "(Expr (And a b c))");
    becomes("a < b <= c is not d", "(Expr (Lt-LtE-IsNot a b c d))");
    becomes("a if b else c if d else e", "(Expr (IfExp a b (IfExp c d e)))");
}

#[test]
fn chains_hold_what_stands_to_their_left() {
    becomes("a.b(c)[d].e", "(Expr (Attribute (Subscript (Call (Attribute a) c) d)))");
    becomes("f(*a, b, c=d, **e)", "(Expr (Call f (Starred a) b d e))");
    becomes("a[b:c, ::d]", "(Expr (Subscript a (Tuple (Slice b c) (Slice d))))");
    becomes("f(a for b in c if d)", "(Expr (Call f (Generator a b c d)))");
}

#[test]
fn assignments_hold_targets_before_values() {
    becomes("a = b, *c = d", "(Assign a (Tuple b (Starred c)) d)");
    becomes("a = *b, lambda c=d: e", "(Assign a (Tuple (Starred b) (Lambda d e)))");
    becomes("a: b = c", "(AnnAssign a b c)");
    becomes("a.b: c", "(AnnAssign (Attribute a) c)");
    becomes("a @= b", "(AugAssign a b)");
    becomes("(a := b)", "(Expr (Named a b))");
    becomes("type A[T: b = c] = d", "(TypeAlias A b c d)");
}

#[test]
fn an_elif_is_a_clause() {
    becomes("if a: b\nelif c: d\nelse: e\n", "(If a (Expr b) c (Expr d) (Expr e))");
    let module = parse("if a: b\nelif c: d\nelse: e\n");
    let StmtKind::If { clauses, orelse } = &module.syntax.stmt(StmtId(module.syntax.body[0].0)).kind else {
        panic!("an `if` is expected")
    };
    assert_eq!((clauses.len(), orelse.len()), (2, 1));
}

#[test]
fn statements_with_bodies_hold_headers_before_bodies() {
    becomes("for a, b in c: d\nelse: e\n", "(For (Tuple a b) c (Expr d) (Expr e))");
    becomes("while a: break\n", "(While a (Break))");
    becomes("with (a as b, c): d\n", "(With a b c (Expr d))");
    becomes("with (a, b) as c: d\n", "(With (Tuple a b) c (Expr d))");
    becomes(
        "try: a\nexcept (b, c) as d: e\nelse: f\nfinally: g\n",
        "(Try (Expr a) (Tuple b c) (Expr e) (Expr f) (Expr g))",
    );
    becomes("try: a\nexcept B, C: d\n", "(Try (Expr a) (Tuple B C) (Expr d))");
}

#[test]
fn definitions_hold_decorators_first() {
    becomes("@a\ndef f(b: c = d, *e, g=h, **i) -> j: k\n", "(FunctionDef a c d h j (Expr k))");
    becomes("@a(b)\nclass C(D, e=f): g = h\n", "(ClassDef (Call a b) D f (Assign g h))");
    becomes("lambda a, b=c: d", "(Expr (Lambda c d))");
}

#[test]
fn words_are_keywords_where_a_statement_needs_them() {
    becomes("match = case = type = print", "(Assign match case type print)");
    becomes("match(a)\n", "(Expr (Call match a))");
    becomes(
        "match a:\n  case B(c, d=1) | [2, *_]: e\n  case _ if f: g\n",
        "(Match a (Or (Class B c (Value 1)) (Sequence (Value 2) *_)) (Expr e) _ f (Expr g))",
    );
}

#[test]
fn fields_of_strings_are_expressions() {
    becomes("f'{a!r:>{b}} {c.d}' 'e'", "(Expr (FString a b (Attribute c)))");
    becomes("t'{a + 1}'", "(Expr (TString (Add a 1)))");
    becomes("f'{f\"{a}\"}'", "(Expr (FString (FString a)))");
    becomes("'{a}'", "(Expr '{a}')");
}
