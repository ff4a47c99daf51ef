# Each environment is created on first use, and again when the dependencies change.
PYTHON ?= python3
ENV := .venv
BIN := $(ENV)/bin
READY := $(ENV)/.ready
# Separate small ones, so that a demo or a quick test does not wait for torch and tensorflow.
DEMO := .cache/venvs/demo
QUICK := .cache/venvs/quick
# The tests start thousands of interpreters, each of which would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE
TORCH := $(shell sed -n 's/^ *"\(torch==[^"]*\)",/\1/p' pyproject.toml)
# How many times as long as in the whole suite each fault is tried by `make faults`.
ROUNDS ?= 10

.PHONY: demo test-quick test-windows-like test test-versions faults faults-long corpus frameworks check lint types documentation bench viewing docs page check-page screenshots clean

# Install into an environment: $(call install,FOLDER,WHAT)
install = $(PYTHON) -m venv $(1) && \
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check "uv>=0.7" && \
	$(1)/bin/uv pip install --quiet --python $(1)/bin/python $(2)

demo: $(DEMO)/.ready
	@$(DEMO)/bin/python examples/demo.py

# The tests that start no other process, without the large libraries: at most 90 seconds.
test-quick: $(QUICK)/.ready
	$(QUICK)/bin/python -m pytest -n auto --dist loadscope $(or $(TESTS),tests/unit)

# The same without what Windows lacks: fork, file locks, signals, links. torch cannot be imported then.
test-windows-like: $(QUICK)/.ready
	$(QUICK)/bin/python -m pytest -n auto --dist loadscope -p tests.helpers.windows_like $(or $(TESTS),tests/unit) \
		--ignore tests/unit/integrations --ignore tests/unit/run/test_native_watch.py

# All that continuous integration runs.
test: $(READY)
	WANDB_COMPAT_TESTS=all $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(TESTS)

# The quick tests on every supported Python that this machine has, but for EXCEPT.
test-versions:
	$(PYTHON) tests/versions.py $(addprefix --except ,$(EXCEPT))

faults: $(READY)
	WANDB_COMPAT_FAULT_ROUNDS=$(ROUNDS) $(BIN)/python -m pytest -n 2 --dist load $(or $(TESTS),tests/process/faults tests/process/disks tests/process/dual/test_isolation.py tests/process/dual/test_isolation_functions.py tests/process/dual/test_mirror.py)

# Restarts of the ingest service, frozen connections and kills for half an hour.
faults-long: $(READY)
	WANDB_COMPAT_FAULT_MINUTES=30 $(BIN)/python -m pytest -s tests/process/faults/test_verified.py -k random_moments

# Every script of dual mode's corpus, with every release of wandb.
corpus: $(READY)
	WANDB_COMPAT_CORPUS=all $(BIN)/python -m pytest tests/process/dual/corpus tests/process/dual/test_mirror.py tests/process/import_hook/test_real.py

# Every framework, each with its own wandb integration; writes the results from which docs/frameworks.md is made.
frameworks: $(READY)
	WANDB_COMPAT_FRAMEWORKS=all $(BIN)/python -m pytest tests/process/frameworks tests/process/integrations/test_apart.py
	$(BIN)/python docs/generate.py

# In parts, which `make -j2 check` runs side by side.
check: lint types documentation check-page

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	# Text files are opened with an encoding. The rule is a preview one, and preview mode changes other rules.
	$(BIN)/ruff check --preview --select PLW1514 wandb wandb_compat bench
	$(BIN)/python -m pytest -q tests/unit/layout

types: $(READY)
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin

documentation: $(READY)
	$(BIN)/python docs/generate.py --check
	$(BIN)/python docs/check_words.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: $(READY)
	$(BIN)/python -m bench

# How long the embedded server's page takes to open; fills 4 GB of the temporary folder first.
viewing: $(READY)
	$(BIN)/python -m bench.viewing

docs: $(READY)
	$(BIN)/python docs/generate.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The libraries of the embedded server's page, in the versions that page/package.json pins.
page: page/node_modules/.ready
	node page/copy_vendor.mjs

# Types and unit tests of the page's modules.
check-page:
ifeq ($(shell command -v npm),)
	@echo "The page's modules are not checked: this needs Node.js with npm"
else
	$(MAKE) --no-print-directory page/node_modules/.ready
	page/node_modules/.bin/tsc --project page
	node --test page/tests/
endif

page/node_modules/.ready: page/package-lock.json
	npm ci --prefix page --ignore-scripts --no-audit --no-fund
	@touch $@

screenshots: $(READY)
	WANDB_COMPAT_SCREENSHOTS=docs/pictures $(BIN)/python -m pytest -q tests/process/page/test_screenshots.py

clean:
	rm -rf $(ENV) .cache build dist

$(DEMO)/.ready: pyproject.toml Makefile
	$(call install,$(DEMO),--editable .)
	@touch $@

$(QUICK)/.ready: pyproject.toml Makefile
	$(call install,$(QUICK),--group quick --editable .)
	@touch $@

$(READY): pyproject.toml Makefile
	$(PYTHON) -m venv $(ENV)
	# pip first: it takes torch from wherever it is configured to, also from a disk. The rest takes uv a third of the time.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$(TORCH)" "uv>=0.7"
	$(BIN)/uv pip install --quiet --python $(BIN)/python --group dev --editable .
	@touch $@
