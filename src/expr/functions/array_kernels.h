#pragma once
// Arrays whose element type is known only at run time: elements as bytes, compared by the type's
// own order. Private to expr.

#include <string_view>

#include "common/array.h"
#include "common/key_codec.h"
#include "common/record.h"
#include "common/types.h"

namespace oxibase {

/// Whether element i of `a` and element j of `b` are equal; NULL equals NULL.
bool ElementsEqual(const ArrayView& a, uint32_t i, const ArrayView& b, uint32_t j);
/// Whether an element equals a value's bytes (fixed types: as they lie in a vector).
bool ElementEquals(const ArrayView& a, uint32_t i, std::string_view bytes);
/// Adds element i.
inline void AddElement(ArrayBuilder& builder, const ArrayView& a, uint32_t i) {
  if (a.IsNull(i)) {
    builder.AddNull();
  } else {
    builder.AddBytes(a.GetBytes(i));
  }
}
std::vector<ArrayDim> DimsOf(const ArrayView& a);

}  // namespace oxibase
