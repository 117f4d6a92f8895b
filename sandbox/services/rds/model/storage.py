# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""The figures of an instance's storage. AWS: RDS User Guide, "gp3 storage"."""

from dataclasses import dataclass

# gp3: below this size IOPS and throughput are fixed, from it on they start at the second pair and can be raised.
_GP3_THRESHOLD_GIB = 400
_GP3_SMALL = (3000, 125)
_GP3_LARGE = (12000, 500)


@dataclass(frozen=True)
class Storage:
    """A volume as it is asked for: type, GiB, and IOPS and MiB/s as text, empty when not given."""

    kind: str
    size_gib: int
    iops: str
    throughput: str

    def problem(self) -> str | None:
        """Why RDS has no such volume."""
        if self._is_small_gp3() and (self.iops or self.throughput):
            return (
                "You can't specify IOPS or storage throughput for engine postgres and a storage size less than "
                f"{_GP3_THRESHOLD_GIB}."
            )
        return None

    def figures(self) -> tuple[int | None, int]:
        """IOPS and MiB/s that it has."""
        if self.kind != "gp3":
            return (int(self.iops) if self.iops else None), 0
        if self._is_small_gp3():
            return _GP3_SMALL
        return int(self.iops or _GP3_LARGE[0]), int(self.throughput or _GP3_LARGE[1])

    def _is_small_gp3(self) -> bool:
        return self.kind == "gp3" and self.size_gib < _GP3_THRESHOLD_GIB
