# Tables that are hard or wrong: filled without a hole left, or refused with a sentence that says where,
# what was seen and how to go on. Never a crash, never half a file.
. "$(dirname "$0")/common.sh"

printf 'a,b\n1,2\n,\n3,4\n4,7\n' > empty-row.csv
printf 'a,b,c\n1,5,2\n2,5,4\n,5,6\n4,,7\n5,5,\n' > constant.csv
printf 'a,b,c\n1,1,2\n2,2,4\n,3,6\n4,,7\n5,5,\n' > duplicated.csv
printf 'a\n1\n\n3\n' > one-column.csv
printf 'a,b\n1e308,2\n-1e308,3\n4,\n,5\n1.5e308,7\n' > huge.csv
printf 'a,b\n1e-300,2\n3e-300,3\n4e-300,\n,5\n2e-300,7\n' > tiny.csv
printf 'a,g\n1,x\n2,\n3,x\n' > one-level.csv
awk 'BEGIN { for (j = 1; j <= 40; j++) printf("x%d%s", j, (j < 40 ? "," : "\n"))
             for (i = 1; i <= 6; i++) for (j = 1; j <= 40; j++)
                 printf("%s%s", (i > 1 && (i * 7 + j * 3) % 10 == 0 ? "" : (i * 37 + j * 53) % 61 / 3),
                        (j < 40 ? "," : "\n")) }' > wide.csv
awk 'BEGIN { print "a,b,c,d"
             for (i = 1; i <= 200; i++) for (j = 1; j <= 4; j++)
                 printf("%s%s", ((i * 7919 + j * 10007) % 10 ? "" : (i * 37 + j * 53) % 61 / 3),
                        (j < 4 ? "," : "\n")) }' > ninety.csv
for model in mean knn em mice gcopula softimpute; do
    for name in empty-row constant duplicated one-column huge tiny one-level wide ninety; do
        for scale in minmax standard; do
            expect 0 lacuna impute $name.csv --model $model --scale $scale -o out.csv --force
            [ "$(wc -l < out.csv)" -eq "$(wc -l < $name.csv)" ] || fail "$model, $name: other rows"
            ! grep -qiE '(^|,)(,|$)|nan|inf' out.csv || fail "$model, $name: a hole was left"
        done
    done
    expect 0 lacuna impute constant.csv --model $model -o out.csv --force
    [ "$(sed -n 5p out.csv | cut -d, -f2)" = 5 ] || fail "$model: a constant column got another value"
done
expect 0 lacuna impute huge.csv --scale none --model mean

# refuse NAME WORDS...: the file NAME.csv is refused, saying all WORDS, and writes nothing; the table is
# read before the model is asked, so two of them stand for all
refuse() {
    name=$1
    shift
    for model in mean mice; do
        expect 2 lacuna impute "$name.csv" --model $model -o never.csv
        for words in "$@"; do
            says "$words"
        done
        [ ! -e never.csv ] || fail "$name: a refused table left a file"
    done
}
printf 'a,b,c\n1,,2\n2,,3\n,,5\n' > nothing-seen.csv
refuse nothing-seen "column 'b' has no value in 3 rows" "--ignore=b"
expect 0 lacuna impute nothing-seen.csv --ignore=b
printf 'a,b,c\n1,,3\n' > one-row.csv
refuse one-row "column 'b' has no value in 1 row," "--ignore=b"
printf 'a,b\n1,2\nInf,3\n4,\n' > infinite.csv
refuse infinite "infinite.csv:3:1: 'Inf' in column 'a' is not a finite number" "--na"
printf 'a,b\n1,2\n1e999,3\n4,\n' > overflow.csv
refuse overflow "overflow.csv:3:1: '1e999'"
printf 'a,b\n1,2\n3\n4,5\n' > ragged.csv
refuse ragged "ragged.csv:3:" "has 1 field, expected 2"
printf 'a,b\n1,2\n3,4,5\n' > ragged.csv
refuse ragged "ragged.csv:3:" "has 3 fields, expected 2"
printf 'a,b\n1,\377\n3,4\n' > latin.csv
refuse latin "latin.csv:2:3: byte 0xFF is not UTF-8" "iconv"
printf 'a,b\n1,"2\n3,4\n' > quote.csv
refuse quote "quote.csv:2:3" "never closed"
: > empty.csv
refuse empty "empty.csv: is empty, expected a table"
printf 'a,b\n' > names.csv
refuse names "names.csv: has names of 2 columns but no row of data"
printf 'a,a\n1,\n2,3\n' > twice.csv
refuse twice "twice.csv:1: columns 1 and 2 are both called 'a'"
printf 'a,,c\n1,2,3\n2,3,\n' > unnamed.csv
refuse unnamed "unnamed.csv:1: column 2 has no name"
awk 'BEGIN { print "a,b"; for (i = 1; i <= 60; i++) print (i == 3 ? "n/a" : i) "," i }' > mixed.csv
refuse mixed "mixed.csv:4:1: 'n/a' is not a number, but 59 of the 60 cells of column 'a' are" "--na TEXT"
expect 0 lacuna impute mixed.csv --na n/a
sed -n 4p stdout | grep -qE '^[0-9]+,3$' || fail "--na n/a did not make a hole of it"
awk 'BEGIN { print "d,a"; for (i = 1; i <= 60; i++)
             printf("%s,%d\n", (i == 3 ? "" : sprintf("2024-%02d-%02d", i % 12 + 1, i % 28 + 1)), i) }' > dates.csv
