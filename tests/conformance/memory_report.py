#!/usr/bin/env python3
"""Published memory figures against what `plan` predicts.

For each row of a file of samples (model, size, dtype, quantisation, offload, layout, peak and what was counted) this asks
`diffcheck plan` for that run on that GPU, with everything fixed that the row fixes, and prints the signed error, then
the median and the 90th percentile of the absolute error for each class and engine, and how often `fits` was wrong.

Exit 77 where there are no samples. --table FILE writes the rows as Markdown.
"""
import argparse
import concurrent.futures
import json
import pathlib
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SAMPLES = HERE.parent.parent.parent / "shared" / "examples" / "memory.json"
SKIPPED = 77
GIB = 2**30
UNITS = {"gb(gib)": GIB, "gib": GIB, "gb": 1e9, "g": GIB, "mib (stated m)": 2**20, "mib": 2**20, "mb": 2**20}

# Whose code made the figure, by the source that published it. The first that is found decides.
ENGINES = [("wan-video/wan2.1", "wan2.1"), ("wan-video/wan2.2", "wan2.2"), ("bytedance/latentsync", "latentsync"),
           ("modelscope/diffsynth", "diffsynth"), ("diffsynth-studio", "diffsynth"), ("lightx2v", "lightx2v"),
           ("sgl-project/sglang", "sglang"), ("vllm-omni", "vllm-omni"), ("cache-dit", "cache-dit"),
           ("fastvideo", "fastvideo"), ("step-video", "step-video"), ("stepvideo", "step-video"),
           ("tencent-hunyuan/hunyuanvideo@", "hunyuanvideo"), ("genmoai/mochi", "mochi-xdit"),
           ("xdit-project/xdit", "xdit")]
GPUS = [("h20", "H20"), ("a100/a800", "A100-SXM4-80GB"), ("a800", "A800-SXM4-80GB"), ("h100/h800", "H100-SXM"),
        ("h100", "H100-SXM"), ("h800", "H800-SXM"), ("h200", "H200-SXM"), ("a100-40", "A100-SXM4-40GB"),
        ("a100", "A100-SXM4-80GB"), ("4090", "RTX-4090"), ("5090", "RTX-5090"), ("v100", "V100-SXM2-32GB"), ("t4", "T4"),
        ("l20", "L20"), ("l40", "L40"), ("3090", "RTX-3090"), ("a6000", "RTX-A6000"), ("mi300", "MI300X")]
# Pages that quantise text encoders along with the transformer.
QUANTISES_ALL = ("diffusers-torchao", "diffusers-quantization.md")
QUANTS = [("nf4", "nf4"), ("int8", "int8"), ("8bit", "int8"), ("int4", "int4"), ("fp8", "fp8")]


# Tables that were made with a release whose memory differs from today's: their date tells it.
RELEASES = [("diffusers-torchao@9b9f238", "diffusers@0.30.3")]


# Pages that compare several engines name the one that made a row in its layout. None: no engine here.
COMPARED = [("fastvideo", "fastvideo"), ("lightx2v", "lightx2v"), ("wan2gp", None)]
# Models whose own code no engine here is.
OWN_CODE = ("tencent-hunyuan/hunyuanvideo-1.5",)


def engine_of(row):
    source = row["source"].lower()
    if any(word in source for word in OWN_CODE):
        return None
    for word, engine in COMPARED:
        if word in row["layout"].lower():
            return engine
    return next((engine for word, engine in RELEASES + ENGINES if word in source), "diffusers")


def gpu_of(row):
    text = row["gpu"].lower()
    return next((name for word, name in GPUS if word in text), "H200-SXM")


def offload_of(row, engine):
    text = row["offload"].lower()
    if engine == "wan2.1":
        return "t5-cpu" if "t5_cpu" in text else "offload-model" if "offload_model" in text else "none"
    if engine == "wan2.2":
        converted = "convert" in row["dtype"] or row["dtype"] == "bf16"
        if "offload_model" in text:
            if "t5_cpu" in text:
                return "offload-model-bf16-t5-cpu" if row["n_gpus"] == 1 else "bf16-offload-t5-cpu"
            return "offload-model-bf16" if converted else "offload-model"
        return "bf16" if converted else "none"
    if "sequential" in text:
        return "sequential"
    if "group" in text:
        return "group-leaf" if "leaf" in text else "group-block"
    if "layerwise" in text:
        return "group-block"
    if "vram management" in text:
        return "vram-limit-0" if engine == "diffsynth" else None
    if "model" in text and "offload" in text:
        return "model"
    if text == "default":
        return None
    if "te" in text.split() or "text encoder" in text or "te/other" in text:
        return "dit-layerwise" if engine == "fastvideo" else None  # what it does by itself
    return "none"


