# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options that say which AWS is meant, and who asks it, for one side of a task that speaks to two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_CREDENTIALS = ("profile", "access_key", "secret_key", "session_token")
_OPTIONS = (*_CREDENTIALS, "region", "endpoint_url")


def side_params(params: Mapping[str, Any], overrides: Mapping[str, str]) -> dict[str, Any]:
    """A task's options as one side of it sees them.

    Credentials of the side replace the task's as a whole, so that none of the task's is mixed with the side's.
    """
    given = {name: overrides[name] for name in _OPTIONS if overrides.get(name)}
    if any(name in given for name in _CREDENTIALS):
        return {**params, **dict.fromkeys(_CREDENTIALS), **given}
    return {**params, **given}
