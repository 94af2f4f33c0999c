//! Tests of the whole reader.
use super::*;
use pyaudit_source::LineIndex;

fn read(text: &str) -> Dockerfile {
    let (dockerfile, problems) = parse(text);
    assert_eq!(problems, [], "{text}");
    dockerfile
}

fn line_of(text: &str, decoded: &Text, part: &str) -> u32 {
    let at = decoded.text.find(part).unwrap();
    let source = place(decoded, at, at + part.len());
    assert_eq!(source.slice(text), part);
    LineIndex::new(text).line(source.start)
}

#[test]
fn stages_with_flags_and_names() {
    let text = "# syntax=docker/dockerfile:1\nARG V=3.12\n\nfrom --platform=$BUILDPLATFORM python:${V} As build\nCOPY --from=base --chown='a b' x y\nFROM scratch\n";
    let dockerfile = read(text);
    assert_eq!(dockerfile.preamble[0].arguments.text, "V=3.12");
    let [build, last] = dockerfile.stages.as_slice() else { panic!("two stages, not {dockerfile:?}") };
    assert_eq!((build.image.as_str(), build.name.as_deref()), ("python:${V}", Some("build")));
    assert_eq!(build.image_range.slice(text), "python:${V}");
    assert_eq!(build.from.flags, [("platform".to_owned(), "$BUILDPLATFORM".to_owned())]);
    assert_eq!(build.from.keyword_range.slice(text), "from");
    let copy = &build.instructions[0];
    assert_eq!(copy.flags[1], ("chown".to_owned(), "'a b'".to_owned()));
    assert_eq!(copy.arguments.text, "x y");
    assert_eq!((last.image.as_str(), &last.name), ("scratch", &None));
}

#[test]
fn continuations_keep_their_lines() {
    let text = "FROM a\r\nRUN apt-get update \\\r\n  # note\r\n\r\n && pip install \\  \r\n    é==1\r\nUSER me\r\n";
    let stage = &read(text).stages[0];
    let run = &stage.instructions[0];
    assert_eq!(run.arguments.text, "apt-get update  && pip install     é==1");
    assert_eq!(line_of(text, &run.arguments, "pip install"), 5);
    assert_eq!(line_of(text, &run.arguments, "é==1"), 6);
    assert!(run.range.slice(text).ends_with("é==1"));
    assert_eq!(stage.instructions[1].keyword, "USER");
}

#[test]
fn the_escape_directive_and_doubled_escapes() {
    let text = "# escape=`\nFROM a\nRUN dir c:\\\nRUN a `\n b\nRUN c ``\nUSER d\n";
    let stage = &read(text).stages[0];
    let arguments: Vec<_> = stage.instructions.iter().map(|found| found.arguments.text.as_str()).collect();
    assert_eq!(arguments, ["dir c:\\", "a  b", "c ``", "d"]);
    let late = read("# a comment\n# escape=`\nFROM a\nRUN x `\n");
    assert_eq!(late.stages[0].instructions[0].arguments.text, "x `");
}

#[test]
fn heredocs_follow_their_instruction() {
    let text = "FROM a\nRUN --mount=type=cache,target=/c <<EOF\npip install x\n# kept \\\nEOF\nCOPY <<-'A' <<\"B\" /d/\n\tone\n\tA\ntwo\nB\nRUN cat <<<x <y\nCMD echo <<EOF\nUSER z\n";
    let stage = &read(text).stages[0];
    let [run, copy, plain, command, user] = stage.instructions.as_slice() else { panic!("five, not {stage:?}") };
    assert_eq!(run.heredocs[0].text, "pip install x\n# kept \\\n");
    assert_eq!(line_of(text, &run.heredocs[0], "pip install x"), 3);
    assert!(run.range.slice(text).ends_with("\nEOF"));
    assert_eq!((copy.heredocs[0].text.as_str(), copy.heredocs[1].text.as_str()), ("one\n", "two\n"));
    assert_eq!(line_of(text, &copy.heredocs[0], "one"), 7);
    assert!(plain.heredocs.is_empty() && command.heredocs.is_empty());
    assert_eq!(user.keyword, "USER");
    let (dockerfile, problems) = parse("FROM a\nONBUILD RUN <<E\nx\n");
    assert_eq!(problems[0].message, "heredoc without its end `E`");
    assert_eq!(dockerfile.stages[0].instructions[0].heredocs[0].text, "x");
}

#[test]
fn exec_forms() {
    let text = "FROM a\nCMD [\"a\", \\\n  \"b\"]\nHEALTHCHECK --interval=5s CMD [\"c\"]\nRUN [ -f x ] && y\nENTRYPOINT ['a']\n";
    let forms: Vec<_> = read(text).stages[0].instructions.iter().map(|found| found.exec_form.clone()).collect();
    assert_eq!(forms, [Some(vec!["a".to_owned(), "b".to_owned()]), Some(vec!["c".to_owned()]), None, None]);
}

#[test]
fn what_docker_refuses_is_a_problem_and_kept() {
    let text = "RUN early\nFROM a\nRUNN x\n{{ y }}\nFROM\n";
    let (dockerfile, problems) = parse(text);
    let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "`RUN` before the first `FROM`",
            "unknown instruction `RUNN`",
            "unknown instruction `{{`",
            "`FROM` without an image"
        ]
    );
    assert_eq!(dockerfile.stages[0].instructions.len(), 2);
}
