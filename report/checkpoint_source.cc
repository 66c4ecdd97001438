#include "report/checkpoint_source.h"

#include <memory>
#include <utility>

#include "probe/checkpoint.h"
#include "probe/system.h"
#include "rules/model_on_disk.h"

namespace diffcheck {

std::optional<Error> load_checkpoint(Request& request, const Knowledge& knowledge) {
  if (!request.model_dir.is_known()) return std::nullopt;
  const bool unknown_model = request.model.is_known() && find_entry(knowledge.models, request.model.value()) == nullptr;
  if (unknown_model) return std::nullopt;  // check_request names those there are.
  auto checkpoint = read_checkpoint(System::live(), request.model_dir.value());
  if (!checkpoint) return checkpoint.error();
  auto on_disk = fit_checkpoint(*std::move(checkpoint), request.model, knowledge);
  if (!on_disk) return on_disk.error();
  if (!request.model.is_known()) request.model = known(on_disk->card.id, request.model_dir.source());
  request.on_disk = std::make_shared<const ModelOnDisk>(*std::move(on_disk));
  return std::nullopt;
}

}  // namespace diffcheck
