//! What an expression gives when no environment variable is set.
//!
//! A small interpreter of the expressions that stand in settings: constants, arithmetic, choices, names, enumerations,
//! casts, methods of strings, and reads of the environment, which give their defaults. Anything else is not known.

use super::Literal;
use crate::budget::{Budget, steps};
use crate::database::reading::returned;
use crate::{Definition, Module, Project, Symbol};
use pyaudit_python::{
    BoolOperator, CompareOperator, Comprehension, DictItem, ExprId, ExprKind, Folded, FoldedPart, Integer, Keyword,
    Operator, StmtId, UnaryOperator,
};

/// The longest text in bytes that is carried along, so that texts made of texts stay small.
const MAX_TEXT: usize = 16 * 1024;

/// The most elements that a list is followed with.
const MAX_ITEMS: usize = 1_024;

/// The levels of `logging`, by their names.
const LEVELS: &[(&str, i128)] = &[
    ("logging.CRITICAL", 50),
    ("logging.FATAL", 50),
    ("logging.ERROR", 40),
    ("logging.WARNING", 30),
    ("logging.WARN", 30),
    ("logging.INFO", 20),
    ("logging.DEBUG", 10),
    ("logging.NOTSET", 0),
];

/// Classes whose subclasses are enumerations.
const ENUMERATIONS: &[&str] = &["enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"];

/// Calls that give their argument, as far as it can be seen.
const WRAPPERS: &[&str] = &[
    "pydantic.SecretStr",
    "pydantic.SecretBytes",
    "pydantic.types.SecretStr",
    "starlette.datastructures.Secret",
    "starlette.datastructures.URL",
    "os.path.expandvars",
];

impl Project {
    /// What an expression gives when no environment variable is set, where that can be known. Names are followed, also to
    /// other modules and to fields of objects.
    pub fn value_when_unset(&self, module: &Module, expr: ExprId) -> Option<Literal> {
        self.literal(module, expr, Budget::new(&steps()))
    }

    /// What a factory of defaults gives when no environment variable is set.
    pub(super) fn value_made(&self, module: &Module, factory: ExprId) -> Option<Literal> {
        self.made(module, factory, Budget::new(&steps()))
    }

    fn literal(&self, module: &Module, expr: ExprId, budget: Budget<'_>) -> Option<Literal> {
        let budget = budget.step()?;
        let syntax = &module.python.syntax;
        let at = |expr| self.literal(module, expr, budget);
        let all = |elements: &[ExprId]| -> Option<Vec<Literal>> {
            (elements.len() <= MAX_ITEMS).then(|| elements.iter().map(|&element| at(element)).collect())?
        };
        match &syntax.expr(expr).kind {
            ExprKind::None => Some(Literal::None),
            ExprKind::Bool(value) => Some(Literal::Bool(*value)),
            ExprKind::Int(Integer::Small(value)) => Some(Literal::Int(i128::from(*value))),
            ExprKind::Float(value) => Some(Literal::Float(*value)),
            ExprKind::Bytes(bytes) => (bytes.len() <= MAX_TEXT).then(|| Literal::Bytes(bytes.to_vec())),
            ExprKind::Str { value, .. } => bounded(value),
            ExprKind::FString(_) => self.folded(module, &module.python.fold_string(expr), budget),
            ExprKind::List { elts, .. } => all(elts).map(Literal::List),
            ExprKind::Tuple { elts, .. } => all(elts).map(Literal::Tuple),
            ExprKind::Set(elts) => all(elts).map(Literal::Set),
            ExprKind::Dict(items) => self.dictionary(module, items, budget),
            ExprKind::UnaryOp { op, operand } => unary(*op, &at(*operand)?),
            ExprKind::BinOp { left, op, right } => {
                // A text of many parts is folded at once, without going down a level a part.
                let folded = module.python.fold_string(expr);
                if folded.parts.iter().any(|part| matches!(part, FoldedPart::Text(_))) {
                    return self.folded(module, &folded, budget);
                }
                binary(at(*left)?, *op, at(*right)?)
            }
            ExprKind::BoolOp { op, values } => self.either(module, *op, values, budget),
            ExprKind::IfExp { test, body, orelse } => at(if at(*test)?.truth() { *body } else { *orelse }),
            ExprKind::Compare { left, comparisons } => match **comparisons {
                [(operator, right)] => compare(&at(*left)?, operator, &at(right)?).map(Literal::Bool),
                _ => None,
            },
            ExprKind::ListComp { elt, generators } => self.stripped(module, *elt, generators, budget),
            ExprKind::Named { value, .. } => at(*value),
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => self.named(module, expr, budget),
            ExprKind::Call { func, args, keywords } => self.called(module, expr, (*func, args, keywords), budget),
            _ => None,
        }
    }

