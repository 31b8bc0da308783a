# Help, version, man pages and completion, which all come from the tables that parse the options.
. "$(dirname "$0")/common.sh"

expect 2 lacuna
prints "Usage: lacuna COMMAND"
for ask in --help -h help; do
    expect 0 lacuna $ask
    prints "Usage: lacuna COMMAND"
done
commands=$(lacuna --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ "$(echo "$commands" | wc -l)" -ge 10 ] || fail "the help lists only: $commands"
expect 0 lacuna man .
for command in $commands; do
    grep -q "lacuna.-$command" lacuna.1 || fail "lacuna.1 does not name $command"
    expect 0 lacuna $command --help
    prints "lacuna $command [OPTION"
    cp stdout help.txt
    long=$(LC_ALL=C.UTF-8 grep -E '.{101}' help.txt) && fail "$command: a line of its help is too long: $long"
    expect 0 lacuna $command -h
    cmp help.txt stdout || fail "$command: -h is not --help"
    expect 0 lacuna help $command
    cmp help.txt stdout || fail "help $command is not $command --help"
    # the man page and the help know the same options
    grep -oE '(^  |, )--[a-z-]+' help.txt | grep -oE '[a-z][a-z-]*' | grep -vx help | sort > options.help
    sed 's/\\//g' lacuna-$command.1 | sed -n 's/^fB.*--\([a-z-]*\)fR.*/\1/p' | sort > options.man
    grep -qx quiet options.help || fail "$command: no options were found in its help"
    cmp options.help options.man || fail "$command: man page and help list other options"
    expect 2 lacuna $command --no-such-option
    says "no-such-option"
done
expect 0 lacuna impute --help
for option in output model set multiple include-original flags save load initial scale seed ignore \
    kind na delimiter decimal header force quiet verbose threads; do
    prints " --$option"
done

# what was mistyped, and what it should have been
expect 2 lacuna rnu
says "'rnu' is not a command of lacuna; did you mean 'run'?"
expect 2 lacuna help rnu
says "did you mean 'run'?"
expect 2 lacuna nothing-like-it
says "see 'lacuna --help'"
expect 2 lacuna plugins modles
says "choose from masks, initials, models, optimizers, metrics, readers; did you mean 'models'?"
expect 2 lacuna new modle x
says "did you mean 'model'?"
printf 'alpha,beta\n1,\n2,3\n' > named.csv
expect 2 lacuna impute named.csv --ignore bta
says "there are alpha, beta; did you mean 'beta'?"
expect 2 lacuna run nowhere.yaml
says "nowhere.yaml: no such file"
mkdir shelf
cp named.csv shelf/survey-2024.csv
printf 'lacuna: 1\n' > shelf/first.yaml
for command in "impute -o x.csv" inspect rank; do
    expect 2 lacuna $command shelf/survey-2042.csv
    says "; did you mean 'shelf/survey-2024.csv'?"
done
expect 2 lacuna impute nmaed.csv -o x.csv
says "; did you mean 'named.csv'?"
expect 2 lacuna inspect shelv/survey-2024.csv
says "there is no folder 'shelv'"
expect 2 lacuna inspect shelf/entirely-else.csv
! grep -q "did you mean" stderr || fail "a far name is suggested"
expect 2 lacuna validate shelf/frist.yaml
says "; did you mean 'shelf/first.yaml'?"
expect 2 lacuna impute named.csv -o x.csv --columns shelf/firts.yaml
says "; did you mean 'shelf/first.yaml'?"
expect 2 lacuna rank named.csv --format jsno
says "--format=jsno: expected table, csv or json; did you mean 'json'?"
expect 2 lacuna pool named.csv --format cvs
says "did you mean 'csv'?"
expect 2 lacuna pool named.csv --formula "a ~ b" --family binomail
says "--family=binomail: expected gaussian or binomial; did you mean 'binomial'?"
expect 2 lacuna plugins --format tabel
says "did you mean 'table'?"
expect 2 lacuna describe mean --format markdwon
says "did you mean 'markdown'?"
expect 2 lacuna results . --format jason
says "did you mean 'json'?"
expect 2 lacuna impute named.csv -o x.csv --scale minmx
says "--scale=minmx: expected minmax, standard or none; did you mean 'minmax'?"
expect 2 lacuna rank named.csv --scale standrad
says "did you mean 'standard'?"
expect 2 lacuna run --outptu x
says "did you mean --output?"
expect 2 lacuna impute --theads 2
says "did you mean --threads?"
expect 2 lacuna impute x.csv --threads=-1
says "below 1"

