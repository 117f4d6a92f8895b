# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`database_backup_info` in the controller."""

from __future__ import annotations

from ..plugin_utils._bytecode import kept_bytecode

with kept_bytecode():
    from ..modules.database_backup_info import ENTRY
    from ..plugin_utils._entry_action import EntryAction


class ActionModule(EntryAction):
    """See the module's documentation."""

    entry = ENTRY
