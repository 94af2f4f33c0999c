//! Expressions, as far as they matter for routes.

use super::interpreter::{Frame, Interpreter, MAX_ELEMENTS};
use super::value::{Arguments, Code, EnvironmentId, Function, Value};
use pyaudit_python::{BoolOperator, Comprehension, ExprId, ExprKind, Integer, Keyword, StringPart, UnaryOperator};
use std::rc::Rc;

/// How long a text may get, in bytes.
pub(super) const MAX_TEXT: usize = 4_096;

impl Interpreter<'_> {
    /// The value of an expression.
    pub(super) fn value(&mut self, frame: &mut Frame, expr: ExprId) -> Value {
        if self.enter().is_none() {
            return Value::Unknown;
        }
        let value = self.evaluate(frame, expr);
        self.leave();
        value
    }

    fn evaluate(&mut self, frame: &mut Frame, expr: ExprId) -> Value {
        let syntax = &self.module(frame.module).python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::None => Value::None,
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::Int(Integer::Small(value)) => i64::try_from(*value).map_or(Value::Unknown, Value::Int),
            ExprKind::Str { value, .. } if value.len() <= MAX_TEXT => Value::text(value),
            ExprKind::FString(parts) => self.format_parts(frame, parts),
            ExprKind::Name { id, .. } => self.name(frame, syntax.name(*id)),
            ExprKind::Attribute { value, attr, .. } => {
                let object = self.value(frame, *value);
                self.attribute(frame, &object, syntax.identifier(*attr))
            }
            ExprKind::Call { func, args, keywords } => self.call_expression(frame, expr, *func, args, keywords),
            ExprKind::List { elts, .. } | ExprKind::Set(elts) => {
                let values = self.spread(frame, elts);
                self.new_list(values)
            }
            ExprKind::Tuple { elts, .. } => Value::Tuple(self.spread(frame, elts).into()),
            ExprKind::Dict(items) => {
                let mut pairs = Vec::new();
                for item in items {
                    let value = self.value(frame, item.value);
                    match item.key {
                        Some(key) => pairs.push((self.value(frame, key), value)),
                        None => pairs.extend(self.pairs(&value).unwrap_or_default()),
                    }
                    pairs.truncate(MAX_ELEMENTS);
                }
                self.new_dict(pairs)
            }
            ExprKind::BinOp { left, op, right } => {
                let left = self.value(frame, *left);
                let right = self.value(frame, *right);
                self.binary(&left, *op, &right)
            }
            ExprKind::BoolOp { op, values } => self.any_or_all(frame, *op, values),
            ExprKind::UnaryOp { op: UnaryOperator::Not, operand } => {
                let value = self.value(frame, *operand);
                self.truth(&value).map_or(Value::Unknown, |truth| Value::Bool(!truth))
            }
            ExprKind::IfExp { test, body, orelse } => {
                let test = self.value(frame, *test);
                match self.truth(&test) {
                    Some(true) => self.value(frame, *body),
                    Some(false) => self.value(frame, *orelse),
                    None => {
                        let values = vec![self.value(frame, *body), self.value(frame, *orelse)];
                        Value::one_of(values)
                    }
                }
            }
            ExprKind::Compare { left, comparisons } => {
                let left = self.value(frame, *left);
                match **comparisons {
                    [(operator, right)] => {
                        let right = self.value(frame, right);
                        self.compare(&left, operator, &right).map_or(Value::Unknown, Value::Bool)
                    }
                    _ => Value::Unknown,
                }
            }
            _ => self.evaluate_rare(frame, expr),
        }
    }

    /// The forms that are rare where applications are made.
    fn evaluate_rare(&mut self, frame: &mut Frame, expr: ExprId) -> Value {
        let syntax = &self.module(frame.module).python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Lambda { .. } => Value::Function(Rc::new(Function {
                module: frame.module,
                code: Code::Lambda(expr),
                around: self.scope_for_functions(frame.environment),
                bound: None,
                class: None,
                is_property: false,
                is_static: false,
                is_class_method: false,
            })),
            ExprKind::Subscript { value, slice, .. } => {
                let container = self.value(frame, *value);
                if let ExprKind::Slice { lower, upper, step: None } = &syntax.expr(*slice).kind {
                    let bounds = [lower, upper].map(|bound| bound.map(|bound| self.value(frame, bound)));
                    return self.slice(&container, &bounds);
                }
                let key = self.value(frame, *slice);
                self.element(&container, &key)
            }
            ExprKind::Named { target, value } => {
                let value = self.value(frame, *value);
                self.assign_target(frame, *target, value.clone());
                value
            }
            ExprKind::ListComp { elt, generators }
            | ExprKind::SetComp { elt, generators }
            | ExprKind::Generator { elt, generators } => {
                let mut values = Vec::new();
                let inner = self.new_environment(Some(frame.environment), false);
                let outer = std::mem::replace(&mut frame.environment, inner);
                self.comprehend(frame, generators, &mut |this, frame| {
                    let value = this.value(frame, *elt);
                    values.push(value);
                });
                frame.environment = outer;
                self.new_list(values)
            }
            ExprKind::DictComp { key, value, generators } => {
                let mut pairs = Vec::new();
                let inner = self.new_environment(Some(frame.environment), false);
                let outer = std::mem::replace(&mut frame.environment, inner);
                self.comprehend(frame, generators, &mut |this, frame| {
                    let pair = (this.value(frame, *key), this.value(frame, *value));
                    pairs.push(pair);
                });
                frame.environment = outer;
                self.new_dict(pairs)
            }
            ExprKind::Await(inner) | ExprKind::Starred { value: inner, .. } | ExprKind::YieldFrom(inner) => {
                self.value(frame, *inner)
            }
            ExprKind::Yield(inner) => {
                if let Some(inner) = inner {
                    self.value(frame, *inner);
                }
                Value::Unknown
            }
            _ => Value::Unknown,
        }
    }

    /// The namespace that functions defined here see: that of a class body is left out.
    fn scope_for_functions(&self, environment: EnvironmentId) -> EnvironmentId {
        let here = &self.environments[environment.0 as usize];
        if here.is_class { here.around.unwrap_or(environment) } else { environment }
    }

    fn name(&mut self, frame: &Frame, name: &str) -> Value {
        if let Some(value) = self.lookup(frame.environment, name) {
            return value;
        }
        Value::External(Rc::from(name))
    }

    /// The elements of a display, starred ones taken apart.
    fn spread(&mut self, frame: &mut Frame, elements: &[ExprId]) -> Vec<Value> {
        let mut values = Vec::new();
        for &element in elements {
            let is_starred =
                matches!(self.module(frame.module).python.syntax.expr(element).kind, ExprKind::Starred { .. });
            let value = self.value(frame, element);
            if !is_starred {
                values.push(value);
            } else if let (Value::RoutesOf(_), _) | (_, None) = (value.plain(), self.elements(&value)) {
                values.push(value);
            } else {
                values.extend(self.elements(&value).unwrap_or_default());
            }
            values.truncate(MAX_ELEMENTS);
        }
        values
    }

    fn format_parts(&mut self, frame: &mut Frame, parts: &[StringPart]) -> Value {
        let mut text = String::new();
        for part in parts {
            match part {
                StringPart::Literal { text: literal, .. } => text.push_str(literal),
                StringPart::Interpolation(hole) => {
                    let value = self.value(frame, hole.value);
                    match shown(&value).filter(|_| hole.format_spec.is_none() && hole.conversion.is_none()) {
                        Some(known) => text.push_str(&known),
                        None => return Value::Unknown,
                    }
                }
            }
        }
        if text.len() > MAX_TEXT { Value::Unknown } else { Value::text(&text) }
    }

    fn any_or_all(&mut self, frame: &mut Frame, op: BoolOperator, values: &[ExprId]) -> Value {
        let stops = op == BoolOperator::Or;
        let mut possible = Vec::new();
        for (at, &expr) in values.iter().enumerate() {
            let value = self.value(frame, expr);
            let is_last = at + 1 == values.len();
            // What a setting holds by default decides, as for its text.
            let truth = match &value {
                Value::Default(inner) => self.truth(inner),
                other => self.truth(other),
            };
            match truth {
                _ if is_last => possible.push(value),
                Some(truth) if truth == stops => {
                    possible.push(value);
                    break;
                }
                Some(_) => {}
                None => possible.push(value),
            }
        }
        Value::one_of(possible)
    }

    fn comprehend(
        &mut self,
        frame: &mut Frame,
        generators: &[Comprehension],
        each: &mut dyn FnMut(&mut Self, &mut Frame),
    ) {
        let Some((first, rest)) = generators.split_first() else { return each(self, frame) };
        if self.enter().is_none() {
            return;
        }
        let iterated = self.value(frame, first.iter);
        let values = self.elements(&iterated).unwrap_or_else(|| vec![Value::Unknown]);
        for value in values.into_iter().take(MAX_ELEMENTS) {
            self.assign_target(frame, first.target, value);
            let tests: Vec<Value> = first.ifs.iter().map(|&test| self.value(frame, test)).collect();
            if !tests.iter().any(|test| self.truth(test) == Some(false)) {
                self.comprehend(frame, rest, each);
            }
        }
        self.leave();
    }

    /// The arguments of a call.
    pub(super) fn arguments(&mut self, frame: &mut Frame, args: &[ExprId], keywords: &[Keyword]) -> Arguments {
        let mut arguments = Arguments::default();
        for &arg in args {
            let is_starred = matches!(self.module(frame.module).python.syntax.expr(arg).kind, ExprKind::Starred { .. });
            let value = self.value(frame, arg);
            if !is_starred {
                arguments.positional.push(value);
                continue;
            }
            match self.elements(&value) {
                Some(values) => arguments.positional.extend(values),
                None => arguments.has_more = true,
            }
            arguments.positional.truncate(MAX_ELEMENTS);
        }
        for keyword in keywords {
            let value = self.value(frame, keyword.value);
            match keyword.name {
                Some(name) => {
                    let name = self.module(frame.module).python.syntax.identifier(name);
                    arguments.keywords.push((Rc::from(name), value));
                }
                None => match self.pairs(&value) {
                    Some(pairs) => {
                        let named =
                            pairs.iter().filter_map(|(key, value)| Some((Rc::from(key.as_text()?), value.clone())));
                        arguments.keywords.extend(named);
                        arguments.keywords.truncate(MAX_ELEMENTS);
                    }
                    None => arguments.has_more = true,
                },
            }
        }
        arguments
    }
}

/// What `str()` gives of a value.
pub(super) fn shown(value: &Value) -> Option<String> {
    match value.plain() {
        Value::Text(text) | Value::Path(text) => Some(text.to_string()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A path below a directory of the repository.
pub(super) fn join_path(directory: &str, name: &str) -> String {
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}
