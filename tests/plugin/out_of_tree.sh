#!/bin/sh
# A third party's day: Lacuna is installed to a prefix and the tree is moved; `lacuna new` writes a
# project of each kind; the model is built through find_package and through pkg-config; each passes
# the conformance suite; experiments run with plugins from LACUNA_PLUGIN_PATH, from the user's data
# folder and from the installed folder.
# With `guide` or `nets` it builds, checks and runs the worked example of docs/plugin-guide.md or
# docs/neural-nets.md instead.
# usage: out_of_tree.sh BUILD-FOLDER [new|guide|nets]
set -eu
build=$1
what=${2:-new}
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

step() { printf '== %s\n' "$*"; }

step 'install, then move: nothing may depend on the place'
cmake --install "$build" --prefix "$work/first" > "$work/install.log"
mv "$work/first" "$work/prefix"
prefix=$work/prefix
libdir=$(dirname "$(find "$prefix" -name liblacuna.so)")
export PATH="$prefix/bin:$PATH" CMAKE_PREFIX_PATH="$prefix" PKG_CONFIG_PATH="$libdir/pkgconfig"
export XDG_DATA_HOME="$work/data" XDG_CACHE_HOME="$work/cache"
unset LACUNA_PLUGIN_PATH
case $(lacuna --version) in *"$prefix"*) ;; *) lacuna --version; exit 1 ;; esac
test "$(pkg-config --variable=abi lacuna)" = 1
test -d "$(pkg-config --variable=plugindir lacuna)/models"
lacuna plugins models --format tsv | grep -q '^models	mean	ok'
cd "$work"

# runs(FOLDER, WORD): the experiment there runs, and its results name the plugin
runs() {
    lacuna run -q "$1/experiment.yaml" -o "$work/run-$2"
    lacuna results "$work/run-$2" --format csv | grep -q "$2"
    rm -rf "$work/run-$2"
}

# worked_example(PAGE, PLUGIN): what the page prints builds, passes its checks and runs
worked_example() {
    step "the worked example of docs/$1: a C file and an experiment"
    mkdir guide && cd guide
    for file in "$2.c" experiment.yaml CMakeLists.txt; do
        awk -v start="file=$file" '/^```/ && on {on = 0} on {print} index($0, start) {on = 1}' \
            "$source/docs/$1" > "$file"
    done
    cmake -S . -B build -DCMAKE_C_FLAGS=-Werror > cmake.log
    cmake --build build >> cmake.log || { cat cmake.log; exit 1; }
    lacuna check "build/plugins/models/$2.so"
    (cd .. && lacuna new model spare -o spare && cp spare/data.csv guide/)
    export LACUNA_PLUGIN_PATH="$PWD/build/plugins"
    runs . "$2"
}

case $what in
guide) worked_example plugin-guide.md row-effect && exit 0 ;;
nets) worked_example neural-nets.md smooth-ae && exit 0 ;;
esac

step 'a model, through find_package: test.sh builds, checks and runs it'
lacuna new model my-model
sh my-model/test.sh > new.log 2>&1 || { cat new.log; exit 1; }
lacuna results my-model/build/results --format csv | grep -q my-model

step 'the same through pkg-config'
cp my-model/build/plugins/models/my-model.so through-cmake.so
make -s -C my-model clean
make -s -C my-model CFLAGS='-O2 -Wall -Wextra -Wconversion -Wno-unused-parameter -Werror'
make -s -C my-model check > check.log || { cat check.log; exit 1; }

step 'found in the user data folder'
make -s -C my-model install
test -f "$work/data/lacuna/plugins/models/my-model.so"
runs my-model my-model
rm -r "$work/data/lacuna"

step 'installed beside the others by cmake --install'
cmake -S my-model -B my-model/b > /dev/null
cmake --build my-model/b > /dev/null
cmake --install my-model/b > /dev/null
test -f "$(pkg-config --variable=plugindir lacuna)/models/my-model.so"
runs my-model my-model

step 'a project of every other kind builds both ways, passes its checks and runs'
for kind in mask initial metric optimizer reader; do
    lacuna new $kind "my-$kind" 2> /dev/null
    make -s -C "my-$kind" CFLAGS='-O2 -Wall -Wextra -Wconversion -Wno-unused-parameter -Werror'
    lacuna check "$(find "my-$kind/build" -name '*.so')" > check.log || { cat check.log; exit 1; }
    LACUNA_PLUGIN_PATH="$PWD/my-$kind/build/plugins" lacuna run -q "my-$kind/experiment.yaml" -o "run-$kind"
    cmake -S "my-$kind" -B "my-$kind/b" -DCMAKE_C_FLAGS=-Werror > cmake.log
    cmake --build "my-$kind/b" >> cmake.log || { cat cmake.log; exit 1; }
    lacuna check "$(find "my-$kind/b" -name '*.so')" > check.log || { cat check.log; exit 1; }
done

step 'bad requests are refused in one line'
# refused SENTENCE COMMAND...
refused() {
    sentence=$1
    shift
    if "$@" 2> refused.log; then
        echo "accepted: $*"
        exit 1
    fi
    grep -q "$sentence" refused.log || { cat refused.log; exit 1; }
}
refused 'cannot create the folder' lacuna new model my-model
refused "cannot be a plugin's name" lacuna new model ../x
refused 'no kind of plugin' lacuna new thing x
echo done
