//! The grammar's node kinds as an enum, resolved by name once.

use std::sync::LazyLock;
use tree_sitter::{Language, Node};

macro_rules! kinds {
    ($($name:ident = $text:literal, $named:literal;)*) => {
        /// The kind of a tree node.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind { $($name,)* Other }

        fn kind_of(text: &str, named: bool) -> Kind {
            match (text, named) {
                $(($text, $named) => Kind::$name,)*
                _ => Kind::Other,
            }
        }
    };
}

kinds! {
    Block = "block", true; ExpressionStatement = "expression_statement", true; Assignment = "assignment", true;
    AugmentedAssignment = "augmented_assignment", true; Import = "import_statement", true;
    ImportFrom = "import_from_statement", true;
    RelativeImport = "relative_import", true; ImportPrefix = "import_prefix", true; DottedName = "dotted_name", true;
    AliasedImport = "aliased_import", true; WildcardImport = "wildcard_import", true;
    PrintStatement = "print_statement", true; ExecStatement = "exec_statement", true;
    Assert = "assert_statement", true; Return = "return_statement", true; Delete = "delete_statement", true;
    Raise = "raise_statement", true; Pass = "pass_statement", true; Break = "break_statement", true;
    Continue = "continue_statement", true; Global = "global_statement", true; Nonlocal = "nonlocal_statement", true;
    If = "if_statement", true; ElifClause = "elif_clause", true; ElseClause = "else_clause", true;
    Match = "match_statement", true; CaseClause = "case_clause", true; For = "for_statement", true;
    While = "while_statement", true; Try = "try_statement", true; ExceptClause = "except_clause", true;
    FinallyClause = "finally_clause", true; With = "with_statement", true; WithClause = "with_clause", true;
    WithItem = "with_item", true; FunctionDefinition = "function_definition", true;
    ClassDefinition = "class_definition", true; DecoratedDefinition = "decorated_definition", true;
    Decorator = "decorator", true; Parameters = "parameters", true; LambdaParameters = "lambda_parameters", true;
    TypedParameter = "typed_parameter", true; DefaultParameter = "default_parameter", true;
    TypedDefaultParameter = "typed_default_parameter", true; ListSplatPattern = "list_splat_pattern", true;
    DictionarySplatPattern = "dictionary_splat_pattern", true; KeywordSeparator = "keyword_separator", true;
    PositionalSeparator = "positional_separator", true; ArgumentList = "argument_list", true;
    KeywordArgument = "keyword_argument", true; ListSplat = "list_splat", true;
    DictionarySplat = "dictionary_splat", true; ExpressionList = "expression_list", true;
    PatternList = "pattern_list", true; TuplePattern = "tuple_pattern", true; ListPattern = "list_pattern", true;
    AsPattern = "as_pattern", true; AsPatternTarget = "as_pattern_target", true;
    ComparisonOperator = "comparison_operator", true; NotOperator = "not_operator", true;
    BooleanOperator = "boolean_operator", true; Lambda = "lambda", true;
    ConditionalExpression = "conditional_expression", true; NamedExpression = "named_expression", true;
    Await = "await", true; BinaryOperator = "binary_operator", true; UnaryOperator = "unary_operator", true;
    Identifier = "identifier", true; String = "string", true; ConcatenatedString = "concatenated_string", true;
    Integer = "integer", true; Float = "float", true; True = "true", true; False = "false", true; None = "none", true;
    Ellipsis = "ellipsis", true; Attribute = "attribute", true; Subscript = "subscript", true; Call = "call", true;
    List = "list", true; ListComprehension = "list_comprehension", true; Dictionary = "dictionary", true;
    DictionaryComprehension = "dictionary_comprehension", true; Set = "set", true;
    SetComprehension = "set_comprehension", true; Tuple = "tuple", true;
    ParenthesizedExpression = "parenthesized_expression", true; GeneratorExpression = "generator_expression", true;
    Yield = "yield", true; Slice = "slice", true; Pair = "pair", true; ForInClause = "for_in_clause", true;
    IfClause = "if_clause", true; Type = "type", true; GenericType = "generic_type", true;
    UnionType = "union_type", true; MemberType = "member_type", true; ConstrainedType = "constrained_type", true;
    SplatType = "splat_type", true; TypeParameter = "type_parameter", true;
    CasePattern = "case_pattern", true; KeywordPattern = "keyword_pattern", true; ClassPattern = "class_pattern", true;
    SplatPattern = "splat_pattern", true; UnionPattern = "union_pattern", true; DictPattern = "dict_pattern", true;
    ComplexPattern = "complex_pattern", true;
    Comma = ",", false; Colon = ":", false; Equal = "=", false; Star = "*", false; StarStar = "**", false;
    Open = "(", false; Close = ")", false; Dot = ".", false; Semicolon = ";", false; Underscore = "_", false;
    Plus = "+", false; Minus = "-", false; Slash = "/", false; At = "@", false; Percent = "%", false;
    SlashSlash = "//", false; Bar = "|", false; Ampersand = "&", false; Caret = "^", false; ShiftLeft = "<<", false;
    ShiftRight = ">>", false; Tilde = "~", false; And = "and", false; Or = "or", false; Less = "<", false;
    LessEqual = "<=", false; EqualEqual = "==", false; NotEqual = "!=", false; GreaterEqual = ">=", false;
    Greater = ">", false; In = "in", false; NotIn = "not in", false; Is = "is", false; IsNot = "is not", false;
    Async = "async", false; From = "from", false; As = "as", false; PlusEqual = "+=", false; MinusEqual = "-=", false;
    StarEqual = "*=", false; SlashEqual = "/=", false; AtEqual = "@=", false; SlashSlashEqual = "//=", false;
    PercentEqual = "%=", false; StarStarEqual = "**=", false; ShiftRightEqual = ">>=", false;
    ShiftLeftEqual = "<<=", false; AmpersandEqual = "&=", false; CaretEqual = "^=", false; BarEqual = "|=", false;
}

