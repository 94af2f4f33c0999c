"""Structural pattern matching (PEP 634)."""

match = case = _ = 1
match (case)
match[0:1] if False else None


def kind(value):
    match value:
        case 0 | -1 | 1.5 | -2 + 3j | "text" "joined" | b"bytes" | None | True | False:
            return "literal"
        case []:
            return "empty"
        case [first, *rest] if rest:
            return first
        case (1, 2, *_):
            return "tuple"
        case (single):
            return single
        case {"key": found, "other": [_, _], **remaining}:
            return found, remaining
        case {}:
            return "mapping"
        case kind.member | kind.other.member:
            return "value"
        case Point(x=0, y=[a, b]) | Line(a, b) as shape:
            return shape
        case Point():
            return "class"
        case str() as text, *_:
            return text
        case _:
            return "anything"


match 1, 2:
    case 1, x:
        pass
    case x,:
        pass

match *kind, 2:
    case [*_]: pass
