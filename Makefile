# Everything goes through `install`, which takes a moment once it has been done.
PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
ARGS ?=
OPS ?=
DEVICE ?=
WEIGHTS ?=
STEPS ?=
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help install install-core demo demo-real demo-mtv docs test fuzz test-slow test-draws test-gpu test-real
.PHONY: test-versions lint format check env clean clean-venv

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s%s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  PYTHON=python3.12 picks the Python to install for; ARGS='-k name' goes to pytest,"
	@echo "  OPS=compiled builds all of mmcv's operators (10 minutes, a compiler),"
	@echo "  DEVICE=cpu installs PyTorch without CUDA where a registry has it,"
	@echo "  STEPS=20 WEIGHTS=FILE shortens demo-real, and names its ViT-S,"
	@echo "  WORKERS=0 runs the fast tests in one process, for a debugger."

CHOICES = $(if $(OPS),--operators $(OPS)) $(if $(DEVICE),--device $(DEVICE))

install: ## Set up .venv with everything in it (about 2 minutes the first time)
	@$(PYTHON) -m tools.install $(CHOICES)

install-core: ## Set up .venv without what tests and documents need
	@$(PYTHON) -m tools.install $(CHOICES) --part core

demo: install-core ## Train and test twelve tasks on generated scenes (at most 15 minutes on 2 cores)
	@$(VENV_PYTHON) tools/demo/scenes.py $(ARGS)

demo-real: install-core ## Train on streets and nuclei with a real ViT-S; WEIGHTS=FILE has it at hand
	@$(VENV_PYTHON) tools/demo/real.py $(if $(WEIGHTS),--weights $(WEIGHTS)) $(if $(STEPS),--steps $(STEPS)) $(ARGS)

demo-mtv: install ## Pretrain an encoder on generated scenes; ARGS=--ablate does so with captions alone, too
	@$(VENV_PYTHON) tools/demo/mtv.py $(ARGS)

test: install ## Run the fast tests
	@$(VENV_PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

fuzz: install ## Try 2,000 damaged inputs; ARGS='--only pictures:123' tries one again
	@$(VENV_PYTHON) -m tests.fuzz $(ARGS)

test-slow: install ## Run the tests that train for minutes
	@$(VENV_PYTHON) -m pytest -m slow -o faulthandler_timeout=0 $(ARGS)

test-draws: install ## Repeat the tests that train with ten draws and 1, 2, 4 threads
	@$(VENV_PYTHON) -m tests.repeat $(ARGS)

test-gpu: install ## Run the tests that need a CUDA device
	@$(VENV_PYTHON) -m pytest -m gpu $(ARGS)

test-real: install ## Run the tests on the small real sets and the ViT-S, where they are
	@$(VENV_PYTHON) -m pytest -m real -rs -o faulthandler_timeout=0 $(ARGS)

test-versions: install ## Try other Pythons and PyTorchs; ARGS='3.13:2.15.0' tries one pair
	@$(VENV_PYTHON) -m tools.install.versions $(ARGS)

docs: install ## Build the guide into docs/_build/html; a warning is an error
	@$(VENV_PYTHON) -m sphinx -W --keep-going -q -d docs/_build/doctrees docs docs/_build/html
	@echo "docs/_build/html/index.html"

lint: install ## Look for mistakes: ruff, its formatter, mypy
	@status=0; for linter in "ruff check ." "ruff format --check ." mypy; do \
		$(VENV_PYTHON) -m $$linter || status=1; \
	done; exit $$status

format: install ## Format the code and mend what ruff can mend
	@$(VENV_PYTHON) -m ruff check --fix .
	@$(VENV_PYTHON) -m ruff format .

check: lint test docs ## Everything a change has to pass

env: install ## Show versions, GPUs, active backends and what is missing
	@$(VENV_PYTHON) -m argus.env

clean: ## Remove caches and build products; .venv, data and work_dirs stay
	@rm -rf build dist *.egg-info docs/_build .mypy_cache .pytest_cache .ruff_cache
	@find . \( -path ./.venv -o -path ./.git -o -path ./data -o -path ./work_dirs \) -prune \
		-o -name __pycache__ -type d -print0 | xargs -0 -r rm -rf

clean-venv: ## Remove .venv; the next make sets it up anew
	@rm -rf .venv
