# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The main job as a newcomer runs it: killed on its way through dev, run again, and prod's verbs once more.

That stacks are completed whose making was killed is shown in `tests/integration/provision`.
"""

import contextlib
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import docker
import httpx
import pytest

from demo import analysis, history, roles
from demo.platform import Platform
from tests.e2e.conftest import Run, environment_of, run_playbook

ROOT = Path(__file__).resolve().parents[2]


def test_it_was_killed_on_its_way_through_dev(killed: Run) -> None:
    assert killed.code == -signal.SIGKILL
    assert "g. Deploy a version" not in killed.text


def test_after_a_kill_the_same_command_goes_through(finished: Run) -> None:
    assert finished.code == 0, finished.text


def test_what_dev_had_reached_is_not_done_again(finished: Run) -> None:
    assert "changed=0\n" in finished.step("c")
    assert "changed=0;" in finished.step("e")


@pytest.mark.parametrize("letter", ["f", "k"])
def test_real_footage_is_analysed_and_kept_in_the_database(finished: Run, letter: str) -> None:
    step = finished.step(letter)
    persons = re.search(r"(\d+) frames of 1768x994 .*, (\d+) person", step)
    assert persons, step
    assert int(persons[1]) == 230
    assert int(persons[2]) >= 1
    rows = re.search(r"in the RDS Postgres: 1 analyses, (\d+) persons, (\d+) measures", step)
    assert rows, step
    assert rows[1] == persons[2]
    assert int(rows[2]) > 230


def test_prod_gets_the_digest_that_dev_tried(killed: Run, finished: Run) -> None:
    published = re.search(r"sha256:[0-9a-f]{64}", finished.step("d"))
    assert published
    assert published[0] in killed.step("d")
    assert f"prod holds the same digest: {published[0]}" in finished.step("i")


@pytest.mark.parametrize(("run", "letter"), [("killed", "e"), ("finished", "j")])
def test_the_good_release_drops_no_request(request: pytest.FixtureRequest, run: str, letter: str) -> None:
    step = request.getfixturevalue(run).step(letter)
    assert re.search(r"\d+ user requests in \d+ s, 0 failed", step), step


# BLUE_GREEN in dev and CANARY in prod: both ask the release before users meet it.
@pytest.mark.parametrize("letter", ["g", "l"])
def test_the_bad_release_is_refused_and_told_honestly(finished: Run, letter: str) -> None:
    refused = finished.step(letter)
    assert "refused and rolled back" in refused
    assert re.search(r"user requests in \d+ s, 0 failed", refused), refused


def test_dev_goes_from_rolling_to_blue_green_and_back(finished: Run, sandbox_name: str) -> None:
    assert finished.code == 0, finished.text
    platform = Platform.connect("dev", environment_of("dev", sandbox_name))
    bad, good = history.read(platform).releases
    assert (bad["strategy"], bad["outcome"]) == ("BLUE_GREEN", "ROLLED_BACK")
    assert (good["strategy"], good["outcome"]) == ("ROLLING", "SUCCEEDED")
    # It was refused before users came.
    course = json.loads(bad["course"])
    assert course
    assert all((stage, weight) != ("", None) and not weight for _at, stage, weight, _paused in course), course


def test_the_report_tells_every_release_and_promotion(finished: Run, sandbox_name: str) -> None:
    report = (ROOT / ".sandbox" / f"{sandbox_name}.demo" / "report.html").read_text(encoding="utf-8")
    assert report.count('<span class="badge succeeded">') == 2
    assert report.count('<span class="badge rolled_back">') == 2
    assert "2 promotions" in finished.step("m")


@pytest.fixture(scope="module")
def accepted(finished: Run, sandbox_name: str) -> list[str]:
    """Analyses that dev has accepted, the first of them under way when API and worker were killed."""
    assert finished.code == 0, finished.text
    platform = Platform.connect("dev", environment_of("dev", sandbox_name))
    with httpx.Client(base_url=platform.outputs("ecs")["ProductionUrl"], trust_env=False) as http:
        accepted = [analysis.submit(http, ROOT / ".cache" / "footage" / "demo.mp4") for _ in range(2)]
        eventually(lambda: http.get(f"/v1/analyses/{accepted[0]}").json()["status"] != "queued")
    assert kill(sandbox_name, "inference") >= 2
    assert kill(sandbox_name, "inference-worker") >= 1
    return accepted


def kill(sandbox_name: str, service: str) -> int:
    """Kill the containers of a service in dev; how many."""
    labels = [f"fastbreak.sandbox={sandbox_name}", f"com.amazonaws.ecs.task-definition-family=fastbreak-dev-{service}"]
    with contextlib.closing(docker.from_env()) as engine:
        found = engine.containers.list(filters={"label": labels})
        for container in found:
            container.kill()
    return len(found)


def test_what_was_accepted_before_a_bad_release_is_analysed(finished: Run) -> None:
    assert "the video that was accepted before this release is analysed" in finished.step("g")


# What was accepted is analysed while the tests between these two ask prod.
def test_api_and_worker_are_killed_with_accepted_footage(accepted: list[str]) -> None:
    assert len(accepted) == 2


@pytest.mark.parametrize("words", [("promote", "--check"), ("promote",), ("deploy", "--check"), ("deploy",)])
def test_in_prod_the_verbs_change_nothing_once_more(
    finished: Run, sandbox_name: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    published = re.search(r"^ +(\S+)  sha256:", finished.step("d"), re.MULTILINE)
    assert published
    result = tmp_path / "release.json"
    told = ("-e", f"result_file={result}") if words == ("deploy",) else ()
    assert changes_in_prod(sandbox_name, *words, "-e", f"version={published[1]}", *told) == {"0"}
    if told:
        assert json.loads(result.read_text(encoding="utf-8"))["result"] == "unchanged"


# The newest release was rolled back by itself, so that there is nothing to go back from.
@pytest.mark.parametrize("words", [("rollback", "--check"), ("rollback",), ("smoke",)])
def test_in_prod_a_rollback_stays_at_the_good_release_and_it_answers(
    finished: Run, sandbox_name: str, words: tuple[str, ...]
) -> None:
    assert finished.code == 0, finished.text
    assert changes_in_prod(sandbox_name, *words) == {"0"}


def test_prod_answers_nobody_without_a_token(finished: Run, sandbox_name: str) -> None:
    assert finished.code == 0, finished.text
    variables = environment_of("prod", sandbox_name)
    url = Platform.connect("prod", variables).outputs("cloudfront")["SiteUrl"]
    trusted = ssl.create_default_context(cafile=variables["FASTBREAK_CA_BUNDLE"])
    with httpx.Client(base_url=f"{url}/api", verify=trusted, trust_env=False, timeout=60) as http:
        for headers in ({}, {"Authorization": "Bearer forged"}):
            read = http.get("/v1/analyses", params={"limit": 1}, headers=headers)
            sent = http.post("/v1/analyses", content=b"a", headers={**headers, "content-type": "video/mp4"})
            for answer in (read, sent):
                assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated"), answer.text
                assert answer.headers["content-type"] == "application/problem+json"
        held = coach(sandbox_name)
        assert http.get("/v1/analyses", params={"limit": 1}, headers=held).status_code == 200
    # The sandbox knows an API of GraphQL by its name on AWS.
    graphql = {"Host": urlsplit(Platform.connect("prod", variables).outputs("appsync")["GraphqlUrl"]).netloc}
    asked = {"query": "{ analyses(limit: 1) { analyses { status } } }"}
    with httpx.Client(base_url=variables["AWS_ENDPOINT_URL"], headers=graphql, trust_env=False, timeout=60) as http:
        assert http.post("/graphql", json=asked).status_code == 401
        answer = http.post("/graphql", json=asked, headers=held).json()
    assert answer == {"data": {"analyses": {"analyses": [{"status": "succeeded"}]}}}


def test_prod_releases_are_judged_by_the_run_that_takes_them_up(finished: Run) -> None:
    assert "playbooks/judge.yml" in finished.step("j")


def test_the_history_of_prod_is_a_page_of_its_own(finished: Run, sandbox_name: str, tmp_path: Path) -> None:
    assert finished.code == 0, finished.text
    page = tmp_path / "releases.html"
    assert changes_in_prod(sandbox_name, "history", "-e", f"page={page}") == {"0"}
    text = page.read_text(encoding="utf-8")
    assert "SUCCEEDED" in text
    assert "ROLLED_BACK" in text
    # What each gate measured beside its bound, and the share of the users that the canary had.
    assert 'class="bound"' in text
    assert "Share of the users on the new revision" in text


def test_the_console_of_prod_is_published_through_cloudfront_and_videos_come_from_the_bucket_and_go_to_it(
    finished: Run, sandbox_name: str, tmp_path: Path
) -> None:
    assert finished.code == 0, finished.text
    run_program([sys.executable, "-m", "tools.console", "build", "--out", str(tmp_path)], ROOT)
    folder = f"site_release_source={tmp_path}"
    assert changes_in_prod(sandbox_name, "publish_site", "-e", folder, "-e", "version=1.0.0") == {"0", "1"}
    assert changes_in_prod(sandbox_name, "rollback_site", "-e", "version=1.0.0") == {"0"}
    variables = environment_of("prod", sandbox_name)
    site = Platform.connect("prod", variables).outputs("cloudfront")["SiteUrl"].rstrip("/")
    trusted = ssl.create_default_context(cafile=variables["FASTBREAK_CA_BUNDLE"])
    with httpx.Client(base_url=site, verify=trusted, trust_env=False, timeout=60) as http:
        told, listed = (
            http.get(path, headers=coach(sandbox_name)) for path in ("/config.json", "/api/v1/analyses?limit=1")
        )
    issuer = variables["FASTBREAK_OIDC_ISSUER"]
    assert told.json()["issuer"] == issuer
    bucket = Platform.connect("prod", variables).outputs("service")["FootageBucketName"]
    sources = f"'self' https://{bucket}.s3.us-east-1.amazonaws.com {httpx.URL(issuer).copy_with(path='')}"
    assert f"connect-src {sources};" in told.headers["Content-Security-Policy"]
    known = f"{variables['AWS_ENDPOINT_URL']}/_sandbox/oidc"
    console = {"client_id": told.json()["client_id"], "redirect_uris": [f"{site}/"]}
    ada = {"name": "ada", "claims": {"team": "hawks", "roles": ["reviewer", "uploader"]}}
    for kind, whom in (("clients", console), ("people", ada)):
        httpx.post(f"{known}/{kind}", json=whom, timeout=60, trust_env=False).raise_for_status()
    # Tasks reach the sandbox, and so sign links to it, at the address that its issuer has too.
    port = urlsplit(variables["AWS_ENDPOINT_URL"]).port
    place = f"http://{urlsplit(issuer).hostname}:{port}/{bucket}/"
    let_pages_reach(place, sandbox_name, site, issuer)
    # In a real browser: it signs in at the issuer, and lives under the distribution's own policy and fallback.
    python = ROOT / ".venv-service" / "bin" / "python"
    analysis = listed.json()["analyses"][0]["id"]
    run_program([str(python), "-m", "support.visit", site, "ada", analysis, place], ROOT / "service" / "tests")


def let_pages_reach(place: str, sandbox_name: str, site: str, issuer: str) -> None:
    """Provision what a name of the site's own brings on AWS, and the bucket's address in the sandbox."""
    origin = httpx.URL(issuer).copy_with(path="")
    sources = f"connect-src 'self' {place} {origin}; media-src 'self' blob: {place}"
    policy = f"default-src 'self'; img-src 'self' data: blob:; {sources}"
    given = {"service_console_origin": site, "cloudfront_content_security_policy": policy}
    assert changes_in_prod(sandbox_name, "site", "--limit", "cloudfront,service", "-e", json.dumps(given)) == {"1"}


def run_program(command: list[str], folder: Path) -> str:
    """Run a command to its end; what it says. The test fails with that if the command does."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def coach(sandbox_name: str) -> dict[str, str]:
    """What a person sends who may look and send."""
    token = run_program([sys.executable, "-m", "demo", "token", "--name", sandbox_name], ROOT)
    return {"Authorization": f"Bearer {token.strip()}"}


