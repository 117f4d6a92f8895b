# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Measures the gates of one image, at the source, before anything is copied.

No gate hides another: whatever cannot be asked is that gate's result, with the verdict ERROR.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ..._common.verdict import Verdict
from ..._ecr.values import ScanState
from ..._errors import FastbreakError
from ..._oci.names import Address
from ..._release.promotion import GateMode, GateResult
from .config import ConfigReading, assess_age, assess_labels, read_config
from .images import PlatformImage, platform_images
from .judge import (
    ImageScan,
    assess_signature,
    assess_vulnerabilities,
    expect_signature,
)
from .signatures import check_signatures

if TYPE_CHECKING:
    from ..ports import Ports
    from ..values import SourceImage
    from .model import GatePolicies, SignaturePolicy, VulnerabilityPolicy

#: A config is a few kilobytes; one that is larger than this is not read, and so does not pass.
CONFIG_LIMIT_BYTES = 1 << 20

_FIRST_WAIT_SECONDS = 2.0
_LONGEST_WAIT_SECONDS = 30.0


def measure_gates(image: SourceImage, policies: GatePolicies, ports: Ports) -> tuple[GateResult, ...]:
    """The results of all gates that are on: labels, age, signature, vulnerabilities. Raises nothing of the world's.

    A scan that is running is waited for, as long as its policy says.
    """
    measuring = _Measuring(image, ports)
    results: list[GateResult] = []
    if (labels := policies.labels) and labels.mode is not GateMode.OFF:
        tags = (image.request.tag, image.request.destination_tag)
        results.append(assess_labels(labels, measuring.configs, tags=tags, subject=image.digest))
    if (age := policies.age) and age.mode is not GateMode.OFF:
        results.append(assess_age(age, measuring.configs, now=ports.clock.now(), subject=image.digest))
    if (signature := policies.signature) and signature.mode is not GateMode.OFF:
        results.append(_measure_signature(image, signature, ports))
    if (vulnerabilities := policies.vulnerabilities) and vulnerabilities.mode is not GateMode.OFF:
        results.append(measuring.vulnerabilities(vulnerabilities))
    return tuple(results)


class _Measuring:
    """One image while it is measured: configs are read once for all gates that ask for them."""

    def __init__(self, image: SourceImage, ports: Ports) -> None:
        self._image = image
        self._repository = image.request.repository
        self._ports = ports
        self._platforms = platform_images(image.root, image.manifests)

    @cached_property
    def configs(self) -> tuple[ConfigReading, ...]:
        return tuple(self._read_config(one) for one in self._platforms)

    def _read_config(self, one: PlatformImage) -> ConfigReading:
        name = str(one)
        if one.manifest is None:
            return ConfigReading(name, problem="its manifest has not been read")
        if one.manifest.config is None:
            return ConfigReading(name, problem="its manifest names no config")
        digest = one.manifest.config.digest
        try:
            content = self._ports.source.read_blob(Address(self._repository, digest), limit_bytes=CONFIG_LIMIT_BYTES)
        except FastbreakError as error:
            return ConfigReading(name, problem=f"its config could not be read: {error.message}")
        if content is None:
            return ConfigReading(name, problem=f"its config {digest} is not in the source repository")
        return read_config(name, content)

    def vulnerabilities(self, policy: VulnerabilityPolicy) -> GateResult:
        clock = self._ports.clock
        deadline = clock.monotonic() + policy.wait_seconds
        scans = tuple(self._await_scan(one, deadline) for one in self._platforms)
        return assess_vulnerabilities(policy, scans, today=clock.now().date(), subject=self._image.digest)

    def _await_scan(self, one: PlatformImage, deadline: float) -> ImageScan:
        clock, pause = self._ports.clock, _FIRST_WAIT_SECONDS
        while True:
            read = self._read_scan(one)
            left = deadline - clock.monotonic()
            # `not >` rather than `<=`: a wait that is no number ends at once.
            if read.scan is None or read.scan.state is not ScanState.RUNNING or not left > 0:
                return read
            self._ports.progress.say(f"{self._repository}: waiting for the scan of {one}, {left:.0f} s at most")
            clock.sleep(min(pause, left))
            pause = min(pause * 1.5, _LONGEST_WAIT_SECONDS)

    def _read_scan(self, one: PlatformImage) -> ImageScan:
        if one.manifest is None:
            return ImageScan(str(one), None, "its manifest has not been read")
        try:
            return ImageScan(str(one), self._ports.scans.read_scan(Address(self._repository, one.digest)))
        except FastbreakError as error:
            return ImageScan(str(one), None, error.message)


def _measure_signature(image: SourceImage, policy: SignaturePolicy, ports: Ports) -> GateResult:
    try:
        checks = check_signatures(image, policy, ports)
    except FastbreakError as error:
        return GateResult(
            gate="signature",
            mode=policy.mode,
            verdict=Verdict.ERROR,
            seen=error.message,
            expected=expect_signature(policy),
            subject=image.digest,
        )
    return assess_signature(policy, checks, subject=image.digest, rewritten_from=image.rewritten_from)
