#!/bin/sh
# Run the project's own Python:  sh tools/python.sh ARGUMENTS
#
# Makes .venv first when it is missing, unfinished, or made from other requirements. The file .venv/ready
# is written last and holds what it was made from, so an interrupted set-up never counts. An environment
# for tests serves for reading as well; one for reading gets what tests need when they are run.
#
# Installed are the versions that constraints.txt pins, as wheels. The pins are left out, and it is said,
# on a Python newer than the newest that they were tested with, and where one has no wheel.
#
# Variables that change this:
#   PYTHON                the Python to make .venv with; without it the usual names are tried
#   LESSON_NEWEST=1       leaves the pins out: the newest versions that the requirements admit
#   LESSON_VENV           another folder than .venv
#   LESSON_REQUIREMENTS   another file than tests/requirements.txt
set -eu
trap 'exit 130' INT  # Ctrl-C ends the set-up, and not only the pip that runs
trap 'exit 129' HUP  # and so does a window that is closed
trap 'exit 143' TERM
CDPATH='' cd "$(dirname "$0")/.."  # a CDPATH might lead into another clone
if ! [ -w . ]; then  # copies, outputs and caches are written here, whatever is run
    echo "The folder $(pwd) cannot be written in: copy the project into a folder of your own." >&2
    exit 1
fi
venv=${LESSON_VENV:-.venv}
venv=${venv%/}  # that of a completed name
case $venv in -*) venv=./$venv ;; esac
testing=tests/requirements.txt
requirements=${LESSON_REQUIREMENTS:-$testing}
[ -f "$requirements" ] || {
    echo "LESSON_REQUIREMENTS names no file: $requirements" >&2
    exit 1
}
[ "${LESSON_NEWEST:-}" != 0 ] || LESSON_NEWEST=
# "3.15" of the line "# Tested with Python 3.11 to 3.15"
newest_tested=$(sed -n 's/^# Tested with Python [0-9.]* to \([0-9]*\.[0-9]*\)$/\1/p' constraints.txt)

# Prints "3.12" and succeeds if the Python named by $1 runs, fits, and can make a virtual environment.
fitting_version() {  # a name on the PATH may be a stub that only fails: run it to know
    "$1" -c 'import sys, venv, ensurepip
print("%d.%d" % sys.version_info[:2])
sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

versioned_names() {  # python3.14 python3.12 ..., whichever are on the PATH, the newest first
    echo "$PATH" | tr : '\n' | while read -r folder; do
        ls "$folder" 2>/dev/null || true
    done | grep -E '^python3\.[0-9]{2}(\.exe)?$' | sort -ru
}

choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        # shellcheck disable=SC2046  # names without spaces
        set -- python3 python $(versioned_names)
    fi
    for candidate in "$@"; do
        if fitting_version "$candidate" >/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "No fitting Python found. Needed: Python 3.11 or newer with its venv module." >&2
    for candidate in "$@"; do
        what_is "$candidate" >&2
    done
    echo "Name one yourself, for example:  make PYTHON=/path/to/python3.14 lab" >&2
    return 1
}

what_is() {  # says why the Python named by $1 does not do
    has=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || has=
    if [ -z "$has" ] && command -v "$1" >/dev/null; then
        echo "  $1: it does not run: $("$1" -c '' 2>&1 | sed -n 1p)"
    elif [ -z "$has" ]; then
        echo "  $1: not found"
    elif "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "  $1: Python $has without venv and ensurepip (on Debian and Ubuntu: apt install python$has-venv)"
    else
        echo "  $1: Python $has, too old"
    fi
}

newer_than_tested() {
    "$1" -c 'import sys
newest = tuple(map(int, sys.argv[1].split(".")))
sys.exit(not sys.version_info[:2] > newest)' "$newest_tested"
}

pinned() {  # whether the pins hold for the Python named by $1
    [ -z "${LESSON_NEWEST:-}" ] && ! newer_than_tested "$1"
}

