# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The event subscriptions of each account and region, by name."""

from typing import Any

from sandbox.ministack import responses

SUBSCRIPTIONS: Any = responses.AccountRegionScopedDict()
forget = SUBSCRIPTIONS.clear
