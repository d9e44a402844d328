# Two commands matter on a fresh machine: `make demo` and `make test`. Each makes the environment it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUN := PYTHONPATH= $(BIN)/

.PHONY: demo test bench mutants check fix docs lock clean

demo: $(READY)
	$(RUN)newsletter demo

test: $(READY)
	$(RUN)lint-imports --no-cache
	$(RUN)python -m pytest -n auto

bench: $(READY)
	$(RUN)python -m benchmarks

mutants: $(READY)
	$(RUN)python -m tools.mutants

check: $(READY)
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)lint-imports --no-cache

fix: $(READY)
	$(RUN)ruff check --fix .
	$(RUN)ruff format .

docs: $(READY)
	$(RUN)python -m docs.make
	$(RUN)python tools/terminal_pictures.py

lock: $(READY)
	$(RUN)python -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --extra postgresql --group dev pyproject.toml -o requirements.lock

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	$(BIN)/python -m compileall -q newsletter
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
