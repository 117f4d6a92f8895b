# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways to release a folder: our playbook, the AWS CLI as its manual and as careful people use it, stock modules."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

Commands = Sequence[Sequence[str]]
PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))


@dataclass(frozen=True)
class Site:
    """Where a release goes."""

    folder: str
    bucket: str
    distribution: str


@dataclass(frozen=True)
class Way:
    """A name, and the commands that publish a release, given its number."""

    name: str
    commands: Callable[[Site, int], Commands]


def ours(site: Site, release: int) -> Commands:
    """The playbook."""
    options = ["-e", f"site_release_source={site.folder}", "-e", f"version=1.0.{release}"]
    return [[PLAYBOOK, "-i", "inventories/dev", "playbooks/publish_site.yml", *options]]


def cli(program: str) -> list[Way]:
    """The AWS CLI's ways; both wait for their invalidation, as ours does."""

    def invalidate(site: Site) -> list[str]:
        of = f"--distribution-id {site.distribution}"
        made = f"{program} cloudfront create-invalidation {of} --paths '/*' --query Invalidation.Id --output text"
        return ["sh", "-ec", f'id=$({made}); {program} cloudfront wait invalidation-completed {of} --id "$id"']

    def plain(site: Site, _release: int) -> Commands:
        return [[program, "s3", "sync", site.folder, f"s3://{site.bucket}", "--delete"], invalidate(site)]

    def careful(site: Site, _release: int) -> Commands:
        place, sync = f"s3://{site.bucket}", [program, "s3", "sync"]
        forever = ["--cache-control", "public, max-age=31536000, immutable"]
        return [
            [*sync, f"{site.folder}/assets", f"{place}/assets", *forever],
            [*sync, site.folder, place, "--exclude", "assets/*", "--cache-control", "no-cache"],
            invalidate(site),
        ]

    return [
        Way("aws s3 sync --delete, create-invalidation", plain),
        Way("aws s3 sync of assets, then of pages, nothing deleted; create-invalidation", careful),
    ]


def stock(settings: Mapping[str, str], folder: Path) -> Way:
    """Tasks of community.aws, in a playbook that is written to *folder*; none of them waits for an invalidation."""
    given = ["env", *(f"{name}={value}" for name, value in settings.items())]

    def commands(site: Site, release: int) -> Commands:
        file = folder / "stock.yml"
        file.write_text(yaml.safe_dump([_stock_play(site, release)]), encoding="utf-8")
        return [[*given, PLAYBOOK, "-i", "localhost,", str(file)]]

    return Way("community.aws.s3_sync (delete), cloudfront_invalidation", commands)


def _stock_play(site: Site, release: int) -> Mapping[str, object]:
    invalidated = {"distribution_id": site.distribution, "caller_reference": f"r{release}", "target_paths": ["/*"]}
    return {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": [
            {"community.aws.s3_sync": {"bucket": site.bucket, "file_root": site.folder, "delete": True}},
            {"community.aws.cloudfront_invalidation": invalidated},
        ],
    }
