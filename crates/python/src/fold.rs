//! Folding strings: the text of an expression as far as one file can tell.
//!
//! Checks read SQL and URLs in strings that are put together from pieces. What is known stands as text, what is not as
//! a hole. Nothing is evaluated but strings: literals, f-strings, `+`, `%`, `.format`, `.join` of a literal list, `.strip`
//! and the like, `textwrap.dedent`, and names with one plain assignment.

mod template;
#[cfg(test)]
mod tests;

use crate::module::Module;
use crate::syntax::{ExprId, ExprKind, Integer, Interpolation, Operator, StringPart};
use std::rc::Rc;
use template::Field;

/// How deep names and templates are followed.
const MAXIMUM_DEPTH: usize = 16;
/// How many expressions are looked at for one string.
const MAXIMUM_STEPS: usize = 20_000;
/// How many bytes of text one string may have.
const MAXIMUM_BYTES: usize = 1 << 20;

/// A string as far as it is known. Two texts never stand side by side, and none is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folded {
    /// Texts and holes in the order in which they make the string.
    pub parts: Vec<FoldedPart>,
}

/// A part of a folded string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoldedPart {
    /// Text that is known.
    Text(String),
    /// Something that is not: the expression that makes it.
    Hole(ExprId),
}

impl Folded {
    /// The whole string, where all of it is known.
    pub fn text(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [FoldedPart::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether some text is known, or the string is known to be empty.
    pub fn has_text(&self) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|part| matches!(part, FoldedPart::Text(_)))
    }

    /// The expressions that are not known, in order.
    pub fn holes(&self) -> impl Iterator<Item = ExprId> {
        self.parts.iter().filter_map(|part| match part {
            FoldedPart::Hole(expr) => Some(*expr),
            FoldedPart::Text(_) => None,
        })
    }

    /// The string with `placeholder` for every hole: `SELECT * FROM ?`.
    pub fn with_placeholder(&self, placeholder: &str) -> String {
        let parts = self.parts.iter().map(|part| match part {
            FoldedPart::Text(text) => text,
            FoldedPart::Hole(_) => placeholder,
        });
        parts.collect()
    }

    fn hole(expr: ExprId) -> Self {
        Self { parts: vec![FoldedPart::Hole(expr)] }
    }

    fn push_text(&mut self, text: &str) {
        match self.parts.last_mut() {
            _ if text.is_empty() => {}
            Some(FoldedPart::Text(last)) => last.push_str(text),
            _ => self.parts.push(FoldedPart::Text(text.to_owned())),
        }
    }

    fn map_text(&mut self, change: impl Fn(&str) -> String) {
        for part in &mut self.parts {
            if let FoldedPart::Text(text) = part {
                *text = change(text);
            }
        }
    }

    /// Removes white space, or these characters, from the ends.
    fn strip(&mut self, characters: Option<&str>, start: bool, end: bool) {
        let drop = |character: char| characters.map_or(character.is_whitespace(), |set| set.contains(character));
        if let Some(FoldedPart::Text(text)) = self.parts.first_mut().filter(|_| start) {
            *text = text.trim_start_matches(drop).to_owned();
        }
        if let Some(FoldedPart::Text(text)) = self.parts.last_mut().filter(|_| end) {
            *text = text.trim_end_matches(drop).to_owned();
        }
        self.parts.retain(|part| !matches!(part, FoldedPart::Text(text) if text.is_empty()));
    }
}

impl Module {
    /// Folds an expression to a string. An expression that is no string, or of which nothing is known, is one hole.
    pub fn fold_string(&self, expr: ExprId) -> Folded {
        Folder { module: self, steps: MAXIMUM_STEPS, bytes: MAXIMUM_BYTES, overflowed: false }.fold(expr, false, 0)
    }
}

/// Something that is still to be appended.
enum Work {
    Text(Box<str>),
    /// What is known already; shared, as a separator stands many times.
    Folded(Rc<Folded>),
    Expr {
        expr: ExprId,
        /// Whether it is put in with `str()`, so that a number counts too.
        shown: bool,
    },
}

/// One folding, with what is left of its limits.
struct Folder<'m> {
    module: &'m Module,
    steps: usize,
    bytes: usize,
    /// Whether a text did not fit any more: then the string is not known at all.
    overflowed: bool,
}

