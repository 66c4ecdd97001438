#!/bin/sh
# What is committed is enough: an archive of it can be configured elsewhere, and no source is missing.
set -eu
git -C "$SOURCE_DIR" rev-parse --git-dir >/dev/null 2>&1 || {
  echo "skipped: not a git checkout"
  exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Changes that are not committed yet are tested as well, files that git does not know are not. Where there are none,
# `stash create` says nothing, and may fail.
revision=$(git -C "$SOURCE_DIR" -c user.name=test -c user.email=test@localhost stash create || :)
mkdir "$work/source"
git -C "$SOURCE_DIR" archive "${revision:-HEAD}" | tar -x -C "$work/source"

# CMake looks for every source that it names; a fresh clone, which continuous integration builds, does the rest.
cd "$work/source"
cmake --preset test >/dev/null
