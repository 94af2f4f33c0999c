//! What calls give: readers of the environment, functions of the project with their parameters, methods of strings.

use super::{Arguments, Frame, Possible, PossibleValue};
use crate::settings::{ReadForm, WRAPPERS};
use crate::{Definition, Module, Project};
use pyaudit_python::{ExprId, ExprKind, Keyword, Parent, StmtId, StmtKind};

/// Calls that give back what they are given, as far as the strings in it go.
const TRANSPARENT_CALLS: &[&str] = &["list", "tuple", "set", "frozenset", "sorted", "str", "json.loads"];

/// Methods that give back what they are called on, as far as the strings in it go.
const TRANSPARENT_METHODS: &[&str] = &["strip", "lower", "rstrip", "lstrip", "copy", "get_secret_value"];

impl Project {
    pub(super) fn evaluate_call(
        &self,
        module: &Module,
        func: ExprId,
        args: &[ExprId],
        keywords: &[Keyword],
        frame: &Frame<'_>,
        into: &mut Possible,
    ) {
        let syntax = &module.python.syntax;
        let symbol = self.symbol(module, func);
        if symbol.as_ref().is_some_and(|symbol| symbol.is_any(TRANSPARENT_CALLS) || symbol.is_any(WRAPPERS)) {
            if let Some(&argument) = args.first() {
                self.evaluate(module, argument, frame, into);
            }
            return;
        }
        if let Some((home, Definition::Function(id))) = symbol.as_ref().and_then(|symbol| self.definition(symbol)) {
            let given = given_arguments(home, id, module, args, keywords);
            let call = Arguments { caller: module, given, outer: frame.call };
            return self.evaluate_returns(home, id, &Frame { call: Some(&call), ..frame.clone() }, into);
        }
        if let ExprKind::Attribute { value, attr, .. } = &syntax.expr(func).kind {
            let method = syntax.identifier(*attr);
            if method == "split" {
                let separator = args.first().and_then(|&argument| self.constant(module, argument, frame.budget));
                return self.evaluate_split(module, *value, separator.as_deref(), frame, into);
            }
            if TRANSPARENT_METHODS.contains(&method) {
                return self.evaluate(module, *value, frame, into);
            }
        }
        into.complete = false;
    }

    /// `os.getenv("NAME", default)`: the default, which the environment may replace.
    pub(super) fn evaluate_environment(
        &self,
        module: &Module,
        read: &ReadForm,
        frame: &Frame<'_>,
        into: &mut Possible,
    ) {
        if let Some(default) = read.default {
            let name = self.constant(module, read.name, frame.budget).unwrap_or_default();
            let variable = Some(format!("{}{name}", read.prefix));
            self.evaluate(module, default, &Frame { variable, ..frame.clone() }, into);
        }
        into.complete = false;
    }

    fn evaluate_split(
        &self,
        module: &Module,
        value: ExprId,
        separator: Option<&str>,
        frame: &Frame<'_>,
        into: &mut Possible,
    ) {
        let mut whole = Possible { values: Vec::new(), complete: true };
        self.evaluate(module, value, frame, &mut whole);
        into.complete &= whole.complete;
        for found in whole.values {
            let parts = match separator {
                Some(separator) if !separator.is_empty() => found.text.split(separator).collect::<Vec<_>>(),
                _ => found.text.split_ascii_whitespace().collect(),
            };
            let parts = parts.into_iter().map(|part| PossibleValue { text: part.trim().to_owned(), ..found.clone() });
            into.values.extend(parts);
        }
    }

    /// Everything that a function's own `return` statements may give.
    pub(super) fn evaluate_returns(&self, module: &Module, function: StmtId, frame: &Frame<'_>, into: &mut Possible) {
        let syntax = &module.python.syntax;
        let Some(function) = module.function(function) else { return };
        for id in syntax.walk_stmts_in(&function.body, false) {
            if let StmtKind::Return(Some(value)) = syntax.stmt(id).kind {
                let condition = self.condition_at(module, Parent::Stmt(id)).or(frame.condition);
                self.evaluate(module, value, &Frame { condition, ..frame.clone() }, into);
            }
        }
    }

    /// A parameter: what the call that is being followed gives for it, or its default.
    pub(super) fn evaluate_parameter(
        &self,
        module: &Module,
        expr: ExprId,
        default: Option<ExprId>,
        frame: &Frame<'_>,
        into: &mut Possible,
    ) {
        let ExprKind::Name { id, .. } = module.python.syntax.expr(expr).kind else { return };
        let name = module.python.syntax.name(id);
        let given = frame.call.and_then(|call| {
            let argument = call.given.iter().find(|(parameter, _)| *parameter == name)?;
            Some((call, argument.1))
        });
        match (given, frame.call, default) {
            (Some((call, argument)), ..) => {
                self.evaluate(call.caller, argument, &Frame { call: call.outer, ..frame.clone() }, into);
            }
            (None, Some(_), Some(default)) => self.evaluate(module, default, frame, into),
            _ => into.complete = false,
        }
    }
}

/// Each parameter of a function that a call gives a value for, by its name.
fn given_arguments<'m>(
    home: &'m Module,
    function: StmtId,
    caller: &'m Module,
    args: &[ExprId],
    keywords: &[Keyword],
) -> Vec<(&'m str, ExprId)> {
    let Some(function) = home.function(function) else { return Vec::new() };
    let parameters = &function.parameters;
    let positional = parameters.posonlyargs.iter().chain(&parameters.args);
    let by_place =
        positional.zip(args).map(|(parameter, &value)| (home.python.syntax.identifier(parameter.name), value));
    let by_name =
        keywords.iter().filter_map(|keyword| Some((caller.python.syntax.identifier(keyword.name?), keyword.value)));
    by_place.chain(by_name).collect()
}
