// PostgreSQL's binary wire forms.
#include <bit>

#include "common/array.h"
#include "common/json.h"
#include "common/jsonb.h"
#include "common/numeric.h"
#include "common/record.h"
#include "expr/type_io_internal.h"

namespace oxibase {
namespace {

template <typename T>
void AppendBigEndian(T value, std::string* out) {
  char bytes[sizeof(T)];
  for (size_t i = 0; i < sizeof(T); ++i) {
    bytes[i] = static_cast<char>(value >> (8 * (sizeof(T) - 1 - i)));
  }
  out->append(bytes, sizeof bytes);
}

template <typename T>
T LoadBigEndian(const char* p) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value << 8 | static_cast<unsigned char>(p[i]));
  }
  return value;
}

template <typename T>
T Load(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

Status IncorrectFormat() {
  return Error(ErrorCode::kInvalidBinaryRepresentation,
               "incorrect binary data format in bind parameter");
}

Status Insufficient() {
  return Error(ErrorCode::kProtocolViolation, "insufficient data left in message");
}

/// Takes values from the front of a message.
class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}
  bool Take(size_t size, std::string_view* out) {
    if (rest_.size() < size) return false;
    *out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }
  bool TakeInt(int32_t* out) {
    std::string_view bytes;
    if (!Take(4, &bytes)) return false;
    *out = static_cast<int32_t>(LoadBigEndian<uint32_t>(bytes.data()));
    return true;
  }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

template <typename T>
Status ReadFixed(std::string_view bytes, T* out) {
  if (bytes.size() < sizeof(T)) return Insufficient();
  if (bytes.size() > sizeof(T)) return IncorrectFormat();
  *out = LoadBigEndian<T>(bytes.data());
  return {};
}

Status CheckTimestamp(int64_t timestamp) {
  if (!IsInfinite(timestamp) && (timestamp < kTimestampMin || timestamp >= kTimestampEnd)) {
    return Error(ErrorCode::kDatetimeFieldOverflow, "timestamp out of range");
  }
  return {};
}

Status ReadArray(Type type, std::string_view bytes, const TypeIo& io, ReadValue* out) {
  Input input(bytes);
  int32_t ndim;
  int32_t flags;
  int32_t element_oid;
  if (!input.TakeInt(&ndim) || !input.TakeInt(&flags) || !input.TakeInt(&element_oid)) {
    return Insufficient();
  }
  const Type element(ElementTypeOf(type.id), type.typmod);
  if (ndim < 0) {
    return Error(ErrorCode::kInvalidBinaryRepresentation, "invalid number of dimensions: {}", ndim);
  }
  if (ndim > kArrayDimsMax) {
    return Error(ErrorCode::kProgramLimitExceeded,
                 "number of array dimensions ({}) exceeds the maximum allowed ({})", ndim,
                 kArrayDimsMax);
  }
  if (flags != 0 && flags != 1) {
    return Error(ErrorCode::kInvalidBinaryRepresentation, "invalid array flags");
  }
  if (static_cast<TypeId>(element_oid) != element.id) {
    return Error(ErrorCode::kDatatypeMismatch,
                 "binary data has array element type {} ({}) instead of expected {} ({})",
                 element_oid, TypeName(static_cast<TypeId>(element_oid)),
                 static_cast<Oid>(element.id), TypeName(element.id));
  }
  std::vector<ArrayDim> dims;
  int64_t count = ndim > 0 ? 1 : 0;
  for (int32_t i = 0; i < ndim; ++i) {
    ArrayDim dim;
    if (!input.TakeInt(&dim.size) || !input.TakeInt(&dim.lower)) return Insufficient();
    if (dim.size < 0) {
      return Error(ErrorCode::kInvalidBinaryRepresentation, "invalid array size");
    }
    dims.push_back(dim);
    RETURN_IF_ERROR(CheckArraySize(dims));
    count *= dim.size;
  }
  // Every element takes at least its length.
  if (count > static_cast<int64_t>(bytes.size()) / 4) return Insufficient();
  ArrayBuilder builder(element.id);
  const PhysicalType physical = PhysicalTypeOf(element);
  for (int64_t i = 0; i < count; ++i) {
    int32_t length;
    if (!input.TakeInt(&length)) return Insufficient();
    if (length == -1) {
      builder.AddNull();
      continue;
    }
    std::string_view item;
    if (length < 0 || !input.Take(static_cast<size_t>(length), &item)) return Insufficient();
    ReadValue read;
    RETURN_IF_ERROR(ReadBinary(element, item, io, &read));
    if (physical == PhysicalType::kString) {
      builder.AddBytes(read.bytes);
    } else {
      builder.AddBytes({reinterpret_cast<const char*>(read.fixed), PhysicalWidth(physical)});
    }
  }
  if (!input.empty()) return IncorrectFormat();
  std::string array;
  if (count == 0) {
    builder.Finish(&array);
  } else {
    builder.Finish(&array, dims);
  }
  out->Own(std::move(array));
  return {};
}

