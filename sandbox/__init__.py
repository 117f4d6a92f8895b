# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The embedded AWS: MiniStack in one process, an account an inventory, real containers, and `sandbox.services`."""

from typing import Final

from sandbox.accounts import of_inventories, regions

REGION: Final = "us-east-1"
ACCOUNTS: Final = of_inventories()
REGIONS: Final = dict.fromkeys(ACCOUNTS, REGION) | regions()
FIRST_PORT: Final = 4566
