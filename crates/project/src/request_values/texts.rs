//! Which text of a client an expression of one function holds, and which ones the function looks at.

use super::{Held, RequestValue, has_pattern};
use crate::{Definition, Module, Project};
use pyaudit_python::{CompareOperator, ExprId, ExprKind, FoldedPart, FunctionDef, NameId, Operator};
use std::collections::{BTreeMap, BTreeSet};

/// Calls whose result holds the text of their arguments.
const CARRIERS: &[&str] = &[
    "str",
    "pathlib.Path",
    "pathlib.PurePath",
    "pathlib.PosixPath",
    "os.path.join",
    "os.path.abspath",
    "os.path.normpath",
    "os.path.realpath",
    "os.path.expanduser",
    "os.fspath",
    "urllib.parse.unquote",
    "urllib.parse.unquote_plus",
    "anyio.Path",
    "aiopath.AsyncPath",
];

/// Methods whose result holds the text of their object, or of their arguments.
const CARRYING_METHODS: &[&str] = &[
    "joinpath",
    "resolve",
    "absolute",
    "expanduser",
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "encode",
    "as_posix",
    "removeprefix",
    "format",
    "with_suffix",
];

/// Methods that ask whether a path or text is allowed.
const GUARDS: &[&str] = &[
    "is_relative_to",
    "relative_to",
    "startswith",
    "commonpath",
    "commonprefix",
    "match",
    "fullmatch",
    "search",
    "isalnum",
    "isidentifier",
    "isdigit",
    "index",
];

/// Words in the name of a function that looks at a text or cleans it.
const GUARD_WORDS: &[&str] =
    &["valid", "sanit", "secure", "safe", "check", "allowed", "clean", "normali", "ensure", "verify", "guard"];

/// The names of one function with what they hold.
pub(super) struct Scope<'p, 'n> {
    pub project: &'p Project,
    pub module: &'p Module,
    pub names: &'n BTreeMap<NameId, Held>,
}

