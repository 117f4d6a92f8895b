# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""ECR with a registry that a Docker engine, or any OCI client, can really push to and pull from.

MiniStack keeps repositories, tags and policies. Added here: a registry for each account on a loopback address of its
own, with blobs in files, passwords that are checked and the refusals that ECR makes; an image API that agrees with it.
"""

from functools import partial
from pathlib import Path

from sandbox.host import Sandbox
from sandbox.ministack import ecr
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.ecr import cloudformation
from sandbox.services.ecr.api import dispatch, images, layers, lifecycle, referrers, repositories, scans, settings
from sandbox.services.ecr.api.control import Control
from sandbox.services.ecr.model import settings as registry_settings
from sandbox.services.ecr.model import state
from sandbox.services.ecr.model.blobs import Blobs
from sandbox.services.ecr.model.scans import Preparations
from sandbox.services.ecr.model.tokens import Tokens
from sandbox.services.ecr.runtime.server import Server, elsewhere


def install(sandbox: Sandbox) -> None:
    """Serve the registries and replace MiniStack's image actions."""
    blobs, tokens = Blobs(Path(sandbox.home) / "tmp" / "registry"), Tokens()
    server = Server(sandbox, blobs, tokens)
    repositories.install(blobs)
    preparations = Preparations()
    images.install(blobs, tokens, sandbox.registries, partial(scans.details, preparations))
    lifecycle.install()
    layers.install(blobs, tokens, sandbox.registries)

    async def listen() -> None:
        sandbox.registries.update(server.start())

    async def close() -> None:
        server.stop()

    teach(cloudformation.RESOURCES)
    ecr.handle_registry_request = elsewhere
    dispatch.install(
        {
            **scans.actions(preparations, sandbox),
            **lifecycle.actions(sandbox),
            "GetAccountSetting": settings.get_account_setting,
            "PutAccountSetting": settings.put_account_setting,
            "ListImageReferrers": images.in_repository(referrers.list_image_referrers),
        }
    )
    sandbox.middleware(Control(sandbox, preparations, tokens).middleware)
    sandbox.on_startup(listen)
    sandbox.on_shutdown(close)
    for forget in (
        blobs.forget,
        state.forget,
        preparations.forget,
        tokens.forget,
        registry_settings.forget,
    ):
        sandbox.on_reset(forget)
