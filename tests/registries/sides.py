# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our registry client, put together for a test registry; unless it gets a clock, it takes note instead of waiting."""

import time
from datetime import UTC, datetime

from ansible_collections.fastbreak.aws.plugins.module_utils._common.backoff import BackoffPolicy
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Descriptor
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.remote.answers import Retrier
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.transfer.blobs import OciTransfer, TransferSettings
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.transfer.state import UploadStates
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.adapters.side import SideSettings, connect_side
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.side import RegistryOptions, check_options


class Waits:
    """A clock that notes the seconds it was to wait, and does not wait."""

    def __init__(self):
        self.seconds = []

    def now(self):
        return datetime.now(UTC)

    def monotonic(self):
        return time.monotonic()

    def sleep(self, seconds):
        self.seconds.append(seconds)

    @property
    def retrier(self):
        return Retrier(self, fraction=lambda: 0.5)


class Sides:
    """Makes sides, and closes them at the end. They wait between attempts by *clock*; without one they only note it."""

    def __init__(self, clock=None):
        self.waits = clock or Waits()
        self._made = []

    def connect(self, registry, *, writes=True, timeout_seconds=20.0, connect_seconds=10.0, attempts=6, **options):
        """A side of a registry of these tests (anything with `host` and `url`)."""
        plain = {} if registry.url.startswith("https") else {"plain_http": True}
        settings = SideSettings(connect_seconds, timeout_seconds, backoff=BackoffPolicy(attempts))
        checked = check_options("source", RegistryOptions(registry.host, **{**plain, **options}))
        made = connect_side(checked, _no_aws, self.waits, writes=writes, settings=settings)
        self._made.append(made)
        return made

    def close(self):
        """Close what was made."""
        for side in self._made:
            side.close()


def _no_aws(service, overrides):
    raise AssertionError(f"nobody asked for AWS, and yet {service} is called")


def transfer_between(source, destination, folder, *, chunk_bytes=1 << 20, warn=None):
    """An `OciTransfer` with small chunks, whose state lies in *folder*."""
    warnings = []
    states = UploadStates(folder, warn or warnings.append, Waits())
    settings = TransferSettings(chunk_bytes=chunk_bytes, buffer_bytes=1 << 16)
    return OciTransfer(source.registry.http, destination.registry.http, states, settings)


def descriptor(blob):
    """A blob of `tests.registries.images` as our descriptor."""
    return Descriptor(blob.digest, blob.size, "application/octet-stream")