    fn folded(&self, module: &Module, folded: &Folded, budget: Budget<'_>) -> Option<Literal> {
        let mut text = String::new();
        for part in &folded.parts {
            match part {
                FoldedPart::Text(known) => text.push_str(known),
                FoldedPart::Hole(hole) => text.push_str(&self.literal(module, *hole, budget)?.text()),
            }
            if text.len() > MAX_TEXT {
                return None;
            }
        }
        Some(Literal::Str(text))
    }

    fn dictionary(&self, module: &Module, items: &[DictItem], budget: Budget<'_>) -> Option<Literal> {
        let pair = |item: &DictItem| {
            Some((self.literal(module, item.key?, budget)?, self.literal(module, item.value, budget)?))
        };
        (items.len() <= MAX_ITEMS).then(|| items.iter().map(pair).collect::<Option<_>>().map(Literal::Dict))?
    }

    /// `a or b`, `a and b`: the first value that decides, or the last.
    fn either(&self, module: &Module, op: BoolOperator, values: &[ExprId], budget: Budget<'_>) -> Option<Literal> {
        let mut last = None;
        for &value in values {
            let value = self.literal(module, value, budget)?;
            if value.truth() == (op == BoolOperator::Or) {
                return Some(value);
            }
            last = Some(value);
        }
        last
    }

    /// `[part.strip() for part in text.split(",") if part.strip()]`.
    fn stripped(&self, module: &Module, elt: ExprId, of: &[Comprehension], budget: Budget<'_>) -> Option<Literal> {
        let [Comprehension { target, iter, ifs, .. }] = of else { return None };
        let syntax = &module.python.syntax;
        let name = |expr: ExprId| match &syntax.expr(expr).kind {
            ExprKind::Name { id, .. } => Some(*id),
            _ => None,
        };
        let is_stripped = |expr: ExprId| match &syntax.expr(expr).kind {
            ExprKind::Call { func, args, .. } if args.is_empty() => match &syntax.expr(*func).kind {
                ExprKind::Attribute { value, attr, .. } => {
                    syntax.identifier(*attr) == "strip" && name(*value) == name(*target)
                }
                _ => false,
            },
            _ => false,
        };
        let is_same = |expr: ExprId| name(expr) == name(*target);
        name(*target)?;
        if !(is_stripped(elt) || is_same(elt)) || !ifs.iter().all(|&test| is_stripped(test) || is_same(test)) {
            return None;
        }
        let items = self.literal(module, *iter, budget)?;
        let mut kept = Vec::new();
        for item in items.items()? {
            let text = item.as_str()?;
            let drops = ifs.iter().any(|&test| if is_same(test) { text } else { text.trim() }.is_empty());
            if !drops {
                kept.push(Literal::Str(if is_same(elt) { text } else { text.trim() }.to_owned()));
            }
        }
        Some(Literal::List(kept))
    }

    /// A constant, a member of an enumeration, a field or property of an object.
    fn named(&self, module: &Module, expr: ExprId, budget: Budget<'_>) -> Option<Literal> {
        let syntax = &module.python.syntax;
        let symbol = self.symbol(module, expr);
        if let Some(external) = symbol.as_ref().and_then(Symbol::external) {
            return LEVELS.iter().find(|(name, _)| *name == external).map(|&(_, level)| Literal::Int(level));
        }
        if let ExprKind::Attribute { value, attr, .. } = &syntax.expr(expr).kind {
            let member = syntax.identifier(*attr);
            if let Some(found) = self.enumeration_member(module, *value, member, budget) {
                return Some(found);
            }
            if member == "value"
                && let Some(Literal::Member { value, .. }) = self.literal(module, *value, budget)
            {
                return Some(*value);
            }
        }
        if let Some((home, value)) = self.value_behind(module, expr) {
            return self.literal(home, value, budget);
        }
        if let Some(value) = self.local_value(module, expr) {
            return self.literal(module, value, budget);
        }
        match self.attribute(module, expr)? {
            (home, Definition::Function(property)) => self.only_return(home, property, budget),
            _ => None,
        }
    }

    fn enumeration_member(&self, module: &Module, class: ExprId, member: &str, budget: Budget<'_>) -> Option<Literal> {
        let (home, id, definition) = self.class(module, class)?;
        if !self.inherits_from(home, id, ENUMERATIONS) {
            return None;
        }
        let (home, Definition::Value(value) | Definition::Annotated { value: Some(value), .. }) =
            self.member(home, id, member)?
        else {
            return None;
        };
        let class = home.python.syntax.identifier(definition.name).to_owned();
        let value = match self.literal(home, value, budget)? {
            Literal::Member { value, .. } => value,
            value => Box::new(value),
        };
        Some(Literal::Member { class, name: member.to_owned(), value })
    }

