"""Template strings (PEP 750)."""

name, width = "world", 12
plain = t"hello"
one = t"hello {name}"
several = t"{name!r:>{width}} and {name=} {{braces}}"
raw = rt"\d{name}\{name}"
joined = t"first {name} " t"second {name + '!'}"
spread = t"""
{
    name
} and {name:%Y-%m-%d}
"""
nested = t"outer {t'inner {name}'} {f'formatted {name}'}"
spaced = t"{ name }{ name !s}{ name = }"
