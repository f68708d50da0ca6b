#include "expr/type_io.h"

#include "common/record.h"
#include "expr/type_io_internal.h"

namespace oxibase {
namespace {

/// The settings prepared last on this thread: preparing costs more than comparing.
struct PreparedSettings {
  IoSettings settings;
  DateTimeFormat datetime;
  bool valid = false;
};

const IoSettings& DefaultSettings() {
  static const IoSettings settings;
  return settings;
}

Value MakeValue(Type type, ReadValue& read) {
  if (PhysicalTypeOf(type) != PhysicalType::kString) {
    Value value = Value::Fixed<uint8_t>(type, 0);
    std::memcpy(value.fixed_data(), read.fixed, sizeof read.fixed);
    return value;
  }
  if (read.bytes.data() == read.owned.data() && read.bytes.size() == read.owned.size()) {
    return Value::String(type, std::move(read.owned));
  }
  return Value::String(type, std::string(read.bytes));
}

void StoreInVector(const ReadValue& read, Vector* out, uint32_t row) {
  const PhysicalType physical = out->physical();
  out->validity().SetValid(row);
  if (physical == PhysicalType::kString) {
    out->data<StringRef>()[row] = out->arena().Copy(read.bytes);
    return;
  }
  const size_t width = PhysicalWidth(physical);
  std::memcpy(out->data<char>() + width * row, read.fixed, width);
}

}  // namespace

TypeIo::TypeIo(const IoSettings& settings, int64_t now_micros, CatalogLookup* lookup)
    : bytea_hex(settings.bytea_hex),
      extra_float_digits(settings.extra_float_digits),
      now(now_micros),
      catalog(lookup) {
  thread_local PreparedSettings last;
  if (!last.valid || last.settings.time_zone != settings.time_zone ||
      last.settings.date_style != settings.date_style ||
      last.settings.interval_style != settings.interval_style) {
    auto parsed =
        DateTimeFormat::Parse(settings.date_style, settings.interval_style, settings.time_zone);
    last.datetime = parsed.ok() ? *parsed : DateTimeFormat();
    last.settings = settings;
    last.valid = true;
  }
  datetime = last.datetime;
}

TypeIo::TypeIo(const EvalContext& context)
    : TypeIo(context.settings ? *context.settings : DefaultSettings(), context.transaction_micros,
             context.catalog) {}

Result<Value> TextIn(Type type, std::string_view text, const TypeIo& io) {
  ReadValue read;
  RETURN_IF_ERROR(ReadText(type, text, io, &read));
  return MakeValue(type, read);
}

Status TextInto(Type type, std::string_view text, const TypeIo& io, Vector* out, uint32_t row) {
  ReadValue read;
  RETURN_IF_ERROR(ReadText(type, text, io, &read));
  StoreInVector(read, out, row);
  return {};
}

Result<Value> BinaryIn(Type type, std::string_view bytes, const TypeIo& io) {
  ReadValue read;
  RETURN_IF_ERROR(ReadBinary(type, bytes, io, &read));
  return MakeValue(type, read);
}

Status BinaryInto(Type type, std::string_view bytes, const TypeIo& io, Vector* out, uint32_t row) {
  ReadValue read;
  RETURN_IF_ERROR(ReadBinary(type, bytes, io, &read));
  StoreInVector(read, out, row);
  return {};
}

void TextOut(Type type, const VectorView& view, uint32_t row, const TypeIo& io, std::string* out) {
  WriteText(type.id, BytesOf(PhysicalTypeOf(type), view, row), io, out);
}

void TextOut(const Value& value, const TypeIo& io, std::string* out) {
  WriteText(value.type().id, BytesOf(value), io, out);
}

Status BinaryOut(Type type, const VectorView& view, uint32_t row, const TypeIo& io,
                 std::string* out) {
  return WriteBinary(type.id, BytesOf(PhysicalTypeOf(type), view, row), io, out);
}

Status BinaryOut(const Value& value, const TypeIo& io, std::string* out) {
  return WriteBinary(value.type().id, BytesOf(value), io, out);
}

char CatalogKindOf(TypeId type) {
  switch (type) {
    case TypeId::kRegClass:
      return 'r';
    case TypeId::kRegNamespace:
      return 'n';
    case TypeId::kRegType:
      return 't';
    case TypeId::kRegProc:
      return 'f';
    case TypeId::kRegProcedure:
      return 'F';
    case TypeId::kRegRole:
      return 'o';
    case TypeId::kRegOper:
    case TypeId::kRegOperator:
      return 'p';
    default:
      return 0;
  }
}

}  // namespace oxibase
