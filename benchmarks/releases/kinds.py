# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of releases, and what is right to say of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    """A release: `settings` become its image's environment, the rest says what else is wrong with it.

    `peers`: the other tools are tried with it, too.
    """

    name: str
    title: str
    settings: Mapping[str, object] = field(default_factory=dict)
    good: bool = False
    peers: bool = False
    image: str = "built"
    """Or `missing`, or `arm64`: built for the other processor."""
    missing_secret: bool = False
    migration_timeout_seconds: int | None = None


KINDS = (
    Kind("good", "good", good=True, peers=True),
    Kind("crash-at-start", "crashes at start", {"LIFE_SECONDS": 0}, peers=True),
    Kind("crash-20", "crashes after 20 s", {"LIFE_SECONDS": 20}),
    # A target is healthy after two checks, 5 s apart.
    Kind("crash-healthy-40", "crashes 40 s after it became healthy", {"LIFE_SECONDS": 50}),
    Kind("never-ready", "is never ready", {"NEVER_READY": 1}, peers=True),
    Kind("slow-boot", "boots slowly, but well", {"READY_AFTER_SECONDS": 30}, good=True),
    Kind("status-500", "answers 500", {"FAILS_EVERY": 1}, peers=True),
    Kind("status-500-5-percent", "answers 500 to 5 % of the requests", {"FAILS_EVERY": 20}),
    # Whoever judges it before the shift sees nothing.
    Kind("status-500-with-users", "answers 500 from 15 s after its first user on", {"FAILS_AFTER_USERS_SECONDS": 15}),
    Kind("error-body", "answers 200 with an error in the body", {"BODY": "error"}),
    Kind("wrong-json", "answers JSON of another shape", {"BODY": "other"}),
    Kind("slower", "is 4 times slower", {"SLOWER_TIMES": 4}),
    Kind("leak", "leaks memory until it is killed", {"LEAK_MIB_PER_SECOND": 16}),
    Kind("wrong-keypoints", "finds other keypoints", {"BODY": "swapped"}),
    Kind("image-missing", "image is missing", image="missing", peers=True),
    Kind("wrong-architecture", "image is of the other architecture", image="arm64"),
    Kind("secret-missing", "secret is missing", missing_secret=True),
    Kind("migration-fails", "migration fails", {"MIGRATION_EXIT": 1}),
    Kind("migration-hangs", "migration hangs", {"MIGRATION_SECONDS": 3600}, migration_timeout_seconds=20),
)
BY_NAME = {kind.name: kind for kind in KINDS}
STRATEGIES = ("ROLLING", "BLUE_GREEN", "CANARY", "LINEAR")
PEERS = ("ecs-deploy", "aws")
