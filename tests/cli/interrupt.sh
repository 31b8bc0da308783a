# Ctrl-C once: finish what runs, keep it, exit 3. Twice: stop now.
. "$(dirname "$0")/common.sh"

slow_experiment slow.yaml 12 0.3
lacuna run slow.yaml -o out -j 2 > stdout 2> stderr &
run=$!
wait_for 20 at_least 2 out
kill -INT $run
status=0
wait $run || status=$?
[ $status -eq 3 ] || fail "an interrupted run ended with $status, expected 3"
says "interrupt again to drop them"
says "go on with --resume"
kept=$(stored out)
[ "$kept" -ge 2 ] && [ "$kept" -lt 12 ] || fail "$kept cells were kept"
expect 0 lacuna run slow.yaml -o out -j 2 --resume
says "($kept were there)"
expect 0 lacuna run slow.yaml -o whole -j 2
numbers out > a
numbers whole > b
cmp a b || fail "a resumed run differs from an undisturbed one"

slow_experiment long.yaml 4 50
lacuna run long.yaml -o long -j 2 > stdout 2> stderr &
run=$!
wait_for 20 grep -q 'cells' stderr
workers=$(children $run)
kill -INT $run
wait_for 5 grep -q 'interrupt again' stderr
kill -INT $run
status=0
wait $run || status=$?
[ $status -eq 3 ] || fail "a run interrupted twice ended with $status, expected 3"
wait_for 5 gone $workers
[ "$(stored long)" -eq 0 ] || fail "cells that were dropped are stored"
