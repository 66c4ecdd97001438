#!/usr/bin/env python3
"""Compares what the data say of live tensors with a count in the real models.

    live_tensors.py [--keep FOLDER] [--python FILE] [--data FOLDER] [--table FILE] [--only TEXT]

Each transformer of data/models/activations.json and each VAE call of data/models/vaes.json that was derived by
counting is counted again, at another size: bytes alive at once in a forward pass on PyTorch's meta device, which needs
no GPU and no weights. They agree where the count is between the entry's low and high factor.

An environment with torch and diffusers is made in FOLDER (8 GB), or in a temporary folder; --python names one that
exists. Code that only a repository has is fetched with git; what cannot be fetched is skipped. Prints a table; exit
code 1 on a disagreement, 77 with the reason where nothing can be counted.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from imports import Installer, last_line, skip

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent.parent / "data"
REQUIREMENTS = ["torch==2.8.0", "diffusers==0.42.1", "transformers==4.57.1", "accelerate", "einops", "pyyaml", "numpy",
                "pillow"]
OLDER = ("diffusers-0.30", "diffusers==0.30.3")
REPOSITORIES = {
    "LatentSync": ("https://github.com/bytedance/LatentSync", "a229c3948406bc2cf6eaf4873e662e70c6a04746"),
    "Wan2.1": ("https://github.com/Wan-Video/Wan2.1", "9737cba9c1c3c4d04b33fcad41c111989865d315"),
    "Wan2.2": ("https://github.com/Wan-Video/Wan2.2", "42bf4cfaa384bc21833865abc2f9e6c0e67233dc"),
    "HunyuanVideo": ("https://github.com/Tencent-Hunyuan/HunyuanVideo", "fa14b001c18f37191c938a9ef6baad3b9b472759"),
    "DiffSynth-Studio": ("https://github.com/modelscope/DiffSynth-Studio", "fed7b18fac2ed4cb802796eec91970e7659bccde"),
}


def environment_in(installer, folder):
    """The Python of an environment that has what counting needs."""
    environment = folder / "live-tensors"
    if not (environment / "ready").exists():
        why = installer.run("venv", "--clear", "--python", sys.executable, str(environment)) or installer.install(
            environment, *REQUIREMENTS)
        if why:
            skip(f"torch and diffusers cannot be installed: {why}")
        (environment / "ready").touch()
    return environment / "bin" / "python"


def older_diffusers(installer, folder, python):
    """A folder that has it alone, or None."""
    name, requirement = OLDER
    target = folder / name
    if not target.exists():
        why = installer.run("pip", "install", "--no-deps", "--python", str(python), "--target", str(target),
                            requirement)
        if why:
            print(f"{requirement} is skipped: {why}")
            return None
    return target


def fetch_repositories(folder):
    """Their Python files in one folder; what cannot be fetched is said, and not there."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"}
    for name, (address, commit) in REPOSITORIES.items():
        target = folder / name
        if (target / "ready").exists():
            continue
        for command in (["init", "--quiet", str(target)],
                        ["-C", str(target), "fetch", "--quiet", "--depth", "1", address, commit],
                        ["-C", str(target), "checkout", "--quiet", commit, "--", "*.py", "*.yaml"]):
            done = subprocess.run(["git", *command], capture_output=True, text=True, check=False, env=environment)
            if done.returncode != 0:
                print(f"{name} is skipped: {last_line(done.stderr)}")
                shutil.rmtree(target)
                break
        else:
            (target / "ready").touch()
    return folder


