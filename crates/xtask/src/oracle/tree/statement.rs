//! The lines of statements and of what only statements hold.

use super::expression::operator;
use super::{Node, Statement, Writer};
use pyaudit_python::{
    Alias, ClassDef, ExceptHandler, FunctionDef, Identifier, IfClause, MatchCase, StmtId, StmtKind, TypeParam,
    TypeParamKind, WithItem,
};
use pyaudit_source::Range;

impl<'s> Writer<'s> {
    pub(super) fn statement(&mut self, statement: Statement<'s>) {
        match statement {
            Statement::Elif(clauses, orelse) => self.if_clauses(clauses, orelse, clauses[0].range),
            Statement::Stmt(id) => {
                let stmt = self.syntax.stmt(id);
                match &stmt.kind {
                    StmtKind::FunctionDef(def) => self.function(def, stmt.range),
                    StmtKind::ClassDef(def) => self.class(def, stmt.range),
                    StmtKind::If { clauses, orelse } => self.if_clauses(clauses, orelse, stmt.range),
                    kind @ (StmtKind::For { .. }
                    | StmtKind::While { .. }
                    | StmtKind::With { .. }
                    | StmtKind::Match { .. }
                    | StmtKind::Try { .. }) => self.compound(kind, stmt.range),
                    kind => self.simple(kind, stmt.range),
                }
            }
        }
    }

    fn function(&mut self, def: &'s FunctionDef, range: Range) {
        self.head(if def.is_async { "AsyncFunctionDef" } else { "FunctionDef" }, range);
        self.scalar("name", self.syntax.identifier(def.name));
        self.type_params(&def.type_params);
        self.child("args", Node::Parameters(&def.parameters));
        self.expressions("decorator_list", &def.decorators);
        self.expression_or_none("returns", def.returns);
        self.body("body", &def.body);
    }

    fn class(&mut self, def: &'s ClassDef, range: Range) {
        self.head("ClassDef", range);
        self.scalar("name", self.syntax.identifier(def.name));
        self.type_params(&def.type_params);
        self.expressions("bases", &def.bases);
        self.list("keywords", def.keywords.iter().map(Node::Keyword));
        self.expressions("decorator_list", &def.decorators);
        self.body("body", &def.body);
    }

    /// An `if` or `elif`; what follows it is the one statement of its `orelse`.
    fn if_clauses(&mut self, clauses: &'s [IfClause], orelse: &'s [StmtId], range: Range) {
        let Some((first, rest)) = clauses.split_first() else {
            self.head("If", range);
            return;
        };
        self.head("If", range);
        self.expression("test", first.test);
        self.body("body", &first.body);
        if rest.is_empty() {
            self.body("orelse", orelse);
        } else {
            self.out.push_str(" orelse*1");
            self.bodies.push(Statement::Elif(rest, orelse));
        }
    }

    fn compound(&mut self, kind: &'s StmtKind, range: Range) {
        match kind {
            StmtKind::For { is_async, target, iter, body, orelse } => {
                self.head(if *is_async { "AsyncFor" } else { "For" }, range);
                self.expression("target", *target);
                self.expression("iter", *iter);
                self.body("body", body);
                self.body("orelse", orelse);
            }
            StmtKind::While { test, body, orelse } => {
                self.head("While", range);
                self.expression("test", *test);
                self.body("body", body);
                self.body("orelse", orelse);
            }
            StmtKind::With { is_async, items, body } => {
                self.head(if *is_async { "AsyncWith" } else { "With" }, range);
                self.list("items", items.iter().map(Node::WithItem));
                self.body("body", body);
            }
            StmtKind::Match { subject, cases } => {
                self.head("Match", range);
                self.expression("subject", *subject);
                self.list("cases", cases.iter().map(Node::Case));
            }
            StmtKind::Try { body, handlers, orelse, finalbody, is_star } => {
                self.head(if *is_star { "TryStar" } else { "Try" }, range);
                self.list("handlers", handlers.iter().map(Node::Handler));
                self.body("body", body);
                self.body("orelse", orelse);
                self.body("finalbody", finalbody);
            }
            _ => self.head("Error", range),
        }
    }

