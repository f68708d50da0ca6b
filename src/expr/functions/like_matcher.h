#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"

namespace oxibase {

/// A LIKE pattern, taken apart once. Patterns of the common shapes (no wildcard, one % at an end,
/// %text%) are matched by comparing bytes. ILIKE folds ASCII letters, as the C collation does.
class LikeMatcher {
 public:
  static LikeMatcher Compile(std::string_view pattern, bool ignore_case);

  /// 22025 when the pattern ends with its escape character (a backslash) and the text leads there.
  Result<bool> Matches(std::string_view text) const;

  const std::string& pattern() const { return pattern_; }
  bool ignore_case() const { return ignore_case_; }

 private:
  enum class Shape : uint8_t { kExact, kPrefix, kSuffix, kInfix, kGeneral };
  /// Bytes to match, with '_' as `any`, between two '%'.
  struct Element {
    enum class Kind : uint8_t { kByte, kAnyCharacter, kAnyString, kEndingEscape };
    Kind kind;
    char byte;
  };

  Result<bool> MatchGeneral(std::string_view text) const;

  std::string pattern_;
  bool ignore_case_ = false;
  Shape shape_ = Shape::kGeneral;
  std::string literal_;
  std::vector<Element> elements_;
};

}  // namespace oxibase
