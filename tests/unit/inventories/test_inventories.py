# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both environments say the same things, each in its own way."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from ansible_collections.fastbreak.aws.plugins.filter.connections import connections_problem
from jinja2 import Template

from sandbox.services.rds.model.classes import most_connections

ROOT = Path(__file__).parents[3]
INVENTORIES = ROOT / "inventories"
ENVIRONMENTS = sorted(path.name for path in INVENTORIES.iterdir() if path.is_dir() and path.name != "shared")


def variables(environment):
    files = sorted((INVENTORIES / environment / "group_vars" / "all").glob("*.yml"))
    merged = {}
    for file in files:
        merged.update(yaml.safe_load(file.read_text()) or {})
    return merged


def owner(key):
    """The role that a variable belongs to: the longest name that it starts with."""
    roles = [path.name for path in (ROOT / "roles").iterdir() if key.startswith(f"{path.name}_")]
    return max(roles, key=len, default=None)


def components(environment):
    hosts = yaml.safe_load((INVENTORIES / environment / "hosts.yml").read_text())["components"]["hosts"]
    return {name: (values or {}).get("fastbreak_depends_on", []) for name, values in hosts.items()}


def test_the_same_keys_in_the_same_files():
    for number, directory in enumerate(sorted((INVENTORIES / "dev").rglob("*.yml"))):
        twin = INVENTORIES / "prod" / directory.relative_to(INVENTORIES / "dev")
        assert twin.exists(), f"file {number}: {twin} is missing"
        dev, prod = (set(yaml.safe_load(path.read_text())) for path in (directory, twin))
        assert dev == prod, f"{directory.name} differs in {sorted(dev ^ prod)}"
    assert set(variables("dev")) == set(variables("prod"))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_shared_values_are_linked_not_copied_and_come_first(environment):
    directory = INVENTORIES / environment / "group_vars" / "all"
    link = directory / "00_shared.yml"
    assert link.is_symlink()
    assert link.resolve() == INVENTORIES / "shared" / "all.yml"
    assert min(directory.iterdir()) == link


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_component_stands_below_everything_it_reads(environment):
    seen = set()
    for name, depends_on in components(environment).items():
        assert set(depends_on) <= seen, f"{name} stands above what it reads"
        seen.add(name)


def test_both_environments_have_the_same_components():
    assert components("dev") == components("prod")


def test_accounts_and_networks_differ_and_the_account_is_text():
    dev, prod = variables("dev"), variables("prod")
    for key in ("fastbreak_account_id", "fastbreak_environment", "network_vpc_cidr"):
        assert dev[key] != prod[key]
        assert isinstance(dev[key], str)


# What AWS takes off the memory first, nobody says; a quarter is more than that.
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_database_has_the_connections_that_its_users_may_have(environment):
    values = variables(environment)
    given = values["ecs_rollout_database_connections"]
    own = {name: values[f"ecs_rollout_{name}"] for name in ("tasks_maximum", "strategy")}
    assert connections_problem(given, own, values["ecs_rollout_companions"]) == ""
    assert sum(given.values()) + 15 <= most_connections(values["rds_instance_class"]) * 3 / 4


# Whoever reaches prod's distribution would read and send athletes' footage otherwise.
def test_prod_asks_for_tokens_and_its_gates_send_one_that_tasks_may_read():
    prod = variables("prod")
    assert prod["ecs_rollout_identity"] == "oidc"
    assert prod["ecs_rollout_oidc_audience"]
    assert prod["ecs_rollout_probe_headers"] == {
        "Authorization": "secretsmanager:fastbreak-{{ fastbreak_environment }}-probe"
    }
    (statement,) = (
        (ROOT / "roles" / "service" / "files" / "stack.yaml").read_text().split("- Sid: ReadTokenOfGates")[1:]
    )
    assert ":secret:fastbreak-${Environment}-probe-??????\n" in statement.split("Outputs:")[0]
    assert variables("dev")["ecs_rollout_identity"] == "open"


