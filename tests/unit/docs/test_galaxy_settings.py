# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who runs the collection without the clone is told the settings of the clone's ansible.cfg that runs depend on."""

import re
from configparser import ConfigParser
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
#: The settings by their environment variables. A run is refused for want of forks; a key written twice hides a gate.
NEEDED = {
    "ANSIBLE_STDOUT_CALLBACK": "stdout_callback",
    "ANSIBLE_FORKS": "forks",
    "ANSIBLE_DUPLICATE_YAML_DICT_KEY": "duplicate_dict_key",
}


def exported():
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("### Without the clone")[2].partition("###")[0]
    return dict(re.findall(r"^export (\w+)=(\S+)", section, re.MULTILINE))


def test_the_settings_are_those_of_the_clone():
    settings = ConfigParser(interpolation=None)
    settings.read(ROOT / "ansible.cfg", encoding="utf-8")
    assert exported() == {name: settings["defaults"][key] for name, key in NEEDED.items()}


def test_there_is_a_fork_for_each_component():
    for path in ROOT.glob("inventories/*/hosts.yml"):
        hosts = yaml.safe_load(path.read_text(encoding="utf-8"))["components"]["hosts"]
        assert int(exported()["ANSIBLE_FORKS"]) >= len(hosts)
