# Ctrl-C once: finish what runs, keep it, exit 3. Twice: stop now.
. "$(dirname "$0")/common.sh"

# Two cells come to an end, two are running and wait at a gate that opens once the first Ctrl-C has
# been heard.
slow_experiment slow.yaml 12 0
expect 0 lacuna run slow.yaml -o whole -j 2
export FAULT_GATE="$scratch/gate" FAULT_FREE=2
lacuna run slow.yaml -o out -j 2 > stdout 2> stderr &
run=$!
wait_for 60 at_least 2 out
kill -INT $run
wait_for 60 grep -q 'interrupt again to drop them' stderr
touch gate
status=0
wait $run || status=$?
[ $status -eq 3 ] || fail "an interrupted run ended with $status, expected 3"
says "go on with --resume"
kept=$(stored out)
# two were done, the two that ran (or the one, when the second was not handed out yet) came to an end
[ "$kept" -ge 2 ] && [ "$kept" -le 4 ] || fail "$kept cells were kept, expected 2 to 4"
expect 0 lacuna run slow.yaml -o out -j 2 --resume
says "($kept were there)"
numbers out > a
numbers whole > b
cmp a b || fail "a resumed run differs from an undisturbed one"
rm gate

export FAULT_FREE=0
rm stderr # the command in the background may be late to empty it, and it speaks of cells
lacuna run slow.yaml -o long -j 2 > stdout 2> stderr &
run=$!
wait_for 60 grep -q 'cells' stderr
workers=$(children $run)
kill -INT $run
wait_for 60 grep -q 'interrupt again' stderr
kill -INT $run
status=0
wait $run || status=$?
[ $status -eq 3 ] || fail "a run interrupted twice ended with $status, expected 3"
wait_for 60 gone $workers
[ "$(stored long)" -eq 0 ] || fail "cells that were dropped are stored"
