//! A Markdown file as small repositories with expectations.

use crate::fences::{Block, blocks};
use crate::marks::{self, Kind, Mark};
use crate::{Failure, FailureKind};
use std::collections::BTreeSet;

/// A fixture: one Markdown file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixture {
    /// The small repositories, in the order of the file.
    pub sections: Vec<Section>,
}

/// One small repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading, without its hashes.
    pub title: String,
    /// The line of the heading, from 1.
    pub line: u32,
    /// The Markdown below the heading, as it stands in the fixture.
    pub markdown: String,
    /// The files.
    pub files: Vec<FixtureFile>,
    /// What git says.
    pub git: Git,
    /// What must be found.
    pub marks: Vec<Mark>,
}

/// A file of a small repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixtureFile {
    /// Relative to the root, with `/`.
    pub path: String,
    /// The text between the fences.
    pub text: String,
    /// The line of the fixture on which the text starts, from 1.
    pub line: u32,
}

/// What git says of a small repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Git {
    /// The root is a work tree, and git tracks every file but these.
    Inside {
        /// The paths of the files that are not in the index.
        untracked: BTreeSet<String>,
        /// The paths of those that were deleted: an earlier commit holds them.
        past: BTreeSet<String>,
    },
    /// The root is in no work tree.
    Outside,
}

impl Section {
    /// Whether the check must report something here.
    pub fn fires(&self) -> bool {
        self.marks.iter().any(|mark| mark.kind == Kind::Finding)
    }

    /// A failure of this section at a line of the fixture.
    pub(crate) fn failure(&self, line: u32, kind: FailureKind, detail: impl Into<String>) -> Failure {
        Failure { line, section: Some(self.title.clone()), kind, detail: detail.into() }
    }
}

impl Fixture {
    /// Reads a fixture, and says what cannot be understood in it.
    pub fn parse(markdown: &str) -> (Self, Vec<Failure>) {
        let mut reader = Reader { sections: Vec::new(), failures: Vec::new(), file: None };
        for (line, block) in blocks(markdown) {
            reader.block(line, block);
        }
        reader.no_pending_file();
        let Reader { mut sections, mut failures, .. } = reader;
        fill_markdown(&mut sections, markdown);
        for section in &sections {
            failures.extend(unknown_paths(section));
        }
        (Self { sections }, failures)
    }

    /// The first section in which the check fires.
    pub fn first_firing(&self) -> Option<&Section> {
        self.sections.iter().find(|section| section.fires())
    }

    /// The first section in which the check is silent.
    pub fn first_silent(&self) -> Option<&Section> {
        self.sections.iter().find(|section| !section.fires())
    }
}

struct Reader {
    sections: Vec<Section>,
    failures: Vec<Failure>,
    /// A file that was named, and the line on which it was.
    file: Option<(String, u32)>,
}

impl Reader {
    fn block(&mut self, line: u32, block: Block<'_>) {
        match block {
            Block::Heading(title) => {
                self.no_pending_file();
                self.sections.push(Section {
                    title: title.to_owned(),
                    line,
                    markdown: String::new(),
                    files: Vec::new(),
                    git: Git::Inside { untracked: BTreeSet::new(), past: BTreeSet::new() },
                    marks: Vec::new(),
                });
            }
            Block::Line(content) => {
                if let Some(path) = content.strip_prefix('`').and_then(|rest| rest.trim_end().strip_suffix("`:")) {
                    self.no_pending_file();
                    self.file = Some((path.to_owned(), line));
                } else if !content.trim().is_empty() {
                    self.no_pending_file();
                }
            }
            Block::Fence { info, text, closed } => self.fence(line, info, text, closed),
        }
    }

    fn fence(&mut self, line: u32, info: &str, text: String, closed: bool) {
        if !closed {
            self.malformed(line, "the fence is never closed");
        }
        let named = self.file.take();
        if self.sections.is_empty() {
            return self.malformed(line, "a fence must stand in a section, below a `##` heading");
        }
        match (named, info) {
            (Some((path, _)), _) => self.add_file(FixtureFile { path, text, line: line + 1 }),
            (None, "expect") => {
                let read = marks::in_fence(&text, line + 1);
                self.add_marks(read);
            }
            (None, "git") => self.git_facts(&text, line + 1),
            (None, _) => self.malformed(line, "a line such as `app/main.py`: must stand before the fence of a file"),
        }
    }

    fn add_file(&mut self, file: FixtureFile) {
        let read = marks::in_comments(&file.path, &file.text, file.line);
        self.add_marks(read);
        let Some(section) = self.sections.last_mut() else { return };
        if section.files.iter().any(|other| other.path == file.path) {
            let (line, message) = (file.line - 1, format!("`{}` stands twice in the section", file.path));
            return self.malformed(line, message);
        }
        section.files.push(file);
    }

    fn add_marks(&mut self, (marks, errors): (Vec<Mark>, Vec<(u32, String)>)) {
        if let Some(section) = self.sections.last_mut() {
            section.marks.extend(marks);
        }
        for (line, error) in errors {
            self.malformed(line, error);
        }
    }

