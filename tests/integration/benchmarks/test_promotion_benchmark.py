# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark of promotions does what it says, on tiny images. No time is asserted."""

import json

from benchmarks.promotion.__main__ import main


def test_quick_mode_copies_counts_and_writes_every_run(tmp_path, capsys):
    found = tmp_path / "figures.json"
    words = [
        "--quick",
        "--only",
        "cold-six",
        "--only",
        "playbook",
        "--only",
        "requests",
        "--folder",
        str(tmp_path),
        "--json",
        str(found),
    ]
    assert main(words) == 0
    printed = capsys.readouterr().out
    data = json.loads(found.read_text())
    case, whole = data["cases"]
    assert (case, whole) == ("cold: 6 x 64 KiB", "cold, the whole ansible-playbook: 6 x 64 KiB")
    for each in (case, whole):
        assert [run["tool"] for run in data["cases"][each]["runs"]] == ["ours", "skopeo"]
    assert data["cases"][case]["runs"][0]["ours"]["changed"] is True
    assert data["cases"][case]["failed"] == {}
    assert [line["case"] for line in data["tables"]["Requests when everything is present"]] == [
        "six, 3 manifests",
        "index, 17 manifests",
    ]
    assert case in printed
    assert "MISSED" not in printed  # tiny images are held against no target
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]
