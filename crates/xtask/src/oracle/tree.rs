//! The syntax of a module in the line form of `dump_ast.py`, whose head describes it.
//!
//! Where our types differ from CPython's `ast`, the lines are CPython's: an `elif` is an `If` in the `orelse` of the one
//! before, defaults stand beside the parameters, the parts of an f-string are `Constant` and `FormattedValue` nodes.

mod expression;
mod pattern;
mod statement;

use pyaudit_python::{
    Alias, Comprehension, ExceptHandler, ExprId, FormatSpec, IfClause, Keyword, MatchCase, Module, Parameter,
    Parameters, PatternId, StmtId, StringPart, Syntax, TypeParam, WithItem,
};
use pyaudit_source::{LineIndex, Range};
use std::fmt::Write;

/// The lines of the whole tree, each with its line end.
pub(super) fn lines(module: &Module, text: &str) -> String {
    let mut writer = Writer {
        syntax: &module.syntax,
        text,
        index: LineIndex::new(text),
        out: String::with_capacity(text.len() * 4),
        children: Vec::new(),
        bodies: Vec::new(),
    };
    writer.module();
    writer.out
}

/// Something that has a line of its own and is no statement.
#[derive(Clone, Copy)]
enum Node<'s> {
    /// A missing node in a list.
    Nothing,
    Expr(ExprId),
    Pattern(PatternId),
    Parameters(&'s Parameters),
    Parameter(&'s Parameter),
    Keyword(&'s Keyword),
    Alias(&'s Alias),
    Comprehension(&'s Comprehension),
    WithItem(&'s WithItem),
    Handler(&'s ExceptHandler),
    Case(&'s MatchCase),
    TypeParam(&'s TypeParam),
    /// A part of an f-string, or of a t-string.
    Part {
        part: &'s StringPart,
        template: bool,
    },
    FormatSpec(&'s FormatSpec),
}

/// What CPython has a statement for.
#[derive(Clone, Copy)]
enum Statement<'s> {
    Stmt(StmtId),
    /// An `elif` clause, those after it, and the body of `else`.
    Elif(&'s [IfClause], &'s [StmtId]),
}

/// Writes lines. Children wait on explicit stacks, so that no tree is too deep.
struct Writer<'s> {
    syntax: &'s Syntax,
    text: &'s str,
    index: LineIndex,
    out: String,
    /// The children of the node whose line is being written, in order.
    children: Vec<Node<'s>>,
    /// The statements in the bodies of the statement whose lines are being written, in order.
    bodies: Vec<Statement<'s>>,
}

impl<'s> Writer<'s> {
    fn module(&mut self) {
        self.out.push_str("SModule -");
        self.body("body", &self.syntax.body);
        self.out.push('\n');
        let mut stack = self.take_bodies();
        while let Some(statement) = stack.pop() {
            self.statement_with_nodes(statement);
            stack.append(&mut self.take_bodies());
        }
    }

    /// The waiting bodies, the first one last.
    fn take_bodies(&mut self) -> Vec<Statement<'s>> {
        let mut bodies = std::mem::take(&mut self.bodies);
        bodies.reverse();
        bodies
    }

    fn statement_with_nodes(&mut self, statement: Statement<'s>) {
        self.out.push('S');
        self.statement(statement);
        self.out.push('\n');
        let mut stack: Vec<(Node<'s>, bool)> = self.children.drain(..).rev().map(|node| (node, false)).collect();
        while let Some((node, inside)) = stack.pop() {
            if !matches!(node, Node::Nothing) {
                self.out.push(if inside { 'f' } else { '.' });
            }
            let opens = self.node(node);
            self.out.push('\n');
            stack.extend(self.children.drain(..).rev().map(|child| (child, inside || opens)));
        }
    }

    /// Writes the line of a node; tells whether its children are inside an f-string.
    fn node(&mut self, node: Node<'s>) -> bool {
        match node {
            Node::Nothing => self.out.push('-'),
            Node::Expr(id) => return self.expr(id),
            Node::Pattern(id) => self.pattern(id),
            Node::Parameters(parameters) => self.parameters(parameters),
            Node::Parameter(parameter) => self.parameter(parameter),
            Node::Keyword(keyword) => self.keyword(keyword),
            Node::Alias(alias) => self.alias(alias),
            Node::Comprehension(comprehension) => self.comprehension(comprehension),
            Node::WithItem(item) => self.with_item(item),
            Node::Handler(handler) => self.handler(handler),
            Node::Case(case) => self.case(case),
            Node::TypeParam(param) => self.type_param(param),
            Node::Part { part, template } => self.string_part(part, template),
            Node::FormatSpec(spec) => {
                self.head("JoinedStr", spec.range);
                self.string_parts("values", &spec.parts, false);
                return true;
            }
        }
        false
    }

    /// The kind and the position.
    fn head(&mut self, kind: &str, range: Range) {
        let start = self.place(range.start);
        let end = self.place(range.end);
        write!(self.out, "{kind} {}:{}-{}:{}", start.0, start.1, end.0, end.1).expect("a string takes every text");
    }

    /// The kind of a node without a position.
    fn bare_head(&mut self, kind: &str) {
        self.out.push_str(kind);
        self.out.push_str(" -");
    }

    /// The line from 1 and the column in bytes from 0.
    fn place(&self, offset: u32) -> (u32, u32) {
        let line = self.index.line(offset);
        (line, offset - self.index.line_start(line).unwrap_or(0))
    }

    /// A field with a plain value.
    fn scalar(&mut self, name: &str, value: impl std::fmt::Display) {
        write!(self.out, " {name}={value}").expect("a string takes every text");
    }

    /// A field with a plain value, or None.
    fn scalar_or_none(&mut self, name: &str, value: Option<impl std::fmt::Display>) {
        match value {
            Some(value) => self.scalar(name, value),
            None => write!(self.out, " {name}-").expect("a string takes every text"),
        }
    }

    /// A field with one child.
    fn child(&mut self, name: &str, node: Node<'s>) {
        write!(self.out, " {name}+").expect("a string takes every text");
        self.children.push(node);
    }

    /// A field with one child, or None.
    fn child_or_none(&mut self, name: &str, node: Option<Node<'s>>) {
        match node {
            Some(node) => self.child(name, node),
            None => write!(self.out, " {name}-").expect("a string takes every text"),
        }
    }

    fn expression(&mut self, name: &str, id: ExprId) {
        self.child(name, Node::Expr(id));
    }

    fn expression_or_none(&mut self, name: &str, id: Option<ExprId>) {
        self.child_or_none(name, id.map(Node::Expr));
    }

    /// A field with a list of children.
    fn list(&mut self, name: &str, nodes: impl Iterator<Item = Node<'s>>) {
        let before = self.children.len();
        self.children.extend(nodes);
        write!(self.out, " {name}*{}", self.children.len() - before).expect("a string takes every text");
    }

    fn expressions(&mut self, name: &str, ids: &'s [ExprId]) {
        self.list(name, ids.iter().map(|&id| Node::Expr(id)));
    }

    /// A field with statements.
    fn body(&mut self, name: &str, body: &'s [StmtId]) {
        write!(self.out, " {name}*{}", body.len()).expect("a string takes every text");
        self.bodies.extend(body.iter().map(|&id| Statement::Stmt(id)));
    }
}
