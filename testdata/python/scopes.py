"""Scopes: who sees which name."""

import a.b
import a.c as ac
from d import e as f, g
from . import sibling
from ..parent import *

counter = 0
total: int = 0
declared: str


def decorate(function, default=counter, *rest, option=total, **more) -> counter:
    global counter, made_global
    counter += 1
    made_global = function

    def inner(argument: default = counter):
        nonlocal function
        function = argument
        return lambda first, second=argument: first + second + total

    return inner


@decorate
class Outer(base := object, metaclass=type):
    attribute = 1
    other = [attribute for attribute in range(attribute)]
    another = [attribute2 + counter for attribute2 in (lambda: range(total))() if attribute2]

    def method(self, parameter=attribute):
        __class__
        return super().method(attribute)

    class Inner:
        seen = counter
        __private = seen

        def __mangled(self):
            return self.__private, __private


def walrus(items):
    if any((last := item) for item in items):
        return last
    return [[hit := inner for inner in row] for row in items], hit


def deleting():
    try:
        name = 1
        del name
    except (ValueError, TypeError) as error:
        raise error
    with open("x") as handle, open("y") as (left, [right, *others]):
        for index, (key, value) in enumerate(handle):
            print(index, key, value, left, right, others)
        else:
            import late.binding
    match handle:
        case {"a": captured, **rest} | [captured, *rest]:
            return captured, rest, late


async def asynchronous():
    async with handle as other:
        return [item async for item in other if await item]


nested = {key: {inner for inner in key} for key in (value for value in nested)}
chosen = lambda: (yield counter)
for looped in []:
    conditional = looped
while (walrus_name := next(nested)):
    pass
