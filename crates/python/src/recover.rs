//! What is read of a text that the grammar does not accept as a whole.
//!
//! The grammar's own recovery swallows what follows an error. The pre-pass knows the logical lines and their
//! indentation, so the text is cut along these instead: statements of a body are parsed by halves until the wrong one
//! stands alone; of that, the bodies are read apart, and its headers are parsed with a name in place of each body, if
//! need be after a repair. Each level parses only what failed on the level above, within a budget of bytes.

use crate::prepass::{Line, Word};
use crate::reader::Reader;
use crate::syntax::{StmtId, StmtKind};
use pyaudit_source::Range;
use std::ops::Range as Indices;

/// What stands for a body that is read apart.
const STUB: u8 = b's';

/// How the headers of a wrong statement are changed before they are tried again.
#[derive(Debug, Clone, Copy)]
struct Repair {
    /// Leave the decorators out.
    drop_decorators: bool,
    /// Put a colon at the end of headers that have none.
    add_colon: bool,
    /// Leave out everything of a definition but its name.
    name_only: bool,
}

/// The repairs, from the smallest.
const REPAIRS: [Repair; 5] = [
    Repair { drop_decorators: false, add_colon: false, name_only: false },
    Repair { drop_decorators: false, add_colon: true, name_only: false },
    Repair { drop_decorators: false, add_colon: false, name_only: true },
    Repair { drop_decorators: true, add_colon: true, name_only: false },
    Repair { drop_decorators: true, add_colon: false, name_only: true },
];

