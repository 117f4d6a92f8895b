# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What each attribute means. A module says what it supports, and in `details` what a reader would not expect."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what would change, without changing anything.
  diff_mode:
    description: Returns what changed, or would change, when in diff mode.
  idempotent:
    description: Run twice, the second run changes nothing.
  action:
    description: Has an action plugin of the same name, which does the work in the controller.
"""

    # Of a module that only reads.
    INFO_MODULE = r"""
attributes:
  check_mode:
    support: full
    details: It only reads.
  diff_mode:
    support: none
  idempotent:
    support: full
  action:
    support: full
"""