static KINDS: LazyLock<Box<[Kind]>> = LazyLock::new(|| {
    let language = Language::from(tree_sitter_python::LANGUAGE);
    let kind = |id: u16| kind_of(language.node_kind_for_id(id).unwrap_or(""), language.node_kind_is_named(id));
    (0..language.node_kind_count() as u16).map(kind).collect()
});

/// The kind of a node; errors and what the lowering never asks for are `Other`.
pub(crate) fn kind(node: Node<'_>) -> Kind {
    KINDS.get(node.kind_id() as usize).copied().unwrap_or(Kind::Other)
}

/// The operator that a token stands for, also that of an augmented assignment.
pub(crate) fn operator(kind: Kind) -> Option<crate::syntax::Operator> {
    use crate::syntax::Operator;
    Some(match kind {
        Kind::Plus | Kind::PlusEqual => Operator::Add,
        Kind::Minus | Kind::MinusEqual => Operator::Sub,
        Kind::Star | Kind::StarEqual => Operator::Mult,
        Kind::At | Kind::AtEqual => Operator::MatMult,
        Kind::Slash | Kind::SlashEqual => Operator::Div,
        Kind::Percent | Kind::PercentEqual => Operator::Mod,
        Kind::StarStar | Kind::StarStarEqual => Operator::Pow,
        Kind::ShiftLeft | Kind::ShiftLeftEqual => Operator::LShift,
        Kind::ShiftRight | Kind::ShiftRightEqual => Operator::RShift,
        Kind::Bar | Kind::BarEqual => Operator::BitOr,
        // The pre-pass masks each of `^` and `&` by the other.
        Kind::Ampersand | Kind::CaretEqual => Operator::BitXor,
        Kind::Caret | Kind::AmpersandEqual => Operator::BitAnd,
        Kind::SlashSlash | Kind::SlashSlashEqual => Operator::FloorDiv,
        _ => return None,
    })
}

/// The comparison that a token stands for.
pub(crate) fn comparison(kind: Kind) -> Option<crate::syntax::CompareOperator> {
    use crate::syntax::CompareOperator;
    Some(match kind {
        Kind::EqualEqual => CompareOperator::Eq,
        Kind::NotEqual => CompareOperator::NotEq,
        Kind::Less => CompareOperator::Lt,
        Kind::LessEqual => CompareOperator::LtE,
        Kind::Greater => CompareOperator::Gt,
        Kind::GreaterEqual => CompareOperator::GtE,
        Kind::Is => CompareOperator::Is,
        Kind::IsNot => CompareOperator::IsNot,
        Kind::In => CompareOperator::In,
        Kind::NotIn => CompareOperator::NotIn,
        _ => return None,
    })
}
