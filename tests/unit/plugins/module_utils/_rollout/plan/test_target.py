# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which release is wanted: by version, by the history, or none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, RequestError, RolledBackError
from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import ROLLBACK
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.examples import examples
from tests.unit.plugins.module_utils._rollout.case import deploy, document, newest, promote, released
from tests.unit.plugins.module_utils._rollout.fakes import REPOSITORY_URI, World
from tests.unit.plugins.module_utils._rollout.junk import junk, places


def test_unknown_version_names_the_nearest(world: World, ports: Ports) -> None:
    world.push("1.0.0", "a")
    near = world.push("1.1.0", "b")
    with pytest.raises(RefusedError, match="no image of repository") as caught:
        deploy(ports, "1.1.1")
    assert caught.value.details["nearest_versions"][0] == near


def test_rollback_to_a_named_version_by_semver_tag_or_digest(world: World, ports: Ports) -> None:
    released(world, ports)
    for version, digit in (("1.1.0", "b"), ("1.2.0", "c")):
        world.push(version, digit)
        deploy(ports, version)
    for named, expected in (("1.0.0", "1.0.0"), (f"1.1.0-{'b' * 40}", "1.1.0"), (f"sha256:{'c' * 64}", "1.2.0")):
        assert deploy(ports, named, kind=ROLLBACK).version.startswith(expected)
        assert not deploy(ports, named, kind=ROLLBACK).changed


def test_rollback_without_a_release_before_is_refused(world: World, ports: Ports) -> None:
    released(world, ports)
    with pytest.raises(RefusedError, match="no release before"):
        deploy(ports, "", kind=ROLLBACK)
    with pytest.raises(RefusedError, match=r"no release of 9\.9\.9 has succeeded"):
        deploy(ports, "9.9.9", kind=ROLLBACK)


def test_rollback_whose_image_is_gone_is_refused_but_a_lost_tag_is_not(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    deploy(ports, "1.1.0")
    kept = world.images[:]
    world.images = [replace(kept[0], tags=()), kept[1]]
    predicted = deploy(ports, "", kind=ROLLBACK, check_mode=True)
    assert predicted.changed
    world.images = kept[1:]
    with pytest.raises(RefusedError, match="is no longer in repository"):
        deploy(ports, "", kind=ROLLBACK)


def test_rollback_to_a_version_that_was_promoted_but_never_released_says_so(world: World, ports: Ports) -> None:
    released(world, ports)
    tag = promote(world, "1.1.0", "b")
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "1.1.0", kind=ROLLBACK)
    assert f"{tag} was promoted at 2026-01-01T00:00:00.000Z but has never been released here" in caught.value.message
    assert f"playbooks/deploy.yml -e version={tag}" in caught.value.message
    with pytest.raises(RefusedError) as caught:
        deploy(ports, "1.2.0", kind=ROLLBACK)
    assert "promoted" not in caught.value.message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"family": None}, r"task_definition\.family is missing"),
        ({"cpu": "lots"}, "cpu is 'lots'"),
        ({"containerDefinitions": "x"}, "containerDefinitions is text, where a list is wanted"),
        ({"containerDefinitions": [{"name": "other"}]}, "port 8080 of container 'service', which does not exist"),
    ],
)
def test_task_definition_that_cannot_be_right_is_a_request_error(
    world: World, ports: Ports, change: dict[str, object], said: str
) -> None:
    world.push("1.0.0", "a")
    with pytest.raises(RequestError, match=said):
        deploy(ports, "1.0.0", document={**document(), **change})
    assert world.calls == []


@examples(150)
@given(st.sampled_from(list(places(document(A="1")))), junk)
def test_whatever_stands_in_a_task_definition_it_is_taken_or_refused(place: tuple[Any, ...], value: Any) -> None:
    world, wanted = World(), document(A="1")
    world.push("1.0.0", "a")
    holder: Any = wanted
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    ports = Ports(*[world] * 13)  # type: ignore[arg-type]
    try:
        deploy(ports, "1.0.0", document=wanted, check_mode=True)
    except (RequestError, RefusedError) as error:
        assert "task_definition" in error.message or "container" in error.message  # noqa: PT017


def register(world: World, image: str, **other: Any) -> str:
    """Somebody registers a revision of the family; its short name."""
    family = other.pop("family", "")
    made = document(FASTBREAK_LOG_LEVEL="debug", **other)
    made["family"] = family or made["family"]
    made["containerDefinitions"][0]["image"] = image
    return world.register_task_definition(made, {}).arn.rpartition("/")[2]


THEIRS = {"fastbreak:service": "billing", "fastbreak:cluster": "fastbreak-dev"}


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("marked", ["itself", "the newest of its family"])
@pytest.mark.parametrize("why", ["tag", "inactive"])
def test_no_copy_is_registered_in_the_family_of_another_service(
    world: World, ports: Ports, *, why: str, marked: str, check_mode: bool
) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    image = f"{REPOSITORY_URI}:1.1.0-{'b' * 40}" if why == "tag" else image_of("b")
    name, newest_name = (register(world, image, family="billing") for _ in range(2))
    there = {arn.rpartition("/")[2]: arn for arn in world.definitions}
    world.definition_tags[there[name if marked == "itself" else newest_name]] = THEIRS
    if why == "inactive":
        world.deregister_task_definition(there[name])
    world.calls.clear()
    with pytest.raises(RefusedError, match=r"family billing, and billing:\d there belongs to service billing of"):
        deploy(ports, "", revision=name, document={}, check_mode=check_mode)
    assert world.calls == []


