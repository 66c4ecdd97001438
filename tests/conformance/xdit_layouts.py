#!/usr/bin/env python3
"""Compares which layouts diffcheck calls legal with xDiT's and diffusers' own verdicts, and with published lists.

    xdit_layouts.py PROGRAM [--keep FOLDER] [--count N] [--seed N]

PROGRAM is conformance_layouts of a build. xfuser 0.4.5 and the newest release are taken from PyPI, with torch and the
rest of what they import but no GPU; xfuser_verdicts.py, which runs beside each, says what it asks them. N layouts are
generated for each release: degrees, worlds, models, sizes and kernels. The newest diffusers and 0.36.0 are asked about
context and tensor parallel (diffusers_verdicts.py). published_layouts.json holds what READMEs list.

For each rule that carries an error text, the layouts that it refuses must be those that the software refuses with that
text, and where the configuration is refused the first message must be the same. Rules without one speak of what the
software does not check: they are counted, nothing is compared. Environments (7 GB) go to FOLDER and stay there, or to a
temporary folder. Prints a table; exit code 1 on any disagreement, 77 with the reason where nothing can be compared.
"""
import argparse
import pathlib
import random
import sys
import tempfile

from layout_comparison import MACHINE, Environment, Skipped, Table, ask_ours, entries
from other_layouts import compare_all_diffusers, compare_published

SKIPPED = 77
AXES = ("data", "cfg", "ulysses", "ring", "pipefusion", "tensor", "fsdp", "vae")
BATCH = 64
BESIDE_XFUSER = ("yunchang==0.6.4", "distvae==0.1.0")
KERNELS = ("flash-attn-2", "flash-attn-3", "flash-attn-4", "sdpa", "sdpa-math", "sdpa-efficient", "sdpa-cudnn")

# Which part of xfuser speaks for a rule; a rule that is not named here is compared with nothing. Of the configuration the
# first rule must be the one whose message it gives; of the other parts one of the rules must refuse where the part does.
XFUSER_PARTS = {
    "config": ("data-cfg-most", "data-cfg-divides", "tensor-most", "pipefusion-most", "fsdp-most", "world-size"),
    "groups": ("fsdp-world",),
    "heads": ("heads",),
    "rows": ("rows", "flux-square"),
    "backend": ("ring-backend",),
    "stages": ("stages",),
    "calls": ("unet", "cfg-supported-flux", "pipefusion-supported-unet"),
    "model": ("cfg-supported", "cfg-supported-task", "pipefusion-supported", "pipefusion-supported-script", "tensor-supported",
              "fsdp-supported", "vae-supported-script", "vae-supported"),
}
# Parts that are not asked of a release: what would decide stands in scripts that its wheel does not hold.
NOT_IN_WHEEL = {"0.4.5": ("model",)}
MODELS = {
    "0.4.5": ("cogvideox-2b", "cogvideox-5b", "cogvideox1.5-5b", "pixart-alpha-xl-2-1024", "pixart-sigma-xl-2-1024", "hunyuandit-v1.2",
              "sdxl-base", "sd3-medium", "sd3.5-medium", "sd3.5-large", "flux.1-dev", "flux.1-schnell", "hunyuanvideo",
              "wan2.1-i2v-14b-720p", "wan2.2-i2v-a14b"),
    "newest": ("cogvideox-2b", "cogvideox-5b", "cogvideox1.5-5b", "pixart-alpha-xl-2-1024", "pixart-sigma-xl-2-1024", "hunyuandit-v1.2",
               "sdxl-base", "sd3.5-large", "flux.1-dev", "flux.2-dev", "flux.2-klein-9b", "flux.2-klein-4b", "hunyuanvideo",
               "hunyuanvideo-1.5", "wan2.1-t2v-14b", "wan2.1-i2v-14b-720p", "wan2.2-t2v-a14b", "wan2.2-i2v-a14b", "wan2.2-ti2v-5b",
               "wan2.1-vace-14b", "wan2.1-vace-1.3b", "ltx-2-19b", "qwen-image", "z-image-turbo"),
}
SIZES = ((1024, 1024), (1360, 768), (720, 480), (832, 480), (1280, 720), (2048, 2048), (1280, 736), (1104, 832), (1920, 1088))


def divisors(number):
    return [degree for degree in range(1, number + 1) if number % degree == 0]


