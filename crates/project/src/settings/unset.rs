//! What an expression gives when no environment variable is set.
//!
//! A small interpreter of the expressions that stand in settings: constants, arithmetic, choices, names, enumerations,
//! casts, methods of strings, and reads of the environment, which give their defaults. Anything else is not known.

use super::Literal;
use super::operations::{MAX_ITEMS, MAX_TEXT, binary, bounded, cast, compare, method, unary};
use crate::budget::{Budget, steps};
use crate::database::reading::returned;
use crate::{Definition, Module, Project, Symbol};
use pyaudit_python::{
    BoolOperator, Comprehension, DictItem, ExprId, ExprKind, Folded, FoldedPart, Integer, Keyword, StmtId,
};

/// Classes that `isinstance` is asked about.
const CLASSES: &[&str] = &["str", "list", "tuple", "set", "dict", "bool", "int", "float", "bytes"];

/// What stands for an expression that is given: the value of a field that a validator looks at, the target of a loop.
type Given<'a> = &'a dyn Fn(&Module, ExprId) -> Option<Literal>;

/// What is carried along while an expression is followed.
#[derive(Clone, Copy)]
struct Context<'a> {
    budget: Budget<'a>,
    given: Option<Given<'a>>,
}

impl Context<'_> {
    fn step(self) -> Option<Self> {
        Some(Self { budget: self.budget.step()?, ..self })
    }
}

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
pub(crate) const WRAPPERS: &[&str] = &[
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
        self.literal(module, expr, Context { budget: Budget::new(&steps()), given: None })
    }

    /// The same where some expressions are given.
    pub(super) fn value_where(&self, module: &Module, expr: ExprId, given: Given<'_>) -> Option<Literal> {
        self.literal(module, expr, Context { budget: Budget::new(&steps()), given: Some(given) })
    }

    /// What a factory of defaults gives when no environment variable is set.
    pub(super) fn value_made(&self, module: &Module, factory: ExprId) -> Option<Literal> {
        self.made(module, factory, Context { budget: Budget::new(&steps()), given: None })
    }

    fn literal(&self, module: &Module, expr: ExprId, context: Context<'_>) -> Option<Literal> {
        let context = context.step()?;
        if let Some(given) = context.given.and_then(|given| given(module, expr)) {
            return Some(given);
        }
        let syntax = &module.python.syntax;
        let at = |expr| self.literal(module, expr, context);
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
            ExprKind::FString(_) => self.folded(module, &module.python.fold_string(expr), context),
            ExprKind::List { elts, .. } => all(elts).map(Literal::List),
            ExprKind::Tuple { elts, .. } => all(elts).map(Literal::Tuple),
            ExprKind::Set(elts) => all(elts).map(Literal::Set),
            ExprKind::Dict(items) => self.dictionary(module, items, context),
            ExprKind::UnaryOp { op, operand } => unary(*op, &at(*operand)?),
            ExprKind::BinOp { left, op, right } => {
                // A text of many parts is folded at once, without going down a level a part.
                let folded = module.python.fold_string(expr);
                if folded.parts.iter().any(|part| matches!(part, FoldedPart::Text(_))) {
                    return self.folded(module, &folded, context);
                }
                binary(at(*left)?, *op, at(*right)?)
            }
            ExprKind::BoolOp { op, values } => self.either(module, *op, values, context),
            ExprKind::IfExp { test, body, orelse } => at(if at(*test)?.truth() { *body } else { *orelse }),
            ExprKind::Compare { left, comparisons } => match **comparisons {
                [(operator, right)] => compare(&at(*left)?, operator, &at(right)?).map(Literal::Bool),
                _ => None,
            },
            ExprKind::ListComp { elt, generators } => {
                self.comprehension(module, *elt, generators, context).map(Literal::List)
            }
            ExprKind::Named { value, .. } => at(*value),
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => self.named(module, expr, context),
            ExprKind::Call { func, args, keywords } => self.called(module, expr, (*func, args, keywords), context),
            _ => None,
        }
    }

    fn folded(&self, module: &Module, folded: &Folded, context: Context<'_>) -> Option<Literal> {
        let mut text = String::new();
        for part in &folded.parts {
            match part {
                FoldedPart::Text(known) => text.push_str(known),
                FoldedPart::Hole(hole) => text.push_str(&self.literal(module, *hole, context)?.text()),
            }
            if text.len() > MAX_TEXT {
                return None;
            }
        }
        Some(Literal::Str(text))
    }

    fn dictionary(&self, module: &Module, items: &[DictItem], context: Context<'_>) -> Option<Literal> {
        let pair = |item: &DictItem| {
            Some((self.literal(module, item.key?, context)?, self.literal(module, item.value, context)?))
        };
        (items.len() <= MAX_ITEMS).then(|| items.iter().map(pair).collect::<Option<_>>().map(Literal::Dict))?
    }

    /// `a or b`, `a and b`: the first value that decides, or the last.
    fn either(&self, module: &Module, op: BoolOperator, values: &[ExprId], context: Context<'_>) -> Option<Literal> {
        let mut last = None;
        for &value in values {
            let value = self.literal(module, value, context)?;
            if value.truth() == (op == BoolOperator::Or) {
                return Some(value);
            }
            last = Some(value);
        }
        last
    }

    /// The elements of `[part.strip() for part in text.split(",") if part.strip()]`.
    fn comprehension(
        &self,
        module: &Module,
        elt: ExprId,
        of: &[Comprehension],
        context: Context<'_>,
    ) -> Option<Vec<Literal>> {
        let [Comprehension { target, iter, ifs, .. }] = of else { return None };
        let syntax = &module.python.syntax;
        let ExprKind::Name { id: target, .. } = syntax.expr(*target).kind else { return None };
        let items = self.literal(module, *iter, context)?;
        let mut kept = Vec::new();
        for item in items.items()? {
            let bound = |home: &Module, expr: ExprId| {
                let is_target = home.id == module.id
                    && matches!(home.python.syntax.expr(expr).kind, ExprKind::Name { id, .. } if id == target);
                if is_target { Some(item.clone()) } else { context.given.and_then(|given| given(home, expr)) }
            };
            let context = Context { given: Some(&bound), ..context };
            let mut is_kept = true;
            for &test in ifs {
                is_kept = is_kept && self.literal(module, test, context)?.truth();
            }
            if is_kept {
                kept.push(self.literal(module, elt, context)?);
            }
        }
        Some(kept)
    }

    /// `any(…)`, `all(…)`, `isinstance(…)`.
    fn asked(&self, module: &Module, name: &str, args: &[ExprId], context: Context<'_>) -> Option<bool> {
        let syntax = &module.python.syntax;
        match (name, args) {
            ("any" | "all", [of]) => {
                let items = match &syntax.expr(*of).kind {
                    ExprKind::Generator { elt, generators } => self.comprehension(module, *elt, generators, context)?,
                    _ => self.literal(module, *of, context)?.items()?.to_vec(),
                };
                let mut truths = items.iter().map(Literal::truth);
                Some(if name == "any" { truths.any(|truth| truth) } else { truths.all(|truth| truth) })
            }
            ("isinstance", [value, classes]) => {
                let class = self.literal(module, *value, context)?.class_name()?;
                let classes = match &syntax.expr(*classes).kind {
                    ExprKind::Tuple { elts, .. } => elts.to_vec(),
                    _ => vec![*classes],
                };
                let named = classes.iter().map(|&class| match self.symbol(module, class) {
                    Some(Symbol::Builtin(name)) => CLASSES.iter().copied().find(|known| *known == name),
                    _ => None,
                });
                Some(named.collect::<Option<Vec<_>>>()?.contains(&class))
            }
            _ => None,
        }
    }

    /// A constant, a member of an enumeration, a field or property of an object.
    fn named(&self, module: &Module, expr: ExprId, context: Context<'_>) -> Option<Literal> {
        let syntax = &module.python.syntax;
        let symbol = self.symbol(module, expr);
        if let Some(external) = symbol.as_ref().and_then(Symbol::external) {
            return LEVELS.iter().find(|(name, _)| *name == external).map(|&(_, level)| Literal::Int(level));
        }
        if let ExprKind::Attribute { value, attr, .. } = &syntax.expr(expr).kind {
            let member = syntax.identifier(*attr);
            if let Some(found) = self.enumeration_member(module, *value, member, context) {
                return Some(found);
            }
            if member == "value"
                && let Some(Literal::Member { value, .. }) = self.literal(module, *value, context)
            {
                return Some(*value);
            }
        }
        if let Some((home, value)) = self.value_behind(module, expr) {
            return self.literal(home, value, context);
        }
        if let Some(value) = self.local_value(module, expr) {
            return self.literal(module, value, context);
        }
        match self.attribute(module, expr)? {
            (home, Definition::Function(property)) => self.only_return(home, property, context),
            _ => None,
        }
    }

    fn enumeration_member(
        &self,
        module: &Module,
        class: ExprId,
        member: &str,
        context: Context<'_>,
    ) -> Option<Literal> {
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
        let value = match self.literal(home, value, context)? {
            Literal::Member { value, .. } => value,
            value => Box::new(value),
        };
        Some(Literal::Member { class, name: member.to_owned(), value })
    }

    /// What a function gives whose only `return` says it.
    fn only_return(&self, module: &Module, function: StmtId, context: Context<'_>) -> Option<Literal> {
        match returned(module, function).as_slice() {
            [value] => self.literal(module, *value, context),
            _ => None,
        }
    }

    fn called(
        &self,
        module: &Module,
        expr: ExprId,
        (func, args, keywords): (ExprId, &[ExprId], &[Keyword]),
        context: Context<'_>,
    ) -> Option<Literal> {
        if let Some(read) = self.environment_read(module, expr) {
            let Some(default) = read.default else { return (!read.required).then_some(Literal::None) };
            let value = self.literal(module, default, context)?;
            // Libraries turn defaults into what they turn variables into, as far as these are texts.
            let class = read.cast.filter(|_| matches!(value, Literal::Str(_))).map(|cast| self.symbol(module, cast));
            return match class {
                None => Some(value),
                Some(Some(Symbol::Builtin(name))) if matches!(name.as_str(), "str" | "int" | "float") => {
                    cast(&name, Some(value), true)
                }
                Some(_) => None,
            };
        }
        if let Some(declared) = self.declared(module, expr) {
            return match (declared.default, declared.factory) {
                (Some(default), _) => self.literal(module, default, context),
                (None, Some(factory)) => self.made(module, factory, context),
                (None, None) => None,
            };
        }
        let symbol = self.symbol(module, func);
        if let Some(Symbol::Builtin(name)) = &symbol {
            if matches!(name.as_str(), "any" | "all" | "isinstance") {
                return self.asked(module, name, args, context).map(Literal::Bool);
            }
            let argument = match args {
                [] => None,
                [one] => Some(self.literal(module, *one, context)?),
                _ => return None,
            };
            return cast(name, argument, keywords.is_empty());
        }
        if let Some(external) = symbol.as_ref().and_then(Symbol::external) {
            return self.external_call(module, external, args, context);
        }
        if let Some((home, Definition::Function(id))) = symbol.as_ref().and_then(|symbol| self.definition(symbol)) {
            let takes_nothing = home.function(id)?.parameters.iter().next().is_none();
            return if takes_nothing { self.only_return(home, id, context) } else { None };
        }
        let syntax = &module.python.syntax;
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(func).kind else { return None };
        let object = self.literal(module, *value, context)?;
        let given = args.iter().map(|&argument| self.literal(module, argument, context)).collect::<Option<Vec<_>>>()?;
        method(&object, syntax.identifier(*attr), &given)
    }

    fn external_call(&self, module: &Module, name: &str, args: &[ExprId], context: Context<'_>) -> Option<Literal> {
        match (name, args) {
            ("typing.cast", [_, value]) => self.literal(module, *value, context),
            ("pathlib.Path" | "pathlib.PurePath", [value]) => {
                self.literal(module, *value, context)?.as_str().map(|path| Literal::Path(path.to_owned()))
            }
            (name, [value]) if WRAPPERS.contains(&name) => self.literal(module, *value, context),
            _ => None,
        }
    }

    /// What a factory of defaults gives.
    fn made(&self, module: &Module, factory: ExprId, context: Context<'_>) -> Option<Literal> {
        if let ExprKind::Lambda { body, .. } = &module.python.syntax.expr(factory).kind {
            return self.literal(module, *body, context);
        }
        let symbol = self.symbol(module, factory)?;
        match (&symbol, self.definition(&symbol)) {
            (Symbol::Builtin(name), _) => cast(name, None, true),
            (_, Some((home, Definition::Function(id)))) => self.only_return(home, id, context.step()?),
            _ => None,
        }
    }
}
