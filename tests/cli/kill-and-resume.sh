# kill -9 of a worker, of the whole run: nothing stored is lost, and what --resume adds makes the
# same numbers as a run that nobody disturbed.
. "$(dirname "$0")/common.sh"

slow_experiment slow.yaml 12 0
expect 0 lacuna run slow.yaml -o whole -j 2
numbers whole > whole.csv
[ "$(wc -l < whole.csv)" -gt 24 ] || fail "too few rows"

# From here on three cells of twelve come to an end and the others wait: whoever is killed is killed
# in the middle, however busy the machine.
export FAULT_GATE="$scratch/gate" FAULT_FREE=3

# a worker
lacuna run slow.yaml -o worker -j 2 > stdout 2> stderr &
run=$!
wait_for 60 at_least 3 worker
victim=$(children $run | head -n 1)
[ -n "$victim" ] || fail "no worker found"
kill -9 "$victim"
touch gate
wait $run || fail "the run did not survive its worker"
numbers worker > worker.csv
cmp whole.csv worker.csv || fail "a killed worker changed the numbers"
rm gate

# the parent
lacuna run slow.yaml -o parent -j 2 > stdout 2> stderr &
run=$!
wait_for 60 at_least 3 parent
workers=$(children $run)
kill -9 $run
wait $run 2> /dev/null || true
wait_for 60 gone $workers
[ "$(stored parent)" -eq 3 ] || fail "$(stored parent) cells were stored, expected 3"
touch gate
expect 0 lacuna run slow.yaml -o parent -j 2 --resume
says "(3 were there)"
numbers parent > parent.csv
cmp whole.csv parent.csv || fail "a resumed run differs from an undisturbed one"

# nothing is left to do; and without --resume results are not touched
expect 0 lacuna run slow.yaml -o parent --resume
says "0 cells done (12 were there)"
expect 2 lacuna run slow.yaml -o parent
says "holds results already; go on with --resume"
expect 0 lacuna run slow.yaml -o parent --force -j 2