    fn git_facts(&mut self, text: &str, first_line: u32) {
        for (line, fact) in (first_line..).zip(text.lines()) {
            let Some(section) = self.sections.last_mut() else { return };
            match (fact.trim().split_once(": "), &mut section.git) {
                (Some(("untracked", path)), Git::Inside { untracked, .. }) => drop(untracked.insert(path.to_owned())),
                (Some(("tracked", path)), Git::Inside { untracked, .. }) => drop(untracked.remove(path)),
                (Some(("past", path)), Git::Inside { past, .. }) => drop(past.insert(path.to_owned())),
                (None, git) if fact.trim() == "outside git" => *git = Git::Outside,
                (None, _) if fact.trim().is_empty() => {}
                _ => self.malformed(
                    line,
                    format!("`{fact}` is none of `untracked: path`, `tracked: path`, `past: path`, `outside git`"),
                ),
            }
        }
    }

    /// A file that was named needs a fence before anything else.
    fn no_pending_file(&mut self) {
        if let Some((path, line)) = self.file.take() {
            self.malformed(line, format!("no fence follows the name of `{path}`"));
        }
    }

    fn malformed(&mut self, line: u32, detail: impl Into<String>) {
        let section = self.sections.last().map(|section| section.title.clone());
        self.failures.push(Failure { line, section, kind: FailureKind::Malformed, detail: detail.into() });
    }
}

/// Gives each section the text from below its heading to the next one.
fn fill_markdown(sections: &mut [Section], markdown: &str) {
    let lines: Vec<&str> = markdown.lines().collect();
    let mut end = lines.len();
    for section in sections.iter_mut().rev() {
        let start = section.line as usize;
        lines[start..end].join("\n").trim().clone_into(&mut section.markdown);
        end = start - 1;
    }
}

/// Facts and marks about files that the section does not hold: most often a misspelt path.
fn unknown_paths(section: &Section) -> Vec<Failure> {
    let known = |path: &str| section.files.iter().any(|file| file.path == path);
    let malformed =
        |line, path: &str| section.failure(line, FailureKind::Malformed, format!("the section has no file `{path}`"));
    let marks = section.marks.iter().filter_map(|mark| Some((mark.fixture_line, mark.path.as_deref()?)));
    let mut failures: Vec<_> =
        marks.filter(|&(_, path)| !known(path)).map(|(line, path)| malformed(line, path)).collect();
    if let Git::Inside { untracked, past } = &section.git {
        failures
            .extend(untracked.iter().chain(past).filter(|path| !known(path)).map(|path| malformed(section.line, path)));
    }
    failures
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXTURE: &str = "# a-b

Prose about the check.

## flags one
Some prose.

`app/main.py`:
```python
print(1)  # expect: a-b
```
`.env`:

```dotenv
A=1
```

```expect
.env:1 a-b
```

```git
untracked: .env
```

## silent outside
`x.py`:
```python
```
```git
outside git
```
";

    #[test]
    fn reads_files_git_facts_and_marks() {
        let (fixture, failures) = Fixture::parse(FIXTURE);
        assert_eq!(failures, []);
        let [first, second] = fixture.sections.as_slice() else { panic!("two sections") };
        assert_eq!((first.title.as_str(), first.line, first.fires()), ("flags one", 5, true));
        assert_eq!(
            first.files[0],
            FixtureFile { path: "app/main.py".into(), text: "print(1)  # expect: a-b\n".into(), line: 10 }
        );
        assert_eq!(first.git, Git::Inside { untracked: BTreeSet::from([".env".to_owned()]), past: BTreeSet::new() });
        assert_eq!(first.marks.iter().map(|mark| mark.fixture_line).collect::<Vec<_>>(), [10, 19]);
        assert!(first.markdown.starts_with("Some prose.") && first.markdown.ends_with("```"));
        assert_eq!((second.git.clone(), second.fires(), second.files[0].text.as_str()), (Git::Outside, false, ""));
    }

    #[test]
    fn says_where_it_cannot_be_read() {
        let cases = [
            ("## a\n```python\nx\n```\n", 2, "must stand before the fence"),
            ("## a\n`a.py`:\nprose\n", 2, "no fence follows"),
            ("## a\n`a.py`:\n", 2, "no fence follows"),
            ("## a\n`a.py`:\n```\nx\n", 3, "never closed"),
            ("`a.py`:\n```\nx\n```\n", 2, "in a section"),
            ("## a\n`a.py`:\n```\n```\n`a.py`:\n```\n```\n", 6, "twice"),
            ("## a\n`a.py`:\n```\nx # expect: a-b what\n```\n", 4, "nothing but"),
            ("## a\n```expect\nb.py:1 a-b\n```\n", 3, "no file `b.py`"),
            ("## a\n```git\nuntraced: b.py\n```\n", 3, "is none of"),
            ("## a\n```git\nuntracked: b.py\n```\n", 1, "no file `b.py`"),
        ];
        for (markdown, line, detail) in cases {
            let (_, failures) = Fixture::parse(markdown);
            let found: Vec<_> = failures.iter().map(|failure| (failure.line, failure.detail.as_str())).collect();
            assert!(
                matches!(found.as_slice(), [(at, text)] if *at == line && text.contains(detail)),
                "{markdown}: {found:?}"
            );
        }
    }
}
