# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificates a load balancer takes, and which names clients trust them for."""

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.certificates import problem, strangers
from ansible_collections.fastbreak.aws.plugins.module_utils._stack.types import Certificate

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize("status", ["PENDING_VALIDATION", "INACTIVE", "EXPIRED", "REVOKED", "FAILED", "unknown", ""])
def test_only_what_is_issued_is_taken(status):
    assert "takes only a certificate that is ISSUED" in problem(Certificate(status), NOW)


@pytest.mark.parametrize("key", ["RSA_1024", "RSA-1024", "EC_secp224r1", "ED25519", "DSA_2048"])
def test_a_key_that_no_load_balancer_takes(key):
    assert f"has a key {key.replace('-', '_')}" in problem(Certificate("ISSUED", key_algorithm=key), NOW)


@pytest.mark.parametrize("key", ["", "RSA_2048", "RSA-2048", "RSA-4096", "EC_prime256v1", "EC_secp521r1"])
def test_a_key_that_load_balancers_take(key):
    assert problem(Certificate("ISSUED", key_algorithm=key), NOW) == ""


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, None, ""),
        (NOW, NOW + DAY, ""),
        (NOW - DAY, NOW, "expired at 2026-01-01 00:00 UTC"),
        (NOW + DAY, NOW + DAY + DAY, "is valid only from 2026-01-02 00:00 UTC on"),
    ],
)
def test_a_certificate_is_valid_between_its_dates(before, after, words):
    found = problem(Certificate("ISSUED", not_before=before, not_after=after), NOW)
    assert (words in found) if words else not found


@pytest.mark.parametrize(
    ("held", "name", "trusted"),
    [
        (("a.example.org",), "a.example.org", True),
        (("A.example.org",), "a.EXAMPLE.org", True),
        (("*.example.org",), "a.example.org", True),
        (("*.example.org",), "example.org", False),
        (("*.example.org",), "a.b.example.org", False),
        (("*.example.org",), ".example.org", False),
        (("*.org",), "org", False),
        (("*",), "org", False),
        (("*.",), "a.", False),
        ((), "a.example.org", False),
        (("example.org", "b.example.org"), "b.example.org", True),
    ],
)
def test_a_star_stands_for_one_label(held, name, trusted):
    assert strangers(held, [name]) == ([] if trusted else [name])
