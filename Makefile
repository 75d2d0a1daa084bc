# The front door. Each target sets up what it needs; the same without make is in README.md.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
TESTED := runs/latest-tests
PACKAGES := features loadtests reports simulators system teleworker_bench
.DEFAULT_GOAL := help
.PHONY: help setup compiled demo test check repeat defects up pictures burst capacity bench style types lock clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

setup: $(VENV)/.stamp ## private environment in .venv, exact versions

$(VENV)/.stamp: requirements/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed, $(PYTHON) is older: make PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv is missing: apt-get install python3-venv"; exit 2; }
	@echo "Setting up a private environment in $(VENV), once (about a minute):"
	@echo "  1 of 3  environment";  $(PYTHON) -m venv $(VENV)
	@echo "  2 of 3  libraries";    $(VENV)/bin/pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@echo "  3 of 3  this project"; $(VENV)/bin/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

compiled: setup
	@$(VENV)/bin/python -m compileall -q -x /tests/ $(PACKAGES) # also where Python is told to write no bytecode

demo: compiled ## six stages, PHONES=25 teleworkers, SEED=1, with a report
	@$(RUN) features demo --phones $(or $(PHONES),25) --seed $(or $(SEED),1)

test: compiled style types ## everything that tests the project, and the suites by planted defects
	@rm -rf $(TESTED)
	$(RUN) pytest -n auto -q --run-dir=$(TESTED)
	$(RUN) features defects --reach $(TESTED)
	@printf 'Report of the suites: '; $(RUN) reports $(TESTED)

check: compiled ## the feature suites with their report (ARGS="--estate FILE -m ICP-2")
	@$(RUN) features check $(ARGS)

repeat: compiled ## the suites TIMES=20 times, each in another order (ARGS="-n 2")
	@$(RUN) features repeat $(or $(TIMES),20) $(or $(ARGS),-n auto)

defects: compiled ## plant each defect, see that its scenarios notice (ARGS="--only tok-8-renew-ignored")
	@$(RUN) features defects $(ARGS)

up: compiled ## an estate that stays up: PHONES=5 SEED=1
	@$(RUN) features up --phones $(or $(PHONES),5) --seed $(or $(SEED),1)

pictures: compiled ## every page as a picture, below runs/ (needs chromium): PHONES=5 SEED=1
	@$(RUN) features pictures --phones $(or $(PHONES),5) --seed $(or $(SEED),1)

burst: compiled ## a burst: SCENARIO=register PHONES=500 RATE=100 WORKERS=1 SEED=1 ARGS=, with a report
	@$(RUN) loadtests burst --scenario $(or $(SCENARIO),register) --phones $(or $(PHONES),500) --rate $(or $(RATE),100) \
	  --workers $(or $(WORKERS),1) --seed $(or $(SEED),1) $(ARGS)

capacity: compiled ## the highest rate that holds: SCENARIO=register LEVEL="99.9 % registered within 2 s" FROM=50 TO=2000 REPEATS=3 ARGS=
	@$(RUN) loadtests capacity --scenario $(or $(SCENARIO),register) $(if $(FROM),--from $(FROM)) --to $(or $(TO),2000) \
	  --repeats $(or $(REPEATS),3) $(if $(LEVEL),--level "$(LEVEL)") $(ARGS)

bench: compiled ## our MBG side by side with peers, a table, bench.json, bench.html (ARGS="--only rest,forward")
	@$(RUN) loadtests bench $(ARGS)

style: setup ## lint and format, as they should be
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: setup ## mypy, strict
	$(VENV)/bin/mypy

lock: ## developers: new versions into requirements/dev.lock (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  requirements/dev.in -o requirements/dev.lock

clean: ## everything that was made
	rm -rf $(VENV) .bench runs .mypy_cache .ruff_cache .pytest_cache .hypothesis
