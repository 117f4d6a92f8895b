# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Videos that are sent to a bucket itself, in parts: S3's multipart uploads."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fastbreak_service.footage.ports import FootageMissingError, PartsMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from uuid import UUID


class BucketArrivals:
    """See Arrivals. `asking` is the client that answers soon and signs, `patient` the one for what may take long."""

    def __init__(
        self,
        bucket: str,
        key: Callable[[UUID], str],
        asking: Any,
        patient: Any,
        speaking: Callable[[str, UUID], AbstractContextManager[None]],
    ) -> None:
        self._bucket = bucket
        self._key = key
        self._asking = asking
        self._patient = patient
        self._speaking = speaking

    def begin(self, analysis: UUID) -> str:
        """See Arrivals."""
        with self._speaking("begin to store", analysis):
            return str(self._asking.create_multipart_upload(**self._where(analysis))["UploadId"])

    def links(self, analysis: UUID, upload: str, sizes: Mapping[int, int], seconds: int) -> list[str]:
        """See Arrivals. The size is signed: S3 refuses another one."""
        with self._speaking("sign links to", analysis):
            return [
                str(
                    self._asking.generate_presigned_url(
                        "upload_part",
                        {**self._where(analysis), "UploadId": upload, "PartNumber": number, "ContentLength": size},
                        seconds,
                    )
                )
                for number, size in sizes.items()
            ]

    def arrived(self, analysis: UUID, upload: str) -> dict[int, int]:
        """See Arrivals."""
        return {part["PartNumber"]: part["Size"] for part in self._parts(analysis, upload)}

    def join(self, analysis: UUID, upload: str, sizes: Mapping[int, int]) -> None:
        """See Arrivals. S3 refuses parts that were replaced after they were listed."""
        found = {part["PartNumber"]: part for part in self._parts(analysis, upload)}
        if missing := [number for number, size in sizes.items() if found.get(number, {}).get("Size") != size]:
            raise PartsMissingError(missing)
        parts = [{"PartNumber": number, "ETag": found[number]["ETag"]} for number in sorted(sizes)]
        with self._speaking("put together", analysis):
            self._patient.complete_multipart_upload(
                **self._where(analysis), UploadId=upload, MultipartUpload={"Parts": parts}
            )

    def abort(self, analysis: UUID, upload: str) -> None:
        """See Arrivals."""
        with suppress(FootageMissingError), self._speaking("give up", analysis):
            self._asking.abort_multipart_upload(**self._where(analysis), UploadId=upload)

    def size(self, analysis: UUID) -> int | None:
        """See Arrivals."""
        with suppress(FootageMissingError), self._speaking("look for", analysis):
            return int(self._asking.head_object(**self._where(analysis))["ContentLength"])
        return None

    def _parts(self, analysis: UUID, upload: str) -> Iterator[dict[str, Any]]:
        with self._speaking("list the parts of", analysis):
            pages = self._asking.get_paginator("list_parts").paginate(**self._where(analysis), UploadId=upload)
            for page in pages:
                yield from page.get("Parts", ())

    def _where(self, analysis: UUID) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._key(analysis)}
