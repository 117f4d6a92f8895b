# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many examples a property gets that needs another number of them than most, and how many cases a long list has."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from hypothesis import settings

USUAL = 100


def examples(count: int, **more: Any) -> settings:
    """*count* examples in `make test`, and as much less of them in `make check` as others get less."""
    return settings(max_examples=max(1, count * settings().max_examples // USUAL), **more)


def cases[T](every: Iterable[T]) -> Iterable[T]:
    """*every* case in `make test`; in `make check` only each fifth or so, as many as properties have examples."""
    return islice(every, 0, None, max(1, USUAL // settings().max_examples))
