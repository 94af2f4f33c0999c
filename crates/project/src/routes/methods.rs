//! Methods of texts, lists, dictionaries and paths.

use super::expressions::{join_path, shown};
use super::interpreter::{Interpreter, MAX_ELEMENTS};
use super::value::{Arguments, Value};
use std::rc::Rc;

impl Interpreter<'_> {
    /// A method of a text.
    pub(super) fn call_text_method(&mut self, text: &str, name: &str, arguments: &Arguments) -> Value {
        let first = arguments.positional.first();
        let given = first.and_then(Value::as_text);
        let result = match (name, given) {
            ("lower", _) => text.to_lowercase(),
            ("upper", _) => text.to_uppercase(),
            ("title" | "capitalize", _) => capitalize(text),
            ("strip", None) => text.trim().to_owned(),
            ("strip", Some(drop)) => text.trim_matches(|character| drop.contains(character)).to_owned(),
            ("lstrip", Some(drop)) => text.trim_start_matches(|character| drop.contains(character)).to_owned(),
            ("rstrip", Some(drop)) => text.trim_end_matches(|character| drop.contains(character)).to_owned(),
            ("removeprefix", Some(prefix)) => text.strip_prefix(prefix).unwrap_or(text).to_owned(),
            ("removesuffix", Some(suffix)) => text.strip_suffix(suffix).unwrap_or(text).to_owned(),
            ("startswith", Some(prefix)) => return Value::Bool(text.starts_with(prefix)),
            ("endswith", Some(suffix)) => return Value::Bool(text.ends_with(suffix)),
            ("replace", Some(old)) => match arguments.positional.get(1).and_then(Value::as_text) {
                Some(new) if !old.is_empty() => text.replace(old, new),
                _ => return Value::Unknown,
            },
            ("split", separator) => {
                let parts: Vec<Value> = match separator {
                    Some(separator) if !separator.is_empty() => text.split(separator).map(Value::text).collect(),
                    _ => text.split_whitespace().map(Value::text).collect(),
                };
                return self.new_list(parts);
            }
            ("join", _) => {
                let Some(values) = first.and_then(|value| self.elements(value)) else { return Value::Unknown };
                let parts: Option<Vec<&str>> = values.iter().map(Value::as_text).collect();
                match parts {
                    Some(parts) => parts.join(text),
                    None => return Value::Unknown,
                }
            }
            ("format", _) => match format_text(text, arguments) {
                Some(text) => text,
                None => return Value::Unknown,
            },
            _ => return Value::Unknown,
        };
        Value::text(&result)
    }

    /// A method of a list, tuple or dictionary.
    pub(super) fn call_container_method(&mut self, container: &Value, name: &str, arguments: &Arguments) -> Value {
        let first = arguments.positional.first().cloned();
        match (container, name) {
            (Value::List(list), "append" | "add") => {
                self.lists[list.0 as usize].extend(first);
                Value::None
            }
            (Value::List(_), "extend" | "update") => {
                if let Some(more) = first {
                    self.extend_in_place(container, &more);
                }
                Value::None
            }
            (Value::List(list), "insert") => {
                if let [Value::Int(at), value] = &arguments.positional[..] {
                    let values = &mut self.lists[list.0 as usize];
                    let at = usize::try_from(*at).unwrap_or(0).min(values.len());
                    values.insert(at, value.clone());
                }
                Value::None
            }
            (Value::List(_) | Value::Tuple(_), "copy") | (Value::Dict(_), "keys") => {
                let values = self.elements(container).unwrap_or_default();
                self.new_list(values)
            }
            (Value::Dict(_), "items") => {
                let pairs = self.pairs(container).unwrap_or_default();
                let pairs = pairs.into_iter().map(|(key, value)| Value::Tuple([key, value].into())).collect();
                self.new_list(pairs)
            }
            (Value::Dict(_), "values") => {
                let values = self.pairs(container).unwrap_or_default().into_iter().map(|(_, value)| value).collect();
                self.new_list(values)
            }
            (Value::Dict(_), "copy") => {
                let pairs = self.pairs(container).unwrap_or_default();
                self.new_dict(pairs)
            }
            (Value::Dict(_), "update") => {
                let more = first.and_then(|more| self.pairs(&more)).unwrap_or_default();
                for (key, value) in more {
                    self.set_element(container, key, value);
                }
                for (key, value) in &arguments.keywords {
                    self.set_element(container, Value::Text(Rc::clone(key)), value.clone());
                }
                Value::None
            }
            (Value::Dict(dict), "get" | "setdefault" | "pop") => {
                let Some(key) = first else { return Value::Unknown };
                let pairs = &mut self.dicts[dict.0 as usize];
                let at = pairs.iter().position(|(known, _)| known.plain().is_same(key.plain()));
                match at {
                    Some(at) if name == "pop" => pairs.remove(at).1,
                    Some(at) => pairs[at].1.clone(),
                    None => {
                        let default = arguments.positional.get(1).cloned().unwrap_or(Value::None);
                        if name == "setdefault" {
                            pairs.push((key, default.clone()));
                        }
                        default
                    }
                }
            }
            _ => Value::Unknown,
        }
    }

    /// Adds the elements of one list to another: `+=` and `extend`. Says whether the first is a list.
    pub(super) fn extend_in_place(&mut self, list: &Value, more: &Value) -> bool {
        match list.plain() {
            Value::List(id) => {
                let id = *id;
                let more = match more.plain() {
                    Value::RoutesOf(_) | Value::DependenciesOf(_) => vec![more.clone()],
                    _ => self.elements(more).unwrap_or_else(|| vec![Value::Unknown]),
                };
                let values = &mut self.lists[id.0 as usize];
                values.extend(more);
                values.truncate(MAX_ELEMENTS);
                true
            }
            Value::RoutesOf(router) => {
                let more = Arguments { positional: vec![more.clone()], ..Arguments::default() };
                self.call_routes_method(*router, "extend", &more);
                true
            }
            _ => false,
        }
    }

    /// A method of a path of the file system.
    pub(super) fn call_path_method(&mut self, path: &str, name: &str, arguments: &Arguments) -> Value {
        let given = arguments.positional.first().and_then(shown);
        match (name, given) {
            ("resolve" | "absolute" | "expanduser", _) => Value::Path(Rc::from(path)),
            ("joinpath", Some(part)) => Value::Path(Rc::from(join_path(path, &part))),
            ("as_posix" | "__str__", _) => Value::text(path),
            ("with_suffix", Some(suffix)) => {
                let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
                Value::Path(Rc::from(format!("{stem}{suffix}")))
            }
            ("relative_to", Some(directory)) => match path.strip_prefix(&directory) {
                Some(rest) => Value::Path(Rc::from(rest.trim_start_matches('/'))),
                None => Value::Unknown,
            },
            ("glob" | "rglob" | "iterdir", pattern) => {
                let deep = name == "rglob" || pattern.as_deref().is_some_and(|pattern| pattern.starts_with("**/"));
                let pattern = pattern.unwrap_or_else(|| "*.py".to_owned());
                let last = pattern.rsplit('/').next().unwrap_or(&pattern).to_owned();
                let files = self.project.modules.files_in(path, deep);
                let wanted = files.into_iter().filter(|file| matches(&last, file.rsplit('/').next().unwrap_or(file)));
                let wanted = wanted.map(|file| Value::Path(Rc::from(file))).collect();
                self.new_list(wanted)
            }
            _ => Value::Unknown,
        }
    }
}

/// Whether a file's name fits a pattern with at most one star.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end),
        None => pattern == name,
    }
}

fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// `template.format(…)` with plain fields alone: `{}`, `{0}`, `{name}`.
fn format_text(template: &str, arguments: &Arguments) -> Option<String> {
    let mut text = String::new();
    let mut next = 0;
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let bracket = &rest[at..=at];
        rest = &rest[at + 1..];
        if rest.starts_with(bracket) {
            text.push_str(bracket);
            rest = &rest[1..];
            continue;
        }
        let (field, after) = rest.split_once('}').filter(|_| bracket == "{")?;
        let value = if field.is_empty() {
            next += 1;
            arguments.positional.get(next - 1)?
        } else if let Ok(at) = field.parse::<usize>() {
            arguments.positional.get(at)?
        } else {
            arguments.get(field, None)?
        };
        text.push_str(&shown(value)?);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}
