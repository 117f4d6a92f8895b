# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who the caller is, through STS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .._errors import CredentialsError, UnavailableError

try:
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

    HAS_BOTOCORE = True
except ImportError:
    HAS_BOTOCORE = False


@dataclass(frozen=True)
class Caller:
    """The identity behind the credentials."""

    account: str
    arn: str


def get_caller_identity(client: Any) -> Caller:
    """Ask STS. Raises `CredentialsError` without usable credentials, `UnavailableError` when it cannot be asked."""
    if not HAS_BOTOCORE:
        raise UnavailableError("The Python library boto3, which talks to AWS, is not installed.")
    try:
        answer = client.get_caller_identity()
    except (NoCredentialsError, PartialCredentialsError) as reason:
        raise CredentialsError(
            "Nothing was touched: there are no AWS credentials. "
            "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        ) from reason
    except ClientError as reason:
        raise CredentialsError(
            f"Nothing was touched: AWS refused the credentials ({reason.response['Error'].get('Message', reason)}). "
            "Renew them (aws sso login), then run again."
        ) from reason
    except BotoCoreError as reason:
        raise UnavailableError(
            f"Nothing was touched: AWS could not be asked whose credentials these are: {reason}. "
            "Check the profile, the network and AWS_ENDPOINT_URL."
        ) from reason
    return Caller(answer["Account"], answer["Arn"])
