# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Every angle as Parquet, for clips whose tables are too large for text.

PyArrow is no part of the image: it is the extra `parquet`, for who analyses on their own machine.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from fastbreak_service.analysis import MeasureRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAME = "angles.parquet"
_ROWS_OF_A_GROUP = 100_000
_TYPES = {
    "person": "int32",
    "frame": "int32",
    "time_seconds": "float64",
    "angle": "string",
    "value_degrees": "float64",
    "confidence": "float64",
}


def problem() -> str | None:
    """Why no Parquet can be written, None when it can."""
    if find_spec("pyarrow") is not None:
        return None
    return (
        "--parquet needs the package pyarrow, which is not installed: install this package with its extra parquet "
        "(in a clone: pip install './service[parquet]'), or go without: angles.csv has the same rows."
    )


def write(path: Path, rows: Sequence[MeasureRow]) -> None:
    """Write the rows of `angles.csv`. Raises OSError."""
    import pyarrow as pa  # noqa: PLC0415 - an extra
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    schema = pa.schema([pa.field(name, getattr(pa, kind)(), nullable=False) for name, kind in _TYPES.items()])
    columns = list(zip(*rows, strict=True)) or [()] * len(MeasureRow._fields)
    table = pa.Table.from_arrays(
        [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema
    )
    # By a file of Python's, whose errors have their numbers.
    with path.open("wb") as file:
        pq.write_table(table, file, compression="snappy", row_group_size=_ROWS_OF_A_GROUP)
