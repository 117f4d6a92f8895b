# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``sign``: who signs what was promoted, and what cannot be meant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: The variable that cosign and other clients of Sigstore read the token of an identity from.
TOKEN_VARIABLE = "SIGSTORE_ID_TOKEN"  # noqa: S105 - the name of a variable

_SECRETS = ("private_key", "passphrase", "token")
_OF_KEYS = ("passphrase",)
_OF_IDENTITIES = ("issuer", "token", "token_file", "signing_config", "trusted_root")


@dataclass(frozen=True, slots=True)
class SigningOptions:
    """Who signs: a private key, its text or a file's; or an identity of an issuer, by a token of that.

    ``signing_config`` and ``trusted_root`` are texts in Sigstore's own formats; empty, those of the public good
    instance.
    """

    private_key: str = field(default="", repr=False)
    private_key_file: str = ""
    passphrase: str = field(default="", repr=False)
    identity: str = ""
    issuer: str = ""
    token: str = field(default="", repr=False)
    token_file: str = ""
    signing_config: str = ""
    trusted_root: str = ""


@dataclass(frozen=True, slots=True)
class SignedBy:
    """What the signatures of a signer are known by: a public key (PEM), or an identity, its issuer and their root."""

    public_key: str = ""
    identity: str = ""
    issuer: str = ""
    trusted_root: str = ""


def sign_spec() -> dict[str, Any]:
    """The suboptions, as an argument spec."""
    return {
        "private_key": {"type": "str", "no_log": True},
        "private_key_file": {"type": "path", "no_log": False},
        "passphrase": {"type": "str", "no_log": True},
        "identity": {"type": "str"},
        "issuer": {"type": "str"},
        "token": {"type": "str", "no_log": True},
        "token_file": {"type": "path", "no_log": False},
        "signing_config": {"type": "str"},
        "trusted_root": {"type": "str"},
    }


def read_sign(options: Mapping[str, Any]) -> SigningOptions:
    """The validated suboptions as a value."""
    return SigningOptions(**{name: options.get(name) or "" for name in sign_spec()})


def sign_problems(options: Mapping[str, Any]) -> Iterator[str]:
    """It must be clear who signs, and nothing may be given that is not used."""
    given = {name for name in sign_spec() if options.get(name)}
    signers = sorted(given & {"private_key", "private_key_file", "identity"})
    if len(signers) != 1:
        said = f"{' and '.join(signers)} are given" if signers else "none of them is given"
        yield f"sign needs 'private_key', 'private_key_file', or 'identity' with 'issuer', and only one: {said}"
        return
    stray = sorted(given.intersection(_OF_KEYS if signers == ["identity"] else _OF_IDENTITIES))
    if stray:
        yield f"sign has {', '.join(stray)}, which {signers[0]} does not use; leave them out"
    if signers == ["identity"] and "issuer" not in given:
        yield "sign needs 'issuer' with 'identity': anybody can have that identity elsewhere"
    if {"token", "token_file"} <= given:
        yield f"sign has 'token' and 'token_file'; give one, or neither for the variable {TOKEN_VARIABLE}"
    if len(given & {"signing_config", "trusted_root"}) == 1:
        yield "sign needs 'signing_config' and 'trusted_root' together: whom to ask, and whom to believe"


def sign_secrets(options: Any) -> list[str]:
    """The secrets among the suboptions, so that no result repeats one."""
    return [str(options[name]) for name in _SECRETS if options.get(name)] if isinstance(options, dict) else []
