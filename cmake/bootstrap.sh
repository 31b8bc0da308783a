#!/bin/sh
# From a bare machine to a running Lacuna, in one command:
#
#   sh cmake/bootstrap.sh run experiments/quickstart.yaml   build, run the experiment, write a report
#   sh cmake/bootstrap.sh test                              build, run all tests
#   sh cmake/bootstrap.sh build                             only build
#
# Installs what is missing (Debian and Ubuntu; a list is printed elsewhere), configures and builds
# into build/, then does the job. What is already there is left alone.
# BUILD_DIR and CMAKE_ARGS may be set in the environment.
set -eu

cd "$(dirname "$0")/.."
build=${BUILD_DIR:-build}

say() { printf 'bootstrap: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

# Used where they are found, not installed here: libxgboost-dev (model xgboost), libreadstat-dev (reader readstat),
# libdnnl-dev (lacuna-bench onednn).
# One line a need: the Debian package. The same things have other names elsewhere, see other_systems.
packages='gcc g++ make cmake ninja-build pkg-config libglib2.0-dev libopenblas-openmp-dev liblapacke-dev
libjson-glib-dev libyaml-dev libsqlite3-dev zlib1g-dev libpng-dev libgtest-dev gnuplot-nox'

other_systems() {
    cat >&2 <<'LIST'
bootstrap: this is not Debian or Ubuntu; please install these yourself and run me again:
  a C11 and C++17 compiler with OpenMP (gcc >= 12), make, CMake >= 3.25, ninja, pkg-config
  GLib >= 2.74, OpenBLAS with LAPACKE, json-glib, libyaml, SQLite 3, zlib, libpng, GoogleTest, gnuplot
  Fedora: dnf install gcc gcc-c++ cmake ninja-build pkgconf glib2-devel openblas-devel lapack-devel \
          json-glib-devel libyaml-devel sqlite-devel zlib-devel libpng-devel gtest-devel gnuplot
  Arch:   pacman -S gcc cmake ninja pkgconf glib2 openblas lapacke json-glib libyaml sqlite zlib \
          libpng gtest gnuplot
  macOS:  brew install gcc cmake ninja pkg-config glib openblas lapack json-glib libyaml sqlite \
          libpng googletest gnuplot
LIST
}

missing_packages() {
    for package in $packages; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || printf '%s ' "$package"
    done
}

install_missing() {
    if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
        for tool in cmake ninja pkg-config cc; do
            command -v "$tool" >/dev/null 2>&1 || { other_systems; exit 2; }
        done
        return 0
    fi
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    as_root=''
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || die "not root and no sudo; ask somebody to run: apt-get install $missing"
        as_root='sudo'
    fi
    say "installing: $missing"
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -q >&2
    # shellcheck disable=SC2086 # a list of words is what is wanted
    $as_root apt-get install -q -y --no-install-recommends $missing >&2
}

build_all() {
    if [ ! -f "$build/build.ninja" ]; then
        # shellcheck disable=SC2086
        cmake -S . -B "$build" -G Ninja ${CMAKE_ARGS:-} >&2 || die "configuring failed, see above"
    fi
    cmake --build "$build" >&2 || die "building failed, see above"
}

# Run the experiment (finished cells of an earlier run are kept) and write its report beside them.
run_experiment() {
    [ $# -ge 1 ] || die "run what? try: sh cmake/bootstrap.sh run experiments/quickstart.yaml"
    experiment=$1
    shift
    name=$(basename "$experiment" .yaml)
    status=0
    "$build/bin/lacuna" run "$experiment" -o "results/$name" --resume "$@" || status=$?
    [ "$status" -le 1 ] || exit "$status"
    "$build/bin/lacuna" report "results/$name" -o "results/$name/report.html"
    say "report: results/$name/report.html (open it in a browser)"
    exit "$status"
}

job=${1:-}
[ $# -eq 0 ] || shift
case $job in
run | test | build) ;;
*) die "usage: sh cmake/bootstrap.sh run EXPERIMENT.yaml | test | build" ;;
esac
install_missing
build_all
case $job in
run) run_experiment "$@" ;;
test) exec ctest --test-dir "$build" --output-on-failure -j "$(getconf _NPROCESSORS_ONLN)" "$@" ;;
build) say "built: $build/bin/lacuna" ;;
esac
