# make run     everything, from an empty checkout to four running servers (Ctrl-C stops them)
# make run-tls the same on https, with certificates of an own authority (needs Apache)
# make fast    the tests of the areas (tests/<area>), on SQLite and without a browser
# make test    the whole suite; make check: format, lint, types, layers, migrations, and the suite
# make walks   10,000 random walks over signing in, step-up, PANIC and coming back (WALKS, SEED)
# make fuzz    100,000 mutated requests to every address of the three programs (REQUESTS, SEED)
# Options by environment: PORT_BASE, DATA_DIR, DATABASE_URL, REDIS_URL; PYTHON names another python3.

PYTHON ?= $(shell sh .ci/python)
WORKERS ?= 2
PYTEST_OPTIONS ?=
WALKS ?= 10000
REQUESTS ?= 100000
SEED ?= 1
BIN := .venv/bin
PACKAGES := idp cpms_client ecp_client
# The areas of the three programs: 95 to 120 seconds of CPU (user and system, two workers). The other folders are rings of their
# own: what comes over the protocol, many at once and garbage (security), walks over all pages, stories, servers, commands,
# migrations and samples (tooling), browsers.
AREAS := $(addprefix tests/,core accounts mfa signin saas oidc cpms ecp)

# Compiled modules are kept: without them each test process rewrites the assertions of every test again, for seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run run-tls fast test walks fuzz check lint lint-format lint-rules lint-types lint-layers bench bench-target format translations lock clean environment test-environment python

run: environment
	@exec $(BIN)/python -m idp.launch

run-tls: environment
	@exec $(BIN)/python -m idp.launch --tls

fast: test-environment
	@$(BIN)/python -m pytest $(AREAS) -n $(WORKERS) -m "not browser" --database sqlite $(PYTEST_OPTIONS)

test: test-environment
	@$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_OPTIONS)

walks: test-environment
	@WALKS=$(WALKS) SEED=$(SEED) $(BIN)/python -m pytest tests/walks/test_walks.py -n $(WORKERS) -o faulthandler_timeout=0 --database sqlite $(PYTEST_OPTIONS)

fuzz: test-environment
	@REQUESTS=$(REQUESTS) SEED=$(SEED) $(BIN)/python -m pytest tests/walks/test_fuzzing.py -n $(WORKERS) -o faulthandler_timeout=0 --database sqlite $(PYTEST_OPTIONS)

check: lint
	@$(MAKE) test PYTEST_OPTIONS="--cov --cov-report=term $(PYTEST_OPTIONS)"

lint: lint-format lint-rules lint-types lint-layers

lint-format: test-environment
	@$(BIN)/ruff format --check --output-format concise . || { echo "Run make format."; exit 1; }

lint-rules: test-environment
	@$(BIN)/ruff check --output-format concise .

lint-types: test-environment
	@$(BIN)/mypy

lint-layers: test-environment
	@$(BIN)/lint-imports --no-logo

bench: test-environment
	@$(BIN)/python -m bench

# How a harness outside of this repository starts and drives the server (docs/performance.md).
bench-target:
	@$(MAKE) --no-print-directory test-environment >&2
	@$(BIN)/python -m bench.target

format: test-environment
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# Take new texts into <program>/translations/<language>/LC_MESSAGES/messages.po, then compile.
translations: test-environment
	@$(BIN)/python .ci/translations.py update
	@$(BIN)/python .ci/translations.py compile

# The files name neither a host nor a path, whatever the configuration of this machine is.
lock: test-environment
	@$(BIN)/python .ci/lock.py

clean:
	rm -rf .venv .coverage* htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find $(PACKAGES) -name '*.mo' -exec rm -f {} +

environment: python
	@$(PYTHON) .ci/environment.py
	@$(BIN)/python .ci/translations.py compile

test-environment: python
	@$(PYTHON) .ci/environment.py --test
	@$(BIN)/python .ci/translations.py compile
	@sh .ci/system-packages

python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed, and $(PYTHON) is not there."; exit 1; }
