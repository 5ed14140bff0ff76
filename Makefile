# Every target that needs the environment depends on `setup`, which is instant when nothing changed.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
# Test processes at once; those of tests on servers start servers of their own, and often wait for them.
WORKERS ?= 2
SERVER_WORKERS ?= 3
STACK := $(BIN)/python -m infra.local
# Two stamps: one goes with .venv, one with what was fetched. Either gone, setup runs again.
INSTALLED := .venv/.installed
FETCHED := .millrace/cache/.fetched
PINS := requirements.lock pyproject.toml infra/stack.toml infra/setup/install.py infra/setup/encoder-wheels.lock \
  infra/local/kafka-jars.lock

# The flywheel that the stack runs: by default the one of its last start, at first examples/support-router.
export MILLRACE_CONFIG

##@ Start here
.PHONY: help
help: ## List every target.
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(INSTALLED) ## Install everything, locked: environment, packages, Kafka's jars, weights. Instant when nothing changed.

$(INSTALLED): $(PINS) $(if $(wildcard $(FETCHED)),,refetch)
	@echo "Setting up (once; again when a pin changes)"
	@$(PYTHON) infra/setup/install.py
	@touch $(FETCHED) $(INSTALLED)

.PHONY: refetch
refetch:

.PHONY: demo
demo: setup ## Turn the whole wheel, on a stack of its own: pages, model, challenger, correction. KEEP=1 leaves it up.
	@$(BIN)/python -m infra.demo $(if $(KEEP),--keep)

##@ The local stack
.PHONY: up down status logs restart nuke doctor topics
up: setup ## Start Kafka, the S3 store, the cache and every service; a second time is harmless.
	@$(STACK) up

down: setup ## Stop all of it; the data stays.
	@$(STACK) down

status: setup ## Show every part and service: state, port, restarts, and why it is down.
	@$(STACK) status

logs: setup ## Follow the logs; NAME=kafka for one of them.
	@$(STACK) logs --follow $(NAME)

restart: setup ## Stop and start all of it, or NAME=cleaner alone.
	@$(STACK) restart $(NAME)

nuke: setup ## Stop all of it and remove its data, after a question (YES=1 for none).
	@$(STACK) nuke $(if $(YES),--yes)

doctor: setup ## Check this machine and the stack, and say what to do.
	@$(BIN)/millrace doctor

topics: setup ## Create the topics that are missing.
	@$(BIN)/millrace topics apply

##@ The flywheel
.PHONY: plan site site-down ingest crawl spider
plan: setup ## Show what the flywheel would do; starts nothing.
	@$(BIN)/millrace plan

site: setup ## Serve the example's site, LibreOffice's help in English and Chinese; PORT=0 for a free port, PAGES=100 for fewer.
	@$(BIN)/python -m infra.site up $(if $(PORT),--port $(PORT)) $(if $(PAGES),--limit $(PAGES))

site-down: setup ## Stop serving it.
	@$(BIN)/python -m infra.site down

ingest: up ## Bring the flywheel's sources to a dataset, and close with a table. Starts what it needs.
	@plan=$$($(BIN)/millrace plan); if [[ $$plan == *127.0.0.1:8808/* ]]; then $(BIN)/python -m infra.site up; fi
	@$(BIN)/millrace ingest

crawl: setup ## Crawl one source into a stack that is up: SOURCE=libreoffice-help-en.
	@$(BIN)/millrace crawl $(SOURCE)

spider: setup ## Begin a spider, with its test: name=my-site url=https://my.site/page; page=FILE where it can't be fetched.
	@$(BIN)/python -m spiders.new $(name) $(url) $(if $(page),--page $(page))

##@ Tests
.PHONY: test test-unit test-integration test-e2e chaos
test: test-unit test-integration test-e2e ## Run all tests but the long fault runs.

test-unit: setup ## Run the tests that need no server (two minutes).
	@$(BIN)/pytest -m "not integration and not chaos" -n $(WORKERS) --dist worksteal --ignore tests/e2e

test-integration: setup ## Run the tests against a real Kafka, S3 store and cache, which they start themselves.
	@$(BIN)/pytest -m "integration and not chaos" -n $(SERVER_WORKERS) --dist worksteal --ignore tests/e2e

test-e2e: setup ## Run the whole stack from page to correction to new champion, each process killed once on the way.
	@$(BIN)/pytest -m "integration and not chaos" tests/e2e

chaos: setup ## Run the long fault runs: many kills, long outages.
	@$(BIN)/pytest -m chaos

##@ Checks
.PHONY: check format-check format lint types layers contracts contracts-check reference reference-check spelling
.PHONY: dependencies compose-check
check: format-check lint types layers contracts-check reference-check spelling dependencies compose-check ## Run every check, as CI does.

format: setup ## Rewrite the code as ruff lays it out.
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

format-check: setup ## Check the layout of the code.
	@$(BIN)/ruff format --check .

lint: setup ## Check the code's rules.
	@$(BIN)/ruff check .

types: setup ## Check types, strictly.
	@$(BIN)/mypy

layers: setup ## Check who imports whom.
	@$(BIN)/lint-imports

contracts: setup ## Write the JSON Schemas and the AsyncAPI document from the messages.
	@$(BIN)/python -m shared.contracts.generate

contracts-check: setup ## Check that they are up to date.
	@$(BIN)/python -m shared.contracts.generate --check

reference: setup ## Write the reference pages of settings, metrics and millrace.toml, and its JSON Schema, from the code.
	@$(BIN)/python -m shared.reference

reference-check: setup ## Check that they are up to date.
	@$(BIN)/python -m shared.reference --check

spelling: setup ## Check the spelling.
	@$(BIN)/codespell

dependencies: setup ## Check that every import is declared, and every dependency used.
	@$(BIN)/deptry .

compose-check: setup ## Check docker-compose.yml and the Dockerfiles, without an engine.
	@S3_ACCESS_KEY=check S3_SECRET_KEY=check CACHE_PASSWORD=check GATEWAY_API_KEY=check GATEWAY_REQUEST_SECRET=check \
	  $(BIN)/docker-compose --file docker-compose.yml --profile '*' config --quiet
	@$(BIN)/hadolint infra/docker/*.Dockerfile

##@ Figures
.PHONY: bench-loop bench-stream bench-dataset bench-serving
bench-stream: setup ## Measure the stream runner against its peers; writes benchmarks/results/stream.json.
	@$(BIN)/python -m benchmarks.stream

bench-loop: setup ## Measure 2,000 new rows to a new champion served, by stage; writes benchmarks/results/loop.json.
	@$(BIN)/python -m benchmarks.loop

bench-dataset: setup ## Measure the dataset reader beside WebDataset; writes benchmarks/results/dataset.json.
	@$(BIN)/python -m benchmarks.dataset

bench-serving: setup ## Measure the gateway beside FastAPI and LitServe; writes benchmarks/results/serving.json.
	@$(BIN)/python -m benchmarks.serving

##@ Upkeep
.PHONY: lock clean
lock: setup ## Resolve again: requirements.lock, the environments of benchmarks and tests, and Kafka's jars.
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
	  --no-emit-index-url --no-annotate --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml
	@for wanted in {benchmarks,tests}/environments/*.in; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-annotate --custom-compile-command "make lock" --output-file "$${wanted%.in}.lock" "$$wanted"; done
	@$(BIN)/python -m infra.local.fetch_jars lock

clean: ## Remove what setup and the checks made; the stack's data stays.
	@rm -rf .venv .millrace/cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.*
