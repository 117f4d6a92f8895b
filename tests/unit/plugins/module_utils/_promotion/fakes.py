# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registries, a release table and a clock in memory, for the promotion's flow.

The registry is strict: it takes no manifest whose blobs or children it lacks, and serves what it has as it is.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.fastbreak.aws.plugins.module_utils._common.time_span import TimeSpan
from ansible_collections.fastbreak.aws.plugins.module_utils._ecr.values import RepositorySettings
from ansible_collections.fastbreak.aws.plugins.module_utils._errors import OperationError, UnavailableError
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Descriptor, RawManifest, Transferred
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.names import Address
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.parse import is_foreign, parse_manifest
from ansible_collections.fastbreak.aws.plugins.module_utils._oci.referrers import descriptor_of
from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.ports import Ports

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.fastbreak.aws.plugins.module_utils._oci.model import Descriptor, RawManifest
    from ansible_collections.fastbreak.aws.plugins.module_utils._promotion.predicate_options import Predicate
    from ansible_collections.fastbreak.aws.plugins.module_utils._release.promotion import Promotion

EPOCH = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class Repository:
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, RawManifest] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class MemoryRegistry:
    """A registry. ``calls`` lists requests as (verb, repository, reference); *fail_at* makes the nth write fail."""

    def __init__(self, host: str, *, referrers_api: bool = False) -> None:
        self.host = host
        self.is_local = False
        self.referrers_api = referrers_api
        self.repositories: dict[str, Repository] = {}
        self.settings = RepositorySettings(exists=True, known=False)
        self.refuses: Callable[[str, RawManifest], str] = lambda _reference, _manifest: ""
        self.on_write: Callable[[str, str], None] = lambda _verb, _reference: None
        self.told_time: Callable[[], TimeSpan | None] = lambda: TimeSpan(EPOCH, EPOCH)
        self.calls: list[tuple[str, str, str]] = []
        self.writes = 0
        self.fail_at = -1
        self.lock = threading.RLock()

    def now(self) -> TimeSpan | None:
        return self.told_time()

    def hang_up(self) -> None:
        self.note("HANG UP", Address("", ""))

    def __getitem__(self, repository: str) -> Repository:
        return self.repositories.setdefault(repository, Repository())

    def note(self, verb: str, address: Address) -> None:
        with self.lock:
            self.calls.append((verb, address.repository, address.reference))

    def writes_to(self, verb: str, address: Address) -> None:
        self.note(verb, address)
        self.on_write(verb, address.reference)
        with self.lock:
            self.writes += 1
            if self.writes - 1 == self.fail_at:
                raise UnavailableError(f"{self.host} answered 503 to {verb} {address.reference}.")

    def resolve(self, address: Address) -> RawManifest | None:
        held = self[address.repository]
        return held.manifests.get(held.tags.get(address.reference, address.reference))

    def read_manifest(self, address: Address) -> RawManifest | None:
        self.note("GET", address)
        return self.resolve(address)

    def find_manifest(self, address: Address) -> str | None:
        self.note("HEAD", address)
        found = self.resolve(address)
        return found.digest if found else None

    def has_blob(self, blob: Address, *, size: int) -> bool:
        self.note("HEAD blob", blob)
        held = self[blob.repository].blobs.get(blob.reference)
        return held is not None and len(held) == size

    def read_blob(self, blob: Address, *, limit_bytes: int) -> bytes | None:
        self.note("GET blob", blob)
        return self[blob.repository].blobs.get(blob.reference)

    def list_tags(self, repository: str) -> tuple[str, ...] | None:
        self.note("LIST", Address(repository, ""))
        return tuple(sorted(self[repository].tags)) if repository in self.repositories else None

    def list_referrers(self, subject: Address) -> tuple[Descriptor, ...] | None:
        self.note("REFERRERS", subject)
        if not self.referrers_api:
            return None
        found = [parse_manifest(raw) for raw in self[subject.repository].manifests.values()]
        return tuple(
            descriptor_of(manifest)
            for manifest in found
            if manifest.subject and manifest.subject.digest == subject.reference
        )

    def mount_blob(self, blob: Address, *, from_repository: str) -> bool:
        self.writes_to("MOUNT", blob)
        found = self[from_repository].blobs.get(blob.reference)
        if found is None:
            return False
        self[blob.repository].blobs[blob.reference] = found
        return True

    def write_blob(self, blob: Address, content: bytes) -> None:
        self.writes_to("PUT blob", blob)
        assert digest_of(content) == blob.reference
        self[blob.repository].blobs[blob.reference] = content

    def write_manifest(self, address: Address, manifest: RawManifest) -> str:
        self.writes_to("PUT", address)
        with self.lock:
            return self._put(address, manifest)

    def _put(self, address: Address, manifest: RawManifest) -> str:
        held, parsed, reference = self[address.repository], parse_manifest(manifest), address.reference
        if refusal := self.refuses(reference, manifest):
            raise OperationError(f"{self.host} refuses {reference}.", refusal=refusal)
        lacking = [each.digest for each in parsed.children if each.digest not in held.manifests]
        lacking += [each.digest for each in parsed.blobs if each.digest not in held.blobs and not is_foreign(each)]
        # An index of referrers may outlive what it lists.
        if lacking and not reference.startswith("sha256-"):
            raise OperationError(f"{self.host} lacks {', '.join(lacking)} of {reference}.", refusal="missing")
        if self.referrers_api and parsed.subject and parsed.subject.digest not in held.manifests:
            raise OperationError(f"{self.host} lacks the subject {parsed.subject.digest}.", refusal="missing")
        if ":" not in reference:
            there = held.tags.get(reference)
            if self.settings.immutable and there not in (None, manifest.digest) and not self._may_move(reference):
                raise OperationError(f"Tag {reference} is immutable.", refusal="immutable")
            held.tags[reference] = manifest.digest
        held.manifests[manifest.digest] = manifest
        return parsed.subject.digest if self.referrers_api and parsed.subject else ""

    def _may_move(self, tag: str) -> bool:
        return any(tag.startswith(each.rstrip("*")) for each in self.settings.mutable_tags)

    def describe_repository(self, _repository: str) -> RepositorySettings:
        return self.settings

    def missing(self) -> list[str]:
        """What tags name, directly or not, and the registry does not have. Empty: all tags are complete."""
        found = []
        for name, held in self.repositories.items():
            for tag, digest in held.tags.items():
                if not tag.startswith("sha256-"):
                    found += [f"{name}:{tag} lacks {each}" for each in self._missing_below(held, digest)]
        return found

    def _missing_below(self, held: Repository, digest: str) -> list[str]:
        raw = held.manifests.get(digest)
        if raw is None:
            return [digest]
        parsed = parse_manifest(raw)
        blobs = [each.digest for each in parsed.blobs if each.digest not in held.blobs and not is_foreign(each)]
        return blobs + [lacks for each in parsed.children for lacks in self._missing_below(held, each.digest)]


