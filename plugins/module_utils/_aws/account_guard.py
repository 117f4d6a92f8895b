# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide whether the credentials at hand belong to the account that the inventory means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .._errors import RefusedError, RequestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .identity import Caller

_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")


def inventory_problem(account_id: str, region: str, environment: str) -> str | None:
    """What is wrong with the inventory itself, before anybody is asked who the caller is."""
    if not environment:
        return "The inventory does not say which environment it is. Set fastbreak_environment in its group_vars/all."
    where = f"The inventory of environment {environment}"
    if not account_id:
        return f"{where} names no account. Set fastbreak_account_id in its group_vars/all, in quotes."
    if not _ACCOUNT.fullmatch(account_id):
        return (
            f"{where} names account {account_id!r}, which is not 12 digits. "
            "Put fastbreak_account_id in quotes, so that leading zeros stay."
        )
    if not _REGION.fullmatch(region):
        return f"{where} names region {region!r}, which is none. Set fastbreak_region, for example us-east-1."
    return None


def mismatch(account_id: str, environment: str, caller_account: str, caller_arn: str) -> str | None:
    """Why nothing may be done with these credentials, or None when they are the right ones."""
    if caller_account == account_id:
        return None
    return (
        f"Nothing was touched: environment {environment} lives in account {account_id}, but the credentials belong to "
        f"account {caller_account} ({caller_arn}). Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
        f"for account {account_id}, or choose the inventory of account {caller_account}."
    )


def confirm(account_id: str, region: str, environment: str, ask: Callable[[], Caller]) -> Caller:
    """Whose the credentials are, which *ask* finds out. Raises RequestError or RefusedError when of another account."""
    problem = inventory_problem(account_id, region, environment)
    if problem:
        raise RequestError(problem)
    caller = ask()
    problem = mismatch(account_id, environment, caller.account, caller.arn)
    if problem:
        raise RefusedError(problem, account_id=caller.account, arn=caller.arn)
    return caller
