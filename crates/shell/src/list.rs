//! From words and operators to commands, and how they are joined.

use crate::lex::{LexedWord, Lexer, Token};
use crate::{Command, Joined, Word, file_name, unwrap};
use pyaudit_source::{ParseProblem, Range};

/// A larger text is not read.
const MAX_BYTES: usize = 1024 * 1024;
/// Substitutions and scripts within scripts deeper than this are not read.
const MAX_DEPTH: usize = 32;
/// Groups deeper than this are read as if they were not there.
const MAX_GROUPS: usize = 256;

/// A text to read: the whole one, or one that stands inside a command.
struct Region {
    text: Vec<u8>,
    /// Where each of its bytes stands in the whole text, and where it ends.
    places: Vec<u32>,
    depth: usize,
    /// The command it is part of.
    parent: Option<usize>,
}

pub(crate) fn commands(text: &str) -> (Vec<Command>, Vec<ParseProblem>) {
    if text.len() > MAX_BYTES {
        let message = format!("the shell text has {} bytes, more than the limit of {MAX_BYTES}", text.len());
        return (Vec::new(), vec![ParseProblem::whole(message)]);
    }
    let places = (0..=text.len() as u32).collect();
    let mut regions = vec![Region { text: text.as_bytes().to_vec(), places, depth: 0, parent: None }];
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    while let Some(region) = regions.pop() {
        if region.depth > MAX_DEPTH {
            let place = Range::empty(region.places[0]);
            problems.push(ParseProblem::at(place, format!("commands are nested deeper than {MAX_DEPTH} levels")));
            continue;
        }
        let first = found.len();
        let mut reader = Reader::new(&region, &mut found);
        reader.read();
        problems.append(&mut reader.problems);
        regions.append(&mut reader.inner);
        inherit(&mut found, first, region.parent);
    }
    found.sort_by_key(|command: &Command| (command.range.start, std::cmp::Reverse(command.range.end)));
    problems.sort();
    (found, problems)
}

/// A failure inside a command is lost with the failure of the command.
fn inherit(found: &mut [Command], first: usize, parent: Option<usize>) {
    let Some(joined) = parent.map(|parent| found[parent].joined) else { return };
    for command in &mut found[first..] {
        if command.joined == Joined::Plain {
            command.joined = joined;
        }
    }
}

/// What opened a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opener {
    Parenthesis,
    Brace,
    Keyword,
    Case,
}

/// What stood before a group, to go on with after it.
struct Group {
    opener: Opener,
    chain: Vec<(usize, usize)>,
    or_at: Option<usize>,
    masked: usize,
    /// The number of the first command inside.
    first: usize,
}

/// What words mean where they stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Command,
    /// Up to `do` or a line end: `for x in a b`.
    LoopHeader,
    /// Up to `in`.
    CaseWord,
    /// Up to `)`.
    CasePattern,
    /// Up to `)`: `A=(x y)`.
    Array,
    /// Up to `]]`.
    Test,
    /// The name of a function.
    FunctionName,
}

struct Reader<'a> {
    region: &'a Region,
    found: &'a mut Vec<Command>,
    problems: Vec<ParseProblem>,
    inner: Vec<Region>,
    words: Vec<LexedWord>,
    opened: Vec<usize>,
    /// Which command opened a here-document, by the number of the document.
    owners: Vec<(usize, usize)>,
    expect: Expect,
    groups: Vec<Group>,
    /// The commands of the list that is being read, as ranges of numbers: what `|| true` masks.
    chain: Vec<(usize, usize)>,
    /// How much of the chain stands before the last `||`.
    or_at: Option<usize>,
    /// How much of the chain is masked already.
    masked: usize,
    /// The list before the last `;`.
    previous: Vec<(usize, usize)>,
    /// `set +e` holds.
    ignores_failures: bool,
    lenient: Vec<usize>,
}

impl<'a> Reader<'a> {
    fn new(region: &'a Region, found: &'a mut Vec<Command>) -> Self {
        Self {
            region,
            found,
            problems: Vec::new(),
            inner: Vec::new(),
            words: Vec::new(),
            opened: Vec::new(),
            owners: Vec::new(),
            expect: Expect::Command,
            groups: Vec::new(),
            chain: Vec::new(),
            or_at: None,
            masked: 0,
            previous: Vec::new(),
            ignores_failures: false,
            lenient: Vec::new(),
        }
    }

