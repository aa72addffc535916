# `make help` lists what there is to do.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test bench lint format sandbox clean dependencies dev-dependencies

PORT ?= 8000
SANDBOX_PORT ?= 8800
DATA_DIR ?= .data
export PORT SANDBOX_PORT DATA_DIR

# The first of these that is new enough.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$python >/dev/null 2>&1 && $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$python && break; done)
ifeq ($(PYTHON),)
$(error Python 3.11 or newer is needed and none was found: install it (Debian: apt-get install python3 python3-venv), or name it with PYTHON=/path/to/python3)
endif

VENV := .venv/bin/python
TESTS ?= tests
PYTEST_ARGS ?= -n auto --maxprocesses 4 --dist worksteal

# Enough for settings to load where nothing is connected to.
OFFLINE := DEBUG=1 DATABASE_URL=postgresql://localhost/offline REDIS_URL=redis://localhost/0

help: ## List the targets
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

run: dependencies ## Start everything with a sandbox and a demo brand; Ctrl-C stops it (PORT, SANDBOX_PORT, DATA_DIR, HOST, WORKERS)
	@$(VENV) -m stack run

test: dev-dependencies ## Run all tests with real PostgreSQL, Redis, workers and a browser (TESTS, PYTEST_ARGS)
	@$(PYTHON) stack/bootstrap.py browser
	@env -u DJANGO_SETTINGS_MODULE $(VENV) -m pytest $(PYTEST_ARGS) $(TESTS)

bench: dev-dependencies ## Measure the promises (ARGS)
	@$(VENV) -m bench $(ARGS)

lint: dev-dependencies ## Check style, types and the walls between packages
	@$(VENV) -m ruff check .
	@$(OFFLINE) $(VENV) -m mypy
	@.venv/bin/lint-imports

format: dev-dependencies ## Put style right where a tool can
	@$(VENV) -m ruff check --fix-only .
	@$(VENV) -m ruff format .

sandbox: dependencies ## Start only the sandbox (SANDBOX_PORT)
	@$(VENV) -m sandbox --port $(SANDBOX_PORT)

clean: ## Delete the data, the virtual environment and the caches
	@if [ -x $(VENV) ] && [ -d "$(DATA_DIR)" ]; then $(VENV) -m stack clean; fi
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache staticfiles
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

dependencies:
	@$(PYTHON) stack/bootstrap.py install

dev-dependencies:
	@$(PYTHON) stack/bootstrap.py install --dev
