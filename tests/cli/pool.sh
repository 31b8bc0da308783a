# lacuna pool: from holes to one answer, from completed tables or from tidy estimates.
. "$(dirname "$0")/common.sh"

table whole.csv
awk -F, -v OFS=, 'NR == 1 { print $0, "g"; next }
    { g = NR % 3 ? "low" : "high"; $((NR % 3) + 1) = NR % 2 ? "" : $((NR % 3) + 1); print $0, g }' \
    whole.csv > holes.csv
expect 0 lacuna impute holes.csv -m 5 --model mice -o filled.csv
expect 0 lacuna pool --formula "a ~ b + c + g" filled.csv
[ "$(awk '{ print $1 }' stdout | tr '\n' ' ')" = "term (Intercept) b c glow " ] || fail "terms"
prints "std.error"
says "5 draws; most missing information:"
# csv and json: the same numbers, all of them
expect 0 lacuna pool --formula "a ~ b + c + g" filled.csv --format csv -q
[ ! -s stderr ] || fail "-q is not quiet"
[ "$(head -n 1 stdout)" = "term,estimate,std.error,statistic,df,p.value,conf.low,conf.high,fmi,\
lambda,riv,ubar,b,t,dfcom,m,draws" ] || fail "the header is $(head -n 1 stdout)"
[ "$(awk -F, 'NR == 2 { print $15, $16 }' stdout)" = "56 5" ] || fail "dfcom and m"
estimate=$(awk -F, 'NR == 3 { print $2 }' stdout)
expect 0 lacuna pool --formula "a ~ b + c + g" filled.csv --format json
prints "\"estimate\" : $estimate"
# the same through a tidy table, as broom writes one; an infinite df is none
cat > tidy.csv <<'END'
term,estimate,std.error,statistic,df,.imp
(Intercept),1.0,0.5,2,Inf,1
x,2.0,0.5,4,Inf,1
(Intercept),1.2,0.5,2.4,Inf,2
x,2.4,0.5,4.8,Inf,2
END
expect 0 lacuna pool tidy.csv --format csv
# by hand: mean 2.2, within .25, between .08, total .25 + 1.5 x .08 = .37
awk -F, 'NR == 3 { ok = $1 == "x" && $2 == 2.2 && ($3 - sqrt(0.37))^2 < 1e-24 && $15 == "Inf" }
         END { exit !ok }' stdout || fail "x is $(sed -n 3p stdout)"
expect 0 lacuna pool tidy.csv --df 20 --level 0.9 --precision 0.1
expect 0 sh -c 'lacuna pool - < tidy.csv'
# odds, 0/1 or two texts alike
awk -F, -v OFS=, 'NR == 1 { print $0, "u" } NR > 1 { print $0, ((NR * 7) % 11 > 5) }' filled.csv > u.csv
expect 0 lacuna pool --formula "u ~ a + b" --family binomial u.csv --format csv
cut -d, -f2 stdout > numbers
sed 's/,0$/,no/; s/,1$/,yes/' u.csv > texts.csv
expect 0 lacuna pool --formula "u ~ a + b" --family binomial texts.csv --format csv
cut -d, -f2 stdout | cmp - numbers || fail "0/1 and no/yes differ"
# a model that does not draw is told
{ head -n 1 filled.csv; awk -F, 'NR > 1 && $6 == 1' filled.csv
  awk -F, -v OFS=, 'NR > 1 && $6 == 1 { $6 = 2; print }' filled.csv; } > still.csv
expect 0 lacuna pool --formula "a ~ b" still.csv
says "all 2 draws give the same estimates"
expect 0 lacuna pool --formula "a ~ b + I(2 * b)" filled.csv
says "'I(2*b)' depends on the other terms and was left out"
# several coefficients at once, three ways
expect 0 lacuna pool --formula "a ~ b + c + g" --against "a ~ b" filled.csv --format csv
[ "$(awk -F, '{ print $1 }' stdout | tr '\n' ' ')" = "test D1 D2 D3 " ] || fail "tests: $(cat stdout)"
expect 0 lacuna pool --formula "u ~ a + b" --against "u ~ 1" --family binomial u.csv
prints "D3"
# slips
expect 2 lacuna pool
says "expected one table"
expect 2 lacuna pool filled.csv
says "there is no column 'term'"
expect 2 lacuna pool --formula "a ~ b" whole.csv
says "there is no column '.imp'"
expect 2 lacuna pool --formula "a ~ zz" filled.csv
says "column 'zz'"
expect 2 lacuna pool --formula "a ~ b" --family poisson filled.csv
says "--family=poisson: expected gaussian or binomial"
expect 2 lacuna pool --family binomial tidy.csv
says "goes with --formula only"
expect 2 lacuna pool tidy.csv --level 1.5
says "--level '1.5' is not a number above 0"
expect 2 lacuna pool tidy.csv --format xml
says "--format=xml: expected table, csv or json"