class World:
    """Both registries and all else behind the ports."""

    def __init__(self, *, source_api: bool = False, destination_api: bool = False) -> None:
        self.source = MemoryRegistry("dev.example", referrers_api=source_api)
        self.destination = MemoryRegistry("prod.example", referrers_api=destination_api)
        self.lines: list[Promotion] = []
        self.said: list[str] = []
        self.made: list[str] = []
        self.elapsed = 0.0
        self.fail_record = False

    def copy_blob(
        self,
        source_repository: str,
        descriptor: Descriptor,
        destination_repository: str,
        on_bytes: Callable[[int], None],
    ) -> Transferred:
        self.source.note("GET blob", Address(source_repository, descriptor.digest))
        self.destination.writes_to("PUT blob", Address(destination_repository, descriptor.digest))
        content = self.source[source_repository].blobs.get(descriptor.digest)
        if content is None or digest_of(content) != descriptor.digest or len(content) != descriptor.size:
            raise OperationError(f"The source's bytes are not those of {descriptor.digest}.")
        on_bytes(len(content))
        self.destination[destination_repository].blobs[descriptor.digest] = content
        return Transferred(len(content))

    def describe_repository(self, repository: str) -> RepositorySettings:
        return self.destination.describe_repository(repository)

    def caller(self) -> str:
        return "arn:aws:iam::222222222222:user/releaser"

    def promotions(self, service: str) -> tuple[Promotion, ...]:
        return tuple(reversed([each for each in self.lines if each.service == service]))

    def find_promotion(self, service: str, digest: str) -> Promotion | None:
        return next((each for each in self.promotions(service) if each.digest == digest), None)

    def find_promotions(self, service: str, digest: str) -> tuple[Promotion, ...]:
        return tuple(each for each in self.promotions(service) if each.digest == digest)

    def write_promotion(self, promotion: Promotion) -> None:
        if self.fail_record:
            raise UnavailableError("DynamoDB could not be asked.")
        self.lines.append(promotion)

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.elapsed += seconds

    def say(self, text: str) -> None:
        self.said.append(text)

    def make(self, predicate: Predicate, config_digest: str) -> dict[str, Any]:
        self.made.append(predicate.type)
        return {"said": predicate.command[0]}

    def read_scan(self, image: Address) -> None:
        raise UnavailableError("no scans here")

    def ports(self) -> Ports:
        return Ports(
            source=self.source,
            destination=self.destination,
            transfer=self,
            destination_repositories=self,
            scans=self,
            promotions=self,
            predicates=self,
            clock=self,
            progress=self,
        )

    def make_ecr(self, *filters: str) -> None:
        """Make the destination's repositories immutable but for tags that match *filters*."""
        self.destination.settings = replace(
            self.destination.settings, known=True, immutable=True, mutable_tags=tuple(filters)
        )