impl Folder<'_> {
    /// Folds an expression. Recursion is as deep as names and templates are followed; a chain of `+` waits on a stack.
    fn fold(&mut self, expr: ExprId, shown: bool, depth: usize) -> Folded {
        let mut out = Folded::default();
        let mut is_string = false;
        let mut stack = vec![Work::Expr { expr, shown }];
        while let Some(work) = stack.pop() {
            match work {
                Work::Text(text) => self.append(&mut out, &text),
                Work::Folded(folded) => self.splice(&mut out, &folded),
                Work::Expr { expr, shown } => match self.expand(expr, shown, depth) {
                    Some(pieces) => {
                        is_string |= self.is_string(expr);
                        stack.extend(pieces.into_iter().rev());
                    }
                    None => out.parts.push(FoldedPart::Hole(expr)),
                },
            }
        }
        let is_known = is_string || out.has_text();
        if is_known && !self.overflowed { out } else { Folded::hole(expr) }
    }

    /// Whether an expression that was expanded is a string by its form alone. A sum or a name may be anything.
    fn is_string(&self, expr: ExprId) -> bool {
        matches!(
            self.module.syntax.expr(expr).kind,
            ExprKind::Str { .. }
                | ExprKind::FString(_)
                | ExprKind::Call { .. }
                | ExprKind::BinOp { op: Operator::Mod, .. }
        )
    }

    fn append(&mut self, out: &mut Folded, text: &str) {
        match self.bytes.checked_sub(text.len()) {
            Some(left) => {
                self.bytes = left;
                out.push_text(text);
            }
            None => self.overflowed = true,
        }
    }

    fn splice(&mut self, out: &mut Folded, folded: &Folded) {
        for part in &folded.parts {
            match part {
                FoldedPart::Text(text) => self.append(out, text),
                FoldedPart::Hole(expr) => out.parts.push(FoldedPart::Hole(*expr)),
            }
        }
    }

    /// What makes the string of an expression; `None` where that is not known.
    fn expand(&mut self, expr: ExprId, shown: bool, depth: usize) -> Option<Vec<Work>> {
        self.steps = self.steps.checked_sub(1)?;
        if depth >= MAXIMUM_DEPTH || self.overflowed {
            return None;
        }
        match &self.module.syntax.expr(expr).kind {
            ExprKind::Str { value, .. } => Some(vec![Work::Text(value.clone())]),
            ExprKind::FString(parts) => Some(format_string(parts)),
            ExprKind::BinOp { left, op: Operator::Add, right }
                if !shown || self.module.syntax.string(*right).is_some() =>
            {
                Some([*left, *right].map(|expr| Work::Expr { expr, shown: false }).into())
            }
            ExprKind::BinOp { left, op: Operator::Mod, right } => self.percent(*left, *right, depth),
            ExprKind::Named { value, .. } => Some(vec![Work::Expr { expr: *value, shown }]),
            ExprKind::Call { .. } => self.call(expr, depth),
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => self.constant(expr, shown, depth),
            ExprKind::Int(Integer::Small(value)) if shown => Some(vec![Work::Text(value.to_string().into())]),
            ExprKind::Bool(value) if shown => Some(vec![Work::Text(if *value { "True" } else { "False" }.into())]),
            ExprKind::None if shown => Some(vec![Work::Text("None".into())]),
            _ => None,
        }
    }

    /// The value of a name that is assigned once, or of `Class.name`.
    fn constant(&mut self, expr: ExprId, shown: bool, depth: usize) -> Option<Vec<Work>> {
        let value = self.module.only_value(expr)?;
        let folded = self.fold(value, shown, depth + 1);
        folded.has_text().then(|| vec![Work::Folded(folded.into())])
    }

    fn call(&mut self, call: ExprId, depth: usize) -> Option<Vec<Work>> {
        let syntax = &self.module.syntax;
        let ExprKind::Call { func, args, keywords } = &syntax.expr(call).kind else { return None };
        let argument = args.first().copied();
        if let ExprKind::Attribute { value, attr, .. } = &syntax.expr(*func).kind {
            match syntax.identifier(*attr) {
                "format" => return self.format(call, *value, depth),
                "join" => return self.join(*value, argument?, depth),
                method @ ("strip" | "lstrip" | "rstrip" | "upper" | "lower") if keywords.is_empty() => {
                    return self.method(*value, method, argument, depth);
                }
                _ => {}
            }
        }
        let function = self.module.qualified_name(*func)?;
        if function.is("str") && args.len() == 1 && keywords.is_empty() {
            return Some(vec![Work::Expr { expr: argument?, shown: true }]);
        }
        let is_dedent = function.is("textwrap.dedent") || function.is("inspect.cleandoc");
        let mut folded = self.known(argument.filter(|_| is_dedent)?, depth)?;
        template::dedent(&mut folded);
        if function.is("inspect.cleandoc") {
            folded.strip(None, true, true);
        }
        Some(vec![Work::Folded(folded.into())])
    }

    /// A string of which some text is known.
    fn known(&mut self, expr: ExprId, depth: usize) -> Option<Folded> {
        Some(self.fold(expr, false, depth + 1)).filter(Folded::has_text)
    }

    fn method(&mut self, value: ExprId, method: &str, argument: Option<ExprId>, depth: usize) -> Option<Vec<Work>> {
        let mut folded = self.known(value, depth)?;
        let characters = match argument {
            Some(argument) => Some(self.module.syntax.string(argument)?),
            None => None,
        };
        match method {
            "upper" => folded.map_text(str::to_uppercase),
            "lower" => folded.map_text(str::to_lowercase),
            _ => folded.strip(characters, method != "rstrip", method != "lstrip"),
        }
        Some(vec![Work::Folded(folded.into())])
    }

    /// `separator.join([a, b])`.
    fn join(&mut self, separator: ExprId, list: ExprId, depth: usize) -> Option<Vec<Work>> {
        let (ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. }) = &self.module.syntax.expr(list).kind else {
            return None;
        };
        if elts.iter().any(|&elt| self.is_starred(elt)) {
            return None;
        }
        let separator = Rc::new(self.known(separator, depth)?);
        let mut work = Vec::new();
        for (at, &expr) in elts.iter().enumerate() {
            if at > 0 {
                work.push(Work::Folded(Rc::clone(&separator)));
            }
            work.push(Work::Expr { expr, shown: false });
        }
        Some(work)
    }

    fn is_starred(&self, expr: ExprId) -> bool {
        matches!(self.module.syntax.expr(expr).kind, ExprKind::Starred { .. })
    }

    /// `template.format(args, name=value)`.
    fn format(&mut self, call: ExprId, receiver: ExprId, depth: usize) -> Option<Vec<Work>> {
        let module = self.module;
        let ExprKind::Call { args, keywords, .. } = &module.syntax.expr(call).kind else { return None };
        let fields = self.fields(receiver, depth, template::braces)?;
        let has_star = args.iter().any(|&argument| self.is_starred(argument));
        let positional = |at: usize| args.get(at).copied().filter(|_| !has_star);
        let named = |name: &str| {
            let is_wanted = |keyword: &&crate::syntax::Keyword| {
                keyword.name.is_some_and(|identifier| module.syntax.identifier(identifier) == name)
            };
            keywords.iter().find(is_wanted).map(|keyword| keyword.value)
        };
        Some(fill(fields, call, positional, named))
    }

    /// `template % value`.
    fn percent(&mut self, receiver: ExprId, right: ExprId, depth: usize) -> Option<Vec<Work>> {
        let module = self.module;
        let fields = self.fields(receiver, depth, template::percents)?;
        let items = match &module.syntax.expr(right).kind {
            ExprKind::Tuple { elts, .. } if !elts.iter().any(|&elt| self.is_starred(elt)) => &**elts,
            ExprKind::Tuple { .. } | ExprKind::Dict(_) => &[],
            // A name may hold a tuple, which gives several values.
            _ if fields.iter().filter(|field| matches!(field, Field::Value { .. })).count() > 1 => &[],
            _ => std::slice::from_ref(&right),
        };
        let named = |name: &str| match &module.syntax.expr(right).kind {
            ExprKind::Dict(entries) => {
                let is_wanted = |item: &&crate::syntax::DictItem| {
                    item.key.is_some_and(|key| module.syntax.string(key) == Some(name))
                };
                entries.iter().find(is_wanted).map(|item| item.value)
            }
            _ => None,
        };
        Some(fill(fields, right, |at| items.get(at).copied(), named))
    }

    /// The fields of a template of which some text is known.
    fn fields(&mut self, receiver: ExprId, depth: usize, read: fn(&str, &mut Vec<Field>)) -> Option<Vec<Field>> {
        let mut fields = Vec::new();
        for part in self.known(receiver, depth)?.parts {
            match part {
                FoldedPart::Text(text) => read(&text, &mut fields),
                FoldedPart::Hole(expr) => fields.push(Field::Hole(expr)),
            }
        }
        Some(fields)
    }
}

