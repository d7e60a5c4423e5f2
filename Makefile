# Rhapsode. `make demo` and `make test` install what they need first; see README.md.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
UV_VERSION := 0.13.9
BIN := .venv/bin
READY := .venv/.installed

.PHONY: help setup demo test check audit format bench soak lock dist clean
help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## install everything, the model included, into .venv

# Editable install: only the lock and the project's metadata can make the environment stale.
$(READY): requirements.lock pyproject.toml | $(UV)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rhapsode needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(UV) venv --quiet --no-project --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# uv, from the package index, by whichever of venv and pip this Python has.
.uv/bin/uv:
	@echo "Installing uv into .uv ..."
	@$(PYTHON) -m venv .uv 2>/dev/null && .uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) \
	  || $(PYTHON) -m pip install --quiet --disable-pip-version-check --upgrade --target .uv uv==$(UV_VERSION)

demo: setup  ## the two quickstart jobs, on the embedded engines: two turns of chat and output.mp3
	@$(BIN)/python examples/demo.py

test: setup  ## the whole test suite
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: setup  ## lint, types, import contracts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports
	$(BIN)/pyright

audit: setup  ## ask a database of known holes about every locked package; needs a network, and fails without
	$(BIN)/python -m pip_audit --strict --disable-pip --require-hashes --requirement requirements.lock

format: setup  ## format and mend what can be mended
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: setup  ## every benchmark; each prints its ratio to a reference of the same run
	@set -e; for file in benchmarks/bench_*.py; do $(BIN)/python $$file; done

soak: setup  ## twenty minutes of every endpoint at once: nothing fails, nothing grows
	$(BIN)/python benchmarks/soak.py

lock: setup  ## resolve the dependencies anew
	$(UV) pip compile --quiet --universal --generate-hashes --no-annotate --no-header --upgrade --python-version 3.11 \
	  --all-extras --group dev --group model pyproject.toml --output-file requirements.lock

dist: setup  ## build the wheel and the source archive into dist/
	$(UV) build --quiet --no-build-isolation --python $(BIN)/python

clean:  ## remove everything that make made
	rm -rf .venv .uv dist output.mp3
