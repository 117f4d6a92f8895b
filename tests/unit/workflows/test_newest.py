# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of two commits is deployed by itself: the newest of the branch, whichever is published last."""

import base64
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tools.files import ROOT

pytestmark = pytest.mark.process
WHO = ("-c", "user.name=Test", "-c", "user.email=test@fastbreak.example")


def git(folder, *words):
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def clone(tmp_path):
    """A clone whose origin's branch dev has two commits; both of them."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    git(tmp_path, "init", "--quiet", "--initial-branch=dev", str(origin))
    commits = []
    for message in ("older", "newer"):
        git(origin, *WHO, "commit", "--quiet", "--allow-empty", "-m", message)
        commits.append(git(origin, "rev-parse", "HEAD"))
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    return clone, commits


def ask(clone, branch="dev", **variables):
    (clone.parent / "bin").mkdir(exist_ok=True)
    sleep = clone.parent / "bin" / "sleep"
    sleep.write_text("#!/bin/sh\n")
    sleep.chmod(0o755)
    return subprocess.run(
        ["bash", str(ROOT / ".github" / "newest.sh"), branch],
        cwd=clone,
        env={"PATH": f"{sleep.parent}:{os.environ['PATH']}", "GITHUB_SERVER_URL": "https://github.com", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("variables", [{}, {"GITHUB_TOKEN": "of-the-job"}])
def test_the_newest_commit_is(clone, variables):
    done = ask(clone[0], **variables)
    assert (done.returncode, done.stdout, done.stderr) == (0, "newest=true\n", "")


def test_one_that_the_branch_has_left_behind_is_not_and_says_what_to_do(clone):
    folder, (older, newer) = clone
    git(folder, "checkout", "--quiet", older)
    done = ask(folder)
    assert (done.returncode, done.stdout) == (0, "newest=false\n")
    assert older in done.stderr
    assert newer in done.stderr
    assert "deploy.yml by hand" in done.stderr


@pytest.mark.parametrize("gone", [True, False], ids=["away", "no such branch"])
def test_nobody_takes_an_unknown_branch_for_one_that_stands_still(clone, gone):
    folder, _ = clone
    if gone:
        git(folder, "remote", "set-url", "origin", str(folder.parent / "nowhere"))
    done = ask(folder, "dev" if gone else "else")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Run this job again" in done.stderr


def test_the_token_is_sent_to_the_server_alone_and_shown_to_nobody(clone):
    folder, _ = clone
    sent = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            sent.append(self.headers["Authorization"])
            self.send_error(404)

        def log_message(self, *_args):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        git(folder, "remote", "set-url", "origin", f"{url}/owner/repository")
        answers = [
            ask(folder, GITHUB_TOKEN="of-the-job", GITHUB_SERVER_URL=each) for each in (url, "https://github.com")
        ]
        server.shutdown()
    header = base64.b64encode(b"x-access-token:of-the-job").decode()
    assert sent == [f"basic {header}"] * 3 + [None] * 3
    for done in answers:
        assert (done.returncode, done.stdout) == (1, "")
        assert "of-the-job" not in done.stderr
        assert header not in done.stderr
