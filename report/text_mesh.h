// Pictures as grids of text: which rank is where in which group, and what joins the GPUs of a node.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/page.h"
#include "report/phrases.h"
#include "rules/diagnosis.h"

namespace diffcheck {

/// Ranks as a grid: a row for each group of the axis that counts fastest, with the node that it is on. Long rows and
/// many rows are folded. Nothing for one GPU.
std::optional<Table> mesh_grid(const MeshPlan& mesh, const Phrases& words);

/// What joins each pair, as `nvidia-smi topo -m` names it: "NV12", "PIX", "SYS", "PCIe"; "?" where it is not known.
/// `gpus` are indices into snapshot.gpus.
std::vector<std::vector<std::string>> link_words(const Snapshot& snapshot, const std::vector<std::size_t>& gpus);

/// The same as a grid; GPUs that reach all others alike are one where there are many.
Table link_grid(const std::vector<std::vector<std::string>>& link_words);

/// Both, for the chosen layout and GPUs.
void write_mesh(Page& page, const Diagnosis& diagnosis, const Phrases& words);
void write_links(Page& page, const Diagnosis& diagnosis, const Phrases& words);

}  // namespace diffcheck
