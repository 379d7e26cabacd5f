# `make climb` and `make test` set everything up themselves.
PYTHON ?= python3
BIN := .venv/bin
# On Linux plain pip takes PyTorch's CUDA build; TORCH_INDEX=<URL of the CPU wheels> avoids it.
TORCH_INDEX ?=

# Debian keeps ensurepip in a package of its own; the system's pip can fill the environment too.
VENV_WITHOUT_ENSUREPIP = { $(PYTHON) -m venv --clear --without-pip .venv && \
	$(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }

.PHONY: climb test lint bench clean

climb: .venv/ready
	$(BIN)/sadari climb examples/ald --all

test: .venv/ready-dev
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

lint: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Runs every benchmark beside its peers and rewrites the table in docs/benchmarks.md.
bench: .venv/ready-bench
	$(BIN)/python -m benchmarks.run_all

.venv/torch: constraints.txt
	$(PYTHON) -m venv .venv 2>/dev/null || $(VENV_WITHOUT_ENSUREPIP)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt \
		$(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch
	touch $@

.venv/ready: .venv/torch pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[local]"
	touch $@

.venv/ready-dev: .venv/ready
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

.venv/ready-bench: .venv/ready-dev
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[bench]"
	touch $@

clean:
	rm -rf .venv .sadari
