# --save and --load: a fitted model completes new rows later, in any order of columns, or says why not.
. "$(dirname "$0")/common.sh"

awk 'BEGIN { print "id,x,n,g,flag"
             for (i = 1; i <= 60; i++)
                 printf "row%d,%s,%s,%s,%s\n", i, i % 7 == 0 ? "" : i * 37 % 61 / 4 + (i % 3) * 10,
                     i % 5 == 0 ? "" : i % 3 * 100 + i, i % 11 == 0 ? "" : substr("rgb", i % 3 + 1, 1),
                     i % 13 == 0 ? "" : i % 2 }' > train.csv
for model in mean knn em mice gcopula softimpute; do
    expect 0 lacuna impute train.csv --model $model --save $model.st -o direct.csv --force
    # the same fills in another process
    expect 0 lacuna impute train.csv --load $model.st -o loaded.csv --force
    cmp direct.csv loaded.csv || fail "$model: a loaded model fills other values"
    expect 2 lacuna impute train.csv --model $model --save $model.st
    says "$model.st exists already"

    # another order of columns, a level and a whole column that these rows do not show
    printf 'flag;n;g;x\n;;;3,5\n1;;r;\n0;201;;\n' > new.csv
    expect 0 lacuna impute new.csv --load $model.st
    cp stdout new.out
    awk -F';' 'NR > 1 && ($1 !~ /^[01]$/ || $2 !~ /^-?[0-9]+$/ || $3 !~ /^[rgb]$/ ||
                          $4 !~ /^-?[0-9]+(,[0-9]+)?$/) { exit 1 }' new.out ||
        fail "$model: new rows are filled with something else than their column's values"
    [ "$(sed -n 3p new.out | cut -d';' -f1,3)" = "1;r" ] || fail "$model: an observed cell changed"
    # a row is filled the same alone as among others (but for draws, which differ by row)
    sed -n 1,2p new.csv > alone.csv
    expect 0 lacuna impute alone.csv --load $model.st
    [ $model = mice ] || sed -n 1,2p new.out | cmp - stdout || fail "$model: a row alone differs"

    printf 'flag,n,g,x\n1,3,purple,\n' > unseen.csv
    expect 2 lacuna impute unseen.csv --load $model.st
    says "row 1, column 'g' holds 'purple', a level the model has not seen; it knows b, g, r"
    printf 'flag,n,g\n1,,r\n' > missing.csv
    expect 2 lacuna impute missing.csv --load $model.st
    says "no column 'x'"
    says "the model in $model.st was fitted on it"
    printf 'more,flag,n,g,x\n5,1,,r,2\n6,0,8,b,\n' > extra.csv
    expect 0 lacuna impute extra.csv --load $model.st
    says "column 'more' is not in the model"
    [ "$(cut -d, -f1 stdout | tr '\n' ' ')" = "more 5 6 " ] || fail "an extra column changed"
    printf 'more,flag,n,g,x\n5,1,,r,2\n,0,8,b,\n' > extra.csv
    expect 2 lacuna impute extra.csv --load $model.st
    says "column 'more' has holes, but the model was fitted without it"
    printf 'flag,n,g,x\n1,3,r,many\n0,,r,3\n' > text.csv
    expect 2 lacuna impute text.csv --load $model.st
    says "text.csv:2:7: 'many' in column 'x'"
done
expect 0 lacuna impute new.csv --load mice.st -m 2
[ "$(wc -l < stdout)" -eq 7 ] || fail "two draws of three rows have other lines"
expect 0 lacuna impute new.csv --load mice.st -o filled.csv --flags flags.csv
[ "$(wc -l < flags.csv)" -eq 8 ] || fail "seven filled cells have other lines"

# what a fit says of itself is told to those who ask
expect 0 lacuna impute train.csv --model missvae --set epochs=2 --set impute_samples=50 -v
says "at the end: loss "
says "ess-min"
says "ess-median"
expect 0 lacuna impute train.csv --model missvae --set epochs=2 --set impute_samples=50
! grep -q "at the end" stderr || fail "traces are told to those who did not ask"

