//! The commands of a shell text: CI steps, manifests, Makefiles, images.
//!
//! A shell text is read, never run: variables stay unexpanded, and what cannot be known is kept as it is written. The
//! caller has undone the escapes of the format around the text (`$$` in a Makefile).
//!
//! The reader is written by hand. tree-sitter-bash 0.25 was tried (it loads in tree-sitter 0.27 and is fast enough, two
//! microseconds a byte in a debug build), but `pip install ${{ matrix.x }}` gives an error node and two commands, each
//! `"${{ … }}"` another error, and PowerShell and batch files, which must give something as well, little else. What is asked
//! here is a list of words. Substitutions and the scripts of `sh -c` are put on a list and read in turn, so nesting
//! costs no call stack; its depth, the size of a text and the attempts to find a lost quote are bounded.

mod lex;
mod list;
mod scan;
mod unwrap;

use pyaudit_source::{ParseProblem, Range};

/// One simple command, wherever it stands: in a list, a pipeline, a loop, a substitution, a function, or in the script
/// given to `sh -c`. Of a command behind `env`, `sudo`, `exec`, `uv run` and the like `words` holds all words, and
/// [`Command::unwrapped`] what really runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// From its first word to its last.
    pub range: Range,
    /// `NAME=value` before the command, or alone.
    pub assignments: Vec<(String, String)>,
    /// The words, quotes removed; the first is the program. Variables stay as written (`$PORT`), and so do
    /// substitutions, whose commands are listed as well. Empty where the command only assigns.
    pub words: Vec<Word>,
    /// What follows it: whether its failure is taken back (`|| true`), or it runs in the background.
    pub joined: Joined,
    /// The body of its last here-document, as it is written.
    pub heredoc: Option<Word>,
}

/// One word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The text, quotes removed.
    pub text: String,
    /// Where it stands.
    pub range: Range,
}

/// How a command is joined to what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Joined {
    /// By a line end, `;`, `&&`, a pipe, or it is the last.
    #[default]
    Plain,
    /// By `|| true`, `|| :`, `|| exit 0`, `|| echo …` or `; true` at the end of a line, or after `set +e`, so that its
    /// failure is lost.
    FailureMasked,
    /// By `&`.
    Background,
}

/// The program that really runs, and what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program<'a> {
    /// The file name of the program, or the name of the module of `python -m`.
    pub name: &'a str,
    /// The words after it.
    pub arguments: &'a [Word],
}

impl Program<'_> {
    /// Whether a word stands among the arguments.
    pub fn has_argument(&self, text: &str) -> bool {
        self.arguments.iter().any(|word| word.text == text)
    }
}

impl Command {
    /// The program: the file name of the first word, so that `/usr/bin/pip` and `.venv/bin/pip` are `pip`.
    pub fn program(&self) -> &str {
        self.words.first().map_or("", |word| file_name(&word.text))
    }

    /// The words after the program.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).map(|word| word.text.as_str())
    }

    /// The program behind `sudo`, `env`, `time`, `nohup`, `exec`, `xargs`, `uv run`, `poetry run`, `coverage run -m`,
    /// `python -m` and the like, their options skipped. The command's own program where nothing wraps it.
    pub fn unwrapped(&self) -> Program<'_> {
        let start = unwrap::start(&self.words);
        let name = self.words.get(start).map_or("", |word| file_name(&word.text));
        Program { name, arguments: self.words.get(start + 1..).unwrap_or(&[]) }
    }
}

/// The last component of a path.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Reads the simple commands of a shell text, in the order of their places. Ranges count bytes of `text`.
pub fn commands(text: &str) -> (Vec<Command>, Vec<ParseProblem>) {
    list::commands(text)
}
