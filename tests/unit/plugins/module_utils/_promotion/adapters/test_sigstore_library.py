# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is used of the library that signs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.sigstore_library import SigstoreLibrary

from tests.registries.sigstore import ISSUER, SigstoreInstance, token

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def instance() -> Iterator[SigstoreInstance]:
    with SigstoreInstance() as running:
        yield running


def test_a_token_tells_its_claims() -> None:
    claims = SigstoreLibrary().claims(token("ops", email="ops@example.com"))
    assert (claims["iss"], claims["sub"], claims["email"]) == (ISSUER, "ops", "ops@example.com")


def test_the_certificate_of_a_signer_is_known_before_it_signs(instance: SigstoreInstance) -> None:
    library = SigstoreLibrary()
    context = library.context(instance.signing_config, instance.trusted_root)
    signer = library.signer(context, library.token(token("https://ci.example/release")))
    found = [library.certificate(signer) for _twice in range(2)]
    assert found[0] == found[1]
    assert instance.asked == ["/api/v2/signingCert"]


@pytest.mark.parametrize("module", ["sigstore.sign", "sigstore.oidc", "jwt"])
def test_what_is_not_installed_is_found_out_when_it_is_made(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError):
        SigstoreLibrary()
