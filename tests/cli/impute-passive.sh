# Columns computed from others are so in the table's own units, drawn or not, and after --load.
. "$(dirname "$0")/common.sh"

awk 'BEGIN { print "wgt,hgt,bmi,age"
             for (i = 1; i <= 60; i++) {
                 h = 150 + i * 37 % 45; w = 45 + (i * 17 % 23) * 2; a = 20 + i * 29 % 50
                 if (i % 4 == 0) print "," h ",," a; else if (i % 7 == 0) print w ",,," a
                 else printf "%d,%d,%.17g,%d\n", w, h, w / (h / 100)^2, a } }' > body.csv
agrees() {
    awk -F, 'NR > 1 { d = $3 - $1 / ($2 / 100)^2; if (d > 1e-9 || d < -1e-9) exit 1 }' "$1" ||
        fail "$1: bmi is not wgt / (hgt / 100)^2"
}
expect 0 lacuna impute body.csv --model mice --set 'passive={bmi: wgt / (hgt / 100)^2}' -m 3 \
    -o drawn.csv --save body.safetensors
agrees drawn.csv
for scale in minmax standard none; do
    expect 0 lacuna impute body.csv --model mice --set 'passive={bmi: wgt / (hgt / 100)^2}' -m 2 \
        --scale $scale -o $scale.csv
    agrees $scale.csv
done
cmp minmax.csv none.csv || fail "the scale matters"
expect 0 lacuna impute body.csv --load body.safetensors -m 3 -o again.csv
cmp drawn.csv again.csv || fail "the loaded model draws something else"
{ head -n 1 body.csv; echo "80,,,40"; echo ",180,,50"; } > fresh.csv
expect 0 lacuna impute fresh.csv --load body.safetensors -m 2 -o fresh-drawn.csv
agrees fresh-drawn.csv
expect 2 lacuna impute body.csv --model mice --set 'passive={bmi: wgt / hgt, wgt: bmi * hgt}'
says "computed from itself"
