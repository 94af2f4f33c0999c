//! What operators, casts and methods give on values that are known.

use super::Literal;
use pyaudit_python::{CompareOperator, Operator, UnaryOperator};

/// The longest text in bytes that is carried along, so that texts made of texts stay small.
pub(super) const MAX_TEXT: usize = 16 * 1024;

/// The most elements that a list is followed with.
pub(super) const MAX_ITEMS: usize = 1_024;

pub(super) fn bounded(text: &str) -> Option<Literal> {
    (text.len() <= MAX_TEXT).then(|| Literal::Str(text.to_owned()))
}

pub(super) fn unary(op: UnaryOperator, value: &Literal) -> Option<Literal> {
    match (op, value) {
        (UnaryOperator::Not, value) => Some(Literal::Bool(!value.truth())),
        (UnaryOperator::USub, Literal::Int(value)) => value.checked_neg().map(Literal::Int),
        (UnaryOperator::USub, Literal::Float(value)) => Some(Literal::Float(-value)),
        (UnaryOperator::UAdd, Literal::Int(_) | Literal::Float(_)) => Some(value.clone()),
        _ => None,
    }
}

pub(super) fn binary(left: Literal, op: Operator, right: Literal) -> Option<Literal> {
    match (left, right) {
        (Literal::Int(left), Literal::Int(right)) => integers(left, op, right),
        (Literal::List(mut left), Literal::List(right)) if op == Operator::Add => {
            left.extend(right);
            (left.len() <= MAX_ITEMS).then_some(Literal::List(left))
        }
        (Literal::Str(left), Literal::Str(right)) if op == Operator::Add => bounded(&(left + &right)),
        (Literal::Path(left), Literal::Str(right) | Literal::Path(right)) if op == Operator::Div => {
            let joined = if right.starts_with('/') { right } else { format!("{left}/{right}") };
            (joined.len() <= MAX_TEXT).then_some(Literal::Path(joined))
        }
        (left, right) => floats(number(&left)?, op, number(&right)?),
    }
}

fn integers(left: i128, op: Operator, right: i128) -> Option<Literal> {
    let value = match op {
        Operator::Add => left.checked_add(right),
        Operator::Sub => left.checked_sub(right),
        Operator::Mult => left.checked_mul(right),
        // Python rounds down, Rust towards zero; they agree for what is not negative.
        Operator::FloorDiv if left >= 0 && right > 0 => left.checked_div(right),
        Operator::Mod if left >= 0 && right > 0 => left.checked_rem(right),
        Operator::Pow => left.checked_pow(u32::try_from(right).ok()?),
        Operator::LShift => left.checked_mul(2_i128.checked_pow(u32::try_from(right).ok()?)?),
        Operator::Div => return floats(number(&Literal::Int(left))?, op, number(&Literal::Int(right))?),
        _ => None,
    };
    value.map(Literal::Int)
}

fn floats(left: f64, op: Operator, right: f64) -> Option<Literal> {
    let value = match op {
        Operator::Add => left + right,
        Operator::Sub => left - right,
        Operator::Mult => left * right,
        Operator::Div if right != 0.0 => left / right,
        _ => return None,
    };
    Some(Literal::Float(value))
}

/// A number as a float, where none of its digits are lost.
fn number(value: &Literal) -> Option<f64> {
    match value {
        Literal::Int(value) => i32::try_from(*value).ok().map(f64::from),
        Literal::Float(value) => Some(*value),
        _ => None,
    }
}

pub(super) fn compare(left: &Literal, operator: CompareOperator, right: &Literal) -> Option<bool> {
    let equal = || match (left, right) {
        // A member may be equal to its value or not, by the bases of its class; settings compare those that are.
        (Literal::Member { value, .. }, Literal::Str(_)) => **value == *right,
        (Literal::Str(_), Literal::Member { value, .. }) => **value == *left,
        _ => left == right,
    };
    let contains = || match (left, right) {
        (Literal::Str(part), Literal::Str(whole)) => Some(whole.contains(part.as_str())),
        (_, Literal::Dict(items)) => Some(items.iter().any(|(key, _)| key == left)),
        _ => right.items().map(|items| items.contains(left)),
    };
    match operator {
        CompareOperator::Eq | CompareOperator::Is => Some(equal()),
        CompareOperator::NotEq | CompareOperator::IsNot => Some(!equal()),
        CompareOperator::In => contains(),
        CompareOperator::NotIn => contains().map(|contains| !contains),
        CompareOperator::Lt => Some(number(left)? < number(right)?),
        CompareOperator::LtE => Some(number(left)? <= number(right)?),
        CompareOperator::Gt => Some(number(left)? > number(right)?),
        CompareOperator::GtE => Some(number(left)? >= number(right)?),
    }
}

