# Rules of columns: detection limits, derived columns, bounds; at the command line and in
# experiments.
. "$(dirname "$0")/common.sh"

# dose: below the row's limit of detection where it is missing; bmi: of weight and height
awk 'BEGIN { srand(4); print "id,dose,lod,height,weight,bmi,grade"
    for (i = 1; i <= 120; i++) {
        dose = exp(sqrt(-2 * log(1 - rand())) * cos(6.2831853 * rand())); lod = i % 2 ? 0.3 : 0.6
        h = 1.5 + i % 41 / 100; w = 50 + i * 7 % 37
        miss = i % 6 == 0; g = i % 3 == 0 ? "low" : i % 3 == 1 ? "mid" : "high"
        printf "r%d,%s,%s,%.2f,%s,%s,%s\n", i, dose < lod ? "" : sprintf("%.4f", dose), lod, h,
            miss ? "" : w, miss ? "" : sprintf("%.6f", w / h ^ 2), i % 11 ? g : "unknown" } }' > t.csv
cat > rules.yaml <<'END'
columns:
  dose: {log: true, below: lod, unit: mg}
  weight: {min: 30, max: 200}
  bmi: {derived: bmi = weight / height^2}
  grade: {order: [low, mid, high], missing: unknown}
END
# keeps FILE: every rule holds in it; no value stands at its limit
keeps() {
    awk -F, 'NR > 1 { if (!($2 > 0)) bad("dose"); if (!($5 >= 30 && $5 <= 200)) bad("weight")
                      d = $6 - $5 / $4 ^ 2; if (d > 0.001 || d < -0.001) bad("bmi")
                      if ($7 != "low" && $7 != "mid" && $7 != "high") bad("grade") }
             function bad(what) { print FILENAME ": " what ": " $0; failed = 1 }
             END { exit failed }' "$1" > stdout || fail "$1 breaks a rule"
    awk -F, 'FNR == 1 { next } FILENAME == "t.csv" { hole[FNR] = $2 == ""; n = FNR; next }
             hole[(FNR - 2) % (n - 1) + 2] { holes++; if ($2 > $3) { print; failed = 1 }
                                             if ($2 > $3 - 1e-9) at++ }
             END { if (holes < 20 || at > holes / 20) failed = 1; print holes, at; exit failed }' \
        t.csv "$1" > stdout || fail "$1: doses do not lie below their limits, or pile up there"
}
for model in em mice gcopula knn missforest; do
    expect 0 lacuna impute t.csv --columns rules.yaml --model $model -m 3 -o $model.csv
    keeps $model.csv
    says "5 columns" # lod is no variable
done
expect 0 lacuna impute t.csv --columns rules.yaml --model em -o one.csv
keeps one.csv
cut -d, -f3 t.csv > lod1; cut -d, -f3 one.csv > lod2
cmp lod1 lod2 || fail "the limits have changed"
# a model that cannot draw says where its values are
expect 0 lacuna impute t.csv --columns rules.yaml --model mean -o mean.csv
says "got the nearer one"
# a column that is computed may be empty, and what was observed is held against the formula
sed 's/^\(r[0-9]*,.*,\)[^,]*\(,[a-z]*\)$/\1\2/' t.csv > empty.csv
expect 0 lacuna impute empty.csv --columns rules.yaml --model em -o filled.csv
awk -F, 'NR > 1 { d = $6 - $5 / $4 ^ 2; if (d > 1e-9 || d < -1e-9) exit 1 }' filled.csv ||
    fail "bmi was not computed"
sed 's/^r7,\(.*\),[^,]*\(,[a-z]*\)$/r7,\1,99\2/' t.csv > odd.csv
expect 0 lacuna impute odd.csv --columns rules.yaml --model em -o odd-filled.csv
says "1 observed value of 'bmi' is not what weight / height^2 gives (the first in row 7)"
# the rules as they are in force can be printed, edited and given back
expect 0 lacuna inspect t.csv --columns rules.yaml --format yaml
cp stdout again.yaml
grep -q '"dose": {kind: continuous, log: true, unit: "mg", below: "lod"}' again.yaml ||
    fail "dose is not printed as it was given"