def test_neither_a_release_nor_a_kill_of_api_and_worker_loses_a_video(accepted: list[str], sandbox_name: str) -> None:
    platform = Platform.connect("dev", environment_of("dev", sandbox_name))
    status: dict[str, str] = {}

    def ended() -> bool:
        with platform.master() as connection:
            status.update(connection.execute("SELECT id::text, status FROM analyses").fetchall())
        assert "failed" not in status.values(), status
        return set(status.values()) == {"succeeded"}

    eventually(ended)
    assert set(accepted) < set(status)
    # Each once, whoever began it.
    eventually(lambda: finished_in_log(platform) == dict.fromkeys(status, 1))
    bucket = platform.outputs("service")["FootageBucketName"]
    # Videos stay, and whoever may read the analysis has a link to the bucket itself.
    kept = {item["Key"] for item in platform.client("s3").list_objects_v2(Bucket=bucket)["Contents"]}
    assert kept == {f"footage/{identity}.video" for identity in status}
    with httpx.Client(base_url=platform.outputs("ecs")["ProductionUrl"], trust_env=False) as http:
        link = http.post(f"/v1/analyses/{accepted[0]}/footage-links").json()["url"]
        seen = http.get(link, headers={"range": "bytes=0-99"})
    assert (seen.status_code, seen.headers["content-type"]) == (206, "video/mp4")
    assert seen.content == (ROOT / ".cache" / "footage" / "demo.mp4").read_bytes()[:100]
    # What alarms ring by.
    told = platform.client("cloudwatch").list_metrics(Namespace="Fastbreak/dev")["Metrics"]
    assert {"QueueAgeSeconds", "QueueDeadLetters"} <= {metric["MetricName"] for metric in told}


