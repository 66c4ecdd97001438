#!/usr/bin/env python3
"""Predicted times and chosen layouts against published latencies by layout.

Each row of the file of measurements (tab-separated: group, model, workload, steps, hardware, n, layout, value, unit,
quality) is mapped to an engine, a model and a named machine; one `diffcheck plan` for each such job lists the legal
layouts with their predicted times. Rows of one group at equal n form a choice set: the predicted fastest of the layouts
that were measured is what a planner restricted to them would choose. Rows of quality D are used for ranking only, and
the figures are given with and without them.

Prints, and writes to --output, the choice sets, the errors of one GPU's time and of the scaling ratio, and the
summary. Exit 1 where --least-top1 or --most-regret is not met, 77 where there are no measurements.
"""
import argparse
import collections
import csv
import json
import pathlib
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
MEASURED = HERE.parent.parent.parent / "shared" / "examples" / "layouts.tsv"
SKIPPED = 77

# The first pattern that a model's name begins with names the model and the engine whose layouts its rows are.
MODELS = [
    ("HunyuanVideo", "hunyuanvideo", "xdit"),
    ("FLUX.1-dev", "flux.1-dev", "xdit"),
    ("FLUX.1-schnell", "flux.1-schnell", "xdit"),
    ("FLUX.2-dev", "flux.2-dev", "cache-dit"),
    ("HunyuanDiT", "hunyuandit-v1.2", "xdit"),
    ("SD3-medium", "sd3-medium", "xdit"),
    ("PixArt-alpha", "pixart-alpha-xl-2-1024", "xdit"),
    ("PixArt", "pixart-sigma-xl-2-1024", "xdit"),
    ("CogVideoX-2b", "cogvideox-2b", "xdit"),
    ("CogVideoX-5b", "cogvideox-5b", "xdit"),
    ("CogVideoX1.5-5B", "cogvideox1.5-5b", "xdit"),
    ("Mochi-1", "mochi-1", "mochi-xdit"),
    ("Wan2.1-T2V-14B", "wan2.1-t2v-14b", "wan2.1"),
    ("Wan2.1-1.3B", "wan2.1-t2v-1.3b", "sglang"),
    ("Wan2.1-I2V-14B-480P", "wan2.1-i2v-14b-480p", "lightx2v"),
    ("Wan2.2-I2V-A14B", "wan2.2-i2v-a14b", "wan2.2"),
    ("Qwen-Image", "qwen-image", "diffusers"),
]
# Hardware as the rows write it: GPU, and what joins several of them; "" for what the product itself has.
MACHINES = [
    (r"L40 .*|.*L40\b.*", "L40", ["--link", "pcie4", "--sockets", "2"]),
    (r".*L20.*", "L20", ["--link", "pcie4"]),
    (r".*A100-80G PCIe.*", "A100-PCIe-80GB", ["--link", "pcie4"]),
    (r".*A800.*", "A800-SXM4-80GB", ["--link", "nvlink"]),
    (r".*A100.*", "A100-SXM4-80GB", ["--link", "nvlink"]),
    (r".*V100.*", "V100-SXM2-32GB", ["--link", "nvlink"]),
    (r".*H100.*", "H100-SXM", ["--link", "nvlink"]),
    (r".*H20.*", "H20", ["--link", "nvlink"]),
    (r".*4090D.*", "RTX4090-D", ["--link", "pcie4"]),
    (r".*4090.*", "RTX4090", ["--link", "pcie4"]),
]
# Links that are not stated, and that the figures themselves rule NVLink out for: Ulysses on H20 gets slower with more
# GPUs, and on those A100 an exchange takes as long as over PCIe.
OTHER_LINKS = {"COG15-H20": ["--link", "pcie5", "--sockets", "2"], "COG2b-A100": ["--link", "pcie4"]}
# Rows that compare engines, kernels or methods that no layout has.
NO_LAYOUT = re.compile(r"best|DistriFusion|AsyncDiff|Diffusers|diffusers \d|FastVideo|LightX2V|xDiT|SGL|anything|no CFG|^sp\d|FA3")
AXES = {"cfg": "cfg", "u": "ulysses", "r": "ring", "pp": "pipefusion", "tp": "tensor"}
GPUS_A_NODE = 8

