// An open file of the system, closed with the object. Only for the doors to the machine.
#pragma once

#include <unistd.h>

namespace diffcheck {

class Descriptor {
 public:
  /// -1 for none, as open gives it.
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (is_open()) ::close(number_);
  }
  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  int number_;
};

}  // namespace diffcheck