def finished_in_log(platform: Platform) -> Counter[str]:
    """How often each analysis came to its result."""
    lines = log_lines(platform, '"analysis finished"')
    return Counter(json.loads(event["message"])["analysis_id"] for event in lines)


def changes_in_prod(sandbox_name: str, playbook: str, *arguments: str) -> set[str]:
    """Run a playbook of prod to its end; how many tasks changed something, for each host."""
    run = run_playbook("prod", sandbox_name, f"playbooks/{playbook}.yml", *arguments)
    assert run.returncode == 0, run.stdout + run.stderr
    return set(re.findall(r"changed=(\d+)", run.stdout))


def test_secrets_rotate_under_load_and_no_request_is_lost(finished: Run, sandbox_name: str) -> None:
    assert finished.code == 0, finished.text
    variables = environment_of("dev", sandbox_name)
    platform = Platform.connect("dev", variables)
    with Requests(f"{platform.outputs('ecs')['ProductionUrl']}/v1/analyses?limit=1") as requests:
        for _turn in range(2):
            requests.go_on()
            pooled = connections(platform)
            # The second time the password that the tasks know is changed, so that they have to read it again.
            rotate(variables)
            requests.go_on()
            assert pooled.keys() & connections(platform).keys(), "no connection outlived the rotation"
            log_in_again(platform)
            requests.go_on()
            # Every task that was logged in before, workers too.
            eventually(lambda: {*pooled.values()} <= {*connections(platform).values()})  # noqa: B023 - asked at once
    assert set(requests.outcomes) == {200}, requests.outcomes
    read_again: list[dict[str, Any]] = []

    def is_told() -> bool:
        # Lines come after a while, and several pages of them.
        read_again[:] = log_lines(platform, '"database credentials read again"')
        return any('"changed": true' in event["message"] for event in read_again)

    eventually(is_told)
    seen = json.dumps(read_again) + shown_of_tasks(platform)
    for password in passwords(platform):
        assert password not in seen