expect 0 lacuna impute t.csv --columns again.yaml --model em -o again.csv
cmp one.csv again.csv || fail "the printed rules are not the same rules"
expect 0 lacuna inspect t.csv --columns rules.yaml -o page.html
grep -q "holes below lod" page.html || fail "the page does not tell the limit"

expect 0 lacuna impute t.csv --columns rules.yaml --model em -m 3 -o r.csv --report filled.html
grep -q "dose (mg)" filled.html || fail "the page does not tell the unit"

# slips
refused() { # RULES SAYS
    printf 'columns: {%s}\n' "$1" > bad.yaml
    expect 2 lacuna impute t.csv --columns bad.yaml
    says "$2"
}
refused 'doze: {min: 0}' "bad.yaml:1:11: columns.doze: there is no column 'doze' in t.csv; did you mean 'dose'"
refused 'dose: {below: ldo}' "there is no column 'ldo' in t.csv; did you mean 'lod'"
refused 'bmi: {derived: weigth / height}' "there is no column 'weigth' in t.csv; did you mean 'weight'"
refused 'bmi: {derived: 2 * weight}, weight: {derived: bmi / 2}' "computed from itself: bmi <- weight <- bmi"
refused 'weight: {min: 60}' "column 'weight' is"
refused 'dose: {log: true, below: 0}' "is missing and below 0"
refused 'dose: {blow: 1}' "did you mean below"

# experiments: beside the parameters of a reader, or in a file
cat > e.yaml <<'END'
lacuna: 1
name: columns
data:
  - csv: {path: t.csv, columns: rules.yaml}
  - csv:
      path: t.csv
      columns:
        id: skip
        dose: {min: 0}
        lod: skip
        grade: {order: [low, mid, high], missing: [unknown]}
mask: {mcar: {rate: 0.2}}
model: [em, mice]
metrics: [rmse, crps]
draws: 3
END
expect 0 lacuna validate e.yaml
expect 0 lacuna run e.yaml -o out
expect 0 lacuna results out --format csv
[ "$(awk -F, 'NR > 1 { cell[$2] = 1 } $3 != "ok" && NR > 1 { bad = 1 }
    END { print bad ? 0 : length(cell) }' stdout)" -eq 4 ] || fail "not four good cells"
grep -q "t columns=rules.yaml" stdout || fail "the data sets are not told apart"
# other rules are other cells; the same rules are done already
expect 0 lacuna run e.yaml -o out --resume
sed 's/max: 200/max: 201/' rules.yaml > r2 && mv r2 rules.yaml
expect 0 lacuna run e.yaml -o out --resume --dry-run
cp stdout resumed
sed 's/dose: {min: 0}/dose: {mni: 0}/' e.yaml > bad.yaml
expect 2 lacuna validate bad.yaml
says "bad.yaml:9:16: columns.dose.mni is not known, did you mean min"
sed 's/dose: {min: 0}/doze: {min: 0}/' e.yaml > bad.yaml
expect 1 lacuna run bad.yaml -o bad
expect 0 lacuna results bad --format csv
grep -q "columns.doze: there is no column 'doze'" stdout || fail "the cell does not say why it failed"
sed 's/rules.yaml/rulez.yaml/' e.yaml > bad.yaml
expect 2 lacuna validate bad.yaml
says "rulez.yaml"
# readers that know no texts: the rules are applied to what they return
python3 - <<'END' || skip "no python3"
import struct
values = [1, 0.5, 2, -9, 1, 1.5, 2, 2.5, 1, 0.25] * 6
head = "{'descr': '<f8', 'fortran_order': False, 'shape': (30, 2), }"
head = head + " " * (117 - len(head)) + "\n"
open("t.npy", "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode()
                          + struct.pack("<60d", *values))
END
cat > n.yaml <<'END'
lacuna: 1
data: {npy: {path: t.npy, columns: {x1: {kind: nominal}, x2: {missing: -9, min: 0, log: true}}}}
mask: {mcar: {rate: 0.1}}
model: mice
metrics: [pfc, rmse]
END
expect 0 lacuna run n.yaml -o n
expect 0 lacuna results n --format csv
grep -q "pfc" stdout || fail "x1 is no level"
