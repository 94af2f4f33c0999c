#!/bin/sh
# Remakes the truths beside testdata/applications/* from the running applications: `remake.sh [--check] [NAME...]`.
# Makes two virtual environments in .oracle/: the current releases, and older ones that flatten included routers. Fails if the
# two differ in a way that the application's differences.json does not write down; `--check` writes nothing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../../.." && pwd)
python=${PYTHON:-python3}
check=
if [ "${1:-}" = --check ]; then
    check=--check
    shift
fi

install() {
    environment=$root/.oracle/$1
    if ! cmp -s "$here/$1.txt" "$environment/installed.txt"; then
        "$python" -m venv --clear "$environment"
        "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/$1.txt"
        cp "$here/$1.txt" "$environment/installed.txt"
    fi
}

install current
install flat

status=0
if [ $# -eq 0 ]; then
    cd "$root/testdata/applications"
    set -- */
fi
for name; do
    "$root/.oracle/current/bin/python" "$here/compare.py" "$root/testdata/applications/${name%/}" \
        "$root/.oracle/current/bin/python" "$root/.oracle/flat/bin/python" $check || status=1
done
exit $status
