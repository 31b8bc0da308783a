# lacuna impute --columns: rules of columns from a file.
. "$(dirname "$0")/common.sh"

awk 'BEGIN { print "id,dose,age,grade,code"
    for (i = 1; i <= 80; i++) {
        d = exp((i * 37 % 61) / 15); g = (i % 3 == 0) ? "low" : (i % 3 == 1) ? "mid" : "high"
        printf "r%d,%s,%s,%s,%s\n", i, (i % 5 == 0) ? "" : sprintf("%.3f", d),
            (i % 7 == 0) ? 999 : 20 + i % 40, (i % 11 == 0) ? "unknown" : g, (i % 4 == 0) ? -9 : 1 + d / 2 + i * 17 % 13 } }' > t.csv
cat > rules.yaml <<'END'
columns:
  id: skip
  dose: {log: true, unit: mg}
  age: {integer: true, min: 0, max: 120, missing: 999}
  grade: {order: [low, mid, high], missing: unknown}
  code: {min: 1, max: 60, missing: [-9]}
END
expect 0 lacuna inspect t.csv --columns rules.yaml -o page.html
grep -q 'continuous, mg, logarithm' page.html || fail "the page does not tell unit and logarithm"
grep -q 'integer, from 0, up to 120' page.html || fail "the page does not tell bounds"
prints "dose    continuous       16   20.0"
prints "age     integer          11   13.7"
prints "grade   ordinal           7    8.8"
prints "code    continuous       20   25.0"
for model in em mice; do
    expect 0 lacuna impute t.csv --columns rules.yaml --model $model -m 5 -o $model.csv
    awk -F, 'NR > 1 && !($2 > 0 && $3 >= 0 && $3 <= 120 && $3 == int($3) && $3 != 999 && $5 >= 1 &&
                         $5 <= 60 && ($4 == "low" || $4 == "mid" || $4 == "high")) { print; bad = 1 }
             END { exit bad }' $model.csv || fail "$model broke a rule"
    [ "$(wc -l < $model.csv)" -eq 401 ] || fail "$model: rows"
done
# on the scale of logarithms a Gaussian cannot come out below zero, and nothing had to be capped
expect 0 lacuna impute t.csv --columns rules.yaml --model em -m 5 -o em2.csv
cmp em.csv em2.csv || fail "not the same twice"
grep -q "imputed values\\? of 'dose'" stderr && fail "dose was capped"
# observed cells keep their bytes
expect 0 lacuna impute t.csv --columns rules.yaml --model em -o one.csv
paste -d, t.csv one.csv | awk -F, 'NR > 1 && $2 != "" && $2 != $7 { bad = 1 } END { exit bad }' ||
    fail "an observed dose has changed"
# the columns as they were taken are a file of rules
expect 0 lacuna inspect t.csv --format yaml
cp stdout sniffed.yaml
expect 0 lacuna impute t.csv --columns sniffed.yaml --model mean -o s.csv
# slips
printf 'columns: {dose: {mni: 1}}\n' > bad.yaml
expect 2 lacuna impute t.csv --columns bad.yaml
says "bad.yaml:1:18: columns.dose.mni is not known, did you mean min"
printf 'columns: {dosis: {kind: integer}}\n' > bad.yaml
expect 2 lacuna impute t.csv --columns bad.yaml
says "there is no column 'dosis'"
printf 'columns: {age: {max: 120}}\n' > bad.yaml
expect 2 lacuna impute t.csv --columns bad.yaml
says "column 'age' is 999, outside its bounds"
# a kept model brings its rules to new rows
cat > lab.csv <<'END'
who,lod,conc,visits,w,h,bmi,stage
END
awk 'BEGIN { for (i = 1; i <= 90; i++) { c = exp(((i * 29) % 53) / 20 - 1); l = i % 2 ? 0.8 : 1.2
    printf "p%d,%s,%s,%s,%s,%s,%s,%s\n", i, l, c < l ? "" : sprintf("%.3f", c), (i % 6 == 0) ? "" : i % 4,
        60 + i % 30, 1.6 + (i % 5) / 20, "", (i % 9 == 0) ? "" : (i % 3 == 0) ? "III" : (i % 3 == 1) ? "I" : "II" } }' >> lab.csv
cat > lab.yaml <<'END'
columns:
  who: skip
  conc: {log: true, below: lod}
  visits: {integer: true, min: 0, max: 5}
  bmi: {derived: w / h^2}
  stage: {order: [I, II, III]}
END
for model in em mice gcopula; do
    expect 0 lacuna impute lab.csv --columns lab.yaml --model $model --save $model.model -o lab-$model.csv
    # three new rows: one censored, one with a level and a count to fill, one derived
    printf 'stage,who,lod,conc,visits,w,h,bmi\nI,a,0.5,,2,70,1.7,\n,b,0.5,1.5,,80,1.8,\nIII,c,2,,1,75,1.75,24.49\n' > new.csv
    expect 0 lacuna impute new.csv --load $model.model -m 5 -o new-$model.csv
    awk -F, 'NR > 1 && !($2 != "a" || ($4 > 0 && $4 <= 0.5)) { print; bad = 1 }
             NR > 1 && !($2 != "c" || ($4 > 0 && $4 <= 2 && $8 == "24.49")) { print; bad = 1 }
             NR > 1 && !($5 == int($5) && $5 >= 0 && $5 <= 5) { print; bad = 1 }
             NR > 1 && $2 == "a" && !(($8 - 70 / 1.7^2)^2 < 1e-9) { print; bad = 1 }
             NR > 1 && !($1 == "I" || $1 == "II" || $1 == "III") { print; bad = 1 }
             END { exit bad }' new-$model.csv || fail "$model: a new row broke a rule"
done
# the same rules once more are no conflict, however they are written; others are
sed 's/{log: true, below: lod}/{below: lod, log: yes, unit: mg}/; s/yes/true/' lab.yaml > same.yaml
expect 0 lacuna impute new.csv --load em.model --columns same.yaml -o again.csv
sed 's/max: 5/max: 9/' lab.yaml > other.yaml
expect 2 lacuna impute new.csv --load em.model --columns other.yaml
says "says something else of 'visits' than the rules the model in em.model was fitted with"
printf 'stage,who,lod,conc,visits,w,h,bmi\nI,a,0.5,0.7,9,70,1.7,\n' > bad.csv
expect 2 lacuna impute bad.csv --load em.model
says "column 'visits' is 9, outside its bounds"
expect 0 lacuna impute lab.csv --model median --ignore who --ignore bmi --save plain.model -o plain.csv
expect 2 lacuna impute new.csv --load plain.model --columns lab.yaml
says "says something else of"
expect 2 lacuna impute t.csv --columns none.yaml
says "none.yaml"