    /// What a function gives whose only `return` says it.
    fn only_return(&self, module: &Module, function: StmtId, budget: Budget<'_>) -> Option<Literal> {
        match returned(module, function).as_slice() {
            [value] => self.literal(module, *value, budget),
            _ => None,
        }
    }

    fn called(
        &self,
        module: &Module,
        expr: ExprId,
        (func, args, keywords): (ExprId, &[ExprId], &[Keyword]),
        budget: Budget<'_>,
    ) -> Option<Literal> {
        if let Some(read) = self.environment_read(module, expr) {
            return match read.default {
                Some(default) => self.literal(module, default, budget),
                None => (!read.required).then_some(Literal::None),
            };
        }
        if let Some(declared) = self.declared(module, expr) {
            return match (declared.default, declared.factory) {
                (Some(default), _) => self.literal(module, default, budget),
                (None, Some(factory)) => self.made(module, factory, budget),
                (None, None) => None,
            };
        }
        let symbol = self.symbol(module, func);
        if let Some(Symbol::Builtin(name)) = &symbol {
            let argument = match args {
                [] => None,
                [one] => Some(self.literal(module, *one, budget)?),
                _ => return None,
            };
            return cast(name, argument, keywords.is_empty());
        }
        if let Some(external) = symbol.as_ref().and_then(Symbol::external) {
            return self.external_call(module, external, args, budget);
        }
        if let Some((home, Definition::Function(id))) = symbol.as_ref().and_then(|symbol| self.definition(symbol)) {
            let takes_nothing = home.function(id)?.parameters.iter().next().is_none();
            return if takes_nothing { self.only_return(home, id, budget) } else { None };
        }
        let syntax = &module.python.syntax;
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(func).kind else { return None };
        let object = self.literal(module, *value, budget)?;
        let given = args.iter().map(|&argument| self.literal(module, argument, budget)).collect::<Option<Vec<_>>>()?;
        method(&object, syntax.identifier(*attr), &given)
    }

    fn external_call(&self, module: &Module, name: &str, args: &[ExprId], budget: Budget<'_>) -> Option<Literal> {
        match (name, args) {
            ("typing.cast", [_, value]) => self.literal(module, *value, budget),
            ("pathlib.Path" | "pathlib.PurePath", [value]) => {
                self.literal(module, *value, budget)?.as_str().map(|path| Literal::Path(path.to_owned()))
            }
            (name, [value]) if WRAPPERS.contains(&name) => self.literal(module, *value, budget),
            _ => None,
        }
    }

    /// What a factory of defaults gives.
    fn made(&self, module: &Module, factory: ExprId, budget: Budget<'_>) -> Option<Literal> {
        if let ExprKind::Lambda { body, .. } = &module.python.syntax.expr(factory).kind {
            return self.literal(module, *body, budget);
        }
        let symbol = self.symbol(module, factory)?;
        match (&symbol, self.definition(&symbol)) {
            (Symbol::Builtin(name), _) => cast(name, None, true),
            (_, Some((home, Definition::Function(id)))) => self.only_return(home, id, budget.step()?),
            _ => None,
        }
    }
}

fn bounded(text: &str) -> Option<Literal> {
    (text.len() <= MAX_TEXT).then(|| Literal::Str(text.to_owned()))
}

fn unary(op: UnaryOperator, value: &Literal) -> Option<Literal> {
    match (op, value) {
        (UnaryOperator::Not, value) => Some(Literal::Bool(!value.truth())),
        (UnaryOperator::USub, Literal::Int(value)) => value.checked_neg().map(Literal::Int),
        (UnaryOperator::USub, Literal::Float(value)) => Some(Literal::Float(-value)),
        (UnaryOperator::UAdd, Literal::Int(_) | Literal::Float(_)) => Some(value.clone()),
        _ => None,
    }
}

fn binary(left: Literal, op: Operator, right: Literal) -> Option<Literal> {
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

fn compare(left: &Literal, operator: CompareOperator, right: &Literal) -> Option<bool> {
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
fn cast(class: &str, argument: Option<Literal>, is_plain: bool) -> Option<Literal> {
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
        ("len", _) => argument.items().map(|items| Literal::Int(items.len() as i128)),
        _ => None,
    }
}

/// What a method of a string gives.
fn method(object: &Literal, name: &str, given: &[Literal]) -> Option<Literal> {
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
        ("encode", _) => Some(Literal::Bytes(text.clone().into_bytes())),
        _ => None,
    }
}

fn split<'t>(parts: impl Iterator<Item = &'t str>) -> Option<Literal> {
    let parts: Vec<Literal> = parts.take(MAX_ITEMS + 1).map(|part| Literal::Str(part.to_owned())).collect();
    (parts.len() <= MAX_ITEMS).then_some(Literal::List(parts))
}
