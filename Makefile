.PHONY: demo test check bench docs clean
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

$(READY): pyproject.toml constraints.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: $(READY)
	$(PY) scripts/demo.py $(DATA)

test: $(READY)
	$(PY) -m pytest -n 2

check: $(READY)
	$(VENV)/bin/ruff check src tests benchmarks
	$(VENV)/bin/mypy
