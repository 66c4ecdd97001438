#!/bin/sh
# What native files say is kept for the next run of a live machine, in the user's cache folder and nowhere else.
. "$(dirname "$0")/expect.sh"

# An environment with torch, whose one library is a link to a native file that was not written just now.
site=$scratch/venv/lib/python3.11/site-packages
mkdir -p "$site/torch-2.8.0.dist-info" "$site/torch/lib" "$scratch/venv/bin" "$scratch/cache"
printf 'home = /usr/bin\nversion = 3.11.2\n' >"$scratch/venv/pyvenv.cfg"
: >"$scratch/venv/bin/python"
printf 'Metadata-Version: 2.1\nName: torch\nVersion: 2.8.0\n\n' >"$site/torch-2.8.0.dist-info/METADATA"
printf 'torch/lib/libtool.so,,\n' >"$site/torch-2.8.0.dist-info/RECORD"
library=$DIFFCHECK
ln -s "$library" "$site/torch/lib/libtool.so"
kept=$scratch/cache/diffcheck/native-files
case $(stat -L -c %z "$library") in
  *.000000000*)
    echo "skipped: the file system of $library keeps whole seconds, so that nothing is kept of its files"
    finish
    ;;
esac

# cached COMMAND...: with that cache folder.
cached() {
  run env XDG_CACHE_HOME="$scratch/cache" HOME="$scratch/home" "$DIFFCHECK" "$@"
  exits 0 1 3
}
binaries() { sed -n '/^  "binaries"/,/^  "cuda"/p' "$out"; }

cached snapshot --env "$scratch/venv" --no-cache
[ ! -e "$scratch/cache/diffcheck" ] || fail "--no-cache should leave no trace"
binaries >"$scratch/without"

cached snapshot --env "$scratch/venv"
[ -s "$kept" ] || fail "what was read should be kept in XDG_CACHE_HOME"
binaries | cmp -s - "$scratch/without" || fail "the first run should say the same as without a cache"
cached snapshot --env "$scratch/venv"
binaries | cmp -s - "$scratch/without" || fail "the second run should say the same as the first"

echo damage >"$kept"
cached doctor --env "$scratch/venv"
complains_of_nothing
[ "$(head -c 6 "$kept")" = dcKept ] || fail "a damaged cache should be replaced"

rm -r "$scratch/cache/diffcheck"
cached record "$scratch/recorded" --env "$scratch/venv"
cached doctor --root "$scratch/recorded"
cached doctor --machine 1xT4
[ ! -e "$scratch/cache/diffcheck" ] || fail "only a live machine that is not recorded has a cache"
[ ! -e "$scratch/home" ] || fail "a home that is not there should not be made"

# No cache folder, or one that cannot be used, changes nothing and is not worth a word.
run env -u XDG_CACHE_HOME -u HOME "$DIFFCHECK" snapshot --env "$scratch/venv"
exits 0
complains_of_nothing
run env XDG_CACHE_HOME=/dev/null "$DIFFCHECK" snapshot --env "$scratch/venv"
exits 0
complains_of_nothing

finish
