# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""`ansible-playbook` as a user runs it: killed, interrupted, talkative, and with the playbook of the project."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import ACCOUNTS
from tests.registries.images import make_image, push

if TYPE_CHECKING:
    from tests.integration.promotion.accounts import Accounts
    from tests.registries.faulty import FaultyRegistry, Recorded

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = Path(sys.executable).with_name("ansible-playbook")
PASSWORD = "never-to-be-seen-4711"
CHUNK = 1 << 20
SECONDS = 90


class Run:
    """`ansible-playbook` with one `image_promotion` task."""

    def __init__(self, folder: Path, options: dict[str, Any], *arguments: str, **environment: str) -> None:
        task = {"name": "Promote", "fastbreak.aws.image_promotion": options}
        play = {"name": "Promote", "hosts": "localhost", "gather_facts": False, "tasks": [task]}
        path = folder / "play.json"
        path.write_text(json.dumps([play]))
        self.process = subprocess.Popen(
            [PROGRAM, "-i", "localhost,", "-c", "local", path, *arguments],
            cwd=ROOT,
            env={**os.environ, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def kill(self) -> None:
        """End it and its worker."""
        killed(self.process)

    def ended(self) -> tuple[int, str]:
        """The exit code and the output, whose lines are joined where Ansible broke them."""
        text, _nothing = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, " ".join(text.split())


def killed(process: subprocess.Popen[str]) -> None:
    """End `ansible-playbook` and its worker, which is in a session of its own, at once: as a machine does that dies."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        if found := re.fullmatch(r"(\d+) \(.*\) \S (\d+) .*", _read(path), re.DOTALL):
            parents[int(found[1])] = int(found[2])
    doomed = [process.pid]
    for pid in doomed:
        doomed += [child for child, parent in parents.items() if parent == pid]
    for pid in doomed:
        # One that has ended meanwhile is as dead.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _read(path: Path) -> str:
    """What the kernel tells of a process; nothing when it has ended meanwhile."""
    try:
        return path.read_bytes().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


class Gate:
    """Holds requests at a registry until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._open = threading.Event()

    def __call__(self, _request: Recorded) -> None:
        self.reached.set()
        assert self._open.wait(SECONDS)

    def open(self) -> None:
        self._open.set()


def options(source: FaultyRegistry, destination: FaultyRegistry, folder: Path, **other: Any) -> dict[str, Any]:
    """Options of a promotion between registries of another kind than ECR."""
    return {
        "source": {"registry": source.host, "plain_http": True},
        "destination": {"registry": destination.host, "plain_http": True},
        "repository": "team/app",
        "tag": "1.0.0",
        "chunk_bytes": CHUNK,
        "state_directory": str(folder / "uploads"),
        **other,
    }


def test_a_killed_run_is_gone_on_with(source: FaultyRegistry, destination: FaultyRegistry, tmp_path: Path) -> None:
    made = make_image([4 * CHUNK])
    push(source.host, "team/app", made, tag="1.0.0")
    gate = Gate()
    destination.fault("PATCH", "/blobs/uploads/", skip=2, times=None, hook=gate)
    first = Run(tmp_path, options(source, destination, tmp_path))
    assert gate.reached.wait(SECONDS)
    first.kill()
    assert first.ended()[0] == -signal.SIGKILL
    gate.open()
    assert destination.store.tags == {}
    destination.clear()
    code, text = Run(tmp_path, options(source, destination, tmp_path)).ended()
    assert code == 0, text
    assert "changed=1" in text
    sent = sum(request.body_bytes for request in destination.matching("PATCH"))
    # What the registry acknowledged is not sent again; the chunk in which the run was killed may be.
    assert sent <= 2 * CHUNK
    assert destination.store.incomplete() == []
    code, text = Run(tmp_path, options(source, destination, tmp_path)).ended()
    assert (code, "changed=0" in text) == (0, True), text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_what_it_leaves(
    source: FaultyRegistry, destination: FaultyRegistry, tmp_path: Path, number: signal.Signals
) -> None:
    push(source.host, "team/app", make_image([4 * CHUNK]), tag="1.0.0")
    gate = Gate()
    destination.fault("PATCH", "/blobs/uploads/", skip=1, times=None, hook=gate)
    run = Run(tmp_path, options(source, destination, tmp_path))
    assert gate.reached.wait(SECONDS)
    os.killpg(run.process.pid, number)
    gate.open()
    code, text = run.ended()
    assert code != 0
    assert destination.store.tags == {}, text
    code, text = Run(tmp_path, options(source, destination, tmp_path)).ended()
    assert code == 0, text
    assert destination.store.incomplete() == []


def test_a_password_is_never_shown(source: FaultyRegistry, destination: FaultyRegistry, tmp_path: Path) -> None:
    push(source.host, "team/app", make_image([1000]), tag="1.0.0")
    destination.basic = ("promoter", PASSWORD)
    seen: list[str] = []

    def look(_request: Recorded) -> None:
        seen.extend(_read(path).replace("\0", " ") for path in Path("/proc").glob("[0-9]*/cmdline"))

    destination.fault("HEAD", "/blobs/", hook=look)
    side = {"registry": destination.host, "plain_http": True, "username": "promoter", "password": PASSWORD}
    code, text = Run(
        tmp_path, {**options(source, destination, tmp_path), "destination": side}, "-vvv", "--diff"
    ).ended()
    assert code == 0, text
    assert PASSWORD not in text
    assert any("ansible-playbook" in line for line in seen)
    assert not any(PASSWORD in line for line in seen)
    destination.basic = ("promoter", "another")
    code, text = Run(tmp_path, {**options(source, destination, tmp_path), "destination": side}, "-vvv").ended()
    assert code == 2
    assert PASSWORD not in text
    assert destination.host in text
    assert "credentials" in text or "refused" in text


def test_options_that_cannot_be_right_ask_nobody(
    source: FaultyRegistry, destination: FaultyRegistry, tmp_path: Path
) -> None:
    wrong = {"repository": "../../etc/passwd", "gates": {"age": {}}}
    code, text = Run(tmp_path, options(source, destination, tmp_path, **wrong)).ended()
    assert code == 2
    assert re.search(r"\(1\) '../../etc/passwd' is no repository.*\(2\) gates.age has neither", text), text
    assert source.requests == destination.requests == []


def test_a_promotion_file_is_looked_for_beside_the_playbook(
    source: FaultyRegistry, destination: FaultyRegistry, tmp_path: Path
) -> None:
    push(source.host, "team/app", make_image([1000]), tag="1.10")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "november.yml").write_text("images:\n  - {repository: team/app, tag: 1.10}\n")
    given = options(source, destination, tmp_path, promotion_file="november.yml")
    given = {name: value for name, value in given.items() if name not in ("repository", "tag")}
    code, text = Run(tmp_path, given).ended()
    assert code == 2
    assert "november.yml" in text
    assert "images[0].tag is read as the number 1.1" in text
    (tmp_path / "files" / "november.yml").write_text("images:\n  - {repository: team/app, tag: '1.10'}\n")
    code, text = Run(tmp_path, given).ended()
    assert code == 0, text
    assert ("team/app", "1.10") in destination.store.tags


def test_nothing_is_promoted_to_dev(accounts: Accounts) -> None:
    code, text = playbook(accounts, "dev", "1.0.0")
    assert code == 2
    assert "Nothing is promoted to environment dev" in text
    assert "inventories/prod playbooks/promote.yml -e version=1.0.0" in text


def test_a_version_has_to_be_named(accounts: Accounts) -> None:
    code, text = playbook(accounts, "prod", "")
    assert code == 2
    assert "No version was named, so nothing was touched" in text


def test_credentials_of_another_account_are_refused_first(accounts: Accounts) -> None:
    code, text = playbook(accounts, "prod", "1.0.0", account="dev")
    assert code == 2
    assert ACCOUNTS["dev"] in text
    assert "image_promotion :" not in text


def test_a_platform_that_is_not_there_is_said(accounts: Accounts) -> None:
    code, text = playbook(accounts, "prod", "1.0.0")
    assert code == 2
    assert "without outputs of its component(s) ecr, service there is nowhere to promote to" in text


def playbook(accounts: Accounts, environment: str, version: str, *, account: str = "") -> tuple[int, str]:
    """Run the project's own playbook; the exit code and the output on one line."""
    done = subprocess.run(
        [PROGRAM, "-i", f"inventories/{environment}", "playbooks/promote.yml", "-e", f"version={version}"],
        cwd=ROOT,
        env={
            **os.environ,
            "AWS_ENDPOINT_URL": accounts.state.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCOUNTS[account or environment],
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_EC2_METADATA_DISABLED": "true",
            "FASTBREAK_RELEASE_IDENTITY": "https://ci.example/release.yml@refs/heads/dev",
            "FASTBREAK_SIGSTORE": str(ROOT / "inventories" / "shared" / "sigstore"),
            "ANSIBLE_NOCOLOR": "1",
        },
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())
