# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A login to ECR is kept until the registry refuses it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.client import EcrClient
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.login import EcrLogins

if TYPE_CHECKING:
    from botocore.stub import Stubber


def give(stub: Stubber, password: str) -> None:
    token = base64.b64encode(f"AWS:{password}".encode()).decode()
    data = {"authorizationToken": token, "proxyEndpoint": "https://registry.example"}
    stub.add_response("get_authorization_token", {"authorizationData": [data]}, {})


def test_a_login_is_kept_until_it_is_refused(stub: Stubber) -> None:
    logins = EcrLogins(EcrClient(lambda: stub.client))
    give(stub, "first")
    assert logins.endpoint == "https://registry.example"
    first = logins.login()
    assert first is not None
    assert first.password == "first"
    give(stub, "second")
    second = logins.login(first)
    assert second is not None
    assert second.password == "second"
    # Another thread that was refused the first one gets what is known by now.
    assert logins.login(first) is second
