//! Dicts into which a handler copies the columns of a row one by one.

use crate::database::Table;
use crate::{Module, Project};
use pyaudit_python::{DictItem, ExprId, ExprKind, NameId, Parent, StmtId, StmtKind};

/// The fewest columns that make a copy by hand.
const MIN_COPIED: usize = 4;

/// Functions and methods that give a value in another form: `str(row.id)`, `row.day.isoformat()`.
const FORMS: &[&str] = &["str", "int", "float", "bool", "isoformat", "strftime", "hex", "lower", "upper", "strip"];

/// Words of calls that answer with what they are given.
const ANSWERING: &[&str] = &["response", "success", "ok", "respond", "envelope", "encoder"];

/// A dict that copies a row.
#[derive(Debug, Clone, Copy)]
pub struct HandMapping<'p> {
    /// The dict.
    pub dict: ExprId,
    /// The table that the row is of.
    pub table: &'p Table,
    /// The variable that holds the row.
    pub row: ExprId,
    /// How many of its keys are columns of the same name.
    pub copied: usize,
}

impl Project {
    /// The dicts that a function returns, or puts into what it returns, and most of whose keys are columns of one row under
    /// their own names.
    pub fn hand_mappings<'p>(&'p self, module: &'p Module, function: StmtId) -> Vec<HandMapping<'p>> {
        let syntax = &module.python.syntax;
        let Some(definition) = module.function(function) else { return Vec::new() };
        let exprs = definition.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true));
        let dicts = exprs.filter_map(|expr| match &syntax.expr(expr).kind {
            ExprKind::Dict(items) if items.len() >= MIN_COPIED => Some((expr, items)),
            _ => None,
        });
        let mapped = dicts.filter_map(|(dict, items)| {
            let (row, id) = items.iter().find_map(|item| copied(module, item)).map(|it| (it.0, it.1))?;
            let attributes: Vec<&str> =
                items.iter().filter_map(|item| copied(module, item)).filter(|it| it.1 == id).map(|it| it.2).collect();
            if attributes.len() < MIN_COPIED || attributes.len() * 2 < items.len() {
                return None;
            }
            if !is_answered(module, dict, function) {
                return None;
            }
            let table = self.table_of_variable(module, row, id)?;
            let copied = attributes.iter().filter(|name| table.column_of(name).is_some()).count();
            (copied >= MIN_COPIED).then_some(HandMapping { dict, table, row, copied })
        });
        let mut found: Vec<HandMapping<'_>> = mapped.collect();
        found.sort_by_key(|it| syntax.expr(it.dict).range);
        found
    }

    /// The table that the row in a variable is of: of an assignment, a parameter, a loop or a comprehension.
    fn table_of_variable(&self, module: &Module, variable: ExprId, id: NameId) -> Option<&Table> {
        let syntax = &module.python.syntax;
        let is_target = |target: ExprId| matches!(syntax.expr(target).kind, ExprKind::Name { id: it, .. } if it == id);
        let looped = syntax.ancestors(Parent::Expr(variable)).find_map(|node| match node {
            Parent::Expr(expr) => match &syntax.expr(expr).kind {
                ExprKind::ListComp { generators, .. } | ExprKind::Generator { generators, .. } => {
                    generators.iter().find(|it| is_target(it.target)).map(|it| it.iter)
                }
                _ => None,
            },
            Parent::Stmt(stmt) => match &syntax.stmt(stmt).kind {
                StmtKind::For { target, iter, .. } if is_target(*target) => Some(*iter),
                _ => None,
            },
            _ => None,
        });
        match looped {
            Some(rows) => self.table_of_rows(module, rows),
            None => self.table_of_row(module, variable),
        }
    }

    /// The table that each of several rows is of: of a query, or what a function of the project finds.
    fn table_of_rows(&self, module: &Module, rows: ExprId) -> Option<&Table> {
        let syntax = &module.python.syntax;
        if let Some(table) = self.table_of_query(module, rows) {
            return Some(table);
        }
        let call = match syntax.expr(rows).kind {
            ExprKind::Await(inner) => inner,
            ExprKind::Name { .. } => return self.table_of_rows(module, self.local_value(module, rows)?),
            _ => rows,
        };
        let ExprKind::Call { .. } = syntax.expr(call).kind else { return None };
        let (home, function) = self.run_by(module, call)?;
        if let Some(annotation) = home.function(function)?.returns {
            let mut named = home.python.syntax.walk_exprs_of(annotation).filter_map(|part| {
                let (at, class, _) = self.class(home, part)?;
                self.database.table_of_class(at.id, class)
            });
            if let (Some(only), None) = (named.next(), named.next()) {
                return Some(only);
            }
        }
        let mut tables = self.returned_by(home, function).into_iter().filter_map(|it| self.table_of_query(home, it));
        let first = tables.next()?;
        tables.all(|other| other.span == first.span).then_some(first)
    }
}

/// The variable, its name and the attribute that an entry copies under the attribute's own name.
fn copied<'m>(module: &'m Module, item: &DictItem) -> Option<(ExprId, NameId, &'m str)> {
    let syntax = &module.python.syntax;
    let key = syntax.string(item.key?)?;
    let (variable, id, attribute) = attribute_in(module, item.value)?;
    (attribute == key).then_some((variable, id, attribute))
}

