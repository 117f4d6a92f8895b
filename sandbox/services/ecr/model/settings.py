# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Settings of a registry as a whole.

AWS: ECR User Guide, "Blob mounting in Amazon ECR": off until it is turned on, and only between repositories that are
encrypted alike.
"""

from typing import Any

from sandbox.ministack import ecr, responses

VALUES = {
    "BASIC_SCAN_TYPE_VERSION": ("AWS_NATIVE",),
    "REGISTRY_POLICY_SCOPE": ("V2", "V1"),
    "BLOB_MOUNTING": ("DISABLED", "ENABLED"),
}
"""The values each may have, its first value before the others."""
_settings: Any = responses.AccountRegionScopedDict()


def forget() -> None:
    """Drop everything."""
    _settings.clear()


def value_of(name: str) -> str:
    """The value of a setting of the current registry."""
    return str(_settings.get(name, VALUES[name][0]))


def put(name: str, value: str) -> None:
    """Set one of `VALUES`."""
    _settings[name] = value


def mounts(repository: str, source: str) -> bool:
    """Whether `repository` may take over blobs of `source`, both of the current registry."""
    encryptions = [(ecr._repositories.get(name) or {}).get("encryptionConfiguration") for name in (repository, source)]
    return value_of("BLOB_MOUNTING") == "ENABLED" and encryptions[0] == encryptions[1]