    fn simple(&mut self, kind: &'s StmtKind, range: Range) {
        match kind {
            StmtKind::Return(value) => {
                self.head("Return", range);
                self.expression_or_none("value", *value);
            }
            StmtKind::Delete(targets) => {
                self.head("Delete", range);
                self.expressions("targets", targets);
            }
            StmtKind::Raise { exc, cause } => {
                self.head("Raise", range);
                self.expression_or_none("exc", *exc);
                self.expression_or_none("cause", *cause);
            }
            StmtKind::Assert { test, msg } => {
                self.head("Assert", range);
                self.expression("test", *test);
                self.expression_or_none("msg", *msg);
            }
            StmtKind::Expr(value) => {
                self.head("Expr", range);
                self.expression("value", *value);
            }
            StmtKind::Global(names) => self.declaration("Global", names, range),
            StmtKind::Nonlocal(names) => self.declaration("Nonlocal", names, range),
            StmtKind::Import(_) | StmtKind::ImportFrom { .. } => self.import(kind, range),
            StmtKind::Pass => self.head("Pass", range),
            StmtKind::Break => self.head("Break", range),
            StmtKind::Continue => self.head("Continue", range),
            _ => self.assignment(kind, range),
        }
    }

    fn assignment(&mut self, kind: &'s StmtKind, range: Range) {
        match kind {
            StmtKind::Assign { targets, value } => {
                self.head("Assign", range);
                self.expressions("targets", targets);
                self.expression("value", *value);
            }
            StmtKind::TypeAlias { name, type_params, value } => {
                self.head("TypeAlias", range);
                self.expression("name", *name);
                self.type_params(type_params);
                self.expression("value", *value);
            }
            StmtKind::AugAssign { target, op, value } => {
                self.head("AugAssign", range);
                self.expression("target", *target);
                self.scalar("op", operator(*op));
                self.expression("value", *value);
            }
            StmtKind::AnnAssign { target, annotation, value, simple } => {
                self.head("AnnAssign", range);
                self.expression("target", *target);
                self.expression("annotation", *annotation);
                self.expression_or_none("value", *value);
                self.scalar("simple", u8::from(*simple));
            }
            _ => self.head("Error", range),
        }
    }

    fn declaration(&mut self, kind: &str, names: &[Identifier], range: Range) {
        self.head(kind, range);
        let names: Vec<&str> = names.iter().map(|&name| self.syntax.identifier(name)).collect();
        self.scalar("names", names.join(","));
    }

    fn import(&mut self, kind: &'s StmtKind, range: Range) {
        match kind {
            StmtKind::Import(names) => {
                self.head("Import", range);
                self.list("names", names.iter().map(Node::Alias));
            }
            StmtKind::ImportFrom { module, names, level } => {
                self.head("ImportFrom", range);
                self.scalar_or_none("module", module.map(|module| self.syntax.identifier(module)));
                self.list("names", names.iter().map(Node::Alias));
                self.scalar("level", level);
            }
            _ => self.head("Error", range),
        }
    }

    fn type_params(&mut self, params: &'s [TypeParam]) {
        self.list("type_params", params.iter().map(Node::TypeParam));
    }

    pub(super) fn type_param(&mut self, param: &'s TypeParam) {
        let kind = match param.kind {
            TypeParamKind::TypeVar => "TypeVar",
            TypeParamKind::TypeVarTuple => "TypeVarTuple",
            TypeParamKind::ParamSpec => "ParamSpec",
        };
        self.head(kind, param.range);
        self.scalar("name", self.syntax.identifier(param.name));
        if param.kind == TypeParamKind::TypeVar {
            self.expression_or_none("bound", param.bound);
        }
        self.expression_or_none("default_value", param.default);
    }

    pub(super) fn alias(&mut self, alias: &Alias) {
        self.head("alias", alias.range);
        self.scalar("name", self.syntax.identifier(alias.name));
        self.scalar_or_none("asname", alias.asname.map(|name| self.syntax.identifier(name)));
    }

    pub(super) fn with_item(&mut self, item: &WithItem) {
        self.bare_head("withitem");
        self.expression("context_expr", item.context_expr);
        self.expression_or_none("optional_vars", item.optional_vars);
    }

    pub(super) fn handler(&mut self, handler: &'s ExceptHandler) {
        self.head("ExceptHandler", handler.range);
        self.expression_or_none("type", handler.exception);
        self.scalar_or_none("name", handler.name.map(|name| self.syntax.identifier(name)));
        self.body("body", &handler.body);
    }

    pub(super) fn case(&mut self, case: &'s MatchCase) {
        self.bare_head("match_case");
        self.child("pattern", Node::Pattern(case.pattern));
        self.expression_or_none("guard", case.guard);
        self.body("body", &case.body);
    }
}
