# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""How many connections a database takes, by its instance class.

AWS: Amazon RDS User Guide, "Quotas and constraints": `LEAST({DBInstanceClassMemory/9531392}, 5000)`. What the machine
itself needs of the memory, AWS takes off before; nobody says how much that is.
"""

from __future__ import annotations

_BYTES_EACH, _MOST = 9_531_392, 5000
_POSTGRESQL_S_OWN = 100
_LARGE_GIB = {"t": 8, "m": 8, "c": 4, "r": 16, "x": 32, "z": 16}
_OF_LARGE = {"micro": 1 / 8, "small": 1 / 4, "medium": 1 / 2, "large": 1, "xlarge": 2}


def most_connections(instance_class: str) -> int:
    """What RDS makes of `max_connections` where no parameter group says otherwise; PostgreSQL's own at the least."""
    _, family, size = [*instance_class.split("."), "", ""][:3]
    times = _OF_LARGE.get(size) or (2 * int(size[: -len("xlarge")]) if size[: -len("xlarge")].isdigit() else 0)
    memory = _LARGE_GIB.get(family[:1], 0) * times * 2**30
    return min(_MOST, max(_POSTGRESQL_S_OWN, int(memory / _BYTES_EACH)))
