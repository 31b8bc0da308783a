# Which model suits a table: what is said, what is refused, what the time budget does, and what
# `impute --model auto` makes of it.
. "$(dirname "$0")/common.sh"

mkdir tmp
TMPDIR=$scratch/tmp
export TMPDIR
empty_tmp() { [ -z "$(ls "$TMPDIR")" ] || fail "folders are left behind: $(ls "$TMPDIR")"; }

# b follows a and c follows both; g says whether a and b lie on the same side: numbers want a linear
# model, g wants one that sees interactions. Holes in c and g: more where a is large.
mixed() {
    awk 'BEGIN { print "a,b,c,g"; srand(4)
                 for (i = 1; i <= 240; i++) {
                     a = rand(); b = rand(); c = a + b + rand() / 50
                     g = (a > .5) == (b > .5) ? "same" : "other"
                     if (rand() < .1 + .2 * a) c = ""; else c = sprintf("%.4f", c)
                     if (rand() < .15) g = ""
                     printf "%.4f,%.4f,%s,%s\n", a, b, c, g } }' > "$1"
}
mixed mixed.csv

# --- the table, and the same numbers for programs
few="--models mean,em,missforest --repeats 3 --time-budget none"
expect 0 lacuna rank mixed.csv $few
prints "Numbers: em"
prints "Categories: missforest"
prints "mean rank"
prints "Rule: "
says "hidden the way the table's own holes are distributed"
empty_tmp
expect 0 lacuna rank mixed.csv $few --format csv -o page.html
cp stdout one.csv
head -n 1 one.csv | grep -qx 'model,status,columns,score,value,rank,reason' || fail "the head of the CSV"
[ "$(grep -c ',ranked,all,overall,' one.csv)" -eq 3 ] || fail "three models should be ranked"
grep -q '<h1>mixed.csv</h1>' page.html || fail "the page has no title"
grep -q 'best for categories' page.html || fail "the page does not name a winner"
expect 2 lacuna rank mixed.csv $few -o page.html
says "exists already"
expect 0 lacuna rank mixed.csv $few --format json
prints '"categories" : "missforest"'

# --- the same seed, the same scores; another seed, others
scores() { grep -v ',seconds,' "$1"; }
expect 0 lacuna rank mixed.csv $few --format csv -j 2
scores stdout > again
scores one.csv | cmp - again || fail "the same call gave other scores"
expect 0 lacuna rank mixed.csv $few --format csv --seed 2
! scores one.csv | cmp -s - stdout || fail "the seed does not matter"

# --- runs that are kept: reports are made of them, and only what is missing is run
expect 0 lacuna rank mixed.csv $few --keep runs --format csv
scores stdout > kept
cmp kept again || fail "--keep changes the scores"
expect 0 lacuna report runs/with-truth -o full.html
before=$(lacuna results runs/with-truth --format csv | wc -l)
expect 0 lacuna rank mixed.csv $few --keep runs --format csv
scores stdout | cmp - kept || fail "results that were there give another ranking"
[ "$(lacuna results runs/with-truth --format csv | wc -l)" -eq "$before" ] || fail "cells were run twice"
expect 2 lacuna rank mixed.csv $few --seed 7 --keep runs
says "choose another"
expect 0 lacuna run runs/with-truth/experiment.yaml -o rerun
[ "$(lacuna results rerun --format csv | wc -l)" -eq "$before" ] || fail "the kept experiment runs alone"

# --- the budget: what would take too long is skipped, what does is stopped, the others are ranked
expect 0 lacuna rank mixed.csv --models mean,em,dear --models "fault: {seconds: 60}" --repeats 3 \
    --time-budget 15s --format csv
for model in mean em; do
    grep -q "^$model,ranked,all,overall" stdout || fail "$model was not ranked"
done
grep -q '^dear,skipped,.*would take about .*--time-budget' stdout || fail "the dear one was not skipped"
grep -q '^fault,failed,.*was stopped after' stdout || fail "the slow one was not stopped"
expect 1 lacuna rank mixed.csv --models dear --time-budget 5s
prints "skipped: would take"

# --- unasked take part the models that offer themselves, those of other plugins too
# (how far they come in the time does not matter)
lacuna rank mixed.csv --repeats 1 --time-budget 3s --format csv > stdout 2> stderr || [ $? -eq 1 ] ||
    fail "the candidates could not be listed"
for model in mean median knn em mice softimpute missforest gcopula missiwae dear; do
    grep -q "^$model," stdout || fail "$model took no part"