# codes that are numbers keep their meaning, however they are written
printf 'c,y\n10,1.5\n20,2.5\n10,1.25\n,2.75\n20,2.25\n' > codes.csv
expect 0 lacuna impute codes.csv --kind c=nominal --model knn --set k=1 --save codes.st -o codes.out
printf 'c,y\n,2.5\n10.0,1.25\n' > few.csv
expect 0 lacuna impute few.csv --load codes.st
printf 'c,y\n20,2.5\n10.0,1.25\n' | cmp - stdout || fail "a code was filled for a label"

# what is no model
expect 2 lacuna impute new.csv --load nowhere.st
says "nowhere.st"
for size in 0 5 8 40 400; do
    head -c $size knn.st > cut.st
    expect 2 lacuna impute new.csv --load cut.st
    says "cut.st"
done
head -c $(($(wc -c < knn.st) - 8)) knn.st > cut.st
expect 2 lacuna impute new.csv --load cut.st
says "cut.st"
expect 2 lacuna impute new.csv --load train.csv
says "train.csv"
head -c 4096 /dev/urandom > noise.st
expect 2 lacuna impute new.csv --load noise.st
says "noise.st"
sed 's/"lacuna.plugin":"knn"/"lacuna.plugin":"kmm"/' knn.st > other.st
expect 2 lacuna impute new.csv --load other.st
says "'kmm'"
for option in --model=knn --set=k=3 --save=x.st --scale=none --initial=mean; do
    expect 2 lacuna impute new.csv --load knn.st $option
    says "--load brings its own model"
done

# any program reads it: eight bytes of length, a JSON header, tensors
command -v python3 > /dev/null || { echo "header not read: no python3"; exit 0; }
cat > header.py <<'END'
import json, os, struct, sys
for name in sys.argv[1:]:
    with open(name, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    size, ends = os.path.getsize(name) - 8 - length, 0
    texts = header.pop("__metadata__")
    assert all(type(text) is str for text in texts.values())
    assert texts["lacuna.plugin"] == name[:-3] and texts["lacuna.version"], texts
    json.loads(texts["lacuna.parameters"])
    schema = json.loads(texts["lacuna.schema"])
    columns = schema if isinstance(schema, list) else schema["columns"]
    assert [c["name"] for c in columns] == ["x", "n", "g", "flag"], columns
    assert columns[2]["levels"] == ["b", "g", "r"], columns[2]
    width = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "BF16": 2, "U8": 1}
    for tensor in sorted(header.values(), key=lambda t: t["data_offsets"]):
        begin, end = tensor["data_offsets"]
        count = 1
        for n in tensor["shape"]:
            count *= n
        assert begin == ends and end - begin == count * width[tensor["dtype"]], tensor
        ends = end
    assert ends == size, (ends, size)
END
expect 0 python3 header.py mean.st knn.st em.st mice.st
# parameters in braces are those of --set, which comes after them; --models of rank reads them alike
expect 0 lacuna impute train.csv --model knn --set k=3 --set weights=distance -o set.csv
expect 0 lacuna impute train.csv --model "knn: {k: 3, weights: distance}" -o braces.csv
cmp set.csv braces.csv || fail "braces and --set differ"
expect 0 lacuna impute train.csv --model "{knn: {k: 9, weights: distance}}" --set k=3 -o both.csv
cmp set.csv both.csv || fail "--set does not replace what is in braces"
expect 2 lacuna impute train.csv --model "knn {k: 3}"
says "--model=knn {k: 3}: expected NAME or \"NAME: {PARAM: VALUE}\", as in \"knn: {k: 10}\""
expect 2 lacuna impute train.csv --model "knn: {kk: 3}"
says "kk"
expect 2 lacuna rank train.csv --models "knn {k: 3}"
says "--models=knn {k: 3}: expected NAME or"
