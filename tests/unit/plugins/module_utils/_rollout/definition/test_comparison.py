# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task definitions: compared whole, never different from their own description."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.definition.comparison import (
    fingerprint,
    is_same,
    normalise,
    with_image,
)
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.disclosure.definition import changes
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._rollout.definitions import container, definition, described, documents

if TYPE_CHECKING:
    import random


def test_what_is_described_is_what_was_registered() -> None:
    assert is_same(described(definition()), definition())
    assert changes(described(definition()), definition()) == ()


@pytest.mark.parametrize(
    ("written", "stored"), [(256, "256"), ("256", "256"), ("1 vCPU", "1024"), ("0.25 vcpu", "256"), (".5 vCPU", None)]
)
def test_cpu_is_read_as_ecs_reads_it(written: Any, stored: str | None) -> None:
    if stored is None:
        with pytest.raises(ValueError, match="cpu is"):
            normalise(definition(cpu=written))
    else:
        assert normalise(definition(cpu=written))["cpu"] == stored


@pytest.mark.parametrize(("written", "stored"), [(512, "512"), ("0.5 GB", "512"), ("2GB", "2048"), ("2.5", None)])
def test_memory_is_read_as_ecs_reads_it(written: Any, stored: str | None) -> None:
    if stored is None:
        with pytest.raises(ValueError, match="memory is"):
            normalise(definition(memory=written))
    else:
        assert normalise(definition(memory=written))["memory"] == stored


def test_bare_role_name_is_the_role_of_that_name() -> None:
    assert is_same(described(definition()), definition(taskRoleArn="task"))
    assert not is_same(described(definition()), definition(taskRoleArn="tasks"))


def test_truth_value_in_the_environment_is_refused_since_its_text_is_ambiguous() -> None:
    wanted = definition(containerDefinitions=[container(environment=[{"name": "ON", "value": True}])])
    with pytest.raises(ValueError, match="in quotes"):
        normalise(wanted)


def test_numbers_in_the_environment_are_text() -> None:
    number = definition(containerDefinitions=[container(environment=[{"name": "N", "value": 8080}])])
    text = definition(containerDefinitions=[container(environment=[{"name": "N", "value": "8080"}])])
    assert is_same(number, text)


def test_default_inside_a_free_map_is_kept() -> None:
    log = {"logDriver": "awslogs", "options": {"mode": "blocking", "essential": "true"}}
    assert normalise(definition(containerDefinitions=[container(logConfiguration=log)]))["containerDefinitions"][0][
        "logConfiguration"
    ] == {"logDriver": "awslogs", "options": {"mode": "blocking", "essential": "true"}}


def test_host_port_of_the_bridge_network_counts() -> None:
    fixed = definition(
        networkMode="bridge", containerDefinitions=[container(portMappings=[{"containerPort": 80, "hostPort": 8000}])]
    )
    dynamic = definition(
        networkMode="bridge", containerDefinitions=[container(portMappings=[{"containerPort": 80, "hostPort": 0}])]
    )
    omitted = definition(networkMode="bridge", containerDefinitions=[container(portMappings=[{"containerPort": 80}])])
    assert is_same(dynamic, omitted)
    assert not is_same(fixed, omitted)


def test_only_containers_without_an_image_run_the_release() -> None:
    sidecar = {"name": "proxy", "image": "proxy:1"}
    document = with_image(definition(containerDefinitions=[{"name": "app"}, sidecar]), "registry/app@sha256:x")
    assert [container["image"] for container in document["containerDefinitions"]] == [
        "registry/app@sha256:x",
        "proxy:1",
    ]


@given(documents())
def test_normalising_twice_is_normalising_once(document: dict[str, Any]) -> None:
    assert normalise(normalise(document)) == normalise(document)


@given(documents(), st.randoms())
def test_order_of_what_has_none_never_counts(document: dict[str, Any], chance: random.Random) -> None:
    shuffled = copy.deepcopy(document)
    for key in ("environment", "secrets", "portMappings"):
        chance.shuffle(shuffled["containerDefinitions"][0][key])
    assert is_same(document, shuffled)


def test_a_fingerprint_tells_same_from_different_by_a_key_alone() -> None:
    """Without the key a short value cannot be found by trying a dictionary."""
    weak = definition(containerDefinitions=[container(environment=[{"name": "P", "value": "hunter2"}])])
    assert fingerprint(weak, "sha256:x", b"a") == fingerprint(described(weak), "sha256:x", b"a")
    assert fingerprint(weak, "sha256:x", b"a") != fingerprint(definition(), "sha256:x", b"a")
    assert fingerprint(weak, "sha256:x", b"a") != fingerprint(weak, "sha256:x", b"b")
