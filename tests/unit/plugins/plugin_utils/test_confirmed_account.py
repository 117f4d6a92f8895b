"""The account is confirmed once in a run, by whichever task comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RefusedError, RequestError
from ansible_collections.fastbreak.aws.plugins.plugin_utils._confirmed_account import ConfirmedAccount

if TYPE_CHECKING:
    from pathlib import Path

INVENTORY = {
    "fastbreak_account_id": "111111111111",
    "fastbreak_region": "us-east-1",
    "fastbreak_environment": "dev",
}


class Context:
    """Tells whose the credentials are, and counts how often it was asked."""

    def __init__(self, account: str = "111111111111") -> None:
        self.account = account
        self.asked = 0

    def client(self, service: str) -> Any:
        assert service == "sts"
        return lambda: self

    def get_caller_identity(self) -> dict[str, str]:
        self.asked += 1
        return {"Account": self.account, "Arn": f"arn:aws:iam::{self.account}:user/x"}


def insist(folder: Path, context: Any, params: dict[str, Any] | None = None, **changes: str) -> None:
    ConfirmedAccount({**INVENTORY, **changes}, folder).insist(params or {}, context)


def test_aws_is_asked_once_in_a_run(tmp_path: Path) -> None:
    context = Context()
    insist(tmp_path, context)
    insist(tmp_path, context)
    assert context.asked == 1
    insist(tmp_path / "another run", context)
    assert context.asked == 2


def test_what_the_guard_confirmed_is_not_asked_again(tmp_path: Path) -> None:
    context = Context()
    ConfirmedAccount({"fastbreak_account_id": "111111111111"}, tmp_path).remember()
    insist(tmp_path, context)
    assert context.asked == 0


def test_another_account_is_refused_every_time(tmp_path: Path) -> None:
    context = Context("222222222222")
    for _time in range(2):
        with pytest.raises(
            RefusedError, match="lives in account 111111111111, but the credentials belong to account 2"
        ):
            insist(tmp_path, context)
    assert context.asked == 2


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL"])
def test_other_credentials_are_confirmed_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    context = Context()
    insist(tmp_path, context)
    monkeypatch.setenv(name, "https://other.invalid")
    insist(tmp_path, context)
    assert context.asked == 2


def test_another_account_of_the_inventory_is_confirmed_anew(tmp_path: Path) -> None:
    insist(tmp_path, Context())
    with pytest.raises(RefusedError):
        insist(tmp_path, Context(), fastbreak_account_id="333333333333")


def test_an_account_that_is_none_is_told_before_anybody_is_asked(tmp_path: Path) -> None:
    context = Context()
    with pytest.raises(RequestError, match="not 12 digits"):
        insist(tmp_path, context, fastbreak_account_id="1")
    assert context.asked == 0


@pytest.mark.parametrize("params", [{"profile": "p"}, {"access_key": "a"}, {"session_token": "t"}])
def test_a_task_with_credentials_of_its_own_is_left_alone(tmp_path: Path, params: dict[str, str]) -> None:
    insist(tmp_path, None, params)


def test_without_an_account_in_the_inventory_nobody_is_asked(tmp_path: Path) -> None:
    insist(tmp_path, None, fastbreak_account_id="")
