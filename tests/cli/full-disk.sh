# The disk fills up in the middle of a run: what was stored stays whole, the rest is run later.
. "$(dirname "$0")/common.sh"

slow_experiment quick.yaml 400 0
expect 0 lacuna run quick.yaml -o whole -j 2
numbers whole > whole.csv

# check HOW DIR: a run that ran out of room in DIR
check() {
    says "make room, then run again with --resume"
    kept=$(stored "$2")
    [ "$kept" -lt 400 ] || fail "$1: all cells fitted"
    lacuna results "$2" --format csv | tail -n +2 | cut -d, -f2 | sort | uniq -c |
        awk '$1 != n && n { exit 1 } { n = $1 }' || fail "$1: a cell is stored in part"
}

# a limit on the size of files stands for a disk on every machine
status=0
sh -c 'ulimit -f 400; exec lacuna run quick.yaml -o limited -j 2' > stdout 2> stderr || status=$?
[ $status -eq 3 ] || fail "a run on a full disk ended with $status, expected 3"
check limit limited
expect 0 lacuna run quick.yaml -o limited -j 2 --resume
numbers limited > limited.csv
cmp whole.csv limited.csv || fail "a run resumed after a full disk differs"

# a real one, where mounting is allowed
mkdir small
if mount -t tmpfs -o size=192k tmpfs small 2> /dev/null; then
    status=0
    lacuna run quick.yaml -o small/run -j 2 > stdout 2> stderr || status=$?
    [ $status -eq 3 ] || { umount small; fail "a run on a full tmpfs ended with $status"; }
    check tmpfs small/run
    mount -o remount,size=64m small
    status=0
    lacuna run quick.yaml -o small/run -j 2 --resume > stdout 2> stderr || status=$?
    numbers small/run > small.csv
    umount small
    [ $status -eq 0 ] || fail "resuming on the tmpfs ended with $status"
    cmp whole.csv small.csv || fail "a run resumed on the tmpfs differs"
fi
