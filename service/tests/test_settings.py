# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Settings: what they are by default, and one sentence for each that is wrong."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from fastbreak_service.environment import SettingsError
from fastbreak_service.settings import QueueSettings, administration_settings, database_settings, service_settings
from support.service import command

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {
    "FASTBREAK_IDENTITY": "open",
    "FASTBREAK_DATABASE_HOST": "db",
    "FASTBREAK_DATABASE_NAME": "fastbreak",
    "FASTBREAK_DATABASE_USER": "app",
    "FASTBREAK_DATABASE_PASSWORD": "hunter2",
}


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = service_settings(GOOD)
    assert settings.work.database.port == 5432
    assert settings.work.database.sslmode == "require"
    assert settings.max_upload_bytes == 268435456
    assert settings.work.analysis.max_duration_seconds == 600
    assert settings.work.analysis.precision == "f32"
    assert settings.queue_size == 8
    assert settings.port == 8080
    assert (settings.work.footage, settings.worker_inside, settings.work.max_attempts) == ("", True, 3)
    assert settings.work.log_level == "INFO"


def test_the_password_is_not_shown() -> None:
    assert "hunter2" not in repr(service_settings(GOOD))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_HOST", "", "is not set"),
        ("DATABASE_PASSWORD", "", "is not set"),
        ("DATABASE_PORT", "70000", "'70000', but must be a whole number from 1 to 65535"),
        ("DATABASE_SSLMODE", "maybe", "must be one of disable, allow"),
        ("MAX_UPLOAD_BYTES", "1GB", "'1GB'"),
        ("QUEUE_SIZE", "0", "'0'"),
        ("LOG_LEVEL", "loud", "must be one of DEBUG, INFO"),
        ("FOOTAGE", "videos", "must be the whole path of a folder, or s3://bucket/prefix"),
        ("FOOTAGE", "s3://", "must be the whole path of a folder, or s3://bucket/prefix"),
        ("FOOTAGE", "s3://bucket/a b", "must be the whole path of a folder, or s3://bucket/prefix"),
        ("GRAPHQL_URL", "https://elsewhere.example/graphql", "must be the address of an API of AWS AppSync"),
        ("PRECISION", "f16", "must be one of f32, fast"),
        ("WORKER", "elsewhere", "must be one of inside, apart"),
        ("MAX_ATTEMPTS", "0", "'0', but must be a whole number from 1 to 10"),
        ("LEASE_SECONDS", "-1", "'-1'"),
        ("STOP_SECONDS", "soon", "'soon'"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        service_settings(GOOD | {f"FASTBREAK_{name}": value})
    assert str(caught.value).startswith(f"FASTBREAK_{name} ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("given", "told"), [("", False), ("none", False), ("https://abc.appsync-api.eu-west-1.amazonaws.com/graphql", True)]
)
def test_ends_are_announced_where_there_is_an_api(given: str, told: bool) -> None:
    assert service_settings(GOOD | {"FASTBREAK_GRAPHQL_URL": given}).work.graphql_url == (given if told else "")


QUEUES = {
    f"FASTBREAK_{name}": f"https://sqs.eu-west-1.amazonaws.com/111111111111/{name}"
    for name in ("QUEUE_URL", "DEAD_LETTER_QUEUE_URL")
}


def test_workers_apart_hear_of_work_where_there_is_a_queue() -> None:
    alone = GOOD | {"FASTBREAK_FOOTAGE": "/footage", "FASTBREAK_WORKER": "apart"}
    assert service_settings(alone).work.queue is None
    assert service_settings(alone | QUEUES).work.queue == QueueSettings(*QUEUES.values())
    # One inside is told by its own process.
    assert service_settings(GOOD | QUEUES).work.queue is None


@pytest.mark.parametrize("missing", QUEUES)
def test_a_queue_needs_one_of_dead_letters(missing: str) -> None:
    alone = GOOD | {"FASTBREAK_FOOTAGE": "/footage", "FASTBREAK_WORKER": "apart"}
    for given, said in (("", "is not set, but"), ("nowhere", "must be the address of a queue of SQS")):
        with pytest.raises(SettingsError, match=f"^{missing} .*{said}"):
            service_settings(alone | QUEUES | {missing: given})


def test_a_level_may_be_written_small() -> None:
    assert service_settings(GOOD | {"FASTBREAK_LOG_LEVEL": "debug"}).work.log_level == "DEBUG"


@pytest.mark.parametrize("verb", ["serve", "migrate"])
def test_a_missing_setting_ends_a_command_with_one_sentence(verb: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FASTBREAK_DATABASE")}
    done = subprocess.run(command(verb), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "fastbreak-service: FASTBREAK_DATABASE_HOST is not set; give it a value in the environment.\n"
    )


@pytest.mark.parametrize(("verb", "more"), [("work", {}), ("serve", {"FASTBREAK_WORKER": "apart"})])
def test_a_worker_apart_needs_a_storage_that_it_shares(verb: str, more: dict[str, str]) -> None:
    environment = {**os.environ, **GOOD, **more}
    done = subprocess.run(command(verb), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("fastbreak-service: FASTBREAK_FOOTAGE is not set; give it the folder or the bucket")
    assert len(done.stderr.splitlines()) == 1


def test_serving_without_networks_says_how_to_get_them(tmp_path: Path) -> None:
    environment = {**os.environ, **GOOD, "FASTBREAK_MODELS_DIRECTORY": str(tmp_path)}
    done = subprocess.run(command("serve"), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "models.lock is missing" in done.stderr
    assert len(done.stderr.splitlines()) == 1


SECRET, MASTER, WORKER = (
    f"arn:aws:secretsmanager:eu-west-1:111111111111:secret:{name}-AbCdEf" for name in ("app", "rds!db-1", "worker")
)
PLACE = {
    name: value
    for name, value in GOOD.items()
    if name not in {"FASTBREAK_DATABASE_USER", "FASTBREAK_DATABASE_PASSWORD"}
}


def test_a_secret_takes_the_place_of_user_and_password() -> None:
    settings = database_settings(PLACE | {"FASTBREAK_DATABASE_SECRET": SECRET})
    assert (settings.secret, settings.user, settings.password) == (SECRET, "", "")


def test_the_owner_has_a_secret_of_its_own() -> None:
    both = {"FASTBREAK_DATABASE_SECRET": SECRET, "FASTBREAK_DATABASE_MASTER_SECRET": MASTER}
    settings = administration_settings(PLACE | both)
    assert (settings.owner.secret, settings.application_secret) == (MASTER, SECRET)


def test_workers_may_have_a_secret_of_their_own() -> None:
    three = {"FASTBREAK_DATABASE_SECRET": SECRET, "FASTBREAK_DATABASE_MASTER_SECRET": MASTER}
    three["FASTBREAK_DATABASE_WORKER_SECRET"] = WORKER
    settings = administration_settings(PLACE | three)
    assert (settings.worker_secret, settings.apart) == (WORKER, False)
    assert administration_settings(PLACE | three | {"FASTBREAK_DATABASE_USERS": "apart"}).apart
    limits = {"FASTBREAK_DATABASE_CONNECTIONS": "40", "FASTBREAK_DATABASE_WORKER_CONNECTIONS": "0"}
    limited = administration_settings(PLACE | three | limits)
    assert (limited.connections, limited.worker_connections) == (40, 0)


def test_without_secrets_the_services_user_is_the_owner() -> None:
    settings = administration_settings(GOOD)
    assert (settings.owner, settings.application_secret) == (database_settings(GOOD), "")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"SECRET": SECRET}, "MASTER_SECRET"),
        ({"MASTER_SECRET": MASTER}, "SECRET"),
        ({"SECRET": "hunter2"}, "SECRET"),
        ({"SECRET": SECRET, "MASTER_SECRET": "db"}, "MASTER_SECRET"),
        ({"SECRET": SECRET, "MASTER_SECRET": MASTER, "USER": "app"}, "USER"),
        ({"WORKER_SECRET": WORKER}, "WORKER_SECRET"),
        ({"SECRET": SECRET, "MASTER_SECRET": MASTER, "USERS": "apart"}, "USERS"),
        ({"SECRET": SECRET, "MASTER_SECRET": MASTER, "USERS": "both"}, "USERS"),
        ({"SECRET": SECRET, "MASTER_SECRET": MASTER, "PASSWORD": "x"}, "PASSWORD"),
    ],
)
def test_half_a_pair_of_secrets_or_two_ways_at_once_are_refused(given: dict[str, str], named: str) -> None:
    environment = PLACE | {f"FASTBREAK_DATABASE_{name}": value for name, value in given.items()}
    with pytest.raises(SettingsError) as caught:
        administration_settings(environment)
    assert str(caught.value).startswith(f"FASTBREAK_DATABASE_{named} ")


def test_there_is_nothing_to_rotate_without_a_secret() -> None:
    done = subprocess.run(command("rotate"), env={**os.environ, **GOOD}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "FASTBREAK_DATABASE_SECRET is not set" in done.stderr
