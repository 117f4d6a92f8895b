# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Events that AWS's services put on the default bus of an account, which nobody else may put there.

AWS: EventBridge user guide, events from AWS services. They arrive some time after what they tell of, one after another.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sandbox.ministack import eventbridge, responses

_post = ThreadPoolExecutor(1, thread_name_prefix="events")


def emit(source: str, detail_type: str, detail: dict[str, Any], resources: Sequence[str] = ()) -> None:
    """Put the event on the bus of the account and region being served; another thread asks rules and targets."""
    _post.submit(_put, responses.get_account_id(), responses.get_region(), source, detail_type, detail, resources)


def _put(  # noqa: PLR0913, PLR0917 - an event has these parts
    account: str, region: str, source: str, detail_type: str, detail: dict[str, Any], resources: Sequence[str]
) -> None:
    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "Resources": list(resources),
    }
    with responses.request_scope(account, region):
        eventbridge._put_events({"Entries": [entry]}, True)
