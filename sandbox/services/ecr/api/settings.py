# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""GetAccountSetting and PutAccountSetting, from AWS's API reference."""

from sandbox.ministack import responses
from sandbox.services.ecr.api.images import Answer, Data, failure
from sandbox.services.ecr.model import settings


def get_account_setting(data: Data) -> Answer:
    """GetAccountSetting."""
    return _told(data["name"]) if data.get("name") in settings.VALUES else _unknown(data)


def put_account_setting(data: Data) -> Answer:
    """PutAccountSetting."""
    if data.get("value") not in settings.VALUES.get(data.get("name", ""), ()):
        return _unknown(data)
    settings.put(data["name"], data["value"])
    return _told(data["name"])


def _told(name: str) -> Answer:
    return responses.json_response({"name": name, "value": settings.value_of(name)})  # type: ignore[no-any-return]


def _unknown(data: Data) -> Answer:
    text = f"Invalid parameter: no account setting {data.get('name')!r} with the value {data.get('value')!r}"
    return failure("InvalidParameterException", text)
