"""Writes what CPython says about Python files, in the line form that `cargo xtask oracle` compares.

Standard input: one entry a line, a path, or `zip:PATH` for every `.py` file inside a zip archive.
Standard output, for each file:

    F <number of bytes> <path>
    <the text of the file, decoded, as that many bytes of UTF-8, without a byte order mark>
    R <reason>                  CPython refuses the file; nothing follows
    T                           the tree: one line a node
    Y                           the symbol tables: one line a table, then one line a symbol
    R <reason>                  instead of the tables, where only `symtable` refuses the file
    E

A statement's line starts with `S`, and so does the module's; the lines of its expressions follow it in the order of
the fields, then its handlers and cases, and last the statements in its bodies. Every other node's line starts with
`.`, or with `f` where it is inside an f-string or t-string. A line holds the kind, the position
(`line:column-line:column`, lines from 1, columns in UTF-8 bytes from 0), and every field: `name=value`, `name+` for a
child, `name-` for None, `name*3` for a list of three. `-` alone is a None inside a list.

Nothing here recurses, so that only CPython's own limits count.
"""

import ast
import io
import json
import re
import struct
import symtable
import sys
import tokenize
import zipfile

NODE, NODES, BODY, SCALAR, OPERATOR, OPERATORS, CONSTANT, TEXT = range(8)

# Every node kind with its fields, in the order of the documentation of Python 3.14. Fields that an older Python lacks
# count as empty.
FIELDS = {
    "Module": "body:B",
    "FunctionDef": "name type_params:L args:N decorator_list:L returns:N body:B",
    "AsyncFunctionDef": "name type_params:L args:N decorator_list:L returns:N body:B",
    "ClassDef": "name type_params:L bases:L keywords:L decorator_list:L body:B",
    "Return": "value:N",
    "Delete": "targets:L",
    "Assign": "targets:L value:N",
    "TypeAlias": "name:N type_params:L value:N",
    "AugAssign": "target:N op:O value:N",
    "AnnAssign": "target:N annotation:N value:N simple",
    "For": "target:N iter:N body:B orelse:B",
    "AsyncFor": "target:N iter:N body:B orelse:B",
    "While": "test:N body:B orelse:B",
    "If": "test:N body:B orelse:B",
    "With": "items:L body:B",
    "AsyncWith": "items:L body:B",
    "Match": "subject:N cases:L",
    "Raise": "exc:N cause:N",
    "Try": "handlers:L body:B orelse:B finalbody:B",
    "TryStar": "handlers:L body:B orelse:B finalbody:B",
    "Assert": "test:N msg:N",
    "Import": "names:L",
    "ImportFrom": "module names:L level",
    "Global": "names",
    "Nonlocal": "names",
    "Expr": "value:N",
    "Pass": "",
    "Break": "",
    "Continue": "",
    "BoolOp": "op:O values:L",
    "NamedExpr": "target:N value:N",
    "BinOp": "left:N op:O right:N",
    "UnaryOp": "op:O operand:N",
    "Lambda": "args:N body:N",
    "IfExp": "test:N body:N orelse:N",
    "Dict": "keys:L values:L",
    "Set": "elts:L",
    "ListComp": "elt:N generators:L",
    "SetComp": "elt:N generators:L",
    "DictComp": "key:N value:N generators:L",
    "GeneratorExp": "elt:N generators:L",
    "Await": "value:N",
    "Yield": "value:N",
    "YieldFrom": "value:N",
    "Compare": "left:N ops:P comparators:L",
    "Call": "func:N args:L keywords:L",
    "FormattedValue": "value:N conversion format_spec:N",
    "Interpolation": "value:N str:T conversion format_spec:N",
    "JoinedStr": "values:L",
    "TemplateStr": "values:L",
    "Constant": "value:C kind",
    "Attribute": "value:N attr ctx:O",
    "Subscript": "value:N slice:N ctx:O",
    "Starred": "value:N ctx:O",
    "Name": "id ctx:O",
    "List": "elts:L ctx:O",
    "Tuple": "elts:L ctx:O",
    "Slice": "lower:N upper:N step:N",
    "comprehension": "target:N iter:N ifs:L is_async",
    "ExceptHandler": "type:N name body:B",
    "arguments": "posonlyargs:L args:L vararg:N kwonlyargs:L kw_defaults:L kwarg:N defaults:L",
    "arg": "arg annotation:N",
    "keyword": "arg value:N",
    "alias": "name asname",
    "withitem": "context_expr:N optional_vars:N",
    "match_case": "pattern:N guard:N body:B",
    "MatchValue": "value:N",
    "MatchSingleton": "value:C",
    "MatchSequence": "patterns:L",
    "MatchMapping": "keys:L patterns:L rest",
    "MatchClass": "cls:N patterns:L kwd_attrs kwd_patterns:L",
    "MatchStar": "name",
    "MatchAs": "pattern:N name",
    "MatchOr": "patterns:L",
    "TypeVar": "name bound:N default_value:N",
    "ParamSpec": "name default_value:N",
    "TypeVarTuple": "name default_value:N",
}

