//! The values of constants as `dump_ast.py` writes them.

use pyaudit_python::{ExprKind, Integer};
use std::fmt::Write;

/// The value of a literal with its type; `None` for what is no literal.
pub(super) fn value(kind: &ExprKind) -> Option<String> {
    Some(match kind {
        ExprKind::Str { value, .. } => text(value),
        ExprKind::Bytes(bytes) => bytes.iter().fold(String::from("bytes:"), |mut out, byte| {
            write!(out, "{byte:02x}").expect("a string takes every text");
            out
        }),
        ExprKind::Int(Integer::Small(value)) => format!("int:{value:x}"),
        ExprKind::Int(Integer::Big(literal)) => format!("int:{}", hexadecimal(literal)),
        ExprKind::Float(value) => format!("float:{:016x}", value.to_bits()),
        ExprKind::Imaginary(value) => format!("complex:{:016x}", value.to_bits()),
        ExprKind::Bool(true) => String::from("True"),
        ExprKind::Bool(false) => String::from("False"),
        ExprKind::None => String::from("None"),
        ExprKind::Ellipsis => String::from("Ellipsis"),
        _ => return None,
    })
}

/// A string in quotes.
pub(super) fn text(value: &str) -> String {
    let quoted = serde_json::to_string(value).expect("every string can be written as JSON");
    format!("str:{quoted}")
}

/// An integer literal of any length in hexadecimal digits.
fn hexadecimal(literal: &str) -> String {
    let (radix, digits) = match literal.get(..2) {
        Some("0x") => return String::from(literal[2..].trim_start_matches('0')),
        Some("0o") => (8, &literal[2..]),
        Some("0b") => (2, &literal[2..]),
        _ => (10, literal),
    };
    // Little-endian limbs of 32 bits; quadratic, for numbers of a few thousand digits.
    let mut limbs: Vec<u32> = Vec::new();
    for digit in digits.chars().filter_map(|digit| digit.to_digit(radix)) {
        let mut carry = u64::from(digit);
        for limb in &mut limbs {
            carry += u64::from(*limb) * u64::from(radix);
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            limbs.push(carry as u32);
        }
    }
    let mut out = String::new();
    for (at, limb) in limbs.iter().rev().enumerate() {
        let written = if at == 0 { write!(out, "{limb:x}") } else { write!(out, "{limb:08x}") };
        written.expect("a string takes every text");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_integers_of_every_base_are_hexadecimal() {
        assert_eq!(hexadecimal("18446744073709551616"), "10000000000000000");
        assert_eq!(hexadecimal("0x0123456789abcdef01"), "123456789abcdef01");
        assert_eq!(hexadecimal("0o4000000000000000000000"), "20000000000000000");
        assert_eq!(hexadecimal(&format!("0b1{}", "0".repeat(64))), "10000000000000000");
    }
}
