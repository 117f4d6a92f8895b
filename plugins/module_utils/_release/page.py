# SPDX-FileCopyrightText: The Fastbreak maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release history that a person reads: lines for a terminal, and a page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from .plots import samples, weights
from .siblings import siblings
from .timeline import seconds_between, timeline, word

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5b6475; --line: #d9dee7; --page: #f5f7fa; --card: #fff;
  --good: #14743c; --bad: #a3221b; --open: #8a6100; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9aa4b5; --line: #333b49; --page: #14181f;
  --card: #1c222c; --good: #7fd6a0; --bad: #f29b94; --open: #e5c07b; } }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { margin: 0; font-size: 1.5rem; } .soft { color: var(--soft); fill: var(--soft); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.25rem;
  margin-top: 1rem; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 1.05rem; } h3 { margin: 1rem 0 0; font-size: 1rem; } p { margin: .4rem 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
.succeeded, .healthy { color: var(--good); } .unknown, .inprogress, .inconclusive { color: var(--open); }
.rolledback, .failed, .stopped, .superseded, .unhealthy, .error { color: var(--bad); }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; } svg text { fill: var(--ink); }
svg text.soft { fill: var(--soft); } .tick { stroke: var(--line); } .bar { fill: currentColor; }
.bar.dry { fill: none; stroke: currentColor; stroke-dasharray: 4 2; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: .75rem; }
figure { margin: 0; } figcaption { color: var(--soft); font-size: .85rem; }
.curve { fill: none; stroke: currentColor; stroke-width: 1.5; } .dot, .mark { fill: currentColor; }
.bound { stroke: var(--bad); stroke-dasharray: 5 3; } details { margin-top: .6rem; } summary { cursor: pointer; }
pre { margin: .4rem 0; padding: .6rem; border: 1px solid var(--line); border-radius: .4rem; white-space: pre-wrap;
  font: 12.5px/1.45 ui-monospace, monospace; }
"""
_COLUMNS = ("started", "version", "by", "strategy", "outcome", "verdict", "seconds")
_TOGETHER = "together with"


def columns(info: Mapping[str, Any]) -> tuple[str, ...]:
    """The heads of `rows`: that of other services only where a release has any."""
    together = any(siblings(info, release) for release in _releases(info))
    return (*_COLUMNS, _TOGETHER) if together else _COLUMNS


def rows(info: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row of texts for each release of *info*, which is what `ecs_rollout_info` returns; the newest first."""
    together = len(columns(info)) > len(_COLUMNS)
    others = [(release, _others(siblings(info, release))) for release in _releases(info)]
    return [(*_cells(release), *([told] if together else [])) for release, told in others]


def table(info: Mapping[str, Any]) -> list[str]:
    """The history as lines for a terminal, columns aligned. Control characters of the record are shown, not sent."""
    found = [columns(info), *rows(info)]
    shown = [tuple(_printable(cell) for cell in row) for row in found]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown]


def page(info: Mapping[str, Any], title: str, moment: str) -> str:
    """The history as HTML: a table, then each release with its gates over time, its reason and what was measured."""
    releases = _releases(info)
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{escape(title)}: releases</title><style>{_STYLE}</style></head><body><main>",
        f"<h1>Releases of {escape(title)}</h1>",
        f'<p class="soft">As of {escape(moment)}. {_running(info)} {_lock(info)}</p>',
        f'<section class="wide">{_table(columns(info), rows(info))}</section>'
        if releases
        else "<p>No release yet.</p>",
    ]
    return "".join(
        [*parts, *(_section(release, siblings(info, release)) for release in releases), "</main></body></html>\n"]
    )


