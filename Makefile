# Two commands do all the set-up: `make demo` and `make test`.

PYTHON3 ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help install demo test lint types unit docs benchmark clean

help:  ## Show this list.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(VENV)/core  ## Make the environment of the warehouse alone (no torch, no Streamlit).

demo: $(VENV)/core  ## Build the generated sample and ask it three questions.
	@$(BIN)/targetgraph build --sample
	@sh docs/demo.sh $(BIN)/targetgraph

test: lint types unit  ## Check and test everything.

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev
	$(BIN)/mypy

unit: $(VENV)/dev $(VENV)/system
	$(BIN)/pytest -n auto

docs: $(VENV)/core  ## Make the pages of the docs that come from the code.
	$(BIN)/targetgraph model --markdown > docs/model.md
	$(BIN)/targetgraph sources --markdown > docs/sources.md
	$(BIN)/targetgraph analyze --markdown > docs/analyses.md

benchmark: $(VENV)/dev  ## Run a benchmark: make benchmark NAME=build
	$(BIN)/python -m benchmarks $(NAME)

clean:  ## Remove the environment and everything that was made.
	rm -rf $(VENV) results build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/uv:
	@$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "TargetGraph needs Python 3.11 or newer; name one: make PYTHON3=python3.12 ..."; exit 1; }
	$(PYTHON3) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

$(VENV)/core: $(VENV)/uv pyproject.toml constraints.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraints constraints.txt --editable .
	@$(BIN)/python -m compileall -q targetgraph warehouse etl
	@touch $@

# Chromium for the tests of the pages, Java and Maven for those of Neo4j: the system's packages where they may be
# installed, else a Chromium of Playwright's own. Tests without them are skipped, in CI they fail.
$(VENV)/system: $(VENV)/dev tests/install_system_packages.sh
	@sh tests/install_system_packages.sh
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || [ -n "$$TARGETGRAPH_TEST_CHROMIUM" ] || \
		$(BIN)/playwright install --only-shell chromium || echo "There is no Chromium: the pages are not tested in a browser."
	@touch $@

$(VENV)/dev: $(VENV)/core
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraints constraints.txt \
		--editable '.[all,dev]'
	@touch $@
