#pragma once
// Texts of the simple protocol that differ only in values share a plan: their literals become
// parameters. `UPDATE t SET a = a + 5 WHERE id = 7` is run as `UPDATE t SET a = a + $1 WHERE id =
// $2` with 5 and 7.
//
// This must cost less than it saves, so it does not parse: a scanner of its own knows quoting and
// the clauses of SELECT, INSERT, UPDATE and DELETE, and gives up on whatever is unusual. Only
// literals whose replacement cannot change the statement's meaning are taken:
//   - after a comparison or an arithmetic operator (strings: a comparison or assignment only) and
//   in
//     the lists of IN and VALUES, within WHERE, ON, SET and an INSERT's VALUES;
//   - never in the select list, GROUP BY, ORDER BY, LIMIT, OFFSET, RETURNING, an index predicate of
//   ON
//     CONFLICT, function arguments (an expression index could match them), brackets, type
//     modifiers, nor next to a type's name or a cast.
// Statements with GROUP BY, DISTINCT, set operations or WITH are left alone, since there two equal
// expressions must stay equal.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oxibase {

struct NormalizedText {
  struct Literal {
    /// kString is a literal of unknown type: the parameter's type is inferred.
    enum class Type : uint8_t { kInt4, kInt8, kNumeric, kString };
    Type type = Type::kInt4;
    /// kInt4, kInt8.
    int64_t integer = 0;
    /// kNumeric: the digits, kString: the string itself, both in `pool` at [begin, begin + length).
    uint32_t begin = 0;
    uint32_t length = 0;
  };

  /// The text with $1, $2 ... for the literals, in order. Its offsets are not those of the
  /// original: after an error the caller runs the original text, so that the position is right.
  std::string text;
  std::vector<Literal> literals;
  std::string pool;

  std::string_view TextOf(const Literal& literal) const {
    return std::string_view(pool).substr(literal.begin, literal.length);
  }
};

/// More literals than this are not worth a shared plan.
inline constexpr size_t kNormalizedLiteralsMax = 64;
/// Nor is a text longer than this.
inline constexpr size_t kNormalizedTextBytesMax = 4096;

/// Fills `out`, whose memory is used again from call to call. False if the text is not one SELECT,
/// INSERT, UPDATE or DELETE, if anything in it is unusual, or if it has no literal to take; `out`
/// is then undefined. Assumes standard_conforming_strings = on. The text may be no valid SQL at
/// all.
bool NormalizeText(std::string_view sql, NormalizedText& out);

}  // namespace oxibase
