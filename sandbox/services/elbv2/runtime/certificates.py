# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""TLS of an HTTPS listener: the certificate that its record names at the moment of each handshake."""

import functools
import ssl
import tempfile
from pathlib import Path

from sandbox.services.elbv2.model import records
from sandbox.services.elbv2.model.certificates import Served, certificates

_ONLY_TLS_1_3 = "TLS13-1-3"


def context(listener_arn: str, address: str, policy: str) -> ssl.SSLContext:
    """A server context for a listener. Another certificate in its record is served from the next handshake on."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_3 if _ONLY_TLS_1_3 in policy else ssl.TLSVersion.TLSv1_2

    def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
        served = chosen(listener_arn, address, name)
        if served is None:
            return int(ssl.AlertDescription.ALERT_DESCRIPTION_INTERNAL_ERROR)
        connection.context = _loaded(served)
        return None

    made.sni_callback = choose
    return made


def chosen(listener_arn: str, address: str, name: str | None) -> Served | None:
    """The listener's certificate for the host that the client names; its default one for any other host."""
    found = [certificates.find(arn, address) for arn in records.certificate_arns(listener_arn)]
    known = [served for served in found if served is not None]
    return next((served for served in known if name and served.covers(name)), next(iter(known), None))


@functools.lru_cache(maxsize=64)
def _loaded(served: Served) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder) / "listener.pem"
        pem.touch(mode=0o600)
        pem.write_text(f"{served.key.strip()}\n{served.chain.strip()}\n")
        made.load_cert_chain(pem)
    return made
