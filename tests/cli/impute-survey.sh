# lacuna impute and inspect on a Stata file: the reader's text goes the way of delimited text.
. "$(dirname "$0")/common.sh"
lacuna plugins readers > readers
grep -q "^  readstat" readers || skip "built without libreadstat"
cp "$here/../data/readers/survey.dta" .

expect 0 lacuna impute survey.dta --model em -o survey.csv
says "survey.dta: 40 rows, 9 columns"
says "visit: a date, read as days since 1970-01-01"
says "written as comma-separated text"
[ "$(wc -l < survey.csv)" -eq 41 ] || fail "rows"
! grep -q ',,' survey.csv || fail "a hole is left"
# what was observed is what pandas says (as numbers: 68.0 is 68)
paste -d, "$here/../data/readers/survey.csv" survey.csv | awk -F, '
    NR > 1 { for (j = 1; j <= 9; j++) if ($j != "" && $j != $(j + 9) && $j - $(j + 9) != 0) bad = 1 }
    END { exit bad }' || fail "an observed value has changed"
expect 0 lacuna impute survey.dta --model mice -m 2 --flags flags.csv -o long.csv
[ "$(wc -l < long.csv)" -eq 81 ] || fail "long table"
gzip -k survey.dta
expect 0 lacuna impute survey.dta.gz --model em -o gz.csv
cmp survey.csv gz.csv || fail "compressed is not the same"
# rules, printed and given
expect 0 lacuna inspect survey.dta --format yaml
sed 's/"grade": {kind: nominal, levels: .*/"grade": {order: [low, mid, high]}/' stdout > rules.yaml
expect 0 lacuna impute survey.dta --columns rules.yaml --model em -o ruled.csv
says "1 ordinal: grade"
# experiments
cat > e.yaml <<'END'
lacuna: 1
data: {readstat: {path: survey.dta, columns: {grade: {order: [low, mid, high]}, age: {min: 18}}}}
mask: {mcar: {rate: 0.1}}
model: mean
END
expect 0 lacuna run e.yaml -o out
# what the reader has to tell of a file is told by every cell that stands on it
cp "$here/../data/readers/survey.sav" .
printf 'data: {readstat: {path: survey.sav}}\nlacuna: 1\nmask: {mcar: {rate: 0.1}}\nmodel: [mean, median]\n' > sav.yaml
expect 0 lacuna run sav.yaml -o sav
expect 0 lacuna report sav -o sav.html
grep -q "INCOME: cells missing: 1 as -8, 1 as -9, 1 as 999" sav.html || fail "codes for missing are not told"
# slips
expect 2 lacuna impute survey.dta -o other.dta
says "other.dta: only delimited text is written"
head -c 3000 survey.dta > cut.dta
expect 2 lacuna impute cut.dta
says "expected a file of Stata"
expect 2 lacuna impute none.sav
says "none.sav"
expect 2 lacuna impute "$here/../data/readers/f8.npy"
says "turn it into delimited text"
