# Doors to the project; each does its own set-up. `make` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup demo tour check bench bench-compile bench-versioning soak conformance docs clean

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp

help: ## list the doors
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)-all ## make .venv/ with everything: both engines and the tools of `make check`

$(STAMP)-demo $(STAMP)-all: $(STAMP)-%: pyproject.toml infra/constraints.txt infra/setup
	@infra/setup $*

demo: $(STAMP)-demo ## build the demo warehouse on the embedded engine and show it
	@infra/demo/run

tour: $(STAMP)-demo ## a story in five parts: new data, bad data, new code, releases
	@$(BIN)/python infra/tour/tour.py

check: $(STAMP)-all ## lint, format, types and all tests on both engines
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n logical --dist loadfile -m "not spark and not slow"
	$(BIN)/pytest -q -m "spark and not slow"

bench: $(STAMP)-all ## time the demo build beside hand-written PySpark, on both engines
	@$(BIN)/python infra/bench/build.py

bench-compile: $(STAMP)-all ## time a thousand models from files to a plan, cold, warm and edited
	@$(BIN)/python infra/bench/compile.py

bench-versioning: $(STAMP)-all ## time what works on releases, with up to 300 tables and 10,000 releases
	@$(BIN)/python infra/bench/versioning.py

soak: $(STAMP)-all ## the slow tests, on both engines, with every fault and 10,000 histories
	SOAK=1 HISTORIES=10000 HISTORY_STEPS=20 $(BIN)/pytest -q tests/proof/test_histories.py tests/proof/test_fault_matrix_crashes.py
	HISTORIES=2000 $(BIN)/pytest -q tests/proof/test_column_precise.py
	SOAK=1 $(BIN)/pytest -q tests/proof/test_fuzzed_project.py
	$(BIN)/pytest -q -m "slow and not spark"
	$(BIN)/pytest -q -m "slow and spark"
	$(BIN)/pytest -q tests/engines/warm_spark_soak.py

conformance: $(STAMP)-all ## measure Sail against Spark again; fails when a class has changed
	@$(BIN)/python -m infra.conformance compare

docs: $(STAMP)-all ## write the reference pages of docs/ again
	@$(BIN)/python infra/docs/generate.py
	@$(BIN)/python -m infra.conformance render

clean: ## remove what the doors made, except .venv/
	rm -rf .lake landing .pytest_cache .mypy_cache .ruff_cache .hypothesis spark-warehouse build dist
