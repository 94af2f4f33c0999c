//! The lines of expressions and of what only expressions hold.

use super::super::constant;
use super::{Node, Writer};
use pyaudit_python::{
    BoolOperator, CompareOperator, Comprehension, ExprContext, ExprId, ExprKind, Interpolation, Keyword, Operator,
    Parameter, Parameters, StringPart, UnaryOperator,
};
use pyaudit_source::Range;

impl<'s> Writer<'s> {
    /// Writes the line of an expression; tells whether its children are inside an f-string.
    pub(super) fn expr(&mut self, id: ExprId) -> bool {
        let expr = self.syntax.expr(id);
        self.head(kind_name(&expr.kind), expr.range);
        match &expr.kind {
            ExprKind::FString(parts) => {
                self.string_parts("values", parts, false);
                return true;
            }
            ExprKind::TString(parts) => {
                self.string_parts("values", parts, true);
                return true;
            }
            kind => self.fields(kind),
        }
        false
    }

    fn fields(&mut self, kind: &'s ExprKind) {
        match kind {
            ExprKind::BoolOp { .. }
            | ExprKind::Named { .. }
            | ExprKind::BinOp { .. }
            | ExprKind::UnaryOp { .. }
            | ExprKind::IfExp { .. }
            | ExprKind::Await(_)
            | ExprKind::Yield(_)
            | ExprKind::YieldFrom(_)
            | ExprKind::Compare { .. } => self.operation(kind),
            ExprKind::Dict(_)
            | ExprKind::Set(_)
            | ExprKind::List { .. }
            | ExprKind::Tuple { .. }
            | ExprKind::ListComp { .. }
            | ExprKind::SetComp { .. }
            | ExprKind::DictComp { .. }
            | ExprKind::Generator { .. } => self.display(kind),
            ExprKind::Attribute { .. }
            | ExprKind::Subscript { .. }
            | ExprKind::Starred { .. }
            | ExprKind::Name { .. }
            | ExprKind::Slice { .. }
            | ExprKind::Call { .. }
            | ExprKind::Lambda { .. } => self.primary(kind),
            _ => self.literal(kind),
        }
    }

    fn operation(&mut self, kind: &'s ExprKind) {
        match kind {
            ExprKind::BoolOp { op, values } => {
                self.scalar("op", if *op == BoolOperator::And { "And" } else { "Or" });
                self.expressions("values", values);
            }
            ExprKind::Named { target, value } => {
                self.expression("target", *target);
                self.expression("value", *value);
            }
            ExprKind::BinOp { left, op, right } => {
                self.expression("left", *left);
                self.scalar("op", operator(*op));
                self.expression("right", *right);
            }
            ExprKind::UnaryOp { op, operand } => {
                self.scalar("op", unary_operator(*op));
                self.expression("operand", *operand);
            }
            ExprKind::IfExp { test, body, orelse } => {
                self.expression("test", *test);
                self.expression("body", *body);
                self.expression("orelse", *orelse);
            }
            ExprKind::Await(value) | ExprKind::YieldFrom(value) => self.expression("value", *value),
            ExprKind::Yield(value) => self.expression_or_none("value", *value),
            ExprKind::Compare { left, comparisons } => {
                self.expression("left", *left);
                let operators: Vec<&str> = comparisons.iter().map(|&(op, _)| compare_operator(op)).collect();
                self.scalar("ops", operators.join(","));
                self.list("comparators", comparisons.iter().map(|&(_, value)| Node::Expr(value)));
            }
            _ => {}
        }
    }

    fn display(&mut self, kind: &'s ExprKind) {
        match kind {
            ExprKind::Dict(items) => {
                self.list("keys", items.iter().map(|item| item.key.map_or(Node::Nothing, Node::Expr)));
                self.list("values", items.iter().map(|item| Node::Expr(item.value)));
            }
            ExprKind::Set(elts) => self.expressions("elts", elts),
            ExprKind::List { elts, ctx } | ExprKind::Tuple { elts, ctx } => {
                self.expressions("elts", elts);
                self.context(*ctx);
            }
            ExprKind::ListComp { elt, generators }
            | ExprKind::SetComp { elt, generators }
            | ExprKind::Generator { elt, generators } => {
                self.expression("elt", *elt);
                self.list("generators", generators.iter().map(Node::Comprehension));
            }
            ExprKind::DictComp { key, value, generators } => {
                self.expression("key", *key);
                self.expression("value", *value);
                self.list("generators", generators.iter().map(Node::Comprehension));
            }
            _ => {}
        }
    }

