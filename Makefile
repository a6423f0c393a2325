# The commands of the lessons. Each makes .venv by itself when that is needed.
# Another Python than the one that is found:  make PYTHON=/path/to/python3.14 lab

# The folder of this file. Its path may contain spaces, which make cannot hold in a list, but a shell can.
export MAKEFILE_PATH := $(MAKEFILE_LIST)
IN_PROJECT = CDPATH= cd "$$(dirname "$${MAKEFILE_PATH\# }")" &&
RUN = sh tools/python.sh
READ = exec env LESSON_REQUIREMENTS=requirements.txt $(RUN)  # with what reading and running need, and no more

ifeq ($(origin ARGS),environment)  # a variable of somebody else's
ARGS :=
endif

.PHONY: help lab fresh run test matrix bench lock clean

help:
	@echo 'make lab      open your copies of the lessons in JupyterLab (without a screen: print the address)'
	@echo 'make fresh    where a lesson has changed, set your copy aside and make a new one'
	@echo 'make run      execute every notebook from top to bottom into build/'
	@echo 'make test     run all tests: the notebooks, the helpers, the style'
	@echo 'make matrix   test the notebooks under other Pythons, versions and BLAS kernels (long)'
	@echo 'make bench    measure the speed of the helpers (installs PyTorch into build/)'
	@echo 'make lock     write constraints.txt anew: the newest versions; then make matrix'
	@echo 'make clean    remove .venv, build and caches'

lab:
	@$(IN_PROJECT) $(READ) -m tools.lab $(ARGS)

fresh:
	@$(IN_PROJECT) $(READ) -m tools.copies $(ARGS)

run:
	@$(IN_PROJECT) $(READ) -m tools.run $(ARGS)

test:
	@$(IN_PROJECT) exec $(RUN) -m tools.test $(ARGS)

matrix:
	@$(IN_PROJECT) exec $(RUN) -m tools.matrix $(ARGS)

bench:
	@$(IN_PROJECT) exec env LESSON_VENV=build/bench LESSON_REQUIREMENTS=tools/bench/requirements.txt \
		$(RUN) -m tools.bench $(ARGS)

lock:
	@$(IN_PROJECT) exec env LESSON_VENV=build/lock LESSON_REQUIREMENTS=tools/lock-requirements.txt \
		$(RUN) -m tools.lock

clean:
	@$(IN_PROJECT) rm -rf .venv build mutants .hypothesis .pytest_cache .ruff_cache