done
! grep -q '^\(mode\|initial\|vae\|fault\),' stdout || fail "a model that does not offer itself took part"
expect 0 lacuna describe dear
prints "tries it unasked"

# --- a candidate that fails is told, and the others are ranked
expect 0 lacuna rank mixed.csv --models mean,em --models "fault: {how: fail}" --repeats 3
prints "fault      failed: "
expect 0 lacuna rank mixed.csv --models mean,em --models "fault: {how: segv}" --repeats 3
prints "fault      failed: "

auto=auto:mean,em,missforest
# --- impute --model auto: each kind of columns from its winner, and why
expect 0 lacuna impute mixed.csv -o filled.csv --model $auto --time-budget none --flags flags.csv \
    --report filled.html
says "auto: Numbers: em"
says "auto: Categories: missforest"
says "em and missforest: filled"
! grep -q ',,' filled.csv || fail "holes are left"
[ "$(grep -c ',c,em' flags.csv)" -gt 20 ] || fail "numbers are not filled by em"
[ "$(grep -c ',g,missforest' flags.csv)" -gt 20 ] || fail "categories are not filled by missforest"
! grep -q ',c,missforest\|,g,em' flags.csv || fail "the winners are mixed up"
grep -q 'auto: Numbers' filled.html || fail "the page does not say why"
awk -F, 'NR > 1 { right += $4 == (($1 > .5) == ($2 > .5) ? "same" : "other"); n++ }
         END { exit right / n < .95 }' filled.csv || fail "the categories are filled badly"
expect 0 lacuna impute mixed.csv -o draws.csv --model $auto -m 3 --time-budget none
[ "$(wc -l < draws.csv)" -eq 721 ] || fail "three completions have 721 lines"
expect 0 lacuna impute mixed.csv -o saved.csv --model $auto --time-budget none --save model.safetensors
says "--save keeps one model"
expect 0 lacuna impute mixed.csv -o loaded.csv --load model.safetensors
cmp saved.csv loaded.csv || fail "the model that was kept fills otherwise"
expect 2 lacuna impute mixed.csv -o x.csv --model auto --set k=3
says "--set goes with a model of your choice"
expect 2 lacuna impute mixed.csv -o x.csv --time-budget 1m
says "goes with --model auto"
table full.csv
expect 0 lacuna impute full.csv -o same.csv --model auto
says "nothing is missing"
cmp full.csv same.csv || fail "a complete table was changed"
empty_tmp

# --- whole numbers, ordered levels, numbers and categories each have a winner; few cells of a kind do
# not: o has two holes in 300 rows, of which a mask hides a handful
awk 'BEGIN { print "a,x,k,o,g"; srand(8); split("low mid high", level, " ")
             for (i = 1; i <= 300; i++) {
                 a = rand() + rand() - 1; x = a + rand() / 4; k = int(exp(1 + a + rand()))
                 o = level[1 + (a > -.3) + (a > .3)]; g = (a > 0) == (rand() > .1) ? "up" : "down"
                 if (rand() < .15) x = ""; if (rand() < .15) k = ""; if (i == 7 || i == 90) o = ""
                 if (rand() < .15) g = ""
                 print a "," x "," k "," o "," g } }' > kinds.csv
expect 0 lacuna rank kinds.csv --kind "o=low < mid < high" --models median,em --repeats 3
prints "Whole numbers: em"
prints "Ordered levels: a mask hides"
prints "fewer than 20, so they are"
awk 'BEGIN { FS = OFS = "," } NR > 1 { if (NR % 5 == 0) $4 = "" } { print }' kinds.csv > four.csv
expect 0 lacuna rank four.csv --kind "o=low < mid < high" --models median,em --repeats 3 --format json
prints '"ordered levels" : "em"'
prints '"whole numbers" : "em"'
expect 0 lacuna impute four.csv -o f.csv --kind "o=low < mid < high" --model auto:median,em \
    --time-budget none
says "auto: Ordered levels: em"
says "auto: Whole numbers: em"
expect 0 lacuna impute kinds.csv -o k.csv --kind "o=low < mid < high" --model auto:median,em \
    --time-budget none
says "auto: Ordered levels: a mask hides"

