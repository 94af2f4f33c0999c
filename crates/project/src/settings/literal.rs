//! Values of Python that an expression is known to give.

use std::fmt;

/// A value of Python.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer that fits 128 bits.
    Int(i128),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Self>),
    /// A tuple.
    Tuple(Vec<Self>),
    /// A set, in order of the source.
    Set(Vec<Self>),
    /// A dictionary, in order of the source.
    Dict(Vec<(Self, Self)>),
    /// A member of an enumeration.
    Member {
        /// The name of the class.
        class: String,
        /// The name of the member.
        name: String,
        /// Its value.
        value: Box<Self>,
    },
    /// A path of `pathlib`.
    Path(String),
}

impl Literal {
    /// What `bool()` gives.
    pub fn truth(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(items) | Self::Tuple(items) | Self::Set(items) => !items.is_empty(),
            Self::Dict(items) => !items.is_empty(),
            Self::Member { .. } | Self::Path(_) => true,
        }
    }

    /// The text of a string, of a path, or of the value of a member of an enumeration.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) | Self::Path(text) => Some(text),
            Self::Member { value, .. } => value.as_str(),
            _ => None,
        }
    }

    /// The elements of a list, tuple or set.
    pub fn items(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) | Self::Tuple(items) | Self::Set(items) => Some(items),
            _ => None,
        }
    }

    /// The name of its built-in class; `None` for a member of an enumeration and a path.
    pub fn class_name(&self) -> Option<&'static str> {
        Some(match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Set(_) => "set",
            Self::Dict(_) => "dict",
            Self::Member { .. } | Self::Path(_) => return None,
        })
    }

    /// What `str()` gives.
    pub fn text(&self) -> String {
        match self {
            Self::Str(text) | Self::Path(text) => text.clone(),
            Self::Member { class, name, .. } => format!("{class}.{name}"),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Literal {
    /// What `repr()` gives.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("None"),
            Self::Bool(true) => formatter.write_str("True"),
            Self::Bool(false) => formatter.write_str("False"),
            Self::Int(value) => write!(formatter, "{value}"),
            Self::Float(value) => write!(formatter, "{value:?}"),
            Self::Str(text) => write_text(formatter, text),
            Self::Bytes(bytes) => write_bytes(formatter, bytes),
            Self::List(items) => write_items(formatter, "[", items, "]"),
            Self::Tuple(items) if items.len() == 1 => write_items(formatter, "(", items, ",)"),
            Self::Tuple(items) => write_items(formatter, "(", items, ")"),
            Self::Set(items) if items.is_empty() => formatter.write_str("set()"),
            Self::Set(items) => write_items(formatter, "{", items, "}"),
            Self::Dict(items) => {
                formatter.write_str("{")?;
                for (at, (key, value)) in items.iter().enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    write!(formatter, "{comma}{key}: {value}")?;
                }
                formatter.write_str("}")
            }
            Self::Member { class, name, value } => write!(formatter, "<{class}.{name}: {value}>"),
            Self::Path(path) => {
                formatter.write_str("PosixPath(")?;
                write_text(formatter, path)?;
                formatter.write_str(")")
            }
        }
    }
}

fn write_items(formatter: &mut fmt::Formatter<'_>, open: &str, items: &[Literal], close: &str) -> fmt::Result {
    formatter.write_str(open)?;
    for (at, item) in items.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        write!(formatter, "{comma}{item}")?;
    }
    formatter.write_str(close)
}

/// Single quotes, unless the text has some and no double ones.
fn quote_of(has: impl Fn(char) -> bool) -> char {
    if has('\'') && !has('"') { '"' } else { '\'' }
}

fn write_text(formatter: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    use fmt::Write;
    let quote = quote_of(|character| text.contains(character));
    formatter.write_char(quote)?;
    for character in text.chars() {
        match character {
            '\n' => formatter.write_str("\\n")?,
            '\r' => formatter.write_str("\\r")?,
            '\t' => formatter.write_str("\\t")?,
            '\\' => formatter.write_str("\\\\")?,
            _ if character == quote => write!(formatter, "\\{character}")?,
            _ if u32::from(character) < 0x20 || character == '\x7f' => {
                write!(formatter, "\\x{:02x}", u32::from(character))?;
            }
            _ => formatter.write_char(character)?,
        }
    }
    formatter.write_char(quote)
}

fn write_bytes(formatter: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    use fmt::Write;
    let quote = quote_of(|character| bytes.iter().any(|&byte| char::from(byte) == character));
    write!(formatter, "b{quote}")?;
    for &byte in bytes {
        match byte {
            b'\n' => formatter.write_str("\\n")?,
            b'\r' => formatter.write_str("\\r")?,
            b'\t' => formatter.write_str("\\t")?,
            b'\\' => formatter.write_str("\\\\")?,
            _ if char::from(byte) == quote => write!(formatter, "\\{quote}")?,
            0x20..0x7f => formatter.write_char(char::from(byte))?,
            _ => write!(formatter, "\\x{byte:02x}")?,
        }
    }
    formatter.write_char(quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_as_python_shows_it() {
        let text = |text: &str| Literal::Str(text.to_owned());
        for (value, shown) in [
            (Literal::None, "None"),
            (Literal::Float(30.0), "30.0"),
            (text("it's"), "\"it's\""),
            (text("a\"'\n"), "'a\"\\'\\n'"),
            (Literal::Tuple(vec![Literal::Int(1)]), "(1,)"),
            (Literal::Set(Vec::new()), "set()"),
            (Literal::Dict(vec![(text("a"), Literal::Bool(true))]), "{'a': True}"),
            (Literal::Bytes(b"a\xff".to_vec()), "b'a\\xff'"),
            (Literal::Path("data".to_owned()), "PosixPath('data')"),
        ] {
            assert_eq!(value.to_string(), shown);
        }
    }
}
