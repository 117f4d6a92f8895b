# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who signs: what can be meant, and what cannot."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.sign_options import (
    SigningOptions,
    read_sign,
    sign_problems,
    sign_secrets,
    sign_spec,
)

IDENTITY = {"identity": "i", "issuer": "j"}


@pytest.mark.parametrize(
    "options",
    [
        {"private_key": "k"},
        {"private_key_file": "/k", "passphrase": "p"},
        IDENTITY,
        {**IDENTITY, "token": "t"},
        {**IDENTITY, "token_file": "/t", "signing_config": "{}", "trusted_root": "{}"},
    ],
)
def test_a_key_or_an_identity_signs(options: dict[str, Any]) -> None:
    assert list(sign_problems({**dict.fromkeys(sign_spec()), **options})) == []
    assert read_sign(options) == SigningOptions(**options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "none of them is given"),
        ({"passphrase": "p"}, "none of them is given"),
        ({"issuer": "j", "token": "t"}, "none of them is given"),
        ({"private_key": "k", "private_key_file": "/k"}, "private_key and private_key_file are given"),
        ({"private_key": "k", **IDENTITY}, "identity and private_key are given"),
        ({"private_key": "k", "token": "t"}, "sign has token, which private_key does not use"),
        ({"private_key_file": "/k", "issuer": "j", "token": "t"}, "sign has issuer, token, which private_key_file"),
        ({"identity": "i"}, "sign needs 'issuer' with 'identity'"),
        ({**IDENTITY, "passphrase": "p"}, "sign has passphrase, which identity does not use"),
        ({**IDENTITY, "token": "t", "token_file": "/t"}, "give one, or neither for the variable SIGSTORE_ID_TOKEN"),
        ({**IDENTITY, "signing_config": "{}"}, "sign needs 'signing_config' and 'trusted_root' together"),
        ({**IDENTITY, "trusted_root": "{}"}, "sign needs 'signing_config' and 'trusted_root' together"),
    ],
)
def test_what_cannot_be_meant_is_said(options: dict[str, Any], said: str) -> None:
    (problem,) = sign_problems({**dict.fromkeys(sign_spec()), **options})
    assert said in problem


def test_secrets_are_known_and_never_printed() -> None:
    secrets = {"private_key": "k-secret", "passphrase": "p-secret", "token": "t-secret"}
    assert sign_secrets({**secrets, "identity": "i"}) == list(secrets.values())
    assert sign_secrets(None) == sign_secrets("text") == sign_secrets({}) == []
    assert "secret" not in repr(SigningOptions(**secrets))
    assert {name for name, option in sign_spec().items() if option.get("no_log")} == set(secrets)