def test_dead_letters_are_listed_and_one_that_is_none_is_told(finished: Run, sandbox_name: str) -> None:
    assert finished.code == 0, finished.text
    listed = run_playbook("dev", sandbox_name, "playbooks/letters.yml")
    assert listed.returncode == 0, listed.stdout + listed.stderr
    assert "dead letters: " in listed.stdout
    stray = f"ids={uuid.uuid4()}"
    forgot = run_playbook("dev", sandbox_name, "playbooks/letters.yml", "-e", "verb=forget", "-e", stray)
    assert forgot.returncode == 2
    assert "there is none of that id" in " ".join((forgot.stdout + forgot.stderr).split())


def test_a_backup_is_tried_in_a_second_instance_that_goes_again(finished: Run, sandbox_name: str) -> None:
    assert finished.code == 0, finished.text
    moment = ("-e", "time=latest")
    for arguments in (("--check", *moment), moment):
        run = run_playbook("dev", sandbox_name, "playbooks/restore.yml", *arguments)
        assert run.returncode == 0, run.stdout + run.stderr
    assert "it holds what the living database held at that moment" in " ".join(run.stdout.split())
    rds = Platform.connect("dev", environment_of("dev", sandbox_name)).client("rds")
    assert [one["DBInstanceIdentifier"] for one in rds.describe_db_instances()["DBInstances"]] == ["fastbreak-dev"]
    assert rds.describe_db_snapshots(DBInstanceIdentifier="fastbreak-dev-restored")["DBSnapshots"] == []


def test_the_rows_of_a_backup_are_taken_over(finished: Run, sandbox_name: str) -> None:
    assert finished.code == 0, finished.text
    moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    taking = ("-e", f"time={moment}", "-e", "then=take_over", "-e", "confirm=dev")
    run = run_playbook("dev", sandbox_name, "playbooks/restore.yml", *taking)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "the living database has these rows since" in " ".join(run.stdout.split())


def log_lines(platform: Platform, pattern: str) -> list[dict[str, Any]]:
    """What the service has logged that has the pattern."""
    pages = platform.client("logs").get_paginator("filter_log_events")
    found = pages.paginate(logGroupName=platform.outputs("service")["LogGroupName"], filterPattern=pattern)
    return [event for page in found for event in page["events"]]


