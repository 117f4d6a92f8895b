# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Videos in an S3 bucket, with the credentials of the task or machine."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from fastbreak_service.footage.bucket_parts import BucketArrivals
from fastbreak_service.footage.ports import FootageError, FootageMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from fastbreak_service.footage.ports import Arrivals

# Signed as an encrypted video asks for.
_CONFIG = Config(
    connect_timeout=3,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 4},
    signature_version="s3v4",
)
# For what somebody waits for: they are told soon, and no thread hangs for long. Whoever sends a part by a link knows no
# checksum of it yet, so that none may be asked of the whole.
_SOON = _CONFIG.merge(
    Config(
        read_timeout=5,
        retries={"mode": "standard", "total_max_attempts": 2},
        request_checksum_calculation="when_required",
    )
)
# Without it links name no region, and the pages' policy does. Whoever names an endpoint has one name for all buckets.
_REGIONAL = Config(s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"})
_ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")
# Two parts at once keep memory small, whatever the file.
_PART_BYTES = 16 << 20
_TRANSFER = TransferConfig(multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES, max_concurrency=2)
_NOT_FOUND = 404
_UNVERSIONED = "null"


def _made_client(config: Config) -> Any:
    named = any(os.environ.get(name) for name in _ENDPOINTS)
    return boto3.client("s3", config=config if named else config.merge(_REGIONAL))


class Bucket:
    """See Footage. The objects' names are `<prefix><analysis>.video`; `prefix` is empty or ends in a slash."""

    durable = True

    def __init__(self, name: str, prefix: str, client: Any = None, transfer: TransferConfig = _TRANSFER) -> None:
        self._name = name
        self._prefix = prefix
        self._client = client or _made_client(_CONFIG)
        self._asking = client or _made_client(_SOON)
        self._transfer = transfer
        self._directory = Path(tempfile.mkdtemp(prefix="fastbreak-"))

    @property
    def place(self) -> str:
        """See Footage."""
        return f"s3://{self._name}/{self._prefix}"

    @property
    def directory(self) -> Path:
        """See Footage."""
        return self._directory

    @property
    def arrivals(self) -> Arrivals:
        """See Footage."""
        return BucketArrivals(self._name, self._key, self._asking, self._client, self._speaking)

    def part(self, analysis: UUID, number: int, size: int, ticket: str) -> Path | None:
        """See Footage. Parts arrive at the bucket itself."""

    def keep(self, analysis: UUID, arrived: Path) -> None:
        """See Footage."""
        with self._speaking("store", analysis):
            self._client.upload_file(str(arrived), self._name, self._key(analysis), Config=self._transfer)
        arrived.unlink(missing_ok=True)

    def fetch(self, analysis: UUID) -> Path:
        """See Footage."""
        # Of this fetch alone: a check and a worker of one process may have the same video at the same time.
        target = self._directory / f"{analysis}.{uuid4().hex}.fetched"
        with self._speaking("read", analysis):
            self._client.download_file(self._name, self._key(analysis), str(target), Config=self._transfer)
        return target

    def put_away(self, fetched: Path) -> None:
        """See Footage."""
        fetched.unlink(missing_ok=True)

    def retire(self, analysis: UUID) -> None:
        """See Footage. The bucket's lifecycle says how long."""

    def link(self, analysis: UUID, kind: str, seconds: int) -> str:
        """See Footage. It holds no longer than the credentials that it is signed with."""
        with self._speaking("look for", analysis):
            self._asking.head_object(Bucket=self._name, Key=self._key(analysis))
            answered = {
                "ResponseContentType": kind,
                "ResponseContentDisposition": "inline",
                "ResponseCacheControl": "private, no-store",
            }
            wanted = {"Bucket": self._name, "Key": self._key(analysis), **answered}
            return str(self._asking.generate_presigned_url("get_object", wanted, seconds))

    def linked(self, analysis: UUID, kind: str, ticket: str) -> Path | None:
        """See Footage. Its links lead to the bucket itself."""

    def discard(self, analysis: UUID) -> None:
        """See Footage."""
        with self._speaking("delete", analysis):
            self._client.delete_object(Bucket=self._name, Key=self._key(analysis))

    def versions(self, analysis: UUID) -> int:
        """See Footage."""
        with self._speaking("look for", analysis):
            return sum(kind == "Versions" for kind, _ in self._there(analysis))

    def erase(self, analysis: UUID) -> int:
        """See Footage. Marks of deletion go too, and are no versions."""
        with self._speaking("erase", analysis):
            return self._erase(analysis)

    def replace(self, analysis: UUID, other: Path) -> int:
        """See Footage."""
        key = self._key(analysis)
        with self._speaking("replace", analysis):
            self._client.upload_file(str(other), self._name, key, Config=self._transfer)
            head = self._asking.head_object(Bucket=self._name, Key=key)
            return self._erase(analysis, but=head.get("VersionId", _UNVERSIONED))

    def _erase(self, analysis: UUID, but: str | None = None) -> int:
        """Delete all versions of a video but one, and all marks of deletion; how many versions."""
        erased = 0
        for kind, version in self._there(analysis):
            if version != but:
                self._asking.delete_object(Bucket=self._name, Key=self._key(analysis), VersionId=version)
                erased += kind == "Versions"
        return erased

    def _there(self, analysis: UUID) -> Iterator[tuple[str, str]]:
        """All versions of a video, and all marks of deletion: which of both each is, and its id."""
        key = self._key(analysis)
        pages = self._asking.get_paginator("list_object_versions").paginate(Bucket=self._name, Prefix=key)
        for page in pages:
            for kind in ("Versions", "DeleteMarkers"):
                for one in page.get(kind, ()):
                    if one["Key"] == key:
                        yield kind, one["VersionId"]

    def strays(self) -> list[UUID]:
        """See Footage: none, since the bucket's lifecycle deletes what is left behind."""
        return []

    def close(self) -> None:
        """See Footage."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def _key(self, analysis: UUID) -> str:
        return f"{self._prefix}{analysis}.video"

    @contextmanager
    def _speaking(self, what: str, analysis: UUID) -> Iterator[None]:
        where = f"s3://{self._name}/{self._key(analysis)}"
        try:
            yield
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == _NOT_FOUND:
                raise FootageMissingError(f"There is no video {where}: {error}") from error
            raise FootageError(f"Tried to {what} {where}: {error}") from error
        except Exception as error:
            # Whatever answers there, and be it no S3: an answer may lack what it should have.
            raise FootageError(f"Tried to {what} {where}: {type(error).__name__}: {error}") from error
