#!/usr/bin/env python3
"""Compares what diffcheck says of dynamic linking with what the dynamic linker does.

    dynamic_linking.py --binary DIFFCHECK ENVIRONMENT...

Each ENVIRONMENT is a virtual environment with torch from wheels. In each, and in copies (hard links) from which one
package of NVIDIA is taken away, and with LD_LIBRARY_PATH naming an NVIDIA folder of the other environments, it compares

- whether `import torch` works, and which files of the GPU libraries and of libstdc++ the process has mapped then;
- for every Python module of every package, whether dlopen takes it in a process that has imported torch.

Prints a table; exit code 1 on any disagreement, 77 with the reason where nothing can be compared.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
GPU_LIBRARY = re.compile(r"^lib(cudart|cublas|cudnn|cufft|curand|cusolver|cusparse|nccl|nvrtc|nvJitLink)")
TORCH = """
import json, sys
def mapped():
    lines = open("/proc/self/maps").read().splitlines()
    return sorted({line.split(None, 5)[5] for line in lines if ".so" in line and "/" in line})
try:
    import torch
    answer = {"loads": True}
except Exception as error:
    answer = {"loads": False, "error": str(error).splitlines()[0]}
answer["mapped"] = mapped()
print(json.dumps(answer))
"""
MODULES = """
import json, os, sys
answers = {}
try:
    import torch
except Exception:
    pass
for path in json.load(sys.stdin):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        import ctypes
        try:
            ctypes.CDLL(path)
            text = "loads"
        except OSError as error:
            text = str(error)
        os.write(write, text.encode()[:4000])
        os._exit(0)
    os.close(write)
    answers[path] = os.read(read, 4096).decode(errors="replace")
    os.close(read)
    os.waitpid(child, 0)
print(json.dumps(answers))
"""


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def site_of(environment):
    found = sorted(environment.glob("lib/python3*/site-packages"))
    return found[0] if found else None


def run_python(environment, code, variables, text=""):
    result = subprocess.run([environment / "bin" / "python", "-c", code], input=text, capture_output=True, text=True,
                            check=False, env=os.environ | variables)
    lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if lines else None


def told(binary, environment, variables):
    result = subprocess.run([binary, "snapshot", "--plain", "--env", environment], capture_output=True, text=True,
                            check=False, env=os.environ | variables)
    return json.loads(result.stdout)


def modules_of(environment):
    version = (environment / "pyvenv.cfg").read_text()
    number = re.search(r"version(?:_info)? *= *(\d+)\.(\d+)", version)
    ours = f".cpython-{number[1]}{number[2]}"
    site = site_of(environment)
    return sorted(str(path) for path in site.rglob("*.so")
                  if path.name.endswith(".abi3.so") or ours in path.name)


def compare_torch(snapshot, real, report):
    linking = snapshot["linking"]
    report("torch loads", linking.get("torch_loads"), real["loads"], real.get("error", ""))
    if not real["loads"]:
        return
    mapped = {os.path.realpath(path) for path in real["mapped"]}
    interesting = {path for path in mapped
                   if GPU_LIBRARY.match(os.path.basename(path)) or "libstdc++.so.6" in path}
    ours = {os.path.realpath(item["path"]) for item in linking["libraries"]
            if item["soname"] and not is_later(item, linking["libraries"])}
    for path in sorted(interesting | ours):
        report(os.path.basename(path), path in ours, path in interesting, path)


def is_later(item, libraries):
    """A part that its library loads when it is first used: cuDNN's."""
    return any(other["path"] == item["needed_by"] and item["soname"].startswith(other["soname"].split(".so")[0] + "_")
               for other in libraries)


def compare_modules(snapshot, real, report):
    files = {item["path"]: item for item in snapshot["binaries"]}
    unknown = 0
    for path, answer in sorted(real.items()):
        item = files.get(path, {})
        ours = item.get("loads", True)
        if ours and item.get("missing_torch_symbols"):
            ours = False
        if ours is None or (item and "loads" not in item) or isinstance(ours, dict):
            unknown += 1
            continue
        report(os.path.basename(path), ours, answer == "loads", answer)
    return unknown


def compare(binary, environment, variables, name):
    rows = []

    def report(what, ours, theirs, detail):
        rows.append((what, ours, theirs, detail))

    snapshot = told(binary, environment, variables)
    real = run_python(environment, TORCH, variables)
    if real is None:
        print(f"{name}: python does not start")
        return 0
    compare_torch(snapshot, real, report)
    unknown = 0
    if real["loads"]:
        answers = run_python(environment, MODULES, variables, json.dumps(modules_of(environment)))
        unknown = compare_modules(snapshot, answers, report)
    wrong = [row for row in rows if row[1] != row[2]]
    loads = "loads" if real["loads"] else "does not load"
    print(f"{name}: torch {loads}; {len(rows)} compared, {len(rows) - len(wrong)} agree, {unknown} modules unknown to us")
    for what, ours, theirs, detail in wrong:
        print(f"  {what}: told {ours}, is {theirs}: {detail[:300]}")
    return len(wrong)


def without(environment, package, folder):
    """A copy of the environment that lacks one of NVIDIA's folders."""
    copy = folder / f"{environment.name}-without-{package}"
    shutil.copytree(environment, copy, symlinks=True, copy_function=os.link)
    shutil.rmtree(site_of(copy) / "nvidia" / package)
    return copy


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("environments", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    environments = [path.absolute() for path in arguments.environments if site_of(path)]
    if not environments:
        skip("no virtual environment with torch was named")
    wrong = 0
    for environment in environments:
        wrong += compare(arguments.binary, environment, {}, environment.name)
        for other in environments:
            for library in sorted((site_of(other) / "nvidia").glob("*/lib")):
                name = f"{environment.name} with LD_LIBRARY_PATH={other.name}/{library.parent.name}"
                if other != environment:
                    wrong += compare(arguments.binary, environment, {"LD_LIBRARY_PATH": str(library)}, name)
        with tempfile.TemporaryDirectory(dir=environment.parent) as folder:
            packages = [path.name for path in sorted((site_of(environment) / "nvidia").glob("*")) if (path / "lib").is_dir()]
            for package in packages:
                copy = without(environment, package, pathlib.Path(folder))
                wrong += compare(arguments.binary, copy, {}, f"{environment.name} without {package}")
                shutil.rmtree(copy)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
