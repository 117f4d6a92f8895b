# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Conditions that compare what functions make of parameters: MiniStack's know Ref to a parameter and Fn::Select only.

AWS: CloudFormation user guide, condition functions, "Supported functions".
"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.ministack import changesets, engine, handlers, stacks

_FUNCTIONS = frozenset({"Fn::FindInMap", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::Sub"})
_PSEUDO = frozenset({"AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix"})
Evaluate = Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, bool]]


def install() -> None:
    """Evaluate such conditions wherever the engine evaluates conditions."""
    evaluate = _knowing(engine._evaluate_conditions)
    engine._evaluate_conditions = evaluate
    changesets._evaluate_conditions = evaluate
    handlers._evaluate_conditions = evaluate
    stacks._evaluate_conditions = evaluate


def _knowing(evaluate: Evaluate) -> Evaluate:
    def evaluate_conditions(template: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, bool]:
        conditions = template.get("Conditions") or {}
        mappings = template.get("Mappings") or {}
        return evaluate({**template, "Conditions": _valued(conditions, params, mappings)}, params)

    return evaluate_conditions


def _valued(node: Any, params: Mapping[str, Any], mappings: Mapping[str, Any]) -> Any:
    """The node with what its functions come to in place of them."""
    if isinstance(node, list):
        return [_valued(item, params, mappings) for item in node]
    if not isinstance(node, dict):
        return node
    if len(node) == 1 and (_FUNCTIONS & set(node) or node.get("Ref") in _PSEUDO):
        return engine._resolve_refs(node, {}, params, {}, mappings, "", "")
    return {name: _valued(item, params, mappings) for name, item in node.items()}
