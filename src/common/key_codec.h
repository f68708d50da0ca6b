#pragma once
// Memcomparable keys: bytes whose memcmp order is the SQL order of the values.
//
// A column's key is one byte for NULL or not (00 NULL first, 01 value, 02 NULL last), then the
// value's bytes, complemented for DESC. The bytes of several columns follow one another: no
// value's key is a proper prefix of another's of its type. Equal values have equal keys (1.0 and
// 1.00, -0 and 0, 'a' and 'a ' in char(n), '1 day' and '24 hours'), different ones have not.
//
//   bool, "char"              1 byte
//   integers, date, time, timestamps   big-endian, sign bit flipped; oids unsigned
//   float4, float8            big-endian bits, all flipped if negative, else the sign; NaN greatest
//   strings, bytea            00 -> 00 FF, ended by 00 00 (C collation: byte order)
//   numeric                   class, decimal exponent, base-100 digits (Numeric::AppendKey)
//   interval                  128-bit microseconds, with months of 30 days
//   uuid                      its 16 bytes
//   arrays                    elements with a NULL byte each, an end byte, then the dimensions
//   jsonb                     kinds and counts before contents, in jsonb's own order
//   record                    its fields, NULL last

#include <string>
#include <string_view>

#include "common/types.h"
#include "common/value.h"
#include "common/vector.h"

namespace oxibase {

struct SortOrder {
  bool descending = false;
  bool nulls_first = false;  // PostgreSQL's default: false for ASC, true for DESC
};

/// Whether values of this type have an order and hence a key. (json, for one, has none.)
bool HasKey(TypeId type);

/// Appends the key of row `row`. REQUIRES: HasKey(type), the view holds values of that type.
/// Allocates only when `out` must grow.
void AppendKey(std::string* out, Type type, const VectorView& view, uint32_t row,
               SortOrder order = {});
void AppendKey(std::string* out, const Value& value, SortOrder order = {});

/// Appends the keys of NULL, for building range bounds.
void AppendNullKey(std::string* out, SortOrder order = {});

/// The least string that is greater than every string with this prefix: increments `key` in place
/// (dropping trailing FF bytes). False when there is none: the range has no upper bound.
bool MakePrefixSuccessor(std::string* key);

/// <0, 0, >0 by the type's order (what `<` and ORDER BY mean). REQUIRES: both not NULL, HasKey.
int CompareValues(Type type, const VectorView& a, uint32_t a_row, const VectorView& b,
                  uint32_t b_row);
int CompareValues(const Value& a, const Value& b);

/// Equal values have equal hashes. REQUIRES: not NULL, HasKey. (json is hashed by its bytes.)
uint64_t HashValue(Type type, const VectorView& view, uint32_t row);
uint64_t HashValue(const Value& value);

}  // namespace oxibase
