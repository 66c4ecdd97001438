#include "rules/build_tag.h"

#include <array>

#include "probe/text.h"

namespace diffcheck {
namespace {

constexpr std::size_t k_digits_of_cuda_major = 2;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Digits and dots at the start, without a dot at the end.
std::string_view leading_number(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() &&
         (is_digit(text[end]) || (text[end] == '.' && end + 1 < text.size() && is_digit(text[end + 1]))))
    ++end;
  return text.substr(0, end);
}

std::string_view after(std::string_view label, std::string_view word) {
  const std::size_t at = label.find(word);
  return at == std::string_view::npos ? std::string_view{} : label.substr(at + word.size());
}

/// "2.9.0" is 2.9, "25" is 2.5, "251" is 2.5.1; "210" may be 2.10 or 2.1.0 and is nothing.
std::string minor_of_torch(std::string_view number) {
  if (const std::size_t dot = number.find('.'); dot != std::string_view::npos)
    return std::string(number.substr(0, number.find('.', dot + 1)));
  const bool two_ways = number.size() == 3 && number[1] == '1';
  if (number.size() < 2 || number.size() > 3 || two_ways) return "";
  return std::string{number[0], '.', number[1]};
}

std::string torch_specifier(std::string_view label) {
  for (const std::string_view word : {std::string_view("torch"), std::string_view("pt")}) {
    const std::string_view rest = after(label, word);
    const std::string_view number = leading_number(rest);
    const std::string minor = minor_of_torch(number);
    if (minor.empty()) continue;
    return rest.substr(number.size()).starts_with("andhigher") ? ">=" + minor : "==" + minor + ".*";
  }
  return "";
}

std::optional<Version> cuda_of(std::string_view label) {
  const std::string_view number = leading_number(after(label, "cu"));
  if (number.size() < k_digits_of_cuda_major || number.size() > 3 || number.find('.') != std::string_view::npos)
    return std::nullopt;
  const std::string major(number.substr(0, k_digits_of_cuda_major));
  const std::string_view minor = number.substr(k_digits_of_cuda_major);
  return Version::parse(minor.empty() ? major : major + "." + std::string(minor));
}

}  // namespace

BuildTag parse_build_tag(std::string_view label) {
  BuildTag tag;
  tag.torch_specifier = torch_specifier(label);
  tag.cuda = cuda_of(label);
  const std::string_view abi = after(label, "cxx11abi");
  if (abi.starts_with("true")) tag.cxx11_abi = true;
  if (abi.starts_with("false")) tag.cxx11_abi = false;
  return tag;
}

}  // namespace diffcheck
