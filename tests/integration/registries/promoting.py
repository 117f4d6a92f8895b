# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process that promotes an image between two registries, to be interrupted: prints how it ended.

python promoting.py SOURCE DESTINATION STATE_DIRECTORY
"""

import sys
from pathlib import Path
from types import SimpleNamespace

from ansible_collections.fastbreak.aws.plugins.module_utils._common.entry import answer
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.report import as_data

from tests.integration.registries.promote_case import Promoter


def main(*words):
    """Promote it."""
    source, destination, folder = words
    pair = [SimpleNamespace(host=host, url=f"http://{host}") for host in (source, destination)]
    print(answer(lambda: as_data(Promoter(*pair, Path(folder)).run()))["msg"], flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
