# Folders that are in use, damaged, foreign, full or closed: a sentence, and nothing lost.
. "$(dirname "$0")/common.sh"

slow_experiment slow.yaml 3 0.5
lacuna run slow.yaml -o out > first.txt 2>&1 &
run=$!
wait_for 20 test -s out/results.sqlite
expect 2 lacuna run slow.yaml -o out --resume
says "another run is writing into this folder"
wait $run || fail "the first run was disturbed: $(cat first.txt)"
[ "$(stored out)" -eq 3 ] || fail "the first run stored $(stored out) cells"

# a changed experiment does not mix with old results
expect 2 lacuna run slow.yaml -o out --resume --set seed=2
says "holds 3 cells that this experiment does not have"
expect 0 lacuna run slow.yaml -o out --prune --set seed=2 --set model.fault.seconds=0
[ "$(stored out)" -eq 3 ] || fail "--prune left $(stored out) cells"

# not a result folder
expect 2 lacuna results .
says "there is no results.sqlite in it"
expect 2 lacuna results nowhere

# damaged files
cp -r out damaged
dd if=/dev/urandom of=damaged/results.sqlite bs=4096 seek=1 count=3 conv=notrunc 2> /dev/null
expect 2 lacuna results damaged
says "damaged"
expect 2 lacuna run slow.yaml -o damaged --resume --set seed=2 --set model.fault.seconds=0
says "damaged"
mkdir noise
head -c 5000 /dev/urandom > noise/results.sqlite
expect 2 lacuna results noise
says "damaged or not a result file"
expect 2 lacuna run slow.yaml -o noise
says "holds results already"
expect 2 lacuna run slow.yaml -o noise --resume
says "damaged or not a result file"

# folders that cannot be
touch file
expect 2 lacuna run slow.yaml -o file/below
says "cannot make this folder"
expect 2 lacuna run slow.yaml -o /proc/lacuna
says "cannot make this folder"

# a reader that goes away, and one that is full
lacuna results out --format csv | head -n 1 > head.csv
grep -q '^run,cell,status' head.csv || fail "head got no head"
if [ -w /dev/full ]; then
    status=0
    lacuna results out --format csv > /dev/full 2> stderr || status=$?
    [ $status -ne 0 ] || fail "a full standard output passed for success"
fi