    fn primary(&mut self, kind: &'s ExprKind) {
        match kind {
            ExprKind::Attribute { value, attr, ctx } => {
                self.expression("value", *value);
                self.scalar("attr", self.syntax.identifier(*attr));
                self.context(*ctx);
            }
            ExprKind::Subscript { value, slice, ctx } => {
                self.expression("value", *value);
                self.expression("slice", *slice);
                self.context(*ctx);
            }
            ExprKind::Starred { value, ctx } => {
                self.expression("value", *value);
                self.context(*ctx);
            }
            ExprKind::Name { id, ctx } => {
                self.scalar("id", self.syntax.name(*id));
                self.context(*ctx);
            }
            ExprKind::Slice { lower, upper, step } => {
                self.expression_or_none("lower", *lower);
                self.expression_or_none("upper", *upper);
                self.expression_or_none("step", *step);
            }
            ExprKind::Call { func, args, keywords } => {
                self.expression("func", *func);
                self.expressions("args", args);
                self.list("keywords", keywords.iter().map(Node::Keyword));
            }
            ExprKind::Lambda { parameters, body } => {
                self.child("args", Node::Parameters(parameters));
                self.expression("body", *body);
            }
            _ => {}
        }
    }

    fn literal(&mut self, kind: &'s ExprKind) {
        let Some(value) = constant::value(kind) else { return };
        self.scalar("value", value);
        let prefix = matches!(kind, ExprKind::Str { has_u_prefix: true, .. });
        self.scalar_or_none("kind", prefix.then_some("u"));
    }

    fn context(&mut self, ctx: ExprContext) {
        let name = match ctx {
            ExprContext::Load => "Load",
            ExprContext::Store => "Store",
            ExprContext::Del => "Del",
        };
        self.scalar("ctx", name);
    }

    pub(super) fn string_parts(&mut self, name: &str, parts: &'s [StringPart], template: bool) {
        self.list(name, parts.iter().map(|part| Node::Part { part, template }));
    }

    pub(super) fn string_part(&mut self, part: &'s StringPart, template: bool) {
        match part {
            StringPart::Literal { text, range } => {
                self.head("Constant", *range);
                self.scalar("value", constant::text(text));
                self.scalar_or_none("kind", None::<&str>);
            }
            StringPart::Interpolation(field) => self.interpolation(field, template),
        }
    }

    fn interpolation(&mut self, field: &'s Interpolation, template: bool) {
        self.head(if template { "Interpolation" } else { "FormattedValue" }, field.range);
        self.expression("value", field.value);
        if template {
            // CPython keeps the blanks before the expression, but not those after it.
            let shown = Range::new(field.range.start + 1, field.source.end);
            self.scalar("str", constant::text(shown.slice(self.text)));
        }
        self.scalar("conversion", field.conversion.map_or(-1, |conversion| i64::from(u32::from(conversion))));
        self.child_or_none("format_spec", field.format_spec.as_ref().map(Node::FormatSpec));
    }

    pub(super) fn comprehension(&mut self, comprehension: &'s Comprehension) {
        self.bare_head("comprehension");
        self.expression("target", comprehension.target);
        self.expression("iter", comprehension.iter);
        self.expressions("ifs", &comprehension.ifs);
        self.scalar("is_async", u8::from(comprehension.is_async));
    }

    pub(super) fn keyword(&mut self, keyword: &Keyword) {
        self.head("keyword", keyword.range);
        self.scalar_or_none("arg", keyword.name.map(|name| self.syntax.identifier(name)));
        self.expression("value", keyword.value);
    }

