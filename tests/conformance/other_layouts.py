"""Layouts of other engines: diffusers' own checks, and what READMEs list. For xdit_layouts.py."""
import json
import random

from layout_comparison import HERE, MACHINE, Table, ask_ours, entries

# Which part of diffusers speaks for which rules: one of them must refuse where the part does, and only there.
PARTS = {
    "config": ("unified", "context-or-tensor", "tensor-heads", "ulysses-supported", "ring-supported", "tensor-supported",
               "tensor-supported-old"),
    "mesh": ("mesh-size",),
    "split": ("tokens", "text-tokens"),
}
MODELS = ("flux.1-dev", "flux.2-dev", "qwen-image", "wan2.1-t2v-14b", "wan2.1-t2v-1.3b", "wan2.2-ti2v-5b", "wan2.2-t2v-a14b",
          "ltx-video-13b", "cogvideox-5b", "sd3.5-large", "mochi-1", "hunyuanvideo")
SIZES = ((1024, 1024), (1008, 1008), (1280, 720), (832, 480), (1280, 704), (768, 512), (1360, 768), (1120, 960))


def tokens_of(card, width, height, frames):
    """Image or video tokens, as data/README.md counts them."""
    grid = card["token_grid"]
    _, rows, columns = grid["patch"]
    latent = frames if grid["frames_in_batch"] else (frames - 1) // grid["temporal"] + 1
    attended = 1 if grid["frames_in_batch"] else -(-latent // grid["patch"][0])
    return attended * (height // grid["spatial"] // rows) * (width // grid["spatial"] // columns)


def a_layout(rng):
    layout = {"world": rng.choice((1, 2, 3, 4, 5, 6, 8, 8, 12, 16, 24)), "ulysses": 1, "ring": 1, "tensor": 1}
    for axis in ("ulysses", "ring", "tensor"):
        if rng.random() < 0.5:
            layout[axis] = rng.choice((1, 2, 3, 4, 5, 6, 8, 16))
    return layout


def diffusers_cases(rng, version, count):
    cards = entries("models")
    a_group = 25
    for _ in range(count // a_group):
        model = rng.choice(MODELS)
        card = cards[model]
        width, height = rng.choice(SIZES)
        frames = card["defaults"]["frames"]
        yield {"engine": "diffusers", "version": version, "machine": MACHINE, "model": model, "width": width, "height": height,
               "heads": card["transformer"]["heads"], "tokens": tokens_of(card, width, height, frames), "text": card["text_tokens"],
               "layouts": [a_layout(rng) for _ in range(a_group)]}


def compare_all_diffusers(program, environment, options):
    tables = []
    for name, requirement in (("0.36.0", "diffusers==0.36.0"), ("newest", "diffusers")):
        folder, version = environment.release(f"diffusers-{name}", requirement)
        cases = list(diffusers_cases(random.Random(options.seed), version, options.count // 4))
        theirs = environment.ask("diffusers_verdicts.py", (folder,), cases)
        ours = ask_ours(program, cases)
        table = Table(f"diffusers {version}: {len(ours)} layouts")
        asked = [(case, layout) for case in cases for layout in case["layouts"]]
        for (case, layout), their, our in zip(asked, theirs, ours, strict=True):
            compare_diffusers(table, case, layout, their, our)
        tables.append(table)
    return tables


def compare_diffusers(table, case, layout, theirs, ours):
    what = {key: case[key] for key in ("model", "width", "height")} | layout
    rules = ours[1]
    table.judged(ours, any(theirs.values()), what)
    for part, names in PARTS.items():
        table.add(part, theirs[part], bool(rules & set(names)), what)
        if theirs[part]:
            return  # nothing behind it was asked
    for rule in rules - {name for names in PARTS.values() for name in names}:
        table.alone(rule)


def compare_published(program):
    """Each list says which pairs of degrees a README calls good for a number of processes; "only" where it names all."""
    lists = json.loads((HERE / "published_layouts.json").read_text())["lists"]
    table = Table(f"published lists: {sum(len(one['layouts']) for one in lists)} rows")
    for one in lists:
        case = {key: value for key, value in one.items() if key not in ("layouts", "source", "only")}
        for row in one["layouts"]:
            world = row["world"]
            pairs = [(u, world // u) for u in range(1, world + 1) if world % u == 0] if one["only"] else row["pairs"]
            layouts = [{"world": world, "ulysses": u, "ring": r, "fsdp": row.get("fsdp", 1)} for u, r in pairs]
            answers = ask_ours(program, [{"machine": "8xH100-SXM", **case, "layouts": layouts}])
            for layout, (truth, rules) in zip(layouts, answers, strict=True):
                listed = [layout["ulysses"], layout["ring"]] in row["pairs"]
                table.add(one["engine"], "" if listed else "not in the list", truth != "yes", {**case, **layout, "rules": sorted(rules)})
    return table
