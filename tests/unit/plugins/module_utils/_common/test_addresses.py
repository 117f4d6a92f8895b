# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts are this machine."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._common.addresses import is_this_machine


@pytest.mark.parametrize(
    ("host", "is_it"),
    [
        *((name, True) for name in ("127.0.0.1", "127.254.3.9", "::1", "localhost", "LocalHost.", "a.localhost")),
        *((name, True) for name in ("0.0.0.0", "::ffff:127.0.0.1")),  # noqa: S104 - nothing is bound  # noqa: S104 - nothing is bound
        *((name, False) for name in ("10.0.0.1", "fulcio.sigstore.dev", "localhost.example", "1.2.3.4", "")),
    ],
)
def test_this_machine_is_known_without_a_name_server(host: str, is_it: bool) -> None:
    assert is_this_machine(host) is is_it
