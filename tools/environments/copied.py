# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What another environment's inventory becomes in an account and a region of its own. Texts in, texts out.

The files are changed line by line and not read and written as YAML, so that their comments stay.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tools.environments.inventory import Environment, InventoryError

NAME = re.compile(r"(?=.{1,16}\Z)[a-z][a-z0-9]*\Z")
"""The templates' pattern and length of Environment: what is of `dev-two` would be of `dev` too."""
ACCOUNT = re.compile(r"[0-9]{12}\Z")
RESERVED = {"shared", "all", "components", "ungrouped"}
_LINE = re.compile(r"^([a-z_0-9]+):([ \t]+)(\S.*)$")
_OF_THE_SOURCE = ("iam_promotion_source_", "image_promotion_source_")
"""Variables that speak of another account than the environment's own."""
_SANDBOX_CERTIFICATE = re.compile(r":certificate/([0-9])\1{7}-\1{4}-4\1{3}-8\1{3}-\1{12}$")


@dataclass(frozen=True)
class Place:
    """Where the new environment is to be."""

    name: str
    account: str
    region: str


def problem(place: Place, model: str, existing: Iterable[Environment], regions: Iterable[str]) -> str | None:
    """Why no such environment can be made, in the words of the command, or None."""
    environments = list(existing)
    names = [found.name for found in environments]
    owner = next((found.name for found in environments if found.account == place.account), None)
    spelling = "a letter, then at most 15 of a-z and 0-9, no hyphen"
    checks = [
        (not NAME.match(place.name), f"NAME={place.name} is no name of an environment: {spelling}."),
        (place.name in RESERVED, f"NAME={place.name} means something else in an inventory. Take another name."),
        (place.name in names, f"inventories/{place.name} exists. Change it there, or take another NAME."),
        (not ACCOUNT.match(place.account), f"ACCOUNT={place.account} is no AWS account id: 12 digits."),
        (owner, f"Account {place.account} is that of {owner}. An environment has an account of its own."),
        (place.region not in set(regions), f"REGION={place.region} is no region of AWS that botocore knows."),
        (model not in names, f"LIKE={model} is no environment. There are: {', '.join(names)}."),
    ]
    return next((text for wrong, text in checks if wrong), None)


def free_network(existing: Iterable[Environment]) -> str:
    """A /16 of 10.0.0.0/8 that no environment's VPC overlaps, so that they can be peered. Raises InventoryError."""
    taken = [ipaddress.ip_network(str(found.variables["network_vpc_cidr"])) for found in existing]
    tens, others = range(10, 256, 10), (number for number in range(1, 256) if number % 10)
    for number in (*tens, *others):
        wanted = ipaddress.ip_network(f"10.{number}.0.0/16")
        if not any(wanted.overlaps(network) for network in taken):
            return str(wanted)
    raise InventoryError("No /16 of 10.0.0.0/8 is free: every one overlaps the network_vpc_cidr of an environment.")


def moved(text: str, model: Environment, place: Place, network: str) -> str:
    """One file of *model*'s variables as the new environment has it."""
    return "".join(_moved_line(line, model, place, network) for line in text.splitlines(keepends=True))


def admitted(text: str, model: str, account: str) -> str:
    """Another environment's file, where who may pull what *model* may pull is the new account too."""
    found = re.search(r"^ecr_pull_account_ids: \[(.*)\]$", text, flags=re.MULTILINE)
    if found is None or f'"{model}"' not in found[1] or f'"{account}"' in found[1]:
        return text
    return text[: found.end(1)] + f', "{account}"' + text[found.end(1) :]


def _moved_line(line: str, model: Environment, place: Place, network: str) -> str:
    found = _LINE.match(line)
    if found is None:
        return line.replace(model.account, place.account)
    key, gap, value = found.groups()
    if key.startswith(_OF_THE_SOURCE):
        return line
    if key == "ecr_pull_account_ids":
        value = "[]"
    elif key == "fastbreak_environment":
        value = place.name
    elif key == "network_vpc_cidr":
        value = network
    elif key == "network_cloudfront_prefix_list_id" and place.region != model.region:
        # Each region has a list of its own, by an id that only AWS tells: the plan asks for it.
        value = '""'
    else:
        value = _SANDBOX_CERTIFICATE.sub(_certificate(place.account), value)
        value = value.replace(model.account, place.account).replace(model.region, place.region)
        # What lets in the network itself lets in the new one, and not the one it was made from.
        value = value.replace(str(model.variables["network_vpc_cidr"]), network)
    return f"{key}:{gap}{value}\n"


def _certificate(account: str) -> str:
    digit = account[0]
    return f":certificate/{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}"
