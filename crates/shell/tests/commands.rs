//! What commands a shell text has, where they stand, and how they are joined.

use proptest::prelude::*;
use pyaudit_shell::{Command, Joined, commands};

/// Each command as its words between `|`.
fn words(text: &str) -> Vec<String> {
    let found = commands(text).0;
    found
        .iter()
        .map(|command| command.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join("|"))
        .collect()
}

fn joined(text: &str) -> Vec<(String, Joined)> {
    commands(text).0.iter().map(|command| (command.program().to_owned(), command.joined)).collect()
}

/// The programs whose failure is lost.
fn masked(text: &str) -> Vec<String> {
    let lost = joined(text).into_iter().filter(|(_, joined)| *joined == Joined::FailureMasked);
    lost.map(|(program, _)| program).collect()
}

fn command(text: &str) -> Command {
    commands(text).0.into_iter().next().expect("a command")
}

fn unwrapped(text: &str) -> String {
    let command = command(text);
    let program = command.unwrapped();
    let arguments = program.arguments.iter().map(|word| word.text.as_str());
    std::iter::once(program.name).chain(arguments).collect::<Vec<_>>().join(" ")
}

#[test]
fn lists_pipelines_and_lines_are_cut_into_commands() {
    assert_eq!(words("a 1 && b 2 || c; d & e | f |& g\nh"), ["a|1", "b|2", "c", "d", "e", "f", "g", "h"]);
    assert_eq!(words("pip install \\\n  -r x.txt # comment\n# all comment\nb#c"), ["pip|install|-r|x.txt", "b#c"]);
    assert_eq!(words("a\r\nb \\\r\n c\r\n"), ["a", "b|c"]);
}