def layout_of(row):
    text = row["layout"].lower()
    pins = {}
    for axis, pattern in (("ulysses", r"ulysses ?(\d+)"), ("ring", r"ring ?(\d+)"), ("tensor", r"tp ?(\d+)"),
                          ("cfg", r"cfg ?(\d+)"), ("vae", r"vae (?:parallel|pp) ?(\d+)"), ("ulysses", r"usp ?(\d+)")):
        found = re.search(pattern, text)
        if found and int(found.group(1)) > 1:
            pins[axis] = found.group(1)
    if "fsdp" in text:
        pins["fsdp"] = str(row["n_gpus"])
    return pins


class Program:
    def __init__(self, path):
        self.path = str(path)
        self.models = {}
        for entry in self.run(["list", "models", "--format", "json"])["entries"]:
            for name in [entry["id"], entry["name"], *entry["aliases"]]:
                self.models[self.folded(name)] = entry["id"]

    @staticmethod
    def folded(name):
        return re.sub("[ _-]", "", name.lower())

    def run(self, arguments):
        done = subprocess.run([self.path, *arguments], capture_output=True, text=True, check=False)
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            return {"error": {"what": done.stderr.strip()}}

    def model_of(self, row):
        name = row["model"]
        for candidate in (name, re.sub(r" \(.*\)| VAE decode only", "", name), *re.findall(r"\((.*?)\)", name)):
            if self.folded(candidate) in self.models:
                return self.models[self.folded(candidate)]
        return {"wan2.2ti2v": "wan2.2-ti2v-5b", "hunyuandit": "hunyuandit-v1.2"}.get(
            self.folded(re.sub(r" VAE decode only", "", name)))


def arguments_of(row, model, engine):
    arguments = ["plan", "--format", "json", "--machine", f"{max(1, row['n_gpus'])}x{gpu_of(row)}", "--engine", engine,
                 "--model", model]
    size = re.fullmatch(r"(\d+)x(\d+)", row["resolution"] or "")
    if size:
        arguments += ["--size", f"{size.group(2)}x{size.group(1)}"]
    batch = row["batch"] if row["batch"] not in (1, None) and "CFG batch" not in row["note"] else None
    for option, value in (("--frames", row["frames"]), ("--batch", batch)):
        if value:
            arguments += [option, str(value)]
    if "(I2V)" in row["model"]:
        arguments += ["--task", "i2v"]
    if "math" in row["attention"]:
        arguments += ["--set", "packages.flash-attn=absent"]
    if "before the fp32 upcast" in row["note"]:
        arguments += ["--set", "packages.torch.version=2.4.0+cu121"]
    pins = layout_of(row)
    offload = offload_of(row, engine)
    if offload:
        pins["offload"] = offload
    tiled = "tiled" in row["vae_mode"] and "untiled" not in row["vae_mode"]
    if engine not in ("diffsynth", "hunyuanvideo") or tiled:
        pins["vae_tiling"] = "on" if tiled else "off"
    if row["dtype"] in ("bf16", "fp16", "fp32") and engine not in ("wan2.1", "wan2.2"):
        pins["dtype"] = row["dtype"]
    quant = next((name for word, name in QUANTS if word in (row["quant"] + " " + row["dtype"]).lower()), None)
    if quant:
        pins["quantization"] = quant
        # torchao's tables and those that name T5 quantise the encoders too.
        if "t5" in row["quant"].lower() or any(name in row["source"] for name in QUANTISES_ALL):
            pins["text_quantization"] = quant
    for name, value in pins.items():
        arguments += ["--pin", f"{name}={value}"]
    return arguments


def counted(row, answer):
    """Bytes of the prediction that the row counts."""
    memory = answer["memory"]
    stages = {stage["stage"]: stage for stage in memory["stages"]}
    metric = row["metric"].lower()
    if "one failed allocation" in metric:
        return answer["attention"]["engine_default"].get("score_buffer_bytes")
    if "VAE decode only" in row["model"]:
        return sum(term["bytes"] for term in stages["vae_decode"]["terms"] if term["term"] in ("vae", "decode"))
    if "transformer" in row["note"] and "resident only" in row["note"]:
        denoise = stages["denoise"]
        without = sum(term["bytes"] for term in denoise["terms"] if term["term"] == "text_encoder")
        return denoise["total_bytes"] - without
    # sglang prints what the allocator holds at most, and what of the GPU that leaves.
    if ("reserved" in metric and "allocated" not in metric) or "remaining" in row["note"]:
        return memory["reserved"]["bytes"]
    return memory["peak_bytes"]


