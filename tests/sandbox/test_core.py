# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The life of a sandbox, run as a user runs it: started twice, killed, robbed of its state, beside another one."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import tarfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import pytest

from sandbox import engine, process, state
from sandbox.addresses import loopback_address, low_port_problem
from tests.sandbox.balancer import Balancer, eventually
from tests.sandbox.conftest import RunningSandbox, command


@pytest.fixture
def name():
    """A sandbox's name of the test's own; whatever the test left of it is removed."""
    made = f"core-{uuid.uuid4().hex[:8]}"
    yield made
    assert command("down", name=made).returncode == 0
    assert traces(made) == []


def traces(name):
    """What exists of a sandbox on this machine."""
    client = docker.from_env()
    selector = {"label": f"{engine.NAME_LABEL}={name}"}
    return [
        *client.containers.list(all=True, sparse=True, filters=selector),
        *client.networks.list(filters=selector),
        *client.volumes.list(filters=selector),
        *[server for server in process.servers() if server.name == name],
        *([state.home_of(name)] if state.home_of(name).exists() else []),
    ]


def exists(container):
    """Whether the engine still has the container."""
    try:
        container.reload()
    except docker.errors.NotFound:
        return False
    return True


def start(name, *arguments):
    started = command("up", *arguments, name=name)
    assert started.returncode == 0, started.stderr
    return RunningSandbox(name, state.read_state(state.home_of(name)))


@pytest.fixture(scope="module")
def image():
    """An image that needs no registry: this machine's own `sleep` with the libraries it is linked to."""
    linked = subprocess.run(["/usr/bin/ldd", "/bin/sleep"], capture_output=True, text=True, check=False).stdout
    files = ["/bin/sleep", *re.findall(r"(/\S+) \(0x", linked)]
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", dereference=True) as tar:
        for file in files:
            tar.add(file)
    client = docker.from_env()
    tag = f"sandbox-test-{uuid.uuid4().hex[:8]}"
    client.api.import_image_from_data(archive.getvalue(), tag, "1")
    yield f"{tag}:1"
    client.images.remove(f"{tag}:1", force=True)


def run_task(sandbox, image, account="dev"):
    """A real container, by way of ECS; its Docker object."""
    ecs = sandbox.client("ecs", account)
    ecs.create_cluster(clusterName="core")
    ecs.register_task_definition(
        family="core",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "main", "image": image, "command": ["/bin/sleep", "600"]}],
    )
    ecs.run_task(
        cluster="core",
        taskDefinition="core",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    )
    selector = {"label": f"{engine.NAME_LABEL}={sandbox.name}"}
    containers = eventually(lambda: docker.from_env().containers.list(filters=selector, ignore_removed=True))
    assert containers, "the task's container did not start"
    return containers[0]


def test_two_accounts_do_not_see_each_other(sandbox):
    sandbox.client("dynamodb", "dev").create_table(
        TableName="mine",
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert sandbox.client("sts", "prod").get_caller_identity()["Account"] == "222222222222"
    assert "mine" in sandbox.client("dynamodb", "dev").list_tables()["TableNames"]
    assert "mine" not in sandbox.client("dynamodb", "prod").list_tables()["TableNames"]


def test_up_status_env_down(name):
    assert command("status", name=name).returncode == 3
    start(name)
    known = json.loads((state.home_of(name) / "state.json").read_text())
    assert known["accounts"] == {"dev": "111111111111", "prod": "222222222222"}
    told = json.loads(command("status", "--json", name=name).stdout)
    assert told["up"] is True
    assert told["endpoint_url"] == known["endpoint_url"]
    printed = command("env", "prod", name=name).stdout.splitlines()
    assert f"export AWS_ENDPOINT_URL={known['endpoint_url']}" in printed
    assert "export AWS_ACCESS_KEY_ID=222222222222" in printed
    assert f"export FASTBREAK_CA_BUNDLE={state.home_of(name) / 'authority.pem'}" in printed
    assert f"export FASTBREAK_OIDC_ISSUER={known['issuer']}" in printed
    assert "Ready" in command("logs", name=name).stdout
    listed = command("down", "--dry-run", name=name).stdout.splitlines()
    assert {f"process {known['pid']}", f"network fastbreak-{name}", f"{state.home_of(name)}/"} <= set(listed)
    assert command("status", name=name).returncode == 0
    assert command("down", name=name).returncode == 0
    assert command("status", name=name).returncode == 3
    assert traces(name) == []


def test_up_again_changes_nothing(name):
    before = start(name).state
    again = command("up", name=name)
    assert again.returncode == 0
    assert "already up" in again.stdout
    assert state.read_state(state.home_of(name)) == before


def test_up_twice_at_once_starts_one(name):
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: command("up", name=name), range(2)))
    assert [side.returncode for side in both] == [0, 0]
    assert sum("already up" in side.stdout for side in both) == 1
    assert len([server for server in process.servers() if server.name == name]) == 1


