# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process that copies one blob between two registries, to be killed: prints each acknowledged MiB.

python copying.py SOURCE DESTINATION DIGEST SIZE STATE_DIRECTORY CHUNK_BYTES
"""

import sys
from pathlib import Path
from types import SimpleNamespace

from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Descriptor

from tests.registries.sides import Sides, transfer_between


def main(*words):
    """Copy it."""
    source, destination, digest, size, folder, chunk_bytes = words
    sides = Sides()
    pair = [sides.connect(SimpleNamespace(host=host, url=f"http://{host}")) for host in (source, destination)]
    made = transfer_between(*pair, Path(folder), chunk_bytes=int(chunk_bytes))
    copied = 0

    def report(count):
        nonlocal copied
        before, copied = copied, copied + count
        if copied >> 20 != before >> 20:
            print(copied, flush=True)

    done = made.copy_blob("a/b", Descriptor(digest, int(size), "x"), "c/d", report)
    print(f"done {done.bytes_sent} {done.resumed_at}", flush=True)
    sides.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
