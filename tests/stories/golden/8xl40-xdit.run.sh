#!/bin/sh
# diffcheck 0.1.0 (knowledge HASH)
set -eu
export PYTHONPATH=.
torchrun --nproc_per_node=6 examples/cogvideox_example.py --model THUDM/CogVideoX1.5-5B --height 768 --width 1360 --num_frames 17 --num_inference_steps 50 --warmup_steps 0 --prompt PROMPT --use_cfg_parallel --ulysses_degree 3 --enable_tiling