impl Reader<'_> {
    /// Reads the body that the lines make up.
    pub(crate) fn recover(&mut self, lines: Indices<usize>) -> Vec<StmtId> {
        let groups = self.groups(lines);
        let mut body = Vec::new();
        let whole = 0..groups.len();
        let mut pending = vec![whole];
        while let Some(part) = pending.pop() {
            let Some((first, last)) = groups[part.clone()].first().zip(groups[part.clone()].last()) else { continue };
            let lines = first.start..last.end;
            let place = self.place(&lines);
            let whole = if part.len() > 1 { !self.has_stray(&lines) } else { !self.has_bodies(&lines) };
            if whole {
                let masked = &self.prepared.masked[place.start as usize..place.end as usize];
                if let Some(found) = self.try_statements(masked, place.start) {
                    body.extend(found);
                    continue;
                }
            }
            if part.len() == 1 {
                body.extend(self.wrong(lines));
                continue;
            }
            let middle = part.start.midpoint(part.end);
            pending.push(middle..part.end);
            pending.push(part.start..middle);
        }
        body
    }

    /// Cuts lines into statements of one body: each with its clauses, its decorators and what is indented more.
    fn groups(&self, lines: Indices<usize>) -> Vec<Indices<usize>> {
        let Some(base) = self.prepared.lines.get(lines.start).map(|line| line.indent) else { return Vec::new() };
        let mut groups: Vec<Indices<usize>> = Vec::new();
        let mut decorated = false;
        for at in lines {
            let line = self.prepared.lines[at];
            let starts = line.indent <= base && line.word != Word::Clause && !decorated;
            match groups.last_mut() {
                Some(group) if !starts => group.end = at + 1,
                _ => groups.push(at..at + 1),
            }
            decorated = line.word == Word::Decorator && line.indent <= base;
        }
        groups
    }

    fn line(&self, at: usize) -> Line {
        self.prepared.lines[at]
    }

    /// The bytes of lines, with the line end after them.
    fn place(&self, lines: &Indices<usize>) -> Range {
        let end = self.line(lines.end - 1).end + 1;
        Range::new(self.line(lines.start).start, end.min(self.prepared.masked.len() as u32))
    }

    fn has_bodies(&self, lines: &Indices<usize>) -> bool {
        lines.clone().any(|at| self.line(at).indent > self.line(lines.start).indent)
    }

    /// Whether the grammar would take some of the lines for part of another block than they are.
    fn has_stray(&self, lines: &Indices<usize>) -> bool {
        let stray = &self.prepared.stray;
        stray.get(stray.partition_point(|&at| at < lines.start)).is_some_and(|&at| at < lines.end)
    }

    /// Reads what can be read of a statement that is wrong as a whole.
    fn wrong(&mut self, lines: Indices<usize>) -> Vec<StmtId> {
        let bodies = self.bodies(&lines);
        if bodies.is_empty() {
            return vec![self.error(&lines)];
        }
        let opens = lines.clone().any(|at| !matches!(self.line(at).word, Word::Other | Word::Decorator))
            || bodies.iter().any(|body| body.clone().any(|at| self.line(at).word == Word::Definition));
        if !opens {
            return vec![self.error(&lines)];
        }
        let stubs: Vec<_> = bodies.iter().map(|body| (self.stub_place(body), self.recover(body.clone()))).collect();
        self.lowerer.stubs = stubs.iter().map(|(at, body)| (*at, body.clone().into())).collect();
        for (tried, repair) in REPAIRS.into_iter().enumerate() {
            let Some(skeleton) = self.skeleton(&lines, &bodies, repair) else { continue };
            if let Some(found) = self.try_statements(&skeleton, self.place(&lines).start) {
                self.lowerer.stubs.clear();
                if tried > 0 {
                    let header = self.line(lines.start);
                    self.lowerer.problem(Range::new(header.first, header.end), "invalid syntax");
                }
                return found;
            }
        }
        self.lowerer.stubs.clear();
        self.splice(&lines, &bodies, stubs)
    }

    /// Where the name that stands for a body goes: a stray line is not indented, so its place would end the block.
    fn stub_place(&self, body: &Indices<usize>) -> u32 {
        let stray = |at: &usize| self.prepared.stray.binary_search(at).is_ok();
        self.line(body.clone().find(|at| !stray(at)).unwrap_or(body.start)).first
    }

    /// The headers as errors, with the statements of their bodies between.
    fn splice(
        &mut self,
        lines: &Indices<usize>,
        bodies: &[Indices<usize>],
        stubs: Vec<(u32, Vec<StmtId>)>,
    ) -> Vec<StmtId> {
        let mut found = Vec::new();
        let mut at = lines.start;
        for (body, (_, statements)) in bodies.iter().zip(stubs) {
            if at < body.start {
                found.push(self.error(&(at..body.start)));
            }
            found.extend(statements);
            at = body.end;
        }
        if at < lines.end {
            found.push(self.error(&(at..lines.end)));
        }
        found
    }

    /// Runs of lines that are indented more than the first.
    fn bodies(&self, lines: &Indices<usize>) -> Vec<Indices<usize>> {
        let base = self.line(lines.start).indent;
        let mut bodies: Vec<Indices<usize>> = Vec::new();
        for at in lines.clone().filter(|&at| self.line(at).indent > base) {
            match bodies.last_mut() {
                Some(body) if body.end == at => body.end = at + 1,
                _ => bodies.push(at..at + 1),
            }
        }
        bodies
    }

    fn error(&mut self, lines: &Indices<usize>) -> StmtId {
        let range = Range::new(self.line(lines.start).first, self.line(lines.end - 1).end);
        self.lowerer.problem(range, "invalid syntax");
        self.lowerer.stmt(range, StmtKind::Error)
    }

    /// The masked text of a statement with a name in place of each body, repaired. Nothing where there is no repair to
    /// be made.
    fn skeleton(&self, lines: &Indices<usize>, bodies: &[Indices<usize>], repair: Repair) -> Option<Vec<u8>> {
        let place = self.place(lines);
        let mut text = self.prepared.masked[place.start as usize..place.end as usize].to_vec();
        let at = |offset: u32| (offset - place.start) as usize;
        let mut changed = !(repair.add_colon || repair.name_only);
        for body in bodies {
            let (first, end) = (at(self.line(body.start).first), at(self.line(body.end - 1).end));
            text[first..end].fill(b' ');
            let stub = at(self.stub_place(body));
            text[stub] = STUB;
            let header = self.line(body.start.saturating_sub(1).max(lines.start));
            let (keep, suffix) = match (repair.name_only, repair.add_colon) {
                (true, _) if header.word == Word::Definition => self.definition_name(header)?,
                (_, true) if text[at(header.end) - 1] != b':' => (header.end, ":"),
                _ => continue,
            };
            changed |= rewrite_header(&mut text, at(keep), suffix, stub, header.indent as usize);
        }
        if repair.drop_decorators {
            let mut dropped = false;
            for line in lines.clone().map(|line| self.line(line)) {
                if line.word == Word::Decorator && line.indent == self.line(lines.start).indent {
                    text[at(line.first)..at(line.end)].fill(b' ');
                    dropped = true;
                }
            }
            changed = dropped;
        }
        changed.then_some(text)
    }

    /// Where the name of a definition ends, and what makes a whole header after it.
    fn definition_name(&self, header: Line) -> Option<(u32, &'static str)> {
        let masked = &self.prepared.masked[header.first as usize..header.end as usize];
        let mut at = 0;
        loop {
            let word = masked[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
            let text = &masked[at..at + word];
            at += word;
            let suffix = match text {
                b"async" => None,
                b"def" => Some("():"),
                b"class" => Some(":"),
                _ => return None,
            };
            at += masked[at..].iter().take_while(|byte| **byte == b' ').count();
            if let Some(suffix) = suffix {
                let name =
                    masked[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
                return (name > 0).then_some((header.first + (at + name) as u32, suffix));
            }
        }
    }
}

/// Puts `suffix` after the part of a header that is kept, and a line end and indentation before the body that starts at
/// `body`. Tells whether there was room.
fn rewrite_header(text: &mut [u8], keep: usize, suffix: &str, body: usize, indent: usize) -> bool {
    let room = body.saturating_sub(keep);
    if room < suffix.len() + 1 + indent + 1 || text[keep..body].contains(&b'\t') {
        return false;
    }
    text[keep..body].fill(b' ');
    text[keep..keep + suffix.len()].copy_from_slice(suffix.as_bytes());
    text[body - indent - 2] = b'\n';
    true
}
