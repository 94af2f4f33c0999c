//! What folds, and what stays a hole.

use crate::parse;

/// Folds the value of the last statement; holes are shown in angle brackets.
fn fold(source: &str) -> String {
    let module = parse(source);
    let last = *module.syntax.body.last().expect("there is a statement");
    let crate::syntax::StmtKind::Expr(value) = module.syntax.stmt(last).kind else { panic!("an expression") };
    let parts = module.fold_string(value).parts;
    let show = |part: &super::FoldedPart| match part {
        super::FoldedPart::Text(text) => text.clone(),
        super::FoldedPart::Hole(expr) => format!("<{}>", module.syntax.expr(*expr).range.slice(source)),
    };
    parts.iter().map(show).collect()
}

#[test]
fn literals_and_sums() {
    assert_eq!(fold("'a' \"b\" '''c'''\n"), "abc");
    assert_eq!(fold("'a' + b + ('c' + 'd')\n"), "a<b>cd");
    assert_eq!(fold("''\n"), "");
    assert_eq!(fold("a + b\n"), "<a + b>");
    assert_eq!(fold("1 + 2\n"), "<1 + 2>");
    assert_eq!(fold("f(x)\n"), "<f(x)>");
}

#[test]
fn f_strings() {
    assert_eq!(fold("f'SELECT * FROM {table} WHERE {{x}}'\n"), "SELECT * FROM <table> WHERE {x}");
    assert_eq!(fold("host = 'db'\nport = 5432\nf'{host}:{port}/{name!r}'\n"), "db:5432/<name>");
    assert_eq!(fold("port = 1\nf'{port:04}'\n"), "<port>");
    assert_eq!(fold("'a' f'{b}' 'c'\n"), "a<b>c");
}

#[test]
fn percent_templates() {
    assert_eq!(fold("'%s and %d%%' % ('a', 2)\n"), "a and 2%");
    assert_eq!(fold("'%s' % table\n"), "<table>");
    assert_eq!(fold("'x %s' % table\n"), "x <table>");
    assert_eq!(fold("'%(a)s-%(b)05d-%(c)s' % {'a': 'x', 'b': 1}\n"), "x-<1>-<{'a': 'x', 'b': 1}>");
    assert_eq!(fold("'%s %s' % pair\n"), "<pair> <pair>");
    assert_eq!(fold("'%*d %s' % (4, n, 'x')\n"), "<4><n> x");
    assert_eq!(fold("n % 2\n"), "<n % 2>");
}

#[test]
fn format_templates() {
    assert_eq!(fold("'{} {} {{}}'.format('a', b)\n"), "a <b> {}");
    assert_eq!(fold("'{1}{0}{name}'.format('a', 'b', name=c)\n"), "ba<c>");
    assert_eq!(fold("'{a.b} {a!r} {a:>{w}}'.format(a='x', w=2)\n"), "<'x'> <'x'> <'x'>");
    assert_eq!(fold("'x{0}'.format(*args)\n"), "x<'x{0}'.format(*args)>");
    assert_eq!(fold("template = 'SELECT {}'\ntemplate.format('1')\n"), "SELECT 1");
}

#[test]
fn joins_and_methods() {
    assert_eq!(fold("', '.join(['a', b, 'c'])\n"), "a, <b>, c");
    assert_eq!(fold("''.join(('a', *b))\n"), "<''.join(('a', *b))>");
    assert_eq!(fold("' a '.strip() + 'B'.lower()\n"), "ab");
    assert_eq!(fold("'/a/'.rstrip('/')\n"), "/a");
    assert_eq!(fold("str(1)\n"), "1");
    assert_eq!(fold("import textwrap\ntextwrap.dedent('''\n    a\n      b\n    ''')\n"), "\na\n  b\n");
    assert_eq!(fold("from textwrap import dedent\ndedent(f'''    a\n    {b}c''')\n"), "a\n<b>c");
}

#[test]
fn names_with_one_plain_assignment() {
    assert_eq!(fold("A = 'a'\nB: str = A + 'b'\nB + 'c'\n"), "abc");
    assert_eq!(fold("A = 'a'\nA = 'b'\nA + 'c'\n"), "<A>c");
    assert_eq!(fold("A = 'a'\nA += 'b'\nA + 'c'\n"), "<A>c");
    assert_eq!(fold("A = other()\nA + 'c'\n"), "<A>c");
    assert_eq!(fold("class T:\n    NAME = 'users'\nf'FROM {T.NAME}'\n"), "FROM users");
    assert!(fold("A = A + 'b'\nA + 'c'\n").len() < 200);
}

#[test]
fn limits_hold() {
    let doubling: Vec<String> = (1..40).map(|at| format!("a{at} = a{0} + a{0}", at - 1)).collect();
    let folded = fold(&format!("a0 = 'xxxxxxxxxxxxxxxx'\n{}\na39\n", doubling.join("\n")));
    assert!(folded.len() < 4 << 20);
    let long = format!("'a'{}\n", " + 'a'".repeat(30_000));
    assert!(!fold(&long).is_empty());
    assert!(!fold(&format!("'{}'.format(1)\n", "{ ".repeat(20_000))).is_empty());
    assert!(!fold(&format!("'{}' % 1\n", "%(".repeat(20_000))).is_empty());
}
