// Text input and output of every type.
#include <charconv>
#include <limits>

#include "common/array.h"
#include "common/bytea.h"
#include "common/float_format.h"
#include "common/json.h"
#include "common/jsonb.h"
#include "common/numeric.h"
#include "common/uuid.h"
#include "expr/type_io_internal.h"

namespace oxibase {
namespace {

constexpr size_t kNameBytesMax = 63;

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

Status ReadBool(std::string_view text, bool* out) {
  std::string word(Trim(text));
  for (char& c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  const std::string_view w = word;
  const auto is_prefix = [&](std::string_view of) { return !w.empty() && of.starts_with(w); };
  if (is_prefix("true") || is_prefix("yes") || w == "on" || w == "1") {
    *out = true;
  } else if (is_prefix("false") || is_prefix("no") || w == "off" || w == "of" || w == "0") {
    *out = false;
  } else {
    return Error(ErrorCode::kInvalidTextRepresentation,
                 "invalid input syntax for type boolean: \"{}\"", text);
  }
  return {};
}

Result<uint32_t> ReadOid(std::string_view text, std::string_view type) {
  // Negative numbers wrap, as in PostgreSQL.
  ASSIGN_OR_RETURN(const int64_t value, ParseInteger(text, std::numeric_limits<int32_t>::min(),
                                                     std::numeric_limits<uint32_t>::max(), type));
  return static_cast<uint32_t>(value);
}

/// reg* types: a number, "-" for none, or a name.
Status ReadCatalogName(TypeId type, std::string_view text, const TypeIo& io, ReadValue* out) {
  text = Trim(text);
  if (text == "-") {
    out->Set<uint32_t>(0);
    return {};
  }
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) {
    ASSIGN_OR_RETURN(const uint32_t oid, ReadOid(text, "oid"));
    out->Set(oid);
    return {};
  }
  if (!io.catalog) {
    return Error(ErrorCode::kFeatureNotSupported, "names of type {} cannot be resolved here",
                 TypeName(type));
  }
  ASSIGN_OR_RETURN(const Oid oid, io.catalog->FindOid(CatalogKindOf(type), text));
  out->Set(oid);
  return {};
}

/// "(block,offset)"
Status ReadTid(std::string_view text, ReadValue* out) {
  const std::string_view body = Trim(text);
  uint32_t block = 0;
  uint16_t offset = 0;
  const char* end = body.data() + body.size();
  if (body.size() > 2 && body.front() == '(') {
    const auto first = std::from_chars(body.data() + 1, end, block);
    if (first.ec == std::errc() && first.ptr < end && *first.ptr == ',') {
      const auto second = std::from_chars(first.ptr + 1, end, offset);
      if (second.ec == std::errc() && second.ptr + 1 == end && *second.ptr == ')') {
        out->Set(static_cast<int64_t>(block) << 16 | offset);
        return {};
      }
    }
  }
  return Error(ErrorCode::kInvalidTextRepresentation, "invalid input syntax for type tid: \"{}\"",
               text);
}

template <typename Int>
void AppendInt(Int value, std::string* out) {
  char buffer[24];
  out->append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

template <typename T>
T Load(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace

Status FitString(Type type, bool is_explicit, ReadValue* out) {
  if (type.id == TypeId::kName) {
    if (out->bytes.size() > kNameBytesMax) {
      size_t size = kNameBytesMax;
      while (size > 0 && (out->bytes[size] & 0xC0) == 0x80) --size;
      out->bytes = out->bytes.substr(0, size);
    }
    return {};
  }
  if (type.typmod < 4) return {};
  const auto limit = static_cast<size_t>(type.typmod - 4);
  if (type.id == TypeId::kBpChar) {
    const size_t length = Utf8Length(out->bytes);
    if (length < limit) {
      std::string padded(out->bytes);
      padded.append(limit - length, ' ');
      out->Own(std::move(padded));
      return {};
    }
  } else if (type.id != TypeId::kVarchar) {
    return {};
  }
  if (out->bytes.size() <= limit) return {};
  const size_t keep = Utf8Prefix(out->bytes, limit);
  if (keep == out->bytes.size()) return {};
  if (!is_explicit && out->bytes.substr(keep).find_first_not_of(' ') != std::string_view::npos) {
    return Error(ErrorCode::kStringDataRightTruncation, "value too long for type {}",
                 FormatType(type));
  }
  out->bytes = out->bytes.substr(0, keep);
  return {};
}

Status ReadText(Type type, std::string_view text, const TypeIo& io, ReadValue* out) {
  switch (type.id) {
    case TypeId::kBool: {
      bool value = false;
      RETURN_IF_ERROR(ReadBool(text, &value));
      out->Set<uint8_t>(value);
      return {};
    }
    case TypeId::kChar:
      out->Set<uint8_t>(text.empty() ? 0 : static_cast<uint8_t>(text[0]));
      return {};
    case TypeId::kInt2: {
      ASSIGN_OR_RETURN(const int64_t value, ParseInteger(text, INT16_MIN, INT16_MAX, "smallint"));
      out->Set(static_cast<int16_t>(value));
      return {};
    }
    case TypeId::kInt4: {
      ASSIGN_OR_RETURN(const int64_t value, ParseInteger(text, INT32_MIN, INT32_MAX, "integer"));
      out->Set(static_cast<int32_t>(value));
      return {};
    }
    case TypeId::kInt8: {
      ASSIGN_OR_RETURN(const int64_t value, ParseInteger(text, INT64_MIN, INT64_MAX, "bigint"));
      out->Set(value);
      return {};
    }
    case TypeId::kOid:
    case TypeId::kXid:
    case TypeId::kCid: {
      ASSIGN_OR_RETURN(const uint32_t value, ReadOid(text, TypeName(type.id)));
      out->Set(value);
      return {};
    }
    case TypeId::kRegProc:
    case TypeId::kRegProcedure:
    case TypeId::kRegOper:
    case TypeId::kRegOperator:
    case TypeId::kRegClass:
    case TypeId::kRegType:
    case TypeId::kRegConfig:
    case TypeId::kRegNamespace:
    case TypeId::kRegRole:
      return ReadCatalogName(type.id, text, io, out);
    case TypeId::kTid:
      return ReadTid(text, out);
    case TypeId::kFloat4: {
      ASSIGN_OR_RETURN(const float value, ParseFloat4(text));
      out->Set(value);
      return {};
    }
    case TypeId::kFloat8: {
      ASSIGN_OR_RETURN(const double value, ParseFloat8(text));
      out->Set(value);
      return {};
    }
    case TypeId::kNumeric: {
      ASSIGN_OR_RETURN(Numeric value, Numeric::Parse(text));
      RETURN_IF_ERROR(value.ApplyTypmod(type.typmod));
      out->Own(value.Bytes());
      return {};
    }
    case TypeId::kDate: {
      ASSIGN_OR_RETURN(const int32_t value, ParseDate(text, io.datetime, io.now));
      out->Set(value);
      return {};
    }
    case TypeId::kTime: {
      ASSIGN_OR_RETURN(const int64_t value, ParseTime(text, type.typmod, io.datetime, io.now));
      out->Set(value);
      return {};
    }
    case TypeId::kTimestamp: {
      ASSIGN_OR_RETURN(const int64_t value, ParseTimestamp(text, type.typmod, io.datetime, io.now));
      out->Set(value);
      return {};
    }
    case TypeId::kTimestampTz: {
      ASSIGN_OR_RETURN(const int64_t value,
                       ParseTimestampTz(text, type.typmod, io.datetime, io.now));
      out->Set(value);
      return {};
    }
    case TypeId::kInterval: {
      ASSIGN_OR_RETURN(const IntervalValue value, ParseInterval(text, type.typmod, io.datetime));
      out->Set(value);
      return {};
    }
    case TypeId::kUuid: {
      ASSIGN_OR_RETURN(const UuidValue value, ParseUuid(text));
      out->Set(value);
      return {};
    }
    case TypeId::kBytea: {
      ASSIGN_OR_RETURN(std::string value, ParseBytea(text));
      out->Own(std::move(value));
      return {};
    }
    case TypeId::kJson:
      RETURN_IF_ERROR(CheckUtf8(text));
      RETURN_IF_ERROR(ValidateJson(text));
      out->bytes = text;
      return {};
    case TypeId::kJsonb: {
      RETURN_IF_ERROR(CheckUtf8(text));
      ASSIGN_OR_RETURN(std::string value, ParseJsonb(text));
      out->Own(std::move(value));
      return {};
    }
    case TypeId::kText:
    case TypeId::kUnknown:
    case TypeId::kCString:
    case TypeId::kRefCursor:
    case TypeId::kName:
    case TypeId::kVarchar:
    case TypeId::kBpChar:
      RETURN_IF_ERROR(CheckUtf8(text));
      out->bytes = text;
      return FitString(type, false, out);
    case TypeId::kVoid:
      out->bytes = {};
      return {};
    case TypeId::kRecord:
      return Error(ErrorCode::kFeatureNotSupported,
                   "input of anonymous composite types is not implemented");
    default:
      if (IsArrayType(type.id)) return ReadArrayText(type, text, io, out);
      return Error(ErrorCode::kFeatureNotSupported, "cannot accept a value of type {}",
                   TypeName(type.id));
  }
}

void WriteText(TypeId type, std::string_view bytes, const TypeIo& io, std::string* out) {
  switch (type) {
    case TypeId::kBool:
      out->push_back(bytes[0] ? 't' : 'f');
      return;
    case TypeId::kChar:
      if (bytes[0]) out->push_back(bytes[0]);
      return;
    case TypeId::kInt2:
      return AppendInt(Load<int16_t>(bytes), out);
    case TypeId::kInt4:
      return AppendInt(Load<int32_t>(bytes), out);
    case TypeId::kInt8:
      return AppendInt(Load<int64_t>(bytes), out);
    case TypeId::kOid:
    case TypeId::kXid:
    case TypeId::kCid:
      return AppendInt(Load<uint32_t>(bytes), out);
    case TypeId::kRegProc:
    case TypeId::kRegProcedure:
    case TypeId::kRegOper:
    case TypeId::kRegOperator:
    case TypeId::kRegClass:
    case TypeId::kRegType:
    case TypeId::kRegConfig:
    case TypeId::kRegNamespace:
    case TypeId::kRegRole: {
      const auto oid = Load<uint32_t>(bytes);
      if (oid == 0) {
        out->push_back('-');
        return;
      }
      std::string name;
      if (io.catalog && CatalogKindOf(type)) {
        name = io.catalog->NameOf(CatalogKindOf(type), oid, true);
      }
      if (name.empty()) return AppendInt(oid, out);
      out->append(name);
      return;
    }
    case TypeId::kTid: {
      const auto tid = Load<int64_t>(bytes);
      out->push_back('(');
      AppendInt(tid >> 16, out);
      out->push_back(',');
      AppendInt(tid & 0xFFFF, out);
      out->push_back(')');
      return;
    }
    case TypeId::kFloat4:
      return AppendFloat4(Load<float>(bytes), io.extra_float_digits, out);
    case TypeId::kFloat8:
      return AppendFloat8(Load<double>(bytes), io.extra_float_digits, out);
    case TypeId::kNumeric:
      return Numeric(bytes).AppendText(out);
    case TypeId::kDate:
      return AppendDate(Load<int32_t>(bytes), io.datetime, out);
    case TypeId::kTime:
      return AppendTime(Load<int64_t>(bytes), out);
    case TypeId::kTimestamp:
      return AppendTimestamp(Load<int64_t>(bytes), io.datetime, out);
    case TypeId::kTimestampTz:
      return AppendTimestampTz(Load<int64_t>(bytes), io.datetime, out);
    case TypeId::kInterval:
      return AppendInterval(Load<IntervalValue>(bytes), io.datetime, out);
    case TypeId::kUuid:
      return AppendUuid(Load<UuidValue>(bytes), out);
    case TypeId::kBytea:
      return io.bytea_hex ? AppendByteaHex(bytes, out) : AppendByteaEscape(bytes, out);
    case TypeId::kJsonb:
      return AppendJsonbText(JsonbView(bytes), out);
    case TypeId::kRecord:
      return WriteRecordText(bytes, io, out);
    case TypeId::kVoid:
      return;
    default:
      if (IsArrayType(type)) {
        // int2vector and oidvector print their numbers between blanks.
        WriteArrayText(bytes, io, out);
        if (type == TypeId::kInt2Vector || type == TypeId::kOidVector) {
          const size_t open = out->rfind('{');
          const size_t begin = out->rfind('[', open);
          std::string body = out->substr(open + 1, out->size() - open - 2);
          for (char& c : body) c = c == ',' ? ' ' : c;
          out->resize(begin == std::string::npos ? open : begin);
          out->append(body);
        }
        return;
      }
      out->append(bytes);
  }
}

namespace {

/// Makes every element of an array fit the modifier.
Status FitElements(Type type, bool is_explicit, Value* value) {
  const ArrayView array(value->bytes());
  const Type element(array.element_type(), type.typmod);
  ArrayBuilder builder(element.id);
  for (uint32_t i = 0; i < array.size(); ++i) {
    Value item = array.GetValue(i);
    RETURN_IF_ERROR(CoerceTypmod(element, is_explicit, &item));
    builder.AddValue(item);
  }
  std::vector<ArrayDim> dims;
  for (int d = 0; d < array.ndim(); ++d) dims.push_back(array.dim(d));
  std::string bytes;
  if (dims.empty()) {
    builder.Finish(&bytes);
  } else {
    builder.Finish(&bytes, dims);
  }
  *value = Value::String(type, std::move(bytes));
  return {};
}

}  // namespace

Status CoerceTypmod(Type type, bool is_explicit, Value* value) {
  if (value->is_null()) {
    value->set_type(type);
    return {};
  }
  switch (type.id) {
    case TypeId::kNumeric: {
      Numeric number{std::string_view(value->bytes())};
      RETURN_IF_ERROR(number.ApplyTypmod(type.typmod));
      *value = Value::String(type, number.Bytes());
      return {};
    }
    case TypeId::kName:
    case TypeId::kVarchar:
    case TypeId::kBpChar: {
      ReadValue read;
      read.bytes = value->bytes();
      RETURN_IF_ERROR(FitString(type, is_explicit, &read));
      *value = Value::String(type, std::string(read.bytes));
      return {};
    }
    case TypeId::kTime:
      *value = Value::Fixed(type, RoundTime(value->As<int64_t>(), type.typmod));
      return {};
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: {
      ASSIGN_OR_RETURN(const int64_t rounded, RoundTimestamp(value->As<int64_t>(), type.typmod));
      *value = Value::Fixed(type, rounded);
      return {};
    }
    case TypeId::kInterval: {
      ASSIGN_OR_RETURN(const IntervalValue rounded,
                       RoundInterval(value->As<IntervalValue>(), type.typmod));
      *value = Value::Fixed(type, rounded);
      return {};
    }
    default:
      if (IsArrayType(type.id) && type.typmod >= 0) return FitElements(type, is_explicit, value);
      value->set_type(type);
      return {};
  }
}

Result<int32_t> MakeTypmod(TypeId type, const int32_t* args, size_t count) {
  if (IsArrayType(type)) type = ElementTypeOf(type);
  const auto range = [](std::string text) {
    return Error(ErrorCode::kInvalidParameterValue, "{}", text);
  };
  switch (type) {
    case TypeId::kVarchar:
    case TypeId::kBpChar: {
      const char* name = type == TypeId::kVarchar ? "varchar" : "char";
      if (count != 1) return range("invalid type modifier");
      if (args[0] < 1) return range(fmt::format("length for type {} must be at least 1", name));
      if (args[0] > 10485760) {
        return range(fmt::format("length for type {} cannot exceed 10485760", name));
      }
      return args[0] + 4;
    }
    case TypeId::kNumeric: {
      if (count != 1 && count != 2) return range("invalid NUMERIC type modifier");
      const int32_t scale = count == 2 ? args[1] : 0;
      if (args[0] < 1 || args[0] > 1000) {
        return range(fmt::format("NUMERIC precision {} must be between 1 and 1000", args[0]));
      }
      if (scale < -1000 || scale > 1000) {
        return range(fmt::format("NUMERIC scale {} must be between -1000 and 1000", scale));
      }
      return (args[0] << 16 | (scale & 0x7FF)) + 4;
    }
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: {
      if (count != 1) return range("invalid type modifier");
      if (args[0] < 0) {
        return range(fmt::format("{}({}){} precision must not be negative",
                                 type == TypeId::kTime ? "TIME" : "TIMESTAMP", args[0],
                                 type == TypeId::kTimestampTz ? " WITH TIME ZONE" : ""));
      }
      return args[0] > 6 ? 6 : args[0];  // PostgreSQL warns and reduces
    }
    case TypeId::kInterval:
      // One argument: a range; two: a range and a precision.
      if (count == 1) return args[0] << 16 | 0xFFFF;
      if (count == 2) return (args[0] & 0x7FFF) << 16 | (args[1] > 6 ? 6 : args[1]);
      return range("invalid INTERVAL type modifier");
    default:
      return Error(ErrorCode::kSyntaxError, "type modifier is not allowed for type \"{}\"",
                   TypeName(type));
  }
}

}  // namespace oxibase
