# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""People in a text."""

from __future__ import annotations

import pytest
from ansible_collections.fastbreak.aws.plugins.module_utils._rollout.disclosure.people import without_people


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "anna.schmidt@laptop-7.example:77:ffff0123 (since 2026-01-01T00:00:00Z) holds it",
            "another run (since 2026-01-01T00:00:00Z) holds it",
        ),
        (
            "was answered no by arn:aws:sts::111111111111:assumed-role/deployer/anna@x.example at noon",
            "was answered no by somebody at noon",
        ),
        ("User: arn:aws:iam::111111111111:user/team/anna.", "User: somebody."),
        ("arn:aws-cn:sts::1:federated-user/anna, twice", "somebody, twice"),
        ("role arn:aws:iam::111111111111:role/task", "role arn:aws:iam::111111111111:role/task"),
        ("/home/anna.schmidt/fastbreak/clip.mp4 is missing", "~/fastbreak/clip.mp4 is missing"),
        ("read '/Users/anna/clip.mp4', file:///var/home/anna/x", "read '~/clip.mp4', file://~/x"),
        (r"C:\Users\Anna Schmidt\clip.mp4 of C:\\Users\\anna: C:/Users/anna", r"~\clip.mp4 of ~: ~"),
        ("not in /root, nor below file:///root.", "not in ~, nor below file://~."),
        ("https://site.example/home/news of /srv/home, /rooted, /home and /opt/root", None),
        ("x@sha256:0123, http://a@b:80/c, arn:aws:ecs:eu-1:1:service/c/s", None),
    ],
)
def test_nobody_is_named(text: str, told: str | None) -> None:
    assert without_people(text) == (text if told is None else told)
