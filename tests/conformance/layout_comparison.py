"""What the comparisons of layouts share: environments, questions to both sides, and the table of agreements."""
import collections
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent.parent / "data"
MACHINE = "64xH100-SXM"
TORCH = "2.8.0"
# What xfuser and diffusers import, which lie in folders of their own and are installed without their dependencies.
NEEDS = ("transformers", "accelerate", "einops", "beautifulsoup4", "sentencepiece", "av", "peft", "PyYAML", "pillow", "numpy",
         "requests", "regex", "importlib-metadata", "safetensors", "huggingface-hub", "filelock", "httpx")
# The last column counts rules that speak of what the software does not check.
COLUMNS = ("both refuse", "both accept", "only they refuse", "only we refuse", "said by us alone")


class Skipped(Exception):
    """Why something cannot be compared."""


def run(*command):
    """The last line of the error, or None."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    lines = (done.stderr + done.stdout).strip().splitlines()
    return None if done.returncode == 0 else lines[-1] if lines else f"exit code {done.returncode}"


def entries(kind):
    found = []
    for path in DATA.rglob("*.json"):
        document = json.loads(path.read_text())
        if document.get("kind") == kind:
            found += document["entries"]
    return {entry["id"]: entry for entry in found}


class Environment:
    """A Python with torch, and releases beside it, each in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.python = folder / "layouts-python" / "bin" / "python"
        if not (folder / "layouts-python" / "ready").exists():
            for command in ([sys.executable, "-m", "venv", "--clear", folder / "layouts-python"],
                            [self.python, "-m", "pip", "install", "--quiet", f"torch=={TORCH}", *NEEDS]):
                why = run(*command)
                if why:
                    raise Skipped(f"an environment with torch cannot be made: {why}")
            (folder / "layouts-python" / "ready").touch()

    def release(self, name, requirement, *beside):
        """The folder of a release and its version."""
        target = self.folder / name
        if not (target / "ready").exists():
            why = run(self.python, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target", target, requirement, *beside)
            if why:
                raise Skipped(f"{requirement} cannot be installed: {why}")
            (target / "ready").touch()
        package = requirement.split("=")[0]
        found = sorted(target.glob(f"{package}-*.dist-info"))
        return target, found[0].name.removesuffix(".dist-info").split("-", 1)[1]

    def ask(self, script, folders, cases):
        """The answer to each layout of each case, in order."""
        done = subprocess.run([str(self.python), str(HERE / script)], input="".join(json.dumps(case) + "\n" for case in cases),
                              capture_output=True, text=True, check=False,
                              env={"PYTHONPATH": ":".join(str(folder) for folder in folders), "PATH": "/usr/bin:/bin",
                                   "HOME": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"})
        if done.returncode != 0:
            raise Skipped(f"{script} fails beside {folders[0].name}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
        return [json.loads(line) for line in done.stdout.splitlines()]


def ask_ours(program, cases):
    """For each layout of each case: yes, no or unknown, and the set of rules that decided."""
    done = subprocess.run([program], input="".join(json.dumps(case) + "\n" for case in cases), capture_output=True, text=True, check=True)
    answers = [line.split("\t") for line in done.stdout.splitlines()]
    return [(truth, set(rules)) for truth, *rules in answers]


class Table:
    """Agreements and disagreements by rule."""

    def __init__(self, title):
        self.title = title
        self.rows = collections.defaultdict(collections.Counter)
        self.shown = []

    def add(self, rule, expected, found, what):
        self.rows[rule]["both refuse" if expected and found else "both accept" if not expected and not found
                        else "only they refuse" if expected else "only we refuse"] += 1
        if bool(expected) != bool(found) and sum(line.startswith(f"  {rule}:") for line in self.shown) < 3:
            self.shown.append(f"  {rule}: they say {expected or 'yes'!r}, we {'no' if found else 'yes'}: {what}")

    def judged(self, ours, they_refuse, what):
        """What counts most: nothing that they refuse is legal for us, and nothing is left undecided."""
        truth = ours[0]
        self.rows["(legal for us)"]["only they refuse" if they_refuse else "both accept"] += truth == "yes"
        self.rows["(undecided)"]["only we refuse"] += truth not in ("yes", "no")
        if truth == "yes" and they_refuse or truth not in ("yes", "no"):
            self.shown.append(f"  {truth}: {sorted(ours[1])} {what}")

    def alone(self, rule):
        self.rows[rule]["said by us alone"] += 1

    def disagreements(self):
        return sum(row["only they refuse"] + row["only we refuse"] for row in self.rows.values())

    def print(self):
        print(f"{self.title}: {self.disagreements()} disagreements")
        width = max((len(rule) for rule in self.rows), default=4)
        print(f"  {'rule':{width}}  " + "  ".join(f"{column:>16}" for column in COLUMNS))
        for rule, row in sorted(self.rows.items()):
            print(f"  {rule:{width}}  " + "  ".join(f"{row[column] or '-':>16}" for column in COLUMNS))
        for line in self.shown:
            print(line)
