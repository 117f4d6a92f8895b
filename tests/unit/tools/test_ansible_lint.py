# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Only of what Ansible was seen to read is it said so without asking Ansible."""

import subprocess
from importlib.metadata import files

import pytest

from tools import ansible_lint
from tools.files import ROOT

PROGRAM = """\
#!/bin/sh
echo "$@" >>"$(dirname "$0")/asked"
case "$*" in *bad*) echo "cannot be read"; exit 4 ;; esac
"""
LINT = """\
#!/bin/sh
shift 2
for name; do
    ansible-playbook --syntax-check -vv "$name" || exit 2
done
"""


@pytest.fixture
def ansible(monkeypatch, tmp_path):
    """A folder with an ansible-playbook that cannot read what is called bad, and an ansible-lint that asks it."""
    folder = tmp_path / "it's Ansible"
    folder.mkdir()
    for name, text in {"ansible-playbook": PROGRAM, "ansible-lint": LINT}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setattr(ansible_lint, "ANSIBLE", str(folder))
    monkeypatch.setattr(ansible_lint, "roles", list)
    return folder


@pytest.fixture
def place(tmp_path):
    """Where the program is put that knows."""
    folder = tmp_path / "a place"
    folder.mkdir()
    return folder


def asked(folder):
    """What Ansible was asked, and forgets."""
    log = folder / "asked"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def test_every_playbook_and_role_of_the_project_is_checked():
    names = ansible_lint.playbooks()
    assert {"site.yml", "playbooks/deploy.yml", "extensions/molecule/ecr/verify.yml"} <= set(names)
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in names]
    assert all("hosts:" in text or "import_playbook:" in text for text in texts)
    assert ansible_lint.roles() == sorted(str(path.relative_to(ROOT)) for path in (ROOT / "roles").iterdir())


def test_roles_are_asked_for_by_the_playbook_that_ansible_lint_makes():
    runner = next(path for path in files("ansible-lint") if path.match("ansiblelint/runner.py"))
    assert ansible_lint.ROLE.partition("{")[0] in runner.read_text()


def test_what_can_be_read_is_asked_for_once(ansible, monkeypatch):
    monkeypatch.setattr(ansible_lint, "playbooks", lambda: ["a.yml", "b c.yml"])
    assert ansible_lint.main(["a.yml", "b c.yml"]) == 0
    assert asked(ansible) == ["--syntax-check a.yml b c.yml"]


def test_when_one_cannot_be_read_all_are_asked_for_by_ansible_lint(ansible, monkeypatch, capfd):
    monkeypatch.setattr(ansible_lint, "playbooks", lambda: ["a.yml", "bad.yml"])
    assert ansible_lint.main(["a.yml", "bad.yml"]) == 2
    each = "--syntax-check -vv"
    assert asked(ansible) == ["--syntax-check a.yml bad.yml", f"{each} a.yml", f"{each} bad.yml"]
    assert capfd.readouterr().out == "cannot be read\n"


@pytest.mark.parametrize(
    "words",
    [
        ["--syntax-check", "-vv", "c.yml"],
        ["--syntax-check", "-vv", "a.yml", "bad.yml"],
        ["--syntax-check", "-vv", ".*"],
        ["--syntax-check", "-vv", ""],
        ["--syntax-check", "c.yml"],
        ["--syntax-check", "a.yml", "-vv"],
        ["--syntax-check", "-vv"],
        ["--check", "-vv", "a.yml"],
        ["--version"],
        [],
    ],
)
def test_everything_else_is_ansibles_own(ansible, place, words):
    ansible_lint.put_before_ansible(place, ["a.yml", "b.yml"], ["roles/ecr"])
    asked(ansible)
    done = subprocess.run([place / "ansible-playbook", *words], capture_output=True, check=False)
    assert asked(ansible) == [" ".join(words)]
    assert done.returncode == (4 if "bad.yml" in words else 0)


@pytest.mark.parametrize("words", [["--syntax-check", "-vv"], ["--syntax-check"]])
@pytest.mark.parametrize("name", ["a.yml", "-e.yml", "b c.yml", "$(d).yml"])
def test_a_name_is_a_name_whatever_is_in_it(ansible, place, name, words):
    ansible_lint.put_before_ansible(place, [name], [])
    asked(ansible)
    subprocess.run([place / "ansible-playbook", *words, name], check=True)
    assert asked(ansible) == []


@pytest.mark.parametrize(("role", "expected"), [("roles/ecr", 0), ("roles/ec", 1), ("roles/iam", 1)])
def test_a_role_is_known_by_the_whole_of_its_playbook(ansible, place, tmp_path, role, expected):
    ansible_lint.put_before_ansible(place, ["a.yml"], ["roles/ecr", "roles/network"])
    asked(ansible)
    (tmp_path / "play.yml").write_text(ansible_lint.ROLE.format(role=role))
    subprocess.run([place / "ansible-playbook", "--syntax-check", "-vv", tmp_path / "play.yml"], check=True)
    assert len(asked(ansible)) == expected
