#include "expr/functions/array_kernels.h"

namespace oxibase {
namespace {

bool BytesEqual(TypeId element, std::string_view a, std::string_view b) {
  switch (element) {
    case TypeId::kText:
    case TypeId::kVarchar:
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kInt8:
      return a == b;
    default:
      break;
  }
  const Value x = ValueFromBytes(element, a);
  const Value y = ValueFromBytes(element, b);
  if (!HasKey(element)) return a == b;
  return CompareValues(x, y) == 0;
}

}  // namespace

bool ElementsEqual(const ArrayView& a, uint32_t i, const ArrayView& b, uint32_t j) {
  if (a.IsNull(i) || b.IsNull(j)) return a.IsNull(i) && b.IsNull(j);
  return BytesEqual(a.element_type(), a.GetBytes(i), b.GetBytes(j));
}

bool ElementEquals(const ArrayView& a, uint32_t i, std::string_view bytes) {
  return !a.IsNull(i) && BytesEqual(a.element_type(), a.GetBytes(i), bytes);
}

std::vector<ArrayDim> DimsOf(const ArrayView& a) {
  std::vector<ArrayDim> dims;
  for (int d = 0; d < a.ndim(); ++d) dims.push_back(a.dim(d));
  return dims;
}

}  // namespace oxibase
