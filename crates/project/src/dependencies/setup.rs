//! `setup.py` and `setup.cfg` of setuptools.
//!
//! A `setup.py` is read, never run: lists and dicts that stand in the call, or that a name of the module is bound to.

use super::{Declared, Group, Manifest, ManifestKind, Purpose, Reader, tox};
use crate::Data;
use pyaudit_data::requirements::{normalise_name, parse_requirement};
use pyaudit_data::{Text, Value};
use pyaudit_python::{ExprId, ExprKind, Module, Operator, StmtKind};

pub(super) fn read_module(reader: Reader<'_>) -> Option<Manifest> {
    let Some(Data::Python(module)) = reader.files.get(reader.file) else { return None };
    let mut manifest = reader.manifest(ManifestKind::SetupPy);
    manifest.project.built = true;
    let setup = SetupModule { reader, module };
    for (name, value) in setup.keywords() {
        match name {
            "name" => manifest.project.name = setup.string(value).map(normalise_name),
            "install_requires" => setup.list(value, &Group::Runtime, Purpose::Runtime, &mut manifest),
            "setup_requires" => setup.list(value, &Group::Build, Purpose::Build, &mut manifest),
            "tests_require" => setup.list(value, &Group::Named("tests".to_owned()), Purpose::Test, &mut manifest),
            "extras_require" => setup.extras(value, &mut manifest),
            _ => {}
        }
    }
    Some(manifest)
}

#[derive(Clone, Copy)]
struct SetupModule<'a> {
    reader: Reader<'a>,
    module: &'a Module,
}

impl<'a> SetupModule<'a> {
    /// The keyword arguments of every call of `setup`.
    fn keywords(self) -> Vec<(&'a str, ExprId)> {
        let syntax = &self.module.syntax;
        let mut found = Vec::new();
        for (_, expr) in syntax.exprs() {
            let ExprKind::Call { func, keywords, .. } = &expr.kind else { continue };
            let called = match &syntax.expr(*func).kind {
                ExprKind::Name { id, .. } => syntax.name(*id),
                ExprKind::Attribute { attr, .. } => syntax.identifier(*attr),
                _ => continue,
            };
            if called == "setup" {
                let named = keywords.iter().filter_map(|keyword| Some((keyword.name?, keyword.value)));
                found.extend(named.map(|(name, value)| (syntax.identifier(name), value)));
            }
        }
        found
    }

    /// The expression that a name of the module is bound to, or the expression itself.
    fn resolved(self, expr: ExprId) -> ExprId {
        let syntax = &self.module.syntax;
        let ExprKind::Name { id, .. } = syntax.expr(expr).kind else { return expr };
        let bound = syntax.body.iter().rev().find_map(|&stmt| match &syntax.stmt(stmt).kind {
            StmtKind::Assign { targets, value } => targets
                .iter()
                .any(|&target| matches!(syntax.expr(target).kind, ExprKind::Name { id: name, .. } if name == id))
                .then_some(*value),
            _ => None,
        });
        bound.unwrap_or(expr)
    }

    fn string(self, expr: ExprId) -> Option<&'a str> {
        self.module.syntax.string(self.resolved(expr))
    }

    /// Adds every requirement of a list, of a text with one a line, or of a sum of these.
    fn list(self, expr: ExprId, group: &Group, purpose: Purpose, into: &mut Manifest) {
        let mut open = vec![expr];
        let mut steps = 0;
        // A name bound to itself (`x = x + [..]`) must not go round for ever.
        while let Some(expr) = open.pop().filter(|_| steps < 1_000) {
            steps += 1;
            let expr = self.resolved(expr);
            match &self.module.syntax.expr(expr).kind {
                ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => open.extend(elts.iter().rev()),
                ExprKind::BinOp { left, op: Operator::Add, right } => open.extend([*right, *left]),
                ExprKind::Starred { value, .. } => open.push(*value),
                ExprKind::Str { value, .. } => into.declared.extend(self.requirement(expr, value, group, purpose)),
                _ => into.complete = false,
            }
        }
    }

    fn extras(self, expr: ExprId, into: &mut Manifest) {
        let ExprKind::Dict(items) = &self.module.syntax.expr(self.resolved(expr)).kind else {
            into.complete = false;
            return;
        };
        for item in items {
            let Some(extra) = item.key.and_then(|key| self.string(key)) else {
                into.complete = false;
                continue;
            };
            // The key may carry a marker: `dev:python_version<"3.9"`.
            let extra = extra.split(':').next().unwrap_or(extra);
            let group = Group::Extra(normalise_name(extra));
            self.list(item.value, &group, Purpose::of_name(extra, Purpose::Runtime), into);
        }
    }

    fn requirement(self, expr: ExprId, value: &str, group: &Group, purpose: Purpose) -> Option<Declared> {
        let requirement = parse_requirement(value).ok()?;
        let literal = self.module.syntax.expr(expr).range;
        let source = literal.slice(self.reader.sources.text(self.reader.file)?);
        // A literal with escapes does not hold its value as it stands; the whole literal is the place then.
        let name = source.find(value).map_or(literal, |at| requirement.name_range.shift(literal.start + at as u32));
        Some(self.reader.of_requirement(&requirement, name, group, purpose))
    }
}

pub(super) fn read_configuration(reader: Reader<'_>) -> Option<Manifest> {
    let Some(Data::Ini(document)) = reader.files.get(reader.file) else { return None };
    let mut manifest = reader.manifest(ManifestKind::SetupCfg);
    manifest.project.name = document.at(&["metadata", "name"]).and_then(Value::as_str).map(normalise_name);
    manifest.project.built = document.get("metadata").is_some();
    let options = |key| document.at(&["options", key]).and_then(Value::as_text);
    let tests = Group::Named("tests".to_owned());
    for (text, group, purpose) in [
        (options("install_requires"), &Group::Runtime, Purpose::Runtime),
        (options("setup_requires"), &Group::Build, Purpose::Build),
        (options("tests_require"), &tests, Purpose::Test),
    ] {
        if let Some(text) = text {
            manifest.declared.extend(of_lines(reader, text, group, purpose));
        }
    }
    for extra in document.get("options.extras_require").map_or(&[][..], Value::entries) {
        let group = Group::Extra(normalise_name(&extra.key.text));
        let purpose = Purpose::of_name(&extra.key.text, Purpose::Runtime);
        if let Some(text) = extra.value.as_text() {
            manifest.declared.extend(of_lines(reader, text, &group, purpose));
        }
    }
    Some(manifest)
}

fn of_lines(reader: Reader<'_>, text: &Text, group: &Group, purpose: Purpose) -> Vec<Declared> {
    let lines = tox::lines(&text.text);
    lines.filter_map(|(start, line)| reader.declared_text(text, start..start + line.len(), group, purpose)).collect()
}
