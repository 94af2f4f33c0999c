//! No text panics, overflows a small stack or takes the square of its length.

use pyaudit_python::{Module, StmtKind, parse};
use std::time::{Duration, Instant};

/// Parses and drops in a thread with a stack of 2 MiB. The time is far above what is needed without optimisation on a
/// busy machine, and far below what a quadratic step would take.
fn survives(text: String) -> Module {
    let start = Instant::now();
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(move || parse(&text));
    let module = thread.expect("a thread can be started").join().expect("parsing does not panic");
    assert!(start.elapsed() < Duration::from_mins(1), "took {:?}", start.elapsed());
    module
}

fn has_problem(module: &Module, part: &str) -> bool {
    module.problems.iter().any(|problem| problem.message.contains(part))
}

#[test]
fn nested_brackets_are_a_problem() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")")] {
        let text = format!("x = {}1{}\ny = 2\n", open.repeat(100_000), close.repeat(100_000));
        let module = survives(text);
        assert!(has_problem(&module, "nested too deeply"), "{open}");
        assert_eq!(module.syntax.body.len(), 2, "the statement after it is kept: {open}");
    }
}

#[test]
fn a_megabyte_of_open_brackets_is_a_problem() {
    assert!(has_problem(&survives("[".repeat(1 << 20)), "never closed"));
    assert!(has_problem(&survives("[\n".repeat(1 << 18)), "never closed"));
    survives(format!("{}\ndef f(): pass\n", "[\n".repeat(1 << 18)));
}

#[test]
fn long_chains_do_not_recurse() {
    let cases = [
        format!("a{}\n", ".a".repeat(100_000)),
        format!("f{}\n", "()".repeat(100_000)),
        format!("{}x\n", "not ".repeat(100_000)),
        format!("{}x\n", "-".repeat(100_000)),
        format!("1{}\n", "+1".repeat(500_000)),
        format!("1{}\n", "**1".repeat(50_000)),
        format!("{}1\n", "lambda: ".repeat(50_000)),
        format!("x{}\n", " if x else x".repeat(50_000)),
    ];
    for text in cases {
        let start: String = text.chars().take(12).collect();
        assert!(has_problem(&survives(text), "nested too deeply"), "{start}");
    }
}

#[test]
fn flat_chains_stay_whole() {
    let cases = [
        format!("a{}\n", " and a".repeat(20_000)),
        format!("a{}\n", " < a".repeat(20_000)),
        format!("x = [{}]\n", "1, ".repeat(50_000)),
        format!("if a: pass\n{}", "elif a: pass\n".repeat(5_000)),
        format!("a{}\n", " + a".repeat(600)),
        format!("a{}\n", ".a()".repeat(300)),
        format!("x = ({})\n", "'a' ".repeat(20_000)),
        format!("{}1\n", "a = ".repeat(20_000)),
    ];
    for text in cases {
        let start: String = text.chars().take(12).collect();
        let module = survives(text);
        assert!(module.problems.is_empty(), "{start}: {:?}", module.problems);
    }
}

#[test]
fn nested_blocks_are_a_problem() {
    let nested: Vec<_> = (0..2_000).map(|depth| format!("{}if a:\n", " ".repeat(depth))).collect();
    let nested = nested.concat();
    let module = survives(format!("{nested}{}pass\nx = 1\n", " ".repeat(2_000)));
    assert!(has_problem(&module, "blocks are nested too deeply"));
    assert_eq!(module.syntax.body.len(), 2);
}

#[test]
fn runs_of_comments_and_continuations_are_linear() {
    let module = survives(format!("def f():\n    pass\n{}x = 1\n", format!("{}\n", "#".repeat(80)).repeat(10_000)));
    assert_eq!(module.comments.len(), 10_000);
    assert_eq!(module.syntax.body.len(), 2);
    assert!(module.problems.is_empty());
    assert!(survives(format!("x = {}1\n", "\\\n".repeat(500_000))).problems.is_empty());
    assert!(survives(format!("{}x = 1\n", "\\\n".repeat(500_000))).problems.is_empty());
    assert!(survives(format!("if a:\n  pass\n{}x = 1\n", "   \n".repeat(200_000))).problems.is_empty());
}

