# Copyright: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The option ``gates`` as policies, and what is wrong with it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from ..._release.promotion import GateMode
from .model import (
    SEVERITIES,
    AgePolicy,
    AllowedFinding,
    GatePolicies,
    LabelPolicy,
    SignaturePolicy,
    VulnerabilityPolicy,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Options = Mapping[str, Any]


def read_policies(gates: Options) -> tuple[GatePolicies, list[str]]:
    """The policies that the option stands for, and what is wrong with them. A gate that is off is None."""
    problems: list[str] = []
    chosen = {name: one for name, one in gates.items() if one and GateMode(one["mode"]) is not GateMode.OFF}
    policies = GatePolicies(
        vulnerabilities=_vulnerabilities(chosen.get("vulnerabilities"), problems),
        signature=_signature(chosen.get("signature"), problems),
        age=_age(chosen.get("age"), problems),
        labels=_labels(chosen.get("labels")),
    )
    return policies, problems


def _vulnerabilities(gate: Options | None, problems: list[str]) -> VulnerabilityPolicy | None:
    if gate is None:
        return None
    maximum: list[tuple[str, int]] = []
    for name, count in gate["maximum"].items():
        severity = str(name).upper()
        if severity not in SEVERITIES:
            problems.append(
                f"gates.vulnerabilities.maximum names severity {str(name)!r}; there are {', '.join(SEVERITIES)}"
            )
        if isinstance(count, bool) or not str(count).isdecimal():
            problems.append(
                f"gates.vulnerabilities.maximum.{severity} is {count!r}; it must be a whole number, 0 or more"
            )
            continue
        maximum.append((severity, int(count)))
    if not gate["maximum"]:
        problems.append("gates.vulnerabilities.maximum is empty, so that nothing could fail; name a severity")
    if len({severity for severity, _count in maximum}) != len(maximum):
        problems.append("gates.vulnerabilities.maximum names a severity twice")
    if gate["wait_seconds"] < 0:
        problems.append(f"gates.vulnerabilities.wait_seconds is {gate['wait_seconds']:g}; it must not be below 0")
    allow = tuple(_allowed(number, entry, problems) for number, entry in enumerate(gate["allow"]))
    return VulnerabilityPolicy(
        mode=GateMode(gate["mode"]),
        maximum=tuple(maximum),
        allow=tuple(one for one in allow if one),
        wait_seconds=gate["wait_seconds"],
    )


def _allowed(number: int, entry: Options, problems: list[str]) -> AllowedFinding | None:
    place = f"gates.vulnerabilities.allow[{number}]"
    found = len(problems)
    if not entry["vulnerability"].strip():
        problems.append(f"{place} names no vulnerability")
    if not entry["reason"].strip():
        problems.append(f"{place} gives no reason; say why {entry['vulnerability']} may pass")
    try:
        expires = date.fromisoformat(entry["expires"])
    except ValueError:
        problems.append(f"{place} expires {entry['expires']!r}, which is no date; write YYYY-MM-DD")
    if len(problems) > found:
        return None
    return AllowedFinding(entry["vulnerability"].strip(), entry["reason"], expires, entry["package"] or "")


def _signature(gate: Options | None, problems: list[str]) -> SignaturePolicy | None:
    if gate is None:
        return None
    policy = SignaturePolicy(
        mode=GateMode(gate["mode"]),
        public_key=gate["public_key"] or "",
        identity=gate["identity"] or "",
        issuer=gate["issuer"] or "",
        trusted_root=gate["trusted_root"] or "",
        predicate_type=gate["predicate_type"] or "",
    )
    problems += _signature_problems(policy)
    return policy


def _signature_problems(policy: SignaturePolicy) -> Iterator[str]:
    keyless = bool(policy.identity or policy.issuer)
    if bool(policy.public_key) == keyless:
        yield "gates.signature needs either 'public_key', or 'identity' with 'issuer'; whose signature counts?"
    elif keyless and not (policy.identity and policy.issuer):
        yield "gates.signature needs 'identity' and 'issuer' together: anybody can have that identity elsewhere"
    if policy.public_key and policy.trusted_root:
        yield "gates.signature.trusted_root belongs to 'identity'; a 'public_key' needs none"
    if policy.public_key and "PRIVATE KEY" in policy.public_key:
        yield "gates.signature.public_key holds a private key, which does not belong here; give the public half"


def _age(gate: Options | None, problems: list[str]) -> AgePolicy | None:
    if gate is None:
        return None
    least, most = gate["minimum_hours"], gate["maximum_hours"]
    if least is None and most is None:
        problems.append("gates.age has neither 'minimum_hours' nor 'maximum_hours', so that nothing could fail")
    if (least or 0) < 0 or (most or 0) < 0:
        problems.append("gates.age counts hours from 0")
    if least is not None and most is not None and least > most:
        problems.append(f"gates.age.minimum_hours {least:g} is above maximum_hours {most:g}")
    return AgePolicy(GateMode(gate["mode"]), least, most)


def _labels(gate: Options | None) -> LabelPolicy | None:
    if gate is None:
        return None
    required = tuple((str(name), "" if value is None else str(value)) for name, value in gate["required"].items())
    return LabelPolicy(GateMode(gate["mode"]), required, gate["revision_is_tag"])
