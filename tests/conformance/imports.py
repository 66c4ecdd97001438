#!/usr/bin/env python3
"""Compares what `doctor` says about compiled packages with what loading them really does.

    imports.py PROGRAM [--keep FOLDER] [--torch VERSION]... [--package NAME]...

PROGRAM is diffcheck. For each torch below an environment is made, and each package is put into it without its
dependencies, matched or not. Then, in that environment,

  files    each of the package's libraries is loaded in a process that has imported torch; ours is whether `doctor` has
           a finding about that file, or says the same of another file of the package, as it tells a defect once a package
           ("by package" in the table). Some fail by what no file tells, such as another layout of torch's classes: for
           those a finding that the package was made for another torch will do; not for a library that is absent.
           "unsaid" counts what `doctor` leaves out on purpose: the driver's library where there is no GPU, and libraries
           that a package loads by path, one of several variants
  imports  what people write (`import torch; import xformers ...`) is run; ours is whether `doctor` says of the package
           or one of its files that it does not work

Nothing here needs a GPU, so what only fails on one is not compared. Environments and downloads go to FOLDER and stay
there (40 GB), or to a temporary folder, from which each goes as soon as it was compared (10 GB). Prints a table and
each disagreement; exit code 1 on any, 77 with the reason where nothing can be compared.
"""

import argparse
import collections
import dataclasses
import fnmatch
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
TORCHES = ["2.4.1", "2.6.0", "2.8.0", "2.9.1"]


@dataclasses.dataclass(frozen=True)
class Package:
    """A release, beside what else its import needs, and the statement that uses its compiled part without a GPU."""

    requirement: str
    statement: str | None = None
    beside: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()  # packages that the statement imports as well: what is wrong with them counts
    not_alone: tuple[str, ...] = ()  # its libraries that only load inside its own process
    by_path: tuple[str, ...] = ()  # patterns of those of which it loads the one that fits

    @property
    def name(self):
        return self.requirement.split("==")[0]


# xFormers imports without its compiled part, and says so in a warning.
XFORMERS = ("from xformers import _cpp_lib as lib; error = lib._cpp_library_load_exception; "
            "assert error is None, repr(error.__cause__ or error)")
TENSORDICT_NEEDS = ("cloudpickle", "orjson", "pyvers", "packaging", "importlib-metadata")
PACKAGES = [
    *(Package(f"xformers=={version}", XFORMERS)
      for version in ("0.0.27.post2", "0.0.28.post1", "0.0.29.post3", "0.0.32.post2", "0.0.33", "0.0.33.post2")),
    *(Package(f"torchvision=={version}", "import torchvision", ("pillow",))
      for version in ("0.19.1", "0.21.0", "0.23.0", "0.24.1")),
    *(Package(f"torchaudio=={version}", "import torchaudio", by_path=("*ffmpeg*", "*sox*"))
      for version in ("2.4.1", "2.6.0", "2.8.0", "2.9.1")),
    *(Package(f"torchao=={version}") for version in ("0.9.0", "0.13.0", "0.15.0")),  # imports without what fails
    *(Package(f"tensordict=={version}", "import tensordict", TENSORDICT_NEEDS) for version in ("0.6.2", "0.10.0")),
    *(Package(f"fbgemm-gpu-genai=={version}") for version in ("1.2.0", "1.3.0", "1.4.0")),
    *(Package(f"vllm=={version}") for version in ("0.6.3.post1", "0.8.5.post1", "0.10.2", "0.12.0")),
    *(Package(f"sgl-kernel=={version}") for version in ("0.1.0", "0.3.16", "0.3.21")),
    Package("vllm-flash-attn==2.6.2", "import vllm_flash_attn_2_cuda"),
    Package("auto-gptq==0.7.1", "import autogptq_cuda_64"),
    Package("autoawq-kernels==0.0.9", "import awq_ext"),
    Package("torchtext==0.18.0", "import torchtext", ("tqdm", "requests")),
    Package("bitsandbytes==0.48.1", "import bitsandbytes", ("packaging",), by_path=("libbitsandbytes_*",)),
    Package("sageattention==1.0.6", "import sageattention", uses=("triton",)),
    Package("onnxruntime-gpu==1.23.2", "import onnxruntime", ("flatbuffers", "protobuf", "packaging", "coloredlogs"),
            not_alone=("libonnxruntime_providers_cuda.so", "libonnxruntime_providers_tensorrt.so")),
]

# Each file in a child of the process that has torch, as one that loads may hide what the next one lacks. A package loads
# its own libraries before those that need them.
LOADER = """
import ctypes, json, os, sys
import torch

def load(path, others):
    try:
        ctypes.CDLL(path, ctypes.RTLD_GLOBAL)
    except OSError as error:
        other = others.pop(str(error).split(":")[0], None)
        if other is None:
            return str(error)
        return load(other, others) or load(path, others)
    return ""

by_name = {os.path.basename(path): path for path in sys.argv[1:]}
for path in sys.argv[1:]:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, load(path, dict(by_name)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        message = answer.read()
    if os.waitpid(child, 0)[1]:
        message = "the process crashed"
    print(json.dumps([path, message]))
"""


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


