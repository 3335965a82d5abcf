# Two commands are enough: `make run` and `make test`. Both can be run again safely.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ASSETS := src/filon/ui/static/built/.stamp
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run setup test test-long check lock clean
.DELETE_ON_ERROR:

run: setup ## From a fresh clone to the running product on http://127.0.0.1:8000
	$(BIN)/filon serve

setup: $(VENV)/.runtime $(ASSETS) $(VENV)/.messages ## The environment alone

test: dev ## Everything the tests need, then all of them
	$(BIN)/python scripts/run_tests.py $(PYTEST_ARGS)

test-long: dev ## The slow chaos and scale runs
	$(BIN)/python scripts/run_tests.py --long $(PYTEST_ARGS)

check: dev ## Lint, types, import contracts, translations complete
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_messages.py

lock: ## Renew the locked dependencies (needs uv)
	uv pip compile pyproject.toml --group build --universal --generate-hashes --no-header --python-version 3.11 -o requirements.lock
	uv pip compile pyproject.toml --group build --group dev --constraint requirements.lock --universal --generate-hashes --no-header --python-version 3.11 -o requirements-dev.lock
	uv pip compile --group node --universal --generate-hashes --no-header --python-version 3.11 -o requirements-node.lock

clean:
	rm -rf $(VENV) frontend/node_modules src/filon/ui/static/built

.PHONY: dev
dev: setup $(VENV)/.dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Filon needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

# Texts: the French catalogue of each slice, compiled.
$(VENV)/.messages: $(VENV)/.runtime $(wildcard src/filon/*/locale/*/LC_MESSAGES/*.po)
	$(BIN)/python scripts/compile_messages.py
	@touch $@

# Node comes from the machine, or from a wheel when there is none.
$(ASSETS): frontend/package-lock.json $(wildcard frontend/build.* frontend/*.json frontend/src/*.js frontend/src/styles/*.css) | $(VENV)/.runtime
	PIP="$(PIP)" BIN="$(BIN)" sh frontend/build.sh
	@touch $@
