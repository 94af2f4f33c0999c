#!/bin/sh
# Puts what `cargo xtask oracle` needs into .oracle at the root of the workspace: CPython 3.14 as npm's `pyodide`
# carries it (version 314.* of the package), and PyPI's `packaging` in an environment of its own. Needs node 20 or later
# and npm; the machine's own python3 is used as it is.
set -eu
root=$(cd "$(dirname "$0")/../../.." && pwd)
npm install --prefix "$root/.oracle" --no-save --no-audit --no-fund pyodide@314.0.7
python3 -m venv "$root/.oracle/venv"
"$root/.oracle/venv/bin/python" -m pip install --quiet --disable-pip-version-check packaging==26.3
