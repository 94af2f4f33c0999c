//! What a plain scalar means: the core schema of YAML 1.2.2, section 10.3.

use crate::ValueKind;

/// The value of a plain scalar that is no string.
pub(super) fn resolve(text: &str) -> Option<ValueKind> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(ValueKind::Null),
        "true" | "True" | "TRUE" => Some(ValueKind::Bool(true)),
        "false" | "False" | "FALSE" => Some(ValueKind::Bool(false)),
        _ => number(text),
    }
}

/// The number that a plain scalar is.
pub(super) fn number(text: &str) -> Option<ValueKind> {
    let radix =
        [("0o", 8), ("0x", 16)].into_iter().find_map(|(prefix, radix)| Some((text.strip_prefix(prefix)?, radix)));
    if let Some((digits, radix)) = radix {
        let all_digits = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        return all_digits.then(|| in_radix(digits, radix));
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" => {
            let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
            return Some(ValueKind::Float(sign * f64::INFINITY));
        }
        ".nan" | ".NaN" | ".NAN" if unsigned == text => return Some(ValueKind::Float(f64::NAN)),
        _ => {}
    }
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map(ValueKind::Integer).ok().or_else(|| float(text));
    }
    if is_float(unsigned) { float(text) } else { None }
}

fn in_radix(digits: &str, radix: u32) -> ValueKind {
    let as_float = || {
        digits
            .chars()
            .filter_map(|c| c.to_digit(radix))
            .fold(0.0, |sum, digit| sum * f64::from(radix) + f64::from(digit))
    };
    i64::from_str_radix(digits, radix).map_or_else(|_| ValueKind::Float(as_float()), ValueKind::Integer)
}

fn float(text: &str) -> Option<ValueKind> {
    text.parse().map(ValueKind::Float).ok()
}

/// Whether an unsigned text is a decimal number with a point or an exponent.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(left, right)| (left, Some(right)));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    let exponent_holds = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    has_digits && digits(whole) && digits(fraction) && exponent_holds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_schema() {
        for text in
            ["on", "yes", "No", "nULL", "1_000", "0b1", "1:30", "-", "+", ".", "e3", "1e", "0x", "v1", "-.nan", "1.2.3"]
        {
            assert_eq!(resolve(text), None, "{text}");
        }
        for (text, kind) in [
            ("", ValueKind::Null),
            ("True", ValueKind::Bool(true)),
            ("0o17", ValueKind::Integer(15)),
            ("0xfF", ValueKind::Integer(255)),
            ("-012", ValueKind::Integer(-12)),
            ("+5", ValueKind::Integer(5)),
            ("3.10", ValueKind::Float(3.1)),
            ("1.", ValueKind::Float(1.0)),
            ("-.5e+2", ValueKind::Float(-50.0)),
            ("-.INF", ValueKind::Float(f64::NEG_INFINITY)),
            ("18446744073709551616", ValueKind::Float(18_446_744_073_709_551_616.0)),
        ] {
            assert_eq!(resolve(text), Some(kind), "{text}");
        }
    }
}
