"""A task's AWS options as each of its sides sees them."""

from __future__ import annotations

from typing import Any

from ansible_collections.fastbreak.aws.plugins.module_utils._aws.options import side_params
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.side import read_side, side_secrets, side_spec

OWN: dict[str, Any] = {
    "profile": None,
    "access_key": "own",
    "secret_key": "own-secret",
    "session_token": "own-token",
    "region": "us-east-1",
    "endpoint_url": None,
    "validate_certs": True,
}


def test_a_side_without_options_is_the_tasks_own() -> None:
    assert side_params(OWN, {}) == OWN


def test_credentials_of_a_side_are_never_mixed_with_the_tasks() -> None:
    assert side_params(OWN, {"profile": "dev"}) == {
        **OWN,
        "profile": "dev",
        "access_key": None,
        "secret_key": None,
        "session_token": None,
    }
    keys = side_params(OWN, {"access_key": "a", "secret_key": "b"})
    assert (keys["access_key"], keys["secret_key"], keys["session_token"]) == ("a", "b", None)


def test_region_and_endpoint_keep_the_tasks_credentials() -> None:
    assert side_params(OWN, {"region": "eu-west-1", "endpoint_url": "http://x"}) == {
        **OWN,
        "region": "eu-west-1",
        "endpoint_url": "http://x",
    }


def test_other_options_of_a_side_are_no_aws_options() -> None:
    assert side_params(OWN, {"role_arn": "arn", "validate_certs": "no"}) == OWN


def test_a_side_is_read_and_does_not_show_its_secrets() -> None:
    options = dict.fromkeys(side_spec())
    given = {**options, "registry": "r.example", "auth": "basic", "password": "hidden", "plain_http": True}
    side = read_side(given)
    assert (side.registry, side.password, side.username, side.plain_http) == ("r.example", "hidden", "", True)
    assert "hidden" not in repr(side)


def test_every_secret_of_the_options_is_known() -> None:
    hidden = [name for name, option in side_spec().items() if option.get("no_log")]
    args = {
        "secret_key": "a",
        "source": {name: f"source-{name}" for name in hidden},
        "destination": {name: f"destination-{name}" for name in hidden},
    }
    expected = {"a", *(f"{side}-{name}" for side in ("source", "destination") for name in hidden)}
    assert set(side_secrets(args)) == expected
    assert side_secrets({"source": "nonsense", "destination": None}) == []