def a_layout(rng):
    """Half of them have the right product, so that the rules behind it are reached."""
    world = rng.choice((1, 2, 3, 4, 6, 8, 8, 8, 12, 16, 16, 24, 32, 48, 64))
    layout = {"world": world, **{axis: 1 for axis in AXES}}
    left = world
    for axis in rng.sample(("cfg", "ulysses", "ring", "pipefusion", "data", "ulysses", "tensor"), 7):
        fitting = [1, 2] if axis == "cfg" and left % 2 == 0 else [1] if axis == "cfg" else divisors(left)
        if axis == "tensor" and rng.random() < 0.8 or layout[axis] > 1:
            continue
        layout[axis] = rng.choice(fitting)
        left //= layout[axis]
    layout["ulysses"] *= left
    if rng.random() < 0.3:
        axis = rng.choice(("data", "cfg", "ulysses", "ring", "pipefusion", "tensor", "world"))
        layout[axis] = rng.choice((1, 2)) if axis == "cfg" else rng.choice((1, 2, 3, 4, 5, 6, 8, 16, 64))
    if rng.random() < 0.25:
        layout["fsdp"] = rng.choice((2, 3, 4, 8, layout["world"], 2 * layout["world"]))
    if rng.random() < 0.15 and layout["data"] < layout["world"]:
        layout["vae"] = layout["world"] // layout["data"]
    return layout


def xfuser_cases(rng, release, version, count, models):
    """Groups of layouts with one model, size and kernel."""
    cards = entries("models")
    a_group = 50
    for _ in range(count // a_group):
        model = rng.choice(models)
        card = cards[model]["transformer"]
        width, height = rng.choice(SIZES)
        yield {"engine": "xdit", "version": version, "machine": MACHINE, "model": model, "width": width, "height": height, "batch": BATCH,
               "kernel": rng.choice(KERNELS), "heads": card["heads"], "blocks": (card["layers"] or 1) + (card.get("single_layers") or 0),
               "layouts": [a_layout(rng) for _ in range(a_group)], "release": release}


def texts_of(variant):
    """By rule of a variant of xdit, what it says that the software prints."""
    for candidate in entries("engines")["xdit"]["variants"]:
        if candidate["id"] == variant:
            return {rule["id"]: rule.get("error_text", "") for rule in candidate["layout_constraints"]}
    return {}


def first_of(rules, order):
    return next((rule for rule in order if rule in rules), None)


def compare_xfuser(table, texts, release, case, layout, theirs, ours):
    what = {key: case[key] for key in ("model", "width", "height", "kernel")} | {k: v for k, v in layout.items() if v != 1}
    _, rules = ours
    config = theirs["config"]
    first = first_of(rules, XFUSER_PARTS["config"])
    for rule in XFUSER_PARTS["config"]:
        if rule in texts:
            says = texts[rule].split("Error: ")[-1]
            table.add(rule, config if says in config else "", rule == first, what)
    table.judged(ours, any(theirs.values()) and theirs.get("stages") != "empty", what)
    if config:
        return  # nothing behind it was asked
    compared = set()
    for part, names in XFUSER_PARTS.items():
        if part == "config" or part in NOT_IN_WHEEL.get(release, ()) or part == "calls" and theirs["model"]:
            continue
        said = theirs.get(part, "")
        known = [rule for rule in names if rule in texts]
        compared.update(known)
        refusing = first_of(rules, known)
        if known:
            table.add(part if len(known) > 1 else known[0], said, refusing is not None, what)
    for rule in rules - compared:
        table.alone(rule)


def compare_all_xfuser(program, environment, options):
    rng = random.Random(options.seed)
    tables = []
    for release, requirement, variant in (("0.4.5", "xfuser==0.4.5", "xdit-0.4.5"), ("newest", "xfuser", "xdit-main")):
        folder, version = environment.release(f"xfuser-{release}", requirement, *BESIDE_XFUSER)
        diffusers, _ = environment.release("diffusers-newest", "diffusers")
        cases = list(xfuser_cases(rng, release, version, options.count, MODELS[release]))
        theirs = environment.ask("xfuser_verdicts.py", (folder, diffusers), cases)
        ours = ask_ours(program, cases)
        table = Table(f"xfuser {version}: {len(ours)} layouts")
        texts = texts_of(variant)
        asked = [(case, layout) for case in cases for layout in case["layouts"]]
        for (case, layout), their, our in zip(asked, theirs, ours, strict=True):
            compare_xfuser(table, texts, release, case, layout, their, our)
        tables.append(table)
    return tables


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for environments, which stay there")
    parser.add_argument("--count", type=int, default=20_000, help="layouts for each release of xfuser")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tables = [compare_published(options.program)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.keep or pathlib.Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for compare in (compare_all_diffusers, compare_all_xfuser):
            try:
                tables += compare(options.program, Environment(folder), options)
            except Skipped as why:
                print(f"skipped: {why}")
    for table in tables:
        table.print()
    if any(table.disagreements() for table in tables):
        return 1
    return 0 if len(tables) > 1 else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
