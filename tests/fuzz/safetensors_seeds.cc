// Writes small checkpoint files from which fuzzing starts: `safetensors_seeds FOLDER`.
#include <map>
#include <string>

#include "tests/fuzz/seed_files.h"
#include "tests/safetensors_builder.h"

namespace {

std::map<std::string, std::string> seeds() {
  using namespace diffcheck;
  return {
      {"header", SafetensorsBuilder()
                     .tensor("blocks.0.attn.to_q.weight", "BF16", 16, {4, 4})
                     .tensor("blocks.0.attn.to_q.bias", "F32", 32, {4})
                     .tensor("scale", "F8_E4M3", 8, {})
                     .tensor("packed", "F4", 4, {2, 2})
                     .tensor("ids", "I64", 64, {0})
                     .build()},
      {"short", safetensors_bytes(R"({"w":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", 3)},
      {"number", R"({"num_layers":5e999})"},
      {"index", R"({"metadata":{"total_size":8},"weight_map":{"a":"m-00001-of-00002.safetensors",)"
                R"("b":"m-00002-of-00002.safetensors","c":"m.fp16.safetensors"}})"},
      {"config", R"({"_class_name":"WanModel","dim":1536,"num_heads":12,"num_layers":30,"num_single_layers":2,)"
                 R"("patch_size":[1,2,2],"quantization_config":{"quant_method":"bitsandbytes","load_in_4bit":true}})"},
  };
}

}  // namespace

int main(int count, char** arguments) { return diffcheck::write_seeds(count, arguments, seeds()); }
