//! The table at a terminal.

mod support;

use pyaudit_check::source::{Range, Span};
use pyaudit_report::{TableOptions, table};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use support::{audit, sample, written};

fn shown(audit: &pyaudit_engine::Audit, options: &TableOptions) -> String {
    written(|out| table(audit, options, out))
}

#[test]
fn shows_every_shape_of_a_finding() {
    let text = shown(&sample(), &TableOptions::default());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sample.txt");
    if std::env::var_os("PYAUDIT_BLESS").is_some() {
        fs::write(&path, &text).expect("the expected output can be written");
    }
    let expected = fs::read_to_string(&path).expect("the expected output can be read");
    assert_eq!(text, expected, "run with PYAUDIT_BLESS=1 if this is right:\n{text}");
}

#[test]
fn no_terminal_escape_of_the_repository_gets_through() {
    let text = shown(&sample(), &TableOptions::default());
    let hidden = text.chars().find(|character| {
        *character != '\n' && character.is_control() || ('\u{202a}'..='\u{202e}').contains(character)
    });
    assert_eq!(hidden, None);
}

#[test]
fn colours_are_asked_for() {
    assert!(!shown(&sample(), &TableOptions::default()).contains('\u{1b}'));
    assert!(shown(&sample(), &TableOptions { color: true, ..TableOptions::default() }).contains('\u{1b}'));
}

#[test]
fn a_secret_is_never_shown() {
    for color in [false, true] {
        let text = shown(&sample(), &TableOptions { color, ..TableOptions::default() });
        assert!(text.contains(".env:1:8") && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn many_findings_of_a_check_are_counted() {
    let found = audit(&[("a.py", &"print()\n".repeat(219))], |sources, findings| {
        let file = sources.find("a.py").expect("the file was given");
        for line in 0..219 {
            findings.report(Span::new(file, Range::new(line * 8, line * 8 + 5)), "`print`");
        }
    });
    let text = shown(&found, &TableOptions::default());
    assert_eq!(text.matches("a.py:").count(), 5, "{text}");
    assert!(text.contains("and 214 more `print-logging` findings"), "{text}");
    let all = shown(&found, &TableOptions { frames_per_check: None, ..TableOptions::default() });
    assert_eq!(all.matches("a.py:").count(), 219);
    let none = shown(&found, &TableOptions { frames_per_check: Some(0), ..TableOptions::default() });
    assert!(!none.contains("a.py:") && !none.contains("more"), "{none}");
}

#[test]
fn the_last_line_counts_and_may_tell_the_time() {
    let options = TableOptions { elapsed: Some(Duration::from_millis(420)), ..TableOptions::default() };
    let text = shown(&sample(), &options);
    let last =
        "4 findings (1 critical, 1 high, 2 medium), 1 suppressed, 1 not shown · 4 files read · 3 problems · 0.42 s";
    assert_eq!(text.lines().last(), Some(last));
    let clean = shown(&audit(&[("a.py", ""), ("b.py", "\0")], |_, _| ()), &TableOptions::default());
    assert!(clean.contains("no findings · 1 file read, 1 left out (1 binary)"), "{clean}");
}

#[test]
fn many_problems_are_counted() {
    let mut audit = sample();
    audit.problems = vec![audit.problems[0].clone(); 25];
    let text = shown(&audit, &TableOptions::default());
    assert_eq!(text.matches("no git (parse)").count(), 10);
    assert!(text.contains("and 15 more\n"), "{text}");
}

#[test]
fn a_long_line_is_cut_and_keeps_its_column() {
    let line = format!("{}print(){}", "x".repeat(5000), "y".repeat(5000));
    let found = audit(&[("a.py", &line)], |sources, findings| {
        findings.report(support::at(sources, "a.py", "print"), "`print`");
    });
    let text = shown(&found, &TableOptions::default());
    assert!(text.contains("a.py:1:5001") && text.lines().all(|line| line.chars().count() < 140), "{text}");
}

/// Drawing must cost time in what is drawn, not in the size of the file or of the line: both are just below 2 MiB.
#[test]
fn large_files_and_lines_cost_no_more_than_small_ones() {
    let lines = format!("{}print()\n", "x = 1\n".repeat(349_000));
    let line = format!("{}print(){}", "x".repeat((1 << 20) - 10), "y".repeat((1 << 20) - 10));
    for text in [lines, line] {
        let found = audit(&[("a.py", &text)], |sources, findings| {
            let span = support::at(sources, "a.py", "print");
            let whole = Span::new(span.file, Range::new(0, text.len() as u32));
            findings.report(span, "`print`").related(whole, "all of it");
            findings.report(whole, "everything").related(span, "`print`");
        });
        let start = Instant::now();
        let shown = shown(&found, &TableOptions::default());
        let took = start.elapsed();
        println!("{took:?}");
        assert!(shown.len() < 4_000, "{shown}");
        // Handing the file itself to the renderer takes minutes.
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
}

/// No place and no text, however wrong, may end the run while it is shown.
#[test]
fn hostile_places_are_shown_without_a_panic() {
    let texts =
        ["", "\n", "\r\r\r", "é", "\t\t\u{301}", "a\u{202e}\u{1b}[0m\0", "日本語\r\n🙂🙂\n\n", &"(".repeat(3000)];
    for text in texts {
        let found = audit(&[("a.py", text)], |sources, findings| {
            let file = sources.find("a.py").expect("the file was given");
            for (start, end) in [(0, 0), (0, 1), (1, 0), (1, 3), (2, 2), (0, 9999), (9999, 9999), (5, 7)] {
                let span = Span::new(file, Range::new(start, end));
                findings
                    .report(span, text)
                    .related(span, text)
                    .related(Span::new(file, Range::new(0, 2)), "x")
                    .step(span, text)
                    .help(text);
            }
        });
        shown(&found, &TableOptions { frames_per_check: None, width: 0, ..TableOptions::default() });
    }
}
