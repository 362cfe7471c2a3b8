# Everything starts here. Python is taken from PATH; PYTHON=python3.12 takes another one.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt
DEMO := out/school-bus
# A process a core, so one thread a process; the tests of a file stay together, since they share what takes long to make.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help demo test quick check lint types bench bench-annotate matrix clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## trace the official SAM3 on the example picture and write a report
	$(BIN)/shapeflow trace --prompt "yellow school bus" examples/school-bus.jpg \
	    -o $(DEMO).trace.json.gz --report $(DEMO).html
	@echo
	@echo "the trace:  $(DEMO).trace.json.gz    look things up: $(BIN)/shapeflow show $(DEMO).trace.json.gz '.forward_grounding():out'"
	@echo "the report: $(DEMO).html    open it in a browser"

test: $(VENV)/.test ## run every test, the slow ones too
	$(PYTEST) $(TESTS)

quick: $(VENV)/.test ## run the tests without the slow ones, in some minutes
	$(PYTEST) -m "not slow" $(TESTS)

check: lint types test ## everything that has to be right before a commit

lint: $(VENV)/.test ## style and layout
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.test ## strict type check
	$(BIN)/mypy

bench: $(VENV)/.bench ## measure, and write the figures into docs/
	$(BIN)/python -m benchmarks

bench-annotate: $(VENV)/.bench ## measure what `shapeflow annotate` makes of labelled texts, in two minutes
	$(BIN)/python -m benchmarks.annotate

matrix: $(VENV)/.test ## run the quick tests on each Python there is, and with the oldest and newest packages
	$(BIN)/python -m benchmarks.matrix $(MATRIX)

clean: ## remove what the other targets made, except the environment
	rm -rf out dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The environment. A stamp says which extras are in it; it is made anew when what it depends on changes.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
	    || { echo "Python 3.10 or newer is needed; $(PYTHON) is older. Try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	    || { echo "no virtual environment could be made. On Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/pip
	$(INSTALL) --editable '.[sam3,graph]'
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(BIN)/pip
	$(INSTALL) --editable '.[test]'
	@touch $@ $(VENV)/.demo

$(VENV)/.bench: pyproject.toml constraints.txt | $(BIN)/pip
	$(INSTALL) --editable '.[bench]'
	@touch $@ $(VENV)/.test $(VENV)/.demo