def test_down_cleans_up_after_a_killed_server(name, image):
    running = start(name)
    run_task(running, image)
    os.kill(running.state.pid, signal.SIGKILL)
    assert eventually(lambda: process.find(name, state.home_of(name)) is None)
    assert command("status", name=name).returncode == 3
    assert {type(trace).__name__ for trace in traces(name)} == {"Container", "Network", "PosixPath"}
    assert command("down", name=name).returncode == 0
    assert traces(name) == []


def test_up_starts_anew_after_a_killed_server(name, image):
    # Far from where the sandboxes of other tests look for a port, or one of them takes it meanwhile.
    running = start(name, "--port", "14566")
    old = run_task(running, image)
    os.kill(running.state.pid, signal.SIGKILL)
    assert eventually(lambda: process.find(name, state.home_of(name)) is None)
    again = start(name)
    assert again.state.port == running.state.port
    assert again.state.pid != running.state.pid
    assert not exists(old)


@pytest.mark.parametrize("content", [b"", b"{", b'{"name": "x"}', b"[]", b"\xff\x00"])
def test_a_garbled_state_is_no_state(tmp_path, content):
    (tmp_path / "state.json").write_bytes(content)
    assert state.read_state(tmp_path) is None


@pytest.mark.parametrize("content", [None, "{"])
def test_a_lost_or_garbled_state_hides_nothing_from_down(name, content):
    start(name)
    file = state.home_of(name) / "state.json"
    file.unlink()
    if content is not None:
        file.write_text(content)
    assert command("status", name=name).returncode == 3
    assert command("down", name=name).returncode == 0
    assert traces(name) == []


def test_up_replaces_a_server_whose_state_is_lost(name):
    before = start(name).state
    (state.home_of(name) / "state.json").unlink()
    after = start(name).state
    assert after.pid != before.pid
    assert len([server for server in process.servers() if server.name == name]) == 1


def test_a_reused_process_id_is_not_taken_for_the_server(name):
    running = start(name)
    os.kill(running.state.pid, signal.SIGKILL)
    assert eventually(lambda: process.find(name, state.home_of(name)) is None)
    stranger = subprocess.Popen(["/bin/sleep", "60"])
    try:
        file = state.home_of(name) / "state.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "pid": stranger.pid}))
        assert command("status", name=name).returncode == 3
        assert command("down", name=name).returncode == 0
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_down_ends_what_a_killed_server_had_started(name):
    running = start(name)
    os.kill(running.state.pid, signal.SIGKILL)
    inherited = {**os.environ, "TMPDIR": str(state.home_of(name) / "tmp")}
    with subprocess.Popen(["/bin/sleep", "60"], env=inherited) as child:
        assert command("down", name=name).returncode == 0
        assert child.wait(60) == -signal.SIGKILL


