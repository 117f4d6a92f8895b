"""Settings of a registry as a whole.

AWS: API reference GetAccountSetting, PutAccountSetting; ECR User Guide, "Blob mounting in Amazon ECR": off until it is
turned on, and only between repositories that are encrypted alike.
"""

from sandbox.ministack import ecr, responses
from sandbox.services.ecr.api.images import Answer, Data, failure

_VALUES = {
    "BASIC_SCAN_TYPE_VERSION": ("AWS_NATIVE",),
    "REGISTRY_POLICY_SCOPE": ("V2", "V1"),
    "BLOB_MOUNTING": ("DISABLED", "ENABLED"),
}
"""The values each may have, the one it has at first before the others."""
_settings = responses.AccountRegionScopedDict()


def forget() -> None:
    """Drop everything."""
    _settings.clear()


def mounts(repository: str, source: str) -> bool:
    """Whether `repository` may take over blobs of `source`, both of the current registry."""
    encryptions = [(ecr._repositories.get(name) or {}).get("encryptionConfiguration") for name in (repository, source)]
    return _settings.get("BLOB_MOUNTING") == "ENABLED" and encryptions[0] == encryptions[1]


def get_account_setting(data: Data) -> Answer:
    """GetAccountSetting."""
    return _told(data["name"]) if data.get("name") in _VALUES else _unknown(data)


def put_account_setting(data: Data) -> Answer:
    """PutAccountSetting."""
    if data.get("value") not in _VALUES.get(data.get("name", ""), ()):
        return _unknown(data)
    _settings[data["name"]] = data["value"]
    return _told(data["name"])


def _told(name: str) -> Answer:
    return responses.json_response({"name": name, "value": _settings.get(name, _VALUES[name][0])})  # type: ignore[no-any-return]


def _unknown(data: Data) -> Answer:
    text = f"Invalid parameter: no account setting {data.get('name')!r} with the value {data.get('value')!r}"
    return failure("InvalidParameterException", text)
