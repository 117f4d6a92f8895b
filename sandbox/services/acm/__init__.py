# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""ACM: certificates of the sandbox's own authority, which load balancers serve.

MiniStack's `acm` module keeps the records, with placeholders for certificates. `model` fills in real ones, `api`
corrects its answers. Each account has a certificate from the start; prod's inventory names its ARN.
"""

import asyncio

from sandbox.authority import Authority
from sandbox.host import Sandbox
from sandbox.services.acm import api
from sandbox.services.acm.model import Store
from sandbox.services.elbv2.model.certificates import certificates


def install(sandbox: Sandbox) -> None:
    """Issue real certificates, and hand them to listeners."""
    store = Store(Authority.of(sandbox.home))
    certificates.find = store.served
    api.install(store)

    def issue_all() -> None:
        for alias, account in sandbox.accounts.items():
            store.issue_first(account, sandbox.regions[alias], f"{alias}.fastbreak.example")

    async def start() -> None:
        await asyncio.to_thread(issue_all)

    sandbox.on_startup(start)
    sandbox.on_reset(store.forget)
    sandbox.on_reset(issue_all)
