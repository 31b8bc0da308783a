# The line that tells on a terminal how far a run is: one line, whatever the terminal's width, with a
# part for every worker.
. "$(dirname "$0")/common.sh"
can_make_terminal || skip "no terminal can be made here"

slow_experiment a-file-name-that-is-rather-long.yaml 4 0.5

# line COLUMNS: the longest progress line of a run on so wide a terminal
line() {
    script -qec "stty cols $1; lacuna run *.yaml -o out$1 -j 2 --set repeats=2" typescript > /dev/null
    tr '\r' '\n' < typescript | sed 's/\x1b\[[0-9;?]*[A-Za-z]//g' | grep 'cells.* left' |
        awk '{ if (length($0) > length(best)) best = $0 } END { print best }'
}

line 90 > wide
[ "$(grep -o ' | ' wide | wc -l)" -eq 2 ] || fail "not both workers are told of: $(cat wide)"
grep -q 'data.*repeat.*data.*repeat' wide || fail "a worker's cell is cut at its end: $(cat wide)"
[ "$(wc -m < wide)" -le 90 ] || fail "wider than the terminal: $(cat wide)"
line 24 > narrow
[ "$(wc -m < narrow)" -le 24 ] || fail "wider than the terminal: $(cat narrow)"
! grep -q '|' narrow || fail "scraps of cells on a narrow terminal: $(cat narrow)"