def _releases(info: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [release for release in info.get("releases") or [] if isinstance(release, Mapping)]


def _cells(release: Mapping[str, Any]) -> tuple[str, ...]:
    passed = seconds_between(release.get("started_at"), release.get("finished_at"))
    texts = [_text(release, name) for name in ("version", "started_by", "strategy", "outcome", "verdict")]
    return (_text(release, "started_at")[:19].replace("T", " "), *texts, "" if passed is None else f"{passed:.0f}")


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return "" if value is None else str(value)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _running(info: Mapping[str, Any]) -> str:
    running = info.get("running") or {}
    return f"{escape(_text(running, 'version'))} runs." if running else "What runs was never accepted, or nothing does."


def _lock(info: Mapping[str, Any]) -> str:
    lock = info.get("lock") or {}
    who, since = escape(_text(lock, "owner")), escape(_text(lock, "started_at"))
    return f"{who} has been releasing since {since}." if lock else ""


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    header = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in body)
    return f"<table><thead><tr>{header}</tr></thead><tbody>{lines}</tbody></table>"


def _cell(text: str) -> str:
    # Outcomes and verdicts are told by their colour too.
    kind = f' class="{word(text)}"' if text.isupper() and text.replace("_", "").isalpha() else ""
    return f"<td{kind}>{escape(text)}</td>"


def _others(found: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(f"{name} {_text(record, 'outcome') or '(no record)'}" for name, record in found.items())


def _section(release: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> str:
    outcome, before = _text(release, "outcome"), _text(release, "previous_version")
    facts = " · ".join(
        escape(f"{label} {_text(release, name)}")
        for label, name in (("kind", "kind"), ("digest", "digest"), ("definition", "definition"),
                            ("deployment", "deployment_id"))
        if _text(release, name)
    )  # fmt: skip
    facts += escape(f" · together with {_others(others)}") if others else ""
    return (
        f"<section><h2>{escape(_text(release, 'version'))} "
        f'<span class="{word(outcome)}">{escape(outcome)}</span></h2>'
        f'<p class="soft">{facts}{escape(f" · after {before}") if before else ""}</p>'
        f"{_course(release)}{''.join(_other(name, record) for name, record in others.items() if record)}</section>"
    )


def _other(name: str, record: Mapping[str, Any]) -> str:
    """Another service of the same release, with what its own gates measured."""
    outcome = _text(record, "outcome")
    return f'<h3>{escape(name)} <span class="{word(outcome)}">{escape(outcome)}</span></h3>{_course(record)}'


def _course(release: Mapping[str, Any]) -> str:
    return (
        f"<p>{escape(_text(release, 'reason'))}</p>{_migration(release)}"
        f"{weights(release)}{timeline(release)}{_plots(release)}"
        f"{_gates(release)}{_evidence(release)}"
    )


def _migration(release: Mapping[str, Any]) -> str:
    said = _text(release, "migration")
    return f"<p>Migration {escape(said)}</p>" if said else ""


def _plots(release: Mapping[str, Any]) -> str:
    drawn = "".join(samples(gate) for gate in release.get("gates") or [] if isinstance(gate, Mapping))
    return f'<div class="plots">{drawn}</div>' if drawn else ""


def _evidence(release: Mapping[str, Any]) -> str:
    """What failed tasks left, and what else was seen of the failure."""
    parts = []
    for piece in release.get("evidence") or []:
        if not isinstance(piece, Mapping):
            continue
        lines = [str(line) for line in piece.get("log_lines") or []]
        facts = [f"{name}: {_worded(value)}" for name, value in piece.items() if name != "log_lines" and value]
        parts.append(f"<pre>{escape(chr(10).join([*facts, *lines]))}</pre>")
    return f"<details open><summary>Evidence</summary>{''.join(parts)}</details>" if parts else ""


def _worded(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _gates(release: Mapping[str, Any]) -> str:
    gates = [gate for gate in release.get("gates") or [] if isinstance(gate, Mapping)]
    head = ("gate", "stage", "verdict", "seen", "expected", "samples", "failures")
    body = [[_text(gate, name) for name in head] for gate in gates]
    return f'<div class="wide">{_table(head, body)}</div>' if gates else ""
