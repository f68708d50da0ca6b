#include "expr/hash.h"

#include <bit>
#include <cmath>

#include "common/hash.h"
#include "common/key_codec.h"

namespace oxibase {
namespace {

inline uint64_t HashDouble(double value) {
  if (value == 0) value = 0;  // -0 and 0 are equal
  if (std::isnan(value)) value = std::nan("");
  return HashInt64(std::bit_cast<uint64_t>(value));
}

template <typename T, typename Hash>
void HashLoop(const VectorView& view, uint32_t rows, uint64_t* hashes, bool combine, Hash hash) {
  const bool nulls = !view.validity->all_valid();
  for (uint32_t i = 0; i < rows; ++i) {
    const uint64_t h = nulls && view.IsNull(i) ? kNullHash : hash(view.Get<T>(i));
    hashes[i] = combine ? CombineHash(hashes[i], h) : h;
  }
}

/// Types whose equality is that of their bytes.
bool IsPlainString(TypeId type) {
  return type == TypeId::kText || type == TypeId::kVarchar || type == TypeId::kBytea ||
         type == TypeId::kName || type == TypeId::kJson || type == TypeId::kUnknown ||
         type == TypeId::kPgNodeTree || type == TypeId::kAclItem || type == TypeId::kRefCursor ||
         type == TypeId::kCString || type == TypeId::kVoid;
}

template <typename T, typename Equal>
uint32_t EqualLoop(const VectorView& a, const uint32_t* a_rows, const VectorView& b,
                   const uint32_t* b_rows, bool null_equal, uint32_t* pairs, uint32_t count,
                   Equal equal) {
  const bool nulls = !a.validity->all_valid() || !b.validity->all_valid();
  uint32_t n = 0;
  for (uint32_t k = 0; k < count; ++k) {
    const uint32_t pair = pairs[k];
    const uint32_t x = a_rows[pair];
    const uint32_t y = b_rows[pair];
    bool same;
    if (nulls && (a.IsNull(x) || b.IsNull(y))) {
      same = null_equal && a.IsNull(x) && b.IsNull(y);
    } else {
      same = equal(a.Get<T>(x), b.Get<T>(y));
    }
    pairs[n] = pair;
    n += same;
  }
  return n;
}

template <typename T>
bool FloatEqual(T a, T b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

}  // namespace

bool IsHashable(TypeId type) { return HasKey(type); }

void HashVector(const Vector& vector, uint32_t rows, uint64_t* hashes, bool combine) {
  const VectorView view = vector.view();
  const auto integer = [](auto value) { return HashInt64(static_cast<uint64_t>(value)); };
  switch (vector.physical()) {
    case PhysicalType::kBool:
      return HashLoop<uint8_t>(view, rows, hashes, combine, integer);
    case PhysicalType::kInt16:
      return HashLoop<int16_t>(view, rows, hashes, combine, integer);
    case PhysicalType::kInt32:
      return HashLoop<int32_t>(view, rows, hashes, combine, integer);
    case PhysicalType::kInt64:
      return HashLoop<int64_t>(view, rows, hashes, combine, integer);
    case PhysicalType::kFloat32:
      return HashLoop<float>(view, rows, hashes, combine,
                             [](float f) { return HashDouble(static_cast<double>(f)); });
    case PhysicalType::kFloat64:
      return HashLoop<double>(view, rows, hashes, combine, [](double d) { return HashDouble(d); });
    case PhysicalType::kString:
      if (IsPlainString(vector.type().id)) {
        return HashLoop<StringRef>(view, rows, hashes, combine,
                                   [](const StringRef& s) { return HashBytes(s.view()); });
      }
      break;
    default:
      break;
  }
  for (uint32_t i = 0; i < rows; ++i) {
    const uint64_t h = view.IsNull(i) ? kNullHash : HashValue(vector.type(), view, i);
    hashes[i] = combine ? CombineHash(hashes[i], h) : h;
  }
}

uint32_t SelectEqual(const Vector& a, const uint32_t* a_rows, const Vector& b,
                     const uint32_t* b_rows, bool null_equal, uint32_t* pairs, uint32_t count) {
  const VectorView x = a.view();
  const VectorView y = b.view();
  const auto same = [](const auto& l, const auto& r) { return l == r; };
  switch (a.physical()) {
    case PhysicalType::kBool:
      return EqualLoop<uint8_t>(x, a_rows, y, b_rows, null_equal, pairs, count, same);
    case PhysicalType::kInt16:
      return EqualLoop<int16_t>(x, a_rows, y, b_rows, null_equal, pairs, count, same);
    case PhysicalType::kInt32:
      return EqualLoop<int32_t>(x, a_rows, y, b_rows, null_equal, pairs, count, same);
    case PhysicalType::kInt64:
      return EqualLoop<int64_t>(x, a_rows, y, b_rows, null_equal, pairs, count, same);
    case PhysicalType::kFloat32:
      return EqualLoop<float>(x, a_rows, y, b_rows, null_equal, pairs, count, FloatEqual<float>);
    case PhysicalType::kFloat64:
      return EqualLoop<double>(x, a_rows, y, b_rows, null_equal, pairs, count, FloatEqual<double>);
    case PhysicalType::kUuid:
      return EqualLoop<UuidValue>(x, a_rows, y, b_rows, null_equal, pairs, count, same);
    case PhysicalType::kString:
      if (IsPlainString(a.type().id)) {
        return EqualLoop<StringRef>(x, a_rows, y, b_rows, null_equal, pairs, count, same);
      }
      break;
    case PhysicalType::kInterval:
      break;
  }
  uint32_t n = 0;
  for (uint32_t k = 0; k < count; ++k) {
    const uint32_t pair = pairs[k];
    const uint32_t l = a_rows[pair];
    const uint32_t r = b_rows[pair];
    if (!null_equal && (x.IsNull(l) || y.IsNull(r))) continue;
    if (RowsEqual(a.type(), x, l, y, r)) pairs[n++] = pair;
  }
  return n;
}

bool RowsEqual(Type type, const VectorView& a, uint32_t a_row, const VectorView& b,
               uint32_t b_row) {
  const bool a_null = a.IsNull(a_row);
  const bool b_null = b.IsNull(b_row);
  if (a_null || b_null) return a_null && b_null;
  if (PhysicalTypeOf(type) == PhysicalType::kString && IsPlainString(type.id)) {
    return a.Get<StringRef>(a_row) == b.Get<StringRef>(b_row);
  }
  return CompareRows(type, a, a_row, b, b_row) == 0;
}

int CompareRows(Type type, const VectorView& a, uint32_t a_row, const VectorView& b,
                uint32_t b_row) {
  const auto order = [](auto x, auto y) { return x < y ? -1 : static_cast<int>(x > y); };
  switch (type.id) {
    case TypeId::kInt4:
    case TypeId::kDate:
      return order(a.Get<int32_t>(a_row), b.Get<int32_t>(b_row));
    case TypeId::kInt8:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kTime:
      return order(a.Get<int64_t>(a_row), b.Get<int64_t>(b_row));
    default:
      break;
  }
  if (IsPlainString(type.id)) {
    const int result = StringRef::Compare(a.Get<StringRef>(a_row), b.Get<StringRef>(b_row));
    return result < 0 ? -1 : result > 0;
  }
  const int result = CompareValues(type, a, a_row, b, b_row);
  return result < 0 ? -1 : result > 0;
}

int CompareForSort(Type type, bool descending, bool nulls_first, const VectorView& a,
                   uint32_t a_row, const VectorView& b, uint32_t b_row) {
  const bool a_null = a.IsNull(a_row);
  const bool b_null = b.IsNull(b_row);
  if (a_null || b_null) {
    if (a_null && b_null) return 0;
    return a_null == nulls_first ? -1 : 1;
  }
  const int result = CompareRows(type, a, a_row, b, b_row);
  return descending ? -result : result;
}

}  // namespace oxibase
