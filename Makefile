# One command each; `make help` lists them.

SHELL := /bin/sh
PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; exit; }; done; echo python3)
RUN := .venv/bin
COMPILE := uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 -q

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset install install-dev check check-long oracle conformance bench bench-data chaos screenshots \
	migrate format lock python

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | awk -F'|' '{ printf "%-22s%s\n", $$1, $$2 }'

demo: install ## The whole platform with a region in it, on 127.0.0.1; Ctrl-C stops it, data are kept
	@$(RUN)/terresante demo

demo-reset: install ## Delete what the demonstration wrote
	@$(RUN)/terresante demo-reset

install: python
	@$(PYTHON) -m config.local.bootstrap

install-dev: python
	@$(PYTHON) -m config.local.bootstrap --dev

python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "Python est introuvable : installez Python 3.11 ou plus récent (Debian : apt install python3 python3-venv)." >&2; \
		exit 2; }

check: install-dev ## What CI runs: format, lint, types, layers, migrations, tests, journeys
	@$(RUN)/python -m config.local.check

check-long: install-dev ## The tests marked long, and all the tests on the oldest PostgreSQL found
	@$(RUN)/python -m config.local.check --long

oracle: install-dev ## Ask every door of random worlds: make oracle SEED=1 N=20000
	@$(RUN)/python -m tests.access.oracle "$(or $(SEED),1)" "$(or $(N),20000)"

conformance: install-dev ## Replay a folder of real messages: make conformance FIXTURES=../shared/fixtures
	@test -d "$(FIXTURES)" || { echo "Donnez le dossier des messages : make conformance FIXTURES=<dossier>." >&2; exit 2; }
	@$(RUN)/terresante conformance "$(FIXTURES)"

chaos: install-dev ## Kill listener, worker and database while a hospital sends: make chaos N=50000 SEED=1
	@$(RUN)/python -m tests.chaos "$(or $(N),1500)" "$(SEED)"

bench: install-dev ## Measure what the documentation claims
	@$(RUN)/python -m bench

bench-data: install-dev ## Fill the bench database with a million synthetic patients
	@$(RUN)/python -m bench.data

screenshots: install-dev ## Photograph the demonstration's screens: make screenshots ONLY='telesuivi-*'
	@$(RUN)/python -m tests.journeys.screenshots --only '$(or $(ONLY),*)'

migrate: install ## Apply the migrations to the database of DATABASE_OWNER_URL
	@$(RUN)/terresante migrate

format: install-dev ## Format Python
	@$(RUN)/ruff check --fix-only -q . && $(RUN)/ruff format -q .

lock: ## Choose the versions again (needs uv)
	@$(COMPILE) pyproject.toml -o requirements.lock
	@$(COMPILE) pyproject.toml --group dev -o requirements-dev.lock
	@$(COMPILE) requirements-node.in -o requirements-node.lock
