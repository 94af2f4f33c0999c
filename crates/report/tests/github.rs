//! Workflow commands of GitHub.

mod support;

use pyaudit_report::github;
use support::{sample, written};

#[test]
fn writes_a_command_for_each_finding_that_counts() {
    let text = written(|out| github(&sample(), out));
    let expected = [
        "::error file=app/main.py,line=5,col=2,endLine=5,endColumn=7,title=print-logging (high)::`print` in the handler of `GET /`%0Ahelp: use `logger.info`",
        "::warning file=.env,line=1,col=8,endLine=1,endColumn=22,title=print-logging (medium)::a secret is committed",
        "::warning file=app/main.py,title=print-logging (medium)::the file is bad,%0Avery: 100%25",
        "::error file=app/main.py,line=8,col=5,endLine=8,endColumn=13,title=print-logging (critical)::holds \\u{1b}[31m",
        "::notice title=problem (parse)::no git",
        "::notice file=un\\u{1b}readable,title=problem (parse)::no permission",
        "::notice file=app/main.py,line=8,col=1,endLine=8,endColumn=5,title=problem (parse)::unexpected `x`",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}
