//! Coroutines whose time somebody else limits.

use crate::queries::Call;
use crate::{Module, Project};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_source::Role;
use std::collections::BTreeSet;

/// Functions and context managers that limit the time of what they are given or hold.
/// <https://docs.python.org/3/library/asyncio-task.html#timeouts>, <https://anyio.readthedocs.io/en/stable/cancellation.html>
const LIMITS: &[&str] =
    &["asyncio.wait_for", "asyncio.timeout", "asyncio.timeout_at", "anyio.fail_after", "anyio.move_on_after"];

/// How many coroutines that await each other are followed to a limit.
const MAX_DEPTH: usize = 3;

impl Project {
    /// Whether each call of a coroutine in the application, by its last name, is limited in time: it, or the task made of
    /// it, is given to `asyncio.wait_for`, it stands below `asyncio.timeout(…)`, or in a coroutine of which the same is
    /// true. One that nothing calls is not.
    pub fn is_always_limited_in_time(&self, module: &Module, function: StmtId) -> bool {
        self.is_always_limited(module, function, MAX_DEPTH)
    }

    fn is_always_limited(&self, home: &Module, function: StmtId, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let Some(definition) = home.function(function).filter(|definition| definition.is_async) else { return false };
        let name = home.python.syntax.identifier(definition.name);
        let shipped = self.modules.iter().filter(|module| module.role == Role::Application);
        let mut is_called = false;
        for module in shipped {
            for call in module.calls_named(&[name]) {
                let other = self.function(module, call.func);
                if other.is_some_and(|(other, found, _)| (other.id, found) != (home.id, function)) {
                    continue;
                }
                is_called = true;
                let around = call.function();
                let is_bounded = self.is_limited(module, call.id, around)
                    || around.is_some_and(|around| self.is_always_limited(module, around, depth));
                if !is_bounded {
                    return false;
                }
            }
        }
        is_called
    }

    /// Whether a call stands in a limit, or in what makes the task that the function around it limits.
    fn is_limited(&self, module: &Module, call: ExprId, around: Option<StmtId>) -> bool {
        let syntax = &module.python.syntax;
        let is_limit = |expr: ExprId| match syntax.expr(expr).kind {
            ExprKind::Call { func, .. } => self.is_any(module, func, LIMITS),
            _ => false,
        };
        let outer =
            syntax.ancestors(Parent::Expr(call)).take_while(|node| around.is_none_or(|it| *node != Parent::Stmt(it)));
        let mut task = None;
        for node in outer {
            match node {
                Parent::Expr(expr) if is_limit(expr) => return true,
                Parent::Stmt(stmt) => match &syntax.stmt(stmt).kind {
                    StmtKind::With { items, .. } if items.iter().any(|item| is_limit(item.context_expr)) => {
                        return true;
                    }
                    StmtKind::Assign { targets, .. } => task = targets.first().copied(),
                    _ => {}
                },
                _ => {}
            }
        }
        let name_of = |expr: ExprId| match syntax.expr(expr).kind {
            ExprKind::Name { id, .. } => Some(id),
            _ => None,
        };
        let Some((task, around)) = task.and_then(name_of).zip(around) else { return false };
        let gives = |call: &Call| is_limit(call.id) && call.first.and_then(name_of) == Some(task);
        self.calls_in(module, around).iter().any(gives)
    }

    /// The last names of everything that is called in functions which limit the time of a coroutine. What is limited may
    /// be handed over as a task, so that any call of such a function may be meant; and what functions of these names call.
    pub fn names_limited_in_time(&self) -> BTreeSet<String> {
        let mut found = self.names_beside_limits();
        let mut next = BTreeSet::new();
        for module in
            self.modules.iter().filter(|module| found.iter().any(|name| module.python.name_id(name).is_some()))
        {
            let syntax = &module.python.syntax;
            for (id, stmt) in syntax.stmts() {
                let StmtKind::FunctionDef(function) = &stmt.kind else { continue };
                if function.is_async && found.contains(syntax.identifier(function.name)) {
                    let calls = self.calls_in(module, id).into_iter();
                    next.extend(calls.filter_map(|call| module.last_name(call.func)).map(str::to_owned));
                }
            }
        }
        found.append(&mut next);
        found
    }

    fn names_beside_limits(&self) -> BTreeSet<String> {
        let names: Vec<&str> = LIMITS.iter().filter_map(|name| name.rsplit('.').next()).collect();
        let mut found = BTreeSet::new();
        for module in
            self.modules.iter().filter(|module| names.iter().any(|name| module.python.name_id(name).is_some()))
        {
            let syntax = &module.python.syntax;
            for (id, stmt) in syntax.stmts() {
                if !matches!(stmt.kind, StmtKind::FunctionDef(_)) {
                    continue;
                }
                let calls = self.calls_in(module, id);
                if calls.iter().any(|call| self.is_any(module, call.func, LIMITS)) {
                    found.extend(calls.iter().filter_map(|call| module.last_name(call.func)).map(str::to_owned));
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    #[test]
    fn what_is_called_under_a_limit_is_named() {
        let source = "import asyncio\nasync def a(wallet):\n    task = asyncio.create_task(wallet.pay())\n    \
            await asyncio.wait_for(task, 5)\nasync def b(wallet):\n    await wallet.list()\n";
        let names = project(&[("app/main.py", source)]).names_limited_in_time();
        assert!(names.contains("pay") && !names.contains("list"), "{names:?}");
    }

    #[test]
    fn what_nothing_calls_but_under_a_limit_is_always_limited() {
        let is_limited = |calls: &str| {
            let text = format!("import asyncio\nclass Wallet:\n    async def pay(self): pass\n{calls}");
            let project = project(&[("app/main.py", &text)]);
            let module = project.modules.iter().next().expect("one module");
            let syntax = &module.python.syntax;
            let is_pay = |id| module.function(id).is_some_and(|it| syntax.identifier(it.name) == "pay");
            let (function, _) = syntax.stmts().find(|&(id, _)| is_pay(id)).expect("it is defined");
            project.is_always_limited_in_time(module, function)
        };
        let task = "async def a(wallet):\n    task = asyncio.create_task(b(wallet))\n    await asyncio.wait_for(task, 5)\n\
            async def b(wallet):\n    return await wallet.pay()\n";
        assert!(is_limited(task));
        assert!(is_limited("async def a(w):\n    await asyncio.wait_for(w.pay(), 5)\n"));
        assert!(is_limited("async def a(w):\n    async with asyncio.timeout(5):\n        await w.pay()\n"));
        assert!(!is_limited(&format!("{task}async def c(wallet):\n    await wallet.pay()\n")));
        assert!(!is_limited(&task.replace("wait_for(task, 5)", "wait_for(other, 5)")));
        assert!(!is_limited(""));
    }
}
