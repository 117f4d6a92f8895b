# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Publishing against a registry and an engine in memory."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import (
    Authorization,
    RepositoryImage,
    RepositorySettings,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import DependencyError, OperationError, RefusedError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.login import Login
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._publish.run import Ports, Published, publish
from ansible_collections.fastbreak.aws.plugins.module_utils._publish.values import Publication

REQUEST = Publication("fastbreak/inference", "0.1.0-abc", "fastbreak/inference:0.1.0-abc", ("make", "image"))
LOGIN = Login("registry.example:5000", "AWS", "secret")


@dataclass
class World:
    """A registry with at most one repository, and an engine that pushes into it."""

    repository: str | None = REQUEST.repository
    tags: dict[str, str] = field(default_factory=dict)
    lists_pushed_tags: bool = True
    push_fails_after: dict[str, str] | None = None
    log: list[str] = field(default_factory=list)

    def describe_repository(self, repository: str) -> RepositorySettings:
        return RepositorySettings(exists=repository == self.repository)

    def describe_image(self, tagged: Address) -> RepositoryImage | None:
        assert tagged.repository == self.repository
        digest = self.tags.get(tagged.reference)
        return RepositoryImage(digest, (tagged.reference,), datetime(2026, 1, 1, tzinfo=UTC)) if digest else None

    def get_authorization_token(self) -> Authorization:
        return Authorization(LOGIN, f"https://{LOGIN.host}")

    def build(self, command: tuple[str, ...]) -> None:
        self.log.append(f"build {' '.join(command)}")

    def pull(self, reference: str, local_image: str, login: Login) -> None:
        assert login == LOGIN
        self.log.append(f"pull {reference} as {local_image}")

    def push(self, local_image: str, reference: str, login: Login) -> None:
        assert login == LOGIN
        self.log.append(f"push {local_image} as {reference}")
        if self.push_fails_after is not None:
            self.tags |= self.push_fails_after
            raise OperationError("the push failed")
        if self.lists_pushed_tags:
            self.tags[reference.rpartition(":")[2]] = "sha256:built"


def run(world: World, *, check_mode: bool = False) -> Published:
    return publish(REQUEST, Ports(world, world, world.log.append), check_mode=check_mode)


def test_builds_and_pushes_a_tag_that_is_not_there() -> None:
    world = World()
    assert run(world) == Published(changed=True, digest="sha256:built")
    assert [line for line in world.log if not line.startswith("  ·")] == [
        "build make image",
        "push fastbreak/inference:0.1.0-abc as registry.example:5000/fastbreak/inference:0.1.0-abc",
    ]


def test_the_second_run_does_nothing() -> None:
    world = World()
    run(world)
    world.log.clear()
    assert run(world) == Published(changed=False, digest="sha256:built")
    assert world.log == []


def test_what_another_machine_published_is_fetched_by_its_digest_where_that_is_asked_for() -> None:
    world = World(tags={REQUEST.tag: "sha256:theirs"})
    ports, fetching = Ports(world, world, world.log.append), replace(REQUEST, fetch=True)
    assert publish(fetching, ports, check_mode=True) == Published(changed=False, digest="sha256:theirs")
    assert world.log == []
    assert publish(fetching, ports, check_mode=False) == Published(changed=False, digest="sha256:theirs")
    reference = "registry.example:5000/fastbreak/inference@sha256:theirs"
    assert world.log[1:] == [f"pull {reference} as fastbreak/inference:0.1.0-abc"]
    world.tags.clear()
    assert publish(fetching, ports, check_mode=False) == Published(changed=True, digest="sha256:built")


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("tags", "seen"), [({}, "is not there"), ({REQUEST.tag: "sha256:other"}, "names sha256:other")]
)
def test_what_was_seen_before_is_fetched_or_nothing_is(tags: dict[str, str], seen: str, check_mode: bool) -> None:
    world = World(tags=tags)
    ports, fetching = Ports(world, world, world.log.append), replace(REQUEST, fetch=True, digest="sha256:theirs")
    with pytest.raises(RefusedError, match=f"the tag {seen} now. Nothing was built"):
        publish(fetching, ports, check_mode=check_mode)
    assert world.log == []
    world.tags = {REQUEST.tag: "sha256:theirs"}
    assert publish(fetching, ports, check_mode=check_mode) == Published(changed=False, digest="sha256:theirs")
    assert len(world.log) == (0 if check_mode else 2)


@pytest.mark.parametrize("repository", [REQUEST.repository, None])
def test_check_mode_predicts_and_touches_nothing_on_an_empty_account_too(repository: str | None) -> None:
    world = World(repository=repository)
    assert run(world, check_mode=True) == Published(changed=True)
    assert world.log == []


def test_a_missing_repository_is_said_before_anything_is_built() -> None:
    world = World(repository=None)
    with pytest.raises(DependencyError, match="--limit ecr"):
        run(world)
    assert world.log == []


def test_a_push_that_lost_against_another_one_takes_the_winners_digest() -> None:
    world = World(push_fails_after={REQUEST.tag: "sha256:theirs"})
    assert run(world) == Published(changed=False, digest="sha256:theirs")


def test_a_push_that_failed_for_another_reason_fails() -> None:
    with pytest.raises(OperationError, match="the push failed"):
        run(World(push_fails_after={}))


def test_a_push_that_the_registry_does_not_know_of_is_no_success() -> None:
    with pytest.raises(OperationError, match="does not list the tag"):
        run(World(lists_pushed_tags=False))


def test_a_login_never_shows_its_password() -> None:
    assert "secret" not in repr(LOGIN)
    assert "secret" not in str(replace(LOGIN, host="other"))
