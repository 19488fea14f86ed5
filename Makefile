# wordkin: `make demo` and `make test` need only Python 3.11+ and make; each makes its environment.

PYTHON ?= python3
# what `make test` installs beside the base; CI adds the other frameworks and peers
EXTRAS ?= keras,zstd
VENV := .venv
DEMO := .venv-demo
BIN := $(VENV)/bin
# uv does not read pip's setting of local wheel folders by itself
UV := UV_FIND_LINKS="$${UV_FIND_LINKS:-$${PIP_FIND_LINKS:-}}" UV_LINK_MODE=copy
# a test that hangs for so many seconds ends its process, and tells where each thread was
HANGING := -o faulthandler_timeout=600 -o faulthandler_exit_on_timeout=true --max-worker-restart 1

.PHONY: help demo test test-slow check docs bench clean

help:
	@echo "make demo    train on the documentation on this machine, look around, build a classifier"
	@echo "make test    run the tests            (EXTRAS=keras,torch,... installs more to test with)"
	@echo "make check   style, types, the house's import order, docstrings"
	@echo "make docs    build the documentation into docs/_build/html"
	@echo "make bench   the short form of all benchmarks, into benchmarks.md (takes a while)"
	@echo "make clean   remove the environments and what was built"

demo: $(DEMO)/.installed
	$(DEMO)/bin/wordkin demo

test: $(VENV)/.installed-$(EXTRAS)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile $(HANGING) --cov --cov-report=term

test-slow: $(VENV)/.installed-$(EXTRAS)
	$(BIN)/python -m pytest -m slow

check: $(VENV)/.installed-$(EXTRAS)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m numpydoc.hooks.validate_docstrings $$(git ls-files 'src/wordkin/*.py')

docs: $(VENV)/.installed-$(EXTRAS)
	$(UV) $(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt --group docs
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

bench: $(VENV)/.installed-$(EXTRAS)
	$(UV) $(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt --group bench
	$(BIN)/python benchmarks/all.py benchmarks.md
	@echo "read benchmarks.md"

$(VENV)/.installed-$(EXTRAS): pyproject.toml constraints.txt
	$(call environment,$(VENV))
	$(UV) $(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt \
		--group test --group check -e ".[$(EXTRAS)]"
	@touch "$@"

$(DEMO)/.installed: pyproject.toml constraints.txt
	$(call environment,$(DEMO))
	$(UV) $(DEMO)/bin/uv pip install --quiet --compile-bytecode --python $(DEMO)/bin/python \
		-c constraints.txt -e ".[keras]"
	@touch "$@"

define environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"wordkin needs Python 3.11 or later; this is " + sys.version.split()[0] + \
		". Name another one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(1)
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check uv
endef

clean:
	rm -rf $(VENV) $(DEMO) dist docs/_build docs/api docs/_pictures .mypy_cache .ruff_cache .pytest_cache .coverage
