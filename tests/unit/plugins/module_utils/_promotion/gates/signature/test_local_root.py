# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A trusted root of an instance on this machine counts only where both registries are on it too."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import RequestError
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.gate import Signature
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.local_root import local_instance
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.signature.materials import SignaturePolicy
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.gates.subject import Subject

from tests.unit.plugins.module_utils._promotion.gates.case import Gates
from tools.files import ROOT

PUBLIC = (ROOT / "inventories" / "shared" / "sigstore" / "trusted_root.json").read_text(encoding="utf-8")
PARTS = {
    "certificateAuthorities": "uri",
    "timestampAuthorities": "uri",
    "tlogs": "baseUrl",
    "ctlogs": "baseUrl",
    "certificate_authorities": "uri",
    "timestamp_authorities": "uri",
}


def root(part: str, address: Any) -> str:
    """Sigstore's own root, in which one part is elsewhere."""
    document = json.loads(PUBLIC)
    document[part] = [{PARTS[part]: address}]
    return json.dumps(document)


@pytest.mark.parametrize("part", PARTS)
def test_any_part_of_a_root_may_be_on_this_machine(part: str) -> None:
    for address in ("http://127.0.0.1:9", "https://localhost/", "http://[::1]:80"):
        assert local_instance(root(part, address)) == address
    for address in ("https://fulcio.example", "", None, 7, "http://["):
        assert local_instance(root(part, address)) == ""


@pytest.mark.parametrize("text", ["", "[]", "7", "nonsense", '{"tlogs": 7}', '{"tlogs": [7, {}]}', PUBLIC])
def test_sigstore_s_own_and_what_is_no_root_are_on_none(text: str) -> None:
    assert local_instance(text) == ""


@pytest.mark.parametrize(("source", "destination"), [(True, False), (False, True), (False, False)])
def test_a_local_root_is_refused_beside_any_other_registry(source: bool, destination: bool) -> None:
    image = Gates()
    image.attach(image.sign())
    ports = SimpleNamespace(
        source=SimpleNamespace(is_local=source, host="dev.example"),
        destination=SimpleNamespace(is_local=destination, host="prod.example"),
    )
    policy = SignaturePolicy(identity="me", issuer="them", trusted_root=root("tlogs", "http://127.0.0.1:9"))
    with pytest.raises(RequestError, match=r"on this machine \(http://127\.0\.0\.1:9\).*fastbreak_sigstore") as caught:
        Signature().measure(policy, Subject(image.image(), cast("Any", ports)))
    assert "dev.example and prod.example" in caught.value.message


def test_beside_local_registries_it_is_judged_by(monkeypatch: pytest.MonkeyPatch) -> None:
    image = Gates()
    ports = SimpleNamespace(source=SimpleNamespace(is_local=True), destination=SimpleNamespace(is_local=True))
    policy = SignaturePolicy(identity="me", issuer="them", trusted_root=root("tlogs", "http://127.0.0.1:9"))
    monkeypatch.setattr(Signature, "checker", lambda *_: lambda _material: None)
    assert Signature().measure(policy, Subject(image.image(), cast("Any", ports))) == ()
