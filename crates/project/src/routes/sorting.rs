//! `sorted(…)` and `list.sort(…)`: the order of what a project registers may hang on it.

use super::interpreter::{Frame, Interpreter};
use super::value::{Arguments, Value};
use pyaudit_python::ExprId;

/// What values are sorted by, where that is known: numbers among numbers, texts among texts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(String),
}

impl Interpreter<'_> {
    /// `sorted(values)`, with `key` and `reverse`.
    pub(super) fn sorted(&mut self, frame: &mut Frame, call: ExprId, arguments: &Arguments) -> Value {
        match arguments.positional.first().and_then(|value| self.elements(value)) {
            Some(values) => {
                let values = self.in_order(frame, call, values, arguments);
                self.new_list(values)
            }
            None => Value::Unknown,
        }
    }

    /// `values.sort()`.
    pub(super) fn sort(&mut self, frame: &mut Frame, call: ExprId, values: &Value, arguments: &Arguments) -> Value {
        if let (Value::List(list), Some(elements)) = (values, self.elements(values)) {
            self.lists[list.0 as usize] = self.in_order(frame, call, elements, arguments);
        }
        Value::None
    }

    /// The values in order; as they stand where it is not known what they are sorted by.
    fn in_order(&mut self, frame: &mut Frame, call: ExprId, values: Vec<Value>, arguments: &Arguments) -> Vec<Value> {
        let by = arguments.get("key", None).cloned();
        let keys = values.iter().map(|value| match &by {
            Some(by) => {
                let arguments = Arguments { positional: vec![value.clone()], ..Arguments::default() };
                key(&self.call(frame, call, by, &arguments))
            }
            None => key(value),
        });
        let Some(keys) = keys.collect::<Option<Vec<Key>>>() else { return values };
        let mut keyed: Vec<(Key, Value)> = keys.into_iter().zip(values).collect();
        match arguments.get("reverse", None) {
            Some(Value::Bool(true)) => keyed.sort_by(|(one, _), (other, _)| other.cmp(one)),
            _ => keyed.sort_by(|(one, _), (other, _)| one.cmp(other)),
        }
        keyed.into_iter().map(|(_, value)| value).collect()
    }
}

fn key(value: &Value) -> Option<Key> {
    match value.plain() {
        Value::Int(number) => Some(Key::Number(*number)),
        Value::Text(text) | Value::Path(text) => Some(Key::Text(text.to_string())),
        _ => None,
    }
}
