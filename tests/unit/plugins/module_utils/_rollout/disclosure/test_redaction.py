# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that are not shown, in texts that others wrote, and in everything that leaves a run."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import FastbreakError, OperationError
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.disclosure.fingerprint import Disclosure
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.disclosure.redaction import Redaction
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.report import as_data
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.request.model import Migration
from hypothesis import Phase, given
from hypothesis import strategies as st

from tests.unit.examples import examples
from tests.unit.plugins.module_utils._rollout.case import deploy, document, promote, released
from tests.unit.plugins.module_utils._rollout.fakes import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def redaction(*values: str, public: tuple[str, ...] = ()) -> Redaction:
    made = Redaction()
    made.allow(public)
    for value in values:
        made.hide("environment.A", value)
    return made


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("hunter2", "password is hunter2."),
        ("correct horse", "got 'correct horse'"),
        ("--password=hunter2", "bad password hunter2"),
        ("postgres://app:hunter2@db/x", "authentication of app with hunter2 failed"),
        ('a "quoted" one', json.dumps({"value": 'a "quoted" one'})),
        ("-----BEGIN KEY-----\nMIIEvQIBADAN\n-----END KEY-----\n", "cannot parse MIIEvQIBADAN"),
        ("line\nbreak-of-it", repr("line\nbreak-of-it")),
        ("s\u00e9cret-w\u00f6rd", "it was s\u00e9cret-w\u00f6rd"),
    ],
)
def test_value_or_a_telling_part_of_it_is_not_read(value: str, text: str) -> None:
    made = redaction(value).text(text)
    assert "hidden, environment.A" in made
    assert not any(part in made for part in ("hunter2", "correct", "quoted", "MIIEvQ", "break-of-it", "w\u00f6rd"))


@pytest.mark.parametrize("value", ["info", "1", "true", "8080", "", "production", "--------"])
def test_common_value_does_not_garble_sentences(value: str) -> None:
    sentence = "level=info true 1 of 8080 in production --------"
    assert redaction(value).text(sentence) == sentence


def test_part_of_what_is_public_is_no_secret() -> None:
    made = redaction("us-east-1", "rds-name", public=("arn:aws:ecs:us-east-1:1:cluster/rds-name",))
    assert made.text("in us-east-1: rds-name") == "in us-east-1: rds-name"
    assert made.data({"a": ["us-east-1"], "b": 1}) == {"a": ["us-east-1"], "b": 1}


# Where a leaf is the name of a thing it is shown, and named in messages.
_NAMED = {"family", "name", "networkMode", "requiresCompatibilities", "cpu", "memory", "logDriver", "valueFrom"}
_NAMED |= {
    "image",
    "type",
    "taskRoleArn",
    "executionRoleArn",
    "awslogs-group",
    "awslogs-region",
    "awslogs-stream-prefix",
}


def full_document() -> dict[str, Any]:
    made = document(DB_PWD="x", JWT="x", LOG_LEVEL="x")
    made["containerDefinitions"][0] |= {
        "command": ["serve", "x"],
        "entryPoint": ["x"],
        "dockerLabels": {"x": "x"},
        "healthCheck": {"command": ["CMD", "x"]},
        "workingDirectory": "x",
        "user": "x",
        "systemControls": [{"namespace": "net.core.somaxconn", "value": "x"}],
        "firelensConfiguration": {"type": "fluentbit", "options": {"x": "x"}},
    }
    log = {"logDriver": "splunk", "options": {"splunk-token": "x", "splunk-url": "x"}}
    made["containerDefinitions"].append({"name": "sidecar", "image": "registry/log:1", "logConfiguration": log})
    return made


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        if (
            isinstance(member, str)
            and member != "CMD"
            and key not in _NAMED
            and path[-1:] != ("requiresCompatibilities",)
        ):
            yield (*path, key)
        yield from leaves(member, (*path, key))


def put(root: Any, path: tuple[Any, ...], value: str) -> None:
    for key in path[:-1]:
        root = root[key]
    root[path[-1]] = value


PATHS = list(leaves(full_document()))
random_secrets = st.text("abcdefghijkABCDEFGHIJK0123456789!$%_-+", min_size=8, max_size=24).filter(
    lambda text: any(map(str.isdigit, text)) and any(map(str.isalpha, text))
)


def everything(world: World, outcome: Any) -> str:
    records = [json.dumps(asdict(record), default=str, ensure_ascii=False) for record in world.records.values()]
    return "\n".join([json.dumps(outcome, default=str, ensure_ascii=False), *world.lines, *records])


def outcome_of(ports: Ports, version: str, **other: Any) -> dict[str, Any]:
    try:
        return as_data(deploy(ports, version, **other))
    except FastbreakError as error:
        return {"msg": error.message, "args": error.args, **error.details}


@examples(12, phases=[Phase.explicit, Phase.generate])
@given(st.sampled_from(PATHS), random_secrets, random_secrets)
@pytest.mark.parametrize("ending", ["good", "bad", "refused", "migration"])
def test_secret_in_any_leaf_is_never_read(ending: str, path: tuple[Any, ...], old: str, new: str) -> None:
    world = World()
    ports = all_ports(world)
    before, after = full_document(), full_document()
    put(before, path, old)
    put(after, path, new)
    world.push("1.0.0", "a")
    deploy(ports, "1.0.0", document=before)
    echo = f"the app says {old} and {new}, {json.dumps([new])}"
    world.push("1.1.0", "b", status=200 if ending != "bad" else 500, migration_exit=int(ending == "migration"))
    write_log(world, "starting", echo)
    if ending == "refused":

        def refuse(document: Mapping[str, object], tags: Mapping[str, str]) -> Any:
            raise OperationError(f"ECS refused (ClientException): {echo}", code="ClientException", echo=[echo])

        world.register_task_definition = refuse  # type: ignore[method-assign]
    migration = Migration("service", ("migrate", f"--password={new}"))
    for check_mode in (True, False):
        seen = outcome_of(ports, "1.1.0", document=after, check_mode=check_mode, migration=migration)
        told = everything(world, seen)
        assert old not in told
        assert new not in told
        assert json.dumps(new)[1:-1] not in told
    assert ("msg" in seen) == (ending != "good")


def write_log(world: World, *written: str) -> None:
    def tail(group: str, stream: str, *, lines: int) -> tuple[str, ...]:
        return written

    world.tail = tail  # type: ignore[method-assign]


def all_ports(world: World) -> Ports:
    return Ports(*[world] * 13)  # type: ignore[arg-type]


def test_values_are_shown_when_asked_for_but_never_recorded(world: World, ports: Ports) -> None:
    released(world, ports)
    promote(world, "1.1.0", "b")
    world.push("1.1.0", "b", status=500)
    write_log(world, "password is hunter2-of-mine")
    seen = outcome_of(
        ports,
        "1.1.0",
        document=document(DB_PWD="hunter2-of-mine"),
        disclosure=Disclosure(b"k", show_values=True),
    )
    assert "password is hunter2-of-mine" in seen["msg"]
    assert "hunter2-of-mine" in str(seen["diff"])
    assert not any("hunter2" in str(record) for record in world.records.values())
