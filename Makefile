# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every command of the project. Each does its own set-up, so none has to be run before another.
.POSIX:
.SUFFIXES:
.PHONY: help setup demo demo-down sandbox-up sandbox-down check test lint unit architecture integration molecule e2e \
	sandbox-test service-test sanity packaging engine engine-stop images lock changelog format build clean-caches \
	bench-delivery bench-gates bench-promotion bench-provision bench-releases bench-service bench-site bench-vision console cost environment execution-environment pipeline recorded-calls

help: ## List the commands
	@awk -F ' *## *' '/^[a-z0-9-]+:.*##/ { sub(/:.*/, "", $$1); printf "  make %-21s %s\n", $$1, $$2 }' Makefile

setup: ## Make the locked virtual environments (.venv, .venv-service)
	@tools/bootstrap tools service

demo: ## The main job in the sandbox: a good and a bad release through dev, promoted to prod, and a report
	@tools/run python -m demo up

demo-down: ## End what the demo started and remove what it made
	@tools/run python -m demo down

sandbox-up: ## Start the sandbox: an emulated AWS with accounts dev and prod
	@tools/run python -m tools.engine ensure
	@tools/run python -m tools.images all
	@tools/run python -m sandbox up

sandbox-down: ## End the sandbox and remove what it made
	@tools/run python -m sandbox down

check: ## Before each commit, in a minute: linters of what changed, unit tests, architecture
	@tools/run python -m tools.suite --quick

test: ## All checks and tests below, with times; a log of each in .cache/test
	@tools/run python -m tools.suite

lint: ## All linters and type checkers
	@tools/run python -m tools.lint

unit: ## Unit tests of the collection and the tools
	@tools/run python -m tools.suite unit

architecture: ## Which part may import which, and other rules of the layout
	@tools/run python -m tools.suite architecture

sandbox-test: ## Contract tests of the sandbox
	@tools/run python -m tools.suite sandbox-test

integration: ## Modules, roles and playbooks against a sandbox
	@tools/run python -m tools.suite integration

molecule: ## Each role by itself: check, converge, idempotence, verify, change
	@tools/run python -m tools.suite molecule

service-test: ## Tests of the service, in .venv-service
	@tools/run python -m tools.suite service-test

e2e: ## A release's whole way, through the load balancer
	@tools/run python -m tools.suite e2e

pipeline: ## Deploys by pipelines and by the steps of GitHub's workflows, for real: minutes, no part of `make test`
	@tools/run python -m tools.suite pipeline

execution-environment: ## Build what a pipeline deploys with: [TAG=...] [BASE_IMAGE=...]
	@tools/run python -m tools.execution_environment $(if $(TAG),--tag '$(TAG)') $(if $(BASE_IMAGE),--base-image '$(BASE_IMAGE)')

sanity: ## ansible-test sanity on a copy of the collection
	@tools/run python -m tools.suite sanity

packaging: ## Build the collection, install it into an empty place, read its documentation
	@tools/run python -m tools.suite packaging

engine: ## Find a Docker engine, or install and start one (as root on Debian)
	@tools/run python -m tools.engine ensure

engine-stop: ## Stop the Docker engine if this clone started it
	@tools/run python -m tools.engine stop

images: ## Build the base images that no registry provides
	@tools/run python -m tools.images all

build: ## Build the collection's tarball into .build/
	@tools/run ansible-galaxy collection build --force --output-path .build

console: ## Build the review console into service/web/dist, to publish with playbooks/publish_site.yml
	@tools/run python -m tools.console build

cost: ## What each environment costs a month, and what scaling saves in a year
	@tools/run python -m benchmarks.cost

environment: ## Make a further environment: NAME=staging ACCOUNT=333333333333 REGION=us-east-1 [LIKE=prod]
	@tools/run python -m tools.environments create '$(NAME)' --account '$(ACCOUNT)' --region '$(REGION)' --like '$(LIKE)'

changelog: ## Write CHANGELOG.md out of the fragments
	@tools/run python -m tools.changelog

format: ## Rewrite Python files the way the linter wants them
	@tools/run ruff check --fix-only --quiet .
	@tools/run ruff format .

lock: ## Lock the newest versions that the requirements allow
	@tools/run python -m tools.lock

bench-delivery: ## Commit to dev, to prod and back by the steps of GitHub's workflows (about 45 minutes; resumable)
	@tools/run python -m benchmarks.delivery

bench-gates: ## What gates make of good and bad releases: http as probabilities, canary drawn from a seed (half a minute)
	@tools/run python -m benchmarks.gates

bench-promotion: ## Promotion beside skopeo and docker: times, memory, requests, resuming (about 25 minutes)
	@tools/run python -m benchmarks.promotion

bench-provision: ## Provisioning beside the AWS CLI, the CDK and stock modules; a first converge; growth (about 7 minutes)
	@tools/run python -m benchmarks.provision

bench-releases: ## Bad releases of 19 kinds to prod under load, by each strategy and by other tools (hours; resumable)
	@tools/run python -m benchmarks.releases

bench-service: ## What users meet, a league, a long clip; a thousand broken and hostile videos (over an hour; resumable)
	@tools/run python -m tools.engine ensure
	@tools/run python -m tools.images all
	@tools/bootstrap service
	@.venv-service/bin/python service/benchmarks/users.py
	@tools/run python -m benchmarks.league
	@.venv-service/bin/python service/benchmarks/parallel.py
	@.venv-service/bin/python service/benchmarks/mutants.py

bench-site: ## Releases of the site under load, beside the AWS CLI and community.aws (about 20 minutes)
	@tools/run python -m benchmarks.site

bench-vision: ## One person and ten beside MediaPipe: processor time, four cameras' agreement, cost (about 8 minutes)
	@tools/bootstrap service
	@.venv-service/bin/python service/benchmarks/vision.py

clean-caches: ## List the caches that demo-down keeps (environments, base images, downloads), ask, remove them
	@tools/run python -m tools.clean

recorded-calls: ## Record again which calls each verb and task makes: [SUITES="e2e provision rollout"] (half an hour each)
	@tools/run python -m tests.recorded_calls $(if $(SUITES),--only $(SUITES))
