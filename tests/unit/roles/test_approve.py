# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook by which a person answers what a release asks, run as it is against tables and stacks in memory."""

import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[3]
ACCOUNT, CALLER = "111111111111", "arn:aws:iam::111111111111:user/me"
# What the role reads of stacks before any of its tasks.
OUTPUTS = {
    "service": [
        *(
            "ReleaseTableName",
            "MigrationRoleArn",
            "DatabaseSecretArn",
            "WorkerDatabaseSecretArn",
            "DatabaseUsers",
            "WorkerRoleArn",
            "FootageBucketName",
            "FootageDays",
        )
    ]
}
TAG = f"1.4.2-{'a' * 40}"
RELEASE = {
    **dict.fromkeys(("image", "commit", "strategy", "task_definition_arn", "started_at", "started_by"), "x"),
    "service": "inference",
    "release_id": "R#seq-000000000007",
    "version": TAG,
    "digest": f"sha256:{'a' * 64}",
    "kind": "deploy",
    "outcome": "IN_PROGRESS",
}
QUESTION = {
    "service": "inference",
    "release_id": "Q#R#seq-000000000007#approval",
    "release": "R#seq-000000000007",
    "gate": "approval",
    "message": "Did the physios see it?",
    "asked_at": "2026-01-01T00:00:00.000Z",
}


class Aws:
    """The calls that the playbook makes; everything else is answered by an error."""

    def __init__(self):
        self.rows = [RELEASE, QUESTION]

    def table(self, action, asked):
        if action == "DescribeTable":
            return {"Table": {"TableName": asked["TableName"], "TableStatus": "ACTIVE"}}
        if action == "Query":
            prefix = asked["ExpressionAttributeValues"][":prefix"]["S"]
            found = [row for row in self.rows if row["release_id"].startswith(prefix)]
            found.sort(key=lambda row: row["release_id"], reverse=True)
            return {"Items": [{name: as_attribute(value) for name, value in row.items()} for row in found]}
        assert action == "PutItem", action
        self.rows.append({name: next(iter(value.values())) for name, value in asked["Item"].items()})
        return {}

    def query(self, form):
        if form["Action"] == "GetCallerIdentity":
            return f"<Arn>{CALLER}</Arn><Account>{ACCOUNT}</Account><UserId>A</UserId>"
        assert form["Action"] in ("DescribeStacks", "ListStacks"), form
        components = ("network", "ecs", "rds", "service", "ecr")
        named = [form["StackName"].removeprefix("fastbreak-dev-")] if "StackName" in form else components
        return f"<Stacks>{''.join(map(stack, named))}</Stacks>"


def as_attribute(value):
    return {"S": value}


def stack(component):
    outputs = "".join(
        f"<member><OutputKey>{key}</OutputKey><OutputValue>{key}</OutputValue></member>"
        for key in OUTPUTS.get(component, ["Some"])
    )
    told = {
        "StackId": f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/fastbreak-dev-{component}/1",
        "StackName": f"fastbreak-dev-{component}",
        "StackStatus": "CREATE_COMPLETE",
        "CreationTime": "2026-01-01T00:00:00Z",
        "Outputs": outputs,
    }
    return f"<member>{''.join(f'<{name}>{text}</{name}>' for name, text in told.items())}</member>"


@pytest.fixture
def aws(monkeypatch):
    """An account behind every endpoint."""
    account = Aws()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if target := self.headers.get("X-Amz-Target"):
                answer = json.dumps(account.table(target.partition(".")[2], json.loads(body))).encode()
            else:
                form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
                action = form["Action"]
                inner = f"<{action}Result>{account.query(form)}</{action}Result>"
                answer = f"<{action}Response>{inner}</{action}Response>".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    variables = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}", "AWS_ACCESS_KEY_ID": ACCOUNT}
    for name, value in {**variables, "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    yield account
    server.shutdown()
    server.server_close()


def answer(*words):
    program = Path(sys.executable).with_name("ansible-playbook")
    extra = [part for word in words for part in ("-e", word)]
    command = [program, "-i", "inventories/dev", "playbooks/approve.yml", *extra]
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)
    return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)


def test_yes_is_written_with_who_said_it(aws):
    code, said = answer("version=1.4.2", "answer=yes", 'comment="looks good"')
    assert code == 0, said
    (given,) = aws.rows[2:]
    assert (given["release"], given["gate"], given["approved"]) == (RELEASE["release_id"], "approval", True)
    assert (given["by"], given["comment"]) == (CALLER, "looks good")
    assert given["release_id"] == "A#R#seq-000000000007#seq-000000000001"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("version=1.4.2", "answer=perhaps"), "Nothing was answered. The answer is perhaps; it is yes or no."),
        (("answer=yes",), "Nothing was answered. Name the release that is answered about"),
        (("version=1.4.2", "answer=no", "gate=other"), "no gate 'other' of the release asks for an approval"),
        (("version=1.4.1", "answer=yes"), "the newest release is 1.4.2-"),
        (("version=1.4.2", "answr=yes"), "answr"),
    ],
)
def test_what_is_no_answer_writes_nothing(aws, words, why):
    code, said = answer(*words)
    assert code == 2, said
    assert why in said
    assert aws.rows == [RELEASE, QUESTION]
