# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tag that workflows promote and deploy is the one that publish.yml pushes."""

import subprocess

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._publish import source_tree

from tools import release_tag
from tools.files import ROOT


def test_it_is_what_the_role_publish_names_a_clean_commit(capsys):
    service = str(ROOT / "service")
    tree = source_tree.read_source_tree(service)
    assert release_tag.main([]) == 0
    assert capsys.readouterr().out == f"{source_tree.read_version(service)}-{tree.commit}\n"


def test_without_a_commit_it_says_so(monkeypatch, capsys):
    def run(command, **_options):
        raise subprocess.CalledProcessError(128, command, stderr="fatal: not a git repository\n")

    monkeypatch.setattr(release_tag.subprocess, "run", run)
    assert release_tag.main([]) == 1
    assert "not a git repository" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_it_says_what_it_is(word, capsys):
    with pytest.raises(SystemExit):
        release_tag.main([word])
    assert capsys.readouterr().out
