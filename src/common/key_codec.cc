#include "common/key_codec.h"

#include <bit>
#include <cmath>
#include <limits>

#include "common/array.h"
#include "common/hash.h"
#include "common/interval.h"
#include "common/jsonb.h"
#include "common/numeric.h"
#include "common/record.h"

namespace oxibase {
namespace {

/// What a type's order goes by.
enum class KeyKind : uint8_t {
  kByte,
  kInt16,
  kInt32,
  kUint32,
  kInt64,
  kFloat32,
  kFloat64,
  kInterval,
  kUuid,
  kBytes,
  kBlankPadded,
  kNumeric,
  kArray,
  kJsonb,
  kRecord,
  kNone,
};

KeyKind KeyKindOf(TypeId type) {
  switch (type) {
    case TypeId::kJson:
    case TypeId::kPgNodeTree:
    case TypeId::kVoid:
      return KeyKind::kNone;
    case TypeId::kNumeric:
      return KeyKind::kNumeric;
    case TypeId::kBpChar:
      return KeyKind::kBlankPadded;
    case TypeId::kJsonb:
      return KeyKind::kJsonb;
    case TypeId::kRecord:
      return KeyKind::kRecord;
    case TypeId::kInt4:
    case TypeId::kDate:
      return KeyKind::kInt32;
    default:
      break;
  }
  if (IsArrayType(type)) {
    return KeyKindOf(ElementTypeOf(type)) == KeyKind::kNone ? KeyKind::kNone : KeyKind::kArray;
  }
  switch (PhysicalTypeOf(type)) {
    case PhysicalType::kBool:
      return KeyKind::kByte;
    case PhysicalType::kInt16:
      return KeyKind::kInt16;
    case PhysicalType::kInt32:
      return KeyKind::kUint32;  // oids and their like
    case PhysicalType::kInt64:
      return KeyKind::kInt64;
    case PhysicalType::kFloat32:
      return KeyKind::kFloat32;
    case PhysicalType::kFloat64:
      return KeyKind::kFloat64;
    case PhysicalType::kInterval:
      return KeyKind::kInterval;
    case PhysicalType::kUuid:
      return KeyKind::kUuid;
    case PhysicalType::kString:
      return KeyKind::kBytes;
  }
  return KeyKind::kNone;
}

template <typename T>
T Load(const void* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

template <typename T>
void AppendBigEndian(T value, std::string* out) {
  char bytes[sizeof(T)];
  for (size_t i = 0; i < sizeof(T); ++i) {
    bytes[i] = static_cast<char>(value >> (8 * (sizeof(T) - 1 - i)));
  }
  out->append(bytes, sizeof bytes);
}

std::string_view WithoutTrailingBlanks(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

void AppendEscaped(std::string_view text, std::string* out) {
  for (;;) {
    const size_t zero = text.find('\0');
    if (zero == std::string_view::npos) break;
    out->append(text.substr(0, zero));
    out->append("\0\xFF", 2);
    text.remove_prefix(zero + 1);
  }
  out->append(text);
  out->append("\0\0", 2);
}

uint64_t OrderedBits(double value) {
  if (std::isnan(value)) return ~uint64_t{0};
  if (value == 0) value = 0;  // -0 equals 0
  const auto bits = std::bit_cast<uint64_t>(value);
  return bits >> 63 ? ~bits : bits | uint64_t{1} << 63;
}

uint32_t OrderedBits(float value) {
  if (std::isnan(value)) return ~uint32_t{0};
  if (value == 0) value = 0;
  const auto bits = std::bit_cast<uint32_t>(value);
  return bits >> 31 ? ~bits : bits | uint32_t{1} << 31;
}

void AppendBody(TypeId type, std::string_view bytes, std::string* out);

void AppendJsonbKey(JsonbView node, std::string* out) {
  // Object > Array > Boolean > Number > String > Null. Counts come before contents.
  switch (node.kind()) {
    case JsonKind::kNull:
      out->push_back(1);
      return;
    case JsonKind::kString:
      out->push_back(2);
      AppendEscaped(node.content(), out);
      return;
    case JsonKind::kNumber:
      out->push_back(3);
      node.number().AppendKey(out);
      return;
    case JsonKind::kFalse:
      out->push_back(4);
      return;
    case JsonKind::kTrue:
      out->push_back(5);
      return;
    case JsonKind::kArray:
      out->push_back(6);
      AppendBigEndian(node.size(), out);
      for (uint32_t i = 0; i < node.size(); ++i) AppendJsonbKey(node.element(i), out);
      return;
    case JsonKind::kObject:
      out->push_back(7);
      AppendBigEndian(node.size(), out);
      for (uint32_t i = 0; i < node.size(); ++i) {
        AppendEscaped(node.key(i), out);
        AppendJsonbKey(node.value(i), out);
      }
      return;
  }
}

void AppendArrayKey(std::string_view bytes, std::string* out) {
  const ArrayView array(bytes);
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (array.IsNull(i)) {
      out->push_back(2);
      continue;
    }
    out->push_back(1);
    AppendBody(array.element_type(), array.GetBytes(i), out);
  }
  out->push_back(0);
  out->push_back(static_cast<char>(array.ndim()));
  for (int d = 0; d < array.ndim(); ++d) {
    AppendBigEndian(static_cast<uint32_t>(array.dim(d).size), out);
    AppendBigEndian(static_cast<uint32_t>(array.dim(d).lower) ^ 0x80000000u, out);
  }
}

void AppendRecordKey(std::string_view bytes, std::string* out) {
  RecordReader reader(bytes);
  while (reader.Next()) {
    out->push_back(reader.is_null() ? 2 : 1);
    if (!reader.is_null()) AppendBody(reader.type(), reader.bytes(), out);
  }
  out->push_back(0);
}

/// `p` points to a fixed-width value in memory, or is unused for `text`.
void AppendBody(KeyKind kind, const void* p, std::string_view text, std::string* out) {
  switch (kind) {
    case KeyKind::kByte:
      out->push_back(static_cast<char>(Load<uint8_t>(p)));
      return;
    case KeyKind::kInt16:
      AppendBigEndian<uint16_t>(static_cast<uint16_t>(Load<uint16_t>(p) ^ 0x8000u), out);
      return;
    case KeyKind::kInt32:
      AppendBigEndian<uint32_t>(Load<uint32_t>(p) ^ 0x80000000u, out);
      return;
    case KeyKind::kUint32:
      AppendBigEndian<uint32_t>(Load<uint32_t>(p), out);
      return;
    case KeyKind::kInt64:
      AppendBigEndian<uint64_t>(Load<uint64_t>(p) ^ uint64_t{1} << 63, out);
      return;
    case KeyKind::kFloat32:
      AppendBigEndian(OrderedBits(Load<float>(p)), out);
      return;
    case KeyKind::kFloat64:
      AppendBigEndian(OrderedBits(Load<double>(p)), out);
      return;
    case KeyKind::kInterval: {
      auto span = static_cast<unsigned __int128>(IntervalSpan(Load<IntervalValue>(p)));
      span ^= static_cast<unsigned __int128>(1) << 127;
      AppendBigEndian(span, out);
      return;
    }
    case KeyKind::kUuid:
      out->append(static_cast<const char*>(p), 16);
      return;
    case KeyKind::kBlankPadded:
      AppendEscaped(WithoutTrailingBlanks(text), out);
      return;
    case KeyKind::kNumeric:
      Numeric(text).AppendKey(out);
      return;
    case KeyKind::kArray:
      AppendArrayKey(text, out);
      return;
    case KeyKind::kJsonb: {
      const JsonbView node(text);
      // PostgreSQL's oddity: an outermost empty array is less than any scalar.
      if (node.is_array() && node.size() == 0) {
        out->push_back(0);
      } else {
        AppendJsonbKey(node, out);
      }
      return;
    }
    case KeyKind::kRecord:
      AppendRecordKey(text, out);
      return;
    case KeyKind::kBytes:
    case KeyKind::kNone:
      AppendEscaped(text, out);
      return;
  }
}

void AppendBody(TypeId type, std::string_view bytes, std::string* out) {
  AppendBody(KeyKindOf(type), bytes.data(), bytes, out);
}

void AppendComplete(KeyKind kind, const void* p, std::string_view text, SortOrder order,
                    std::string* out) {
  out->push_back(1);
  const size_t begin = out->size();
  AppendBody(kind, p, text, out);
  if (order.descending) {
    for (size_t i = begin; i < out->size(); ++i) (*out)[i] = static_cast<char>(~(*out)[i]);
  }
}

template <typename T>
int Order(const T& a, const T& b) {
  return a < b ? -1 : b < a;
}

int CompareBytes(TypeId type, std::string_view a, std::string_view b);

int CompareArrays(std::string_view a_bytes, std::string_view b_bytes) {
  const ArrayView a(a_bytes);
  const ArrayView b(b_bytes);
  for (uint32_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a.IsNull(i) || b.IsNull(i)) {
      if (a.IsNull(i) != b.IsNull(i)) return a.IsNull(i) ? 1 : -1;
      continue;
    }
    if (int order = CompareBytes(a.element_type(), a.GetBytes(i), b.GetBytes(i))) return order;
  }
  if (a.size() != b.size()) return Order(a.size(), b.size());
  if (a.ndim() != b.ndim()) return Order(a.ndim(), b.ndim());
  for (int d = 0; d < a.ndim(); ++d) {
    if (a.dim(d).size != b.dim(d).size) return Order(a.dim(d).size, b.dim(d).size);
    if (a.dim(d).lower != b.dim(d).lower) return Order(a.dim(d).lower, b.dim(d).lower);
  }
  return 0;
}

int CompareRecords(std::string_view a_bytes, std::string_view b_bytes) {
  RecordReader a(a_bytes);
  RecordReader b(b_bytes);
  for (;;) {
    const bool a_has = a.Next();
    const bool b_has = b.Next();
    if (!a_has || !b_has) return Order(a_has, b_has);
    if (a.is_null() || b.is_null()) {
      if (a.is_null() != b.is_null()) return a.is_null() ? 1 : -1;
      continue;
    }
    if (int order = CompareBytes(a.type(), a.bytes(), b.bytes())) return order;
  }
}

int CompareBody(KeyKind kind, const void* a, std::string_view a_text, const void* b,
                std::string_view b_text) {
  switch (kind) {
    case KeyKind::kByte:
      return Order(Load<uint8_t>(a), Load<uint8_t>(b));
    case KeyKind::kInt16:
      return Order(Load<int16_t>(a), Load<int16_t>(b));
    case KeyKind::kInt32:
      return Order(Load<int32_t>(a), Load<int32_t>(b));
    case KeyKind::kUint32:
      return Order(Load<uint32_t>(a), Load<uint32_t>(b));
    case KeyKind::kInt64:
      return Order(Load<int64_t>(a), Load<int64_t>(b));
    case KeyKind::kFloat32:
      return Order(OrderedBits(Load<float>(a)), OrderedBits(Load<float>(b)));
    case KeyKind::kFloat64:
      return Order(OrderedBits(Load<double>(a)), OrderedBits(Load<double>(b)));
    case KeyKind::kInterval:
      return CompareIntervals(Load<IntervalValue>(a), Load<IntervalValue>(b));
    case KeyKind::kUuid:
      return std::memcmp(a, b, 16);
    case KeyKind::kBlankPadded:
      return WithoutTrailingBlanks(a_text).compare(WithoutTrailingBlanks(b_text));
    case KeyKind::kNumeric:
      return Numeric::Compare(Numeric(a_text), Numeric(b_text));
    case KeyKind::kArray:
      return CompareArrays(a_text, b_text);
    case KeyKind::kJsonb:
      return CompareJsonb(JsonbView(a_text), JsonbView(b_text));
    case KeyKind::kRecord:
      return CompareRecords(a_text, b_text);
    case KeyKind::kBytes:
    case KeyKind::kNone:
      return a_text.compare(b_text);
  }
  return 0;
}

int CompareBytes(TypeId type, std::string_view a, std::string_view b) {
  return CompareBody(KeyKindOf(type), a.data(), a, b.data(), b);
}

uint64_t HashBody(TypeId type, KeyKind kind, const void* p, std::string_view text) {
  switch (kind) {
    case KeyKind::kByte:
      return HashInt64(Load<uint8_t>(p));
    case KeyKind::kInt16:  // integers of all widths agree, so that they may be joined
      return HashInt64(static_cast<uint64_t>(static_cast<int64_t>(Load<int16_t>(p))));
    case KeyKind::kInt32:
      return HashInt64(static_cast<uint64_t>(static_cast<int64_t>(Load<int32_t>(p))));
    case KeyKind::kUint32:
      return HashInt64(Load<uint32_t>(p));
    case KeyKind::kInt64:
      return HashInt64(Load<uint64_t>(p));
    case KeyKind::kFloat32:
      return HashInt64(OrderedBits(static_cast<double>(Load<float>(p))));
    case KeyKind::kFloat64:
      return HashInt64(OrderedBits(Load<double>(p)));
    case KeyKind::kInterval: {
      const __int128 span = IntervalSpan(Load<IntervalValue>(p));
      return MixHash(static_cast<uint64_t>(span), static_cast<uint64_t>(span >> 64));
    }
    case KeyKind::kUuid:
      return HashBytes({static_cast<const char*>(p), 16});
    case KeyKind::kBlankPadded:
      return HashBytes(WithoutTrailingBlanks(text));
    case KeyKind::kNumeric:
      return Numeric(text).Hash();
    case KeyKind::kJsonb:
      return HashJsonb(JsonbView(text));
    case KeyKind::kArray:
    case KeyKind::kRecord: {
      std::string key;
      AppendBody(type, text, &key);
      return HashBytes(key);
    }
    case KeyKind::kBytes:
    case KeyKind::kNone:
      return HashBytes(text);
  }
  return 0;
}

bool IsText(KeyKind kind) { return kind >= KeyKind::kBytes; }

const void* FixedAt(Type type, const VectorView& view, uint32_t row) {
  return view.bytes + PhysicalWidth(PhysicalTypeOf(type)) * view.sel[row];
}

}  // namespace

bool HasKey(TypeId type) { return KeyKindOf(type) != KeyKind::kNone; }

void AppendNullKey(std::string* out, SortOrder order) { out->push_back(order.nulls_first ? 0 : 2); }

void AppendKey(std::string* out, Type type, const VectorView& view, uint32_t row, SortOrder order) {
  if (view.IsNull(row)) {
    AppendNullKey(out, order);
    return;
  }
  const KeyKind kind = KeyKindOf(type.id);
  if (IsText(kind)) {
    AppendComplete(kind, nullptr, view.Get<StringRef>(row).view(), order, out);
  } else {
    AppendComplete(kind, FixedAt(type, view, row), {}, order, out);
  }
}

void AppendKey(std::string* out, const Value& value, SortOrder order) {
  if (value.is_null()) {
    AppendNullKey(out, order);
    return;
  }
  const KeyKind kind = KeyKindOf(value.type().id);
  if (IsText(kind)) {
    AppendComplete(kind, nullptr, value.bytes(), order, out);
  } else {
    AppendComplete(kind, value.fixed_data(), {}, order, out);
  }
}

bool MakePrefixSuccessor(std::string* key) {
  while (!key->empty()) {
    if (key->back() != '\xFF') {
      ++key->back();
      return true;
    }
    key->pop_back();
  }
  return false;
}

int CompareValues(Type type, const VectorView& a, uint32_t a_row, const VectorView& b,
                  uint32_t b_row) {
  const KeyKind kind = KeyKindOf(type.id);
  if (IsText(kind)) {
    return CompareBody(kind, nullptr, a.Get<StringRef>(a_row).view(), nullptr,
                       b.Get<StringRef>(b_row).view());
  }
  return CompareBody(kind, FixedAt(type, a, a_row), {}, FixedAt(type, b, b_row), {});
}

int CompareValues(const Value& a, const Value& b) {
  return CompareBody(KeyKindOf(a.type().id), a.fixed_data(), a.bytes(), b.fixed_data(), b.bytes());
}

uint64_t HashValue(Type type, const VectorView& view, uint32_t row) {
  const KeyKind kind = KeyKindOf(type.id);
  if (IsText(kind)) return HashBody(type.id, kind, nullptr, view.Get<StringRef>(row).view());
  return HashBody(type.id, kind, FixedAt(type, view, row), {});
}

uint64_t HashValue(const Value& value) {
  return HashBody(value.type().id, KeyKindOf(value.type().id), value.fixed_data(), value.bytes());
}

}  // namespace oxibase
