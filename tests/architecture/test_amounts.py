# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts of the collection count in words that fit the number: `amount`, not a number before a plural."""

import ast
import re
from itertools import pairwise

import pytest

from tools.files import ROOT, project_files

COUNTED = (
    "address|alarm|answer|attempt|blob|clip|component|difference|day|file|finding|fork|host|image|label|layer|line|look|"
    "manifest|minute|object|period|person|problem|release|request|resource|revision|rule|sample|service|statement|tag|task|"
    "time|zone"
)
_PLURAL = re.compile(rf"^ (?:[a-z]+ )?(?:{COUNTED})(?:s|es|\(s\)|\(es\))(?!\w)")
NEVER_ONE = {
    "plugins/module_utils/_aws/security_group.py: direction",
    "plugins/module_utils/_promotion/gates/told_time.py: width.days",
    "plugins/module_utils/_promotion/session.py: self._manifests",
    "plugins/module_utils/_rollout/gates/canary.py: fewest_samples(self.maximum_increase)",
    "plugins/module_utils/_rollout/gates/command.py: self.consecutive_successes",
    "plugins/module_utils/_rollout/gates/statistics/latency.py: theirs",
    "plugins/module_utils/_rollout/service/captures.py: self.ours",
    "plugins/module_utils/_rollout/service/captures.py: self.theirs",
    "plugins/module_utils/_rollout/service/causes.py: count",
    "plugins/module_utils/_site/names.py: len(every)",
    "plugins/module_utils/_site/plan.py: len(planned.invalidate)",
    "plugins/module_utils/_stack/limits.py: len(shared | keys)",
    "plugins/module_utils/_stack/tags.py: len(tags)",
}
"""No number, or one that is above a limit where it is told."""


def counted_wrongly(source: str) -> list[str]:
    """What f-strings of *source* put before a plural: not a constant, a fraction or what `amount` gave."""
    texts = (node.values for node in ast.walk(ast.parse(source)) if isinstance(node, ast.JoinedStr))
    pairs = [pair for values in texts for pair in pairwise(values)]
    return [
        ast.unparse(number.value)
        for number, text in pairs
        if isinstance(number, ast.FormattedValue)
        and isinstance(text, ast.Constant)
        and _PLURAL.match(str(text.value))
        and number.format_spec is None
        and not ast.unparse(number.value).isupper()
        and not ast.unparse(number.value).startswith("amount(")
    ]


def test_amounts_are_in_words_that_fit_them() -> None:
    found = {
        f"{path}: {number}"
        for path in project_files("plugins/**.py")
        for number in counted_wrongly((ROOT / path).read_text(encoding="utf-8"))
    }
    assert found == NEVER_ONE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{len(clips)} clips", ["len(clips)"]),
        ("{running} healthy tasks", ["running"]),
        ("{sent} file(s)", ["sent"]),
        ("{_MOST} tasks", []),
        ("{hours:.1f} times as long", []),
        ("{amount(running, 'task')} running", []),
        ("{name} task", []),
    ],
)
def test_a_number_before_a_plural_is_found(text: str, expected: list[str]) -> None:
    assert counted_wrongly(f'f"{text}"') == expected
