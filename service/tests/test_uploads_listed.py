# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""What is under way of a team, for whoever has to make room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.staff import Staff, code
from test_uploads import PART, Sender

if TYPE_CHECKING:
    from psycopg import Connection

    from support.issuer import Issuer
    from support.service import Service


def test_whoever_has_to_make_room_finds_what_is_under_way(
    guarded: Service, issuer: Issuer, database: Connection
) -> None:
    database.execute("DELETE FROM uploads")
    bob = Sender(guarded, issuer, "bob", role="uploader")
    ada = Sender(guarded, issuer, "ada", role="uploader")
    root = Sender(guarded, issuer, "root", role="administrator")
    mine = [bob.begun(PART), bob.begun(2 * PART)]
    other = ada.begun(PART)
    Sender(guarded, issuer, "eve", "bulls", "uploader").begun(PART)
    page = bob.get("/v1/uploads", limit=1).json()
    (newest,) = page["uploads"]
    told = (newest["id"], newest["sent_by"], newest["size_bytes"], newest["filename"])
    assert told == (mine[1], "bob", 2 * PART, "run.mp4")
    assert newest["expires_at"] == bob.shown(mine[1])["expires_at"]
    last = bob.get("/v1/uploads", limit=1, after=page["next"]).json()
    assert ([one["id"] for one in last["uploads"]], last["next"]) == ([mine[0]], None)
    assert [one["id"] for one in root.get("/v1/uploads").json()["uploads"]] == [other, *reversed(mine)]
    assert bob.ask("DELETE", f"/v1/uploads/{mine[0]}").status_code == 204
    database.execute("UPDATE uploads SET created_at = now() - interval '25 hours' WHERE id = %s", [mine[1]])
    assert bob.get("/v1/uploads").json() == {"uploads": [], "next": None}, "given up, or too late"
    assert Staff(guarded, issuer, "rita").get("/v1/uploads").status_code == 403
    assert code(bob.get("/v1/uploads", after="1")) == (400, "bad_parameter")
    listed = "SELECT DISTINCT subject, team FROM audit WHERE action = 'uploads.listed' ORDER BY subject"
    assert database.execute(listed).fetchall() == [("bob", "hawks"), ("root", "hawks")], "who saw names and senders"
    assert root.shown(other)["filename"] == "run.mp4"
    assert Sender(guarded, issuer, "eve", "bulls", "administrator").get(f"/v1/uploads/{other}").status_code == 404
    read = "SELECT subject, team FROM audit WHERE action = 'upload.read' AND analysis_id = %s"
    assert database.execute(read, [other]).fetchall() == [("root", "hawks")], "who saw one by its id"
    noted = [
        (one["subject"], one["analysis"])
        for one in root.get("/v1/audit").json()["entries"]
        if "listed" in one["action"]
    ]
    assert set(noted) == {("bob", None), ("root", None)}
