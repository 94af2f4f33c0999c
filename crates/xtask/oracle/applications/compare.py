"""Writes the truths beside an application: `compare.py DIRECTORY CURRENT_PYTHON FLAT_PYTHON [--check]`.

Each kind of truth is dumped with the current and with the older releases. The current one is stored. What differs has to
stand in the directory's `differences.json` already, else the script prints it and fails; `--check` writes nothing.
"""

import json
import subprocess
import sys
from pathlib import Path

KINDS = ("routes", "auth", "settings", "tables")
HERE = Path(__file__).resolve().parent


def main():
    directory, current, flat = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    checking = "--check" in sys.argv
    failed, differences = False, {}
    for kind in KINDS:
        text = dump(current, kind, directory)
        differences |= difference(kind, json.loads(text), json.loads(dump(flat, kind, directory)))
        stored = directory / f"{kind}.json"
        wanted = "" if kind != "routes" and json.loads(text) == [] else text
        if checking and wanted != (stored.read_text() if stored.exists() else ""):
            print(f"{stored} is not what the application says", file=sys.stderr)
            failed = True
        elif not checking and wanted:
            stored.write_text(wanted)
        elif not checking:
            stored.unlink(missing_ok=True)
    if differences != written_down(directory):
        print(f"{directory}/differences.json should say, with the reasons in `because`:", file=sys.stderr)
        print(pretty({"because": [], **differences}), file=sys.stderr)
        failed = True
    sys.exit(failed)


def dump(python, kind, directory):
    command = [python, HERE / f"dump_{kind}.py", directory]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def difference(kind, current, flat):
    if kind == "routes":
        current, flat = current["routes"], flat["routes"]
    changes = {
        "only_current": [row for row in current if row not in flat],
        "only_flat": [row for row in flat if row not in current],
    }
    if [row for row in current if row in flat] != [row for row in flat if row in current]:
        changes["order"] = [f"{kind} come in another order"]
    return {kind: {key: value for key, value in changes.items() if value}} if any(changes.values()) else {}


def pretty(differences):
    """JSON with one row a line."""
    parts = [f"{json.dumps(kind)}: {of_kind(found)}" for kind, found in differences.items()]
    return "{\n" + ",\n".join(parts) + "\n}"


def of_kind(found):
    if isinstance(found, dict):
        return "{" + ",\n".join(f"{json.dumps(side)}: {of_kind(rows)}" for side, rows in found.items()) + "}"
    return "[\n" + ",\n".join("  " + json.dumps(row) for row in found) + "\n]"


def written_down(directory):
    """What `differences.json` holds, without the reasons given in it."""
    path = directory / "differences.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    found.pop("because", None)
    return found


if __name__ == "__main__":
    main()
