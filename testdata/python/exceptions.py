"""Several exception types without parentheses (PEP 758), and exception groups (PEP 654)."""

try:
    pass
except ValueError, TypeError:
    pass
except (KeyError, IndexError) as error:
    print(error)
except OSError:
    pass

try:
    pass
except* ValueError, TypeError:
    pass
except* (KeyError, IndexError) as group:
    print(group)
finally:
    pass
