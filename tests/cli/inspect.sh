# lacuna inspect: what is missing in a table, in the terminal, as JSON and as a page.
. "$(dirname "$0")/common.sh"

data=$here/../../experiments/data/penguins.csv
expect 0 lacuna inspect "$data"
prints "bill_length_mm     continuous        2    0.6   0.002    0.474"
prints " 333  (nothing)"
prints "   9  sex"
prints "d² = 3.86 with 4 degrees of freedom over 2 patterns, p = 0.43"
[ ! -s stderr ] || fail "something on standard error"
expect 0 lacuna inspect "$data" -o page.html --format json
says "page.html"
prints '"p.value" : 0.42'
grep -q '<title>penguins.csv – Lacuna inspection</title>' page.html || fail "the title"
grep -q '://' page.html && fail "the page asks for something"
[ "$(grep -c 'class="hole slim"' page.html)" -eq 2 ] || fail "two patterns have holes"
# the same table gives the same page; an existing one stays
cp page.html before.html
expect 2 lacuna inspect "$data" -o page.html
says "page.html exists already"
expect 0 lacuna inspect "$data" -o page.html --force
cmp page.html before.html || fail "another page"
expect 0 lacuna inspect "$data" -o -
[ "$(head -n 1 stdout)" = "<!doctype html>" ] || fail "-o - is not the page alone"
# airquality of R: naniar documents 35.1, 14, 0.00142
expect 0 lacuna inspect "$here/../unit/data/airquality.csv" --format json
prints '"statistic" : 35.106'
# tables on which there is nothing to test
table whole.csv
expect 0 lacuna inspect whole.csv -o whole.html
prints "  60  (nothing)"
grep -q 'Nothing is missing' whole.html || fail "a whole table"
printf 'a,b\n1,\n2,\n3,\n' > empty.csv
expect 0 lacuna inspect empty.csv -o empty.html
prints "Little's test cannot be made: fewer than two columns"
printf 'a,<b>,c\n1,2,4\n2,,8\n3,6,\n4,8,16\n5,10,20\n' > line.csv
expect 0 lacuna inspect line.csv -o line.html
prints "singular"
grep -q '&lt;b&gt;' line.html || fail "a name is not escaped"
grep -q '<b>' line.html && fail "a name became markup"
# options of the reader; slips
printf 'a;b\n1,5;x\n-9;y\n2,5;x\n' > semi.csv
expect 0 lacuna inspect semi.csv --na=-9 --kind b=nominal
prints "a       continuous        1   33.3"
expect 2 lacuna inspect
says "expected one table"
expect 2 lacuna inspect semi.csv --format xml
says "--format=xml: expected table, json or yaml"
expect 2 lacuna inspect none.csv
says "none.csv"
