#include "expr/functions/json_build.h"

#include "common/array.h"
#include "common/datetime.h"
#include "common/record.h"

namespace oxibase {
namespace {

/// Numbers whose text is a JSON number (not NaN, not an infinity).
bool IsJsonNumber(std::string_view text) {
  return !text.empty() && (text.back() >= '0' && text.back() <= '9');
}

/// A scalar's text; `quoted` tells whether it is a JSON string.
void ScalarText(const Value& value, const TypeIo& io, std::string* out, bool* quoted) {
  *quoted = true;
  switch (value.type().id) {
    case TypeId::kBool:
      *out = value.AsBool() ? "true" : "false";
      *quoted = false;
      return;
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kInt8:
    case TypeId::kFloat4:
    case TypeId::kFloat8:
    case TypeId::kNumeric:
      TextOut(value, io, out);
      *quoted = !IsJsonNumber(*out);
      return;
    case TypeId::kDate: {
      const DateTimeFormat iso;
      AppendDate(value.As<int32_t>(), iso, out);
      return;
    }
    case TypeId::kTimestamp:
      AppendTimestampJson(value.As<int64_t>(), nullptr, out);
      return;
    case TypeId::kTimestampTz:
      AppendTimestampJson(value.As<int64_t>(), io.datetime.zone, out);
      return;
    case TypeId::kJson:
      *out = value.bytes();
      *quoted = false;
      return;
    case TypeId::kJsonb:
      AppendJsonbText(JsonbView(value.bytes()), out);
      *quoted = false;
      return;
    default:
      TextOut(value, io, out);
  }
}

Status ArrayAsJson(const ArrayView& array, int dim, uint32_t* next, const TypeIo& io,
                   std::string* out) {
  *out += '[';
  for (int32_t i = 0; i < array.dim(dim).size; ++i) {
    if (i > 0) *out += ',';
    if (dim + 1 < array.ndim()) {
      RETURN_IF_ERROR(ArrayAsJson(array, dim + 1, next, io, out));
    } else {
      const uint32_t at = (*next)++;
      RETURN_IF_ERROR(AppendAsJson(
          array.IsNull(at) ? Value::Null(array.element_type()) : array.GetValue(at), io, out));
    }
  }
  *out += ']';
  return {};
}

Status ArrayAsJsonb(const ArrayView& array, int dim, uint32_t* next, const TypeIo& io,
                    JsonbBuilder* builder) {
  builder->BeginArray();
  for (int32_t i = 0; i < array.dim(dim).size; ++i) {
    if (dim + 1 < array.ndim()) {
      RETURN_IF_ERROR(ArrayAsJsonb(array, dim + 1, next, io, builder));
    } else {
      const uint32_t at = (*next)++;
      RETURN_IF_ERROR(AddAsJsonb(
          array.IsNull(at) ? Value::Null(array.element_type()) : array.GetValue(at), io, builder));
    }
  }
  builder->EndArray();
  return {};
}

std::string FieldName(const RecordReader& reader, int n) {
  return reader.name().empty() ? fmt::format("f{}", n) : std::string(reader.name());
}

bool IsArray(const Value& value) {
  return IsArrayType(value.type().id) && value.type().id != TypeId::kInt2Vector &&
         value.type().id != TypeId::kOidVector;
}

}  // namespace

Status AppendAsJson(const Value& value, const TypeIo& io, std::string* out) {
  if (value.is_null()) {
    *out += "null";
    return {};
  }
  if (IsArray(value)) {
    const ArrayView array(value.bytes());
    uint32_t next = 0;
    if (array.ndim() == 0) {
      *out += "[]";
      return {};
    }
    return ArrayAsJson(array, 0, &next, io, out);
  }
  if (value.type().id == TypeId::kRecord) {
    RecordReader reader(value.bytes());
    *out += '{';
    for (int n = 1; reader.Next(); ++n) {
      if (n > 1) *out += ',';
      AppendJsonString(FieldName(reader, n), out);
      *out += ':';
      RETURN_IF_ERROR(
          AppendAsJson(reader.is_null() ? Value::Null(reader.type()) : reader.GetValue(), io, out));
    }
    *out += '}';
    return {};
  }
  std::string text;
  bool quoted = true;
  ScalarText(value, io, &text, &quoted);
  if (quoted) {
    AppendJsonString(text, out);
  } else {
    *out += text;
  }
  return {};
}

Status AddAsJsonb(const Value& value, const TypeIo& io, JsonbBuilder* builder) {
  if (value.is_null()) {
    builder->Null();
    return {};
  }
  if (IsArray(value)) {
    const ArrayView array(value.bytes());
    uint32_t next = 0;
    if (array.ndim() == 0) {
      builder->BeginArray();
      builder->EndArray();
      return {};
    }
    return ArrayAsJsonb(array, 0, &next, io, builder);
  }
  switch (value.type().id) {
    case TypeId::kRecord: {
      RecordReader reader(value.bytes());
      builder->BeginObject();
      for (int n = 1; reader.Next(); ++n) {
        builder->Key(FieldName(reader, n));
        RETURN_IF_ERROR(AddAsJsonb(
            reader.is_null() ? Value::Null(reader.type()) : reader.GetValue(), io, builder));
      }
      builder->EndObject();
      return {};
    }
    case TypeId::kBool:
      builder->Bool(value.AsBool());
      return {};
    case TypeId::kJsonb:
      builder->Node(JsonbView(value.bytes()));
      return {};
    case TypeId::kJson: {
      ASSIGN_OR_RETURN(const std::string node, ParseJsonb(value.bytes()));
      builder->Node(JsonbView(node));
      return {};
    }
    case TypeId::kNumeric:
      builder->Number(Numeric(std::string_view(value.bytes())));
      return {};
    default:
      break;
  }
  std::string text;
  bool quoted = true;
  ScalarText(value, io, &text, &quoted);
  if (quoted) {
    builder->String(text);
    return {};
  }
  ASSIGN_OR_RETURN(const Numeric number, Numeric::Parse(text));
  builder->Number(number);
  return {};
}

Result<std::string> JsonKeyOf(const Value& value, const TypeIo& io) {
  if (value.is_null()) {
    return Error(ErrorCode::kInvalidParameterValue, "null value not allowed for object key");
  }
  if (IsArray(value) || value.type().id == TypeId::kRecord || value.type().id == TypeId::kJson ||
      value.type().id == TypeId::kJsonb) {
    return Error(ErrorCode::kInvalidParameterValue,
                 "key value must be scalar, not array, composite, or json");
  }
  std::string text;
  bool quoted = true;
  ScalarText(value, io, &text, &quoted);
  return text;
}

}  // namespace oxibase
