# hairpin-doctor: `make` lists the commands. Each installs what it needs, and is quick the second time.

PYTHON ?= python3
BIN := .venv/bin

# Without .pyc files every start takes two to three times as long.
unexport PYTHONDONTWRITEBYTECODE
# Network namespaces need root. What root runs leaves no files of root's in the checkout.
KEPT := $(foreach name,CI LANG LC_ALL COLUMNS TERM NO_COLOR,$(if $($(name)),$(name)='$($(name))'))
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo env PYTHONDONTWRITEBYTECODE=1 $(KEPT))
PYTEST := $(BIN)/pytest $(if $(AS_ROOT),-p no:cacheprovider) -n 10 --dist worksteal -rfEs

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help accuracy lab-vm demo test check wheel pyz docs readme site bench clean lab-packages

help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

demo: .venv/ready lab-packages ## The homelab's story: scan from the VM, from the host, both together, mend, scan again
	@$(AS_ROOT) $(BIN)/python -m scripts.demo

test: .venv/ready lab-packages ## Everything CI runs: the checks and the built wheel beside all tests with the lab
	@said=$$(mktemp); { $(MAKE) --no-print-directory check && $(MAKE) --no-print-directory wheel; } >$$said 2>&1 & \
	checks=$$!; $(AS_ROOT) $(PYTEST); tested=$$?; \
	wait $$checks || { cat $$said; tested=1; }; rm -f $$said; exit $$tested

check: .venv/ready ## Lint, format, types, import contracts, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --explicit-package-bases scripts benchmarks tests/project
	$(BIN)/lint-imports
	$(BIN)/python -m scripts.stale_docs

wheel: .venv/ready ## Build sdist and wheel, and run the wheel from outside the checkout
	$(BIN)/python -m scripts.try_wheel

pyz: .venv/ready ## Build dist/hairpin-doctor.pyz: one file that runs where nothing can be installed
	$(BIN)/python -m scripts.build_pyz

docs: .venv/ready ## Write the generated pages: docs/causes, docs/probes, the report's schema
	$(BIN)/python -m hairpin_doctor.docs_generator

readme: .venv/ready lab-packages ## Quote anew in README.md and docs/tutorial.md what the commands print; the picture too
	$(AS_ROOT) $(BIN)/python -m scripts.quotes
	$(BIN)/python -m scripts.screenshot

site: .venv/site-ready ## Build the documents as a site in site/, strictly
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build
	@echo "open site/index.html"

.venv/site-ready: .venv/ready
	$(BIN)/pip install --quiet --editable '.[docs]'
	@touch $@

accuracy: .venv/ready lab-packages ## Every case of the lab from every vantage point: expected against found
	$(AS_ROOT) $(BIN)/hairpin-doctor lab run --all --matrix

lab-vm: .venv/ready lab-packages ## Cases that need IPVS, VLANs or a real VM, in guests with Debian's kernel (2 min each)
	@scripts/debian-packages lab-vm
	$(AS_ROOT) $(BIN)/python -m scripts.lab_vm

bench: .venv/ready lab-packages ## Measure start-up, scan and lab against their budgets
	$(AS_ROOT) $(BIN)/python -m benchmarks

clean: ## Remove what the commands above made
	rm -rf .venv dist site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lab-packages:
	@scripts/debian-packages lab

.venv/ready: pyproject.toml
	@scripts/debian-packages venv $(PYTHON)
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --editable '.[dev]'
	$(BIN)/python -m compileall -q hairpin_doctor probes scripts benchmarks
	@touch $@
