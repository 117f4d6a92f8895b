# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The main job: a good and a bad release through dev, and the same bytes through prod."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from demo import history, report
from demo.environment import running_image

if TYPE_CHECKING:
    from pathlib import Path

    from demo.console import Console
    from demo.environment import Environment, Release
    from demo.load import Watched

BAD_VERSION = "0.1.1"
BAD_DOCKERFILE = "service/faults/analysis-500/Dockerfile"
BAD_TITLE = "Deploy a version whose health checks pass while its analysis route answers 500"


class MainJob:
    """One run of it; `watched` and `analysed` are what it has seen so far."""

    def __init__(self, console: Console, dev: Environment, prod: Environment, clip: Path) -> None:
        self.console, self.dev, self.prod, self.clip = console, dev, prod, clip
        self.watched: list[Watched] = []
        self.analysed: list[report.Analysed] = []

    @property
    def environments(self) -> tuple[Environment, Environment]:
        return self.dev, self.prod

    def release_in_dev(self, strategy: str) -> tuple[Release, Release]:
        """Let a good release in and refuse a bad release, by *strategy* if that is given; return both."""
        step, dev = self.console.step, self.dev
        with step("c", "Provision dev"):
            dev.provision()
        with step("d", "Build the service image once, push it to dev's ECR"):
            good = dev.publish(log="publish")
        with step("e", f"Deploy it to dev, health-gated, under a steady load on {dev.url}"):
            self.watched.append(dev.deploy(good))
        with step("f", "Analyse real footage through dev's load balancer"):
            self.analysed.append(dev.analyse(self.clip))
        with step("g", f"{BAD_TITLE}, to dev"):
            fault = {"publish_version": BAD_VERSION, "publish_dockerfile": BAD_DOCKERFILE, "publish_base": good.tag}
            bad = dev.publish(log="publish-bad", extra=fault)
            accepted = dev.accept(self.clip)
            self.watched.append(dev.refuse(good, bad, strategy))
            dev.show_kept(accepted)
        return good, bad

    def release_in_prod(self, good: Release, bad: Release) -> None:
        """The same in prod, which gets the very bytes that dev tried."""
        step, prod = self.console.step, self.prod
        with step("h", "Provision prod"):
            prod.provision()
        with step("i", "Promote the release from dev's registry to prod's, by digest"):
            prod.promote(good, log="promote")
        with step("j", f"Deploy it to prod, health-gated, under a steady load on {prod.url}"):
            self.watched.append(prod.deploy(good, hands_over=True))
        with step("k", "Analyse real footage through prod's distribution"):
            self.analysed.append(prod.analyse(self.clip))
        with step("l", f"{BAD_TITLE}, to prod"):
            prod.promote(bad, log="promote-bad")
            self.watched.append(prod.refuse(good, bad))

    def write_report(self, path: Path) -> None:
        """Write the report of all releases and promotions."""
        with self.console.step("m", "Report of the releases"):
            facts = report.Facts(
                running=[
                    report.Running(environment.name, environment.url, running_image(environment.platform))
                    for environment in self.environments
                ],
                histories=[history.read(environment.platform) for environment in self.environments],
                watched=self.watched,
                analysed=self.analysed,
            )
            path.write_text(report.render(facts, moment=datetime.now(UTC)), encoding="utf-8")
            releases = sum(len(past.releases) for past in facts.histories)
            promotions = sum(len(past.promotions) for past in facts.histories)
            self.console.detail(f"{releases} releases and {promotions} promotions in {path}")
