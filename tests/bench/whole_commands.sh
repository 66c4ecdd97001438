#!/bin/sh
# Times `diffcheck doctor` as a whole process, side by side with commands that people start without a thought.
#
#   whole_commands.sh DIFFCHECK [FOLDER]
#
# Makes a 300-package environment in FOLDER, then takes turns: one run of each command after the other, so that the noise of
# the machine falls on all alike. Prints the least and the median wall time, and the largest resident memory.
#
# DIFFCHECK_BENCH_ENV names a real environment with torch, such as one with xFormers and flash-attn: its native files are
# looked through without the cache, from the cache, and, in a copy by links that lacks torch's metadata, not at all.
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


def without_torch_metadata(environment, folder):
    site = site_of(environment)
    copy = os.path.join(folder, os.path.relpath(site, environment))
    os.makedirs(copy)
    for name in os.listdir(environment):
        if name != "lib":
            os.symlink(os.path.join(environment, name), os.path.join(folder, name))
    for name in os.listdir(site):
        if not name.startswith("torch-"):
            os.symlink(os.path.join(site, name), os.path.join(copy, name))
    return folder


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
    real = os.path.abspath(real)
    bare = without_torch_metadata(real, os.path.join(os.path.dirname(venv), "bare"))
    commands["doctor, real environment, files not looked through"] = [diffcheck, "doctor", "--env", bare]
    commands["doctor, real environment, cache warm"] = [diffcheck, "doctor", "--env", real]
    commands["doctor, real environment, --no-cache"] = [diffcheck, "doctor", "--env", real, "--no-cache"]
    subprocess.run(commands["doctor, real environment, cache warm"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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
    print("| `doctor, real environment` | skipped: DIFFCHECK_BENCH_ENV names none | | |")
PYTHON
