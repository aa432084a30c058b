# Everything starts here: `make demo` and `make test` set up what they need by themselves.
# Needed on the machine: make and Python 3.11, 3.12 or 3.13 with venv. Nothing runs as root by need.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test screenshots check format lock sbom clean

VENV := .venv
BIN := $(VENV)/bin
# Two at a time: much of a test is waiting for Postgres, Prefect or a browser.
PYTEST_ARGS ?= -n 2 --dist loadfile
SOURCES := viatique flows tasks dashboard tests benchmarks

help: ## show the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do \
	    printf '  make %-8s %s\n' "$$name" "$$what"; done

demo: $(VENV)/.ready ## make an exam, import, identify, mark and finalize it
	$(BIN)/viatique demo

test: $(VENV)/.ready-dev ## run the tests (more with PYTEST_ARGS="...")
	$(BIN)/pytest $(PYTEST_ARGS)

screenshots: $(VENV)/.ready-dev ## take the README's pictures again
	VIATIQUE_SCREENSHOTS=docs/screens $(BIN)/pytest -q tests/browser/test_dashboard_journey.py

check: $(VENV)/.ready-dev ## formatting, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

format: $(VENV)/.ready-dev ## put the code in order
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.ready-dev ## resolve again; UPGRADE=1 takes newer versions
	infra/ci/lock $(if $(UPGRADE),--upgrade)

sbom: ## list the locked packages as sbom.json (CycloneDX)
	python3 infra/ci/sbom requirements.txt >sbom.json

clean: ## remove the environment and what tools left
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis \
	    .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.ready: requirements.txt pyproject.toml infra/ci/make-venv
	infra/ci/make-venv $(VENV) requirements.txt
	touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.txt
	infra/ci/make-venv $(VENV) requirements.txt requirements-dev.txt
	touch $@
