# Shared by the tests of the command; sourced, not run.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

fail() {
    echo "FAILED: $*" >&2
    [ ! -s "$scratch/stdout" ] || sed 's/^/  out: /' "$scratch/stdout" >&2
    [ ! -s "$scratch/stderr" ] || sed 's/^/  err: /' "$scratch/stderr" >&2
    exit 1
}

# whether a terminal can be made: there is script(1), and there are pseudo-terminals (a chroot may
# have none)
can_make_terminal() {
    script -qec true /dev/null > /dev/null 2>&1 < /dev/null
}

skip() {
    echo "skipped: $*" >&2
    exit 77
}

# expect STATUS COMMAND...: output to $scratch/stdout and $scratch/stderr
expect() {
    wanted=$1
    shift
    got=0
    "$@" > "$scratch/stdout" 2> "$scratch/stderr" || got=$?
    [ "$got" -eq "$wanted" ] || fail "'$*' ended with $got, expected $wanted"
}

# says TEXT: the last command wrote it to standard error
says() {
    grep -qF -- "$1" "$scratch/stderr" || fail "standard error does not say '$1'"
}

# prints TEXT: ... to standard output
prints() {
    grep -qF -- "$1" "$scratch/stdout" || fail "standard output does not say '$1'"
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
    tries=$(($1 * 20))
    shift
    while ! "$@" > /dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "waited too long for: $*"
        sleep 0.05
    done
}

# a small table: 60 rows, 4 columns, correlated, no holes
table() {
    awk 'BEGIN { print "a,b,c,d"
                 for (i = 1; i <= 60; i++) {
                     a = (i * 37 % 61) / 7; b = 2 * a + (i * 17 % 23) / 11
                     c = a - b + (i * 29 % 31) / 13; d = (i * 41 % 59) / 3
                     printf "%.4f,%.4f,%.4f,%.4f\n", a, b, c, d } }' > "$1"
}

# slow_experiment FILE CELLS SECONDS: equal cells that take their time
slow_experiment() {
    [ -f data.csv ] || table data.csv
    cat > "$1" <<END
lacuna: 1
name: slow
data: {csv: {path: data.csv}}
mask: {mcar: {rate: 0.2}}
model: {fault: {seconds: $3, which: !range {from: 1, to: $2, step: 1}}}
metrics: [rmse, mae]
END
}

# numbers DIR: all that must not depend on how a run went: every metric row without the times
numbers() {
    lacuna results "$1" --format csv | cut -d, -f2-37 | sort
}

# stored DIR: how many cells have a result
stored() {
    lacuna results "$1" --format csv 2> /dev/null | tail -n +2 | cut -d, -f2 | sort -u | wc -l
}

at_least() { # at_least N DIR
    [ "$(stored "$2")" -ge "$1" ]
}

# children PID: its worker processes
children() {
    for status in /proc/[0-9]*/status; do
        awk -v parent="$1" '/^Pid:/ { pid = $2 } /^PPid:/ && $2 == parent { print pid }' "$status" \
            2> /dev/null || true
    done
}

gone() { # gone PID...
    for pid in "$@"; do
        ! kill -0 "$pid" 2> /dev/null || return 1
    done
}