class Installer:
    """uv, which keeps one copy of what several environments hold."""

    def __init__(self, folder, keeps):
        self.folder = folder
        self.keeps = keeps
        tools = folder / "tools"
        self.uv = tools / "bin" / "uv"
        self.environment = {**os.environ, "UV_CACHE_DIR": str(folder / "uv-cache"), "UV_PYTHON_DOWNLOADS": "never",
                            "UV_HTTP_TIMEOUT": "600"}
        for command in [] if self.uv.exists() else [
                [sys.executable, "-m", "venv", str(tools)], [str(tools / "bin" / "pip"), "install", "--quiet", "uv"]]:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                skip(f"uv cannot be installed: {last_line(done.stderr + done.stdout)}")

    def run(self, *arguments):
        """The last line of the error, or None."""
        done = subprocess.run([str(self.uv), "--quiet", *arguments], capture_output=True, text=True, check=False,
                              env=self.environment)
        return last_line(done.stderr) if done.returncode != 0 else None

    def environment_with(self, torch):
        """A virtual environment's folder, or None with the reason on stderr."""
        folder = self.folder / f"torch-{torch}"
        if not (folder / "ready").exists():
            why = self.run("venv", "--clear", "--python", sys.executable, str(folder)) or self.install(
                folder, f"torch=={torch}", "numpy")
            if why:
                print(f"torch {torch}: {why}", file=sys.stderr)
                return None
            (folder / "ready").touch()
        return folder

    def install(self, folder, *requirements):
        return self.run("pip", "install", "--only-binary", ":all:", "--python", str(folder / "bin" / "python"),
                        *requirements)

    def uninstall(self, folder, name):
        self.run("pip", "uninstall", "--python", str(folder / "bin" / "python"), name)
        if not self.keeps:
            self.run("cache", "clean", name)

    def leave(self, folder):
        if not self.keeps:
            shutil.rmtree(folder)
            self.run("cache", "clean")


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def python(folder, *arguments):
    # Like a shell in which nothing of the caller's own Python is set.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run([str(folder / "bin" / "python"), "-P", "-W", "ignore", *arguments], capture_output=True,
                          text=True, check=False, cwd=folder, env=environment)


def libraries_of(folder, name):
    """The shared libraries that RECORD lists."""
    found = python(folder, "-c", "import importlib.metadata as m, sys\n"
                   "for f in m.files(sys.argv[1]):\n"
                   "  if f.name.endswith('.so') or '.so.' in f.name: print(f.locate())", name)
    return [os.path.normpath(line) for line in found.stdout.splitlines()]


NO_LIBRARY = "cannot open shared object file"
DRIVER_LIBRARY = "libcuda.so.1"


def kind_of(error):
    kinds = (NO_LIBRARY, "undefined symbol", "not found (required by", "crashed")
    return next((kind for kind in kinds if kind in error), "another error" if error else "it loads")


class Doctor:
    """What `doctor` says of an environment, by titles."""

    REFUSED = {"package-built", "package-checked", "package-observed", "package-missing"}
    MISFIT = REFUSED - {"package-missing"} | {"package-declared", "package-wheels"}

    def __init__(self, program, folder):
        done = subprocess.run([str(program), "doctor", "--env", str(folder), "--format", "json"], capture_output=True,
                              text=True, check=False, cwd=folder)
        self.findings = json.loads(done.stdout)["findings"]

    def about_file(self, path):
        return [finding["title"] for finding in self.findings
                if finding["id"].startswith("module-") and finding["id"] != "module-no-code-for-gpu"
                and path in [evidence["source"] for evidence in finding["evidence"]]]

    def about_package(self, paths, error):
        """That another file of the package fails as this one does: by the same library, or by a symbol or version."""
        library = error.split(":")[0] if NO_LIBRARY in error else ""
        return [finding["title"] for finding in self.findings
                if finding["id"].startswith("module-") and finding["id"] != "module-no-code-for-gpu"
                and any(evidence["source"] in paths for evidence in finding["evidence"])
                and library in json.dumps(finding)
                and (bool(library) == (finding["id"] == "module-missing-library"))]

    def refused(self, names):
        """That packages do not work."""
        return self.about(names, self.REFUSED)

    def misfits(self, name):
        """That a package does not fit this torch, or that it was made for another one, which need not hurt."""
        return self.about([name], self.MISFIT, "packages.torch.version")

    def about(self, names, ids, fact=""):
        return [finding["title"] for finding in self.findings for name in names
                if finding["id"] == f"{name}-mismatch"
                or (finding["id"] in ids and finding["title"].startswith(f"{name} ")
                    and any(evidence["fact"].startswith(fact) for evidence in finding["evidence"]))]


