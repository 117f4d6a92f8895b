# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What S3 says of each object, and MiniStack only when it was asked for: encryption, and in lists the checksum.

AWS: S3 user guide, default encryption; checking object integrity.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import unescape

from sandbox.ministack import s3

Handler = Callable[..., Any]
_KEY = re.compile(rb"<Key>(.*?)</Key>", re.DOTALL)
# S3 computes it of what comes without a checksum.
_OF_S3 = ("CRC64NVME",)


def install() -> None:
    """Wrap what answers."""
    s3._bucket_default_sse_headers = _encrypted(s3._bucket_default_sse_headers)
    s3._list_objects_v2 = _with_checksums(s3._list_objects_v2)


def _encrypted(headers_of: Handler) -> Handler:
    def bucket_default_sse_headers(bucket: str) -> dict[str, str]:
        """Those of the bucket's own setting, else of the keys that are S3's."""
        return headers_of(bucket) or {"x-amz-server-side-encryption": "AES256"}

    return bucket_default_sse_headers


def _with_checksums(list_objects: Handler) -> Handler:
    def list_objects_v2(bucket: str, query: Mapping[str, Any]) -> Any:
        status, headers, body = list_objects(bucket, query)
        if status >= 400:
            return status, headers, body
        objects, encoded = s3._ensure_bucket(bucket)["objects"], "encoding-type" in query

        def tell(found: re.Match[bytes]) -> bytes:
            key = unescape(found[1].decode())
            return found[0] + _checksum(objects[unquote(key) if encoded else key]).encode()

        return status, headers, _KEY.sub(tell, body)

    return list_objects_v2


def _checksum(record: Mapping[str, Any]) -> str:
    algorithms = [name.upper() for name in record.get("checksums") or _OF_S3]
    told = "".join(f"<ChecksumAlgorithm>{name}</ChecksumAlgorithm>" for name in algorithms)
    return f"{told}<ChecksumType>{record.get('checksum_type') or 'FULL_OBJECT'}</ChecksumType>"
