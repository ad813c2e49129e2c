# make demo   run the example scenario
# make test   run the whole test suite
# make lint   style, format and types
# Each makes its own environment in .venv, from constraints.txt, the first time only.
# Another interpreter: make demo PYTHON=/path/to/python3.12

VENV    := .venv
STAMP   := $(VENV)/.installed
PIP     := $(VENV)/bin/python -m pip --disable-pip-version-check -qq
PYTHONS := python3 python3.13 python3.12 python3.11
PYTHON  ?=

# Nothing from outside the environment: no search path, no user site packages.
unexport PYTHONPATH PYTHONHOME
export PYTHONNOUSERSITE := 1
export PIP_USER := 0

.PHONY: help demo test lint
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile

demo: $(STAMP)
	$(VENV)/bin/nbsmodel run configs/sma/uk_base_case.yaml --force

test: $(STAMP)
	$(VENV)/bin/python -m pytest -m "slow or not slow"

lint: $(STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy src

# The stamp comes last, so an install that was broken off is started afresh.
$(STAMP): pyproject.toml constraints.txt
	@python=; \
	for candidate in $(or $(PYTHON),$(PYTHONS)); do \
	    if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
	            >/dev/null 2>&1; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "nbsmodel needs Python 3.11 or newer with its venv module." >&2; \
	    echo "Tried: $(or $(PYTHON),$(PYTHONS)); none fits." >&2; \
	    echo "Install one (Debian, Ubuntu: python3 and python3-venv), or name yours:" >&2; \
	    echo "    make PYTHON=/path/to/python3.12 $(or $(MAKECMDGOALS),demo)" >&2; \
	    exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$python" --version) and installing nbsmodel (once; it may take minutes)"; \
	"$$python" -m venv --clear $(VENV)
	@$(PIP) install -c constraints.txt setuptools
	@$(PIP) install -c constraints.txt --no-build-isolation -e '.[test]'
	@touch $@
