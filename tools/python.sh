#!/bin/sh
# Run the project's own Python:  sh tools/python.sh ARGUMENTS
#
# Makes .venv first when it is missing, unfinished, or made from other requirements. The file .venv/ready
# is written last and holds the requirements it was made from, so an interrupted set-up never counts.
# The variable PYTHON names the Python to make it with; without it the usual names are tried.
# The variables LESSON_VENV and LESSON_REQUIREMENTS name another folder and what to install there.
set -eu
cd "$(dirname "$0")/.."
venv=${LESSON_VENV:-.venv}
requirements=${LESSON_REQUIREMENTS:-tests/requirements.txt}

# Prints "3.12" and succeeds if the Python named by $1 runs, fits, and can make a virtual environment.
fitting_version() {  # a name on the PATH may be a stub that only fails: run it to know
    "$1" -c 'import sys, venv, ensurepip
print("%d.%d" % sys.version_info[:2])
sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3 python python3.13 python3.12 python3.11
    fi
    for candidate in "$@"; do
        if fitting_version "$candidate" >/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "No fitting Python found. Needed: Python 3.11, 3.12 or 3.13 with its venv module." >&2
    echo "Tried: $*" >&2
    echo "Name one yourself, for example:  make PYTHON=/path/to/python3.12 lab" >&2
    return 1
}

requirements() {
    cat requirements.txt "$requirements"
}

venv_python() {
    if [ -d "$venv/Scripts" ]; then  # Windows
        echo "$venv/Scripts/python.exe"
    else
        echo "$venv/bin/python"
    fi
}

ready() {
    requirements | cmp -s - "$venv/ready" && version=$(fitting_version "$(venv_python)") || return 1
    [ -z "${PYTHON:-}" ] || [ "$version" = "$(fitting_version "$PYTHON")" ]
}

if [ -n "${PYTHON:-}" ] || ! ready; then
    python=$(choose_python)
fi
if ! ready; then
    echo "Setting up $venv with Python $(fitting_version "$python") (once; it takes a few minutes) ..."
    "$python" -m venv --clear "$venv"
    "$(venv_python)" -m pip install --quiet --disable-pip-version-check -r "$requirements"
    requirements >"$venv/ready"
fi
exec "$(venv_python)" "$@"
