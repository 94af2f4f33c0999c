//! Operators and comparisons of values, and what counts as true.

use super::expressions::{MAX_TEXT, join_path, shown};
use super::interpreter::{Interpreter, MAX_ELEMENTS};
use super::value::Value;
use pyaudit_python::{CompareOperator, Operator};
use std::fmt::Write as _;
use std::rc::Rc;

impl Interpreter<'_> {
    /// Whether a value is true, where that is known whatever the environment.
    pub(super) fn truth(&self, value: &Value) -> Option<bool> {
        match value {
            Value::None => Some(false),
            Value::Bool(truth) => Some(*truth),
            Value::Int(number) => Some(*number != 0),
            Value::Text(text) => Some(!text.is_empty()),
            Value::List(list) => Some(!self.lists[list.0 as usize].is_empty()),
            Value::Tuple(values) => Some(!values.is_empty()),
            Value::Dict(dict) => Some(!self.dicts[dict.0 as usize].is_empty()),
            Value::Function(_) | Value::Class(_) | Value::Object(_) | Value::Module(_) | Value::Method(_) => Some(true),
            Value::External(name) if &**name == "typing.TYPE_CHECKING" => Some(false),
            Value::OneOf(values) => {
                let first = self.truth(values.first()?)?;
                values.iter().all(|value| self.truth(value) == Some(first)).then_some(first)
            }
            _ => None,
        }
    }

    pub(super) fn compare(&self, left: &Value, operator: CompareOperator, right: &Value) -> Option<bool> {
        let negated = matches!(operator, CompareOperator::NotEq | CompareOperator::IsNot | CompareOperator::NotIn);
        let holds = match operator {
            CompareOperator::Is | CompareOperator::IsNot | CompareOperator::Eq | CompareOperator::NotEq => {
                is_equal(left, right)?
            }
            CompareOperator::In | CompareOperator::NotIn => self.contains(right, left)?,
            _ => match (left, right) {
                (Value::Int(left), Value::Int(right)) => match operator {
                    CompareOperator::Lt => left < right,
                    CompareOperator::LtE => left <= right,
                    CompareOperator::Gt => left > right,
                    _ => left >= right,
                },
                _ => return None,
            },
        };
        Some(holds != negated)
    }

    /// Whether a container holds a value, or a text a part.
    fn contains(&self, container: &Value, value: &Value) -> Option<bool> {
        if let (Value::Text(part), Value::Text(whole)) = (value, container) {
            return Some(whole.contains(&**part));
        }
        let elements = self.elements_of(container)?;
        let equal: Vec<Option<bool>> = elements.iter().map(|element| is_equal(value, element)).collect();
        if equal.contains(&Some(true)) {
            Some(true)
        } else {
            equal.iter().all(|equal| *equal == Some(false)).then_some(false)
        }
    }

    /// What an operator gives.
    pub(super) fn binary(&mut self, left: &Value, op: Operator, right: &Value) -> Value {
        match (left.plain(), op, right.plain()) {
            (Value::Text(left), Operator::Add, Value::Text(right)) if left.len() + right.len() <= MAX_TEXT => {
                Value::text(&format!("{left}{right}"))
            }
            (Value::Text(template), Operator::Mod, right) => {
                let values = match right {
                    Value::Tuple(values) => values.to_vec(),
                    other => vec![other.clone()],
                };
                percent_format(template, &values).map_or(Value::Unknown, |text| Value::text(&text))
            }
            (Value::Int(left), Operator::Add, Value::Int(right)) => Value::Int(left.wrapping_add(*right)),
            (Value::Int(left), Operator::Sub, Value::Int(right)) => Value::Int(left.wrapping_sub(*right)),
            (Value::Path(directory), Operator::Div, Value::Text(name)) => {
                Value::Path(Rc::from(join_path(directory, name)))
            }
            (Value::Dict(_), Operator::BitOr, Value::Dict(_)) => {
                let mut pairs = self.pairs(left).unwrap_or_default();
                pairs.extend(self.pairs(right).unwrap_or_default());
                self.new_dict(pairs)
            }
            (_, Operator::Add | Operator::BitOr, _) => {
                let (Some(mut values), Some(more)) = (self.listed(left), self.listed(right)) else {
                    return Value::Unknown;
                };
                values.extend(more);
                values.truncate(MAX_ELEMENTS);
                self.new_list(values)
            }
            _ => Value::Unknown,
        }
    }
}

/// Whether two values are equal; `None` where that is not known.
fn is_equal(left: &Value, right: &Value) -> Option<bool> {
    (!is_open(left) && !is_open(right)).then(|| left.is_same(right))
}

/// Whether a value is not known well enough to be compared.
pub(super) fn is_open(value: &Value) -> bool {
    matches!(
        value,
        Value::Unknown | Value::Default(_) | Value::OneOf(_) | Value::External(_) | Value::Made(_) | Value::Partial(_)
    )
}

/// `template % values` with `%s` and `%d` alone.
fn percent_format(template: &str, values: &[Value]) -> Option<String> {
    let mut text = String::new();
    let mut values = values.iter();
    let mut characters = template.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        match characters.next()? {
            '%' => text.push('%'),
            's' | 'd' => write!(text, "{}", shown(values.next()?)?).ok()?,
            _ => return None,
        }
    }
    (text.len() <= MAX_TEXT).then_some(text)
}
