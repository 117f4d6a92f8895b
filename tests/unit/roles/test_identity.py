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
CASES = {
    "issuer": ({}, "ecs_rollout_oidc_issuer is empty"),
    "audience": ({"ecs_rollout_oidc_issuer": "https://a.example"}, "ecs_rollout_oidc_audience is empty"),
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
        assert f"inference of prod has to ask its callers for tokens, and {message}." in answered, done.stdout
    assert f"rescued={len(CASES)}" in done.stdout