refuse dates "column 'd' looks like an identifier" "--ignore COLUMN"
awk 'BEGIN { print "a,g"; for (i = 1; i <= 30000; i++) print i "," (i % 100 ? "t" i % 10000 : "") }' > levels.csv
refuse levels "column 'g' has 9900 different texts, expected at most 256" "--ignore=g"
refuse nowhere "nowhere.csv"
mkdir folder.csv
refuse folder "folder.csv"
rmdir folder.csv

# identifiers without holes are told and left alone
awk 'BEGIN { print "id,a,b"; for (i = 1; i <= 60; i++) print "P" i "," (i % 9 ? i : "") "," i * 1.5 }' > id.csv
expect 0 lacuna impute id.csv
says "passed through as identifiers: id"
cut -d, -f1 id.csv > before
cut -d, -f1 stdout | cmp before - || fail "an identifier changed"

# many columns, a long line, and a longer one
awk 'BEGIN { for (i = 0; i < 4; i++) for (j = 1; j <= 65536; j++)
                 printf("%s%s", (i == 0 ? "x" j : (i == 2 && j % 10 == 0 ? "" : (i * j) % 10)),
                        (j < 65536 ? "," : "\n")) }' > columns.csv
for model in mean knn; do
    expect 0 lacuna impute columns.csv --model $model -o out.csv --force
    says "65536 columns"
    ! grep -q ',,' out.csv || fail "$model: a hole was left among 65536 columns"
done
{ printf 'a,t\n1,'; head -c 20000000 /dev/zero | tr '\0' x; printf '\n,y\n3,y\n'; } > long.csv
expect 0 lacuna impute long.csv --model mean -o out.csv --force
[ "$(sed -n 3p out.csv)" = "2,y" ] || fail "the row behind a long line is $(sed -n 3p out.csv)"
{ printf 'a,t\n1,"'; head -c 70000000 /dev/zero | tr '\0' x; } > longer.csv
refuse longer "longer.csv:2:1: the record is longer than 64 MiB"

# the command line
printf 'a,b\n1,2\n,3\n4,5\n' > good.csv
expect 2 lacuna impute
says "expected one table, got 0"
expect 2 lacuna impute good.csv good.csv
says "expected one table, got 2"
expect 2 lacuna impute good.csv --model kn
says "'kn'"
says "knn"
expect 2 lacuna impute good.csv --set kk=3
says "kk"
says "'k'"
expect 2 lacuna impute good.csv --set k=0
says "0"
says "[1,"
expect 2 lacuna impute good.csv --set k=many
says "many"
expect 2 lacuna impute good.csv --set k
says "--set=k: expected PARAM=VALUE"
expect 2 lacuna impute good.csv --initial men
says "'men'"
expect 2 lacuna impute good.csv --scale maxmin
says "--scale=maxmin: expected minmax, standard or none"
expect 2 lacuna impute good.csv --kind a=real
says "'real' is no kind"
expect 2 lacuna impute good.csv --kind a
says "--kind=a: expected COLUMN=KIND"
expect 2 lacuna impute good.csv --ignore c
says "there is no column 'c'; there are a, b"
expect 2 lacuna impute good.csv --header maybe
says "--header=maybe: expected yes, no or auto"
expect 2 lacuna impute good.csv --delimiter ,,
says "--delimiter=,,: expected one character, or 'tab'"
expect 2 lacuna impute good.csv --delimiter a
says "delimiter cannot be"
expect 2 lacuna impute good.csv --decimal ,
says "cannot be both the delimiter and the decimal mark"
expect 2 lacuna impute good.csv --outptu x.csv
says "did you mean --output?"
expect 2 lacuna impute good.csv -m many

# a model that would take more memory than allowed is refused before it starts
expect 2 lacuna impute ninety.csv --model knn -o never.csv --max-memory 1
for words in "ninety.csv: knn needs about" "for 200 rows and 4 columns" "more than 1 MiB, the limit"; do
    says "$words"
done
[ ! -e never.csv ] || fail "a refused table left a file"
expect 0 lacuna impute ninety.csv --model knn -o out.csv --force --max-memory '2 GiB'
for size in '' 0 -1 many '1 GB' nan; do
    expect 2 lacuna impute ninety.csv --model knn -o never.csv --max-memory "$size"
    says "--max-memory: '$size' is not a positive number of MiB, nor one with a unit (MiB, GiB, TiB)"
done