for ask in --version -V; do
    expect 0 lacuna $ask
    grep -qE '^lacuna [0-9]+\.[0-9]+\.[0-9]+$' stdout || fail "no version"
    grep -qE '^plugin ABI +[0-9]+$' stdout || fail "no ABI"
    grep -qE '^BLAS core +[A-Za-z]+' stdout || fail "no BLAS core"
    grep -qE '^threads +[1-9][0-9]*$' stdout || fail "no threads"
    grep -qE '^plugin path +/' stdout || fail "no plugin path"
done

if command -v groff > /dev/null; then
    for page in *.1; do
        groff -ww -man -Tutf8 "$page" > /dev/null 2> warnings || fail "$page: groff failed"
        [ ! -s warnings ] || fail "$page: $(cat warnings)"
    done
fi
if command -v man > /dev/null; then
    for page in *.1; do
        LC_ALL=C.UTF-8 MANROFFSEQ= man --warnings -l "$page" > page.txt 2> warnings || fail "$page: man failed"
        [ ! -s warnings ] || fail "$page: $(cat warnings)"
        grep -q 'NAME' page.txt || fail "$page: an empty page"
    done
fi

expect 0 lacuna completion bash
cp stdout completion.bash
expect 2 lacuna completion fish
says "expected 'bash'"
expect 0 lacuna completion names models
prints knn
expect 2 lacuna completion names colours
command -v bash > /dev/null || { echo "completion not tried: no bash"; exit 0; }
expect 0 bash -n completion.bash
touch table.csv
# complete WORDS...: what bash offers for the last of the words
complete() {
    bash -c '. ./completion.bash
             COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
             _lacuna
             printf "%s\n" "${COMPREPLY[@]}"' bash "$@" > stdout
}
complete lacuna im
[ "$(cat stdout)" = impute ] || fail "'lacuna im' is not completed"
complete lacuna ''
for command in $commands; do
    prints $command
done
complete lacuna impute --inc
[ "$(cat stdout)" = --include-original ] || fail "'--inc' is not completed"
complete lacuna impute x.csv --model kn
[ "$(cat stdout)" = knn ] || fail "'--model kn' is not completed"
complete lacuna describe mic
[ "$(cat stdout)" = mice ] || fail "'describe mic' is not completed"
complete lacuna plugins mod
[ "$(cat stdout)" = models ] || fail "'plugins mod' is not completed"
complete lacuna impute tab
[ "$(cat stdout)" = table.csv ] || fail "a file is not completed"
complete lacuna new mod
[ "$(cat stdout)" = model ] || fail "'new mod' is not completed"
complete lacuna impute x.csv --model = kn
[ "$(cat stdout)" = knn ] || fail "'--model=kn' is not completed"
complete lacuna impute x.csv --model =
prints mice
complete lacuna impute x.csv --model mice --set don
[ "$(cat stdout)" = donors= ] || fail "'--set don' is not completed by mice's parameter"
complete lacuna results out --format c
[ "$(cat stdout)" = csv ] || fail "'--format c' is not completed"

# in a real shell: the folder that runs write to is called like a command, and names have blanks
can_make_terminal || { echo "completion not tried in a terminal: none can be made here"; exit 0; }
mkdir results
touch 'two words.csv'
{
    sleep 0.5
    printf '. ./completion.bash\nlacuna() { printf "called <%%s>\\n" "$*"; }\n'
    printf 'lacuna res\tx\nlacuna impute two\ty\nexit\n'
    sleep 0.5
} | script -qec 'env PS1= bash --norc --noprofile -i' typescript > /dev/null
tr -d '\r' < typescript | grep -o 'called <.*>' > stdout || fail "nothing was called: $(cat typescript)"
prints 'called <results x>'
prints 'called <impute two words.csv y>'
