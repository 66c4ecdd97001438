"""Counts the live tensors of every model that is known here, and prints one line of JSON for each count.

Run by live_tensors.py in an environment that has torch and diffusers. Nothing here knows what diffcheck's data say.
"""

import argparse
import contextlib
import json
import pathlib

import huggingface_hub
import torch
import torch._dynamo  # diffusers 0.30 loads it late, and it looks at the autocast that is replaced below

if not hasattr(huggingface_hub, "cached_download"):
    huggingface_hub.cached_download = None  # diffusers 0.30 imports it, and does not need it here

import diffusers

import counted_repositories
import counted_transformers
import counted_vaes
import transformer_case
from tensor_counter import peak_of

DTYPES = {"half": torch.bfloat16, "fp32": torch.float32}


def say(**line):
    print(json.dumps(line), flush=True)


def count_transformer(case, dtype):
    model = transformer_case.built(case, diffusers, DTYPES[dtype])
    arguments = case.inputs(DTYPES[dtype], case.device)
    live = peak_of(model, lambda: model(**arguments, return_dict=False), square=case.tokens)
    return {"per_unit": live.peak / (case.tokens * case.width * case.batch)}


def count_vae(case, call, tiled, dtype):
    model = counted_vaes.built(case, diffusers, DTYPES[dtype], tiled)
    given = torch.empty(case.shape(call), dtype=DTYPES[dtype], device="meta")
    live = peak_of(model, lambda: getattr(model, call)(given))
    return {"elements": live.peak / given.element_size(), "pixels": case.height * case.width, "frames": case.frames}


def tried(count, **what):
    """A count, or why there is none: a model that fails must not hide the others."""
    try:
        say(**what, **count())
    except Exception as error:  # what a model raises can be anything
        say(**what, error=" ".join(f"{type(error).__name__}: {error}".split())[:200])


def count_all(implementation, only):
    # Without values there is nothing to cast: meta has no autocast.
    torch.autocast = lambda *_, **__: contextlib.nullcontext()
    for case in counted_transformers.all_cases() if implementation == "diffusers" else []:
        for dtype in DTYPES:
            if only in case.entry:
                tried(lambda: count_transformer(case, dtype), table="activations", entry=case.entry, case=case.name,
                      dtype=dtype)
    for case in counted_vaes.all_cases(implementation):
        for call, tiled in case.calls:
            for dtype in DTYPES:
                if only in case.entry:
                    tried(lambda: count_vae(case, call, tiled, dtype), table="vaes", entry=case.entry,
                          implementation=implementation, call=call, tiled=tiled, dtype=dtype,
                          case=f"{case.height}x{case.width}x{case.frames}")


def count_repositories(folder, only):
    for case in counted_repositories.all_cases(folder):
        if only in case["entry"]:
            tried(case.pop("count"), **case)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("implementation", help="diffusers, diffusers-0.30 or repositories")
    parser.add_argument("--repositories", type=pathlib.Path, help="where they are checked out")
    parser.add_argument("--only", default="", help="entries whose id has this in it")
    options = parser.parse_args()
    diffusers.utils.logging.set_verbosity_error()
    if options.implementation == "repositories":
        count_repositories(options.repositories, options.only)
    else:
        count_all(options.implementation, options.only)


if __name__ == "__main__":
    main()
