# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release that would ask callers for tokens of nobody is refused before AWS is asked, in the inventory's words.

So is one with quotas that its service would not start with, or with too few connections to the database, and a console
to which nobody could sign in.
"""

import json
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
    **{
        f"a quota, {name}": (
            {**OIDC, "ecs_rollout_quotas": {"teams": {"hawks": body}}},
            "ecs_rollout_quotas of inference of prod has",
        )
        for name, body in {
            "none": {"waiting": 0},
            "null": {"waiting": None},
            "a word": {"gib_per_day": "unlimited"},
            "yes": {"waiting": True},
            "nothing to keep": {"gib_stored": 0},
            "unknown": {"wait": 5},
            "no mapping": 5,
        }.items()
    },
    "a quota below a heading that has nothing else": (
        {**OIDC, "ecs_rollout_quotas": {"each": {"waiting": 0}, "teams": None}},
        "ecs_rollout_quotas of inference of prod has",
    ),
    **{
        f"quotas of the environment, {name}": (
            {**OIDC, "ecs_rollout_quotas": said, **environment(QUOTAS=beside)},
            "ecs_rollout_environment sets FASTBREAK_QUOTAS of inference of prod otherwise than ecs_rollout_quotas does",
        )
        for name, said, beside in (
            ("empty", {"each": {"waiting": 5}}, ""),
            ("null", {"each": {"waiting": 5}}, None),
            ("other", {"each": {"waiting": 5}}, '{"each": {"waiting": 0}}'),
            ("alone", {}, '{"each": {"waiting": 0}}'),
            ("null alone", {"teams": None}, None),
        )
    },
    "what is kept, of the environment": (
        {**OIDC, "ecs_rollout_quotas": {"each": {"gib_stored": 5}}, **environment(STORED_QUOTAS="")},
        "ecs_rollout_environment sets FASTBREAK_STORED_QUOTAS of inference of prod otherwise than ecs_rollout_quotas",
    ),
    "fewer connections than tasks have while a release is under way": (
        {**OIDC, "ecs_rollout_database_connections": {"api": 39}},
        "ecs_rollout_database_connections.api is 39, and while a release is under way up to 40 are needed: 5 for each",
    ),
}
CONSOLE = {"site_release_source": str(ROOT), "site_release_config": {"api": "/api"}}
ASKED = "The service of prod asks its callers for tokens (ecs_rollout_identity is oidc)"
SITES = {
    "no issuer": (CONSOLE, f"{ASKED}, and site_release_config names no issuer, so that nobody could sign in to the"),
    "an issuer of the service alone": ({**OIDC, **CONSOLE}, "Give site_release_config.issuer the address of the"),
    "another issuer": (
        {**OIDC, **CONSOLE, "site_release_config": {"api": "/api", "issuer": "https://b.example"}},
        f"{ASKED} of https://a.example, and site_release_config.issuer is https://b.example, so that the service would",
    ),
}
# These come as far as AWS, where there is nothing.
FIT_SITES = {
    "the service's": {**OIDC, **CONSOLE, "site_release_config": {"api": "/api", "issuer": "https://a.example"}},
    "open": {**CONSOLE, "ecs_rollout_identity": "open"},
    # Step 4 of the way from open to oidc: the console sends tokens before anybody has to.
    "open, with an issuer": {
        **CONSOLE,
        "ecs_rollout_identity": "open",
        "site_release_config": {"api": "/api", "issuer": "https://a.example"},
    },
    "no console": {**CONSOLE, "site_release_config": {}},
    "a rollback": {**CONSOLE, "site_release_state": "rolled_back"},
}


def answered(folder, role, cases, common):
    """What a role says to each case, one after the other."""
    said = {"ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg }}"}}
    tasks = [
        {
            "block": [{"ansible.builtin.include_role": {"name": f"fastbreak.aws.{role}"}, "vars": given}],
            "rescue": [said],
        }
        for given in cases
    ]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": common, "tasks": tasks}
    (folder / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    return subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", folder / "play.yml"],
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_an_issuer_nothing_is_touched(tmp_path):
    common = {
        "fastbreak_environment": "prod",
        "fastbreak_account_id": "222222222222",
        "fastbreak_region": "us-east-1",
        "fastbreak_service_name": "inference",
        "fastbreak_container_port": 80,
        "ecs_rollout_version": "1.0.0",
    }
    done = answered(tmp_path, "ecs_rollout", [given for given, _message in CASES.values()], common)
    words = " ".join(done.stdout.split())
    for _given, message in CASES.values():
        assert f"Nothing was touched. {message}" in words, done.stdout
    assert f"rescued={len(CASES)}" in done.stdout


# A release of before does not start with a name that it does not know. Nothing is added to FIRST.
FIRST = {"waiting", "gib_per_day", "gib_per_month"}
SHARED = yaml.safe_load((ROOT / "inventories/shared/all.yml").read_text(encoding="utf-8"))["ecs_rollout_quotas"]


def handed_over(folder, given):
    """The variables of quotas that a task has."""
    content = "{{ __ecs_rollout_quotas | to_json }}"
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars_files": [str(ROOT / "roles/ecs_rollout/vars/main.yml")],
        "tasks": [
            {
                "ansible.builtin.copy": {"dest": str(folder / f"found{number}"), "content": content},
                "vars": {"ecs_rollout_quotas": one},
            }
            for number, one in enumerate(given)
        ],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", folder / "play.yml"],
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = [json.loads((folder / f"found{number}").read_text(encoding="utf-8")) for number in range(len(given))]
    return [{name: json.loads(text) for name, text in one.items()} for one in found]


def test_a_release_of_before_is_handed_no_name_that_it_does_not_know(tmp_path):
    teams = {"hawks": {"gib_per_day": 5}, "owls": {"gib_stored": 7}}
    shared, each, small, none = handed_over(
        tmp_path, [SHARED, {"each": {"waiting": 4, "gib_stored": 6}, "teams": teams}, {"each": {"waiting": 4}}, {}]
    )
    assert each == {
        "FASTBREAK_QUOTAS": {"each": {"waiting": 4}, "teams": {"hawks": {"gib_per_day": 5}, "owls": {}}},
        "FASTBREAK_STORED_QUOTAS": {"each": {"gib_stored": 6}, "teams": {"hawks": {}, "owls": {"gib_stored": 7}}},
    }
    assert shared["FASTBREAK_QUOTAS"]["each"].keys() <= FIRST
    assert {**shared["FASTBREAK_QUOTAS"]["each"], **shared["FASTBREAK_STORED_QUOTAS"]["each"]} == SHARED["each"]
    assert small == {"FASTBREAK_QUOTAS": {"each": {"waiting": 4}}}
    assert none == {}


def test_a_console_to_which_nobody_could_sign_in_is_not_published(tmp_path):
    common = {"fastbreak_environment": "prod", "fastbreak_region": "us-east-1"}
    cases = [*(given for given, _message in SITES.values()), *FIT_SITES.values()]
    done = answered(tmp_path, "site_release", cases, common)
    words = " ".join(done.stdout.split())
    for _given, message in SITES.values():
        assert message in words, done.stdout
    assert words.count("Action failed: Nothing was touched. The service of prod") == len(SITES), done.stdout
    assert f"rescued={len(cases)}" in done.stdout
