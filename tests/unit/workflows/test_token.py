# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The job's token of GitHub, which lives for minutes where a release takes longer."""

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tools.files import ROOT
from tools.wait import until

pytestmark = pytest.mark.process


@pytest.fixture
def issuer():
    """A server that stands for GitHub's: each token is another."""
    asked = []

    class Issuer(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = json.dumps({"value": f"token-{len(asked)}"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Issuer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/?a=b", asked
        server.shutdown()


def ask(url, file, **variables):
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job",
        "ACTIONS_ID_TOKEN_REQUEST_URL": url,
        "AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/a",
    }
    script = ROOT / ".github" / "token.sh"
    done = subprocess.run(
        ["bash", str(script), "sts.amazonaws.com", str(file)],
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_token_is_asked_for_again_as_long_as_the_file_is_there(issuer, tmp_path):
    url, asked = issuer
    file = tmp_path / "token"
    ask(url, file, RUNNER_TRACKING_ID="job", TOKEN_SECONDS="0.1")
    assert "audience=sts.amazonaws.com" in asked[0]
    assert file.stat().st_mode & 0o77 == 0
    assert until(lambda: len(asked) > 2 and file.read_text() not in {"", "token-1"}, 60, pause=0.05)

    def ended():
        # One that is just being asked for comes back.
        file.unlink(missing_ok=True)
        return subprocess.run(["pgrep", "--full", str(file)], capture_output=True, check=False).returncode == 1

    assert until(ended, 60, pause=0.2)


def test_nothing_stays_where_no_runner_would_end_it(issuer, tmp_path):
    url, asked = issuer
    ask(url, tmp_path / "token", TOKEN_SECONDS="0")
    assert (tmp_path / "token").read_text() == "token-1"
    assert len(asked) == 1
