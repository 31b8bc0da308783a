# Results in a folder that may only be read.
. "$(dirname "$0")/common.sh"

slow_experiment quick.yaml 2 0
expect 0 lacuna run quick.yaml -o out
lacuna results out --format csv > before
chmod a-w out out/*
chmod a+rx . out
if [ "$(id -u)" -eq 0 ]; then
    # root may write anywhere: become nobody
    command -v setpriv > /dev/null || skip "no setpriv"
    nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
    $nobody sh -c "command -v lacuna && lacuna --version" > /dev/null 2>&1 ||
        skip "nobody cannot run lacuna here"
else
    nobody=
fi
expect 0 $nobody lacuna results out --format csv
cmp before "$scratch/stdout" || fail "a read-only folder reads differently"
expect 2 $nobody lacuna run quick.yaml -o out --resume
says "cannot write here"
expect 2 $nobody lacuna run quick.yaml -o out/below
says "cannot make this folder"
chmod -R u+w out
