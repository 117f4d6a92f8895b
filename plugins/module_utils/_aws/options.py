# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options that say which AWS is meant, and who asks it, for one side of a task that speaks to two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._promotion.side import RegistryOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

_CREDENTIALS = ("profile", "access_key", "secret_key", "session_token")
_SECRETS = ("password", "secret_key", "session_token")
_OPTIONS = (*_CREDENTIALS, "region", "endpoint_url")


def side_params(params: Mapping[str, Any], overrides: Mapping[str, str]) -> dict[str, Any]:
    """A task's options as one side of it sees them.

    Credentials of the side replace the task's as a whole, so that none of the task's is mixed with the side's.
    """
    given = {name: overrides[name] for name in _OPTIONS if overrides.get(name)}
    if any(name in given for name in _CREDENTIALS):
        return {**params, **dict.fromkeys(_CREDENTIALS), **given}
    return {**params, **given}


def side_spec() -> dict[str, Any]:
    """The options of one side, as an argument spec."""
    return {
        "registry": {"type": "str", "required": True},
        "auth": {"type": "str", "choices": ["auto", "ecr", "basic", "anonymous"], "default": "auto"},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "profile": {"type": "str"},
        "access_key": {"type": "str", "no_log": False},
        "secret_key": {"type": "str", "no_log": True},
        "session_token": {"type": "str", "no_log": True},
        "role_arn": {"type": "str"},
        "region": {"type": "str"},
        "endpoint_url": {"type": "str"},
        "plain_http": {"type": "bool", "default": False},
        "validate_certs": {"type": "bool", "default": True},
        "ca_bundle": {"type": "path"},
    }


def read_side(options: Mapping[str, Any]) -> RegistryOptions:
    """One side's validated options as a value."""
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    return RegistryOptions(**given)


def side_secrets(options: Mapping[str, Any]) -> list[str]:
    """The secrets among a task's options and those of its sides, so that no result repeats one."""
    sides = [options, *(options.get(name) for name in ("source", "destination"))]
    found = [side.get(name) for side in sides if isinstance(side, dict) for name in _SECRETS]
    return [str(one) for one in found if one]
