//! What constructors are given: the types of parameters that nothing annotates.

use super::kinds::{ClassId, Type};
use super::linker::{Linker, Question};
use crate::{Module, ModuleId};
use pyaudit_python::{ExprId, ExprKind, Parameters, ScopeId, ScopeKind};
use pyaudit_source::Role;

/// How many calls of one name are looked at.
const MAX_CALLS: usize = 8;

impl<'p> Linker<'p> {
    /// Notes a call that may make an instance: of a name in capitals, as PEP 8 writes classes. What tests put in place of
    /// things says nothing of them.
    pub(super) fn note_construction(&mut self, module: &'p Module, call: ExprId, func: ExprId) {
        let Some(name) = module.last_name(func).filter(|_| module.role == Role::Application) else { return };
        if !name.trim_start_matches('_').starts_with(|first: char| first.is_ascii_uppercase()) {
            return;
        }
        let name = self.atoms.intern(name);
        let calls = self.constructions.entry(name).or_default();
        if calls.len() < MAX_CALLS {
            calls.push((module.id, call));
        }
    }

    /// What the constructor of a class of the project is given for the parameter at this byte, which has no annotation.
    pub(super) fn given_to_constructor(&mut self, module: &'p Module, scope: ScopeId, start: u32) -> Type {
        let ScopeKind::Function(stmt) = module.python.names.scope(scope).kind else { return Type::Unknown };
        let Some(function) = self.function_at(module.id, stmt) else { return Type::Unknown };
        let Some(definition) = module.function(stmt) else { return Type::Unknown };
        let Some(of_class) = self.functions[function.0 as usize].class else { return Type::Unknown };
        if module.python.syntax.identifier(definition.name) != "__init__" {
            return Type::Unknown;
        }
        let Some(&class) = self.class_at.get(&(module.id, of_class)) else { return Type::Unknown };
        let Some(at) = definition.parameters.iter().position(|parameter| parameter.name.range.start == start) else {
            return Type::Unknown;
        };
        let name = module.class(of_class).map(|class| module.python.syntax.identifier(class.name));
        let Some(name) = name.map(|name| self.atoms.intern(name)) else { return Type::Unknown };
        self.answer(Question::Given(module.id, start), |linker| {
            let calls = linker.constructions.get(&name).cloned().unwrap_or_default();
            let mut found = Type::Unknown;
            for (home, call) in calls {
                let one = linker.argument_of(home, call, class, at, &definition.parameters, module);
                found = linker.types.join(found, one);
            }
            found
        })
    }

    /// What a call gives the parameter with this number, where it makes an instance of the class.
    fn argument_of(
        &mut self,
        home: ModuleId,
        call: ExprId,
        class: ClassId,
        at: usize,
        parameters: &Parameters,
        module: &Module,
    ) -> Type {
        let home = self.module(home);
        let ExprKind::Call { func, args, keywords } = &home.python.syntax.expr(call).kind else {
            return Type::Unknown;
        };
        let Some(parameter) = parameters.iter().nth(at) else { return Type::Unknown };
        let name = module.python.syntax.identifier(parameter.name);
        let named = keywords
            .iter()
            .find(|keyword| keyword.name.is_some_and(|keyword| home.python.syntax.identifier(keyword) == name));
        // The instance itself comes first.
        let positional = at.checked_sub(1).and_then(|at| args.get(at));
        let is_plain = !args.iter().any(|&arg| matches!(home.python.syntax.expr(arg).kind, ExprKind::Starred { .. }));
        let Some(argument) = named.map(|keyword| keyword.value).or(positional.copied().filter(|_| is_plain)) else {
            return Type::Unknown;
        };
        match self.type_of(home, *func) {
            Type::Class(made) if made == class => self.type_of(home, argument),
            _ => Type::Unknown,
        }
    }
}
