# Full disks, read-only folders, closed pipes, interrupts: an error or an exit status that says so, and
# no part of a file.
. "$(dirname "$0")/common.sh"

# nothing_but NAMES...: what the folder holds, hidden files included
nothing_but() {
    [ "$(ls -A "$1" | tr '\n' ' ')" = "$2" ] || fail "$1 holds: $(ls -A "$1" | tr '\n' ' ')"
}

awk 'BEGIN { print "a,b,c,d"; for (i = 1; i <= 20000; i++)
                 printf "%d,%s,%.3f,%d\n", i * 37 % 611, i % 7 ? i * 17 % 233 : "", i * 29 % 311 / 7, i % 9 }' > big.csv
mkdir out
# the size a file may have stands for a disk on every machine; 512 bytes a unit
expect 2 sh -c 'ulimit -f 100; exec lacuna impute big.csv --model mean -o out/filled.csv'
says "out/filled.csv: cannot write: File too large"
nothing_but out ""
expect 2 sh -c 'ulimit -f 100; exec lacuna impute big.csv --model knn -o /dev/null --save out/model.st'
nothing_but out ""
cp big.csv out/old.csv
expect 2 sh -c 'ulimit -f 100; exec lacuna impute big.csv --model mean -o out/old.csv --force'
cmp big.csv out/old.csv || fail "a file that could not be replaced changed"
rm out/old.csv
# a real one, where mounting is allowed
if mount -t tmpfs -o size=64k tmpfs out 2> /dev/null; then
    status=0
    lacuna impute big.csv --model mean -o out/filled.csv > stdout 2> stderr || status=$?
    left=$(ls -A out)
    umount out
    [ $status -eq 2 ] || fail "a full disk ended with $status"
    says "No space left on device"
    [ -z "$left" ] || fail "a full disk holds $left"
fi
[ ! -e /dev/full ] || {
    expect 2 sh -c 'lacuna impute big.csv --model mean > /dev/full'
    says "standard output: cannot write: No space left on device"
    expect 2 lacuna impute big.csv --model mean -o /dev/full
    says "/dev/full: cannot write"
}

# a pipe that nobody reads any more is no error, a closed stream is one
status=0
{ lacuna impute big.csv --model mean 2> stderr || echo $? > status; } | head -n 2 > stdout
[ ! -e status ] || fail "a closed pipe ended with $(cat status)"
! grep -q error stderr || fail "a closed pipe is called an error"
[ "$(head -n 1 stdout)" = a,b,c,d ] || fail "the pipe did not get the table"
expect 2 sh -c 'lacuna impute big.csv --model mean >&-'
says "standard output"
expect 2 sh -c 'lacuna impute big.csv --model mean --flags out/flags.csv >&-'
nothing_but out ""
expect 2 sh -c 'lacuna impute - <&-'
expect 0 sh -c 'lacuna impute big.csv --model mean -o out/x.csv 2>&-'
rm out/x.csv

# a folder that may only be read
chmod a-w out
chmod a+rx .
nobody=
if [ "$(id -u)" -eq 0 ] && command -v setpriv > /dev/null; then
    nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi
if [ "$(id -u)" -ne 0 ] || $nobody lacuna --version > /dev/null 2>&1; then
    for option in "-o out/x.csv" "-o /dev/null --flags out/x.csv" "-o /dev/null --save out/x.st"; do
        expect 2 $nobody lacuna impute big.csv --model mean $option
        says "out/x."
        says "Permission denied"
    done
fi
chmod u+w out
nothing_but out ""

# interrupted while it reads, while it fits and while it waits for input: status 3, no file
awk 'BEGIN { for (i = 0; i <= 3000; i++) for (j = 1; j <= 60; j++)
                 printf("%s%s", (i == 0 ? "x" j : ((i * 7919 + j * 104729) % 11 ? (i * 37 + j * 53) % 613 / 3 : "")),
                        (j < 60 ? "," : "\n")) }' > slow.csv
for signal in INT TERM; do
    lacuna impute slow.csv --model mice --set iterations=10000 -o out/x.csv --save out/x.st --flags out/f.csv > stdout 2> stderr &
    job=$!
    wait_for 20 sh -c 'ls -A out | grep -q .' # the files are opened before the fit
    kill -$signal $job
    status=0
    wait $job || status=$?
    [ $status -eq 3 ] || fail "$signal during a fit ended with $status, expected 3"
    says "lacuna: interrupted"
    nothing_but out ""
done
mkfifo pipe
lacuna impute - -o out/x.csv < pipe > stdout 2> stderr &
job=$!
exec 9> pipe
echo "a,b" >&9
sleep 0.2
kill -INT $job
status=0
wait $job || status=$?
exec 9>&-
[ $status -eq 3 ] || fail "an interrupt while reading ended with $status, expected 3"
nothing_but out ""

# a training that blows up says in which step, and leaves the model of its last good epoch
awk 'BEGIN { print "a,b,c"; for (i = 0; i < 60; i++)
                 printf("%g,%s,%g\n", (i * 37) % 61, (i % 5 ? (i * 53) % 47 : ""), (i * 11) % 13) }' > steep.csv
steep="steep.csv --model missiwae --optimizer sgd --set optimizer.rate=0.3 --set epochs=40 --set batch=60
       --set likelihood=gaussian --set activation=none --set train_samples=5 --set impute_samples=10"
expect 2 lacuna impute $steep -o out/x.csv --save out/x.st
says "step "
says "10 times in a row"
says "the last good one, is in out/x.st.last-good"
[ "$(ls -A out)" = x.st.last-good ] || fail "out holds $(ls -A out)"
expect 0 lacuna impute steep.csv --load out/x.st.last-good -o out/y.csv
rm out/x.st.last-good out/y.csv
expect 2 lacuna impute $steep -o out/x.csv
says "With --save FILE the model of epoch"
expect 2 lacuna impute $steep -o out/x.csv --check-numerics
says "step "
says ", operator "
nothing_but out ""

# what is done in less than ten seconds has no progress to put on record
expect 0 lacuna impute big.csv --model mice -o out/x.csv
! grep -q '%$' stderr || fail "progress was printed where there is no terminal"
expect 0 lacuna impute big.csv --model mean -o out/x.csv --force -q
[ ! -s stderr ] || fail "-q is not quiet"
