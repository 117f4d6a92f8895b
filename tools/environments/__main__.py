# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the inventory of a further environment, and write docs/environments.md out of all of them.

An environment is made like one that exists: with its sizes and protections, and an account and a network of its own.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import botocore.session

from tools.command_line import parser
from tools.environments import page
from tools.environments.copied import Place, admitted, free_network, moved, problem
from tools.environments.inventory import Environment, InventoryError, environments, own_files
from tools.files import ROOT

INVENTORIES = ROOT / "inventories"
PAGE = ROOT / "docs" / "environments.md"
LIKE = "prod"


def regions() -> list[str]:
    """The regions of all of AWS's partitions, as the botocore at hand knows them."""
    session = botocore.session.get_session()
    partitions = session.get_available_partitions()
    return [region for partition in partitions for region in session.get_available_regions("ec2", partition)]


def written(model: Environment, place: Place, existing: list[Environment]) -> dict[Path, str]:
    """The files to write and what stands in them; the link to what is shared is not among them."""
    network, folder = free_network(existing), INVENTORIES / place.name
    files = {folder / "hosts.yml": (model.folder / "hosts.yml").read_text(encoding="utf-8")}
    for path in own_files(model.folder):
        text = path.read_text(encoding="utf-8")
        files[folder / path.relative_to(model.folder)] = moved(text, model, place, network)
    for other in existing:
        for path in own_files(other.folder):
            before = path.read_text(encoding="utf-8")
            if (after := admitted(before, model.account, place.account)) != before:
                files[path] = after
    return files


def create(options: argparse.Namespace) -> list[str]:
    """Make the environment; the lines to show. Raises InventoryError."""
    existing = environments(INVENTORIES)
    like = options.like or LIKE
    place = Place(options.name, options.account, options.region)
    if found := problem(place, like, existing, regions()):
        raise InventoryError(found)
    model = next(found for found in existing if found.name == like)
    files = written(model, place, existing)
    shown = [f"{'change' if path.exists() else 'create'} {path.relative_to(ROOT)}" for path in files]
    if options.dry_run:
        return [*shown, "This was a dry run: nothing was written."]
    _write(files, model, INVENTORIES / place.name)
    PAGE.write_text(page.render(environments(INVENTORIES)), encoding="utf-8")
    return [*shown, f"change {PAGE.relative_to(ROOT)}", *_next(place, model)]


def _write(files: dict[Path, str], model: Environment, folder: Path) -> None:
    """The new folder appears whole or not at all; what others change is replaced file by file after it."""
    with tempfile.TemporaryDirectory(dir=INVENTORIES, prefix=".new-") as scratch:
        made = Path(scratch) / folder.name
        for path, text in files.items():
            if path.is_relative_to(folder):
                target = made / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
        for link in (path for path in model.folder.rglob("*.yml") if path.is_symlink()):
            (made / link.relative_to(model.folder)).symlink_to(link.readlink())
        made.rename(folder)
    for path, text in files.items():
        if not path.is_relative_to(folder):
            beside = path.with_suffix(".new")
            beside.write_text(text, encoding="utf-8")
            shutil.copymode(path, beside)
            beside.replace(path)


def _next(place: Place, model: Environment) -> list[str]:
    lines = ["", f"{place.name} is like {model.name}. Read inventories/{place.name}, then plan it as {place.account}:"]
    if model.variables.get("ecs_certificate_required"):
        lines.append(f"  (first set ecs_certificate_arn to a certificate of ACM in {place.account} and {place.region})")
    if model.variables.get("network_cloudfront_prefix_list_id") and place.region != model.region:
        lines.append(f"  (and network_cloudfront_prefix_list_id to CloudFront's list of addresses in {place.region})")
    return [*lines, f"  ansible-playbook -i inventories/{place.name} site.yml --check --diff"]


def main(arguments: list[str]) -> int:
    made = parser("tools.environments", __doc__)
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    new = commands.add_parser("create", help="make inventories/NAME", allow_abbrev=False)
    new.add_argument("name", help="of the environment, like staging")
    new.add_argument("--account", required=True, help="its AWS account: 12 digits")
    new.add_argument("--region", required=True, help="its region, like us-east-1")
    new.add_argument(
        "--like", default=LIKE, help=f"the environment whose sizes and protections it gets (default: {LIKE})"
    )
    new.add_argument("--dry-run", action="store_true", help="list what would be written, and write nothing")
    document = commands.add_parser("document", help=f"write {PAGE.relative_to(ROOT)}", allow_abbrev=False)
    document.add_argument("--dry-run", action="store_true", help="print it, and write nothing")
    options = made.parse_args(arguments)
    try:
        if options.command == "create":
            print("\n".join(create(options)))
        elif options.dry_run:
            print(page.render(environments(INVENTORIES)), end="")
        else:
            PAGE.write_text(page.render(environments(INVENTORIES)), encoding="utf-8")
    except (InventoryError, OSError) as error:
        print(f"environments: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