FORMS = {"N": NODE, "L": NODES, "B": BODY, "O": OPERATOR, "P": OPERATORS, "C": CONSTANT, "T": TEXT, "": SCALAR}

# Fields that never hold anything unless type comments are asked for.
UNUSED = {"type_comment", "type_ignores"}

SURROGATE = re.compile("[\ud800-\udfff]")

quote = json.JSONEncoder(ensure_ascii=False).encode


def compile_fields():
    """Turns the table into tuples by node class, and makes sure that it names every field that this Python has."""
    compiled = {}
    for kind, fields in FIELDS.items():
        node_class = getattr(ast, kind, None)
        if node_class is None:
            continue
        pairs = [field.partition(":")[::2] for field in fields.split()]
        missing = set(node_class._fields) - {name for name, _ in pairs} - UNUSED
        if missing:
            raise SystemExit(f"the table of fields lacks {kind}: {sorted(missing)}")
        statement = issubclass(node_class, (ast.stmt, ast.mod))
        inside = kind in ("JoinedStr", "TemplateStr")
        compiled[node_class] = (kind, [(name, FORMS[form]) for name, form in pairs], statement, inside)
    return compiled


def text(value):
    """A string in quotes; the tag tells where it holds what UTF-8 cannot."""
    if SURROGATE.search(value):
        return "surrogates:" + quote(SURROGATE.sub("\ufffd", value))
    return "str:" + quote(value)


def constant(value):
    """The value of a constant with its type."""
    if isinstance(value, str):
        return text(value)
    if value is None or value is True or value is False:
        return str(value)
    if value is Ellipsis:
        return "Ellipsis"
    if isinstance(value, int):
        return f"int:{value:x}"
    if isinstance(value, float):
        return "float:" + struct.pack(">d", value).hex()
    if isinstance(value, complex):
        return "complex:" + struct.pack(">d", value.imag).hex()
    return "bytes:" + value.hex()


def scalar(name, value):
    """A field that holds a plain value."""
    if value is None:
        return f" {name}-"
    if isinstance(value, list):
        return f" {name}={','.join(value)}"
    return f" {name}={value}"


