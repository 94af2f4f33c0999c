//! The typed syntax of Python, one enum variant a construct.
//!
//! The node kinds and their fields follow CPython's `ast` module (Python 3.14), so that it can serve as an oracle, with
//! these differences, each made because it keeps more of the source or keeps trees flat:
//! an `elif` chain is one `If` with several clauses, the name of a function, class, parameter, attribute, keyword or
//! alias carries its own range, and an f-string keeps its parts in order of the source.
//!
//! Nodes live in arenas and are addressed by `u32` ids. A node's children have smaller ids than the node itself, so that
//! a pass over an arena in order meets children before parents and never needs recursion.

use pyaudit_source::Range;

/// The number of an expression in its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExprId(pub u32);

/// The number of a statement in its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StmtId(pub u32);

/// The number of a match pattern in its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternId(pub u32);

/// The number of a name in its module's table of names. Equal names have equal numbers, within one module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub u32);

/// A name and where it stands. The name is in NFKC, as Python normalises identifiers; the range is the source's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identifier {
    /// The name.
    pub name: NameId,
    /// Where it stands.
    pub range: Range,
}

/// The statements of a body, in order.
pub type Block = Box<[StmtId]>;

/// Several expressions, in order.
pub type Exprs = Box<[ExprId]>;

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Stmt {
    /// From its first token to its last; decorators are outside, as in CPython's `ast`.
    pub range: Range,
    /// What it is.
    pub kind: StmtKind,
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// From its first token to its last, without parentheses around it (a tuple's own parentheses count).
    pub range: Range,
    /// What it is.
    pub kind: ExprKind,
}

/// A match pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// From its first token to its last.
    pub range: Range,
    /// What it is.
    pub kind: PatternKind,
}

/// The kinds of statement.
#[derive(Debug, Clone, PartialEq)]
pub enum StmtKind {
    /// `def` and `async def`.
    FunctionDef(Box<FunctionDef>),
    /// `class`.
    ClassDef(Box<ClassDef>),
    /// `return value`.
    Return(Option<ExprId>),
    /// `del a, b`.
    Delete(Exprs),
    /// `a = b = value`.
    Assign {
        /// Each target, from the left.
        targets: Exprs,
        /// What is assigned.
        value: ExprId,
    },
    /// `type Name[T] = value`.
    TypeAlias {
        /// Always a `Name`.
        name: ExprId,
        /// The parameters in brackets.
        type_params: Box<[TypeParam]>,
        /// What it stands for.
        value: ExprId,
    },
    /// `target += value`.
    AugAssign {
        /// What is changed.
        target: ExprId,
        /// The operator.
        op: Operator,
        /// The other operand.
        value: ExprId,
    },
    /// `target: annotation = value`.
    AnnAssign {
        /// What is annotated.
        target: ExprId,
        /// The annotation.
        annotation: ExprId,
        /// What is assigned, if anything.
        value: Option<ExprId>,
        /// Whether the target is a bare name, not in parentheses.
        simple: bool,
    },
    /// `for` and `async for`.
    For {
        /// Whether it is `async for`.
        is_async: bool,
        /// The loop variable or variables.
        target: ExprId,
        /// What is iterated.
        iter: ExprId,
        /// The loop's body.
        body: Block,
        /// What runs when the loop was not left by `break`.
        orelse: Block,
    },
    /// `while`.
    While {
        /// The condition.
        test: ExprId,
        /// The loop's body.
        body: Block,
        /// What runs when the loop was not left by `break`.
        orelse: Block,
    },
    /// `if`, with every `elif` as a clause of its own.
    If {
        /// `if` and each `elif`, in order; never empty.
        clauses: Box<[IfClause]>,
        /// The body of `else`, or nothing.
        orelse: Block,
    },
    /// `with` and `async with`.
    With {
        /// Whether it is `async with`.
        is_async: bool,
        /// The context managers, in order.
        items: Box<[WithItem]>,
        /// The body.
        body: Block,
    },
    /// `match`.
    Match {
        /// What is matched.
        subject: ExprId,
        /// The cases, in order.
        cases: Box<[MatchCase]>,
    },
    /// `raise exc from cause`.
    Raise {
        /// What is raised; `None` raises again.
        exc: Option<ExprId>,
        /// The cause after `from`.
        cause: Option<ExprId>,
    },
    /// `try`, with `except` or `except*`.
    Try {
        /// The guarded body.
        body: Block,
        /// The handlers, in order.
        handlers: Box<[ExceptHandler]>,
        /// What runs when nothing was raised.
        orelse: Block,
        /// What always runs.
        finalbody: Block,
        /// Whether the handlers are `except*` (`TryStar` in CPython's `ast`).
        is_star: bool,
    },
    /// `assert test, msg`.
    Assert {
        /// The condition.
        test: ExprId,
        /// The message.
        msg: Option<ExprId>,
    },
    /// `import a.b as c, d`.
    Import(Box<[Alias]>),
    /// `from ..module import a as b`.
    ImportFrom {
        /// The dotted name after the dots, if any, with its place.
        module: Option<Identifier>,
        /// What is imported; a star import has the one name `*`.
        names: Box<[Alias]>,
        /// The number of dots.
        level: u32,
    },
    /// `global a, b`.
    Global(Box<[Identifier]>),
    /// `nonlocal a, b`.
    Nonlocal(Box<[Identifier]>),
    /// An expression as a statement.
    Expr(ExprId),
    /// `pass`.
    Pass,
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// Text that is no valid Python, or that is nested too deeply; what stands around it is kept.
    Error,
}