def test_revision_of_another_service_is_deployed_where_nothing_is_registered(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    name = register(world, image_of("b"), family="billing")
    world.definition_tags[next(arn for arn in world.definitions if arn.endswith(name))] = THEIRS
    done = deploy(ports, "", revision=name, document={})
    assert done.task_definition_arn.endswith(name)
    # Once it is deregistered, the way back to it would register a copy.
    world.push("1.2.0", "c")
    deploy(ports, "1.2.0")
    world.deregister_task_definition(done.task_definition_arn)
    world.calls.clear()
    with pytest.raises(RefusedError, match="belongs to service billing"):
        deploy(ports, "1.1.0", kind=ROLLBACK)
    assert world.calls == []


def image_of(digit: str) -> str:
    return f"{REPOSITORY_URI}@sha256:{digit * 64}"


def test_a_registered_revision_is_deployed_as_it_is_judged_and_recorded(world: World, ports: Ports) -> None:
    released(world, ports)
    tag = world.push("1.1.0", "b")
    name = register(world, image_of("b"))
    done = deploy(ports, "", revision=name, document={})
    assert (done.action, done.version, done.task_definition_arn.rpartition("/")[2]) == ("deploy", tag, name)
    assert newest(world).succeeded
    assert (newest(world).digest, newest(world).kind) == (f"sha256:{'b' * 64}", "deploy")
    assert "register_task_definition" not in world.calls[1:]
    assert not deploy(ports, "", revision=done.task_definition_arn, document={}).changed
    assert deploy(ports, "", kind=ROLLBACK).version.startswith("1.0.0")


def test_a_revision_that_was_deregistered_is_registered_anew_once(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    name = register(world, image_of("b"))
    arn = next(arn for arn in world.definitions if arn.endswith(name))
    world.deregister_task_definition(arn)
    done = deploy(ports, "", revision=name, document={})
    assert done.task_definition_arn not in ("", arn)
    assert not deploy(ports, "", revision=name, document={}).changed


@pytest.mark.parametrize("tag", [":1.1.0-" + "b" * 40, ":mutable", ""])
def test_an_image_named_by_a_tag_is_pinned_to_its_digest(tag: str, world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    world.images[-1] = replace(world.images[-1], tags=(*world.images[-1].tags, "mutable", "latest"))
    done = deploy(ports, "", revision=register(world, REPOSITORY_URI + tag), document={})
    assert done.image == image_of("b")
    assert done.version.startswith("1.1.0-")
    running = world.definitions[done.task_definition_arn].document
    assert running["containerDefinitions"][0]["image"] == image_of("b")


def test_a_tag_of_an_image_is_taken_as_ecs_takes_it(world: World, ports: Ports) -> None:
    """A version stands for longer tags; in a task definition it is a tag like any other."""
    released(world, ports)
    world.push("1.1.0", "b")
    name = register(world, f"{REPOSITORY_URI}:1.1.0")
    with pytest.raises(RefusedError, match="is not in repository fastbreak/inference"):
        deploy(ports, "", revision=name, document={})
    world.push("1.1.0", "c")
    older = replace(world.images[-1], tags=("1.1.0", *world.images[-1].tags), pushed_at=world.images[0].pushed_at)
    world.images[-1] = older
    assert deploy(ports, "", revision=name, document={}).image == image_of("c")


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (image_of("e"), "is not in repository fastbreak/inference"),
        (f"{REPOSITORY_URI}:absent", "is not in repository fastbreak/inference"),
        ("public.ecr.aws/nginx/nginx:1", "is not of repository fastbreak/inference in ECR"),
        (REPOSITORY_URI.replace("111111111111", "222222222222"), "is not of repository fastbreak/inference in ECR"),
        ("Not An Image", "its image cannot be read"),
    ],
)
def test_a_revision_whose_image_is_not_known_for_certain_is_refused(
    image: str, said: str, world: World, ports: Ports
) -> None:
    released(world, ports)
    name = register(world, image)
    world.calls.clear()
    for check_mode in (True, False):
        with pytest.raises(RefusedError, match=said):
            deploy(ports, "", revision=name, document={}, check_mode=check_mode)
    assert world.calls == []


def test_a_revision_that_is_not_there_or_has_no_such_container_is_refused(world: World, ports: Ports) -> None:
    released(world, ports)
    with pytest.raises(RefusedError, match="web:7 was refused: there is no such task definition"):
        deploy(ports, "", revision="web:7", document={})
    made = document()
    made["containerDefinitions"][0] |= {"name": "other", "image": image_of("a")}
    name = world.register_task_definition(made, {}).arn
    with pytest.raises(RefusedError, match=r"has no container service .*; there are: other"):
        deploy(ports, "", revision=name, document={})


def test_a_registered_revision_has_to_be_promoted_and_to_fit_like_any_other(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b")
    name = register(world, image_of("b"))
    with pytest.raises(RefusedError, match="require_promoted accepts nothing else"):
        deploy(ports, "", revision=name, document={}, require_promoted=True)
    made = {**document(), "networkMode": "bridge"}
    made["containerDefinitions"][0]["image"] = image_of("b")
    bridged = world.register_task_definition(made, {}).arn
    with pytest.raises(RequestError, match="networkMode is bridge"):
        deploy(ports, "", revision=bridged, document={})


def test_a_registered_revision_that_is_unfit_is_rolled_back(world: World, ports: Ports) -> None:
    released(world, ports)
    world.push("1.1.0", "b", status=500)
    with pytest.raises(RolledBackError):
        deploy(ports, "", revision=register(world, image_of("b")), document={})
    assert world.service
    assert world.service.task_definition_arn == world.history("inference")[1].task_definition_arn
