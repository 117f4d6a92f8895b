# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles take a version as text, and tell a number by the name of the variable that holds it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[3]
ROLES = {
    "image_promotion": ("image_promotion_version", {"image_promotion_source_account_id": "111111111111"}),
    "ecs_rollout": ("ecs_rollout_version", {"fastbreak_container_port": 80}),
    "publish": ("publish_version", {"publish_source": "/"}),
}
COMMON = {
    "fastbreak_environment": "dev",
    "fastbreak_account_id": "222222222222",
    "fastbreak_region": "us-east-1",
    "fastbreak_service_name": "inference",
}


def tried(role):
    """Tasks that run the role and keep what it failed with."""
    variable, more = ROLES[role]
    run = {
        "ansible.builtin.include_role": {"name": f"fastbreak.aws.{role}"},
        "vars": {**more, variable: "{{ version }}"},
    }
    said = {"ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg }}"}}
    return {"block": [run], "rescue": [said]}


def test_a_version_of_an_inventory_or_of_json_that_is_a_number_is_refused(tmp_path):
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": list(map(tried, ROLES))}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{**play, "vars": COMMON}]), encoding="utf-8")
    program = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [program, "-i", "localhost,", tmp_path / "play.yml", "-e", '{"version": 1.10}'],
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    answered = " ".join(done.stdout.split())
    for variable, _more in ROLES.values():
        assert f"{variable} is read as the number 1.1" in answered, done.stdout
    assert "rescued=3" in done.stdout