    fn read(&mut self) {
        let mut lexer = Lexer::new(&self.region.text);
        let mut token = lexer.next();
        while let Some(current) = token {
            token = lexer.next();
            match current {
                Token::Word(word) => self.word(word),
                Token::Opens(document) => self.opened.push(document),
                Token::Body { document, start, end } => self.body(document, start, end),
                Token::Operator("(", _) if token_is(token.as_ref(), ")") && self.words.len() == 1 => {
                    // `name() { … }` defines a function.
                    self.words.clear();
                    token = lexer.next();
                }
                Token::Operator(operator, _) => self.operator(operator),
            }
        }
        self.operator("\n");
        while !self.groups.is_empty() {
            self.close_top();
        }
        self.mask_lenient();
        for (at, message) in lexer.unclosed {
            self.problems.push(ParseProblem::at(self.range(at, at + 1), message));
        }
    }

    fn range(&self, start: usize, end: usize) -> Range {
        let places = &self.region.places;
        let from = places[start.min(places.len() - 1)];
        let last = if end > start { places[(end - 1).min(places.len() - 1)] + 1 } else { from };
        Range::new(from, last.max(from))
    }

    fn word(&mut self, word: LexedWord) {
        if self.expect != Expect::Command {
            return self.expected(word);
        }
        if self.words.is_empty() && !word.is_quoted && self.keyword(&word.text) {
            return;
        }
        self.words.push(word);
    }

    /// A word where no command is expected.
    fn expected(&mut self, word: LexedWord) {
        let is = |text: &[u8]| !word.is_quoted && word.text == text;
        match self.expect {
            Expect::LoopHeader if is(b"do") => self.expect = Expect::Command,
            Expect::CaseWord if is(b"in") => self.expect = Expect::CasePattern,
            Expect::CasePattern if is(b"esac") => {
                self.expect = Expect::Command;
                self.close(&[Opener::Case]);
            }
            Expect::FunctionName => self.expect = Expect::Command,
            Expect::Test => {
                if is(b"]]") {
                    self.expect = Expect::Command;
                }
                return self.words.push(word);
            }
            _ => {}
        }
        self.push_inner(&word, None);
    }

    /// Whether a word in the place of a program is a keyword, which is then obeyed.
    fn keyword(&mut self, text: &[u8]) -> bool {
        match text {
            b"!" => {}
            b"{" => self.open(Opener::Brace),
            b"if" | b"while" | b"until" => self.open(Opener::Keyword),
            b"for" | b"select" => {
                self.open(Opener::Keyword);
                self.expect = Expect::LoopHeader;
            }
            b"case" => {
                self.open(Opener::Case);
                self.expect = Expect::CaseWord;
            }
            b"then" | b"do" | b"else" | b"elif" => self.end_list(),
            b"}" => self.close(&[Opener::Brace]),
            b"fi" | b"done" => self.close(&[Opener::Keyword]),
            b"esac" => self.close(&[Opener::Case]),
            b"function" => self.expect = Expect::FunctionName,
            b"[[" => {
                self.expect = Expect::Test;
                return false;
            }
            _ => return false,
        }
        true
    }

    fn operator(&mut self, operator: &str) {
        match self.expect {
            Expect::Test if !matches!(operator, "\n" | ";") => return,
            Expect::Array | Expect::CasePattern => {
                if operator == ")" {
                    self.expect = Expect::Command;
                }
                return;
            }
            Expect::CaseWord if operator != "\n" => return,
            _ => self.expect = Expect::Command,
        }
        match operator {
            "(" => {
                let assigns = self.words.last().is_some_and(|word| word.text.ends_with(b"="));
                if assigns {
                    self.expect = Expect::Array;
                } else {
                    self.finish();
                    self.open(Opener::Parenthesis);
                }
            }
            ")" => {
                self.finish();
                self.close(&[Opener::Parenthesis]);
            }
            "&&" | "|" | "|&" => self.finish(),
            "||" => {
                self.finish();
                self.or_at = Some(self.chain.len());
            }
            "&" => {
                self.finish();
                self.mark(0, Joined::Background);
                self.end_list();
            }
            ";" => {
                self.finish();
                let previous = std::mem::take(&mut self.chain);
                self.end_list();
                self.previous = previous;
            }
            ";;" | ";&" | ";;&" => {
                self.end_list();
                if self.groups.last().is_some_and(|group| group.opener == Opener::Case) {
                    self.expect = Expect::CasePattern;
                }
            }
            _ => {
                self.finish();
                self.mask_previous();
                self.end_list();
            }
        }
    }

