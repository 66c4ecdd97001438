#!/bin/sh
# diffcheck 0.1.0 (knowledge HASH)
set -eu
# First: leave out pipe.enable_vram_management(...)
torchrun --standalone --nproc_per_node=2 examples/wanvideo/wan_14b_text_to_video_usp.py
