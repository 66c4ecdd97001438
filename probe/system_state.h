// What stands behind a System: the questions that the live machine, a recorded tree and a recorder each answer their
// way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/system.h"

namespace diffcheck {

struct System::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  virtual ~State() = default;

  virtual bool is_live() const = 0;
  virtual Result<std::string> read(const std::string& path, std::int64_t limit_bytes) const = 0;
  virtual Result<std::string> read_start(const std::string& path, std::int64_t count_bytes) const = 0;
  virtual Result<ByteSource> open(const std::string& path) const = 0;
  virtual Result<std::vector<std::string>> list(const std::string& directory, std::size_t limit) const = 0;
  virtual Result<std::string> link(const std::string& path) const = 0;
  virtual Result<std::string> real_path(const std::string& path) const = 0;
  virtual Result<FileStatus> status(const std::string& path) const = 0;
  virtual Result<bool> writable(const std::string& path) const = 0;
  virtual Result<FilesystemStatus> filesystem(const std::string& path) const = 0;
  virtual std::optional<std::string> env(const std::string& name) const = 0;
  virtual Result<std::string> answer(const std::string& name,
                                     const std::function<Result<std::string>()>& ask) const = 0;
  virtual bool is_recording() const { return false; }

  // Only a live machine that was given a folder keeps anything.
  virtual std::optional<FileIdentity> identity(const std::string&) const { return std::nullopt; }
  virtual std::optional<std::string> kept(const std::string&) const { return std::nullopt; }
  virtual void keep(const std::string&, std::string_view) const {}
};

}  // namespace diffcheck