/// Appends a length and what `write` appends.
template <typename Write>
Status AppendSized(std::string* out, Write write) {
  const size_t at = out->size();
  out->append(4, '\0');
  RETURN_IF_ERROR(write());
  const auto size = static_cast<uint32_t>(out->size() - at - 4);
  for (int i = 0; i < 4; ++i) {
    (*out)[at + static_cast<size_t>(i)] = static_cast<char>(size >> (24 - 8 * i));
  }
  return {};
}

Status WriteArray(std::string_view bytes, const TypeIo& io, std::string* out) {
  const ArrayView array(bytes);
  AppendBigEndian<uint32_t>(static_cast<uint32_t>(array.ndim()), out);
  AppendBigEndian<uint32_t>(array.has_nulls(), out);
  AppendBigEndian<uint32_t>(static_cast<uint32_t>(array.element_type()), out);
  for (int d = 0; d < array.ndim(); ++d) {
    AppendBigEndian<uint32_t>(static_cast<uint32_t>(array.dim(d).size), out);
    AppendBigEndian<uint32_t>(static_cast<uint32_t>(array.dim(d).lower), out);
  }
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (array.IsNull(i)) {
      AppendBigEndian<uint32_t>(UINT32_MAX, out);
      continue;
    }
    RETURN_IF_ERROR(AppendSized(
        out, [&] { return WriteBinary(array.element_type(), array.GetBytes(i), io, out); }));
  }
  return {};
}

Status WriteRecord(std::string_view bytes, const TypeIo& io, std::string* out) {
  RecordReader reader(bytes);
  AppendBigEndian<uint32_t>(reader.field_count(), out);
  while (reader.Next()) {
    AppendBigEndian<uint32_t>(static_cast<uint32_t>(reader.type()), out);
    if (reader.is_null()) {
      AppendBigEndian<uint32_t>(UINT32_MAX, out);
      continue;
    }
    RETURN_IF_ERROR(
        AppendSized(out, [&] { return WriteBinary(reader.type(), reader.bytes(), io, out); }));
  }
  return {};
}

}  // namespace

