// PEP 440 versions: "2.5.1+cu121" < "2.6.0a0", "2.10" > "2.9". Also orders driver versions ("550.90.07").
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace diffcheck {

class Version {
 public:
  /// Accepts what PEP 440 accepts (epoch, pre, post, dev, local label, leading "v", any case); nullopt for anything
  /// else.
  static std::optional<Version> parse(std::string_view text);

  const std::string& text() const { return text_; }  ///< As it was written.
  const std::vector<std::int64_t>& release() const { return release_; }
  const std::string& local() const { return local_; }  ///< Normalised local label ("cu121"), or "".
  /// Release component `index`, 0 where the version is shorter: major 0, minor 1, micro 2.
  std::int64_t component(std::size_t index) const { return index < release_.size() ? release_[index] : 0; }
  std::int64_t epoch() const { return epoch_; }
  bool is_prerelease() const { return dev_.has_value() || (phase_ != Phase::final && phase_ != Phase::dev_only); }
  bool is_postrelease() const { return post_.has_value(); }
  bool is_development() const { return dev_.has_value(); }
  /// Its first two components alone: "12.8" of "12.8.1".
  Version minor() const;
  /// The same version without its local label.
  Version public_part() const;
  /// Epoch and release alone; has no text.
  Version base() const;
  /// The least version that belongs to this release: "2.9.dev0" of 2.9; has no text.
  Version first_development() const;
  /// What a post-release comes after, without its local label: "2.9" of 2.9.post1.dev2; has no text.
  Version without_post() const;

  friend std::strong_ordering operator<=>(const Version& left, const Version& right);
  friend bool operator==(const Version& left, const Version& right) { return (left <=> right) == 0; }

 private:
  enum class Phase : std::uint8_t { dev_only, alpha, beta, candidate, final };

  std::string text_;
  std::int64_t epoch_ = 0;
  std::vector<std::int64_t> release_;
  Phase phase_ = Phase::final;
  std::int64_t phase_number_ = 0;
  std::optional<std::int64_t> post_;
  std::optional<std::int64_t> dev_;
  std::string local_;
};

/// One PEP 440 specifier set (">=2.7.1,<=2.8.4", "==2.5.*", "~=0.6.0"): is `version` inside? nullopt when the
/// specifier cannot be read. Pre-releases may be inside: those of the named release itself are not "<" or ">" it.
std::optional<bool> satisfies(const Version& version, std::string_view specifiers);

}  // namespace diffcheck
