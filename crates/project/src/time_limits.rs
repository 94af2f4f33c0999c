//! Coroutines whose time somebody else limits.

use crate::Project;
use pyaudit_python::StmtKind;
use std::collections::BTreeSet;

/// Functions and context managers that limit the time of what they are given or hold.
/// <https://docs.python.org/3/library/asyncio-task.html#timeouts>, <https://anyio.readthedocs.io/en/stable/cancellation.html>
const LIMITS: &[&str] =
    &["asyncio.wait_for", "asyncio.timeout", "asyncio.timeout_at", "anyio.fail_after", "anyio.move_on_after"];

impl Project {
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
}
