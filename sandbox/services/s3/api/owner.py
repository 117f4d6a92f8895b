# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Requests with an account's own key: MiniStack lets them do anything; a Deny of the bucket's policy binds AWS's root.

AWS: S3 user guide, bucket policies; IAM user guide, policy evaluation logic.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.ministack import iam_actions, iam_evaluator, responses, s3

# By these the root user takes away a policy that locks everybody out.
_ALWAYS = {"s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:PutBucketPolicy"}
Scope = Callable[..., Any]


def install() -> None:
    """Ask the bucket's policy for what it denies its owner."""
    s3._apply_bucket_scope = _asking(s3._apply_bucket_scope)


def _asking(apply: Scope) -> Scope:
    def apply_bucket_scope(  # noqa: PLR0913, PLR0917 - MiniStack's signature
        method: str,
        bucket: str,
        key: str,
        headers: Mapping[str, str],
        query: Mapping[str, Any],
        body: bytes = b"",
        internal: bool = False,
    ) -> Any:
        owner = s3._bucket_owner_account(bucket) if bucket and not internal else None
        if owner and s3._request_access_key(method, key, headers, query, body) == owner:
            path = f"/{bucket}/{key}".rstrip("/")
            if _denies(owner, bucket, path, f"s3:{iam_actions._s3_action(method, path, query)}"):
                return s3._error("AccessDenied", "Access Denied", 403, path)
        return apply(method, bucket, key, headers, query, body, internal)

    return apply_bucket_scope


def _denies(owner: str, bucket: str, path: str, action: str) -> bool:
    """Whether the bucket's policy denies its account an action."""
    policy = s3._bucket_policies.get_scoped(owner, None, bucket)
    if not policy or action in _ALWAYS:
        return False
    asked = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:iam::{owner}:root",
        principal_type="Root",
        principal_account=owner,
        action=action,
        resource_arn=f"arn:aws:s3:::{path[1:]}",
        region=responses.get_region(),
        # The sandbox's endpoint stands for AWS's, which are asked over TLS.
        secure_transport=True,
    )
    return bool(iam_evaluator.evaluate_resource_policy(policy, asked).decision == "Deny")
