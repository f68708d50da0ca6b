#pragma once
// to_char and to_number for numbers: patterns such as '999D99S', in the C locale.

#include <string>
#include <string_view>
#include <vector>

#include "common/numeric.h"
#include "common/status.h"

namespace oxibase {

/// A pattern taken apart. 42601 when its parts contradict each other.
class NumberPattern {
 public:
  static Result<NumberPattern> Parse(std::string_view pattern);

  Result<std::string> Format(const Numeric& value) const;
  /// As the above but with a double's own digits (15 of them at most).
  Result<std::string> Format(double value) const;
  /// to_number(): 22P02 when no number comes out.
  Result<Numeric> Read(std::string_view text) const;

  enum class Key : uint8_t {
    kLiteral,
    kNine,
    kZero,
    kPoint,
    kLocalePoint,
    kComma,
    kGroup,
    kCurrency,
    kMinus,
    kPlus,
    kSign,
    kSignAnchored,
    kBrackets,
    kRoman,
    kRomanLower,
    kOrdinal,
    kOrdinalLower,
    kShift,
    kExponent,
    kFill,
    kBlank,
    kOther,
  };
  struct Node {
    Key key;
    std::string literal;
  };
  /// What the nodes say together.
  struct Shape {
    int pre = 0;   // digits before the point
    int post = 0;  // and behind
    int shift = 0;
    int zero_start = 0;
    int zero_end = 0;
    int sign_at = 0;  // digits before an S
    enum class Anchor : uint8_t { kNone, kBefore, kBehind } anchor = Anchor::kNone;
    bool decimal = false, zero = false, blank = false, fill = false, anchored = false,
         brackets = false, minus = false, plus = false, roman = false, shifts = false,
         exponent = false;
  };

 private:
  Status Add(Key key);
  std::string Compose(std::string number, int blanks, char sign) const;
  Result<std::string> FormatDigits(std::string number) const;

  std::vector<Node> nodes_;
  Shape shape_;
};

}  // namespace oxibase