/// What a built-in class makes of a value.
pub(super) fn cast(class: &str, argument: Option<Literal>, is_plain: bool) -> Option<Literal> {
    let Some(argument) = argument else {
        return match class {
            "list" => Some(Literal::List(Vec::new())),
            "tuple" => Some(Literal::Tuple(Vec::new())),
            "set" => Some(Literal::Set(Vec::new())),
            "dict" if is_plain => Some(Literal::Dict(Vec::new())),
            "str" => Some(Literal::Str(String::new())),
            "int" => Some(Literal::Int(0)),
            "float" => Some(Literal::Float(0.0)),
            "bool" => Some(Literal::Bool(false)),
            _ => None,
        };
    };
    match (class, &argument) {
        ("bool", _) => Some(Literal::Bool(argument.truth())),
        ("str", _) => Some(Literal::Str(argument.text())),
        ("int", Literal::Int(_)) | ("float", Literal::Float(_)) | ("dict", Literal::Dict(_)) => Some(argument),
        ("int", Literal::Bool(value)) => Some(Literal::Int(i128::from(*value))),
        ("int", Literal::Str(text)) => text.trim().parse().ok().map(Literal::Int),
        ("float", Literal::Int(_)) => number(&argument).map(Literal::Float),
        ("float", Literal::Str(text)) => text.trim().parse().ok().map(Literal::Float),
        ("list", _) => argument.items().map(|items| Literal::List(items.to_vec())),
        ("tuple", _) => argument.items().map(|items| Literal::Tuple(items.to_vec())),
        ("set" | "frozenset", _) => argument.items().map(|items| Literal::Set(items.to_vec())),
        ("len", Literal::Str(text)) => Some(Literal::Int(text.chars().count() as i128)),
        ("len", _) => argument.items().map(|items| Literal::Int(items.len() as i128)),
        _ => None,
    }
}

/// What a method of a string gives.
pub(super) fn method(object: &Literal, name: &str, given: &[Literal]) -> Option<Literal> {
    let Literal::Str(text) = object else { return None };
    let texts: Vec<&str> = given.iter().map(Literal::as_str).collect::<Option<_>>()?;
    let made = |text: &str| bounded(text);
    match (name, texts.as_slice()) {
        ("lower" | "casefold", []) => made(&text.to_lowercase()),
        ("upper", []) => made(&text.to_uppercase()),
        ("strip", []) => made(text.trim()),
        ("strip", [set]) => made(text.trim_matches(|character| set.contains(character))),
        ("rstrip", []) => made(text.trim_end()),
        ("rstrip", [set]) => made(text.trim_end_matches(|character| set.contains(character))),
        ("lstrip", [set]) => made(text.trim_start_matches(|character| set.contains(character))),
        ("removeprefix", [prefix]) => made(text.strip_prefix(prefix).unwrap_or(text)),
        ("removesuffix", [suffix]) => made(text.strip_suffix(suffix).unwrap_or(text)),
        ("replace", [from, to]) if !from.is_empty() => {
            (text.len().saturating_mul(to.len().max(1)) <= MAX_TEXT * 4).then(|| made(&text.replace(from, to)))?
        }
        ("startswith", [prefix]) => Some(Literal::Bool(text.starts_with(prefix))),
        ("endswith", [suffix]) => Some(Literal::Bool(text.ends_with(suffix))),
        ("split", []) => split(text.split_whitespace()),
        ("split", [separator]) if !separator.is_empty() => split(text.split(separator)),
        ("get_secret_value", []) => made(text),
        ("encode", _) => Some(Literal::Bytes(text.clone().into_bytes())),
        _ => None,
    }
}

fn split<'t>(parts: impl Iterator<Item = &'t str>) -> Option<Literal> {
    let parts: Vec<Literal> = parts.take(MAX_ITEMS + 1).map(|part| Literal::Str(part.to_owned())).collect();
    (parts.len() <= MAX_ITEMS).then_some(Literal::List(parts))
}