/// A function definition.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionDef {
    /// Whether it is `async def`.
    pub is_async: bool,
    /// Its name.
    pub name: Identifier,
    /// The parameters in brackets after the name.
    pub type_params: Box<[TypeParam]>,
    /// Its parameters.
    pub parameters: Parameters,
    /// The expressions after each `@`, from the top.
    pub decorators: Exprs,
    /// The annotation after `->`.
    pub returns: Option<ExprId>,
    /// Its body.
    pub body: Block,
}

/// A class definition.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassDef {
    /// Its name.
    pub name: Identifier,
    /// The parameters in brackets after the name.
    pub type_params: Box<[TypeParam]>,
    /// The positional arguments in parentheses.
    pub bases: Exprs,
    /// The keyword arguments in parentheses.
    pub keywords: Box<[Keyword]>,
    /// The expressions after each `@`, from the top.
    pub decorators: Exprs,
    /// Its body.
    pub body: Block,
}

/// One condition of an `if` statement and what it guards.
#[derive(Debug, Clone, PartialEq)]
pub struct IfClause {
    /// From `if` or `elif` to the end of the whole statement for the first clause, as CPython counts; for an `elif`
    /// from its keyword to the end of the statement.
    pub range: Range,
    /// The condition.
    pub test: ExprId,
    /// What it guards.
    pub body: Block,
}

/// One context manager of a `with` statement.
#[derive(Debug, Clone, PartialEq)]
pub struct WithItem {
    /// The context manager.
    pub context_expr: ExprId,
    /// The target after `as`.
    pub optional_vars: Option<ExprId>,
}

/// One `except` or `except*` clause.
#[derive(Debug, Clone, PartialEq)]
pub struct ExceptHandler {
    /// From the keyword to the end of its body.
    pub range: Range,
    /// The exception type or types; `None` for a bare `except`.
    pub exception: Option<ExprId>,
    /// The name after `as`.
    pub name: Option<Identifier>,
    /// The body.
    pub body: Block,
}

/// One `case` of a `match` statement.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchCase {
    /// The pattern.
    pub pattern: PatternId,
    /// The condition after `if`.
    pub guard: Option<ExprId>,
    /// The body.
    pub body: Block,
}

/// One name of an import statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Alias {
    /// From the name to the alias.
    pub range: Range,
    /// The name, dotted in `import a.b`, or `*`.
    pub name: Identifier,
    /// The name after `as`.
    pub asname: Option<Identifier>,
}

