# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that say which AWS is meant, and who asks it, for one side of a task that speaks to two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import env_fallback

from .._errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

_CREDENTIALS = ("profile", "access_key", "secret_key", "session_token")
_OPTIONS = (*_CREDENTIALS, "region", "endpoint_url")


def aws_options() -> dict[str, Any]:
    """The options of every AWS module, as an argument spec: amazon.aws's, which cannot be had without loading boto3."""

    def option(*variables: str, **more: Any) -> dict[str, Any]:
        return {"fallback": (env_fallback, list(variables)), **more}

    return {
        "access_key": option(
            *("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"), aliases=["aws_access_key_id", "aws_access_key"], no_log=False
        ),
        "secret_key": option(
            *("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"),
            aliases=["aws_secret_access_key", "aws_secret_key"],
            no_log=True,
        ),
        "session_token": option("AWS_SESSION_TOKEN", aliases=["aws_session_token"], no_log=True),
        "profile": option("AWS_PROFILE", "AWS_DEFAULT_PROFILE", aliases=["aws_profile"]),
        "region": option("AWS_REGION", "AWS_DEFAULT_REGION", aliases=["aws_region"]),
        "endpoint_url": option("AWS_URL", aliases=["aws_endpoint_url"]),
        "aws_ca_bundle": option("AWS_CA_BUNDLE", type="path"),
        "debug_botocore_endpoint_logs": option("ANSIBLE_DEBUG_BOTOCORE_LOGS", type="bool", default=False),
        "aws_config": {"type": "dict"},
        "validate_certs": {"type": "bool", "default": True},
    }


def side_params(params: Mapping[str, Any], overrides: Mapping[str, str]) -> dict[str, Any]:
    """A task's options as one side of it sees them.

    Credentials of the side replace the task's as a whole, so that none of the task's is mixed with the side's.
    """
    given = {name: overrides[name] for name in _OPTIONS if overrides.get(name)}
    if any(name in given for name in _CREDENTIALS):
        return {**params, **dict.fromkeys(_CREDENTIALS), **given}
    return {**params, **given}


def client_options(params: Mapping[str, Any]) -> dict[str, Any]:
    """What botocore makes a client with, from a task's options: those of amazon.aws, and what they mean there.

    They are read here because amazon.aws loads boto3 for it. ``profile_name`` is None without a profile, ``aws_config``
    empty without one. Raises UnavailableError for a profile together with keys.
    """
    keys = {name: _text(params.get(name)) for name in ("access_key", "secret_key", "session_token")}
    profile = _text(params.get("profile"))
    if profile and any(keys.values()):
        raise unconnected("passing both a profile and access tokens is not supported")
    checked = params.get("validate_certs", True)
    return {
        "region_name": _text(params.get("region")),
        "endpoint_url": _text(params.get("endpoint_url")),
        "verify": params["aws_ca_bundle"] if checked and params.get("aws_ca_bundle") else checked,
        "profile_name": profile,
        "aws_config": params.get("aws_config") or {},
        "aws_access_key_id": keys["access_key"],
        "aws_secret_access_key": keys["secret_key"],
        "aws_session_token": keys["session_token"],
    }


def _text(value: Any) -> str | None:
    """botocore takes no empty text for nothing."""
    return (value.decode() if isinstance(value, bytes) else str(value)) if value else None


def unconnected(seen: str) -> UnavailableError:
    """No client can be made with the options."""
    return UnavailableError(
        f"Tried to connect to AWS, but the options do not allow it: {seen}. Check region, profile and "
        "AWS_ENDPOINT_URL, and those of source and destination where the task has them."
    )