def judge(program, row):
    model, engine = program.model_of(row), engine_of(row)
    result = {"row": row, "engine": engine, "model": model}
    if engine is None:
        return result | {"engine": "-", "why": "made with code that no engine here is"}
    if model is None:
        return result | {"why": "no such model in the catalogue"}
    if "SAT" in row["offload"]:
        return result | {"why": "made with CogVideo's own SAT code, which no engine here is"}
    if row.get("peak") is None:
        return result | {"why": "a time, no peak"}
    arguments = arguments_of(row, model, engine)
    result["command"] = " ".join(arguments)
    answer = program.run(arguments)
    if "error" in answer:
        return result | {"why": answer["error"]["what"]}
    memory = answer.get("memory")
    if not memory:
        return result | {"why": "no budget: " + "; ".join(f["id"] for f in answer.get("findings", []))[:80]}
    predicted = counted(row, answer)
    if predicted is None:
        return result | {"why": "the plan has no such term"}
    unit = "gib" if "remaining" in row["note"] else row["unit"].lower()
    published = row["peak"] * UNITS[unit]
    return result | {"predicted": predicted, "published": published, "error": predicted / published - 1,
                     "fits": memory["fits"], "low": memory["low_bytes"], "high": memory["high_bytes"],
                     "grade": memory["grade"]}


class Output:
    """Prints, and keeps what was printed."""

    def __init__(self):
        self.lines = []

    def __call__(self, *parts):
        line = " ".join(str(part) for part in parts)
        self.lines.append(line)
        print(line)


say = Output()


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def summary(name, rows):
    errors = [abs(row["error"]) for row in rows]
    if not errors:
        return
    within = sum(1 for row in rows if row["low"] <= row["published"] <= row["high"] * 1.38)
    say(f"{name:28s} {len(errors):4d} rows  median {100 * statistics.median(errors):6.1f} %   "
          f"90th percentile {100 * percentile(errors, 0.9):6.1f} %   worst {100 * max(errors):6.1f} %   in range {within}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, type=pathlib.Path)
    parser.add_argument("--samples", type=pathlib.Path, default=SAMPLES)
    parser.add_argument("--output", type=pathlib.Path, help="a file that gets the same text")
    parser.add_argument("--table", type=pathlib.Path)
    parser.add_argument("--rows", action="store_true", help="print the command of each row")
    options = parser.parse_args()
    if not options.samples.is_file():
        print(f"skipped: {options.samples.name} is not there")
        return SKIPPED
    program = Program(options.binary)
    samples = json.loads(options.samples.read_text())
    with concurrent.futures.ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda row: judge(program, row), samples))
    table = ["| row | class | model | engine | published GiB | predicted GiB | error | fits |", "|---|---|---|---|---|---|---|---|"]
    for result in results:
        row = result["row"]
        if "why" in result:
            say(f"{row['id']} {row['cls']:6s} {row['model'][:24]:24s} {result['engine']:12s} not compared: {result['why'][:110]}")
            table.append(f"| {row['id']} | {row['cls']} | {row['model']} | {result['engine']} | {row.get('peak') or ''} | | | |")
            continue
        say(f"{row['id']} {row['cls']:6s} {row['model'][:24]:24s} {result['engine']:12s} {result['published'] / GIB:7.2f} "
              f"{result['predicted'] / GIB:7.2f} {100 * result['error']:+7.1f} %  {result['fits']:7s} {row['offload'][:14]:14s} {row['metric'][:24]}")
        table.append(f"| {row['id']} | {row['cls']} | {row['model']} | {result['engine']} | {result['published'] / GIB:.2f} | "
                     f"{result['predicted'] / GIB:.2f} | {100 * result['error']:+.1f} % | {result['fits']} |")
        if options.rows:
            say("    " + result["command"])
    compared = [result for result in results if "error" in result]
    say()
    for cls in ("strict", "exact", "loose"):
        summary(cls, [result for result in compared if result["row"]["cls"] == cls])
    for engine in sorted({result["engine"] for result in compared}):
        summary("strict, " + engine,
                [result for result in compared if result["engine"] == engine and result["row"]["cls"] == "strict"])
    bounds = [result for result in compared if result["row"]["cls"] == "bound"]
    say(f"bounds: {len(bounds)}; see each row")
    wrong = [result["row"]["id"] for result in compared if result["row"]["cls"] in ("strict", "loose") and result["fits"] == "no"]
    say(f"published as run, called 'no': {len(wrong)} {' '.join(wrong)}")
    if options.output:
        options.output.write_text("\n".join(say.lines) + "\n")
    if options.table:
        options.table.write_text("\n".join(table) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
