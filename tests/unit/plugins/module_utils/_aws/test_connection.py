# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients are made from a task's options, and from those of one side of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import botocore
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._aws import connection
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.api import CONFIG
from ansible_collections.fastbreak.aws.plugins.module_utils._aws.connection import Connection, load_models
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError, UnavailableError
from botocore.loaders import JSONFileLoader

KEYS = {"access_key": "AKIA", "secret_key": "secret"}


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """One that knows of no AWS: neither variables nor files."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def test_a_client_is_made_from_the_tasks_options() -> None:
    client = Connection({**KEYS, "region": "eu-west-1"})("ecs")
    assert client.meta.region_name == "eu-west-1"
    assert client.meta.endpoint_url == "https://ecs.eu-west-1.amazonaws.com"
    assert "AKIA" in client.generate_presigned_url("list_clusters")


def test_a_side_has_options_of_its_own() -> None:
    connection = Connection({**KEYS, "region": "eu-west-1"})
    assert connection("ecr", {"region": "us-east-1"}).meta.region_name == "us-east-1"
    assert connection("ecr").meta.region_name == "eu-west-1"


def test_every_client_has_the_same_configuration() -> None:
    config = Connection({**KEYS, "region": "eu-west-1"})("ecs").meta.config
    assert {name: getattr(config, name) for name in CONFIG} == CONFIG


@pytest.mark.parametrize(
    ("params", "said"),
    [(KEYS, "region"), ({"region": "eu-west-1", "profile": "absent"}, "absent")],
)
def test_options_that_do_not_allow_it_are_said(params: dict[str, str], said: str) -> None:
    with pytest.raises(UnavailableError, match=said):
        Connection(params)("ecs")


def test_a_proxy_that_cannot_be_read_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://me:sec/ret@proxy:3128")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(RequestError, match="HTTPS_PROXY names") as raised:
        Connection({**KEYS, "region": "eu-west-1"})("ecs")
    assert "sec" not in str(raised.value)


def test_models_are_read_once_in_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = JSONFileLoader.load_file

    def load_file(self: JSONFileLoader, path: str) -> Any:
        read.append(path)
        return real(self, path)

    connection._models.cache_clear()
    connection._reader.cache_clear()
    connection._SPARE.clear()
    load_models(("sts", "ecs"))
    monkeypatch.setattr(JSONFileLoader, "load_file", load_file)
    Connection({**KEYS, "region": "eu-west-1"})("ecs")
    Connection({**KEYS, "region": "us-east-1"})("sts")
    assert read == []
    Connection({**KEYS, "region": "us-east-1"})("ecr")
    assert [path for path in read if "/ecr/" in path]


def test_models_of_a_folder_are_found_where_the_environment_names_it_later(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    load_models(("sts",))
    model = Path(botocore.__file__).parent / "data" / "sts"
    shutil.copytree(next(model.iterdir()), tmp_path / "token" / "2011-06-15")
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    client = Connection({**KEYS, "region": "eu-west-1"})("token")
    assert hasattr(client, "get_caller_identity")


def test_a_session_that_was_made_early_sees_what_the_environment_says_later(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    load_models(("sts",))
    (tmp_path / "config").write_text("[profile later]\nregion = eu-north-1\n", encoding="utf-8")
    monkeypatch.setenv("AWS_PROFILE", "later")
    assert Connection(KEYS)("ecs").meta.region_name == "eu-north-1"


def test_two_clients_never_share_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    load_models(("sts",))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert Connection(KEYS)("ecs").meta.region_name == "eu-west-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert Connection(KEYS)("ecs").meta.region_name == "us-east-1"


def test_a_configuration_of_the_task_goes_over_ours() -> None:
    config = Connection({**KEYS, "region": "eu-west-1", "aws_config": {"read_timeout": 5}})("ecs").meta.config
    assert (config.read_timeout, config.connect_timeout) == (5, CONFIG["connect_timeout"])


def test_a_configuration_that_botocore_does_not_know_is_said() -> None:
    with pytest.raises(UnavailableError, match="red_timeout"):
        Connection({**KEYS, "region": "eu-west-1", "aws_config": {"red_timeout": 5}})("ecs")


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_PROFILE", "absent"), ("AWS_ENDPOINT_URL", "no url"), ("AWS_REGION", "no region")]
)
def test_what_is_wrong_with_the_environment_is_left_to_the_task(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    connection._reader.cache_clear()
    load_models(("sts",))
