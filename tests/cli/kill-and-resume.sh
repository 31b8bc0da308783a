# kill -9 of a worker, of the whole run: nothing stored is lost, and what --resume adds makes the
# same numbers as a run that nobody disturbed.
. "$(dirname "$0")/common.sh"

slow_experiment slow.yaml 12 0.3
expect 0 lacuna run slow.yaml -o whole -j 2
numbers whole > whole.csv
[ "$(wc -l < whole.csv)" -gt 24 ] || fail "too few rows"

# a worker
lacuna run slow.yaml -o worker -j 2 > stdout 2> stderr &
run=$!
wait_for 20 at_least 2 worker
victim=$(children $run | head -n 1)
[ -n "$victim" ] || fail "no worker found"
kill -9 "$victim"
wait $run || fail "the run did not survive its worker"
numbers worker > worker.csv
cmp whole.csv worker.csv || fail "a killed worker changed the numbers"

# the parent
lacuna run slow.yaml -o parent -j 2 > stdout 2> stderr &
run=$!
wait_for 20 at_least 3 parent
workers=$(children $run)
kill -9 $run
wait $run 2> /dev/null || true
wait_for 5 gone $workers
before=$(stored parent)
[ "$before" -ge 3 ] && [ "$before" -lt 12 ] || fail "$before cells were stored"
expect 0 lacuna run slow.yaml -o parent -j 2 --resume
says "($before were there)"
numbers parent > parent.csv
cmp whole.csv parent.csv || fail "a resumed run differs from an undisturbed one"

# nothing is left to do; and without --resume results are not touched
expect 0 lacuna run slow.yaml -o parent --resume
says "0 cells done (12 were there)"
expect 2 lacuna run slow.yaml -o parent
says "holds results already; go on with --resume"
expect 0 lacuna run slow.yaml -o parent --force -j 2 --set model.fault.seconds=0