made_from() {  # what an environment of the Python named by $1 for the requirements in $2 is made from
    cat requirements.txt "$2"
    if [ "$2" = "$testing" ]; then cat tools/experiments/requirements.txt; fi
    if pinned "$1"; then cat constraints.txt; fi
}

venv_python() {
    if [ -d "$venv/Scripts" ]; then  # Windows
        echo "$venv/Scripts/python.exe"
    else
        echo "$venv/bin/python"
    fi
}

ready_for() {  # whether the environment was made for the requirements in $1, with the Python asked for
    has=$(fitting_version "$(venv_python)") || return 1
    [ -z "${PYTHON:-}" ] || [ "$has" = "$(fitting_version "$PYTHON")" ] || return 1
    made_from "$(venv_python)" "$1" | cmp -s - "$venv/ready"
}

ready() {
    ready_for "$requirements" || { [ "$requirements" = requirements.txt ] && ready_for "$testing"; }
}

install() {  # whatever pip's settings say about where to
    PIP_PYTHON="$(venv_python)" PIP_USER=0 PIP_DRY_RUN=0 PIP_REQUIRE_VIRTUALENV=0 PIP_NO_DEPS=0 \
        "$(venv_python)" -m pip install --quiet --disable-pip-version-check -r "$requirements" "$@"
}

installed() {  # whether what the requirements name is where this Python looks for it
    "$(venv_python)" -c 'import re, sys
from importlib.metadata import version
for line in open(sys.argv[1], encoding="utf-8"):
    name = re.match("[A-Za-z0-9_.]+[A-Za-z0-9_.-]*", line)
    if name and ";" not in line:
        version(name[0])' "$requirements" 2>/dev/null &&
        PIP_PYTHON="$(venv_python)" "$(venv_python)" -m pip check >/dev/null 2>&1  # and what that needs in turn
}

no_wheel() {  # whether that is why pip has failed; without a network it says the same
    grep -q "No matching distribution\|ResolutionImpossible" "$1" &&
        "$(venv_python)" -m pip index versions numpy >/dev/null 2>&1
}

install_all() {
    if pinned "$python"; then
        install --only-binary :all: -c constraints.txt 2>"$begun/errors" && return
        cat "$begun/errors" >&2
        no_wheel "$begun/errors" || return 1
        echo "The versions in constraints.txt cannot be installed here: trying the newest that can."
    elif [ -n "${LESSON_NEWEST:-}" ]; then
        echo "LESSON_NEWEST is set: installing the newest versions, not those in constraints.txt."
    else
        echo "Python $version is newer than $newest_tested, the newest that constraints.txt was tested" \
            "with: installing the newest versions, not those in it."
    fi
    install --prefer-binary
}

as_before() {  # what there was before a set-up that has not come to its end
    if [ -d "$setting_up/before" ]; then  # made anew
        rm -rf "$venv"
        mv "$setting_up/before" "$venv"
    elif [ -s "$setting_up/ready" ]; then  # added to
        mv "$setting_up/ready" "$venv/ready"
    elif [ -n "$making" ]; then  # nothing; what is half made would only fill the disk
        rm -rf "$venv"
    fi
}

begin_alone() {  # waits while another process sets up the same environment
    said=
    until mkdir "$setting_up" 2>/dev/null; do
        other=$(cat "$setting_up/process" 2>/dev/null) || other=
        if ! [ -d "$setting_up" ]; then
            echo "$setting_up cannot be made: may this folder be written in?" >&2
            exit 1
        elif [ -n "$other" ] && ! kill -0 "$other" 2>/dev/null; then  # it was killed
            if mv "$setting_up/process" "$setting_up/killed" 2>/dev/null; then
                as_before
                break  # and this one goes on in its place
            fi
        fi
        [ -n "$said" ] || echo "Another command sets up $venv: waiting for it (if there is none," \
            "delete $setting_up) ..."
        said=1
        sleep 1
    done
    begun=$setting_up
    trap 'as_before; rm -rf "$setting_up"' EXIT
    echo $$ >"$setting_up/process"
}

