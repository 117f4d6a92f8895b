# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release that would ask callers for tokens of nobody is refused before AWS is asked, in the inventory's words."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[3]
ASKS = "inference of prod has to ask its callers for tokens, and {} is empty."
OTHERWISE = "ecs_rollout_environment sets {} of inference of prod otherwise than ecs_rollout_identity"
OIDC = {"ecs_rollout_oidc_issuer": "https://a.example", "ecs_rollout_oidc_audience": "fastbreak"}


def environment(**variables):
    return {"ecs_rollout_environment": {f"FASTBREAK_{name}": value for name, value in variables.items()}}


CASES = {
    "issuer": ({}, ASKS.format("ecs_rollout_oidc_issuer")),
    "audience": ({"ecs_rollout_oidc_issuer": "https://a.example"}, ASKS.format("ecs_rollout_oidc_audience")),
    "issuer, empty in the environment": (environment(OIDC_ISSUER=""), ASKS.format("ecs_rollout_oidc_issuer")),
    "opened by the environment": ({**OIDC, **environment(IDENTITY="open")}, OTHERWISE.format("FASTBREAK_IDENTITY")),
    "opened without an issuer": (environment(IDENTITY="open"), OTHERWISE.format("FASTBREAK_IDENTITY")),
    "closed by the environment": (
        {"ecs_rollout_identity": "open", **environment(IDENTITY="oidc")},
        OTHERWISE.format("FASTBREAK_IDENTITY"),
    ),
    "null": ({**OIDC, **environment(IDENTITY=None)}, OTHERWISE.format("FASTBREAK_IDENTITY")),
    "another issuer": (
        {**OIDC, **environment(OIDC_ISSUER="", OIDC_AUDIENCE="other")},
        OTHERWISE.format("FASTBREAK_OIDC_AUDIENCE, FASTBREAK_OIDC_ISSUER"),
    ),
    "an issuer that nobody is asked for": (
        {"ecs_rollout_identity": "open", **environment(OIDC_ISSUER="https://a.example")},
        OTHERWISE.format("FASTBREAK_OIDC_ISSUER"),
    ),
}


def test_without_an_issuer_nothing_is_touched(tmp_path):
    common = {
        "fastbreak_environment": "prod",
        "fastbreak_account_id": "222222222222",
        "fastbreak_region": "us-east-1",
        "fastbreak_service_name": "inference",
        "fastbreak_container_port": 80,
        "ecs_rollout_version": "1.0.0",
    }
    said = {"ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg }}"}}
    tasks = [
        {
            "block": [{"ansible.builtin.include_role": {"name": "fastbreak.aws.ecs_rollout"}, "vars": given}],
            "rescue": [said],
        }
        for given, _message in CASES.values()
    ]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": common, "tasks": tasks}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", tmp_path / "play.yml"],
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    answered = " ".join(done.stdout.split())
    for _given, message in CASES.values():
        assert f"Nothing was touched. {message}" in answered, done.stdout
    assert f"rescued={len(CASES)}" in done.stdout
