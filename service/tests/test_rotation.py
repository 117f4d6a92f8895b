# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Rotations over a secret and a database in memory: killed after any call, run again, run twice at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbreak_service.store.credentials import CURRENT, PENDING, Credentials, Version
from fastbreak_service.store.failures import SecretError
from fastbreak_service.store.roles import AdministrationError, Roles
from fastbreak_service.store.rotation import rotate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIRST = Credentials("app_a", "first")


class Killed(BaseException):
    """The process ended here."""


class World:
    """A secret with its stages, the users of a database, and a service that logs in after every call."""

    arn = "arn:of:it"

    def __init__(self, first: Credentials = FIRST) -> None:
        self.documents = {"v1": first.document()}
        self.stages = {CURRENT: "v1"}
        self.passwords = {first.username: first.password}
        self.locked, self.watched = False, True
        self.calls = 0
        self.killed_after: int | None = None
        self.meanwhile: Callable[[], None] | None = None

    def _called(self) -> None:
        self.calls += 1
        assert not self.watched or self.lets_in(self.current()), f"after call {self.calls} the current user is refused"
        if self.calls == self.killed_after:
            raise Killed

    def current(self) -> Credentials:
        return Credentials.parse(self.documents[self.stages[CURRENT]], self.arn)

    def lets_in(self, credentials: Credentials) -> bool:
        return self.passwords.get(credentials.username) == credentials.password

    def version(self, stage: str) -> Version:
        found = Version(self.stages[stage], self.documents[self.stages[stage]])
        self._called()
        return found

    def find_version(self, stage: str) -> Version | None:
        return self.version(stage) if stage in self.stages else None

    def propose(self, credentials: Credentials) -> Version:
        made = Version(f"v{len(self.documents) + 1}", credentials.document())
        self.documents[made.id] = made.document
        self.stages[PENDING] = made.id
        self._called()
        return made

    def promote(self, version: Version, before: Version) -> None:
        assert self.stages[CURRENT] == before.id
        self.stages[CURRENT] = version.id
        self._called()

    @contextmanager
    def alone(self) -> Iterator[None]:
        if self.meanwhile:
            self.meanwhile()
        assert not self.locked
        self.locked = True
        try:
            yield
        finally:
            self.locked = False

    def give(self, credentials: Credentials) -> None:
        self.passwords[credentials.username] = credentials.password
        self._called()

    def try_login(self, credentials: Credentials) -> None:
        assert self.lets_in(credentials)
        self._called()


def test_users_take_turns_and_the_one_before_is_let_in_until_the_next_turn() -> None:
    world, seen = World(), [FIRST]
    for before, after in (("app_a", "app_b"), ("app_b", "app_a"), ("app_a", "app_b")):
        rotation = rotate(world, world)
        assert (rotation.before, rotation.after, rotation.resumed, rotation.rotated) == (before, after, False, True)
        seen.append(world.current())
        assert world.lets_in(seen[-2])
    assert len({credentials.password for credentials in seen}) == 4
    assert not world.lets_in(FIRST)


@given(st.lists(st.integers(1, 12), max_size=4))
def test_killed_anywhere_it_is_gone_on_with(kills: list[int]) -> None:
    world = World()
    for kill in kills:
        world.calls, world.killed_after = 0, kill
        try:
            rotate(world, world)
        except Killed:
            assert world.lets_in(world.current())
    world.killed_after = None
    before, pending = world.current(), world.stages.get(PENDING)
    left = pending is not None and pending != world.stages[CURRENT]
    rotation = rotate(world, world)
    assert rotation.resumed == left
    assert world.current().username == rotation.after != before.username
    if left:
        assert world.stages[CURRENT] == pending, "no second password is made for a rotation that was interrupted"
    assert world.lets_in(before)


def test_whom_another_run_was_quicker_than_changes_nothing() -> None:
    world = World()

    def other_run() -> None:
        world.meanwhile = None
        rotate(world, world)

    world.meanwhile = other_run
    rotation = rotate(world, world)
    assert (rotation.rotated, rotation.before, rotation.after) == (False, "app_a", "app_b")
    assert list(world.documents) == ["v1", "v2"]


@pytest.mark.parametrize("document", ["garbage", FIRST.document(), Credentials("else_b", "x").document()])
def test_a_pending_version_of_another_kind_is_replaced(document: str) -> None:
    world = World()
    world.documents["v2"], world.stages[PENDING] = document, "v2"
    rotation = rotate(world, world)
    assert (rotation.after, rotation.resumed) == ("app_b", False)
    assert world.stages[CURRENT] == "v3"
    assert world.passwords["app_a"] == "first", "the current user's password is never changed"


@pytest.mark.parametrize("name", ["app", "_a", "a", "App_a", "app_c", 'app"; DROP_a', "1app_a", "x" * 61 + "_a"])
def test_a_user_that_is_not_one_of_two_is_refused(name: str) -> None:
    world = World(Credentials(name, "x"))
    with pytest.raises(AdministrationError, match="must end in _a or _b"):
        rotate(world, world)
    assert list(world.documents) == ["v1"]


def test_an_unusable_secret_is_refused_before_anything_changes() -> None:
    world = World()
    world.documents["v1"], world.watched = "garbage", False
    with pytest.raises(SecretError, match="must hold a JSON object"):
        rotate(world, world)
    assert list(world.documents) == ["v1"]


@given(st.from_regex(r"[a-z][a-z0-9_]{0,20}_[ab]", fullmatch=True))
def test_each_user_is_the_others_other(name: str) -> None:
    roles = Roles.of(name)
    assert roles.other(name) in set(roles.users) - {name}
    assert roles.other(roles.other(name)) == name
    assert Roles.of(roles.other(name)) == roles
