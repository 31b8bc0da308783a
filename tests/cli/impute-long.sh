# -m: several completions below each other, as complete(action = "long") of mice writes them.
. "$(dirname "$0")/common.sh"

table whole.csv
awk -F, -v OFS=, 'NR > 1 { $((NR % 3) + 1) = NR % 2 ? "" : $((NR % 3) + 1) } 1' whole.csv > holes.csv
expect 0 lacuna impute holes.csv -m 3 --model mice -o long.csv --flags flags.csv
says "in each completion"
[ "$(head -n 1 long.csv)" = "a,b,c,d,.imp,.id" ] || fail "the header is $(head -n 1 long.csv)"
[ "$(wc -l < long.csv)" -eq 181 ] || fail "expected 1 + 3 x 60 lines"
awk -F, 'NR > 1 { i = NR - 2; if ($5 != int(i / 60) + 1 || $6 != i % 60 + 1) exit 1 }' long.csv ||
    fail ".imp and .id do not count completions and rows"
! grep -q ',,' long.csv || fail "a hole was left"
# of several values there is no one to list
[ "$(head -n 1 flags.csv)" = ".id,column,model" ] || fail "the header of the flags is wrong"
[ "$(wc -l < flags.csv)" -eq 31 ] || fail "30 holes have $(wc -l < flags.csv) lines"
# completions differ where there were holes and nowhere else
for k in 1 2 3; do
    awk -F, -v OFS=, -v k=$k 'NR > 1 && $5 == k { print $1, $2, $3, $4 }' long.csv > part$k
done
! cmp -s part1 part2 || fail "two draws are equal"
tail -n +2 holes.csv | paste -d, - part1 part2 part3 |
    awk -F, '{ for (j = 1; j <= 4; j++)
                   if ($j != "" && ($j != $(j + 4) || $j != $(j + 8) || $j != $(j + 12))) exit 1 }' ||
    fail "an observed cell changed"
# the table itself first, with its holes
expect 0 lacuna impute holes.csv -m 2 --model mice --include-original -o original.csv
sed -n 2,61p original.csv | sed 's/,0,[0-9]*$//' > zero
tail -n +2 holes.csv | cmp - zero || fail ".imp = 0 is not the table"
# in the file's own dialect, also without a final newline
printf 'a;b\n1,5;2\n;3\n2,5;4\n3,5;' > comma.csv
expect 0 lacuna impute comma.csv -m 2 --model knn -o comma-long.csv
[ "$(head -n 1 comma-long.csv)" = "a;b;.imp;.id" ] || fail "the header has another delimiter"
[ "$(wc -l < comma-long.csv)" -eq 9 ] || fail "a missing final newline joins two rows"
# what does not go together
expect 2 lacuna impute holes.csv -m 2 --model mean
says "'mean' cannot draw"
expect 2 lacuna impute holes.csv -m -1
says "outside [1, 10000]"
expect 2 lacuna impute holes.csv --include-original
says "goes with -m only"
for name in .imp .id; do
    printf '%s,b\n1,2\n2,\n3,5\n' $name > clash.csv
    expect 2 lacuna impute clash.csv -m 2 --model mice
    says "has a column '$name' already"
    expect 0 lacuna impute clash.csv --model mean
done

# R takes it for what it is
Rscript -e 'library(mice)' > /dev/null 2>&1 || { echo "as.mids() not tried: no R with mice"; exit 0; }
cat > check.R <<'END'
suppressMessages(library(mice))
long <- read.csv("original.csv", check.names = FALSE)
mids <- as.mids(long)
stopifnot(is.mids(mids), mids$m == 2, nrow(mids$data) == 60)
mine <- long[long$.imp == 2, c("a", "b", "c", "d")]
theirs <- complete(mids, 2)[, c("a", "b", "c", "d")]
stopifnot(isTRUE(all.equal(mine, theirs, check.attributes = FALSE)))
fit <- pool(with(mids, lm(a ~ b)))
stopifnot(all(is.finite(summary(fit)$estimate)))
END
expect 0 Rscript check.R
