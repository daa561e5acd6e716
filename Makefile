# Each target does all the set-up it needs; what a machine lacks is named with the command that installs it.
.DEFAULT_GOAL := help
PY := .venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo chat test lint docs fuzz bench teams-package lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## The environment in .venv (all other targets do this themselves)
	@scripts/setup

demo: setup ## Talk to the bot in this terminal; Microsoft's side is the lab. Try: /mailcheck shared@contoso.com
	@$(PY) -m lab chat

chat: setup ## The same in Microsoft's Agents Playground, a Teams emulator in the browser (needs Node 20+)
	@scripts/playground

test: setup ## All tests that can run here; says what it left out and why
	@scripts/test

lint: setup ## ruff (rules and format) and mypy --strict
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

docs: setup ## The generated documents: docs/diagnoses.md, docs/scenarios.md, docs/forgeries.md
	@scripts/docs

fuzz: setup ## Coverage-guided fuzzing with Atheris, FUZZ_SECONDS (20) for each target; see tests/fuzz/README.md
	@scripts/fuzz

bench: setup ## The measurements behind tests/bench/README.md
	@$(PY) -m tests.bench

teams-package: setup ## The Teams app package of your bot, to upload in the Teams admin center; OUTPUT=FILE says where to
	@$(PY) -m infra.teams.build $(if $(OUTPUT),--output "$$OUTPUT")

lock: ## Compile requirements.txt and requirements-dev.txt from pyproject.toml (needs uv)
	@scripts/lock

clean: ## Remove the environment and everything that was made
	@rm -rf .venv node_modules tests/interop/*/node_modules infra/*/node_modules artifacts .pytest_cache .mypy_cache .ruff_cache .lab
