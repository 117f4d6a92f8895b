# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where an ECR registry is, and who we are there; answers are checked with botocore's own model."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import CredentialsError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.docker_hub import API_HOST
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.login import Login
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.side import SideClients, connect_side
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.side import RegistryOptions, read_side
from botocore.stub import Stubber

from tests.registries.sides import Waits
from tests.unit.plugins.module_utils._common.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ACCOUNT = "111111111111"
HOST = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"
FIPS = f"{ACCOUNT}.dkr.ecr-fips.us-east-1.amazonaws.com"
DUAL_STACK = f"{ACCOUNT}.dkr-ecr.us-east-1.on.aws"


def token(password: str) -> str:
    return base64.b64encode(f"AWS:{password}".encode()).decode()


class Ecr:
    """ECR as far as logins go."""

    def __init__(self) -> None:
        self.client = boto3.client("ecr", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.stub = Stubber(self.client)
        self.overrides: Mapping[str, str] = {}

    def answer(self, endpoint: str, password: str) -> None:
        data = {"authorizationToken": token(password), "proxyEndpoint": endpoint}
        self.stub.add_response("get_authorization_token", {"authorizationData": [data]}, {"registryIds": [ACCOUNT]})

    def connect(self, service: str, overrides: Mapping[str, str]) -> Any:
        assert service == "ecr"
        self.overrides = overrides
        return self.client


@pytest.fixture
def ecr() -> Ecr:
    return Ecr()


@pytest.mark.parametrize(
    ("named", "endpoint", "reached"),
    [
        (HOST, f"https://{HOST}", f"https://{HOST}"),
        (FIPS, f"https://{HOST}", f"https://{FIPS}"),
        (DUAL_STACK, f"https://{HOST}", f"https://{DUAL_STACK}"),
        (HOST, "http://127.1.2.3:5000", "http://127.1.2.3:5000"),
        (HOST, "https://registry.internal.example", "https://registry.internal.example"),
    ],
)
def test_a_registry_is_where_its_login_says(ecr: Ecr, named: str, endpoint: str, reached: str) -> None:
    ecr.answer(endpoint, "one")
    with ecr.stub:
        side = connect_side(RegistryOptions(named, profile="p"), ecr.connect, Waits(), writes=True)
    assert str(side.registry.http.origin) == reached
    assert (side.registry.host, side.account, side.region) == (named, ACCOUNT, "us-east-1")
    assert ecr.overrides == {"profile": "p", "region": "us-east-1"}


def test_the_password_is_sent_at_once_and_asked_for_again_when_it_is_refused(ecr: Ecr) -> None:
    ecr.answer(f"https://{HOST}", "one")
    ecr.answer(f"https://{HOST}", "two")
    with ecr.stub:
        http = connect_side(RegistryOptions(HOST), ecr.connect, Waits(), writes=True).registry.http
        first = http.authorization(f"https://{HOST}/v2/", "a/b")
        assert first == f"Basic {token('one')}"
        assert http.authorization("https://other.example/v2/", "a/b") == ""
        # What an ECR registry may ask for besides is not answered: its password goes to no token server.
        assert http._authorizer.renew("a/b", "pull", first, 'Bearer realm="https://other.example/"') is True
        assert http.authorization(f"https://{HOST}/v2/", "a/b") == f"Basic {token('two')}"
        # Another thread had used the first one too: the second is known by now.
        assert http._authorizer.renew("a/b", "pull", first, "") is True
    ecr.stub.assert_no_pending_responses()


def _docker(folder: Path, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    kept = {"auths": {host: {"auth": base64.b64encode(b"u:p").decode()}}}
    (folder / "config.json").write_text(json.dumps(kept), encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"auth": "docker_config"}, True),
        ({}, True),
        ({"auth": "anonymous"}, False),
        ({"username": "x", "password": "y"}, False),
    ],
)
def test_a_login_of_dockers_is_taken_when_it_is_asked_for_or_nothing_else_is(
    options: dict[str, str], found: bool, ecr: Ecr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _docker(tmp_path, monkeypatch, "registry.example.com")
    side = connect_side(RegistryOptions("registry.example.com", **options), ecr.connect, Waits(), writes=True)  # type: ignore[arg-type]
    login = side.registry.http._authorizer._logins.login()
    assert (login == Login("registry.example.com", "u", "p")) == found


def test_a_registry_that_docker_knows_nothing_of_is_asked_as_nobody_or_refused(
    ecr: Ecr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _docker(tmp_path, monkeypatch, "other.example.com")
    side = connect_side(RegistryOptions("registry.example.com"), ecr.connect, Waits(), writes=True)
    assert side.registry.http._authorizer._logins.login() is None
    with pytest.raises(CredentialsError, match=r"none is in .*config\.json.*\. Log in"):
        connect_side(RegistryOptions("registry.example.com", auth="docker_config"), ecr.connect, Waits(), writes=True)


def test_docker_hub_answers_elsewhere_than_its_name_says(
    ecr: Ecr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _docker(tmp_path, monkeypatch, "https://index.docker.io/v1/")
    side = connect_side(read_side({"registry": "index.docker.io"}), ecr.connect, Waits(), writes=False)
    assert (side.registry.host, str(side.registry.http.origin)) == ("docker.io", f"https://{API_HOST}")
    assert side.registry.http._authorizer._logins.login() == Login("docker.io", "u", "p")


@pytest.mark.parametrize("endpoint", ["", "file:///x", "nonsense"])
def test_an_endpoint_that_is_none_says_so(ecr: Ecr, endpoint: str) -> None:
    ecr.answer(endpoint, "one")
    with ecr.stub, pytest.raises(UnavailableError, match="proxyEndpoint"):
        connect_side(RegistryOptions(HOST), ecr.connect, Waits(), writes=True)


@pytest.mark.parametrize("data", [[], [{}], [{"authorizationToken": "!", "proxyEndpoint": "x"}]])
def test_an_answer_without_a_login_says_so(ecr: Ecr, data: list[dict[str, str]]) -> None:
    ecr.stub.add_response("get_authorization_token", {"authorizationData": data})
    with ecr.stub, pytest.raises(UnavailableError, match="cannot be read"):
        connect_side(RegistryOptions(HOST), ecr.connect, Waits(), writes=True)


def test_expired_aws_credentials_say_so(ecr: Ecr) -> None:
    ecr.stub.add_client_error("get_authorization_token", "ExpiredTokenException")
    with ecr.stub, pytest.raises(CredentialsError, match="Renew them"):
        connect_side(RegistryOptions(HOST), ecr.connect, Waits(), writes=True)


def test_a_plain_registry_asks_aws_nothing(ecr: Ecr) -> None:
    side = connect_side(
        RegistryOptions("registry.example.com:5000", plain_http=True), ecr.connect, Waits(), writes=False
    )
    assert str(side.registry.http.origin) == "http://registry.example.com:5000"
    assert (side.account, side.region, side.layers) == ("", "", None)
    settings = side.repositories.describe_repository("a/b")
    assert (settings.known, settings.exists) == (False, False)


ROLE = "arn:aws:iam::111111111111:role/promoter"


def test_a_roles_credentials_are_renewed_by_time_that_only_goes_forward() -> None:
    sts = boto3.client("sts", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    clock, keys = FakeClock(), []

    def connect(service: str, overrides: Mapping[str, str]) -> Any:
        if service == "sts":
            return sts
        keys.append(overrides["access_key"])
        return type("Ecr", (), {"ask": staticmethod(lambda: None)})

    asked = {"RoleArn": ROLE, "RoleSessionName": "fastbreak-image-promotion", "DurationSeconds": 3600}
    with Stubber(sts) as stub:
        for name in ("A" * 20, "B" * 20):
            # What AWS's clock says of the end does not count here: ours may differ from it by any amount.
            given = {"AccessKeyId": name, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2001-01-01"}
            stub.add_response("assume_role", {"Credentials": given}, asked)
        options = RegistryOptions(HOST, role_arn=ROLE)
        client = SideClients(connect, options, clock).client("ecr")
        for seconds in (0, 3299, 2, 0):
            clock.time += seconds
            client.ask()
        stub.assert_no_pending_responses()
    assert keys == ["A" * 20, "B" * 20]


@pytest.mark.parametrize(("key", "plain_http"), [("r.example:80", True), ("r.example:443", False)])
def test_the_port_of_the_scheme_is_no_part_of_the_name_of_a_login(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str, plain_http: bool
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps({"auths": {key: {"username": "u", "password": "p"}}}))
    wanted = RegistryOptions("r.example", auth="docker_config", plain_http=plain_http)
    connect_side(wanted, Ecr().connect, FakeClock(), writes=False).close()
    other = RegistryOptions("r.example", auth="docker_config", plain_http=not plain_http)
    with pytest.raises(CredentialsError, match="none is in"):
        connect_side(other, Ecr().connect, FakeClock(), writes=False)
