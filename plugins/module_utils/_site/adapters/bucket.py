# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site's bucket."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from ..._aws.api import AwsClient
from ..._common.amount import amount
from ..._errors import OperationError
from ..values import StoredObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..values import Listing, SiteFile

_AT_ONCE = 1000


class BucketClient(AwsClient):
    """One bucket."""

    label = "S3"

    def __init__(self, connect: Callable[[], Any], bucket: str) -> None:
        super().__init__(connect)
        self._bucket = bucket

    def list_objects(self) -> Listing:
        """What it holds."""
        pages = self._pages(f"list bucket {self._bucket}", "list_objects_v2", Bucket=self._bucket)
        return {
            found["Key"]: StoredObject(found["ETag"].strip('"'), found["Size"])
            for page in pages
            for found in page.get("Contents", ())
        }

    def put_file(self, key: str, file: SiteFile, body: bytes) -> None:
        """Write *body* under *key*, with the headers of *file*. S3 refuses another content than the file's."""
        self._call(
            f"write {key} to bucket {self._bucket}",
            "put_object",
            Bucket=self._bucket,
            Key=key,
            Body=body,
            ContentType=file.media_type,
            CacheControl=file.cache_control,
            ChecksumSHA256=base64.b64encode(bytes.fromhex(file.sha256)).decode(),
        )

    def put_text(self, key: str, text: str) -> None:
        """Write a text that is for us alone."""
        self._call(
            f"write {key} to bucket {self._bucket}",
            "put_object",
            Bucket=self._bucket,
            Key=key,
            Body=text.encode(),
            ContentType="application/json",
            CacheControl="no-store",
        )

    def copy_file(self, source: str, file: SiteFile) -> None:
        """Write what lies under *source* at the place of *file*, with its headers."""
        self._call(
            f"write {file.path} to bucket {self._bucket}",
            "copy_object",
            Bucket=self._bucket,
            Key=file.path,
            CopySource={"Bucket": self._bucket, "Key": source},
            MetadataDirective="REPLACE",
            ContentType=file.media_type,
            CacheControl=file.cache_control,
        )

    def read_text(self, key: str) -> str:
        """What `put_text` wrote. Raises ValueError for what is no text."""
        answer = self._call(f"read {key} of bucket {self._bucket}", "get_object", Bucket=self._bucket, Key=key)
        body: bytes = answer["Body"].read()
        return body.decode()

    def delete_objects(self, keys: tuple[str, ...]) -> None:
        """Delete them. Raises OperationError for those that S3 keeps."""
        for first in range(0, len(keys), _AT_ONCE):
            some = keys[first : first + _AT_ONCE]
            answer = self._call(
                f"delete {amount(len(some), 'object')} of bucket {self._bucket}",
                "delete_objects",
                Bucket=self._bucket,
                Delete={"Objects": [{"Key": key} for key in some], "Quiet": True},
            )
            if errors := answer.get("Errors"):
                one = errors[0]
                raise OperationError(
                    f"Tried to delete {amount(len(some), 'object')} of bucket {self._bucket}, but S3 kept "
                    f"{len(errors)}: {one.get('Key')}: {one.get('Code')}: {one.get('Message')}."
                )
