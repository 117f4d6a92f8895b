# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Which accounts the sandbox has (dev, prod, and one for each further inventory of this clone) and where they work."""

import re
from pathlib import Path

INVENTORIES = Path(__file__).resolve().parents[1] / "inventories"
ALWAYS = {"dev": "111111111111", "prod": "222222222222"}
_REGION = re.compile(r"""^fastbreak_region:[ \t]*["']?([a-z]{2}(?:-[a-z]+)+-[0-9])["']?[ \t]*(?:#.*)?$""", re.MULTILINE)
_ACCOUNT = re.compile(r"""^fastbreak_account_id:[ \t]*["']?([0-9]{12})["']?[ \t]*(?:#.*)?$""", re.MULTILINE)


def of_inventories(folder: Path = INVENTORIES) -> dict[str, str]:
    """Environment to account id. dev and prod keep theirs whatever their inventories say: the tests go by them."""
    return {**_written(folder, _ACCOUNT), **ALWAYS}


def regions(folder: Path = INVENTORIES) -> dict[str, str]:
    """Environment to region, for those whose inventory says it."""
    return _written(folder, _REGION)


def _written(folder: Path, pattern: re.Pattern[str]) -> dict[str, str]:
    found = {}
    for path in sorted(folder.glob("*/group_vars/all/*.yml")):
        if match := pattern.search(path.read_text(encoding="utf-8", errors="replace")):
            found[path.parents[2].name] = match[1]
    return found