#[test]
fn quotes_are_removed_and_expansions_stay() {
    assert_eq!(words(r#"a 'b c' "d $X \"e\"" f\ g $'h\n' "" x"y"z"#), ["a|b c|d $X \"e\"|f g|h\n||xyz"]);
    assert_eq!(
        words("run ${{ matrix.x || 'y' }} \"${{ github.ref }}\" ${A:-b c}"),
        ["run|${{ matrix.x || 'y' }}|${{ github.ref }}|${A:-b c}"]
    );
    assert_eq!(words("echo '${{ github.event['a'] }}' b"), ["echo|${{ github.event['a'] }}|b"]);
}

#[test]
fn ranges_name_the_bytes_of_the_text() {
    let text = "x=1 pip  'a b'; sh -c \"pytest \\\"é\\\" -q\"";
    let (found, problems) = commands(text);
    assert!(problems.is_empty());
    let slices: Vec<&str> = found.iter().map(|command| command.range.slice(text)).collect();
    assert_eq!(slices, ["x=1 pip  'a b'", "sh -c \"pytest \\\"é\\\" -q\"", "pytest \\\"é\\\" -q"]);
    assert_eq!(found[0].words[1].range.slice(text), "'a b'");
    assert_eq!(found[2].words[0].range.slice(text), "pytest");
    assert_eq!(found[2].words[1].text, "é");
    assert_eq!(found[0].assignments, [("x".to_owned(), "1".to_owned())]);
}

#[test]
fn substitutions_and_scripts_hold_commands() {
    assert_eq!(
        words("echo $(pip freeze | wc -l) `date +\\`id\\`` <(sort a)"),
        ["echo|$(pip freeze | wc -l)|`date +\\`id\\``|<(sort a)", "pip|freeze", "wc|-l", "date|+`id`", "id", "sort|a",]
    );
    assert_eq!(words("A=$(b) C=${D:-$(e)}"), ["", "b", "e"]);
    assert_eq!(words("bash -lc 'cd x && pytest'"), ["bash|-lc|cd x && pytest", "cd|x", "pytest"]);
    assert_eq!(words("sudo sh -c \"a $(b)\""), ["sudo|sh|-c|a $(b)", "a|$(b)", "b"]);
    assert_eq!(words("bash -euo pipefail -c 'a; b'").len(), 3);
    assert_eq!(words("echo $((1 + 2)) > \"$(target)\""), ["echo|$((1 + 2))", "target"]);
}

#[test]
fn compound_commands_are_looked_into() {
    assert_eq!(words("if a; then b; elif c; then d; else e; fi"), ["a", "b", "c", "d", "e"]);
    assert_eq!(words("for x in 1 2; do a $x; done; while b; do c; done"), ["a|$x", "b", "c"]);
    assert_eq!(words("case \"$1\" in\n a|b) x ;;\n *) y; z ;;\nesac\nw"), ["x", "y", "z", "w"]);
    assert_eq!(words("f() { a; }\nfunction g { b; }\n(c; d) && { e; }"), ["a", "b", "c", "d", "e"]);
    assert_eq!(words("[[ -f a && -n b ]] && c\n! d\nA=(x y) e"), ["[[|-f|a|-n|b|]]", "c", "d", "e"]);
}

#[test]
fn redirections_are_dropped_and_here_documents_kept() {
    assert_eq!(words("a >b 2>&1 c &>d <e <<<f >>g"), ["a|c"]);
    let text = "python - <<'EOF' | cat\nprint(\"it's\")\nEOF\nnext";
    let (found, problems) = commands(text);
    assert!(problems.is_empty());
    assert_eq!(words(text), ["python|-", "cat", "next"]);
    let body = found[0].heredoc.as_ref().expect("a body");
    assert_eq!(body.text, "print(\"it's\")\n");
    assert_eq!(body.range.slice(text), body.text);
    assert_eq!(words("bash -s <<-EOF\n\tpytest -q\n\tEOF\nb"), ["bash|-s", "pytest|-q", "b"]);
    assert_eq!(words("x=$(cat <<E\n)\"\nE\n)\ny"), ["", "cat", "y"]);
}

#[test]
fn lost_failures_are_seen() {
    assert_eq!(masked("pytest || true"), ["pytest"]);
    assert_eq!(masked("ruff . && mypy . || :\nb"), ["ruff", "mypy"]);
    assert_eq!(masked("a | b || exit 0"), ["a", "b"]);
    assert_eq!(masked("a || echo failed"), ["a"]);
    assert_eq!(masked("(a; b) || true"), ["a", "b"]);
    assert_eq!(masked("a || { echo x; true; }"), ["a"]);
    assert_eq!(masked("make test; true"), ["make"]);
    assert_eq!(masked("bash -c 'pytest; echo' || true"), ["bash", "pytest", "echo"]);
    assert_eq!(masked("set +e\na\nb\nset -e\nc"), ["a", "b"]);
    assert_eq!(joined("a && b & c")[..2], [("a".to_owned(), Joined::Background), ("b".to_owned(), Joined::Background)]);
}

#[test]
fn failures_that_are_not_lost_stay() {
    for text in [
        "a || exit 1",
        "a || { echo failed; exit 1; }",
        "a || (echo failed && false)",
        "a || echo failed && exit 1",
        "a && true",
        "a\ntrue",
        "a; b; true && c",
        "a || b",
        "set +e\na\nstatus=$?",
        "if a; then true; fi",
    ] {
        assert_eq!(masked(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn wrappers_are_taken_off() {
    let expected = [
        ("sudo -u app env A=b nohup /usr/bin/pytest -q", "pytest -q"),
        ("uv run --frozen --with x pytest tests", "pytest tests"),
        ("uv --directory api run -m alembic upgrade head", "alembic upgrade head"),
        ("poetry run python -m coverage run --source app -m pytest -q", "pytest -q"),
        ("pipenv run coverage run -m pytest", "pytest"),
        ("hatch run -e x alembic check", "alembic check"),
        ("pdm run ruff check", "ruff check"),
        ("rye run mypy", "mypy"),
        ("uvx --from ruff ruff check", "ruff check"),
        ("python3.12 -u -m pip install x", "pip install x"),
        ("python -Im build", "build"),
        ("timeout -k 5 60 pytest", "pytest"),
        ("xargs -n 1 pip install", "pip install"),
        ("time -p exec gunicorn app:app", "gunicorn app:app"),
        ("python script.py -m x", "python script.py -m x"),
        ("python -c 'import m' -m x", "python -c import m -m x"),
        ("command -v poetry", "command -v poetry"),
        ("poetry install", "poetry install"),
        ("uv run", "uv run"),
        ("sudo", "sudo"),
    ];
    for (text, program) in expected {
        assert_eq!(unwrapped(text), program, "{text}");
    }
}

#[test]
fn a_lost_quote_is_a_problem_and_the_rest_is_kept() {
    let (found, problems) = commands("a b\necho it's\nc d\n");
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].message, "a single quote has no end");
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(commands("echo \"$(a\nb").1.len(), 2);
}

#[test]
fn other_shells_do_not_crash() {
    let power = "if ($IsWindows) { Write-Host \"x $($env:A)\" } else { pip install -r r.txt }\n$a = @{ b = 'c' }\n";
    assert!(!commands(power).0.is_empty());
    assert!(!commands("@echo off\r\nif exist x (\r\n  pip install y\r\n) else goto :end\r\n").0.is_empty());
}

#[test]
fn hostile_texts_end_soon() {
    let units = [
        "(",
        "$(",
        "\"$(",
        "`",
        "${a:-",
        "{ ",
        "${{",
        "if ",
        "case ",
        "a || ",
        "((a)||true)||",
        "cat <<A\n",
        "'",
        "\"",
        "\\\n",
        "$((",
        "<(",
        "a=(",
        "[[ ",
        "sh -c '",
        "f() ",
        "true;",
        ">",
        "<<",
        "\\",
        "#",
        "&",
        "a && (",
        "x=$(cat <<E\n",
    ];
    for unit in units {
        let start = std::time::Instant::now();
        let (_, _) = commands(&unit.repeat(100_000 / unit.len()));
        assert!(start.elapsed().as_secs() < 20, "{unit:?} takes {:?}", start.elapsed());
    }
    assert_eq!(commands(&"a".repeat(1024 * 1024 + 1)).1.len(), 1);
}

proptest! {
    #[test]
    fn any_text_gives_ordered_commands_within_it(
        parts in prop::collection::vec(prop_oneof![
            "[ -~\n]{0,6}", Just("é".to_owned()), Just("$(".to_owned()), Just("<<E\n".to_owned()), Just("E\n".to_owned()),
            Just("sh -c \"".to_owned()), Just("'".to_owned()), Just("\"".to_owned()), Just("`".to_owned()), Just("|| true".to_owned()),
            Just("case x in".to_owned()), Just("${{ a }}".to_owned()), Just("\\".to_owned()), Just("{ ".to_owned()), Just("; }".to_owned()),
        ], 0..40)
    ) {
        let text = parts.concat();
        let (found, problems) = commands(&text);
        let mut last = 0;
        for command in &found {
            prop_assert!(command.range.start >= last);
            last = command.range.start;
            for range in command.words.iter().map(|word| word.range).chain([command.range]) {
                prop_assert!(range.start <= range.end && range.end as usize <= text.len());
                prop_assert!(text.is_char_boundary(range.start as usize) && text.is_char_boundary(range.end as usize));
            }
        }
        for problem in problems {
            prop_assert!(problem.range.is_none_or(|range| range.start as usize <= text.len()));
        }
    }
}