/// The parameters of a function or lambda.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parameters {
    /// Before `/`.
    pub posonlyargs: Box<[Parameter]>,
    /// Positional or keyword.
    pub args: Box<[Parameter]>,
    /// `*args`.
    pub vararg: Option<Box<Parameter>>,
    /// After `*`.
    pub kwonlyargs: Box<[Parameter]>,
    /// `**kwargs`.
    pub kwarg: Option<Box<Parameter>>,
}

impl Parameters {
    /// Every parameter, in the order of the source.
    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        let positional = self.posonlyargs.iter().chain(&self.args);
        positional.chain(self.vararg.as_deref()).chain(&self.kwonlyargs).chain(self.kwarg.as_deref())
    }
}

/// One parameter of a function or lambda.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// From the name to the end of the annotation (CPython's `arg`); the default is outside.
    pub range: Range,
    /// Its name.
    pub name: Identifier,
    /// Its annotation.
    pub annotation: Option<ExprId>,
    /// Its default value.
    pub default: Option<ExprId>,
}

/// `name=value` or `**value` in a call or a class definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyword {
    /// From the name, or the stars, to the end of the value.
    pub range: Range,
    /// The name; `None` for `**value`.
    pub name: Option<Identifier>,
    /// The value.
    pub value: ExprId,
}

/// A type parameter of a generic function, class or alias (PEP 695, PEP 696).
#[derive(Debug, Clone, PartialEq)]
pub struct TypeParam {
    /// From its first token to its last.
    pub range: Range,
    /// Its name.
    pub name: Identifier,
    /// `T`, `*Ts` or `**P`.
    pub kind: TypeParamKind,
    /// The bound after `:`, for a plain type variable.
    pub bound: Option<ExprId>,
    /// The default after `=`.
    pub default: Option<ExprId>,
}

/// The kinds of type parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypeParamKind {
    /// `T`.
    TypeVar,
    /// `*Ts`.
    TypeVarTuple,
    /// `**P`.
    ParamSpec,
}

/// Whether an expression is read, assigned or deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExprContext {
    /// Read.
    Load,
    /// Assigned.
    Store,
    /// Deleted.
    Del,
}

