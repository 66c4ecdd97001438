#!/bin/sh
# Times `diffcheck doctor` as a whole process, side by side with commands that people start without a thought.
#
#   whole_commands.sh DIFFCHECK [FOLDER]
#
# Makes a 300-package environment in FOLDER, then takes turns: one run of each command after the other, so that the noise of
# the machine falls on all alike. Prints the least and the median wall time, and the largest resident memory.
#
# DIFFCHECK_BENCH_ENV names a real environment with torch, such as one with xFormers and flash-attn, whose native files are
# looked through: without the cache and from it. DIFFCHECK_BENCH_AUDIT is the program that times this part alone.
set -eu
diffcheck=$1
folder=${2:-$(mktemp -d)}
here=$(cd -- "$(dirname -- "$0")" && pwd)
runs=${DIFFCHECK_BENCH_RUNS:-31}

python3 "$here/make_venv.py" "$folder/venv" >/dev/null
exec python3 - "$diffcheck" "$folder/venv" "$runs" <<'PYTHON'
import os, shutil, statistics, subprocess, sys, time

diffcheck, venv, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])


def site_of(environment):
    lib = os.path.join(environment, "lib")
    return next(os.path.join(lib, name, "site-packages") for name in os.listdir(lib) if name.startswith("python"))


site = site_of(venv)
os.environ["XDG_CACHE_HOME"] = os.path.join(os.path.dirname(venv), "cache")
commands = {
    "diffcheck doctor, 300 packages": [diffcheck, "doctor", "--env", venv],
    "diffcheck snapshot, 300 packages": [diffcheck, "snapshot", "--env", venv],
    "diffcheck --help": [diffcheck, "--help"],
    "lstopo --of xml": ["lstopo-no-graphics", "--of", "xml"] if shutil.which("lstopo-no-graphics") else ["lstopo", "--of", "xml"],
    "pip list --path": [sys.executable, "-m", "pip", "list", "--path", site],
    "python3 -c pass": [sys.executable, "-c", "pass"],
}
real = os.environ.get("DIFFCHECK_BENCH_ENV")
if real:
    commands["diffcheck doctor, real environment"] = [diffcheck, "doctor", "--env", real]
    commands["diffcheck doctor --no-cache, real environment"] = [diffcheck, "doctor", "--env", real, "--no-cache"]
    subprocess.run(commands["diffcheck doctor, real environment"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
times = {name: [] for name in commands}
memory = {}
for run in range(runs):
    for name, command in commands.items():
        if not shutil.which(command[0]) and not os.path.exists(command[0]):
            continue
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        times[name].append((time.perf_counter() - start) * 1000)
        memory[name] = max(memory.get(name, 0), usage.ru_maxrss)
print(f"| command | least ms | median ms | memory MB |\n|---|---|---|---|")
for name, measured in times.items():
    if measured:
        print(f"| `{name}` | {min(measured):.1f} | {statistics.median(measured):.1f} | {memory[name] / 1024:.1f} |")
    else:
        print(f"| `{name}` | skipped: not installed | | |")
if not real:
    print("| `diffcheck doctor, real environment` | skipped: DIFFCHECK_BENCH_ENV names none | | |")
audit = os.environ.get("DIFFCHECK_BENCH_AUDIT")
if real and audit:
    print(flush=True)
    sys.exit(subprocess.run([audit, site_of(real), os.path.join(os.path.dirname(venv), "audit", "cache")]).returncode)
PYTHON