if [ "${HOME:-/}" = / ]; then  # as in a container, for a user that it does not know
    HOME=$(pwd)/build/home
    mkdir -p "$HOME"
    export HOME
fi
unset PYTHONSAFEPATH  # "-m tools.run" is found from this folder
unset PYTHONPATH  # .venv has all that is needed; what else is there may be broken, or another NumPy
unset PYTHONHOME PYTHONHASHSEED  # with a wrong one no Python runs at all
unset PYTHONOPTIMIZE  # without assert statements there are no tests
unset PYTHONINSPECT PYTHONPLATLIBDIR PYTHONEXECUTABLE PYTHONCASEOK PYTHONDEVMODE PYTHONVERBOSE
unset PYTHONWARNINGS PYTHONWARNDEFAULTENCODING  # a warning stops the tests
unset NPY_PROMOTION_STATE  # of NumPy 1: a warning stops the tests
unset PYTEST_ADDOPTS PYTEST_PLUGINS PYTEST_DISABLE_PLUGIN_AUTOLOAD
if [ -n "${PYTHON:-}" ] || ! ready; then
    python=$(choose_python)
fi
setting_up=$venv.setting-up
begun=  # the same, once it is ours
making=  # 1, once a new environment is begun
if ! ready; then
    mkdir -p "$(dirname "$venv")"
    begin_alone
fi
if ! ready; then  # it may be, if another has done it
    if [ -L "$venv" ]; then  # made anew it would be emptied, where it leads to
        echo "$venv is a link, and it is not set up as it is needed here: remove the link." >&2
        exit 1
    fi
    if [ -e "$venv" ] && ! [ -f "$venv/pyvenv.cfg" ] && ! [ -f "$venv/ready" ] &&
        [ -n "$(ls -A "$venv")" ]; then  # a file, too
        echo "$venv holds other things than an environment, which would be lost: move it away, or name" \
            "another folder in LESSON_VENV." >&2
        exit 1
    fi
    version=$(fitting_version "$python")
    if [ "$requirements" = "$testing" ] && ready_for requirements.txt; then
        echo "Adding to $venv what the tests need (once) ..."
        cp "$venv/ready" "$begun/ready"
    else
        echo "Setting up $venv with Python $version (once; it takes a minute or two) ..."
        # whatever environment is there is kept until the new one is, but not one that is half made
        if [ -s "$venv/ready" ] || { [ -f "$venv/pyvenv.cfg" ] && ! [ -e "$venv/ready" ]; }; then
            mv "$venv" "$begun/before"
            # the Python that was chosen may have been the one in it, as where it is activated
            [ "$(fitting_version "$python")" = "$version" ] || python=$(venv=$begun/before && venv_python)
        fi
        making=1
        "$python" -m venv --clear "$venv" 2>"$begun/errors" || {  # Ctrl-C ends here, without them
            cat "$begun/errors" >&2
            exit 1
        }
    fi
    : >"$venv/ready"  # until it is
    unset PIP_TARGET PIP_PREFIX PIP_ROOT
    install_all || {
        echo "pip could not install what $venv needs: is there a network, and room on the disk? The set-up" \
            "needs both, once." >&2
        [ ! -d "$begun/before" ] || echo "What was in $venv before is there again. Until there is a" \
            "network, $(venv_python) -m tools.lab opens the lessons with it." >&2
        exit 1
    }
    if ! installed; then
        echo "pip has not installed into $venv what is needed. Do its settings name a target, a prefix, a" \
            "root or a dry run? \"$(venv_python) -m pip config list\" shows them." >&2
        exit 1
    fi
    made_from "$python" "$requirements" >"$venv/ready"
fi
[ -z "$begun" ] || rm -rf "$begun"  # with what was there before; exec runs no trap
exec "$(venv_python)" "$@"
