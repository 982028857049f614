# What people and continuous integration run. Needs make, git and Python 3.11 or later with venv; everything else goes into .venv.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check docs bench campaign lock clean

# The text after the two hashes is what `make help` shows.
help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

demo: ## the whole loop, from raw text to scores, on text that is already on this machine
	@tools/install.sh demo
	@.venv/bin/assay demo

# A file's tests share a worker, and with it the JVM, browser or Airflow that their fixtures start.
test: ## every test; ARGS="-k ledger" passes options on to pytest
	@tools/install.sh test
	.venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: ## style, types, floors of the house, generated documentation, licences, known holes
	@tools/install.sh dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python -m tools.generate_docs --check
	.venv/bin/python -m tools.licences
	.venv/bin/python -m tools.audit

docs: ## writes the generated documentation anew
	@tools/install.sh dev
	.venv/bin/python -m tools.generate_docs --write

bench: ## each stage beside its peers, into benchmarks/RESULTS.md; ARGS="--only pii --texts PATH" passes options on
	@tools/install.sh bench
	.venv/bin/python -m benchmarks $(ARGS)

# Apart from the tests because it takes hours: KILLS, RUNS, GROWTH, CORPUS and BENCHMARKS say how much. The figures go to docs/campaigns.md by hand, with the machine's name.
campaign: ## many kills, many runs, growing corpora, one corpus on both engines, planted items: KILLS=40 RUNS=20 GROWTH=2000000 CORPUS=folder BENCHMARKS=folder PLANTED_IN=folder
	@tools/install.sh dev
	@PYTHONPATH=tests .venv/bin/python -m campaign --kills $(or $(KILLS),40) --runs $(or $(RUNS),20) --growth $(or $(GROWTH),2000000) \
	  --plot docs/growth.svg $(if $(CORPUS),--corpus "$(CORPUS)") $(if $(BENCHMARKS),--benchmarks "$(BENCHMARKS)" --planted-in "$(PLANTED_IN)")

# Torch is named without its variant, and what it brings for graphics cards is left to it.
lock: ## resolves every requirement anew, for all platforms and Pythons, into requirements/
	@tools/install.sh dev
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --all-extras --upgrade --no-annotate --no-header \
	  --no-emit-package assay pyproject.toml | sed -e '/^nvidia-/d' -e '/^cuda-/d' -e '/^triton==/d' > requirements/lock.tmp
	{ sed -n '/^#/p' requirements/lock.txt; cat requirements/lock.tmp; } > requirements/lock.new
	mv requirements/lock.new requirements/lock.txt
	rm requirements/lock.tmp
	echo 'apache-airflow==3.3.*' | .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-annotate --no-header - > requirements/airflow.tmp
	{ sed -n '/^#/p' requirements/airflow.txt; cat requirements/airflow.tmp; } > requirements/airflow.new
	mv requirements/airflow.new requirements/airflow.txt
	rm requirements/airflow.tmp

clean: ## removes what was installed and built; the warehouse stays
	rm -rf .venv .venv-airflow .venv-peers build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