def counts(python, implementation, *arguments, path=None):
    """What count_live_tensors.py prints, as it comes."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    if path:
        environment["PYTHONPATH"] = str(path)
    command = [str(python), "-B", "-W", "ignore", str(HERE / "count_live_tensors.py"), implementation, *arguments]
    with tempfile.TemporaryFile("w+") as errors:  # not a pipe, which would fill while the counts are read
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment) as process:
            for line in process.stdout:
                if line.startswith("{"):
                    yield json.loads(line)
        if process.returncode != 0:
            errors.seek(0)
            yield {"table": "", "entry": implementation, "case": "", "error": last_line(errors.read())}


def entries_of(folder, name):
    return {entry["id"]: entry for entry in json.loads((folder / "models" / name).read_text())["entries"]}


class Table:
    """The counts beside what the data say."""

    def __init__(self, data):
        self.data = {"activations": entries_of(data, "activations.json"), "vaes": entries_of(data, "vaes.json")}
        self.rows = []
        self.seen = set()
        self.disagreements = 0

    def said(self, line):
        """(the entry or workspace, what it says, what was counted); None where the data say nothing."""
        entry = self.data[line["table"]].get(line["entry"], {})
        if line["table"] == "activations":
            numbers = entry.get("bytes_per_token_per_width") or entry.get("bytes_per_token") or {}
            return (entry, numbers[line["dtype"]], line["per_unit"]) if line["dtype"] in numbers else None
        for workspace in entry.get("workspaces", []):
            if all(workspace[key] == line[key] for key in ("implementation", "call", "tiled")):
                sums = [one.get("constant", 0) + one.get("frame", 0) * line["frames"] + line["pixels"] *
                        (one.get("pixel", 0) + one.get("pixel_frame", 0) * line["frames"])
                        for one in workspace.get(line["dtype"], [])]
                return (workspace, max(sums), line["elements"]) if sums else None
        return None

    def add(self, line):
        what = line["case"]
        if line.get("call"):
            what += f", {line['call']}{' in tiles' if line['tiled'] else ''}"
        row = [line["entry"], line.get("implementation", ""), what, line.get("dtype", "")]
        if "error" in line:
            self.disagreements += 1
            self.put(row + ["", "", "", line["error"]])
            return
        self.seen.add(line["entry"])
        said = self.said(line)
        if said is None:
            return
        entry, data, counted = said
        agree = entry["low_factor"] * data <= counted <= entry["high_factor"] * data
        self.disagreements += not agree
        self.put(row + [f"{counted:.5g}", f"{data:.5g}", f"{100 * (data / counted - 1):+.1f} %",
                        "agree" if agree else "disagree"])

    def put(self, row):
        if not self.rows:
            print("  ".join(f"{name:{width}}" for name, width in self.COLUMNS))
        self.rows.append(row)
        print("  ".join(f"{text:{width}}" for text, (_, width) in zip(row, self.COLUMNS)).rstrip(), flush=True)

    COLUMNS = [("entry", 26), ("implementation", 14), ("case", 32), ("dtype", 5), ("counted", 11), ("data", 11),
               ("difference", 10), ("verdict", 8)]

    def uncounted(self):
        """Entries that claim to have been counted here and were not."""
        return [entry["id"] for entries in self.data.values() for entry in entries.values()
                if pathlib.Path(__file__).name in entry["source"] and entry["id"] not in self.seen
                and entry.get("implementation") != "any"]

    def write(self, file):
        lines = [[name for name, _ in self.COLUMNS], ["---"] * len(self.COLUMNS), *self.rows]
        file.write_text("".join("| " + " | ".join(line) + " |\n" for line in lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the environment and the repositories")
    parser.add_argument("--python", type=pathlib.Path, help="of an environment that has torch and diffusers")
    parser.add_argument("--data", type=pathlib.Path, default=DATA)
    parser.add_argument("--table", type=pathlib.Path, help="write it as Markdown too")
    parser.add_argument("--only", default="", help="entries whose id has this in it")
    options = parser.parse_args()
    table = Table(options.data)
    with tempfile.TemporaryDirectory() as scratch:
        folder = (options.keep or pathlib.Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        installer = Installer(folder, bool(options.keep))
        python = options.python or environment_in(installer, folder)
        only = ["--only", options.only]
        for line in counts(python, "diffusers", *only):
            table.add(line)
        if older := older_diffusers(installer, folder, python):
            for line in counts(python, OLDER[0], *only, path=older):
                table.add(line)
        for line in counts(python, "repositories", "--repositories", str(fetch_repositories(folder)), *only):
            table.add(line)
    if not table.rows:
        skip("nothing was counted")
    if not options.only:
        for entry in table.uncounted():
            print(f"not counted: {entry}")
    print(f"{len(table.rows)} counts, {table.disagreements} disagree")
    if options.table:
        table.write(options.table)
    return 1 if table.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
