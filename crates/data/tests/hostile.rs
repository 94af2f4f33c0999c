//! Inputs made to break readers: each gives a value or a problem, on a small stack, in time that grows with the input alone.

#![expect(clippy::print_stdout, reason = "the seconds are part of what the test reports")]

mod common;

use common::{READERS, Reader, assert_places};
use std::fmt::Write as _;
use std::thread;
use std::time::{Duration, Instant};

/// The stack of a spawned thread by default, which is what a run has.
const STACK: usize = 2 << 20;

fn reader(name: &str) -> Reader {
    READERS.iter().find(|(known, _)| *known == name).expect("the reader is listed").1
}

/// Reads on a small stack; how long that took, and how many problems there were.
fn read(name: &'static str, text: String) -> (Duration, usize) {
    let reader = reader(name);
    let thread = thread::Builder::new().stack_size(STACK).spawn(move || {
        let start = Instant::now();
        let outcome = reader(&text);
        let time = start.elapsed();
        if text.len() < 1 << 20 {
            assert_places(name, &text, &outcome);
        }
        (time, outcome.problems.len())
    });
    thread.expect("a thread can be started").join().expect("the reader does not panic")
}

/// Reads inputs of one size and four times that: the larger may take no more than a linear share, with room for noise.
fn assert_linear(name: &'static str, what: &str, make: impl Fn(usize) -> String, size: usize) {
    let (small, _) = read(name, make(size));
    let (large, problems) = read(name, make(4 * size));
    println!("{name:12} {what:32} {small:>10.3?} {large:>10.3?} {problems} problems");
    let allowed = small * 10 + Duration::from_millis(300);
    assert!(large < allowed, "{name}: {what} took {small:?}, and {large:?} for four times as much");
}

#[test]
fn deep_nesting_is_a_problem() {
    let cases: [(&str, &str, &str); 14] = [
        ("yaml", "", "- "),
        ("yaml", "", "? "),
        ("yaml", "", "["),
        ("yaml", "", "{a: "),
        ("yaml", "", "[{"),
        ("yaml", "", "- ? "),
        ("json", "", "["),
        ("json", "", "{\"a\":"),
        ("toml", "a = ", "["),
        ("toml", "a = ", "{a = "),
        ("toml", "", "a."),
        ("toml", "[", "a."),
        ("toml", "[[", "a."),
        ("toml", "", "["),
    ];
    for (name, before, repeated) in cases {
        let (time, problems) = read(name, before.to_owned() + &repeated.repeat(100_000));
        println!("{name:12} 100,000 nested {repeated:8} {time:>10.3?}");
        assert!(problems > 0, "{name}: {repeated}");
        assert!(time < Duration::from_secs(10), "{name}: {repeated} took {time:?}");
    }
}

#[test]
fn nested_lines_stay_linear() {
    let indented = |levels: usize| {
        let mut text = String::new();
        for level in 0..levels {
            let _ = writeln!(text, "{}a:", " ".repeat(level));
        }
        text
    };
    let (time, problems) = read("yaml", indented(2_000));
    println!("yaml         2,000 indented levels {time:?}");
    assert!(problems > 0 && time < Duration::from_secs(5));
    let (_, problems) = read(
        "toml",
        (1..2_000).fold(String::new(), |text, depth| text + "[[" + &vec!["a"; depth.min(200)].join(".") + "]]\n"),
    );
    assert!(problems > 0);
}

#[test]
fn time_grows_with_the_input_alone() {
    let many = |part: &'static str| move |count: usize| part.repeat(count);
    for (name, _) in READERS {
        assert_linear(name, "a line of a", many("a"), 1_000_000);
        assert_linear(name, "lines of # c", many("# c\n"), 100_000);
        assert_linear(name, "NUL bytes", many("\0"), 100_000);
        assert_linear(name, "lines of backslashes", many("\\\n"), 50_000);
        assert_linear(name, "line ends", many("\n"), 200_000);
        assert_linear(name, "spaces", many(" "), 500_000);
        assert_linear(name, "hashes", many("#"), 200_000);
        assert_linear(name, "double quotes", many("\""), 100_000);
        assert_linear(name, "single quotes", many("' "), 100_000);
    }
}