def rotate(variables: dict[str, str]) -> None:
    """Run the playbook, while RDS gives the master user another password too."""
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "inventories/dev", "playbooks/rotate.yml"]
    run = subprocess.Popen(
        command,
        cwd=ROOT,
        # What a user sees of it, not the whole output that tests read elsewhere.
        env={
            **os.environ,
            **variables,
            **roles.credentials(Platform.connect("dev", variables).client("sts"), "dev", "rotate"),
            "ANSIBLE_STDOUT_CALLBACK": "fastbreak.aws.summary",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    rds = Platform.connect("dev", variables).client("rds")
    rds.modify_db_instance(DBInstanceIdentifier="fastbreak-dev", RotateMasterUserPassword=True, ApplyImmediately=True)
    text, _ = run.communicate(timeout=300)
    assert run.returncode == 0, text
    assert "rotated from user" in text


def log_in_again(platform: Platform) -> None:
    """Take every connection of the service away that is not in use, and wait until there is none of before."""
    question = "FROM pg_stat_activity WHERE usename LIKE 'fastbreak_%%' AND backend_start < %s"
    with platform.master() as connection:
        (began,) = connection.execute("SELECT clock_timestamp()").fetchone() or (None,)

        def replaced() -> bool:
            idle = "AND state = 'idle' AND state_change < clock_timestamp() - interval '100 milliseconds'"
            connection.execute(f"SELECT pg_terminate_backend(pid) {question} {idle}", [began])
            return connection.execute(f"SELECT count(*) {question}", [began]).fetchone() == (0,)

        eventually(replaced)


def connections(platform: Platform) -> dict[int, str]:
    """The service's connections to the database: the process of each there, and the task that it is from."""
    question = "SELECT pid, host(client_addr) FROM pg_stat_activity WHERE usename LIKE 'fastbreak_%'"
    with platform.master() as connection:
        return dict(connection.execute(question).fetchall())


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for it, five minutes at most."""
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def passwords(platform: Platform) -> set[str]:
    """All passwords that the secrets hold, in every version."""
    manager, found = platform.client("secretsmanager"), set[str]()
    own = [platform.outputs("service")[name] for name in ("DatabaseSecretArn", "WorkerDatabaseSecretArn")]
    for arn in (*own, platform.outputs("rds")["MasterUserSecretArn"]):
        for version in manager.describe_secret(SecretId=arn)["VersionIdsToStages"]:
            held = json.loads(manager.get_secret_value(SecretId=arn, VersionId=version)["SecretString"])
            found.add(held["password"])
    assert len(found) >= 6
    return found


def shown_of_tasks(platform: Platform) -> str:
    """What the engine and ECS show of the service's containers."""
    engine = docker.from_env()
    label = "com.amazonaws.ecs.task-definition-family=fastbreak-dev-inference"
    shown = [container.attrs for container in engine.containers.list(all=True, filters={"label": label})]
    engine.close()
    ecs = platform.client("ecs")
    tasks = ecs.describe_tasks(
        cluster="fastbreak-dev", tasks=ecs.list_tasks(cluster="fastbreak-dev", desiredStatus="STOPPED")["taskArns"]
    )
    assert shown
    return json.dumps([shown, tasks["tasks"]], default=str)


class Requests:
    """Three users who send requests until the `with` block ends; `outcomes` counts statuses and what failures say.

    One of them keeps the connection to the load balancer, the others make a new one for each request.
    """

    # Read once: httpx would read all authorities for each request, which keeps a core busy.
    TRUST = ssl.create_default_context()

    def __init__(self, url: str) -> None:
        self.outcomes: Counter[object] = Counter()
        self._url, self._ended = url, threading.Event()
        self._kept = httpx.Client(verify=self.TRUST, timeout=30, trust_env=False)
        asking = [self._kept.get, self._ask_anew, self._ask_anew]
        self._threads = [threading.Thread(target=self._send, args=[ask]) for ask in asking]

    def go_on(self) -> None:
        """Wait until users have had answers to what they asked after this moment."""
        answered = self.outcomes[200]
        eventually(lambda: self.outcomes[200] > answered + 20)

    def _ask_anew(self, url: str) -> httpx.Response:
        return httpx.get(url, verify=self.TRUST, timeout=30, trust_env=False)

    def _send(self, ask: Callable[[str], httpx.Response]) -> None:
        while not self._ended.wait(0.1):
            try:
                answer = ask(self._url)
                said = answer.status_code if answer.is_success else f"{answer.status_code}: {answer.text}"
                self.outcomes[said] += 1
            except httpx.HTTPError as error:
                self.outcomes[f"{type(error).__name__}: {error}"] += 1

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._kept.close()
