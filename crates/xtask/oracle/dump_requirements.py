"""What PyPI's `packaging` reads in requirement lines: `dump_requirements.py DIRECTORY_OF_PACKAGES`.

Each line of the input is a JSON object with `line` and, where the other side found one, `marker`. Each line of the output is
what `packaging` reads in it, or `error`. Markers are compared here, as only `packaging` knows when two are the same.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])

from packaging.markers import Marker  # noqa: E402 (the path comes first)
from packaging.requirements import InvalidRequirement, Requirement  # noqa: E402


def same_marker(theirs, ours):
    if theirs is None or ours is None:
        return theirs is None and ours is None
    try:
        return str(Marker(ours)) == str(theirs)
    except ValueError:
        return False


def read(line, marker):
    try:
        found = Requirement(line)
    except InvalidRequirement as error:
        return {"error": str(error).splitlines()[0]}
    return {
        "name": found.name,
        "extras": sorted(found.extras),
        "specifiers": sorted({specifier.operator + specifier.version for specifier in found.specifier}),
        "url": found.url,
        "marker": same_marker(found.marker, marker),
    }


for text in sys.stdin:
    asked = json.loads(text)
    print(json.dumps(read(asked["line"], asked.get("marker"))))
