# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudFront: distributions that cache, compress and answer at addresses of their own; VPC origins.

MiniStack's `cloudfront` module keeps the records, and knows behaviors, functions, custom errors and response headers.
`runtime.edge` puts a cache into its way to the origins, `runtime.custom_origins` reaches load balancers, and
`runtime.data_plane` serves viewers, whose requests the distribution's web ACL sees first.
"""

import asyncio
import ssl
import tempfile
import uuid
from pathlib import Path
from typing import Any

from sandbox.authority import Authority, authority_path
from sandbox.host import Sandbox
from sandbox.ministack import alb
from sandbox.namespaces import namespaces
from sandbox.services.cloudformation.api.teaching import teach
from sandbox.services.cloudfront import cloudformation
from sandbox.services.cloudfront.api import distributions as api
from sandbox.services.cloudfront.model import distributions
from sandbox.services.cloudfront.runtime import edge
from sandbox.services.cloudfront.runtime.custom_origins import CustomOrigins
from sandbox.services.cloudfront.runtime.data_plane import DataPlane
from sandbox.services.elbv2.model.certificates import Served, certificates
from sandbox.services.wafv2.model import Firewall


def install(sandbox: Sandbox) -> None:
    """Give distributions a cache and a data plane."""
    authority = Authority.of(sandbox.home)
    firewall = Firewall(sandbox.scaled)

    def context(record: dict[str, Any]) -> ssl.SSLContext:
        return _context(record, authority)

    origins = CustomOrigins(authority_path(sandbox.home))
    plane = DataPlane(context, firewall, origins)

    def address(taken: set[str]) -> str:
        balancers = {record["DNSName"] for record in alb._lbs.to_dict().values()}
        return sandbox.loopback_address(f"distribution/{uuid.uuid4()}", taken | balancers)

    async def start() -> None:
        await asyncio.to_thread(plane.start)

    async def stop() -> None:
        await asyncio.to_thread(plane.stop)

    edge.install(sandbox.scaled, origins.fetch)
    api.install(plane.sync, address)
    teach(cloudformation.RESOURCES)
    sandbox.on_startup(start)
    sandbox.on_shutdown(stop)
    sandbox.on_reset(plane.sync)
    namespaces.follow(plane.sync)
    sandbox.on_reset(distributions.CACHES.clear)
    sandbox.on_reset(firewall.clear)


def _context(record: dict[str, Any], authority: Authority) -> ssl.SSLContext:
    """TLS at a distribution's address: its certificate of ACM if it names one, else one that AWS would call its own."""
    address = record["DomainName"]
    arn = distributions.text_of(distributions.config(record), "ACMCertificateArn")
    served = certificates.find(arn, address) if arn else None
    if served is None:
        issued = authority.issue([f"{record['Id'].lower()}.cloudfront.net"], [address])
        served = Served((), issued.certificate + authority.certificate, issued.key)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder) / "distribution.pem"
        pem.touch(mode=0o600)
        pem.write_text(f"{served.key.strip()}\n{served.chain.strip()}\n")
        made.load_cert_chain(pem)
    return made