/// Puts values into the fields of a template; `whole` stands for a value that is not found.
fn fill(
    fields: Vec<Field>,
    whole: ExprId,
    positional: impl Fn(usize) -> Option<ExprId>,
    named: impl Fn(&str) -> Option<ExprId>,
) -> Vec<Work> {
    let mut automatic = 0;
    let fill_one = |field| match field {
        Field::Text(text) => Work::Text(text.into()),
        Field::Hole(expr) => Work::Folded(Folded::hole(expr).into()),
        Field::Value { key, plain } => {
            let value = match key {
                template::Key::Next => {
                    automatic += 1;
                    positional(automatic - 1)
                }
                template::Key::Index(at) => positional(at),
                template::Key::Name(name) => named(&name),
            };
            match value {
                Some(expr) if plain => Work::Expr { expr, shown: true },
                other => Work::Folded(Folded::hole(other.unwrap_or(whole)).into()),
            }
        }
    };
    fields.into_iter().map(fill_one).collect()
}

/// The parts of an f-string.
fn format_string(parts: &[StringPart]) -> Vec<Work> {
    let part = |part: &StringPart| match part {
        StringPart::Literal { text, .. } => Work::Text(text.clone()),
        StringPart::Interpolation(field) => interpolation(field),
    };
    parts.iter().map(part).collect()
}

fn interpolation(field: &Interpolation) -> Work {
    if matches!(field.conversion, None | Some('s')) && field.format_spec.is_none() {
        Work::Expr { expr: field.value, shown: true }
    } else {
        Work::Folded(Folded::hole(field.value).into())
    }
}
