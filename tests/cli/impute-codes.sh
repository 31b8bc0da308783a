# lacuna impute: numbers that are names of something are not averaged.
. "$(dirname "$0")/common.sh"

awk 'BEGIN { print "ward,id,x"
    for (i = 1; i <= 60; i++)
        printf "%s,%s%06d,%s\n", (i % 7 == 0) ? "" : sprintf("%03d", i % 4 + 7), "9007199254", 740993 + i,
            (i % 9 == 0) ? "" : i % 5 }' > t.csv
expect 0 lacuna impute t.csv --model mode -o filled.csv
says "taken for categories, because zeros stand in front of numbers: ward (--kind NAME=integer"
says "passed through as identifiers: id"
awk -F, 'NR > 1 && $1 !~ /^0(07|08|09|10)$/ { print; bad = 1 } END { exit bad }' filled.csv || fail "a ward"
[ "$(cut -d, -f2 t.csv)" = "$(cut -d, -f2 filled.csv)" ] || fail "an id has changed"
# as numbers when that is what they are: still written as the column is
expect 0 lacuna impute t.csv --model mean --kind ward=integer -o numbers.csv
awk -F, 'NR > 1 && $1 !~ /^0[01][0-9]$/ { print; bad = 1 } END { exit bad }' numbers.csv || fail "a number"
# an id with a hole cannot be filled, and nobody pretends
sed '5s/,[0-9]*,/,,/' t.csv > hole.csv
expect 2 lacuna impute hole.csv -o none.csv
says "column 'id' looks like an identifier (whole numbers beyond 2^53"
[ ! -e none.csv ] || fail "something was written"
expect 0 lacuna impute hole.csv --ignore id -o kept.csv
expect 0 lacuna impute hole.csv --kind id=continuous -o guessed.csv
# a kept model takes new rows for what its own were
expect 0 lacuna impute t.csv --model mode --save m.model -o again.csv
printf 'ward,id,x\n,9007199254741999,2\n012,9007199254741999,\n' > new.csv
expect 2 lacuna impute new.csv --load m.model
says "holds '012', a level the model has not seen"
sed 's/^012/008/' new.csv > known.csv
expect 0 lacuna impute known.csv --load m.model
