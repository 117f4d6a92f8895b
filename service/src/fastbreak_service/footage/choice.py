# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The storage that a setting names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastbreak_service.footage.folder import Folder

if TYPE_CHECKING:
    from fastbreak_service.footage.ports import Footage

S3 = "s3://"


def footage_of(setting: str) -> Footage:
    """`s3://bucket/prefix`, the path of a folder, or empty: a folder that ends with this process. Raises FootageError.

    A bucket is not asked here whether it is there: the service starts without it, as it does without a database.
    """
    if not setting:
        return Folder.temporary()
    if setting.startswith(S3):
        # A folder needs no AWS, whose library takes a while to load.
        from fastbreak_service.footage.bucket import Bucket  # noqa: PLC0415

        name, _, prefix = setting.removeprefix(S3).partition("/")
        return Bucket(name, f"{prefix.strip('/')}/" if prefix.strip("/") else "")
    return Folder.lasting(Path(setting))
