# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo's clients of the sandbox's issuer, and where gates find what they ask for tokens with."""

from __future__ import annotations

import json
import ssl
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from demo.tokens import Issuer, provide_token_of_gates

if TYPE_CHECKING:
    import pytest


class _ExistsError(Exception):
    pass


class _Manager:
    exceptions = SimpleNamespace(ResourceExistsException=_ExistsError)

    def __init__(self) -> None:
        self.held: dict[str, list[dict[str, str]]] = {}

    def create_secret(self, Name: str, SecretString: str) -> None:  # noqa: N803 - as boto3 calls them
        if Name in self.held:
            raise _ExistsError
        self.held[Name] = [json.loads(SecretString)]

    def put_secret_value(self, SecretId: str, SecretString: str) -> None:  # noqa: N803
        self.held[SecretId].append(json.loads(SecretString))


def test_gates_find_their_credentials_by_the_name_of_the_inventory(monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[tuple[str, ...]] = []
    monkeypatch.setattr(Issuer, "add", lambda _issuer, *who: added.append(who) or f"hidden-{len(added)}")
    manager = _Manager()
    platform: Any = SimpleNamespace(environment="prod", client=lambda _name: manager)
    issuer = Issuer("https://issuer", ssl.create_default_context(), "http://sandbox")
    for _run in range(2):
        provide_token_of_gates(issuer, platform)
    [(name, (first, second))] = manager.held.items()
    assert name == "fastbreak-prod-probe"
    assert first == {
        "token_endpoint": "https://issuer/token",
        "client_id": "gates",
        "client_secret": "hidden-1",
        "audience": "fastbreak",
    }
    assert second["client_secret"] == "hidden-2"
    assert added == [("gates", "gates", "reviewer")] * 2
