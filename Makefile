# Everything from a fresh clone: Python 3.11 or newer, make and a package index suffice.
PYTHON ?= python3
BIN := .venv/bin
LOWEST := .venv-lowest/bin
PIP := $(BIN)/python -m pip install
PLUGINS := $(notdir $(wildcard plugins/gan_zoo_*))
GUESTS := $(wildcard plugins/gan-zoo-*)
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test test-lowest lint types reference bench clean
help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: .venv/.installed  ## train the quickstart recipe, score it, show how to use it
	@tools/demo.sh

# Guests' tests run by themselves: those of gan-zoo are the same whatever is installed beside it.
test: lint  ## lint, types and the CPU tests
	$(PYTEST) -m "not slow"
	$(PYTEST) -m "not slow" $(addsuffix /tests,$(GUESTS))

test-lowest: .venv-lowest/.installed  ## the CPU tests with the oldest dependencies that are allowed
	$(subst $(BIN),$(LOWEST),$(PYTEST)) -m "not slow"
	$(subst $(BIN),$(LOWEST),$(PYTEST)) -m "not slow" $(addsuffix /tests,$(GUESTS))

lint: .venv/.installed-dev  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory types

types: .venv/.installed-dev  ## mypy alone
	$(BIN)/mypy -p gan_zoo $(addprefix -p ,$(PLUGINS) $(subst -,_,$(notdir $(GUESTS))))

reference: .venv/.installed  ## write docs/reference from the source
	$(BIN)/python -m tools.reference

bench: .venv/.installed  ## start-up time against bare imports and with plugins, then step time
	$(BIN)/python tests/benchmarks/startup.py
	$(BIN)/python tests/benchmarks/plugins.py
	$(BIN)/python tests/benchmarks/step.py

clean:  ## remove built files and caches; runs and environments stay
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

# The stamps: a repeat installs nothing until pyproject.toml changes.
.venv/.installed: pyproject.toml | $(BIN)/python
	@echo "Installing gan-zoo into .venv; the first time downloads PyTorch and takes minutes."
	$(PIP) -e '.[report]'
	@touch $@

# The newer of the two is enough for `demo`, so this one sets both.
.venv/.installed-dev: pyproject.toml $(addsuffix /pyproject.toml,$(GUESTS)) | $(BIN)/python
	@echo "Installing gan-zoo, its guests and its tools into .venv; the first time takes minutes."
	$(PIP) -e '.[dev]' $(addprefix -e ,$(GUESTS))
	@touch .venv/.installed $@

# The lower bounds of pyproject.toml, the guests' included. numpy 1.26 has no wheel for Python 3.13.
.venv-lowest/.installed: pyproject.toml $(addsuffix /pyproject.toml,$(GUESTS)) tools/lowest.py
	@test -x $(LOWEST)/python || $(PYTHON) -m venv .venv-lowest
	$(PYTHON) tools/lowest.py pyproject.toml $(addsuffix /pyproject.toml,$(GUESTS)) > .venv-lowest/constraints.txt
	$(LOWEST)/python -m pip install -c .venv-lowest/constraints.txt -e '.[dev]' $(addprefix -e ,$(GUESTS))
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed. Name another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "gan-zoo needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) -V)."; \
		echo "Name another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
