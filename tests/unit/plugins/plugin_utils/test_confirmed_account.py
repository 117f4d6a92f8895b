# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account is confirmed once in a run, by whichever task comes first."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, RequestError
from ansible_collections.fastbreak.aws.plugins.plugin_utils._confirmed_account import ConfirmedAccount

from tools.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

INVENTORY = {
    "fastbreak_account_id": "111111111111",
    "fastbreak_region": "us-east-1",
    "fastbreak_environment": "dev",
}


class Context:
    """Tells whose the credentials are, and counts how often it was asked."""

    def __init__(self, account: str = "111111111111") -> None:
        self.account = account
        self.asked = 0

    def client(self, service: str) -> Any:
        assert service == "sts"
        return lambda: self

    def get_caller_identity(self) -> dict[str, str]:
        self.asked += 1
        return {"Account": self.account, "Arn": f"arn:aws:iam::{self.account}:user/x"}


def insist(folder: Path, context: Any, given: dict[str, Any] | None = None, **changes: str) -> None:
    ConfirmedAccount({**INVENTORY, **changes}, folder).insist(given or {}, context)


def test_aws_is_asked_once_in_a_run(tmp_path: Path) -> None:
    context = Context()
    insist(tmp_path, context)
    insist(tmp_path, context)
    assert context.asked == 1
    insist(tmp_path / "another run", context)
    assert context.asked == 2


def test_what_the_guard_confirmed_is_not_asked_again(tmp_path: Path) -> None:
    context = Context()
    ConfirmedAccount({"fastbreak_account_id": "111111111111"}, tmp_path).remember()
    insist(tmp_path, context)
    assert context.asked == 0


def test_another_account_is_refused_every_time(tmp_path: Path) -> None:
    context = Context("222222222222")
    for _time in range(2):
        with pytest.raises(
            RefusedError, match="lives in account 111111111111, but the credentials belong to account 2"
        ):
            insist(tmp_path, context)
    assert context.asked == 2


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL"])
def test_other_credentials_are_confirmed_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    context = Context()
    insist(tmp_path, context)
    monkeypatch.setenv(name, "https://other.invalid")
    insist(tmp_path, context)
    assert context.asked == 2


def test_another_account_of_the_inventory_is_confirmed_anew(tmp_path: Path) -> None:
    insist(tmp_path, Context())
    with pytest.raises(RefusedError):
        insist(tmp_path, Context(), fastbreak_account_id="333333333333")


def test_an_account_that_is_none_is_told_before_anybody_is_asked(tmp_path: Path) -> None:
    context = Context()
    with pytest.raises(RequestError, match="not 12 digits"):
        insist(tmp_path, context, fastbreak_account_id="1")
    assert context.asked == 0


@pytest.mark.parametrize("given", [{"profile": "p"}, {"access_key": "a"}, {"aws_access_key": "a"}])
def test_a_task_with_credentials_of_its_own_is_left_alone(tmp_path: Path, given: dict[str, str]) -> None:
    insist(tmp_path, None, given)


def test_without_an_account_in_the_inventory_nobody_is_asked(tmp_path: Path) -> None:
    insist(tmp_path, None, fastbreak_account_id="")


ANSWER = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    b"<Arn>arn:aws:iam::333333333333:user/x</Arn><UserId>u</UserId><Account>333333333333</Account>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


@pytest.fixture
def sts() -> Iterator[tuple[str, list[str]]]:
    """The address of an AWS that knows only whose the credentials are, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode().partition("&")[0])
            self.send_response(200)
            self.send_header("Content-Length", str(len(ANSWER)))
            self.end_headers()
            self.wfile.write(ANSWER)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.mark.process
def test_a_run_that_starts_after_the_guard_is_refused_by_its_first_task(sts: tuple[str, list[str]]) -> None:
    address, asked = sts
    program = Path(sys.executable).with_name("ansible-playbook")
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "NO_PROXY": "127.0.0.1",
        "ANSIBLE_NOCOLOR": "1",
    }
    arguments = ["-i", "inventories/dev", "site.yml", "--limit", "ecr", "--start-at-task", "Apply the component"]
    done = subprocess.run([program, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    said = " ".join(done.stdout.split())
    assert "environment dev lives in account 111111111111, but the credentials belong to account 333333333333" in said
    assert asked == ["Action=GetCallerIdentity"]
