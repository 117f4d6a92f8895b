"""ECR with a registry that a Docker engine, or any OCI client, can really push to and pull from.

MiniStack keeps repositories, tags and policies. Added here: a registry for each account on a loopback address of its
own, with blobs in files, passwords that are checked and the refusals that ECR makes; an image API that agrees with it.
"""

from functools import partial
from pathlib import Path

from ministack.services import ecr

from sandbox.extensions.api import Sandbox
from sandbox.extensions.ecr import (
    _api,
    _dispatch,
    _layers,
    _lifecycle,
    _lifecycle_api,
    _policies,
    _referrers,
    _repositories,
    _scan_api,
    _server,
    _settings,
)
from sandbox.extensions.ecr._blobs import Blobs
from sandbox.extensions.ecr._control import Control
from sandbox.extensions.ecr._scans import Preparations
from sandbox.extensions.ecr._tokens import Tokens

policy_problem = _policies.problem
lifecycle_problem = _lifecycle.problem
tag_filter_problem = _repositories.filter_problem

_addresses: dict[str, str] = {}


def registry_address(account: str) -> str:
    """`127.x.y.z:port` of the account's registry; KeyError before the server has started."""
    return _addresses[account]


def install(sandbox: Sandbox) -> None:
    """Serve the registries and replace MiniStack's image actions."""
    blobs, tokens = Blobs(Path(sandbox.home) / "tmp" / "registry"), Tokens()
    server = _server.Server(sandbox, blobs, tokens)
    _repositories.install(blobs)
    preparations = Preparations()
    _api.install(blobs, tokens, _addresses, partial(_scan_api.details, preparations))
    _lifecycle_api.install()
    _layers.install(blobs, tokens, _addresses)

    async def listen() -> None:
        _addresses.update(server.start())
        sandbox.registries.update(_addresses)

    async def close() -> None:
        server.stop()

    ecr.handle_registry_request = _server.elsewhere
    _dispatch.install(
        {
            **_scan_api.actions(preparations, sandbox),
            **_lifecycle_api.actions(sandbox),
            "GetAccountSetting": _settings.get_account_setting,
            "PutAccountSetting": _settings.put_account_setting,
            "ListImageReferrers": _api.in_repository(_referrers.list_image_referrers),
        }
    )
    sandbox.middleware(Control(sandbox, preparations, tokens).middleware)
    sandbox.on_startup(listen)
    sandbox.on_shutdown(close)
    for forget in (blobs.forget, preparations.forget, tokens.forget, _settings.forget, _lifecycle_api.forget):
        sandbox.on_reset(forget)