impl Scope<'_, '_> {
    /// What an expression holds.
    pub(super) fn held(&self, expr: ExprId) -> Option<Held> {
        let syntax = &self.module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Name { id, .. } => self.names.get(id).cloned(),
            ExprKind::Await(value) => self.held(*value),
            _ => self.text(expr).map(Held::Text),
        }
    }

    /// The text of a client that an expression holds.
    pub(super) fn text(&self, expr: ExprId) -> Option<RequestValue> {
        let syntax = &self.module.python.syntax;
        let any = |parts: &[ExprId]| parts.iter().find_map(|&part| self.text(part));
        match &syntax.expr(expr).kind {
            ExprKind::Name { id, .. } => match self.names.get(id)? {
                Held::Text(value) => Some(value.clone()),
                _ => None,
            },
            ExprKind::Attribute { value, attr, .. } => self.attribute(*value, syntax.identifier(*attr)),
            ExprKind::BinOp { left, op: Operator::Div | Operator::Mod, right } => any(&[*left, *right]),
            ExprKind::FString(_) | ExprKind::BinOp { op: Operator::Add, .. } => self.joined(expr),
            ExprKind::BoolOp { values, .. } => any(values),
            ExprKind::IfExp { body, orelse, .. } => any(&[*body, *orelse]),
            ExprKind::Await(value) | ExprKind::Named { value, .. } => self.text(*value),
            ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => any(elts),
            ExprKind::Subscript { value, .. } => self.of_request(*value),
            ExprKind::Call { func, args, .. } => self.called(*func, args),
            _ => None,
        }
    }

    /// The text in an f-string or sum. Behind other text and not behind a slash it only ends a name (`f"{day}_{name}"`), and
    /// no directory is called like the start of it.
    fn joined(&self, expr: ExprId) -> Option<RequestValue> {
        let mut before = "";
        let folded = self.module.python.fold_string(expr);
        for part in &folded.parts {
            match part {
                FoldedPart::Text(text) => before = text,
                FoldedPart::Hole(hole) if *hole != expr => {
                    if let Some(value) = self.text(*hole) {
                        let ends_name = !before.is_empty() && !before.ends_with(['/', '\\']);
                        return Some(RequestValue { may_hold_slash: value.may_hold_slash && !ends_name, ..value });
                    }
                    before = "";
                }
                FoldedPart::Hole(_) => {
                    let ExprKind::BinOp { left, right, .. } = self.module.python.syntax.expr(expr).kind else {
                        return None;
                    };
                    return self.text(left).or_else(|| self.text(right));
                }
            }
        }
        None
    }

    fn called(&self, func: ExprId, args: &[ExprId]) -> Option<RequestValue> {
        let syntax = &self.module.python.syntax;
        if let ExprKind::Attribute { value, attr, .. } = &syntax.expr(func).kind {
            let method = syntax.identifier(*attr);
            if method == "get" {
                return self.of_request(*value);
            }
            if CARRYING_METHODS.contains(&method) {
                return self.text(*value).or_else(|| args.iter().find_map(|&arg| self.text(arg)));
            }
        }
        let held = args.iter().find_map(|&arg| self.text(arg))?;
        self.project.is_any(self.module, func, CARRIERS).then_some(held)
    }

    /// `request.query_params` of which something is taken.
    fn of_request(&self, mapping: ExprId) -> Option<RequestValue> {
        let syntax = &self.module.python.syntax;
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(mapping).kind else { return None };
        let ExprKind::Name { id, .. } = syntax.expr(*value).kind else { return None };
        match self.names.get(&id)? {
            Held::Request(request) if syntax.identifier(*attr) == "query_params" => {
                Some(RequestValue { name: format!("{}.query_params", request.name), ..request.clone() })
            }
            _ => None,
        }
    }

    fn attribute(&self, object: ExprId, attr: &str) -> Option<RequestValue> {
        let syntax = &self.module.python.syntax;
        if let ExprKind::Name { id, .. } = syntax.expr(object).kind {
            match self.names.get(&id) {
                Some(Held::Upload(value)) if attr == "filename" => {
                    return Some(RequestValue { name: format!("{}.filename", value.name), ..value.clone() });
                }
                Some(Held::Model(value, module, class)) => {
                    let home = self.project.modules.get(*module);
                    let (at, definition) = self.project.member(home, *class, attr)?;
                    let Definition::Annotated { annotation, value: default } = definition else { return None };
                    let is_free =
                        !default.is_some_and(|default| has_pattern(at, default)) && !has_pattern(at, annotation);
                    let is_text = self.project.annotated_class(at, annotation).is_some_and(|class| class.is("str"));
                    return (is_free && is_text)
                        .then(|| RequestValue { name: format!("{}.{attr}", value.name), ..value.clone() });
                }
                _ => {}
            }
        }
        (attr == "parent").then(|| self.text(object)).flatten()
    }

    /// The texts that a function looks at before it uses them.
    pub(super) fn guarded(&self, function: &FunctionDef) -> BTreeSet<RequestValue> {
        let syntax = &self.module.python.syntax;
        let mut guarded = BTreeSet::new();
        for &stmt in &function.body {
            for id in syntax.walk_exprs_in(stmt, true) {
                match &syntax.expr(id).kind {
                    ExprKind::Compare { left, comparisons } => {
                        for &(operator, right) in comparisons {
                            if matches!(operator, CompareOperator::In | CompareOperator::NotIn) {
                                // `".." in name`, but not `"." in name`, which asks for a suffix.
                                let part = syntax.string(*left);
                                let of_path = part.is_none_or(|part| part.contains("..") || part.contains(['/', '\\']));
                                guarded.extend(self.text(*left));
                                guarded.extend(self.text(right).filter(|_| of_path));
                            }
                        }
                    }
                    ExprKind::Call { func, args, .. } => self.guards_of_call(*func, args, &mut guarded),
                    _ => {}
                }
            }
        }
        guarded
    }

    fn guards_of_call(&self, func: ExprId, args: &[ExprId], guarded: &mut BTreeSet<RequestValue>) {
        let syntax = &self.module.python.syntax;
        let (object, name) = match &syntax.expr(func).kind {
            ExprKind::Attribute { value, attr, .. } => (Some(*value), syntax.identifier(*attr)),
            ExprKind::Name { id, .. } => (None, syntax.name(*id)),
            _ => return,
        };
        let lower = name.to_ascii_lowercase();
        if !GUARDS.contains(&name) && !GUARD_WORDS.iter().any(|word| lower.contains(word)) {
            return;
        }
        for &part in object.iter().chain(args) {
            match self.held(part) {
                Some(Held::Text(value)) => guarded.extend([value]),
                // `validate_upload(file)` looks at its name as well.
                Some(Held::Upload(value)) => {
                    guarded.extend([RequestValue { name: format!("{}.filename", value.name), ..value }]);
                }
                _ => {}
            }
        }
    }
}
