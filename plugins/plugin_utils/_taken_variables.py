# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the command line against those that the playbook takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..module_utils._common.variable_names import TOLD
from ..module_utils._errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: What to do instead, of a variable that is easily taken for another.
_INSTEAD = {
    "version": " What the playbook publish builds has the service's own version, or that of -e publish_version=1.4.2.",
}


def insist_on_taken(given: Mapping[str, Any], takes: Sequence[str] | None) -> None:
    """Raise RequestError when *given*, the variables of ``-e``, hold one of ours that the playbook does not take.

    *takes* are those that it takes; None takes any. An empty one says nothing, as `-e version=` of a script.
    """
    strange = [name for name in TOLD if takes is not None and name not in takes and not _is_empty(given.get(name))]
    if strange:
        known = f"It takes {', '.join(takes or [])}." if takes else "It takes none of them."
        raise RequestError(
            f"Nothing was touched. This playbook does not take -e {strange[0]}, and would have ignored it. {known}"
            + _INSTEAD.get(strange[0], "")
        )


def _is_empty(value: Any) -> bool:
    return value is None or value == ""
