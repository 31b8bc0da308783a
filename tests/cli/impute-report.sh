# lacuna impute --report: a page about the completions, with hidden cells filled again.
. "$(dirname "$0")/common.sh"

awk -F, -v OFS=, 'NR > 1 && NR % 7 == 0 { $3 = "" } NR > 1 && NR % 9 == 0 { $1 = "" } 1' \
    "$here/../../experiments/data/penguins.csv" > holes.csv
expect 0 lacuna impute holes.csv -o plain.csv --model mice -m 20
expect 0 lacuna impute holes.csv -o filled.csv --model mice -m 20 --report page.html
cmp plain.csv filled.csv || fail "the report changed the completions"
# has TEXT: it is on the page
has() {
    grep -qF -- "$1" page.html || fail "the page does not say '$1'"
}
has '<title>holes.csv – Lacuna completion</title>'
has 'observed cells were hidden, the model was fitted again without them'
has 'of 90 % intervals'
has 'id="convergence"'
has 'Nothing had to be done differently from what was asked.'
has '>R̂ of mean<'
has '>autocorrelation<'
# traces are in the units of the table: bodies weigh grams, not shares of their range
tr '>' '\n' < page.html | awk '/^mean<\/td/ { mean = NR } /^body_mass_g</ && NR == mean + 2 { at = NR }
    at && NR == at + 6 { split($0, v, "<"); grams = v[1]; at = 0 }
    END { exit !(grams > 2000 && grams < 7000) }' || fail "the trace of body_mass_g is not in grams"
if command -v gnuplot > /dev/null; then
    for column in bill_length_mm bill_depth_mm flipper_length_mm body_mass_g sex; do
        has ">mean of $column"
        has ">sd of $column"
    done
    has 'bill_length_mm: density'
    has 'bill_length_mm: completions'
    has 'bill_length_mm: intervals'
    has 'species: shares of levels'
    has 'bill_length_mm: hidden and imputed'
    has 'mice on holes.csv; 10 of 20 chains.'
fi
# the same table, model and seed give the same page
expect 0 lacuna impute holes.csv -o filled.csv --model mice -m 20 --report again.html --force
cmp page.html again.html || fail "another page"
# best guesses have no intervals; what was done differently is told
printf 'k,x,y\n5,1,2\n5,,3\n5,3,4\n5,4,5\n,5,\n5,6,8\n' > constant.csv
expect 0 lacuna impute constant.csv --model mice -o c.csv --report page.html --force
has 'draw several with -m'
expect 0 lacuna impute constant.csv --model mean -o c.csv --report page.html --force
has 'best guesses, which have no intervals'
# few completions have no intervals, one column has nothing to hide, a derived one may have nothing observed
printf 'w,h,bmi\n70,1.8,\n62,,\n55,1.6,\n80,1.9,\n,1.7,\n66,1.7,\n' > body.csv
printf 'columns:\n  w: {unit: kg}\n  bmi: {derived: w / h^2}\n' > body.yaml
expect 0 lacuna impute body.csv --columns body.yaml --model mice -m 5 -o c.csv --report page.html --force
has 'Intervals of single cells need 19 completions'
has '>w (kg)<'
has '0 observed values; 6 cells in 5 completions'
printf 'w\n70\nNA\n62\n55\n80\n' > column.csv
expect 0 lacuna impute column.csv --model mice -m 5 -o c.csv --report page.html --force
has 'Not made: no observed cell could be hidden'
says 'column.csv: 5 rows, 1 column ('
# a loaded model is not fitted again; a whole table has nothing to show
expect 0 lacuna impute holes.csv -o f.csv --model knn --save knn.safetensors
expect 0 lacuna impute holes.csv -o f.csv --load knn.safetensors --report page.html --force
has 'Not made: the model was loaded'
table whole.csv
expect 0 lacuna impute whole.csv -o f.csv --report page.html --force
has 'Nothing is missing'
# no page without a table, and none in place of another file
expect 2 lacuna impute holes.csv -o filled.csv --report other.html
[ ! -e other.html ] || fail "a page of a table that was not written"
expect 2 lacuna impute holes.csv -o new.csv --report page.html
says "page.html exists already"
expect 2 lacuna impute holes.csv -o same.csv --report same.csv
says "expected two files"

# --- predictors: quick: which were chosen. The table is nhanes; the lines are what R prints:
#   Rscript -e 'library(mice); quickpred(nhanes)'     (mice 3.15.0)
cat > nhanes.csv <<END
age,bmi,hyp,chl
1,,,
2,22.7,1,187
1,,1,187
3,,,
1,20.4,1,113
3,,,184
1,22.5,1,118
1,30.1,1,187
2,22,1,238
2,,,
1,,,
2,,,
3,21.7,1,206
2,28.7,2,204
1,29.6,1,
1,,,
3,27.2,2,284
2,26.3,2,199
1,35.3,1,218
3,25.5,2,
1,,,
1,33.2,1,229
1,27.5,1,131
3,24.9,1,
2,27.4,1,186
END
expect 0 lacuna impute nhanes.csv -o f.csv --kind age=integer --kind hyp=integer --report page.html --force \
    --model "mice: {predictors: quick, iterations: 1}"
says "predictors: bmi ~ age + hyp + chl"
says "predictors: hyp ~ age + chl"
says "predictors: chl ~ age + bmi + hyp"
sed -n '/id="predictors"/,/<\/section>/p' page.html | grep '^<tr>' | sed 's/<[^>]*>/ /g; s/  */ /g' > matrix
printf ' bmi 1 0 1 1 \n hyp 1 0 0 1 \n chl 1 1 1 0 \n' | cmp - matrix || fail "the matrix of predictors: $(cat matrix)"
expect 0 lacuna impute nhanes.csv -o f.csv --kind age=integer --kind hyp=integer --report page.html --force \
    --model "mice: {iterations: 1}"
! grep -q 'id="predictors"' page.html || fail "predictors that nobody chose are shown"
