//! Where code tells somebody what happened: loggers, error trackers, standard streams.

use crate::{Module, Project};
use pyaudit_python::{ExprId, ExprKind, StmtId};
use std::collections::BTreeSet;

/// Methods of loggers. `trace`, `success` and `opt` are loguru's; `msg` and `bind` structlog's.
const LOG_METHODS: &[&str] = &[
    "debug",
    "info",
    "warning",
    "warn",
    "error",
    "critical",
    "fatal",
    "exception",
    "log",
    "trace",
    "success",
    "notice",
    "msg",
    "adebug",
    "ainfo",
    "awarning",
    "aerror",
    "acritical",
    "aexception",
];

/// Functions of libraries that tell an error to somebody, by their last name.
const TELLING: &[&str] = &[
    "capture_exception",
    "capture_message",
    "record_exception",
    "notice_error",
    "report_exc_info",
    "print_exc",
    "print_exception",
    "print",
    "warn",
    "set_tag",
    "secho",
];

/// Words in the name of a function that say that it tells: `log_error`, `report_failure`, `send_alert`.
const TELLING_WORDS: &[&str] = &["log", "logger", "report", "alert", "notify", "audit", "trace", "sentry", "warn"];

/// How many functions of the project are followed in a row.
const MAX_DEPTH: u32 = 3;

impl Project {
    /// Whether a call writes to a log: `logger.info(…)`, `logging.error(…)`, `self.log.exception(…)`.
    pub fn is_log_call(&self, module: &Module, call: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let ExprKind::Call { func, .. } = &syntax.expr(call).kind else { return false };
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(*func).kind else { return false };
        LOG_METHODS.contains(&syntax.identifier(*attr)) && is_logger(module, *value)
    }

    /// Whether statements tell somebody what happened, themselves or in functions of the project that they call: a log,
    /// an error tracker, a standard stream.
    pub fn tells(&self, module: &Module, body: &[StmtId]) -> bool {
        self.tells_within(module, body, MAX_DEPTH, &mut BTreeSet::new())
    }

    fn tells_within(
        &self,
        module: &Module,
        body: &[StmtId],
        depth: u32,
        seen: &mut BTreeSet<(crate::ModuleId, StmtId)>,
    ) -> bool {
        let syntax = &module.python.syntax;
        let exprs = body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
        let calls: Vec<(ExprId, ExprId)> = exprs
            .filter_map(|id| match &syntax.expr(id).kind {
                ExprKind::Call { func, .. } => Some((id, *func)),
                _ => None,
            })
            .collect();
        if calls.iter().any(|&(call, func)| self.is_log_call(module, call) || tells_by_name(module, func)) {
            return true;
        }
        let Some(depth) = depth.checked_sub(1) else { return false };
        calls.iter().any(|&(_, func)| {
            self.called_body(module, func).is_some_and(|(home, function, body)| {
                seen.insert((home.id, function)) && self.tells_within(home, body, depth, seen)
            })
        })
    }

    /// The body of the function of the project, or of the method of the same class, that a call runs.
    pub(crate) fn called_body<'p>(
        &'p self,
        module: &'p Module,
        func: ExprId,
    ) -> Option<(&'p Module, StmtId, &'p [StmtId])> {
        if let Some((home, id, function)) = self.function(module, func) {
            return Some((home, id, &function.body));
        }
        let syntax = &module.python.syntax;
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(func).kind else { return None };
        let class = module.own_class(*value)?;
        match self.member(module, class, syntax.identifier(*attr))? {
            (home, crate::Definition::Function(id)) => Some((home, id, &home.function(id)?.body)),
            _ => None,
        }
    }
}

/// Whether the name of what is called says that it tells: `capture_exception`, `self._log_failure`.
fn tells_by_name(module: &Module, func: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let name = match &syntax.expr(func).kind {
        ExprKind::Name { id, .. } => syntax.name(*id),
        ExprKind::Attribute { attr, .. } => syntax.identifier(*attr),
        _ => return false,
    };
    TELLING.contains(&name) || name.to_ascii_lowercase().split('_').any(|word| TELLING_WORDS.contains(&word))
}

/// Whether an object is a logger: by its making or by its name. `logger.bind(…)` and `logger.opt(…)` are one too.
fn is_logger(module: &Module, object: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let name = match &syntax.expr(object).kind {
        ExprKind::Name { id, .. } => syntax.name(*id),
        ExprKind::Attribute { attr, .. } => syntax.identifier(*attr),
        ExprKind::Call { func, .. } => match &syntax.expr(*func).kind {
            ExprKind::Attribute { value, .. } if is_logger(module, *value) => return true,
            ExprKind::Name { id, .. } => syntax.name(*id),
            ExprKind::Attribute { attr, .. } => syntax.identifier(*attr),
            _ => return false,
        },
        _ => return false,
    };
    let lower = name.to_ascii_lowercase();
    lower.split('_').any(|word| word.starts_with("log") && !matches!(word, "login" | "logic" | "logout"))
        || lower.ends_with("logger")
}