/// The kinds of expression.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// `a and b and c`: one node for a run of the same operator, as in CPython.
    BoolOp {
        /// The operator.
        op: BoolOperator,
        /// At least two operands.
        values: Exprs,
    },
    /// `target := value`.
    Named {
        /// Always a `Name`.
        target: ExprId,
        /// What is assigned.
        value: ExprId,
    },
    /// `left op right`.
    BinOp {
        /// The left operand.
        left: ExprId,
        /// The operator.
        op: Operator,
        /// The right operand.
        right: ExprId,
    },
    /// `op operand`.
    UnaryOp {
        /// The operator.
        op: UnaryOperator,
        /// The operand.
        operand: ExprId,
    },
    /// `lambda parameters: body`.
    Lambda {
        /// Its parameters.
        parameters: Box<Parameters>,
        /// What it returns.
        body: ExprId,
    },
    /// `body if test else orelse`.
    IfExp {
        /// The condition.
        test: ExprId,
        /// The value where it holds.
        body: ExprId,
        /// The value where it does not.
        orelse: ExprId,
    },
    /// `{key: value, **mapping}`.
    Dict(Box<[DictItem]>),
    /// `{a, b}`.
    Set(Exprs),
    /// `[element for …]`.
    ListComp {
        /// The element.
        elt: ExprId,
        /// The `for` clauses; never empty.
        generators: Box<[Comprehension]>,
    },
    /// `{element for …}`.
    SetComp {
        /// The element.
        elt: ExprId,
        /// The `for` clauses; never empty.
        generators: Box<[Comprehension]>,
    },
    /// `{key: value for …}`.
    DictComp {
        /// The key.
        key: ExprId,
        /// The value.
        value: ExprId,
        /// The `for` clauses; never empty.
        generators: Box<[Comprehension]>,
    },
    /// `(element for …)`.
    Generator {
        /// The element.
        elt: ExprId,
        /// The `for` clauses; never empty.
        generators: Box<[Comprehension]>,
    },
    /// `await value`.
    Await(ExprId),
    /// `yield value`.
    Yield(Option<ExprId>),
    /// `yield from value`.
    YieldFrom(ExprId),
    /// `left < a <= b`.
    Compare {
        /// The first operand.
        left: ExprId,
        /// Each operator with the operand on its right; never empty.
        comparisons: Box<[(CompareOperator, ExprId)]>,
    },
    /// `func(args, keywords)`.
    Call {
        /// What is called.
        func: ExprId,
        /// The positional arguments, `*args` among them as `Starred`.
        args: Exprs,
        /// The keyword arguments, `**kwargs` among them.
        keywords: Box<[Keyword]>,
    },
    /// An f-string, alone or with other string literals beside it (`JoinedStr`).
    FString(Box<[StringPart]>),
    /// A t-string (PEP 750, `TemplateStr`).
    TString(Box<[StringPart]>),
    /// A string literal, with all literals that are concatenated by standing beside it.
    Str {
        /// The value, escapes decoded. A lone surrogate, which UTF-8 cannot hold, stands as U+FFFD.
        value: Box<str>,
        /// Each literal's range, prefix and quotes included; several where literals stand side by side.
        pieces: Box<[Range]>,
        /// Whether the first literal has the prefix `u`.
        has_u_prefix: bool,
    },
    /// A bytes literal, with all literals that are concatenated by standing beside it.
    Bytes(Box<[u8]>),
    /// An integer.
    Int(Integer),
    /// A floating-point number.
    Float(f64),
    /// An imaginary number: the factor before `j`.
    Imaginary(f64),
    /// `True` or `False`.
    Bool(bool),
    /// `None`.
    None,
    /// `...`.
    Ellipsis,
    /// `value.attr`.
    Attribute {
        /// What has the attribute.
        value: ExprId,
        /// Its name.
        attr: Identifier,
        /// Whether it is read, assigned or deleted.
        ctx: ExprContext,
    },
    /// `value[slice]`.
    Subscript {
        /// What is indexed.
        value: ExprId,
        /// The index, a `Slice`, or a `Tuple` of these.
        slice: ExprId,
        /// Whether it is read, assigned or deleted.
        ctx: ExprContext,
    },
    /// `*value`.
    Starred {
        /// What is unpacked, or what receives the rest.
        value: ExprId,
        /// Whether it is read or assigned.
        ctx: ExprContext,
    },
    /// A name.
    Name {
        /// The name.
        id: NameId,
        /// Whether it is read, assigned or deleted.
        ctx: ExprContext,
    },
    /// `[a, b]`.
    List {
        /// The elements.
        elts: Exprs,
        /// Whether it is read, assigned or deleted.
        ctx: ExprContext,
    },
    /// `a, b`, with or without parentheses.
    Tuple {
        /// The elements.
        elts: Exprs,
        /// Whether it is read, assigned or deleted.
        ctx: ExprContext,
    },
    /// `lower:upper:step` in a subscript.
    Slice {
        /// Before the first colon.
        lower: Option<ExprId>,
        /// After the first colon.
        upper: Option<ExprId>,
        /// After the second colon.
        step: Option<ExprId>,
    },
    /// Text that is no valid Python, or that is nested too deeply.
    Error,
}

/// An integer literal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Integer {
    /// One that fits 64 bits.
    Small(u64),
    /// A larger one: its literal in lower case without underscores, prefix (`0x`, `0o`, `0b`) kept.
    Big(Box<str>),
}

/// One entry of a dict display.
#[derive(Debug, Clone, PartialEq)]
pub struct DictItem {
    /// The key; `None` for `**value`.
    pub key: Option<ExprId>,
    /// The value.
    pub value: ExprId,
}

/// One `for` clause of a comprehension.
#[derive(Debug, Clone, PartialEq)]
pub struct Comprehension {
    /// Whether it is `async for`.
    pub is_async: bool,
    /// The variable or variables.
    pub target: ExprId,
    /// What is iterated.
    pub iter: ExprId,
    /// The conditions, in order.
    pub ifs: Exprs,
}

