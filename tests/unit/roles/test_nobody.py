# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service whose callers have to show tokens is asked without one: by gates, and by the smoke test."""

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[3]
ROLE = ROOT / "roles" / "ecs_rollout"
COMMON = {
    "fastbreak_environment": "prod",
    "fastbreak_service_name": "inference",
    "__ecs_rollout_smoke_delay": 0,
    "__ecs_rollout_info": {"running": {"version": "1.0.0-aaaa"}},
}
STATUSES = {"asks": [401], "comes_over": [200, 401], "open": [200]}
"""What the service answers to a request without a token, one after the other; the last again and again."""
HEADERS = {
    "X-Tenant": "hawks",
    "Authorization": "secretsmanager:fastbreak-prod-probe",
    "proxy-authorization": "Basic x",
    "X-Key": "secretsmanager:fastbreak-prod-key",
}
"""What gates send: of it, only what says nothing of who asks goes with a request without a token."""
NAME = "http /v1/analyses?limit=1 without a token"
GATES = {
    "asks": ({"ecs_rollout_strategy": "CANARY", "ecs_rollout_minimum_samples": 100}, [10]),
    "asks, few samples": ({"ecs_rollout_strategy": "BLUE_GREEN", "ecs_rollout_minimum_samples": 5}, [5]),
    # Users meet both versions for all of a rolling deployment.
    "asks, rolling": ({"ecs_rollout_strategy": "ROLLING"}, []),
    "open": ({"ecs_rollout_strategy": "CANARY", "ecs_rollout_identity": "open"}, []),
}


class Service(BaseHTTPRequestHandler):
    """Answers by the first part of the path."""

    def do_GET(self):
        path = self.path.removesuffix("/v1/analyses?limit=1").lstrip("/")
        sent = tuple(self.headers[name] for name in HEADERS)
        self.server.asked.append((path, sent))
        statuses = STATUSES[path]
        times = len([each for each, _sent in self.server.asked if each == path])
        self.send_response(statuses[min(times, len(statuses)) - 1])
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def service():
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        server.asked = []
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def play(folder, **words):
    whole = {"hosts": "localhost", "connection": "local", "gather_facts": False, **words}
    (folder / "play.yml").write_text(yaml.safe_dump([whole]), encoding="utf-8")
    return subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", folder / "play.yml"],
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "NO_PROXY": "127.0.0.1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_smoke_test_fails_where_nobody_is_turned_away(service, tmp_path):
    tasks = [
        {
            "block": [
                {
                    "ansible.builtin.include_role": {"name": "fastbreak.aws.ecs_rollout", "tasks_from": "ask_nobody"},
                    "vars": {
                        **COMMON,
                        "ecs_rollout_probe_headers": HEADERS,
                        "ecs_rollout_url": f"http://127.0.0.1:{service.server_port}/{name}",
                    },
                }
            ],
            "rescue": [{"ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg }}"}}],
        }
        for name in STATUSES
    ]
    done = play(tasks=tasks, folder=tmp_path)
    answered = " ".join(done.stdout.split())
    assert "rescued=1 " in answered, done.stdout
    assert "/open/v1/analyses?limit=1 answered 200 (" in answered
    assert "to a request without a token, where 401 is expected: callers of inference of prod have" in answered
    assert "(ecs_rollout_identity is oidc), and everybody who reaches it can read and send everything" in answered
    assert "-e version=1.0.0-aaaa" in answered
    assert {sent for _path, sent in service.asked} == {("hawks", None, None, None)}


def test_gates_ask_without_a_token_where_all_answers_are_the_releases(tmp_path):
    tasks = [
        {
            "ansible.builtin.copy": {
                "content": "{{ __ecs_rollout_gates | to_json }}",
                "dest": str(tmp_path / name),
                "mode": "0600",
            },
            "vars": {**given, "ecs_rollout_probe_headers": HEADERS},
        }
        for name, (given, _samples) in GATES.items()
    ]
    files = [str(ROLE / folder / "main.yml") for folder in ("defaults", "vars")]
    done = play(vars=COMMON, vars_files=files, tasks=tasks, folder=tmp_path)
    assert done.returncode == 0, done.stdout
    for name, (_given, samples) in GATES.items():
        gates = json.loads((tmp_path / name).read_text(encoding="utf-8"))
        ours = [gate for gate in gates if gate.get("name") == NAME]
        assert [int(gate["minimum_samples"]) for gate in ours] == samples
        # Too few answers by a deadline refuse nobody's release.
        assert {gate["on_inconclusive"] for gate in gates if gate["kind"] == "http"} == {"extend"}
        for gate in ours:
            assert gate["headers"] == {"X-Tenant": "hawks"}
            assert (gate["expected_status"], gate["fatal_status"]) == ([401], [200])
            assert gate["expected_status"] == [401]
            # Old tasks of the same version answer anybody while a service comes over.
            assert gate["stages"] == ["before_traffic", "after_traffic"]
            assert gate["running_version_may_fail"] is True
