# Sogdia: the commands of the house. Plain POSIX make; only Python 3.11 or newer has to be there.

## make demo      set up, then play the main job and stay up until Ctrl-C (make demo ONCE=1: play, check, end)
## make network-demo  the same on four organisations, one of which loses its power (ONCE=1: play, check, end); needs CometBFT
## make test      set up, then run every test; ends with the real parts that were used
## make check     formatter, lint, types, import contracts and the tidiness of the repository
## make bench     measure speed and size (make bench ARGS=--quick for daily use)
## make soak      the full matrix of long runs; writes a dated page in docs/results
## make faults    the full matrix of faults; writes a dated page in docs/results
## make docs      write the generated pages of docs/reference
## make lock      resolve the dependencies anew and write both lock files
## make setup     make the environment in .venv with all tools for developers
## make clean     remove the environment and all caches
##
## PYTHON=/path/to/python3 names the Python that the environment is made with.

.POSIX:
.PHONY: help setup demo network-demo test check bench soak faults docs lock clean

PYTHON =
PYTHONS = $(PYTHON) python3 python3.11 python3.12 python3.13 python3.14
PIP = .venv/bin/python -m pip --disable-pip-version-check install --quiet

help:
	@sed -n 's/^## \{0,1\}//p' Makefile

setup: .venv/dev.stamp .venv/package.stamp

demo: .venv/package.stamp
	@once='$(ONCE)'; .venv/bin/sogdia demo $${once:+--once}

network-demo: .venv/package.stamp
	@once='$(ONCE)'; .venv/bin/sogdia network demo $${once:+--once}

test: setup
	.venv/bin/python tools/run_tests.py $(ARGS)

check: setup
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python -m pytest --quiet tests/tidy

bench: setup
	.venv/bin/python -m bench $(ARGS)

soak: setup
	.venv/bin/python tools/full_run.py soak

faults: setup
	.venv/bin/python tools/full_run.py faults

docs: setup
	.venv/bin/python tools/reference.py

# The tool that resolves is kept apart from the environment, so that it is never part of what it locks.
# The lock files name versions and hashes, and no address: everyone downloads from the index of their own choice.
lock: .venv/runtime.stamp
	.venv/bin/python -m venv .venv/lock
	.venv/lock/bin/python -m pip --disable-pip-version-check install --quiet 'uv>=0.9,<1'
	.venv/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	    --group build pyproject.toml --output-file requirements.lock
	.venv/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	    --constraint requirements.lock --group build --extra dev pyproject.toml --output-file requirements-dev.lock

clean:
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find src tests tools bench -type d -name __pycache__ -prune -exec rm -rf {} +

# What the product needs to run, and what installs it; nothing that is only for developers.
.venv/runtime.stamp: requirements.lock
	@for python in $(PYTHONS) none; do \
	    "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	done; \
	if [ "$$python" = none ]; then \
	    echo 'Sogdia needs Python 3.11 or newer with its venv part, and none was found.' >&2; \
	    echo 'Looked for: $(PYTHONS).' >&2; \
	    echo 'Install one (on Debian: apt install python3 python3-venv), or name one: make PYTHON=/path/to/python3' >&2; \
	    exit 1; \
	fi; \
	echo "Setting up .venv with $$($$python --version)"; \
	"$$python" -m venv --clear .venv
	@$(PIP) --require-hashes -r requirements.lock
	@touch $@

.venv/dev.stamp: .venv/runtime.stamp requirements-dev.lock
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

# The project itself, in place: a change in src needs no new set-up.
.venv/package.stamp: .venv/runtime.stamp pyproject.toml
	@$(PIP) --no-index --no-deps --no-build-isolation --editable .
	@touch $@
