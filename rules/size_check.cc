#include "rules/size_check.h"

#include <cstdint>
#include <string>
#include <vector>

namespace diffcheck {
namespace {

/// The numbers `multiple` x n + `plus` next to `value`, n from `least` on: one where it is such a number itself.
std::vector<std::int64_t> nearest_of(std::int64_t value, std::int64_t multiple, std::int64_t plus, std::int64_t least) {
  const std::int64_t below = value < plus ? 0 : (value - plus) / multiple;
  if (below < least) return {multiple * least + plus};
  if (multiple * below + plus == value) return {value};
  return {multiple * below + plus, multiple * (below + 1) + plus};
}

std::string text_of(std::int64_t width, std::int64_t height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

std::optional<Error> check_pixels(const Request& request, const ModelCard& model) {
  if (!request.width.is_known() || !request.height.is_known()) return std::nullopt;
  const std::int64_t column = model.spatial * model.patch_w;
  const std::int64_t row = model.spatial * model.patch_h;
  const std::int64_t width = request.width.value();
  const std::int64_t height = request.height.value();
  const std::vector<std::int64_t> widths = nearest_of(width, column, 0, 1);
  const std::vector<std::int64_t> heights = nearest_of(height, row, 0, 1);
  if (widths.front() == width && heights.front() == height) return std::nullopt;
  std::string nearest = text_of(widths.front(), heights.front());
  if (widths.size() > 1 || heights.size() > 1) nearest += " and " + text_of(widths.back(), heights.back());
  return Error{Error::Kind::invalid, request.width.source(),
               "expected a width that is a multiple of " + std::to_string(column) + " and a height that is one of " +
                   std::to_string(row) + " (VAE and patches of " + model.id + "), not " + text_of(width, height) +
                   "; nearest: " + nearest};
}

std::optional<Error> check_frames(const Request& request, const ModelCard& model) {
  if (!request.frames.is_known() || model.frame_multiple <= 1) return std::nullopt;
  const std::int64_t frames = request.frames.value();
  const std::int64_t least = model.frame_plus > 0 ? 0 : 1;
  const std::vector<std::int64_t> legal = nearest_of(frames, model.frame_multiple, model.frame_plus, least);
  if (legal.front() == frames) return std::nullopt;
  std::string nearest = std::to_string(legal.front());
  if (legal.size() > 1) nearest += " and " + std::to_string(legal.back());
  return Error{Error::Kind::invalid, request.frames.source(),
               "expected frames of the form " + std::to_string(model.frame_multiple) + " x n + " +
                   std::to_string(model.frame_plus) + " (VAE of " + model.id + "), not " + std::to_string(frames) +
                   "; nearest: " + nearest};
}

}  // namespace

std::optional<Error> check_size(const Request& request, const ModelCard& model) {
  if (auto error = check_pixels(request, model)) return error;
  return check_frames(request, model);
}

}  // namespace diffcheck
