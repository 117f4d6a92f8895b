# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Requests without credentials: MiniStack refuses them under `AUTH=true` only, else takes them for the owner's.

AWS: S3 user guide, blocking public access to your S3 storage; default settings of new buckets.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.identity import is_enforced
from sandbox.ministack import s3

Scope = Callable[..., Any]


def install() -> None:
    """Ask the bucket whether it is public, and let no new bucket be."""
    s3._apply_bucket_scope = _asking(s3._apply_bucket_scope)
    s3._new_bucket_public_access_block = _blocked


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
        asked = bucket and not internal and not is_enforced()
        if asked and not s3._request_access_key(method, key, headers, query, body):
            owner = s3._bucket_owner_account(bucket)
            if owner and not s3._foreign_bucket_allows(owner, bucket, key, method, query, "", headers):
                return s3._error("AccessDenied", "Access Denied", 403, f"/{bucket}/{key}".rstrip("/"))
        return apply(method, bucket, key, headers, query, body, internal)

    return apply_bucket_scope


def _blocked() -> dict[str, Any]:
    """What a bucket begins with."""
    return {"_public_access_block": s3._NEW_BUCKET_PUBLIC_ACCESS_BLOCK}
