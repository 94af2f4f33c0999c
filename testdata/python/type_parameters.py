"""Type parameters and aliases (PEP 695), with defaults (PEP 696)."""

from collections.abc import Callable


def first[T](items: list[T]) -> T:
    return items[0]


def bounded[T: int, U: (str, bytes)](number: T, text: U) -> tuple[T, U]:
    return number, text


async def called[**P, R](function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return function(*args, **kwargs)


class Box[T = int]:
    value: T

    def map[U = T, *Ts = *tuple[int, ...], **P = [str]](self, function: Callable[[T], U]) -> "Box[U]":
        def inner[V]() -> V:
            return function(self.value)

        return inner()


class Pair[T: int = bool, *Ts](Box[T], metaclass=type):
    pass


type Plain = int
type Generic[T] = list[T] | dict[str, T]
type Defaulted[T: int = bool, *Ts = *tuple[int], **P = ...] = Callable[P, tuple[T, *Ts]]
type = 1
type [0] if False else None
print(type)
