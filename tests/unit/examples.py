"""How many examples a property gets that needs another number of them than most."""

from typing import Any

from hypothesis import settings

USUAL = 100


def examples(count: int, **more: Any) -> settings:
    """*count* examples in `make test`, and as much less of them in `make check` as others get less."""
    return settings(max_examples=max(1, count * settings().max_examples // USUAL), **more)