#[test]
fn long_regular_files_stay_linear() {
    let lines = |line: fn(usize) -> String| move |count: usize| (0..count).map(line).collect::<String>();
    assert_linear("yaml", "keys", lines(|at| format!("kéy{at}: 'v' # c\n")), 10_000);
    assert_linear("yaml", "the same key", lines(|_| "key: v\n".to_owned()), 10_000);
    assert_linear("yaml", "documents", lines(|at| format!("--- {at}\n")), 10_000);
    assert_linear("yaml", "anchors and aliases", lines(|at| format!("- &a{at} x\n- *a{at}\n")), 10_000);
    assert_linear("yaml", "one block scalar", |count| "a: |\n".to_owned() + &"  é\n".repeat(count), 50_000);
    assert_linear("yaml", "empty items", lines(|_| "-\n".to_owned()), 20_000);
    assert_linear("yaml", "flow entries", |count| "[".to_owned() + &"{a: b}, ".repeat(count) + "]", 10_000);
    assert_linear("yaml", "block scalars", lines(|_| "- |\n\n- >+\n x\n\n\n".to_owned()), 10_000);
    assert_linear("json", "elements", |count| "[".to_owned() + &"\"\\u00e9\",".repeat(count) + "1]", 50_000);
    assert_linear("toml", "keys", lines(|at| format!("k{at} = 'v'\n")), 10_000);
    assert_linear("toml", "broken lines", lines(|at| format!("k{at}\n")), 10_000);
    assert_linear("toml", "tables", lines(|at| format!("[t.k{at}]\na = 1\n")), 5_000);
    assert_linear("toml", "arrays of tables", lines(|_| "[[t]]\n[t.x]\n".to_owned()), 5_000);
    assert_linear("ini", "options", lines(|at| format!("[s{at}]\nk = v\n  w\n\n")), 10_000);
    assert_linear("ini", "one long value", |count| "[a]\nb = c\n".to_owned() + &"  d\n\n".repeat(count), 50_000);
    assert_linear("dotenv", "names", lines(|at| format!("K{at}=\"a\\n\" # b\n")), 10_000);
    assert_linear("dotenv", "open quotes", lines(|_| "A='\\\n".to_owned()), 20_000);
    assert_linear("dotenv", "odd open quotes", lines(|at| format!("A{at}=\"'\"'\n")), 20_000);
    assert_linear("dockerfile", "instructions", lines(|at| format!("RUN a \\\n b{at}\n")), 10_000);
    assert_linear("dockerfile", "open heredocs", |count| "RUN ".to_owned() + &"<<A ".repeat(count), 10_000);
    assert_linear("dockerfile", "one instruction", |count| "RUN a".to_owned() + &" \\\n b".repeat(count), 20_000);
    assert_linear("requirements", "lines", lines(|at| format!("a{at}>=1,<2 ; os_name == 'x' # c\n")), 10_000);
    assert_linear("requirements", "hashes", |count| "a==1".to_owned() + &" \\\n --hash=b".repeat(count), 10_000);
    assert_linear("requirements", "specifiers", |count| "a".to_owned() + &">=1,".repeat(count), 20_000);
    assert_linear("requirements", "parentheses", |count| "a;".to_owned() + &"(".repeat(count), 50_000);
    assert_linear("requirements", "extras", |count| "a[".to_owned() + &"b,".repeat(count), 20_000);
}

#[test]
fn alias_bombs_stay_small() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..500 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{aliases}]");
    }
    let (time, problems) = read("yaml", text);
    println!("yaml         alias bomb {time:?}");
    assert!(problems > 0 && time < Duration::from_secs(10));
    let merges: Vec<_> =
        (0..2_000).map(|at: usize| format!("m{at}: &m{at}\n  k{at}: 1\n  <<: *m{}\n", at.max(1) - 1)).collect();
    let (time, problems) = read("yaml", merges.concat());
    println!("yaml         chain of merges {time:?}");
    assert!(problems > 0 && time < Duration::from_secs(10));
    let large = format!("a: &a '{}'\nb: [{}]\n", "x".repeat(500_000), "*a, ".repeat(100_000));
    let (time, problems) = read("yaml", large);
    println!("yaml         a large text 100,000 times {time:?}");
    assert!(problems > 0 && time < Duration::from_secs(10));
}