/// The attribute of a variable that a value is, in whatever form: `row.id`, `str(row.id)`, `row.day.isoformat()`,
/// `row.day.isoformat() if row.day else None`, `row.name or ""`.
fn attribute_in(module: &Module, value: ExprId) -> Option<(ExprId, NameId, &str)> {
    let syntax = &module.python.syntax;
    match &syntax.expr(value).kind {
        ExprKind::Attribute { value: object, attr, .. } => match syntax.expr(*object).kind {
            ExprKind::Name { id, .. } => Some((*object, id, syntax.identifier(*attr))),
            ExprKind::Attribute { .. } if syntax.identifier(*attr) == "value" => attribute_in(module, *object),
            _ => None,
        },
        ExprKind::Call { func, args, .. } => {
            let is_form = module.last_name(*func).is_some_and(|name| FORMS.contains(&name));
            match &syntax.expr(*func).kind {
                ExprKind::Attribute { value: object, .. } if is_form => attribute_in(module, *object),
                ExprKind::Name { .. } if is_form => args.first().and_then(|&first| attribute_in(module, first)),
                _ => None,
            }
        }
        ExprKind::IfExp { body, .. } => attribute_in(module, *body),
        ExprKind::BoolOp { values, .. } => values.first().and_then(|&first| attribute_in(module, first)),
        _ => None,
    }
}

/// Whether a dict goes into what a function returns: it stands in a `return`, is appended to something, or is assigned to a
/// name that is returned.
fn is_answered(module: &Module, dict: ExprId, function: StmtId) -> bool {
    let syntax = &module.python.syntax;
    for node in syntax.ancestors(Parent::Expr(dict)) {
        match node {
            Parent::Expr(expr) => match &syntax.expr(expr).kind {
                ExprKind::Dict(_)
                | ExprKind::List { .. }
                | ExprKind::Tuple { .. }
                | ExprKind::IfExp { .. }
                | ExprKind::ListComp { .. }
                | ExprKind::Generator { .. }
                | ExprKind::Await(_) => {}
                ExprKind::Call { func, .. } => {
                    let name = module.last_name(*func).unwrap_or("");
                    let lower = name.to_ascii_lowercase();
                    let answers = ANSWERING.iter().any(|word| lower.contains(word)) && !lower.contains("template");
                    if name == "append" {
                        return true;
                    }
                    if !answers && name != "list" {
                        return false;
                    }
                }
                _ => return false,
            },
            Parent::Stmt(stmt) => {
                return match &syntax.stmt(stmt).kind {
                    StmtKind::Return(_) => true,
                    StmtKind::Assign { targets, .. } => targets.iter().any(|&it| is_returned(module, it, function)),
                    StmtKind::AnnAssign { target, .. } => is_returned(module, *target, function),
                    _ => false,
                };
            }
            _ => {}
        }
    }
    false
}

/// Whether a name stands in what a function returns, other than before a dot.
fn is_returned(module: &Module, target: ExprId, function: StmtId) -> bool {
    let syntax = &module.python.syntax;
    let ExprKind::Name { id: wanted, .. } = syntax.expr(target).kind else { return false };
    let Some(definition) = module.function(function) else { return false };
    let mut returned = syntax.walk_stmts_in(&definition.body, true).filter_map(|stmt| match syntax.stmt(stmt).kind {
        StmtKind::Return(value) => value,
        _ => None,
    });
    returned.any(|value| {
        syntax.walk_exprs_of(value).any(|part| {
            let is_name = matches!(syntax.expr(part).kind, ExprKind::Name { id, .. } if id == wanted);
            let is_object = matches!(syntax.expr_parent(part), Parent::Expr(outer)
                if matches!(syntax.expr(outer).kind, ExprKind::Attribute { .. }));
            is_name && !is_object
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    /// How many columns each dict of the function `f` copies.
    fn copies(body: &str) -> Vec<usize> {
        let text = format!(
            "from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column\nclass Base(DeclarativeBase): pass\n\
             class User(Base):\n    __tablename__ = 'users'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    \
             name: Mapped[str]\n    city: Mapped[str]\n    day: Mapped[str]\n\
             def find(db: Session) -> list[User]: ...\n{body}"
        );
        let project = project(&[("app/main.py", &text)]);
        let module = project.modules.iter().next().expect("it was parsed");
        let syntax = &module.python.syntax;
        let is_f = |id| module.function(id).is_some_and(|it| syntax.identifier(it.name) == "f");
        let (function, _) = syntax.stmts().find(|&(id, _)| is_f(id)).expect("it is defined");
        project.hand_mappings(module, function).iter().map(|it| it.copied).collect()
    }

    const DICT: &str =
        "{'id': str(u.id), 'name': u.name or '', 'city': u.city, 'day': u.day.isoformat() if u.day else None}";

    #[test]
    fn rows_copied_by_hand_are_found() {
        for body in [
            format!("def f(u: User):\n    return {DICT}\n"),
            format!("def f(db: Session):\n    return [{DICT} for u in db.query(User).all()]\n"),
            format!(
                "def f(db: Session):\n    out = []\n    for u in find(db):\n        out.append({DICT})\n    return out\n"
            ),
            format!(
                "def f(db: Session):\n    u = db.get(User, 1)\n    answer = {DICT}\n    return {{'user': answer}}\n"
            ),
        ] {
            assert_eq!(copies(&body), [4], "{body}");
        }
    }

    #[test]
    fn other_dicts_are_no_copies() {
        for body in [
            format!("def f(u: User):\n    send({DICT})\n"),
            format!("def f(u):\n    return {DICT}\n"),
            "def f(u: User):\n    return {'a': u.id, 'b': u.name, 'c': u.city, 'd': u.day}\n".to_owned(),
            "def f(u: User):\n    return {'id': u.id, 'name': u.name, 'city': u.city}\n".to_owned(),
        ] {
            assert!(copies(&body).is_empty(), "{body}");
        }
    }
}
