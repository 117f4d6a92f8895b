# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks as ansible-playbook runs them: options are judged as they were written."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.unit.plugins.plugin_utils.processes import descendants, left_of
from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SIDES = {"source": {"registry": "a.invalid"}, "destination": {"registry": "b.invalid"}}
#: What stands in the playbook, as YAML, and what is said. Nothing of it may reach a registry.
TASKS = {
    "image_promotion {repository: app, tag: 1.10}": "tag is read as the number 1.1",
    "image_promotion {repository: app, tag: on}": "tag is read as true",
    "image_promotion {repository: app, tag: 010}": "tag is read as the number 8",
    "image_promotion {repository: app, tag: 2024-01-01}": "tag is read as the date 2024-01-01",
    "image_promotion {images: [{repository: app, tag: 1.10}]}": "images[0].tag is read as the number 1.1",
    "image_promotion {repository: app, tag: '{{ number }}'}": "tag is read as the number 1.1",
    "image_promotion {repository: app, tag: '{{ text }}', gates: {age: }}": "(1) gates.age is given without a value",
    "image_promotion {repository: app, tag: a, digest: '{{ nothing }}'}": "digest is given without a value (null)",
    "image_promotion {repository: app, tag: a, sign: }": "(1) sign is given without a value (null)",
    "image_promotion {repository: app, tag: a, sign: '{{ nothing }}'}": "sign is given without a value (null)",
    "image_promotion {repository: app, tag: a, sign: {private_key: '{{ nothing }}'}}": "sign.private_key is given",
    "ecr_image_info {repository: app, version: 1.10, region: r}": "version is read as the number 1.1",
    "ecr_image {repository: app, tag: 1.10, local_image: a, build: [a], region: r}": "tag is read as the number",
    "ecs_rollout {cluster: c, service: s, release_table: t, version: 1.10, region: r}": "version is read as the number",
    "ecs_rollout {cluster: c, service: s, release_table: t, require_promoted: , region: r}": "require_promoted is",
    "ecs_rollout {cluster: c, service: s, release_table: t, network: no, region: r}": "network is read as false",
    "ecs_rollout {cluster: c, service: s, release_table: t, gates: [1], region: r}": "gates[0] is read as the number 1",
    "ecs_rollout {cluster: c, service: s, release_table: t, migration: , region: r}": "migration is given without a",
    "image_promotion_info {service: s, release_table: t, version: 1.10, region: r}": "version is read as the number",
    "source_tree_info {path: /, version: 1.10}": "version is read as the number 1.1",
}


def task(number: int, written: str) -> dict[str, Any]:
    module, _, options = written.partition(" ")
    given: Mapping[str, Any] = yaml.safe_load(options)
    sides = SIDES if module == "image_promotion" else {"source": SIDES["source"]} if module == "ecr_image_info" else {}
    return {f"fastbreak.aws.{module}": {**sides, **given}, "register": f"r{number}", "ignore_errors": True}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The message of each task, all of one run."""
    folder = tmp_path_factory.mktemp("play")
    tasks = [task(number, written) for number, written in enumerate(TASKS)]
    said = ", ".join(f"r{number}.msg" for number in range(len(tasks)))
    copied = {"content": f"{{{{ [{said}] | to_json }}}}", "dest": str(folder / "said"), "mode": "0600"}
    tasks.append({"ansible.builtin.copy": copied})
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    (folder / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    variables = '{"number": 1.10, "text": "1.10", "nothing": null}'
    command = [
        Path(sys.executable).with_name("ansible-playbook"),
        "-i",
        "localhost,",
        folder / "play.yml",
        "-e",
        variables,
    ]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_LOCALHOST_WARNING": "false"}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(zip(TASKS, json.loads((folder / "said").read_text()), strict=True))


@pytest.mark.process
@pytest.mark.parametrize("written", TASKS)
def test_options_are_judged_as_they_were_written(written: str, answers: dict[str, str]) -> None:
    assert answers[written].startswith("The task was refused because of its options; nothing was asked")
    assert TASKS[written] in answers[written]
    assert "(2)" not in answers[written]


@pytest.mark.parametrize(("action", "loaded"), [("component_failure", 0), ("image_promotion", 0), ("account_guard", 1)])
def test_boto3_is_loaded_where_an_action_needs_it_and_then_before_workers_are_forked(action: str, loaded: int) -> None:
    """It takes half a second: the controller imports an action before it forks a worker for each task."""
    code = (
        f"import sys; import ansible_collections.fastbreak.aws.plugins.action.{action}; "
        "sys.exit('boto3' in sys.modules or 'botocore.parsers' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".ansible/collections")}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == loaded


@pytest.fixture
def black_hole() -> Iterator[socket.socket]:
    """A server that takes connections and never answers. Until the deadline of a call passes, 5 minutes go by."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(120)
        yield server


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM], ids=lambda number: number.name)
def test_worker_that_waits_for_an_answer_ends_with_its_run(
    number: signal.Signals, black_hole: socket.socket, tmp_path: Path
) -> None:
    account = {"access_key": "x", "secret_key": "x", "endpoint_url": f"http://127.0.0.1:{black_hole.getsockname()[1]}"}
    task = {"fastbreak.aws.cloudformation_stack_info": {"names": ["a"], "region": "us-east-1", **account}}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", tmp_path / "play.yml"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    with (
        (tmp_path / "shown").open("wb") as shown,
        subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=shown, start_new_session=True
        ) as run,
    ):
        connection, _address = black_hole.accept()
        workers = descendants(run.pid)
        assert workers
        # The controller alone, as the kernel does when memory is short. Ctrl-C goes to all of them.
        run.send_signal(number)
        run.wait(timeout=120)
        left = left_of(workers)
        connection.close()
    assert left == set()
    if number == signal.SIGINT:
        # ansible-core itself shows nothing that a task says once it is interrupted.
        assert "cloudformation_stack_info: The task was interrupted." in (tmp_path / "shown").read_text()