    fn end_list(&mut self) {
        self.finish();
        self.chain.clear();
        self.previous.clear();
        self.or_at = None;
        self.masked = 0;
    }

    fn open(&mut self, opener: Opener) {
        if self.groups.len() >= MAX_GROUPS {
            return;
        }
        let chain = std::mem::take(&mut self.chain);
        let (or_at, masked) = (self.or_at.take(), std::mem::take(&mut self.masked));
        self.groups.push(Group { opener, chain, or_at, masked, first: self.found.len() });
    }

    fn close(&mut self, openers: &[Opener]) {
        self.finish();
        if self.groups.last().is_some_and(|group| openers.contains(&group.opener)) {
            self.close_top();
        }
    }

    fn close_top(&mut self) {
        self.end_list();
        let Some(group) = self.groups.pop() else { return };
        self.chain = group.chain;
        self.or_at = group.or_at;
        self.masked = group.masked;
        let inside = (group.first, self.found.len());
        if inside.0 < inside.1 {
            self.joined_on(inside);
        }
    }

    /// A command or a group has ended: it may take back the failures before a `||`.
    fn joined_on(&mut self, commands: (usize, usize)) {
        let last = &self.found[commands.1 - 1];
        match self.or_at.take() {
            Some(or_at) if takes_back_failure(last) => self.mark(or_at, Joined::FailureMasked),
            None if self.masked > 0 && fails(last) => {
                // `a || echo failed && exit 1` fails after all.
                let masked = std::mem::take(&mut self.masked);
                self.mark_range(0, masked, Joined::Plain);
            }
            _ => {}
        }
        self.chain.push(commands);
    }

    /// Marks the chain: up to a place, or all of it.
    fn mark(&mut self, up_to: usize, joined: Joined) {
        let end = if up_to == 0 { self.chain.len() } else { up_to };
        self.mark_range(self.masked.min(end), end, joined);
        self.masked = end;
    }

    fn mark_range(&mut self, from: usize, to: usize, joined: Joined) {
        for &(first, end) in &self.chain[from..to] {
            for command in &mut self.found[first..end] {
                command.joined = joined;
            }
        }
    }

    /// `command; true` at the end of a line.
    fn mask_previous(&mut self) {
        let is_single = matches!(self.chain.as_slice(), [(first, end)] if end - first == 1);
        if is_single && self.found.last().is_some_and(succeeds) {
            for (first, end) in std::mem::take(&mut self.previous) {
                for command in &mut self.found[first..end] {
                    command.joined = Joined::FailureMasked;
                }
            }
        }
    }

    /// After `set +e` a failure is lost, unless it is the last command's or the next one looks at it.
    fn mask_lenient(&mut self) {
        for at in std::mem::take(&mut self.lenient) {
            let Some(next) = self.found.get(at + 1) else { continue };
            let looks = |text: &str| text.contains("$?") || text.contains("PIPESTATUS");
            let looked_at = next.words.iter().any(|word| looks(&word.text))
                || next.assignments.iter().any(|(_, value)| looks(value));
            if !looked_at && self.found[at].joined == Joined::Plain {
                self.found[at].joined = Joined::FailureMasked;
            }
        }
    }

    /// Ends the command that is being read, if there is one.
    fn finish(&mut self) {
        let opened = std::mem::take(&mut self.opened);
        let lexed = std::mem::take(&mut self.words);
        let number = self.found.len();
        self.owners.extend(opened.into_iter().map(|document| (document, number)));
        let real: Vec<&LexedWord> = lexed.iter().filter(|word| word.is_quoted || !word.text.is_empty()).collect();
        let (Some(start), Some(end)) = (real.first(), real.last()) else {
            for word in &lexed {
                self.push_inner(word, None);
            }
            return;
        };
        let range = self.range(start.start, end.end);
        let leading = real.iter().take_while(|word| unwrap::is_assignment(&text_of(word))).count();
        let assignments = real[..leading].iter().filter_map(|word| assignment(&text_of(word))).collect();
        let words: Vec<Word> = real[leading..]
            .iter()
            .map(|word| Word { text: text_of(word), range: self.range(word.start, word.end) })
            .collect();
        let script = script(&words).map(|at| real[leading + at].clone());
        self.found.push(Command { range, assignments, words, joined: Joined::Plain, heredoc: None });
        for word in &lexed {
            // What a script substitutes is read as part of the script.
            if script.as_ref() != Some(word) {
                self.push_inner(word, Some(number));
            }
        }
        if let Some(script) = script {
            self.push_region(script.text, &script.offsets, script.end, Some(number));
        }
        self.obey_set(number);
        self.joined_on((number, number + 1));
    }

