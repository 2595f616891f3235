# Every chore of the house. `make` lists them; each builds what it needs first, from python3 and pip alone.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
STAMP := .venv/set-up
TYPED := src/retour $(wildcard tools bench)
LOCKS := requirements/uv.txt requirements/dev.txt
PYTEST := $(BIN)/python -m pytest
# A file's tests stay together: they share one database. Each process has a PostgreSQL of its own.
PROCESSES := -n auto --maxprocesses 4
SIDE_BY_SIDE := $(PROCESSES) --dist loadfile

# Property tests: examples a test where it does not say so itself. Chaos: kills and misbehaviours in one run.
CHECK_EXAMPLES := 200
TEST_EXAMPLES := 2000
PROVE_EXAMPLES := 20000
CHAOS_RUNS := 500
# N= asks for more: that many mixtures of money steps of `make prove`, or runs of `make chaos`.
N ?=
MUTANT_EXAMPLES := 20

.PHONY: help setup browser check format lint types stairs rules core test prove chaos mutants bench demo screenshots lock clean

help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Build .venv and fetch the browser's libraries (only when a lock changed)

browser: ## Bring Debian's Chromium for the tests of pages (as root; else say how)
	@tools/browser.sh

$(STAMP): $(LOCKS) pyproject.toml assets.lock.json tools/setup.sh
	@tools/setup.sh
	@touch $@

check: lint types stairs rules core ## Format, lint, types, stairs, house rules, core at 100 % branches (3 minutes at most)

format: setup ## Rewrite the code in the house's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: setup ## Format and lint, changing nothing
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: setup ## mypy --strict
	@$(BIN)/mypy $(TYPED)

stairs: setup ## Imports go down the stairs (.importlinter)
	@$(BIN)/lint-imports --no-logo

rules: setup ## The house rules of tests/architecture
	@$(PYTEST) -q -m "not prove" tests/architecture

core: setup ## Tests of the core, every branch covered
	@if compgen -G 'src/retour/core/[!_]*.py' >/dev/null; then \
	    EXAMPLES=$(CHECK_EXAMPLES) $(PYTEST) -q -m "not prove" tests/core \
	        --cov=retour.core --cov-branch --cov-fail-under=100 --cov-report=term-missing:skip-covered; \
	else echo "core is empty: nothing to cover"; fi

test: check browser ## All of check, then every test not marked prove (20 minutes on two cores)
	@EXAMPLES=$(TEST_EXAMPLES) $(PYTEST) -q $(SIDE_BY_SIDE) -m "not prove" tests --ignore=tests/architecture

prove: setup browser ## The long proofs: chaos, properties, fuzzing (over half an hour on two cores; N=1000000 for a night of money)
	@EXAMPLES=$(PROVE_EXAMPLES) MIXTURES=$(or $(N),$(PROVE_EXAMPLES)) $(PYTEST) -q $(PROCESSES) -m "property and not prove" tests
	@EXAMPLES=$(PROVE_EXAMPLES) RUNS=$(CHAOS_RUNS) $(PYTEST) -q $(SIDE_BY_SIDE) -m prove tests

chaos: setup ## Only the chaos proof, for N= runs (10000 for a night)
	@RUNS=$(or $(N),$(CHAOS_RUNS)) $(PYTEST) -q -m prove tests/chaos

mutants: setup ## Break money and policy in every small way; docs/mutants.md says what the tests noticed (an hour)
	@EXAMPLES=$(MUTANT_EXAMPLES) PYTHONPATH=src:. $(BIN)/python -m tools.mutants

bench: setup ## Measure against the database's own speed, on this machine
	@$(BIN)/python -m bench

demo: setup ## Two returns on the sandbox shop, then all pages to try out (ONCE=1: do not serve; JSON=1: print JSON)
	@$(BIN)/retour demo $(if $(ONCE),--once) $(if $(JSON),--json)

screenshots: setup browser ## Take the pictures of docs/screenshots anew, from the demo's own pages
	@PYTHONPATH=src:. $(BIN)/python -m tools.screenshots

# Versions are chosen again only where a requirement no longer admits the locked one, unless UPGRADE=1.
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/python -m uv pip compile --quiet --generate-hashes --universal \
    --python-version 3.11 --no-emit-index-url $(if $(UPGRADE),--upgrade)

lock: setup ## Compile the requirement files again (UPGRADE=1: to the newest versions)
	$(COMPILE) requirements/uv.in -o requirements/uv.txt
	$(COMPILE) requirements/node.in -o requirements/node.txt
	$(COMPILE) pyproject.toml -o requirements/base.txt
	$(COMPILE) --extra sandbox pyproject.toml requirements/dev.in -o requirements/dev.txt

clean: ## Remove everything that set-up and the checks made (not the data in .data)
	@rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* build dist mutants
	@rm -rf src/retour/web/assets/vendor
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
