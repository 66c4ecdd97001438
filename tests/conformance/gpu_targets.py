#!/usr/bin/env python3
"""Compares the GPU targets that diffcheck reads with what NVIDIA's cuobjdump lists, file by file.

    gpu_targets.py PROGRAM [--keep FOLDER] [WHEEL|REQUIREMENT|LIBRARY|FOLDER...]

PROGRAM is conformance_gpu_targets of a build. Without further arguments the wheels below are taken; of a folder, such
as an environment, all native files are. Requirements are downloaded with pip, without dependencies, into FOLDER (all
kept, 13 GB) or, one at a time, a temporary one (4 GB). cuobjdump is that on PATH, else NVIDIA's wheel; files that it
gives up on (of old toolkits) go to an older release, "old tool" in the table. Prints a table; exit code 1 on any
disagreement, 77 with the reason where nothing can be compared.

Not compared are suffixes of machine code that cuobjdump leaves out: the f of sm_100f, and before release 13 the a of
sm_90a too; and files with code for AMD.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

# Of CUDA 12.1, 12.4, 12.6, 12.8 and 13; vLLM and sgl-kernel hold FlashAttention 2 and 3.
WHEELS = [
    "torch==2.4.1", "torch==2.6.0", "torch==2.7.1", "torch==2.8.0", "torch==2.9.1", "torch==2.15.0",
    "torchvision==0.23.0", "xformers==0.0.28.post3", "xformers==0.0.32.post2", "vllm==0.6.3.post1", "vllm==0.10.2",
    "vllm==0.33.0", "sgl-kernel==0.3.16", "bitsandbytes==0.48.1", "fbgemm-gpu-genai==1.4.0",
    "onnxruntime-gpu==1.23.2", "nvidia-nccl-cu12==2.27.3", "nvidia-cusparselt-cu12==0.7.1",
    "nvidia-cudnn-cu12==9.10.2.21", "nvidia-cublas-cu12==12.8.4.1", "nvidia-nvshmem-cu12==3.3.20", "triton==3.1.0",
]
PLATFORMS = ["manylinux_2_34_x86_64", "manylinux_2_31_x86_64", "manylinux_2_28_x86_64", "manylinux_2_27_x86_64",
             "manylinux_2_24_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux1_x86_64",
             "linux_x86_64", "any"]
CUOBJDUMP_WHEEL = "nvidia-cuda-cuobjdump==13.5.37"
OLD_CUOBJDUMP_WHEEL = "triton==3.4.0"  # holds that of CUDA 12.8
SKIPPED = 77
LISTED = re.compile(r"^(ELF|PTX) file +\d+: .*\.sm_(\d+[af]?)\.(?:cubin|ptx)$")


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def download(requirement, folder):
    """The wheel's path, or None with the reason on stderr."""
    target = folder / re.sub(r"[^\w.-]", "_", requirement)
    found = sorted(target.glob("*.whl"))
    if not found:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
                   "--python-version", "3.11", "--dest", str(target), requirement]
        for platform in PLATFORMS:
            command += ["--platform", platform]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            lines = result.stderr.strip().splitlines()
            print(f"{requirement}: {lines[-1] if lines else 'pip failed'}", file=sys.stderr)
            return None
        found = sorted(target.glob("*.whl"))
    return found[0] if found else None


class Cuobjdump:
    """One release of it. Before 13 it names some machine code without its suffix: sm_90 for sm_90a."""

    def __init__(self, program):
        self.program = str(program)
        version = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True).stdout
        self.release = int(re.search(r"release (\d+)", version)[1])

    def list(self, path):
        """The targets; None where this release gives up on the file."""
        result = subprocess.run([self.program, "--list-elf", "--list-ptx", str(path)], capture_output=True, text=True,
                                check=False)
        if "fatal" in result.stderr:
            return None
        matches = [LISTED.match(line.strip()) for line in result.stdout.splitlines()]
        return {("sm_" if match[1] == "ELF" else "compute_") + match[2] for match in matches if match}

    def comparable(self, targets):
        """`targets` without the suffixes that this release may leave out."""
        unnamed = "f" if self.release >= 13 else "af"
        return {target.rstrip(unnamed) if target.startswith("sm_") else target for target in targets}


def find_cuobjdumps(folder):
    """That on PATH, or NVIDIA's newest; then an old one, for files of old toolkits that the new one refuses."""
    found = [shutil.which("cuobjdump")]
    for requirement in [] if found[0] else [CUOBJDUMP_WHEEL]:
        found.append(extract_cuobjdump(requirement, folder / "new"))
    found.append(extract_cuobjdump(OLD_CUOBJDUMP_WHEEL, folder / "old"))
    programs = [Cuobjdump(program) for program in found if program]
    if not programs:
        skip("cuobjdump is not on PATH, and no wheel with it could be downloaded")
    return programs