    fn obey_set(&mut self, number: usize) {
        let command = &self.found[number];
        if command.program() == "set" {
            let has = |sign: char| command.arguments().any(|option| option.starts_with(sign) && option.contains('e'));
            self.ignores_failures = has('+') || (self.ignores_failures && !has('-'));
        } else if self.ignores_failures {
            self.lenient.push(number);
        }
    }

    fn push_inner(&mut self, word: &LexedWord, parent: Option<usize>) {
        for &(start, end, is_backtick) in &word.inner {
            let mut offsets: Vec<usize> = (start..end).collect();
            if is_backtick {
                let escapes = |at: usize| {
                    self.region.text[at] == b'\\' && matches!(self.region.text.get(at + 1), Some(b'`' | b'\\' | b'$'))
                };
                let mut dropped = None;
                offsets.retain(|&at| {
                    let drops = dropped != Some(at.wrapping_sub(1)) && escapes(at);
                    if drops {
                        dropped = Some(at);
                    }
                    !drops
                });
            }
            let text = offsets.iter().map(|&at| self.region.text[at]).collect();
            self.push_region(text, &offsets, end, parent);
        }
    }

    fn push_region(&mut self, text: Vec<u8>, offsets: &[usize], end: usize, parent: Option<usize>) {
        let place = |at: usize| self.region.places[at.min(self.region.places.len() - 1)];
        let places = offsets.iter().copied().chain([end]).map(place).collect();
        self.inner.push(Region { text, places, depth: self.region.depth + 1, parent });
    }

    /// The body of a here-document belongs to the command that opened it; a shell runs it.
    fn body(&mut self, document: usize, start: usize, end: usize) {
        let Some(&(_, number)) = self.owners.iter().rev().find(|(own, _)| *own == document) else { return };
        let Some(range) = self.found.get(number).map(|_| self.range(start, end)) else { return };
        let text = String::from_utf8_lossy(&self.region.text[start..end]).into_owned();
        let command = &mut self.found[number];
        let at = unwrap::start(&command.words);
        let runs_it = command.words.get(at).is_some_and(|word| is_shell(&word.text))
            && command.words[at + 1..].iter().all(|word| word.text.starts_with('-'));
        command.heredoc = Some(Word { text, range });
        if runs_it {
            let offsets: Vec<usize> = (start..end).collect();
            self.push_region(self.region.text[start..end].to_vec(), &offsets, end, Some(number));
        }
    }
}

fn token_is(token: Option<&Token>, operator: &str) -> bool {
    matches!(token, Some(Token::Operator(found, _)) if *found == operator)
}

fn text_of(word: &LexedWord) -> String {
    String::from_utf8_lossy(&word.text).into_owned()
}

fn assignment(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    Some((name.trim_end_matches('+').to_owned(), value.to_owned()))
}

fn is_shell(path: &str) -> bool {
    matches!(file_name(path), "sh" | "bash" | "dash" | "zsh" | "ash" | "ksh")
}

/// The place of the script among the words of `sh -c SCRIPT`, `bash -euxo pipefail -c SCRIPT` or `eval SCRIPT`.
fn script(words: &[Word]) -> Option<usize> {
    let program = unwrap::start(words);
    if words.get(program)?.text == "eval" {
        return (words.len() == program + 2).then_some(program + 1);
    }
    if !is_shell(&words[program].text) {
        return None;
    }
    let options = words[program + 1..].iter();
    let is_c = |word: &Word| word.text.starts_with('-') && !word.text.starts_with("--") && word.text.contains('c');
    let at = program + 1 + options.take(8).position(is_c)?;
    (at + 1 < words.len()).then_some(at + 1)
}

/// `true`, `:` and `exit 0`.
fn succeeds(command: &Command) -> bool {
    match command.program() {
        "true" | ":" => true,
        "exit" | "return" => command.arguments().next() == Some("0"),
        _ => false,
    }
}

/// What follows a `||` and makes a success of it.
fn takes_back_failure(command: &Command) -> bool {
    succeeds(command) || matches!(command.program(), "echo" | "printf")
}

/// `exit 1`, `false`.
fn fails(command: &Command) -> bool {
    command.program() == "false" || (matches!(command.program(), "exit" | "return") && !succeeds(command))
}
