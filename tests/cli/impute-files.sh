# What goes in comes out, byte for byte, with the holes filled; nothing is overwritten unasked.
# The mean model makes every expected cell one that can be worked out by hand.
. "$(dirname "$0")/common.sh"

# fills NAME WANTED ARGUMENTS...: `lacuna impute NAME` prints exactly the file WANTED
fills() {
    name=$1
    wanted_file=$2
    shift 2
    expect 0 lacuna impute "$name" --model mean "$@"
    cmp "$wanted_file" "$scratch/stdout" || fail "$name: not the bytes that were expected"
}

# quotes, blanks, CRLF, a byte-order mark, an embedded line end, no final newline
printf '\357\273\277"a, b","say ""c""",d\r\n"1.50", x ,"two\nlines"\r\nNA,"x",z\r\n2.5,y,z' > odd.csv
printf '\357\273\277"a, b","say ""c""",d\r\n"1.50", x ,"two\nlines"\r\n2,"x",z\r\n2.5,y,z' > odd.want
fills odd.csv odd.want
# semicolons and decimal commas; integers stay integers; texts come from the column
printf 'a;n;g\n1,5;1;red\n2,5;;red\n;4;\n' > comma.csv
printf 'a;n;g\n1,5;1;red\n2,5;2;red\n2;4;red\n' > comma.want # mean of n is 2.5: to the even 2
fills comma.csv comma.want
says "delimiter ';', decimal mark ','"
says "3 rows, 3 columns (1 continuous: a; 1 integer: n; 1 nominal: g)"
says "3 of 9 cells missing (33.3 %)"
says "mean: filled 3 cells"
# of a wide table the columns are named on request
seq -s, 13 > wide.csv
seq -s, 14 26 >> wide.csv
expect 0 lacuna impute wide.csv --header no
says "(13 integer);"
expect 0 lacuna impute wide.csv --header no -v
says "(13 integer: x1, x2, "
# tabs, no header, other texts for missing
printf '1\tx\n-9\tx\n3\t-9\n' > tabs.tsv
printf '1\tx\n2\tx\n3\tx\n' > tabs.want
fills tabs.tsv tabs.want --na=-9 --header=no
# lone CR, blank lines, blanks around a hole
printf 'a,b\r1, \r\r3,4\r' > mac.csv
printf 'a,b\r1,4 \r\r3,4\r' > mac.want
expect 0 lacuna impute mac.csv --model mean
# one column: a blank line is a hole
printf 'a\n1\n\n3\n' > one.csv
printf 'a\n1\n2\n3\n' > one.want
fills one.csv one.want
# ignored columns and identifiers pass through, holes and all
printf 'k,a,b\n,1,2\nx,,4\n' > ignored.csv
printf 'k,a,b\n,1,2\nx,1,4\n' > ignored.want
fills ignored.csv ignored.want --ignore k
says "passed through as they are, holes too: k"
# nothing missing: the same file
table whole.csv
fills whole.csv whole.csv
says "nothing is missing"
# from standard input, from gzip, and into gzip
expect 0 sh -c 'lacuna impute - --model mean < comma.csv'
cmp comma.want stdout || fail "standard input gives something else"
gzip -k comma.csv
fills comma.csv.gz comma.want
expect 0 lacuna impute comma.csv -o out.csv.gz --model mean
gzip -dc out.csv.gz | cmp - comma.want || fail "out.csv.gz holds something else"

# --flags: one line a filled cell
expect 0 lacuna impute comma.csv -o out.csv --model mean --flags flags.csv
printf '.id,column,model,value\n2,n,mean,2\n3,a,mean,2\n3,g,mean,red\n' | cmp - flags.csv ||
    fail "flags.csv is wrong"

# nothing is overwritten unasked, whichever file it is, and no part of the work is done
cp out.csv kept.csv
expect 2 lacuna impute comma.csv -o out.csv
says "out.csv exists already; choose another name or add --force"
expect 2 lacuna impute comma.csv -o new.csv --flags out.csv
expect 2 lacuna impute comma.csv -o new.csv --save out.csv
expect 2 lacuna impute comma.csv -o comma.csv
says "comma.csv exists already"
cmp kept.csv out.csv || fail "an existing file changed"
[ ! -e new.csv ] || fail "a refused call wrote a file"
expect 2 lacuna impute comma.csv -o new.csv --flags new.csv
says "both say 'new.csv'"
expect 2 lacuna impute comma.csv --flags -
expect 2 lacuna impute comma.csv -o new.csv --save -
mkdir folder
expect 2 lacuna impute comma.csv -o folder --force
says "folder is a folder"
expect 2 lacuna impute comma.csv -o nowhere/out.csv
says "nowhere/out.csv"
expect 0 lacuna impute odd.csv -o out.csv --model mean --force
cmp odd.want out.csv || fail "--force did not replace the file"
# its own input, when asked to
cp comma.csv self.csv
expect 0 lacuna impute self.csv -o self.csv --model mean --force
cmp comma.want self.csv || fail "a table cannot replace itself"
# a link stays a link
ln -s self.csv link.csv
expect 0 lacuna impute odd.csv -o link.csv --model mean --force
[ -h link.csv ] || fail "a link was replaced by a file"
cmp odd.want self.csv || fail "what a link points to was not replaced"
# a device is written to, not replaced
expect 0 lacuna impute comma.csv -o /dev/null --model mean
[ -c /dev/null ] || fail "/dev/null is no device any more"
# nothing lies about
[ -z "$(find . -name '.*.*' -type f)" ] || fail "temporary files are left"

# same seed, same bytes; any number of threads; another seed, other draws
table holed.csv
awk -F, -v OFS=, 'NR > 1 { $((NR % 4) + 1) = "" } 1' holed.csv > t && mv t holed.csv
for model in mean knn em mice; do
    expect 0 lacuna impute holed.csv --model $model --seed 7 --threads 1
    cp stdout once
    expect 0 lacuna impute holed.csv --model $model --seed 7 --threads 2
    cmp once stdout || fail "$model: two threads give other bytes than one"
done
expect 0 lacuna impute holed.csv --model mice --seed 8
! cmp -s once stdout || fail "two seeds give the same draws"
expect 0 lacuna impute holed.csv --model mice --seed 0
expect 2 lacuna impute holed.csv --seed=-1
says "--seed=-1"