# AppSync needs tokens and hands them on by HTTPS. Prod has both, dev has neither.
@pytest.mark.parametrize(
    ("issuer", "identity", "certificate", "expected"),
    [
        ("https://issuer.example", "oidc", "arn:x", "https://issuer.example"),
        ("https://issuer.example", None, "arn:x", "https://issuer.example"),
        ("https://issuer.example", "open", "arn:x", ""),
        ("https://issuer.example", "oidc", "", ""),
        ("", "oidc", "arn:x", ""),
    ],
)
def test_there_is_graphql_where_callers_show_tokens_by_https(issuer, identity, certificate, expected):
    told = {"ecs_rollout_oidc_issuer": issuer, "ecs_rollout_identity": identity, "ecs_certificate_arn": certificate}
    known = {name: value for name, value in told.items() if value is not None}
    for environment in ENVIRONMENTS:
        written = variables(environment)["appsync_issuer"]
        assert Template(written).render(known).strip() == expected
        assert variables(environment)["appsync_audience"] == "{{ ecs_rollout_oidc_audience }}"


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"cloudfront_domain_name": "Video.example.org"}, "https://video.example.org"),
        ({"cloudfront_domain_name": ""}, ""),
        ({}, ""),
    ],
)
def test_videos_may_be_sent_to_the_bucket_from_the_site_where_it_has_a_name(named, expected):
    for environment in ENVIRONMENTS:
        assert Template(variables(environment)["service_console_origin"]).render(named) == expected


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_input_of_a_component_is_one_that_its_role_takes(environment):
    for component in components(environment):
        specs = yaml.safe_load((ROOT / "roles" / component / "meta" / "argument_specs.yml").read_text())
        options = specs["argument_specs"]["main"]["options"]
        given = {key for key in variables(environment) if owner(key) == component}
        assert given <= set(options), f"{component} knows no {sorted(given - set(options))}"
        required = {key for key, option in options.items() if option.get("required")}
        assert required <= set(variables(environment)), f"{component} needs {sorted(required)}"


def test_prod_is_protected_and_dev_can_be_torn_down():
    for environment, protected in (("dev", False), ("prod", True)):
        flags = {key: value for key, value in variables(environment).items() if key.endswith("_protection")}
        assert flags
        assert set(flags.values()) == {protected}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_tasks_have_the_time_to_hand_back_what_they_analyse(environment):
    """ECS kills a task after its stop timeout; a worker hands back after `FASTBREAK_STOP_SECONDS`, in a few seconds."""
    settings = (ROOT / "service" / "src" / "fastbreak_service" / "settings.py").read_text()
    found = variables(environment)
    default = re.search(r'"STOP_SECONDS", (\d+),', settings)[1]
    seconds = int(found["ecs_rollout_environment"].get("FASTBREAK_STOP_SECONDS", default))
    assert seconds + 10 <= found["ecs_rollout_stop_timeout_seconds"] <= 120
    companions = found["ecs_rollout_companions"]
    assert not [each for each in companions if "FASTBREAK_STOP_SECONDS" in each.get("environment", {})]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_is_accepted_is_analysed_by_workers(environment):
    """An API that analyses nothing needs a worker beside it, which is released before it: it knows older work."""
    found = variables(environment)
    assert found["ecs_rollout_environment"]["FASTBREAK_WORKER"] == "apart"
    (worker,) = found["ecs_rollout_companions"]
    assert worker["command"] == ["fastbreak-service", "work"]
    assert worker.get("released", "before") == "before"
    assert worker["tasks_minimum"] >= (environment == "prod")
    assert worker["scaling_backlog_per_task"] > 0


def test_no_alarm_rings_for_videos_that_wait_for_the_morning():
    """Dev's workers have a night, summer and winter."""
    found = variables("dev")
    day, night = found["fastbreak_worker_schedule"]
    hours = {each["name"]: int(re.match(r"cron\(0 (\d+) ", each["schedule"])[1]) for each in (day, night)}
    assert (day["maximum"], night["maximum"]) == (4, 0)
    watched = found["cloudwatch_queue_watched_from_hour"], found["cloudwatch_queue_watched_until_hour"]
    for month in (1, 7):
        begin, end = (
            datetime(2027, month, 4, hours[name], tzinfo=ZoneInfo(day["timezone"])).astimezone(UTC)
            for name in ("day", "night")
        )
        assert begin.hour + 1 <= watched[0]
        assert watched[1] <= end.hour + 24 * (end.date() > begin.date())