# --- tables without holes, and tables that are too little
expect 0 lacuna rank full.csv --models mean,em --repeats 3
says "Nothing is missing, so 10 % of the observed cells are hidden at random"
printf 'a\n1\n\n3\n4\n5\n6\n7\n8\n9\n10\n11\n' > one-column.csv
expect 2 lacuna rank one-column.csv --kind a=continuous
says "1 column to fill from"
printf 'a,b\n1,2\n3,\n5,6\n' > tiny.csv
expect 2 lacuna rank tiny.csv
says "3 rows, expected at least 10"
expect 2 lacuna impute tiny.csv -o x.csv --model auto
says "3 rows, expected at least 10"
awk -F, '{ print $0 (NR == 1 ? ",e" : ",") }' mixed.csv > empty-column.csv
expect 2 lacuna rank empty-column.csv
says "--ignore=e"
expect 0 lacuna rank empty-column.csv --ignore e --models mean,em --repeats 3
awk 'BEGIN { print "t,x,y"
             for (i = 0; i < 1600; i++) print "word" i * 7 % 400 "," i % 7 "," i % 11 }' > words.csv
expect 2 lacuna rank words.csv
says "has 400 different texts"

# most rows miss the same three columns already, so their patterns cannot hide much more: as much as
# they allow is hidden, and half of a column's cells at most
awk 'BEGIN { srand(3); print "a,b,c,d,e"
             for (i = 0; i < 400; i++) {
                 gone = rand() < .7; a = rand()
                 printf "%.3f,%s,%s,%s,%s\n", a, rand() < .03 ? "" : a + rand(),
                        gone ? "" : a + rand(), gone ? "" : a - rand(), gone ? "" : rand() } }' > most.csv
expect 0 lacuna rank most.csv --models mean,em,knn --repeats 3 --keep most
says "hidden the way the table's own holes are distributed"
prints "Numbers: "
expect 0 lacuna impute most.csv --model auto:mean,em,knn -o x.csv --force

# --- what does not make sense
expect 2 lacuna rank mixed.csv --time-budget soon
says "expected a time above 0, as in 90s"
expect 2 lacuna rank mixed.csv --format xml
says "expected table, csv or json"
expect 2 lacuna rank mixed.csv --models nonsense
says "nonsense"
# the option that was wrong, not a line of an experiment that nobody wrote
expect 2 lacuna rank mixed.csv --models "knn: {k: 0}"
says "error: --models: knn.k = 0 is outside"
expect 2 lacuna rank mixed.csv --models mean --optimizer "adam: {rate: -1}" --models missiwae
says "--optimizer: adam.rate = -1"
expect 2 lacuna rank mixed.csv --models mean --initial "meen"
says "--initial: there is no initial imputer called 'meen' (did you mean 'mean'?)"
expect 2 lacuna rank mixed.csv --mask "mcar: {rate: 0.2"
says "--mask=mcar: {rate: 0.2: expected NAME"
# the person's own file, not the copy that the runs read
expect 0 lacuna rank mixed.csv --models mean --models "mice: {methods: {nope: pmm}}" --repeats 3
prints "names column 'nope', which mixed.csv does not have"
expect 2 lacuna rank mixed.csv -m 1
says "outside [2, 1000]"
expect 2 lacuna rank mixed.csv --mask nonsense
says "nonsense"
expect 0 lacuna rank mixed.csv --mask "mcar: {rate: 0.2}" --models mean,em --repeats 3
says "Cells are hidden by mcar: {rate: 0.2}"
expect 0 lacuna rank - --models mean,em --repeats 3 < mixed.csv
prints "Numbers: em"

# --- columns as they were told: the ranking's workers read the same table
sed 's/,/;/g; s/\./,/g' mixed.csv | awk -F';' '{ print (NR == 1 ? "id" : "r" NR) ";" $0 }' > semi.csv
cat > columns.yaml <<END
columns:
  c: {min: 0, log: true}
  g: {order: [other, same]}
END
expect 0 lacuna rank semi.csv --columns columns.yaml --ignore id --models mean,em --repeats 3 \
    --keep ruled
says "delimiter ';', decimal mark ','"
prints "Numbers: em"
grep -q 'columns: ../columns.yaml' ruled/with-truth/experiment.yaml || fail "the rules are not used"
expect 0 lacuna impute semi.csv -o semi-filled.csv --columns columns.yaml --ignore id --model $auto \
    --time-budget none

# --- Ctrl-C: what is there is shown, nothing is left behind
lacuna rank mixed.csv --models "mean,fault" --models "fault: {seconds: 60}" --time-budget none \
    > stdout 2> stderr &
run=$!
wait_for 20 sh -c "ls $TMPDIR/*/with-truth/results.sqlite"
workers=$(children $run)
kill -INT $run
sleep 0.5
kill -INT $run 2> /dev/null || true # it may have ended: nothing was running when the first came
status=0
wait $run || status=$?
[ $status -eq 3 ] || fail "an interrupted ranking ended with $status, expected 3"
empty_tmp
