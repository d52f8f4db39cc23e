# Needs make and a Python of 3.10 or newer; everything else goes into .venv, made when first needed.

PYTHON ?= python3
VENV := .venv
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
READY := $(VENV)/.ready-$(VERSION)
RUN := $(VENV)/bin/python

# FAIL_ON_SKIP=1 counts a skipped test as a failure, as continuous integration does.
PYTEST := -m pytest $(if $(FAIL_ON_SKIP),-p tests.no_skips)

# Arguments for the tool behind a target, e.g. make test ARGS="-k flask"
ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv demo test check format bench matrix services clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  make PYTHON=python3.12 test    with another Python'
	@echo '  make test ARGS="-k flask"      with arguments for the tool behind the target'

venv: $(READY) ## the development environment, .venv

$(READY): pyproject.toml scripts/venv $(wildcard constraints/*.txt)
	@scripts/venv $(PYTHON) $(VENV) dev
	@touch $@

demo: $(READY) ## a small application, traced, to look at
	@$(RUN) examples/demo/run.py $(ARGS)

test: $(READY) ## all tests on this Python
	@$(RUN) $(PYTEST) $(ARGS)

check: $(READY) ## lint, formatting and types
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

format: $(READY) ## what ruff can put right by itself
	@$(RUN) -m ruff check --fix-only .
	@$(RUN) -m ruff format .

bench: $(READY) ## the benchmarks
	@$(RUN) benchmarks/run.py $(ARGS)

matrix: ## all tests on every Python and framework version supported
	@FAIL_ON_SKIP=$(FAIL_ON_SKIP) scripts/matrix $(ARGS)

services: ## the servers that tests need, installed (Debian, as root)
	@scripts/services install

clean: ## everything that was made here removed
	rm -rf $(VENV) .venv-* build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