def statement_lines(statement, compiled, out):
    """Writes the lines of one statement without its bodies, and returns the statements of these."""
    bodies = []
    stack = [(statement, False)]
    while stack:
        node, inside = stack.pop()
        if node is None:
            out.append("-")
            continue
        kind, fields, is_statement, opens = compiled[node.__class__]
        line = "S" if is_statement else "f" if inside else "."
        line += kind
        if hasattr(node, "end_col_offset"):
            line += f" {node.lineno}:{node.col_offset}-{node.end_lineno}:{node.end_col_offset}"
        else:
            line += " -"
        inside = inside or opens
        children = []
        for name, form in fields:
            value = getattr(node, name, None)
            if form == NODE:
                if value is None:
                    line += f" {name}-"
                else:
                    line += f" {name}+"
                    children.append((value, inside))
            elif form == SCALAR:
                line += scalar(name, value)
            elif form == NODES:
                value = value or []
                line += f" {name}*{len(value)}"
                children.extend([(child, inside) for child in value])
            elif form == OPERATOR:
                line += f" {name}={value.__class__.__name__}"
            elif form == BODY:
                line += f" {name}*{len(value)}"
                bodies.extend(value)
            elif form == CONSTANT:
                line += f" {name}={constant(value)}"
            elif form == TEXT:
                line += f" {name}={text(value)}"
            else:
                line += f" {name}={','.join(child.__class__.__name__ for child in value)}"
        out.append(line)
        children.reverse()
        stack.extend(children)
    return bodies


def tree_lines(module, compiled, out):
    """Writes a whole tree."""
    stack = [module]
    while stack:
        bodies = statement_lines(stack.pop(), compiled, out)
        bodies.reverse()
        stack.extend(bodies)


FLAGS = (
    ("local", "is_local"),
    ("global", "is_global"),
    ("free", "is_free"),
    ("assigned", "is_assigned"),
    ("imported", "is_imported"),
    ("parameter", "is_parameter"),
    ("annotated", "is_annotated"),
    ("declared-global", "is_declared_global"),
    ("nonlocal", "is_nonlocal"),
    ("referenced", "is_referenced"),
)


def table_lines(top, out):
    """Writes every symbol table: `Y <kind> <line> <name>`, then `  <symbol> <flags>`, sorted."""
    stack = [top]
    while stack:
        table = stack.pop()
        kind = table.get_type()
        kind = str(getattr(kind, "value", kind)).replace(" ", "-")
        out.append(f"Y{kind} {table.get_lineno()} {table.get_name()}")
        symbols = []
        for symbol in table.get_symbols():
            flags = ",".join(name for name, method in FLAGS if getattr(symbol, method, bool)())
            symbols.append(f"  {symbol.get_name()} {flags}")
        symbols.sort()
        out.extend(symbols)
        stack.extend(reversed(table.get_children()))


def decode(raw):
    """The text of a file by its byte order mark or cookie, line ends as they are."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
    return raw.decode(encoding)


def reason(error):
    """An exception on one line."""
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:200]


REFUSALS = (SyntaxError, ValueError, RecursionError, MemoryError)


def file_lines(path, raw, compiled):
    """Everything that is written about one file."""
    try:
        source = decode(raw).encode()
    except (SyntaxError, ValueError, LookupError) as error:
        return [f"F 0 {path}", "", "R " + reason(error)]
    out = [f"F {len(source)} {path}", source.decode()]
    try:
        tree = ast.parse(raw)
    except REFUSALS as error:
        return [*out, "R " + reason(error)]
    out.append("T")
    tree_lines(tree, compiled, out)
    del tree
    out.append("Y")
    mark = len(out)
    try:
        table_lines(symtable.symtable(raw, path, "exec"), out)
    except REFUSALS as error:
        del out[mark:]
        out.append("R " + reason(error))
    out.append("E")
    return out


def entries(lines):
    """Each file with its bytes."""
    for entry in lines:
        if entry.startswith("zip:"):
            with zipfile.ZipFile(entry[4:]) as archive:
                for name in sorted(archive.namelist()):
                    if name.endswith(".py"):
                        yield name, archive.read(name)
        elif entry:
            with open(entry, "rb") as file:
                yield entry, file.read()


def main():
    import warnings

    warnings.simplefilter("ignore")
    compiled = compile_fields()
    out = sys.stdout.buffer
    out.write(b"V %d.%d.%d\n" % sys.version_info[:3])
    for path, raw in entries(sys.stdin.read().split("\n")):
        lines = file_lines(path, raw, compiled)
        out.write("\n".join(lines).encode("utf-8", "replace"))
        out.write(b"\n")
    out.flush()


if __name__ == "__main__":
    main()
