# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How long a token counts that was accepted before."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from fastbreak_service.identity import tokens as tokens_module
from fastbreak_service.identity.issuer import IssuerSettings
from fastbreak_service.identity.keys import Keys
from fastbreak_service.identity.tokens import TokenError, Tokens
from support.issuer import AUDIENCE, Issuer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer() as made:
        yield made


class Accepting:
    """Tokens of an issuer; `now` is the time of day, and `uptime` the clock of its keys."""

    def __init__(self, issuer: Issuer) -> None:
        self.now, self.uptime = time.time(), 1000.0
        self.keys = Keys(issuer.address, now=lambda: self.uptime)
        settings = IssuerSettings(issuer.address, AUDIENCE, "team", "roles")
        self.tokens = Tokens(settings, self.keys, lambda: self.now)


def test_a_token_that_was_accepted_is_known_until_it_expires(issuer: Issuer) -> None:
    it = Accepting(issuer)
    token = issuer.token(exp=int(it.now) + 60)
    assert it.tokens.known(token) is None
    caller = it.tokens.caller(token)
    assert it.tokens.known(token) == caller
    assert it.tokens.known(token[:-1]) is None
    # The clocks of issuer and service may differ by half a minute.
    it.now = int(it.now) + 89
    assert it.tokens.known(token) == caller
    it.now += 1
    assert it.tokens.known(token) is None


def test_a_token_that_was_refused_is_not_known(issuer: Issuer) -> None:
    it = Accepting(issuer)
    token = issuer.token(aud="another")
    with pytest.raises(TokenError):
        it.tokens.caller(token)
    assert it.tokens.known(token) is None


def test_a_token_is_not_known_when_the_issuer_took_its_key_back_or_is_away_for_long() -> None:
    with Issuer() as issuer:
        it = Accepting(issuer)
        token, other = issuer.token("ec"), issuer.token("rsa")
        for each in (token, other):
            it.tokens.caller(each)
        issuer.rotate()
        it.keys.refresh()
        assert it.tokens.known(token) is None
        with pytest.raises(TokenError):
            it.tokens.caller(token)
        # The keys were asked for again: whoever has one of them is looked at again too.
        assert it.tokens.known(other) is None
        it.tokens.caller(other)
        assert it.tokens.known(other) is not None
        it.uptime += 86_401
        assert it.tokens.known(other) is None


def test_a_token_is_not_known_when_another_key_has_the_id_of_its_own() -> None:
    with Issuer() as issuer:
        it = Accepting(issuer)
        token = issuer.token("ec")
        it.tokens.caller(token)
        issuer.keys["ec"] = ec.generate_private_key(ec.SECP256R1())
        issuer.publish()
        it.keys.refresh()
        assert it.tokens.known(token) is None
        with pytest.raises(TokenError, match="not signed by its issuer"):
            it.tokens.caller(token)
        newer = issuer.token("ec")
        caller = it.tokens.caller(newer)
        assert it.tokens.known(newer) == caller


def test_not_more_than_so_many_tokens_are_known(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens_module, "_MOST_ACCEPTED", 3)
    it = Accepting(issuer)
    sent = [issuer.token(sub=f"n{number}") for number in range(4)]
    for token in sent:
        it.tokens.caller(token)
    assert [it.tokens.known(token) is not None for token in sent] == [False, False, False, True]