def extract_cuobjdump(requirement, folder):
    wheel = download(requirement, folder)
    if wheel is None:
        return None
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/bin/cuobjdump"))
        program = archive.extract(name, folder)
    os.chmod(program, 0o755)
    return program


def ours(program, path):
    """The targets, or the line that says why there are none."""
    result = subprocess.run([program, str(path)], capture_output=True, text=True, check=True)
    targets = [line.split("\t")[1] for line in result.stdout.splitlines()]
    return targets[0] if targets and targets[0].startswith("unreadable") else set(targets)


def has_amd_code(targets):
    return "offload bundle" in targets if isinstance(targets, str) else any(name.startswith("gfx") for name in targets)


def is_elf(path):
    if path.is_symlink() or not path.is_file():
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def native_files(folder):
    return sorted(file for file in folder.rglob("*") if is_elf(file))


class Comparison:
    def __init__(self, program, cuobjdumps):
        self.program = program
        self.cuobjdumps = cuobjdumps
        self.rows = []
        self.disagreements = []

    def listed(self, path):
        """What the first release lists that reads the file, and that release."""
        for cuobjdump in self.cuobjdumps:
            targets = cuobjdump.list(path)
            if targets is not None:
                return targets, cuobjdump
        return None, None

    def compare(self, name, paths):
        row = {"name": name, "files": 0, "with_code": 0, "agree": 0, "old": 0, "targets": set()}
        for path in paths:
            mine = ours(self.program, path)
            theirs, cuobjdump = self.listed(path)
            if theirs is None:
                print(f"{name}: {path.name}: no cuobjdump reads it", file=sys.stderr)
                continue
            if has_amd_code(mine):
                print(f"{name}: {path.name}: code for AMD, which cuobjdump does not read", file=sys.stderr)
                continue
            row["files"] += 1
            row["with_code"] += bool(theirs)
            row["old"] += cuobjdump is not self.cuobjdumps[0]
            if not isinstance(mine, str) and cuobjdump.comparable(mine) == cuobjdump.comparable(theirs):
                row["agree"] += 1
                row["targets"] |= mine
            else:
                self.disagreements.append(f"{name}: {path.name}: diffcheck {show(mine)}; cuobjdump {show(theirs)}")
        if not self.rows:
            print(f"{'package':32} {'files':>6} {'GPU code':>9} {'old tool':>9} {'agree':>6} {'disagree':>9}  targets")
        self.rows.append(row)
        print(f"{row['name']:32} {row['files']:6} {row['with_code']:9} {row['old']:9} {row['agree']:6} "
              f"{row['files'] - row['agree']:9}  {show(row['targets'])}", flush=True)

    def report(self):
        files, code, old, agree = (sum(row[key] for row in self.rows) for key in ("files", "with_code", "old", "agree"))
        print(f"{'together':32} {files:6} {code:9} {old:9} {agree:6} {files - agree:9}")
        for line in self.disagreements:
            print(line)


def show(targets):
    if isinstance(targets, str):
        return targets
    return " ".join(sorted(targets, key=lambda t: (t[0] != "s", int(re.sub(r"\D", "", t)), t))) or "none"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path, help="folder for downloads")
    parser.add_argument("what", nargs="*", default=WHEELS)
    options = parser.parse_intermixed_args()
    program = options.program.resolve()
    if not program.exists():
        parser.error(f"no such program: {program}; build the target conformance_gpu_targets")
    with tempfile.TemporaryDirectory() as scratch:
        downloads = (options.keep or pathlib.Path(scratch)).resolve()
        downloads.mkdir(parents=True, exist_ok=True)
        comparison = Comparison(program, find_cuobjdumps(downloads))
        for what in options.what or WHEELS:
            path = pathlib.Path(what)
            if path.exists() and path.suffix != ".whl":
                comparison.compare(path.name, native_files(path) if path.is_dir() else [path])
                continue
            wheel = path if path.exists() else download(what, downloads)
            if wheel is None:
                continue
            with tempfile.TemporaryDirectory(dir=scratch) as content, zipfile.ZipFile(wheel) as archive:
                names = [name for name in archive.namelist() if ".so" in name or "/bin/" in name or "/lib/" in name]
                archive.extractall(content, names)
                comparison.compare("-".join(wheel.name.split("-")[:2]), native_files(pathlib.Path(content)))
            if not options.keep and wheel is not path:
                shutil.rmtree(wheel.parent)
        if not comparison.rows:
            skip("no wheel could be downloaded")
        comparison.report()
        return 1 if comparison.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
