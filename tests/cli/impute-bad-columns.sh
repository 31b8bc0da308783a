# Columns that methods stumble over, by every model that fills tables: what comes out is complete, or
# the refusal is a sentence that names the column (or, where no single one is at fault, the trouble).
. "$(dirname "$0")/common.sh"

# 120 rows: a, b, c with holes, and a fourth column `bad` made by the awk expression $2, empty where $3
make() {
    awk -v seed=7 "BEGIN { srand(seed); print \"a,b,c,bad\"
        for (i = 1; i <= 120; i++) {
            a = int(2000 * rand()) / 1000 - 1; b = int(1000 * (a + rand())) / 1000
            c = int(1000 * (rand() - a)) / 1000
            hole = (i * 7) % 5 == 0
            printf \"%s,%s,%s,%s\\n\", i % 6 ? a : \"\", i % 7 ? b : \"\", i % 5 ? c : \"\",
                ($3) ? \"\" : ($2) } }" > "$1.csv"
}
make constant '7.5' 'hole'
make collinear '2 * a - b' 'hole'
make duplicated 'a' 'hole'
make all-missing '1' '1'
make one-value '3.25' 'i != 8'
make single-level '"only"' 'hole'
make rare-level 'i == 9 ? "rare" : "common"' 'hole'
make separated 'a > 0 ? "yes" : "no"' 'hole'
make separated-three 'a < -0.3 ? "u" : a < 0.3 ? "v" : "w"' 'hole'
make text-numbers 'i % 3 ? "1" : "2"' 'hole'

quickly() { # parameters with which a model is done in no time; they do not matter here
    case $1 in
    missforest) echo "--set trees=5" ;;
    xgboost) echo "--set trees=5" ;;
    hivae) echo "--set epochs=2 --set impute_samples=20" ;;
    missiwae | missvae | vae | not-miwae)
        echo "--set epochs=2 --set hidden=[8] --set latent=2 --set impute_samples=20"
        ;;
    esac
}

models=$(lacuna plugins models | awk '/^  / { print $1 }')
tried=0
for model in $models; do
    case $model in
    cnn | lenet | mlp | external | dvae | fault*) continue ;; # fill no table of a person's
    esac
    for name in constant collinear duplicated all-missing one-value single-level rare-level separated \
        separated-three text-numbers; do
        tried=$((tried + 1))
        got=0
        # shellcheck disable=SC2046
        lacuna impute $name.csv -o out.csv --force --model "$model" $(quickly "$model") \
            > stdout 2> stderr || got=$?
        case $got in
        0)
            ! grep -qE '(^,|,,|,$)' out.csv || fail "$model on $name left holes"
            ! grep -qiE '(^|,)(nan|-?inf|na)(,|$)' out.csv || fail "$model on $name: no number"
            [ "$(wc -l < out.csv)" -eq 121 ] || fail "$model on $name: rows are missing"
            ;;
        2)
            grep -qE "'bad'|rows" stderr || fail "$model on $name: refused without a reason"
            ;;
        *) fail "$model on $name ended with $got" ;;
        esac
    done
done
[ "$tried" -ge 100 ] || fail "only $tried tables were tried: $models"

# The empty column is refused by all, and by its name.
expect 2 lacuna impute all-missing.csv -o out.csv --force --model mice
says "column 'bad' has no value in 120 rows"

# Levels in thousands: trees and chained equations take them, one column a level is refused by name.
awk 'BEGIN { srand(3); print "a,b,bad"
    for (i = 1; i <= 3000; i++)
        printf "%s,%.3f,%s\n", i % 5 ? int(1000 * rand()) / 1000 : "", rand(),
            i % 9 ? "level" int(i / 2) : "" }' > levels.csv
for model in mice mode; do
    expect 0 lacuna impute levels.csv -o out.csv --force --model $model --kind bad=nominal
    ! grep -qE '(^,|,,|,$)' out.csv || fail "$model left holes among many levels"
done
for model in $models; do
    case $model in
    cnn | lenet | mlp | external | dvae | vae | fault*) continue ;;
    missforest | mice | mode | median | initial) continue ;;
    esac
    expect 2 lacuna impute levels.csv -o out.csv --force --model "$model" --kind bad=nominal
    says "different levels, expected at most 1000"
    says "join rare levels"
done