Job = collections.namedtuple("Job", "group model engine machine count nodes options size frames steps compiled attention")


def axes_of(text):
    """{"ulysses": 2, ...}; None where the row is not of one layout."""
    if text.startswith("1 GPU") or text == "diffusers 1 GPU":
        return {}
    if NO_LAYOUT.search(text):
        return None
    axes = {AXES[name]: int(degree) for name, degree in re.findall(r"\b(cfg|pp|tp|u|r)(?=\d)(\d+)", text_split(text))}
    if "fsdp" in text:
        axes["fsdp"] = 0  # over all ranks
    return axes or None


def text_split(text):
    """u2r4 -> u2 r4"""
    return re.sub(r"(\d)(?=[a-z])", r"\1 ", text)


def seconds_of(text):
    """The whole where DiT and DiT+VAE stand; None for OOM and INVALID."""
    whole = re.search(r"/ ([\d.]+) \(DiT\+VAE\)", text)
    number = whole or re.match(r"([\d.]+)", text)
    return float(number[1]) if number else None


def job_of(row):
    found = [(model, engine) for name, model, engine in MODELS if row["model"].startswith(name)]
    hardware = row["hardware"] + " " + row["group"]
    machines = [(gpu, options) for pattern, gpu, options in MACHINES if re.fullmatch(pattern, hardware)]
    if not found or not machines or row["unit"].endswith("speedup"):
        return None
    (model, engine), (gpu, options) = found[0], machines[0]
    if row["model"].startswith("Qwen") and "CD-" in row["group"]:
        engine = "cache-dit"
    size = re.match(r"(\d+x\d+)(?:x(\d+))?", row["workload"])
    n = int(row["n"])
    return Job(
        row["group"], model, engine, gpu, min(n, GPUS_A_NODE) if n <= GPUS_A_NODE else GPUS_A_NODE,
        max(1, -(-n // GPUS_A_NODE)), tuple(OTHER_LINKS.get(row["group"], options)),
        size[1] if size else ("1024x1024" if "QI" in row["group"] else None), size[2] if size else None,
        row["steps"] if row["steps"].isdigit() else None,
        bool(re.search(r"compile|onediff", hardware)),
        "flash-attn-3" if row["model"].startswith("Wan2.2") and gpu.startswith("H") else None)


class Planner:
    def __init__(self, binary):
        self.binary = str(binary)
        self.answers = {}

    def command(self, job, pins=()):
        words = [self.binary, "plan", "--format", "json", "--fail-on", "never", "--allow-lossy",
                 "--engine", job.engine, "--model", job.model]
        machine = f"{job.count}x{job.machine}"
        if job.nodes > 1:
            machine = f"{job.nodes}x{machine}"
            words += ["--network", "eth-100"]
        words += ["--machine", machine, *job.options]
        for name, value in (("--size", job.size), ("--frames", job.frames), ("--steps", job.steps),
                            ("--attention", job.attention)):
            if value:
                words += [name, value]
        if job.attention == "flash-attn-3":
            words += ["--set", "packages.flash-attn-3.version=3.0.0",
                      "--set", "packages.flash-attn-3.git_version=given"]
        if job.compiled:
            words += ["--compile", "on"]
        return [*words, *pins]

    def run(self, job, pins=()):
        key = (job, tuple(pins))
        if key not in self.answers:
            done = subprocess.run(self.command(job, pins), capture_output=True, text=True, check=False)
            try:
                self.answers[key] = json.loads(done.stdout)
            except json.JSONDecodeError:
                self.answers[key] = {"error": done.stderr.strip()}
        return self.answers[key]

    def candidate(self, job, axes, n):
        """(the layout with its times or None, why not)"""
        wanted = {name: axes.get(name, 1) for name in AXES.values()}
        wanted["world_size"] = n
        answer = self.run(job)
        plan = answer.get("plan", answer)
        for listed in ("candidates", "rejected"):
            for layout in plan.get("layout", {}).get(listed, []):
                shards = (layout["fsdp"] > 1) == ("fsdp" in axes)
                if shards and layout["vae"] == 1 and layout["data"] == 1 and \
                        all(layout[name] == degree for name, degree in wanted.items()):
                    if listed == "candidates" and layout["step_seconds"] is not None:
                        return layout, ""
                    reasons = layout.get("reasons") or [{"condition": "time unknown"}]
                    return None, reasons[0]["condition"]
        return None, answer.get("error", {}).get("what", "not enumerated") if "error" in answer else "not enumerated"


class Row:
    def __init__(self, row, planner, largest):
        self.group, self.n, self.layout = row["group"], int(row["n"]), row["layout"]
        self.quality = row["quality"].split()[0].rstrip(",")
        self.measured = seconds_of(row["value"])
        self.axes = axes_of(row["layout"])
        self.job = job_of(row)
        self.predicted, self.why = None, ""
        if self.job is None or self.axes is None or self.measured is None:
            return
        # One plan for the whole group: all its sizes of a world are listed.
        self.job = self.job._replace(count=largest.count, nodes=largest.nodes)
        layout, self.why = planner.candidate(self.job, self.axes, self.n)
        if layout:
            unit = row["unit"].split(",")[0]
            seconds = layout["step_seconds"] if unit.endswith("/step") else layout["total_seconds"]
            self.predicted = seconds * (1000 if unit.startswith("ms") else 1)
            self.row = layout


def read_rows(path, planner):
    with open(path, encoding="utf-8") as file:
        table = list(csv.DictReader(file, delimiter="\t"))
    largest = {}
    for row in table:
        job = job_of(row)
        if job and axes_of(row["layout"]) is not None:
            known = largest.get(row["group"])
            if known is None or job.count * job.nodes > known.count * known.nodes:
                largest[row["group"]] = job
    return [Row(row, planner, largest[row["group"]]) for row in table if row["group"] in largest]


def choice_sets(rows):
    sets = collections.defaultdict(list)
    for row in rows:
        if row.predicted is not None and row.n > 1:
            sets[row.group, row.n].append(row)
    return {key: options for key, options in sets.items() if len(options) > 1}


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary_of_choices(sets):
    regrets, first, second = [], 0, 0
    for options in sets.values():
        best = min(option.measured for option in options)
        ranked = sorted(options, key=lambda option: option.predicted)
        regrets.append(ranked[0].measured / best - 1)
        first += ranked[0].measured == best
        second += any(option.measured == best for option in ranked[:2])
    if not regrets:
        return None
    return {"sets": len(regrets), "top1": first / len(regrets), "top2": second / len(regrets),
            "mean_regret": statistics.mean(regrets), "p95_regret": percentile(regrets, 0.95),
            "worst_regret": max(regrets)}


def base_rows(rows):
    return {row.group: row for row in reversed(rows) if row.n == 1 and row.predicted is not None}


def never_worse(rows, base):
    """Whether what would be chosen freely, fewer GPUs included, is as fast as one GPU: per group and n."""
    kept = total = 0
    for (group, n), options in choice_sets_with_one(rows, base).items():
        chosen = min(options, key=lambda option: option.predicted)
        total += 1
        kept += chosen.measured <= base[group].measured
    return kept, total


def choice_sets_with_one(rows, base):
    sets = collections.defaultdict(list)
    for row in rows:
        if row.predicted is not None and row.n > 1 and row.group in base:
            sets[row.group, row.n].append(row)
    return {key: [*options, base[key[0]]] for key, options in sets.items()}


def report(rows, out):
    sets = choice_sets(rows)
    base = base_rows(rows)
    print("Choice sets: what the prediction takes, and what was fastest\n", file=out)
    print(f"  {'group':28} {'n':>3}  {'takes':18} {'fastest':18} {'regret':>7}  options", file=out)
    for (group, n), options in sets.items():
        best = min(options, key=lambda option: option.measured)
        ranked = sorted(options, key=lambda option: option.predicted)
        regret = ranked[0].measured / best.measured - 1
        print(f"  {group:28} {n:3}  {ranked[0].layout[:18]:18} {best.layout[:18]:18} {regret:7.1%}  {len(options)}"
              f"{' D' if any(option.quality == 'D' for option in options) else ''}", file=out)
    print("\nTimes: measured, predicted, error; and the error of the ratio to one GPU\n", file=out)
    alone, ratios = [], []
    for row in rows:
        if row.predicted is None:
            if row.axes is not None and row.measured is not None:
                print(f"  {row.group:28} {row.n:3}  {row.layout[:22]:22} {row.measured:10.2f}          - {row.why}", file=out)
            continue
        error = row.predicted / row.measured - 1
        note = ""
        if row.group in base and row.n > 1:
            one = base[row.group]
            ratio = (row.predicted / one.predicted) / (row.measured / one.measured) - 1
            note = f"ratio {ratio:+.0%}"
            if row.quality != "D":
                ratios.append(abs(ratio))
        elif row.n == 1 and row.quality != "D":
            alone.append(abs(error))
        print(f"  {row.group:28} {row.n:3}  {row.layout[:22]:22} {row.measured:10.2f} {row.predicted:10.2f} {error:+6.0%} {note}",
              file=out)
    print("\nSummary\n", file=out)
    result = {}
    without = {key: [option for option in options if option.quality != "D"] for key, options in sets.items()}
    without = {key: options for key, options in without.items() if len(options) > 1}
    for name, chosen in (("all rows", sets), ("without quality D", without)):
        figures = summary_of_choices(chosen)
        result[name] = figures
        if figures:
            print(f"  {name:18} {figures['sets']} sets, top-1 {figures['top1']:.0%}, top-2 {figures['top2']:.0%}, regret mean "
                  f"{figures['mean_regret']:.1%}, p95 {figures['p95_regret']:.1%}, worst {figures['worst_regret']:.1%}", file=out)
    if alone:
        print(f"  one GPU            {len(alone)} groups, error median {statistics.median(alone):.1%}, worst {max(alone):.1%}", file=out)
    if ratios:
        print(f"  ratio to one GPU   {len(ratios)} rows, error median {statistics.median(ratios):.1%}, p95 "
              f"{percentile(ratios, 0.95):.1%}", file=out)
    kept, total = never_worse(rows, base)
    print(f"  never worse than one GPU: kept in {kept} of {total} sets", file=out)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--measured", type=pathlib.Path, default=MEASURED)
    parser.add_argument("--output", type=pathlib.Path, help="a file that gets the same text")
    parser.add_argument("--least-top1", type=float, default=0)
    parser.add_argument("--most-regret", type=float, default=1)
    arguments = parser.parse_args()
    if not arguments.measured.exists():
        print(f"layout_report: skipped: there is no {arguments.measured.name} beside the checkout", file=sys.stderr)
        return SKIPPED
    rows = read_rows(arguments.measured, Planner(arguments.binary))
    result = report(rows, sys.stdout)
    if arguments.output:
        with open(arguments.output, "w", encoding="utf-8") as file:
            report(rows, file)
    figures = result["without quality D"] or result["all rows"]
    return 0 if figures and figures["top1"] >= arguments.least_top1 and \
        figures["mean_regret"] <= arguments.most_regret else 1


if __name__ == "__main__":
    sys.exit(main())
