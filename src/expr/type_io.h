#pragma once
// Every type's text and binary form, in and out.

#include <cstdint>
#include <string>
#include <string_view>

#include "common/datetime.h"
#include "common/status.h"
#include "common/types.h"
#include "common/value.h"
#include "common/vector.h"
#include "expr/eval_context.h"

namespace oxibase {

/// A session's settings made ready for reading and printing, and what reading may need besides.
struct TypeIo {
  DateTimeFormat datetime;
  bool bytea_hex = true;
  int extra_float_digits = 1;
  /// Microseconds since 2000-01-01 UTC: what 'now' and 'today' mean.
  int64_t now = 0;
  /// For names of reg* types; null: only numbers are read, and printed.
  CatalogLookup* catalog = nullptr;

  TypeIo() = default;
  /// Unknown settings fall back to the defaults. Costs a few comparisons when the settings are
  /// those of the last call on this thread.
  explicit TypeIo(const IoSettings& settings, int64_t now_micros = 0,
                  CatalogLookup* lookup = nullptr);
  explicit TypeIo(const EvalContext& context);
};

/// Reads `text` as the type's input function does, typmod included (22001 for varchar(n),
/// 22003 for numeric(p,s); char(n) is padded).
Result<Value> TextIn(Type type, std::string_view text, const TypeIo& io);
/// The same into row `row` of a flat vector of that type.
Status TextInto(Type type, std::string_view text, const TypeIo& io, Vector* out, uint32_t row);

/// Appends what the type's output function prints. REQUIRES: not NULL.
void TextOut(Type type, const VectorView& view, uint32_t row, const TypeIo& io, std::string* out);
void TextOut(const Value& value, const TypeIo& io, std::string* out);

/// PostgreSQL's binary wire forms. 22P03, 08P01 when malformed; typmod is applied.
Result<Value> BinaryIn(Type type, std::string_view bytes, const TypeIo& io);
Status BinaryInto(Type type, std::string_view bytes, const TypeIo& io, Vector* out, uint32_t row);
/// REQUIRES: not NULL. 0A000 for types without a binary form.
Status BinaryOut(Type type, const VectorView& view, uint32_t row, const TypeIo& io,
                 std::string* out);
Status BinaryOut(const Value& value, const TypeIo& io, std::string* out);

/// Makes a value of `value`'s type fit the modifier of `type` (the same type id). Explicit casts
/// cut strings silently; assignments fail with 22001 unless only blanks are lost.
Status CoerceTypmod(Type type, bool is_explicit, Value* value);

/// A modifier from its SQL arguments: varchar(10), numeric(10,2), timestamp(3), interval fields are
/// not handled here. 22023 when out of range, 42601 when the type takes none or another number.
Result<int32_t> MakeTypmod(TypeId type, const int32_t* args, size_t count);

/// Whether `text` is valid UTF-8 without a zero byte: 22021 otherwise.
Status CheckUtf8(std::string_view text);
/// Characters (code points) of valid UTF-8.
size_t Utf8Length(std::string_view text);
/// Bytes of the first `count` characters.
size_t Utf8Prefix(std::string_view text, size_t count);

}  // namespace oxibase
