# Works from a bare clone with Python 3.11 or newer and make; everything else is put into .venv.
PYTHON ?= $(firstword $(shell command -v python3.11 python3.12 python3.13 python3) python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip
PLUGINS := $(sort $(wildcard plugins/castcore-*))
PROJECTS := plugin_sdk . $(PLUGINS)
# Most tests wait for servers, so twice as many workers as cores keep two of them busy. In the order of their names:
# xdist's own order leaves the files with few and long tests to the end, all beside each other.
WORKERS ?= 4
SOURCES := castcore_core plugin_sdk plugins webui docs tests benchmarks

.PHONY: help demo test check bench soak wheels format clean
help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

demo: $(VENV)/.installed ## start a server with a clip (or MEDIA=/path/file) on air: RTMP, HLS, recording
	@$(BIN)/castcore demo $(if $(MEDIA),--media "$(MEDIA)")

test: $(VENV)/.dev ## run the test suite
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.dev ## lint, types, import directions, formatting
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/towncrier build --draft --version next >/dev/null

bench: $(VENV)/.dev ## measure against the references and write benchmarks/results.json
	$(BIN)/python benchmarks/run.py

soak: $(VENV)/.dev ## run the long tests
	$(BIN)/python -m pytest -m soak --timeout=0 $(ARGS)

wheels: $(VENV)/.dev ## build every distribution into dist/
	for project in $(PROJECTS); do PIP_CONSTRAINT=constraints.txt $(BIN)/python -m build --wheel --outdir dist $$project || exit 1; done

format: $(VENV)/.dev ## format the code
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

clean: ## remove what was built
	rm -rf $(VENV) dist build demo test-artefacts

$(VENV)/bin/python:
	@$(PYTHON) tools/fit.py
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python constraints.txt pyproject.toml $(wildcard */*/pyproject.toml */pyproject.toml)
	$(PIP) install -q pip
	$(PIP) install -q -e ./plugin_sdk -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(PIP) install -q $(foreach plugin,$(PLUGINS),-e ./$(plugin)) --group dev
	@touch $@
