# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bucket, a distribution with a cache, a release table, a folder and a clock in memory, for the site's flow."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Outcome
from ansible_collections.fastbreak.aws.plugins.module_utils._site.media_types import media_type
from ansible_collections.fastbreak.aws.plugins.module_utils._site.ports import Ports
from ansible_collections.fastbreak.aws.plugins.module_utils._site.request import SiteRequest
from ansible_collections.fastbreak.aws.plugins.module_utils._site.values import (
    Manifest,
    SiteFile,
    SiteRelease,
    StoredObject,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ansible_collections.fastbreak.aws.plugins.module_utils._release.record import Lock
    from ansible_collections.fastbreak.aws.plugins.module_utils._site.values import Listing

EPOCH = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BUCKET = "site-bucket"
SITE = f"site/{BUCKET}"


class Killed(BaseException):
    """The process is gone: nothing that follows is done, not even what cleans up."""


def file_of(path: str, content: str, kind: str = "") -> SiteFile:
    body = content.encode()
    return SiteFile(
        path,
        hashlib.sha256(body).hexdigest(),
        hashlib.md5(body, usedforsecurity=False).hexdigest(),
        len(body),
        kind or media_type(path, {}),
    )


def manifest_of(files: Mapping[str, str]) -> Manifest:
    return Manifest(tuple(sorted(file_of(path, content) for path, content in files.items())))


@dataclass
class Held:
    body: bytes
    kind: str
    cache_control: str


@dataclass
class World:
    """Everything behind the ports. ``calls`` are the writes; *kill_at* ends the run in place of the nth of them."""

    files: dict[str, str] = field(default_factory=dict)
    objects: dict[str, Held] = field(default_factory=dict)
    cached: dict[str, Held] = field(default_factory=dict)
    rows: list[SiteRelease] = field(default_factory=list)
    lock: Lock | None = None
    calls: list[str] = field(default_factory=list)
    kill_at: int = -1
    dead: bool = False
    seconds: float = 0.0
    lines: list[str] = field(default_factory=list)
    pending: int = 0
    on_write: Callable[[str], None] = lambda _call: None
    serves: Callable[[SiteFile], str] | None = None
    mutex: threading.RLock = field(default_factory=threading.RLock)

    def ports(self, *, folder: bool = True) -> Ports:
        return Ports(self if folder else None, self, self, self, self, self, self, self)

    def write(self, call: str) -> None:
        with self.mutex:
            if self.dead or len(self.calls) == self.kill_at:
                self.dead = True
                raise Killed
            self.calls.append(call)
            self.on_write(call)

    # Folder

    def scan(self) -> Manifest:
        return manifest_of(self.files)

    def read(self, file: SiteFile) -> bytes:
        return self.files[file.path].encode()

    # Bucket

    def list_objects(self) -> Listing:
        return {
            key: StoredObject(hashlib.md5(held.body, usedforsecurity=False).hexdigest(), len(held.body))
            for key, held in self.objects.items()
        }

    def put_file(self, key: str, file: SiteFile, body: bytes) -> None:
        self.write(f"put {key}")
        self.objects[key] = Held(body, file.media_type, file.cache_control)

    def put_text(self, key: str, text: str) -> None:
        self.write(f"put {key}")
        self.objects[key] = Held(text.encode(), "application/json", "no-store")

    def copy_file(self, source: str, file: SiteFile) -> None:
        self.write(f"show {file.path}")
        self.objects[file.path] = Held(self.objects[source].body, file.media_type, file.cache_control)

    def read_text(self, key: str) -> str:
        return self.objects[key].body.decode()

    def delete_objects(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            self.write(f"delete {key}")
            del self.objects[key]

    # Distribution

    def invalidate(self, addresses: tuple[str, ...], reference: str) -> str:
        self.write(f"invalidate {' '.join(addresses)}")
        for address in addresses:
            self.cached.pop("index.html" if address == "/" else address[1:], None)
        return "I1"

    def is_done(self, invalidation: str) -> bool:
        self.pending -= 1
        return self.pending < 0

    # Visitor

    def visit(self, path: str) -> Held | None:
        """What users get. Pages too are kept until they are invalidated, which is worse than the real policy."""
        if path not in self.cached and path in self.objects:
            self.cached[path] = self.objects[path]
        return self.cached.get(path)

    def problem(self, file: SiteFile) -> str:
        if self.dead:
            raise Killed
        if self.serves:
            return self.serves(file)
        found = self.visit(file.path)
        wanted = (file.sha256, file.media_type, file.cache_control)
        if found and (hashlib.sha256(found.body).hexdigest(), found.kind, found.cache_control) == wanted:
            return ""
        return "is answered with 403" if found is None else "has another content"

    # SiteReleases

    def history(self, site: str) -> tuple[SiteRelease, ...]:
        assert site == SITE
        return tuple(reversed(self.rows))

    def start(self, release: SiteRelease) -> SiteRelease:
        self.write("start")
        made = replace(release, release_id=f"S#seq-{len(self.rows) + 1:012d}")
        self.rows.append(made)
        return made

    def finish(self, release: SiteRelease) -> None:
        self.write(f"finish {release.outcome.value}")
        number = next(n for n, row in enumerate(self.rows) if row.release_id == release.release_id)
        assert self.rows[number].outcome is Outcome.IN_PROGRESS
        self.rows[number] = release

    def caller(self) -> str:
        return "arn:aws:iam::111111111111:user/tester"

    # Locks

    def read_lock(self, service: str) -> Lock | None:
        return self.lock

    def write_lock(self, service: str, lock: Lock, *, seen: Lock | None) -> bool:
        if self.lock != seen:
            return False
        self.lock = lock
        return True

    def renew_lock(self, service: str, lock: Lock, *, seen: Lock) -> Lock | None:
        return lock if self.write_lock(service, lock, seen=seen) else self.lock

    def drop_lock(self, service: str, owner: str) -> None:
        if not self.dead and self.lock and self.lock.owner == owner:
            self.lock = None

    # TickingClock and Progress

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    @contextlib.contextmanager
    def every(self, seconds: float, work: Callable[[], None]) -> Iterator[None]:
        yield

    def say(self, text: str) -> None:
        self.lines.append(text)


def request(
    version: str = "", *, rolls_back: bool = False, keep: int = 2, owner: str = "me@here:1:aaaa"
) -> SiteRequest:
    return SiteRequest(
        BUCKET,
        "E1",
        "https://video.example.org",
        owner,
        version=version,
        rolls_back=rolls_back,
        keep=keep,
        concurrency=1,
        verification_seconds=5.0,
        invalidation_seconds=30.0,
    )
