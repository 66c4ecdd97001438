#!/bin/sh
# Help and version: on stdout, exit code 0, for the program and for each command.
. "$(dirname "$0")/expect.sh"

run "$DIFFCHECK" --help
exits 0
complains_of_nothing
for command in doctor plan emit-config snapshot import record explain list models; do
  says "^ *$command"
done

for command in doctor plan emit-config snapshot import record explain list models; do
  run "$DIFFCHECK" "$command" --help
  exits 0
  says "$command"
  complains_of_nothing
done

run "$DIFFCHECK" --version
exits 0
says "$VERSION"
complains_of_nothing

finish