/// One part of an f-string or t-string, in the order of the source.
#[derive(Debug, Clone, PartialEq)]
pub enum StringPart {
    /// Literal text, escapes and doubled braces decoded. Neighbouring texts are one part, as in CPython, also across
    /// literals that stand side by side.
    Literal {
        /// The text.
        text: Box<str>,
        /// Where it stands.
        range: Range,
    },
    /// `{value!conversion:format_spec}`.
    Interpolation(Box<Interpolation>),
}

/// A replacement field of an f-string or t-string.
#[derive(Debug, Clone, PartialEq)]
pub struct Interpolation {
    /// From the opening brace to the closing one.
    pub range: Range,
    /// The expression.
    pub value: ExprId,
    /// The text of the expression as written, which a t-string keeps (`Interpolation.str`).
    pub source: Range,
    /// `s`, `r` or `a`; also `r` where `=` is given alone, as CPython records it.
    pub conversion: Option<char>,
    /// The parts after the colon, with the range CPython gives them; `None` without a colon.
    pub format_spec: Option<FormatSpec>,
}

/// What stands after the colon of a replacement field.
#[derive(Debug, Clone, PartialEq)]
pub struct FormatSpec {
    /// From the colon to the closing brace, as CPython 3.12 and later count.
    pub range: Range,
    /// The parts.
    pub parts: Box<[StringPart]>,
}

/// The kinds of match pattern.
#[derive(Debug, Clone, PartialEq)]
pub enum PatternKind {
    /// A literal or dotted name.
    Value(ExprId),
    /// `None`, `True` or `False`: an expression of that kind.
    Singleton(Singleton),
    /// `[a, b]`.
    Sequence(Box<[PatternId]>),
    /// `{key: pattern, **rest}`.
    Mapping {
        /// The keys.
        keys: Exprs,
        /// The patterns of their values.
        patterns: Box<[PatternId]>,
        /// The name after `**`.
        rest: Option<Identifier>,
    },
    /// `Class(pattern, name=pattern)`.
    Class {
        /// The class.
        cls: ExprId,
        /// The positional patterns.
        patterns: Box<[PatternId]>,
        /// The keyword patterns.
        keywords: Box<[(Identifier, PatternId)]>,
    },
    /// `*name` or `*_` (no name).
    Star(Option<Identifier>),
    /// `pattern as name`, a capture (no pattern), or `_` (neither).
    As {
        /// The pattern before `as`.
        pattern: Option<PatternId>,
        /// The name that is bound.
        name: Option<Identifier>,
    },
    /// `a | b`.
    Or(Box<[PatternId]>),
    /// Text that is no valid pattern.
    Error,
}

/// The literals that match by identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Singleton {
    /// `None`.
    None,
    /// `True`.
    True,
    /// `False`.
    False,
}

/// `and` or `or`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BoolOperator {
    /// `and`.
    And,
    /// `or`.
    Or,
}

/// The operators with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `+`.
    Add,
    /// `-`.
    Sub,
    /// `*`.
    Mult,
    /// `@`.
    MatMult,
    /// `/`.
    Div,
    /// `%`.
    Mod,
    /// `**`.
    Pow,
    /// `<<`.
    LShift,
    /// `>>`.
    RShift,
    /// `|`.
    BitOr,
    /// `^`.
    BitXor,
    /// `&`.
    BitAnd,
    /// `//`.
    FloorDiv,
}

/// The operators with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `~`.
    Invert,
    /// `not`.
    Not,
    /// `+`.
    UAdd,
    /// `-`.
    USub,
}

/// The comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOperator {
    /// `==`.
    Eq,
    /// `!=`.
    NotEq,
    /// `<`.
    Lt,
    /// `<=`.
    LtE,
    /// `>`.
    Gt,
    /// `>=`.
    GtE,
    /// `is`.
    Is,
    /// `is not`.
    IsNot,
    /// `in`.
    In,
    /// `not in`.
    NotIn,
}
