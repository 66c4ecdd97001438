#!/bin/sh
# A checkpoint on disk: read where it is one, and refused with one message where it is not.
. "$(dirname "$0")/expect.sh"

# weights FILE HEADER BYTES: a safetensors file; headers here have less than 256 bytes.
weights() {
  mkdir -p "$(dirname "$1")"
  # shellcheck disable=SC2059
  {
    printf "\\$(printf '%03o' "${#2}")\000\000\000\000\000\000\000"
    printf '%s' "$2"
  } >"$1"
  truncate -s "$((8 + ${#2} + $3))" "$1"
}

checkpoint=$scratch/Wan2.1-T2V-1.3B
# Wan's 1.4 billion parameters in bf16, as a file of holes.
weights "$checkpoint/transformer/diffusion_pytorch_model.safetensors" \
  '{"w":{"dtype":"BF16","shape":[1418996800],"data_offsets":[0,2837993600]}}' 2837993600
cat >"$checkpoint/transformer/config.json" <<'END'
{"_class_name": "WanTransformer3DModel", "num_layers": 30, "num_attention_heads": 12, "attention_head_dim": 128}
END

run "$DIFFCHECK" models --model-dir "$checkpoint"
exits 0
says 'wan2.1-t2v-1.3b'
says '1.419 B'
complains_of_nothing

run "$DIFFCHECK" models --model-dir "$checkpoint" --format json
exits 0
says_one_json_document
says '"params": 1418996800'

run "$DIFFCHECK" plan --machine 1xRTX4090 --engine diffusers --model-dir "$checkpoint" --format json
exits 0 1
says_one_json_document
says '"model": "wan2.1-t2v-1.3b"'

# What contradicts the model that was named.
run "$DIFFCHECK" doctor --machine 1xT4 --model flux.1-dev --model-dir "$checkpoint"
exits 2
complains 'expected flux.1-dev'

# refused FILE CONTENT EXPECTED: with that file there is one line, which names it.
refused() {
  cp "$checkpoint/transformer/config.json" "$scratch/config.kept"
  printf '%s' "$2" >"$checkpoint/transformer/$1"
  run "$DIFFCHECK" plan --machine 1xT4 --model-dir "$checkpoint"
  exits 2
  complains "$1.*$3"
  [ "$(wc -l <"$err")" = 1 ] || fail "there should be one message"
  says_nothing
  run "$DIFFCHECK" emit-config --machine 1xT4 --model-dir "$checkpoint"
  exits 2
  says_one_json_document
  cp "$scratch/config.kept" "$checkpoint/transformer/config.json"
}

refused config.json '{"num_layers": "thirty"}' 'num_layers: expected a whole number'
refused config.json '[]' 'is no JSON object'
refused model.safetensors.index.json '{"weight_map": {"w": "gone.safetensors"}}' 'which is not there'
rm -f "$checkpoint/transformer/model.safetensors.index.json"
refused diffusion_pytorch_model.safetensors '12345678{}' 'says that its header has'
refused diffusion_pytorch_model.safetensors 'version https://git-lfs.github.com/spec/v1' 'git-lfs pointer'

run "$DIFFCHECK" plan --machine 1xT4 --model-dir "$scratch/nowhere"
exits 2
complains nowhere

run "$DIFFCHECK" models no-such-model
exits 2
complains 'no model is called'

# Sizes that the model cannot make.
run "$DIFFCHECK" plan --machine 1xT4 --model wan2.1-t2v-1.3b --size 833x480
exits 2
complains 'nearest: 832x480 and 848x480'

finish
