# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The embedded AWS: MiniStack in one process, two accounts, real containers, and `sandbox.services`."""

from typing import Final

ACCOUNTS: Final = {"dev": "111111111111", "prod": "222222222222"}
REGION: Final = "us-east-1"
FIRST_PORT: Final = 4566