def test_two_sandboxes_do_not_meet(name, sandbox, image):
    other = start(name)
    assert other.state.port != sandbox.state.port
    ours, theirs = Balancer(sandbox.client("elbv2"), name="web"), Balancer(other.client("elbv2"), name="web")
    assert ours.address != theirs.address
    assert (ours.get().status_code, theirs.get().status_code) == (503, 503)
    kept = run_task(sandbox, image)
    run_task(other, image)
    assert command("down", name=name).returncode == 0
    kept.reload()
    assert kept.status == "running"
    assert ours.get().status_code == 503
    sandbox.reset()
    assert not exists(kept)


def test_reset_forgets_everything_and_the_server_stays(name, image):
    running = start(name)
    balancer = Balancer(running.client("elbv2"))
    container = run_task(running, image)
    listed = command("reset", "--dry-run", name=name).stdout.splitlines()
    assert listed[0] == "all resources of all accounts"
    assert f"container {container.name}" in listed
    assert exists(container)
    running.reset()
    assert running.client("elbv2").describe_load_balancers()["LoadBalancers"] == []
    assert not exists(container)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((balancer.address, 80), timeout=2)
    assert state.read_state(state.home_of(name)) == running.state
    assert process.find(name, state.home_of(name)).pid == running.state.pid


def test_containers_carry_the_label_and_the_network_of_their_sandbox(sandbox, image):
    container = run_task(sandbox, image)
    assert container.labels[engine.NAME_LABEL] == sandbox.name
    assert list(container.attrs["NetworkSettings"]["Networks"]) == [f"fastbreak-{sandbox.name}"]
    assert sandbox.name in container.name
    sandbox.reset()


def test_a_name_that_another_clone_uses_is_refused(name):
    elsewhere = {engine.NAME_LABEL: name, engine.HOME_LABEL: "/elsewhere/.sandbox/x"}
    network = docker.from_env().networks.create(f"elsewhere-{name}", labels=elsewhere)
    try:
        refused = command("up", name=name)
        assert refused.returncode == 1
        assert "belongs to the sandbox kept in /elsewhere/.sandbox/x" in refused.stderr
        assert command("down", name=name).returncode == 0
        network.reload()
    finally:
        network.remove()


def test_without_an_engine_up_says_so_in_one_sentence(name):
    refused = command("up", name=name, DOCKER_HOST="unix:///nowhere/docker.sock")
    assert refused.returncode == 1
    assert refused.stderr.startswith("sandbox: no Docker engine answers")
    assert refused.stderr.count("\n") == 1
    assert not state.home_of(name).exists()


@pytest.mark.parametrize(
    "setting", [{"SANDBOX_TIME_SCALE": "fast"}, {"SANDBOX_BAKE_SCALE": "fast"}, {"SANDBOX_SERVICES": "nonesuch"}]
)
def test_a_bad_setting_is_refused_by_its_name(name, setting):
    refused = command("up", name=name, **setting)
    assert refused.returncode == 1
    assert f"sandbox: {next(iter(setting))}" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("bad", ["", "Upper", "a/b", "..", "x" * 41, "-x"])
def test_a_bad_name_is_refused(bad):
    refused = command("up", name=bad)
    assert refused.returncode == 1
    assert "is no sandbox name" in refused.stderr


@pytest.mark.parametrize("arguments", [("env", "dev"), ("reset",), ("logs",)])
def test_commands_of_a_sandbox_that_is_down_say_so(name, arguments):
    refused = command(*arguments, name=name)
    assert refused.returncode == 1
    assert "is not up" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_addresses_are_stable_and_apart():
    first, second = Path("/clone/.sandbox/a"), Path("/clone/.sandbox/b")
    assert loopback_address(first, "k") == loopback_address(first, "k")
    assert loopback_address(first, "k") != loopback_address(second, "k")
    assert loopback_address(first, "k", {loopback_address(first, "k")}) != loopback_address(first, "k")


def test_a_port_held_on_all_addresses_is_found_at_up():
    with socket.socket() as holder:
        holder.bind(("0.0.0.0", 0))  # noqa: S104 - that is the case under test
        holder.listen()
        port = holder.getsockname()[1]
        assert "stop the program" in str(low_port_problem("127.9.9.9", port))
    assert low_port_problem("127.9.9.9", port) is None