Status ReadBinary(Type type, std::string_view bytes, const TypeIo& io, ReadValue* out) {
  switch (type.id) {
    case TypeId::kBool: {
      uint8_t value;
      RETURN_IF_ERROR(ReadFixed(bytes, &value));
      out->Set<uint8_t>(value != 0);
      return {};
    }
    case TypeId::kNumeric: {
      ASSIGN_OR_RETURN(Numeric value, Numeric::ParseBinary(bytes));
      RETURN_IF_ERROR(value.ApplyTypmod(type.typmod));
      out->Own(value.Bytes());
      return {};
    }
    case TypeId::kDate: {
      uint32_t raw;
      RETURN_IF_ERROR(ReadFixed(bytes, &raw));
      const auto date = static_cast<int32_t>(raw);
      if (!IsInfinite(date) && (date < kDateMin || date >= kDateEnd)) {
        return Error(ErrorCode::kDatetimeFieldOverflow, "date out of range");
      }
      out->Set(date);
      return {};
    }
    case TypeId::kTime: {
      uint64_t raw;
      RETURN_IF_ERROR(ReadFixed(bytes, &raw));
      const auto time = static_cast<int64_t>(raw);
      if (time < 0 || time > kMicrosPerDay) {
        return Error(ErrorCode::kDatetimeFieldOverflow, "time out of range");
      }
      out->Set(RoundTime(time, type.typmod));
      return {};
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: {
      uint64_t raw;
      RETURN_IF_ERROR(ReadFixed(bytes, &raw));
      RETURN_IF_ERROR(CheckTimestamp(static_cast<int64_t>(raw)));
      ASSIGN_OR_RETURN(const int64_t timestamp,
                       RoundTimestamp(static_cast<int64_t>(raw), type.typmod));
      out->Set(timestamp);
      return {};
    }
    case TypeId::kInterval: {
      if (bytes.size() < 16) return Insufficient();
      if (bytes.size() > 16) return IncorrectFormat();
      IntervalValue interval;
      interval.micros = static_cast<int64_t>(LoadBigEndian<uint64_t>(bytes.data()));
      interval.days = static_cast<int32_t>(LoadBigEndian<uint32_t>(bytes.data() + 8));
      interval.months = static_cast<int32_t>(LoadBigEndian<uint32_t>(bytes.data() + 12));
      ASSIGN_OR_RETURN(interval, RoundInterval(interval, type.typmod));
      out->Set(interval);
      return {};
    }
    case TypeId::kUuid: {
      if (bytes.size() < 16) return Insufficient();
      if (bytes.size() > 16) return IncorrectFormat();
      out->Set(Load<UuidValue>(bytes));
      return {};
    }
    case TypeId::kTid: {
      if (bytes.size() < 6) return Insufficient();
      if (bytes.size() > 6) return IncorrectFormat();
      out->Set(static_cast<int64_t>(LoadBigEndian<uint32_t>(bytes.data())) << 16 |
               LoadBigEndian<uint16_t>(bytes.data() + 4));
      return {};
    }
    case TypeId::kJsonb: {
      if (bytes.empty()) return Insufficient();
      if (bytes[0] != 1) {
        return Error(ErrorCode::kInternalError, "unsupported jsonb version number {}",
                     static_cast<int>(bytes[0]));
      }
      RETURN_IF_ERROR(CheckUtf8(bytes.substr(1)));
      ASSIGN_OR_RETURN(std::string value, ParseJsonb(bytes.substr(1)));
      out->Own(std::move(value));
      return {};
    }
    case TypeId::kBytea:
      out->bytes = bytes;
      return {};
    case TypeId::kJson:
    case TypeId::kText:
    case TypeId::kUnknown:
    case TypeId::kCString:
    case TypeId::kRefCursor:
    case TypeId::kName:
    case TypeId::kVarchar:
    case TypeId::kBpChar:
    case TypeId::kVoid:
      return ReadText(type, bytes, io, out);
    case TypeId::kRecord:
      return Error(ErrorCode::kFeatureNotSupported,
                   "input of anonymous composite types is not implemented");
    default:
      break;
  }
  if (IsArrayType(type.id)) return ReadArray(type, bytes, io, out);
  switch (PhysicalTypeOf(type)) {
    case PhysicalType::kBool: {
      uint8_t value;
      RETURN_IF_ERROR(ReadFixed(bytes, &value));
      out->Set(value);
      return {};
    }
    case PhysicalType::kInt16: {
      uint16_t value;
      RETURN_IF_ERROR(ReadFixed(bytes, &value));
      out->Set(value);
      return {};
    }
    case PhysicalType::kInt32:
    case PhysicalType::kFloat32: {
      uint32_t value;
      RETURN_IF_ERROR(ReadFixed(bytes, &value));
      out->Set(value);
      return {};
    }
    case PhysicalType::kInt64:
    case PhysicalType::kFloat64: {
      uint64_t value;
      RETURN_IF_ERROR(ReadFixed(bytes, &value));
      out->Set(value);
      return {};
    }
    default:
      return Error(ErrorCode::kFeatureNotSupported,
                   "no binary input function available for type {}", TypeName(type.id));
  }
}

Status WriteBinary(TypeId type, std::string_view bytes, const TypeIo& io, std::string* out) {
  switch (type) {
    case TypeId::kNumeric:
      Numeric(bytes).AppendBinary(out);
      return {};
    case TypeId::kJsonb:
      out->push_back(1);
      AppendJsonbText(JsonbView(bytes), out);
      return {};
    case TypeId::kTid: {
      const auto tid = Load<int64_t>(bytes);
      AppendBigEndian<uint32_t>(static_cast<uint32_t>(tid >> 16), out);
      AppendBigEndian<uint16_t>(static_cast<uint16_t>(tid), out);
      return {};
    }
    case TypeId::kRecord:
      return WriteRecord(bytes, io, out);
    case TypeId::kAclItem:
    case TypeId::kPgNodeTree:
      return Error(ErrorCode::kUndefinedFunction, "no binary output function available for type {}",
                   TypeName(type));
    default:
      break;
  }
  if (IsArrayType(type)) return WriteArray(bytes, io, out);
  switch (PhysicalTypeOf(type)) {
    case PhysicalType::kBool:
      out->push_back(bytes[0]);
      return {};
    case PhysicalType::kInt16:
      AppendBigEndian(Load<uint16_t>(bytes), out);
      return {};
    case PhysicalType::kInt32:
    case PhysicalType::kFloat32:
      AppendBigEndian(Load<uint32_t>(bytes), out);
      return {};
    case PhysicalType::kInt64:
    case PhysicalType::kFloat64:
      AppendBigEndian(Load<uint64_t>(bytes), out);
      return {};
    case PhysicalType::kInterval: {
      const auto interval = Load<IntervalValue>(bytes);
      AppendBigEndian(static_cast<uint64_t>(interval.micros), out);
      AppendBigEndian(static_cast<uint32_t>(interval.days), out);
      AppendBigEndian(static_cast<uint32_t>(interval.months), out);
      return {};
    }
    case PhysicalType::kUuid:
    case PhysicalType::kString:
      out->append(bytes);
      return {};
  }
  return {};
}

}  // namespace oxibase
