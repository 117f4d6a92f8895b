# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""Our types against AWS's own schemas, as cfn-lint carries them."""

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from sandbox.ministack import drift, provisioners
from sandbox.services import SERVICES

RESOURCES = [
    import_module(f"sandbox.services.{name}.cloudformation").RESOURCES
    for name in SERVICES
    if name != "cloudformation" and find_spec(f"sandbox.services.{name}.cloudformation")
]
TYPES = {kind.name: kind for resources in RESOURCES for kind in resources.types}
CREATE_ONLY = {name: listed for resources in RESOURCES for name, listed in resources.create_only.items()}
READERS = {name for resources in RESOURCES for name in resources.drift_readers}
UNREAD = {
    "AWS::CertificateManager::Certificate",
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::Distribution",
    "AWS::CloudFront::Function",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::Route53::RecordSet",
    "AWS::WAFv2::WebACL",
}
"""Types whose drift the sandbox does not detect yet; the ledger says so."""
TEMPLATES = sorted(Path(__file__).parents[4].glob("roles/*/files/stack.yaml"))


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema
    return found


def listed(name: str, keyword: str) -> set[str]:
    """The top-level properties that the type's schema lists under `keyword`."""
    paths = (path.removeprefix("/properties/") for path in schema(name).get(keyword, []))
    return {path for path in paths if "/" not in path}


def create_only(name: str) -> set[str]:
    """The properties that always replace a resource of the type."""
    return listed(name, "createOnlyProperties")


@pytest.mark.parametrize("name", sorted(TYPES))
def test_replacing_properties_are_the_schemas(name: str) -> None:
    conditionally = listed(name, "conditionalCreateOnlyProperties")
    assert create_only(name) <= set(TYPES[name].replacing) <= create_only(name) | conditionally


@pytest.mark.parametrize("name", sorted(CREATE_ONLY))
def test_replacing_properties_of_other_types_are_the_schemas(name: str) -> None:
    assert set(CREATE_ONLY[name]) == create_only(name)


@pytest.mark.parametrize("name", sorted(TYPES))
def test_every_property_we_name_exists(name: str) -> None:
    known = set(schema(name)["properties"])
    assert TYPES[name].compared <= known
    assert set(TYPES[name].replacing) <= known


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.parts[-3])
def test_every_type_of_our_stacks_is_there(template: Path) -> None:
    names = set(re.findall(r"^    Type: (AWS::\w+::\w+)$", template.read_text(), re.MULTILINE))
    assert names
    assert names <= TYPES.keys() | provisioners._RESOURCE_HANDLERS.keys()
    assert names - UNREAD <= TYPES.keys() | drift._DRIFT_READERS | READERS


def test_what_is_said_to_be_unread_is_unread() -> None:
    assert not UNREAD & (TYPES.keys() | set(drift._DRIFT_READERS) | READERS)
