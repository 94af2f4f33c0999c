"""What the dump scripts share: importing an application, naming a function, finding its `def`.

Each script is called with the directory of a project that has an `application.json` (a second argument names another file).
Every application of it is imported in a process of its own, with nothing in the environment but what the file names, so
that two applications whose modules have the same names do not meet.
"""

import ast
import asyncio
import functools
import importlib
import inspect
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")


def run(dump, empty):
    """Run `dump(application)` for each application of the project, one process each, and print what they give as one.

    `empty` is the value to which every application adds: a list, or a dictionary whose lists are added to.
    """
    directory = Path(sys.argv[1]).resolve()
    described = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else directory / "application.json"
    if len(sys.argv) > 3:
        answer = dump(Application(directory, json.loads(described.read_text())["applications"][int(sys.argv[3])]))
        sys.stdout.flush()
        Path(sys.argv[4]).write_text(json.dumps(answer))
        sys.stdout.flush()
        # Some applications leave threads running that would keep the process alive.
        os._exit(0)
    for index, _ in enumerate(json.loads(described.read_text())["applications"]):
        add(empty, in_own_process(directory, described, index))
    print(pretty(empty))


def in_own_process(directory, described, index):
    application = json.loads(described.read_text())["applications"][index]
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore"}
    environment |= application.get("environment", {})
    answer = Path(os.environ.get("TMPDIR", "/tmp")) / f"dump-{os.getpid()}-{index}.json"
    command = [sys.executable, sys.argv[0], str(directory), str(described), str(index), str(answer)]
    try:
        subprocess.run(
            [*command[:1], os.path.abspath(command[1]), *command[2:]],
            cwd=directory / application.get("root", "."),
            env=environment,
            check=True,
            stdout=sys.stderr,
            stdin=subprocess.DEVNULL,
        )
        return json.loads(answer.read_text())
    finally:
        answer.unlink(missing_ok=True)


def add(whole, part):
    if isinstance(whole, list):
        whole.extend(part)
        return
    for key, value in part.items():
        if isinstance(value, list):
            whole.setdefault(key, []).extend(value)
        else:
            whole[key] = value


def pretty(value):
    """JSON with one element of the outer lists a line, so that a difference is a line."""
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {lines(part)}" for key, part in value.items()]
        return "{" + ",\n".join(parts) + "}"
    return lines(value)


def lines(value):
    if not isinstance(value, list) or not value:
        return json.dumps(value, ensure_ascii=False)
    return "[\n" + ",\n".join("  " + json.dumps(element, ensure_ascii=False) for element in value) + "\n]"


class Application:
    """One application of a project: `root` on the path of modules, `app` as `module:attribute` or `module:factory()`."""

    def __init__(self, directory, described):
        self.directory = directory
        self.root = described.get("root", ".")
        self.described = described
        self.name = described["app"].removesuffix("()")
        roots = [self.root, *described.get("also_on_path", [])]
        sys.path[:0] = [str((directory / root).resolve()) for root in roots]
        self.trees = {}

    def load(self):
        """Import the application object; with `in_event_loop` inside one, for modules that start tasks."""
        if not self.described.get("in_event_loop"):
            return self.load_here()

        async def load():
            return self.load_here()

        return asyncio.run(load())

    def load_here(self):
        """Import the application object, calling it where it is a factory."""
        for module in self.described.get("import_first", []):
            importlib.import_module(module)
        module, attribute = self.name.split(":")
        found = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
        if self.described["app"].endswith("()"):
            arguments = self.described.get("arguments", [])
            found = found(*arguments)
        for attribute in self.described.get("inside", []):
            found = getattr(found, attribute)
        return found

    def import_all(self):
        """Import the project's modules that the application itself has not, as far as they can be."""
        for module in self.described.get("also_import", []):
            try:
                importlib.import_module(module)
            except Exception as error:
                print(f"{module} cannot be imported: {error!r}", file=sys.stderr)

    def relative(self, path):
        """The path below the project's directory with `/`, or None for a file outside it or of a virtual environment."""
        if not path or str(path).startswith("<"):
            return None
        try:
            found = Path(path).resolve().relative_to(self.directory)
        except (ValueError, TypeError):
            return None
        return None if "site-packages" in found.parts else found.as_posix()

    def tree(self, path):
        if path not in self.trees:
            try:
                self.trees[path] = ast.parse(Path(path).read_text(encoding="utf-8"))
            except (OSError, SyntaxError, ValueError):
                self.trees[path] = ast.Module([], [])
        return self.trees[path]

    def place(self, found):
        """File and line of the `def` or `class` statement: below its decorators, which `co_firstlineno` counts in."""
        found = underlying(found)
        if inspect.isclass(found):
            try:
                path, (_, first) = inspect.getsourcefile(found), inspect.getsourcelines(found)
            except (OSError, TypeError):
                return None, None
            name = found.__name__
        elif hasattr(found, "__code__"):
            path, first, name = found.__code__.co_filename, found.__code__.co_firstlineno, found.__code__.co_name
        else:
            return None, None
        file = self.relative(path)
        return (file, self.line_of(path, name, first)) if file else (None, None)

    def line_of(self, path, name, first):
        for node in ast.walk(self.tree(path)):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or node.name != name:
                continue
            if first in [node.lineno, *(decorator.lineno for decorator in node.decorator_list)]:
                return node.lineno
        return first


def underlying(found):
    """The function below partials, bound methods and decorators that keep `__wrapped__`."""
    while True:
        if isinstance(found, functools.partial):
            found = found.func
        elif inspect.ismethod(found):
            found = found.__func__
        elif not inspect.isclass(found) and hasattr(found, "__wrapped__"):
            found = found.__wrapped__
        else:
            return found


def named(found):
    """`module:qualname` of a function or class; of an object that can be called, that of its class."""
    found = underlying(found)
    if not hasattr(found, "__qualname__"):
        found = type(found)
    return f"{found.__module__}:{found.__qualname__}"
