# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""A Sigstore instance beside AWS, so that releases are signed by an identity and that is demanded, as in production.

`model` has its authority, its logs and what they answer; `runtime` serves it on this machine, and believes tokens of
every OpenID Connect issuer whose keys the sandbox knows. The folder `sigstore` of the sandbox says where it is asked,
and what a verifier has to trust.
"""

import asyncio
from pathlib import Path

from sandbox.addresses import bind
from sandbox.host import Sandbox
from sandbox.services.sigstore.model.instance import Instance
from sandbox.services.sigstore.runtime import Server, believed


def install(sandbox: Sandbox) -> None:
    """Serve it, and write down how it is used."""
    instance, server = Instance(believed), Server()

    async def start() -> None:
        listener = await asyncio.to_thread(bind, sandbox.loopback_address("sigstore"), 0)
        address, port = listener.getsockname()
        await asyncio.to_thread(_write, sandbox.home / "sigstore", instance, f"http://{address}:{port}")
        server.start(instance, listener)

    async def stop() -> None:
        await asyncio.to_thread(server.stop)

    sandbox.on_startup(start)
    sandbox.on_shutdown(stop)


def _write(folder: Path, instance: Instance, url: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "trusted_root.json").write_text(instance.trusted_root(url))
    (folder / "signing_config.json").write_text(instance.signing_config(url))
