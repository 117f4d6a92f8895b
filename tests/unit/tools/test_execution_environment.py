# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-builder is told of the execution environment, and what it makes of it."""

from importlib.metadata import version
from pathlib import Path

import pytest

from tools.execution_environment import create, definition, local_amazon
from tools.images._errors import ImageError


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Path, Path]:
    """A collection's tarball, which is not looked into here, and inventories."""
    tarball, inventories = tmp_path / "fastbreak-aws-1.2.3.tar.gz", tmp_path / "inventories"
    tarball.write_bytes(b"")
    (inventories / "dev").mkdir(parents=True)
    return tarball, inventories


@pytest.mark.process
def test_the_image_is_made_of_the_base_the_collection_and_the_inventories(
    sources: tuple[Path, Path], tmp_path: Path
) -> None:
    context = create(definition(sources[0], "some/base:1", sources[1], None), tmp_path)
    recipe = (context / "Dockerfile").read_text(encoding="utf-8")
    assert 'ARG EE_BASE_IMAGE="some/base:1"' in recipe
    assert f"ansible-core=={version('ansible-core')}" in recipe
    assert "COPY _build/inventories /fastbreak/inventories" in recipe
    assert "fastbreak-aws-1.2.3.tar.gz" in (context / "_build" / "requirements.yml").read_text(encoding="utf-8")
    assert {path.name for path in (context / "_build").iterdir()} >= {"collections", "inventories"}


@pytest.mark.process
def test_what_ansible_builder_says_is_handed_on(sources: tuple[Path, Path], tmp_path: Path) -> None:
    told = {**definition(*sources[:1], "base", sources[1], None), "version": "none"}
    with pytest.raises(ImageError, match="could not write the context"):
        create(told, tmp_path)


def test_where_galaxy_is_out_of_reach_nothing_is_asked_of_it(sources: tuple[Path, Path]) -> None:
    amazon = local_amazon()
    told = definition(sources[0], "base", sources[1], amazon)
    assert told["build_arg_defaults"] == {"ANSIBLE_GALAXY_CLI_COLLECTION_OPTS": "--no-deps"}
    assert {"src": str(amazon), "dest": "amazon"} in told["additional_build_files"]
    assert definition(sources[0], "base", sources[1], None)["build_arg_defaults"] == {
        "ANSIBLE_GALAXY_CLI_COLLECTION_OPTS": ""
    }
