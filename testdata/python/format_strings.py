"""Format strings as Python 3.12 reads them (PEP 701)."""

name, value, width, items = "x", 3.14159, 10, ["a", "b"]
same_quotes = f"{"nested"} {items["0" if False else 0]}"
deep = f"{f"{f"{name}"}"}"
commented = f"{
    name  # a comment with a " quote
}"
backslash = f"{'\n'.join(items)}"
specs = f"{value:{width}.{2}f}{value!r:>{width}}{value:}{name!s}"
debug = f"{name=}{name = !r}{value=:.2f}{ name  =  }"
braces = f"{{}} {{{name}}} }}{{"
unicode_names = f"é {name} \N{BULLET} {'ü'}"
raw = rf"\d{name}\{{" fr'{name:\d}'
mixed = "plain " f"{name}" " and " 'more' f"" rf"\{name}"
lambdas = f"{(lambda x: x)(name)}{[item for item in items]!a}{ {'a': 1}['a']}"
walrus = f"{(other := name)}{other:=^10}"
multiline = f"""first
{name} and {
    value
    :.{width}f}
last"""
empty = f""
starred = f"{*items, 1}"
yielding = lambda: f"{(yield)}"
dates = f"{value:%H:%M}{name!r:^{width}}"
