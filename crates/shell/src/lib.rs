//! The commands of a shell text: CI steps, manifests, Makefiles, images.
//!
//! A shell text is read, never run: variables stay unexpanded, and what cannot be known is kept as it is written.

use pyaudit_source::{ParseProblem, Range};

/// One simple command, wherever it stands: in a list, a pipeline, a loop, a substitution, or as the argument of
/// `sh -c`, `env`, `sudo`, `exec`, `time`, `nohup` and the like.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// From its first word to its last.
    pub range: Range,
    /// `NAME=value` before the command.
    pub assignments: Vec<(String, String)>,
    /// The words, quotes removed; the first is the program. Variables stay as written (`$PORT`).
    pub words: Vec<Word>,
    /// What follows it: whether its failure is taken back (`|| true`), or it runs in the background.
    pub joined: Joined,
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
    /// By `|| true`, `|| :`, `|| exit 0` or `|| echo …`, so that its failure is lost.
    FailureMasked,
    /// By `&`.
    Background,
}

impl Command {
    /// The program: the file name of the first word, so that `/usr/bin/pip` and `.venv/bin/pip` are `pip`.
    pub fn program(&self) -> &str {
        self.words.first().map_or("", |word| word.text.rsplit('/').next().unwrap_or(""))
    }

    /// The words after the program.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).map(|word| word.text.as_str())
    }
}

/// Reads the simple commands of a shell text, in order. Ranges count bytes of `text`.
pub fn commands(_text: &str) -> (Vec<Command>, Vec<ParseProblem>) {
    (Vec::new(), Vec::new())
}
