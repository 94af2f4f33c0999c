"""A pytest plugin that records which of a project's functions call which: the truth for the call graph.

    EDGES_ROOT=/path/of/the/checkout EDGES_OUT=edges.json python -m pytest -p record_edges

`EDGES_ROOT` is the directory whose files count; with `EDGES_ONLY` (paths below it, separated by `:`) only those. Frames of libraries
in between are passed over only in so far as a caller is the frame directly below: what a library calls back has no caller here and
is no edge. A coroutine or generator counts when it is first entered, from the frame that drives it, if that is of the project; an
`await` in a function of the project drives what it awaits directly, so the edge is the one that the source shows; what `gather` and tasks
start has none. From Python 3.12 on, list, set and dictionary comprehensions are part of the function that they stand in. Functions are named
`module:qualname`; modules as the interpreter names them. `edges` have callers of the application, `tests` callers below `tests`; the lines are where the code object
starts, at the first decorator.
"""

import ast
import json
import os
import sys
import threading
from collections import Counter

ROOT = os.path.realpath(os.environ["EDGES_ROOT"]) + os.sep
ONLY = tuple(os.path.join(ROOT, part) for part in os.environ.get("EDGES_ONLY", "").split(":") if part) or (ROOT,)
OUT = os.environ.get("EDGES_OUT", "edges.json")
TESTS = ("tests", "test", "conftest.py")
RESUMES = 0x20 | 0x80 | 0x200  # CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR

counts = Counter()
names = {}


def name_of(frame):
    """`module:qualname` of a function of the project, and whether it is of its tests; None for all other frames.

    The name is kept for each code object; module bodies and class bodies are callers too, named `module:` and
    `module:Class`.
    """
    code = frame.f_code
    if code in names:
        return names[code]
    path = os.path.realpath(code.co_filename)
    found = None
    if path.startswith(ONLY) and "site-packages" not in path and not code.co_filename.startswith("<"):
        parts = path[len(ROOT) :].split(os.sep)
        is_test = any(part in TESTS or part.startswith("test_") for part in parts)
        qualname = "" if code.co_name == "<module>" else qualified(frame)
        found = (f"{frame.f_globals.get('__name__', '?')}:{qualname}", is_test, "/".join(parts), code.co_firstlineno)
    names[code] = found
    return found


def qualified(frame):
    """`co_qualname` where there is one (3.11), else the name that the source gives to what starts at that line."""
    code = frame.f_code
    if hasattr(code, "co_qualname"):
        return code.co_qualname
    if code.co_filename not in qualnames:
        qualnames[code.co_filename] = names_in(code.co_filename)
    return qualnames[code.co_filename].get((code.co_firstlineno, code.co_name), code.co_name)


qualnames = {}
UNNAMED = {
    ast.Lambda: "<lambda>",
    ast.ListComp: "<listcomp>",
    ast.SetComp: "<setcomp>",
    ast.DictComp: "<dictcomp>",
    ast.GeneratorExp: "<genexpr>",
}


def names_in(path):
    """The qualified name of every function, class and comprehension of a file, by its first line and its own name."""
    found = {}

    def visit(node, prefix):
        for child in ast.iter_child_nodes(node):
            name = UNNAMED.get(type(child)) or getattr(child, "name", None)
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, *UNNAMED)):
                first = min([child.lineno, *(each.lineno for each in getattr(child, "decorator_list", ()))])
                found.setdefault((first, name), prefix + name)
                visit(child, f"{prefix}{name}." + ("" if isinstance(child, ast.ClassDef) else "<locals>."))
            else:
                visit(child, prefix)

    with open(path, encoding="utf-8") as file:
        visit(ast.parse(file.read()), "")
    return found


def profile(frame, event, _):
    if event != "call" or sys is None:  # the interpreter is on its way out
        return
    callee = name_of(frame)
    if callee is None or frame.f_back is None:
        return
    if frame.f_code.co_flags & RESUMES and frame.f_lasti >= 0 and not is_first_entry(frame):
        return
    caller = name_of(frame.f_back)
    if caller is not None and not is_body(frame):
        counts[caller[:2], callee[:2], caller[2:], callee[2:]] += 1


def is_first_entry(frame):
    """Whether the generator or coroutine starts: before its first instruction that does something.

    A resumed frame stands at the instruction that it was suspended at; a fresh one at the prologue (RESUME, or GEN_START
    of 3.10), which comes before any line but the first of the `def`.
    """
    return frame.f_lasti <= first_instruction(frame.f_code)


prologues = {}


def first_instruction(code):
    if code not in prologues:
        import dis

        prologues[code] = max(
            (
                step.offset
                for step in list(dis.get_instructions(code))[:12]
                if step.opname == "GEN_START" or (step.opname == "RESUME" and not (step.arg or 0) & 3)
            ),
            default=0,
        )
    return prologues[code]


def is_body(frame):
    """Module and class bodies run once, when they are imported or defined: they are callers, but nobody calls them."""
    return frame.f_code.co_name == "<module>" or not frame.f_code.co_flags & 0x2  # CO_NEWLOCALS: functions alone


def rows(of_tests):
    found = {}
    for ((caller, is_test), (callee, _), at, callee_at), count in counts.items():
        if is_test == of_tests:
            found[caller, callee, at, callee_at] = found.get((caller, callee, at, callee_at), 0) + count
    return [
        {
            "caller": caller,
            "callee": callee,
            "count": count,
            "caller_at": {"file": at[0], "line": at[1]},
            "callee_at": {"file": callee_at[0], "line": callee_at[1]},
        }
        for (caller, callee, at, callee_at), count in sorted(found.items())
    ]


def write():
    sys.setprofile(None)
    threading.setprofile(None)
    text = {"python": sys.version.split()[0], "edges": rows(False), "tests": rows(True)}
    parts = [f"{json.dumps(key)}: {as_lines(value)}" for key, value in text.items()]
    with open(OUT, "w") as file:
        file.write("{" + ",\n".join(parts) + "}\n")


def as_lines(value):
    if not isinstance(value, list):
        return json.dumps(value)
    return "[\n" + ",\n".join("  " + json.dumps(row) for row in value) + "\n]"


def start():
    threading.setprofile(profile)
    sys.setprofile(profile)


def pytest_runtest_protocol(item, nextitem):
    """Coverage and debuggers may take the profiler away: it is put back before every test."""
    if sys.getprofile() is not profile:
        start()


def pytest_sessionfinish(session, exitstatus):
    write()


start()
