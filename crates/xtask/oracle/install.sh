#!/bin/sh
# Puts what `cargo xtask oracle all` needs into .oracle at the root of the workspace, and nothing anywhere else: CPython
# 3.14 as npm's `pyodide` carries it (version 314.* of the package), and PyPI's `packaging`. Needs node 18 or later, npm
# and python3; Debian has pip and venv in packages of their own, either of which will do. Does nothing a second time.
set -eu
pyodide=314.0.7
packaging=26.3
root=$(cd "$(dirname "$0")/../../.." && pwd)
packages=$root/.oracle/packages

fail() {
    echo "install.sh: $1" >&2
    exit 1
}

command -v python3 >/dev/null || fail "python3 is missing: its ast is what the reader of Python is compared with"
command -v node >/dev/null || fail "node is missing (18 or later): it runs CPython 3.14 for the oracle"
[ "$(node --print 'parseInt(process.versions.node)')" -ge 18 ] || fail "node is too old: $(node --version), not 18"

if ! grep -qs "\"version\": \"$pyodide\"" "$root/.oracle/node_modules/pyodide/package.json"; then
    command -v npm >/dev/null || fail "npm is missing: it installs CPython 3.14 for the oracle"
    npm install --prefix "$root/.oracle" --no-save --no-audit --no-fund "pyodide@$pyodide"
fi

if [ ! -d "$packages/packaging-$packaging.dist-info" ]; then
    python=python3
    if ! python3 -m pip --version >/dev/null 2>&1; then
        python3 -m venv "$root/.oracle/venv" || fail "python3 has neither pip nor venv: install python3-pip or python3-venv"
        python=$root/.oracle/venv/bin/python
    fi
    "$python" -m pip install --quiet --disable-pip-version-check --upgrade --target "$packages" "packaging==$packaging"
fi