def is_variant(package, library):
    """One of several of which the package loads the one that fits, by path."""
    return any(fnmatch.fnmatch(library, pattern) for pattern in package.by_path)


def is_left_out(package, library, error):
    """What `doctor` says nothing of on purpose."""
    return DRIVER_LIBRARY in error or is_variant(package, library)


class Table:
    def __init__(self):
        self.rows = []
        self.disagreements = []
        self.kinds = collections.Counter()

    def add(self, torch, package, files, misfits, statement):
        """`files`: (what, the real error or "", what is said of it and of its package); `statement` lacks the last."""
        row = {"torch": torch, "package": package.requirement, "files": len(files), "fail": 0, "by package": 0,
               "unsaid": 0, "agree": 0, "disagree": 0, "import": "-"}
        for what, real, said, of_package in files:
            row["fail"] += bool(real)
            if real and not said and is_left_out(package, what, real):
                row["unsaid"] += 1
                continue
            agree = self.judge(torch, package, what, real, said or (of_package if real else []), misfits)
            row["by package"] += bool(agree and real and not said)
            row["agree" if agree else "disagree"] += 1
        if statement:
            agree = self.judge(torch, package, *statement, misfits)
            row["import"] = ("fails" if statement[1] else "works") + (", agree" if agree else ", disagree")
        if not self.rows:
            self.print_row({name: name for name in row})
        self.rows.append(row)
        self.print_row(row)

    @staticmethod
    def print_row(row):
        print(f"{row['torch']:7} {row['package']:32} {row['files']:>6} {row['fail']:>5} {row['by package']:>11} "
              f"{row['unsaid']:>6} {row['agree']:>6} {row['disagree']:>9}  {row['import']}", flush=True)

    def judge(self, torch, package, what, real, said, misfits):
        if bool(real) == bool(said) or (real and misfits and kind_of(real) != NO_LIBRARY):
            return True
        self.kinds[kind_of(real)] += 1
        self.disagreements.append(f"torch {torch}, {package.requirement}, {what}\n"
                                  f"    really: {real or 'it loads'}\n"
                                  f"    doctor: {'; '.join(said) or 'says nothing against it'}")
        return False

    def report(self):
        files, fail, by_package, unsaid, agree, disagree = (
            sum(row[key] for row in self.rows) for key in ("files", "fail", "by package", "unsaid", "agree", "disagree"))
        imports = [row["import"] for row in self.rows if row["import"] != "-"]
        agreeing = sum(one.endswith(" agree") for one in imports)
        print(f"together: {len(self.rows)} pairs\n"
              f"  files: {files}, of which {fail} do not load: {agree} agree ({by_package} by package), {unsaid} are left "
              f"unsaid on purpose, {disagree} disagree\n"
              f"  imports: {len(imports)}, of which {sum(one.startswith('fails') for one in imports)} fail: "
              f"{agreeing} agree, {len(imports) - agreeing} disagree")
        for kind, count in self.kinds.most_common():
            print(f"  disagreements where really: {kind}: {count}")
        for line in self.disagreements:
            print(line)


def compare(program, installer, folder, torch, package, table):
    if why := installer.install(folder, "--no-deps", package.requirement, *package.beside):
        print(f"torch {torch}: {package.requirement}: {why}", file=sys.stderr)
        return
    doctor = Doctor(program, folder)
    libraries = [path for path in libraries_of(folder, package.name)
                 if os.path.basename(path) not in package.not_alone]
    loaded = python(folder, "-c", LOADER, *libraries)
    files = []
    for line in loaded.stdout.splitlines():
        path, error = json.loads(line)
        # The error may name another library that this one needs.
        said = doctor.about_file(path) or doctor.about_file(error.split(":")[0])
        files.append((os.path.basename(path), error, said, doctor.about_package(libraries, error) if error else []))
    statement = None
    if package.statement:
        done = python(folder, "-c", f"import torch; {package.statement}")
        said = doctor.refused((package.name, *package.uses)) + [
            title for name, _, titles, _ in files if not is_variant(package, name) for title in titles]
        statement = (package.statement, last_line(done.stderr) if done.returncode != 0 else "", said)
    table.add(torch, package, files, doctor.misfits(package.name), statement)
    installer.uninstall(folder, package.name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path, help="folder for environments and downloads")
    parser.add_argument("--torch", action="append", help="only with this version")
    parser.add_argument("--package", action="append", help="only this package")
    options = parser.parse_args()
    program = options.program.resolve()
    if not program.exists():
        parser.error(f"no such program: {program}")
    table = Table()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (options.keep or pathlib.Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        installer = Installer(folder, bool(options.keep))
        for torch in options.torch or TORCHES:
            environment = installer.environment_with(torch)
            if environment is None:
                continue
            for package in PACKAGES:
                if not options.package or package.name in options.package:
                    compare(program, installer, environment, torch, package, table)
            installer.leave(environment)
    if not table.rows:
        skip("no torch could be installed")
    table.report()
    return 1 if table.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
