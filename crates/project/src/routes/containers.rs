//! Lists, tuples and dictionaries: their elements, and access by keys.

use super::interpreter::{Interpreter, MAX_ELEMENTS};
use super::operators::is_open;
use super::value::Value;

impl Interpreter<'_> {
    /// The elements of a list, where the routes of a router are one element.
    pub(super) fn listed(&self, value: &Value) -> Option<Vec<Value>> {
        match value.plain() {
            Value::RoutesOf(_) | Value::DependenciesOf(_) => Some(vec![value.clone()]),
            other => self.elements_of(other),
        }
    }

    /// The elements that a loop over a value meets.
    pub(super) fn elements(&self, value: &Value) -> Option<Vec<Value>> {
        self.elements_of(value.plain())
    }

    pub(super) fn elements_of(&self, value: &Value) -> Option<Vec<Value>> {
        let found = match value {
            Value::List(list) => Some(self.lists[list.0 as usize].clone()),
            Value::Tuple(values) => Some(values.to_vec()),
            Value::Dict(dict) => Some(self.dicts[dict.0 as usize].iter().map(|(key, _)| key.clone()).collect()),
            Value::Class(class) => self.members_of_enumeration(*class),
            Value::RoutesOf(router) => Some(self.route_objects(*router)),
            _ => None,
        };
        self.charge(found.as_ref().map_or(0, Vec::len));
        found
    }

    /// The pairs of a dictionary, the last of equal keys.
    pub(super) fn pairs(&self, value: &Value) -> Option<Vec<(Value, Value)>> {
        let Value::Dict(dict) = value.plain() else { return None };
        let pairs = &self.dicts[dict.0 as usize];
        self.charge(pairs.len());
        Some(pairs.clone())
    }

    /// `container[key]`.
    pub(super) fn element(&mut self, container: &Value, key: &Value) -> Value {
        match (container.plain(), key.plain()) {
            (Value::Dict(dict), key) => {
                let pairs = &self.dicts[dict.0 as usize];
                let found = pairs.iter().rev().find(|(known, _)| known.plain().is_same(key));
                match found {
                    Some((_, value)) => value.clone(),
                    None if is_open(key) => Value::one_of(pairs.iter().map(|(_, value)| value.clone()).collect()),
                    None => Value::Unknown,
                }
            }
            (Value::List(list), Value::Int(at)) => counted(&self.lists[list.0 as usize], *at),
            (Value::Tuple(values), Value::Int(at)) => counted(values, *at),
            // `Generic[T]` and `Annotated[X, …]` are what stands before the bracket.
            (Value::Class(_), _) => container.clone(),
            (Value::External(name), _) if &**name != "os.environ" => container.clone(),
            _ => Value::Unknown,
        }
    }

    /// `container[key] = value`.
    pub(super) fn set_element(&mut self, container: &Value, key: Value, value: Value) {
        if let Value::Dict(dict) = container.plain() {
            let pairs = &mut self.dicts[dict.0 as usize];
            match pairs.iter().position(|(known, _)| known.is_same(&key)) {
                Some(at) => pairs[at].1 = value,
                None if pairs.len() < MAX_ELEMENTS => pairs.push((key, value)),
                None => {}
            }
        }
    }

    /// `container[lower:upper]`.
    pub(super) fn slice(&mut self, container: &Value, bounds: &[Option<Value>; 2]) -> Value {
        let length = match container.plain() {
            Value::Text(text) => text.chars().count(),
            _ => match self.elements(container) {
                Some(values) => values.len(),
                None => return Value::Unknown,
            },
        };
        let place = |bound: &Option<Value>, default: usize| match bound.as_ref().map(Value::plain) {
            None | Some(Value::None) => Some(default),
            Some(Value::Int(at)) if *at < 0 => Some(length.saturating_sub(usize::try_from(at.unsigned_abs()).ok()?)),
            Some(Value::Int(at)) => Some(usize::try_from(*at).ok()?.min(length)),
            Some(_) => None,
        };
        let Some((from, to)) = place(&bounds[0], 0).zip(place(&bounds[1], length)) else { return Value::Unknown };
        let count = to.saturating_sub(from);
        if let Value::Text(text) = container.plain() {
            return Value::text(&text.chars().skip(from).take(count).collect::<String>());
        }
        let values = self.elements(container).unwrap_or_default();
        self.new_list(values.into_iter().skip(from).take(count).collect())
    }
}

/// The element at a place, which counts from the end where it is negative.
fn counted(values: &[Value], at: i64) -> Value {
    let distance = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
    let place = if at < 0 { values.len().checked_sub(distance) } else { Some(distance) };
    place.and_then(|place| values.get(place).cloned()).unwrap_or(Value::Unknown)
}