    pub(super) fn parameters(&mut self, parameters: &'s Parameters) {
        self.bare_head("arguments");
        self.list("posonlyargs", parameters.posonlyargs.iter().map(Node::Parameter));
        self.list("args", parameters.args.iter().map(Node::Parameter));
        self.child_or_none("vararg", parameters.vararg.as_deref().map(Node::Parameter));
        self.list("kwonlyargs", parameters.kwonlyargs.iter().map(Node::Parameter));
        let keyword_defaults = parameters.kwonlyargs.iter().map(|parameter| parameter.default);
        self.list("kw_defaults", keyword_defaults.map(|default| default.map_or(Node::Nothing, Node::Expr)));
        self.child_or_none("kwarg", parameters.kwarg.as_deref().map(Node::Parameter));
        let positional = parameters.posonlyargs.iter().chain(&parameters.args);
        self.list("defaults", positional.filter_map(|parameter| parameter.default).map(Node::Expr));
    }

    pub(super) fn parameter(&mut self, parameter: &Parameter) {
        self.head("arg", parameter.range);
        self.scalar("arg", self.syntax.identifier(parameter.name));
        self.expression_or_none("annotation", parameter.annotation);
    }
}

/// CPython's name of the node.
fn kind_name(kind: &ExprKind) -> &'static str {
    match kind {
        ExprKind::BoolOp { .. } => "BoolOp",
        ExprKind::Named { .. } => "NamedExpr",
        ExprKind::BinOp { .. } => "BinOp",
        ExprKind::UnaryOp { .. } => "UnaryOp",
        ExprKind::Lambda { .. } => "Lambda",
        ExprKind::IfExp { .. } => "IfExp",
        ExprKind::Dict(_) => "Dict",
        ExprKind::Set(_) => "Set",
        ExprKind::ListComp { .. } => "ListComp",
        ExprKind::SetComp { .. } => "SetComp",
        ExprKind::DictComp { .. } => "DictComp",
        ExprKind::Generator { .. } => "GeneratorExp",
        ExprKind::Await(_) => "Await",
        ExprKind::Yield(_) => "Yield",
        ExprKind::YieldFrom(_) => "YieldFrom",
        ExprKind::Compare { .. } => "Compare",
        ExprKind::Call { .. } => "Call",
        ExprKind::FString(_) => "JoinedStr",
        ExprKind::TString(_) => "TemplateStr",
        ExprKind::Attribute { .. } => "Attribute",
        ExprKind::Subscript { .. } => "Subscript",
        ExprKind::Starred { .. } => "Starred",
        ExprKind::Name { .. } => "Name",
        ExprKind::List { .. } => "List",
        ExprKind::Tuple { .. } => "Tuple",
        ExprKind::Slice { .. } => "Slice",
        ExprKind::Error => "Error",
        ExprKind::Str { .. }
        | ExprKind::Bytes(_)
        | ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Imaginary(_)
        | ExprKind::Bool(_)
        | ExprKind::None
        | ExprKind::Ellipsis => "Constant",
    }
}

/// CPython's name of an operator with two operands.
pub(super) fn operator(op: Operator) -> &'static str {
    match op {
        Operator::Add => "Add",
        Operator::Sub => "Sub",
        Operator::Mult => "Mult",
        Operator::MatMult => "MatMult",
        Operator::Div => "Div",
        Operator::Mod => "Mod",
        Operator::Pow => "Pow",
        Operator::LShift => "LShift",
        Operator::RShift => "RShift",
        Operator::BitOr => "BitOr",
        Operator::BitXor => "BitXor",
        Operator::BitAnd => "BitAnd",
        Operator::FloorDiv => "FloorDiv",
    }
}

fn unary_operator(op: UnaryOperator) -> &'static str {
    match op {
        UnaryOperator::Invert => "Invert",
        UnaryOperator::Not => "Not",
        UnaryOperator::UAdd => "UAdd",
        UnaryOperator::USub => "USub",
    }
}

fn compare_operator(op: CompareOperator) -> &'static str {
    match op {
        CompareOperator::Eq => "Eq",
        CompareOperator::NotEq => "NotEq",
        CompareOperator::Lt => "Lt",
        CompareOperator::LtE => "LtE",
        CompareOperator::Gt => "Gt",
        CompareOperator::GtE => "GtE",
        CompareOperator::Is => "Is",
        CompareOperator::IsNot => "IsNot",
        CompareOperator::In => "In",
        CompareOperator::NotIn => "NotIn",
    }
}
