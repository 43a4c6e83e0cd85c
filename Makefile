# TechBridge. `make run` and `make test` are all that a newcomer needs; both are safe to repeat.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PO := $(wildcard marketplace/translations/*/LC_MESSAGES/messages.po)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where a machine asks for no bytecode, each worker of the tests would translate a thousand modules again: six seconds of a processor each.
unexport PYTHONDONTWRITEBYTECODE

# Two people at once: where the two databases differ most. CI has the whole suite on PostgreSQL behind `make test`.
ON_POSTGRESQL := $(wildcard tests/*/test_at_once.py tests/*/*/test_at_once.py tests/*/test_two_at_once.py tests/*/*/test_two_at_once.py)

.PHONY: help setup setup-test run test test-postgresql prove attack load lint messages lock clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*## /|/' | awk -F'|' '{printf "make %-12s %s\n", $$1, $$2}'

$(VENV)/.python:
	@tools/need.sh python3-venv -- $(PYTHON) -c 'import ensurepip, sys; assert sys.version_info >= (3, 11), "Python 3.11 or newer"'
	@echo "Creating the virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# Without translating a thousand modules beforehand: those that are used are when they are first read.
$(VENV)/.installed: requirements.lock pyproject.toml hatch_build.py $(PO) $(VENV)/.python
	@echo "Installing the pinned dependencies (hashes checked)"
	@$(BIN)/python -m pip install -q --no-compile --require-hashes -r requirements.lock
	@echo "Installing TechBridge itself, linked to this folder"
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.tested: requirements-test.lock $(VENV)/.installed
	@echo "Installing what the tests need"
	@$(BIN)/python -m pip install -q --no-compile --require-hashes -r requirements-test.lock
	@touch $@

setup: $(VENV)/.installed  ## create .venv and install everything the program needs; what PDFs need from Debian besides
	@tools/need.sh libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 -- $(BIN)/python -c 'import weasyprint' || echo "Until then lists come as Excel files only, not as PDF." >&2
	@tools/need.sh fonts-wqy-microhei fontconfig -- sh -c 'fc-list :lang=zh | grep -q .' || echo "Until then Chinese shows as boxes in PDFs." >&2
	@echo "Ready: $(BIN)/marketplace --help"

setup-test: $(VENV)/.tested  ## what the tests need besides: Chromium and a Chinese font
	@tools/need.sh chromium -- sh -c 'command -v chromium'
	@tools/need.sh fonts-wqy-microhei fontconfig -- sh -c 'fc-list :lang=zh | grep -q .'

run: setup  ## database, demo catalogue, index, and the site on http://127.0.0.1:5000
	@$(BIN)/marketplace demo
	@exec $(BIN)/marketplace serve

test: setup-test  ## all tests: SQLite, PostgreSQL, browser
	@$(BIN)/ruff check -q marketplace tests migrations tools wsgi.py hatch_build.py
	@echo "Tests on SQLite, with the browser walks; beside them those on PostgreSQL, whose report follows"
	@mkdir -p var
	@$(BIN)/python -m pytest -n 0 --database=postgresql -m "not slow and not browser" $(sort $(ON_POSTGRESQL)) > var/postgresql.log 2>&1 & beside=$$!; trap "kill $$beside" INT TERM; \
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"; first=$$?; \
	wait $$beside; second=$$?; echo "Tests on PostgreSQL"; cat var/postgresql.log; \
	echo "A picture of every step of the walks is in $${MARKETPLACE_SHOTS:-var/walks}"; exit $$((first + second))

test-postgresql: setup-test  ## the whole suite on PostgreSQL, a real server started and removed by the run
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --database=postgresql -m "not slow and not browser"

prove: setup-test  ## the long drills; the report goes to docs/proof/
	@test -d .venv-load || ($(PYTHON) -m venv .venv-load && .venv-load/bin/python -m pip install -q -r requirements-load.txt)
	@tools/need.sh dovecot-imapd -- sh -c 'PATH=$$PATH:/usr/sbin command -v dovecot'
	@$(BIN)/python -m pytest -n 2 --dist loadgroup
	@$(BIN)/python -m pytest -n 2 --database=postgresql -m "not browser"
	@$(BIN)/python tools/prove.py
	@$(BIN)/python tools/fuzz.py 600

attack: setup  ## tools that nobody here wrote against a demo of its own; what they find goes to var/attack.md
	@test -d .venv-attack || ($(PYTHON) -m venv .venv-attack && .venv-attack/bin/python -m pip install -q -r requirements-attack.txt)
	@test -d .venv-semgrep || ($(PYTHON) -m venv .venv-semgrep && .venv-semgrep/bin/python -m pip install -q -r requirements-semgrep.txt)
	@$(BIN)/python tools/attack.py

load: setup  ## many users at once on a demo grown large (LOAD_DATA names one that is grown already); the report goes to docs/proof/trust-load.md
	@test -d .venv-load || ($(PYTHON) -m venv .venv-load && .venv-load/bin/python -m pip install -q -r requirements-load.txt)
	@$(BIN)/python tools/prove.py load

lint: setup-test  ## the style checks alone
	@$(BIN)/ruff check marketplace tests migrations tools wsgi.py hatch_build.py

messages: setup-test  ## collect the texts to translate into the catalogues
	@$(BIN)/pybabel -q extract -F babel.cfg -k _l -k N_ -k ngettext:1,2 -k several:1,2 --omit-header --sort-by-file --no-location -o /tmp/techbridge.pot .
	@$(BIN)/pybabel -q update -i /tmp/techbridge.pot -d marketplace/translations --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date -N

lock:  ## pin the dependencies anew (needs uv)
	uv pip compile pyproject.toml --extra build --generate-hashes --no-emit-index-url --universal --python-version 3.11 --no-header --no-annotate -q -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra test -c requirements.lock --generate-hashes --no-emit-index-url --universal --python-version 3.11 --no-header --no-annotate -q -o requirements-test.lock

clean:  ## take away the environment and the development data
	rm -rf $(VENV) var