#[test]
fn stray_lines_are_linear() {
    let module = survives(format!("class A:\n{}", "{{ x }}\n    def f(self): pass\n".repeat(5_000)));
    assert_eq!(module.syntax.body.len(), 1, "the class goes on to the end");
    survives("x\n    y\n".repeat(20_000));
    survives(format!("if x:\n{}", "  y\n{% x %}\nz\n".repeat(20_000)));
    survives("{%\n".repeat(50_000));
}

#[test]
fn open_strings_are_a_problem() {
    for text in
        ["'".to_owned(), "'''a\nb".to_owned(), "f'{".repeat(20_000), "f'{x".repeat(20_000), "f'''{".repeat(5_000)]
    {
        let start: String = text.chars().take(12).collect();
        assert!(!survives(text).problems.is_empty(), "{start}");
    }
}

#[test]
fn odd_texts_do_no_harm() {
    survives("a b ".repeat(20_000));
    survives("}".repeat(100_000));
    survives("x\0y\n\0".to_owned());
    survives("\u{feff}x = 1".to_owned());
    survives("`".repeat(10_000));
    survives("f'{x!".to_owned());
    survives("'\\".to_owned());
    survives("x = '\\é'\r\ny = 1\r".to_owned());
    survives("@\n".repeat(10_000));
    survives("type X[".to_owned());
    assert!(survives(String::new()).syntax.body.is_empty());
}

#[test]
fn definitions_around_an_error_are_kept() {
    let text = "import os\nclass A:\n    def f(self):\n        return (1,\n    def g(self)\n        return 1\n    {% if x %}\n    \
                def h(self, a=:\n        pass\n    def i(self):\n        return 1\ndef last(): pass\n";
    let module = survives(text.to_owned());
    let name = |kind: &StmtKind| match kind {
        StmtKind::FunctionDef(def) => Some(module.syntax.identifier(def.name).to_owned()),
        StmtKind::ClassDef(def) => Some(module.syntax.identifier(def.name).to_owned()),
        _ => None,
    };
    let mut names: Vec<_> = module.syntax.stmts().filter_map(|(_, stmt)| name(&stmt.kind)).collect();
    names.sort();
    assert_eq!(names, ["A", "f", "g", "h", "i", "last"]);
}

#[test]
fn python_2_is_named() {
    let cases = ["print 'x'\n", "exec 'x'\n", "x = `y`\n", "a <> b\n", "x = 0777\n", "raise E, 'x'\n", "x = ur'a'\n"];
    for text in cases {
        let module = survives(text.to_owned());
        assert!(has_problem(&module, "looks like Python 2"), "{text}: {:?}", module.problems);
    }
}

/// A text with most constructs, which the property test spoils.
const SAMPLE: &str = r#"
@deco(1)
class A[T: int = str, *Ts](B, k=1):
    """doc"""
    x: list[int] = [*a, 1]
    async def f(self, a, /, b=1, *c: *Ts, d, **e) -> None:
        with (open(f"{a!r:>{b}}" 'c') as g, h): pass
        match a, b:
            case {"k": [1, *_], **rest} | A.B(x=-1) as y if y: return
        try: yield
        except* (E, F) as error: raise E from error
        else: lambda *a, **k: (x := a[1:2, ...])
type X[T] = T
if a < b <= c and not d or e: pass
elif x: del y[0], z
"#;

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn spoilt_texts_do_not_panic(edits in proptest::collection::vec((0..SAMPLE.len(), "[\\PC\n]{0,3}", 0..4_usize), 1..6)) {
        let mut text = SAMPLE.to_owned();
        for (at, insert, remove) in edits {
            let at = at.min(text.len());
            if text.is_char_boundary(at) {
                let end = (at + remove).min(text.len());
                let end = (end..=text.len()).find(|&end| text.is_char_boundary(end)).unwrap_or(text.len());
                text.replace_range(at..end, &insert);
            }
        }
        parse(&text);
    }
}
