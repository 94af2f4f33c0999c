//! Engines whose code says why they have a pool of their own.

use super::Engine;
use crate::Project;
use pyaudit_python::Parent;
use pyaudit_source::Range;

/// Words for a pool that is kept apart, alone.
const BULKHEADS: &[&str] = &["bulkhead", "noisy neighbour", "noisy neighbor", "head-of-line"];

/// Words for something that is kept apart.
const APART: &[&str] = &["separate", "dedicated", "isolat", "distinct", "reserved", "own ", "second "];

/// Words for what may be kept apart.
const POOLS: &[&str] = &["pool", "engine", "connections"];

/// How many bytes before an engine a comment about it may start.
const NEAR: u32 = 400;

impl Project {
    /// Whether the docstring of the function that makes an engine, or a comment in it or right before the engine, says that
    /// its pool is kept apart from another.
    pub fn says_pool_is_apart(&self, engine: &Engine) -> bool {
        let module = self.modules.get(engine.module);
        let syntax = &module.python.syntax;
        let holder = engine.function.or_else(|| syntax.enclosing_stmts(Parent::Expr(engine.call)).next());
        let Some(around) = holder.map(|stmt| syntax.stmt(stmt).range) else { return false };
        let definition = engine.function.and_then(|function| module.function(function));
        let docstring = definition.and_then(|definition| syntax.docstring(&definition.body)).unwrap_or_default();
        let text = self.sources.text(module.file).unwrap_or_default();
        let is_about = |range: &Range| range.end > around.start.saturating_sub(NEAR) && range.start < around.end;
        let comments = module.python.comments.iter().map(|comment| comment.range).filter(is_about);
        let comments: Vec<&str> = comments.map(|range| range.slice(text)).collect();
        says_apart(docstring) || says_apart(&comments.join(" "))
    }
}

fn says_apart(text: &str) -> bool {
    let text = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    has(BULKHEADS) || has(APART) && has(POOLS)
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn says(source: &str) -> Vec<bool> {
        let text = format!("from sqlalchemy import create_engine\n{source}");
        let project = project(&[("app/db.py", &text)]);
        project.database.engines().iter().map(|engine| project.says_pool_is_apart(engine)).collect()
    }

    #[test]
    fn a_docstring_or_comment_tells_why_there_is_a_pool_of_its_own() {
        assert_eq!(says("# Log-ins have a dedicated pool.\nlogin = create_engine('postgresql://h/a')\n"), [true]);
        let function =
            "def f():\n    \"\"\"The bulkhead for log-ins.\"\"\"\n    return create_engine('postgresql://h/a')\n";
        assert_eq!(says(function), [true]);
    }

    #[test]
    fn what_speaks_of_something_else_tells_nothing() {
        assert_eq!(says("# The engine of the application.\nengine = create_engine('postgresql://h/a')\n"), [false]);
        let function = "def f():\n    \"\"\"Makes it.\"\"\"\n    return create_engine('postgresql://h/a')\n";
        assert_eq!(says(function), [false]);
    }
}
