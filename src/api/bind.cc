// oxibase_bind_*: a caller's value becomes one of the parameter's type.

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include "api/handles.h"
#include "api/last_error.h"
#include "common/datetime.h"
#include "common/numeric.h"
#include "env/clock.h"
#include "env/env.h"
#include "expr/type_io.h"

using oxibase::Error;
using oxibase::ErrorCode;
using oxibase::Result;
using oxibase::Status;
using oxibase::Type;
using oxibase::TypeId;
using oxibase::Value;
using oxibase::api::Fail;
using State = oxibase_statement::State;

namespace oxibase::api {
namespace {

/// The parameter's place, the statement ready for another run. Null after an error, which is told.
Value* Place(oxibase_statement* s, int32_t parameter) {
  if (!s) {
    FailNull("the statement");
    return nullptr;
  }
  const auto at = static_cast<size_t>(static_cast<uint32_t>(parameter)) - 1;
  if (at >= s->types.size()) [[unlikely]] {
    Fail(Error(ErrorCode::kInvalidParameterValue,
               "there is no parameter ${}: the statement has {} of them", parameter,
               s->types.size()));
    return nullptr;
  }
  if (s->state != State::kReady) {
    if (Reset(s) < 0) return nullptr;
  }
  return &s->params[at];
}

TypeIo IoOf(oxibase_statement* s) {
  Session& session = *s->connection->session;
  const int64_t now = Env::Real().clock().WallMicros() - Clock::kUnixMicros2000;
  return TypeIo(session.io_settings(), now, &session.catalog_lookup());
}

int Mismatch(Type type, const char* given) {
  return Fail(Error(ErrorCode::kDatatypeMismatch, "a parameter of type {} cannot be given as {}",
                    FormatType(type), given));
}

/// Reads `text` as the parameter's type does.
int Read(oxibase_statement* s, Type type, std::string_view text, Value* out) {
  if (!s->connection) {
    return Fail(Error(ErrorCode::kConnectionDoesNotExist, "the statement's connection is closed"));
  }
  Result<Value> value = TextIn(type, text, IoOf(s));
  if (!value.ok()) return Fail(value.status());
  *out = std::move(*value);
  return OXIBASE_OK;
}

int OutOfRange(Type type) {
  return Fail(Error(ErrorCode::kNumericValueOutOfRange, "{} out of range", FormatType(type)));
}

int PutNumeric(const Numeric& number, Type type, Value* out) {
  Numeric fitted = number;
  if (type.typmod >= 0) {
    if (Status status = fitted.ApplyTypmod(type.typmod); !status.ok()) return Fail(status);
  }
  *out = Value::String(type, fitted.Bytes());
  return OXIBASE_OK;
}

template <typename Int>
int PutInteger(int64_t value, Type type, Value* out) {
  if (value < std::numeric_limits<Int>::min() || value > std::numeric_limits<Int>::max())
      [[unlikely]] {
    return OutOfRange(type);
  }
  out->SetFixed(type, static_cast<Int>(value));
  return OXIBASE_OK;
}

int PutInt64(oxibase_statement* s, Type type, int64_t value, Value* out) {
  switch (type.id) {
    case TypeId::kInt8:
      out->SetFixed(type, value);
      return OXIBASE_OK;
    case TypeId::kInt4:
      return PutInteger<int32_t>(value, type, out);
    case TypeId::kInt2:
      return PutInteger<int16_t>(value, type, out);
    case TypeId::kOid:
      return PutInteger<uint32_t>(value, type, out);
    case TypeId::kFloat8:
      out->SetFixed(type, static_cast<double>(value));
      return OXIBASE_OK;
    case TypeId::kFloat4:
      out->SetFixed(type, static_cast<float>(value));
      return OXIBASE_OK;
    case TypeId::kNumeric:
      return PutNumeric(Numeric::FromInt64(value), type, out);
    default: {
      char digits[24];
      std::snprintf(digits, sizeof digits, "%lld", static_cast<long long>(value));
      return Read(s, type, digits, out);
    }
  }
}

int PutDouble(oxibase_statement* s, Type type, double value, Value* out) {
  switch (type.id) {
    case TypeId::kFloat8:
      out->SetFixed(type, value);
      return OXIBASE_OK;
    case TypeId::kFloat4: {
      const auto narrow = static_cast<float>(value);
      if (std::isinf(narrow) && !std::isinf(value)) return OutOfRange(type);
      out->SetFixed(type, narrow);
      return OXIBASE_OK;
    }
    case TypeId::kNumeric:
      return PutNumeric(Numeric::FromDouble(value), type, out);
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kInt8:
      // Whole numbers alone: what a fraction should become is for the statement to say.
      if (std::trunc(value) != value) {
        return Fail(Error(ErrorCode::kInvalidTextRepresentation,
                          "a number with a fraction for a parameter of type {}", FormatType(type)));
      }
      if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0)) {
        return OutOfRange(type);
      }
      return PutInt64(s, type, static_cast<int64_t>(value), out);
    default: {
      std::string text;
      TextOut(Value::Float8(value), TypeIo(), &text);
      return Read(s, type, text, out);
    }
  }
}

bool IsPlainText(Type type) {
  return (type.id == TypeId::kText || type.id == TypeId::kVarchar || type.id == TypeId::kUnknown) &&
         type.typmod < 0;
}

}  // namespace
}  // namespace oxibase::api

using oxibase::api::Mismatch;
using oxibase::api::Place;

extern "C" {

int oxibase_bind_null(oxibase_statement* statement, int32_t parameter) try {
  Value* place = Place(statement, parameter);
  if (!place) return OXIBASE_ERROR;
  place->SetNull();
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_bind_bool(oxibase_statement* statement, int32_t parameter, int value) try {
  Value* place = Place(statement, parameter);
  if (!place) return OXIBASE_ERROR;
  const Type type = statement->types[static_cast<size_t>(parameter) - 1];
  switch (type.id) {
    case TypeId::kBool:
      place->SetFixed(type, static_cast<uint8_t>(value != 0));
      return OXIBASE_OK;
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kInt8:
      return oxibase::api::PutInt64(statement, type, value != 0, place);
    default:
      return oxibase::api::Read(statement, type, value ? "true" : "false", place);
  }
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_bind_int64(oxibase_statement* statement, int32_t parameter, int64_t value) try {
  Value* place = Place(statement, parameter);
  if (!place) return OXIBASE_ERROR;
  return oxibase::api::PutInt64(statement, statement->types[static_cast<size_t>(parameter) - 1],
                                value, place);
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_bind_double(oxibase_statement* statement, int32_t parameter, double value) try {
  Value* place = Place(statement, parameter);
  if (!place) return OXIBASE_ERROR;
  return oxibase::api::PutDouble(statement, statement->types[static_cast<size_t>(parameter) - 1],
                                 value, place);
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_bind_text(oxibase_statement* statement, int32_t parameter, const char* text,
                      ptrdiff_t length) try {
  Value* place = Place(statement, parameter);
  if (!place) return OXIBASE_ERROR;
  if (!text && length != 0) return oxibase::api::FailNull("the text");
  const size_t size = length < 0 ? std::strlen(text) : static_cast<size_t>(length);
  const std::string_view bytes(text ? text : "", size);
  const Type type = statement->types[static_cast<size_t>(parameter) - 1];
  if (!oxibase::api::IsPlainText(type)) {
    return oxibase::api::Read(statement, type, bytes, place);
  }
  if (Status status = oxibase::CheckUtf8(bytes); !status.ok()) return Fail(status);
  place->SetBytes(type, bytes);
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_bind_bytes(oxibase_statement* statement, int32_t parameter, const void* bytes,
                       size_t size) try {
  Value* place = Place(statement, parameter);
  if (!place) return OXIBASE_ERROR;
  if (!bytes && size != 0) return oxibase::api::FailNull("the place of the bytes");
  const Type type = statement->types[static_cast<size_t>(parameter) - 1];
  if (type.id != TypeId::kBytea) return Mismatch(type, "bytes");
  place->SetBytes(type, {static_cast<const char*>(bytes ? bytes : ""), size});
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_bind_date(oxibase_statement* statement, int32_t parameter, int32_t days) try {
  Value* place = Place(statement, parameter);
  if (!place) return OXIBASE_ERROR;
  const Type type = statement->types[static_cast<size_t>(parameter) - 1];
  const bool infinite = days == oxibase::kDateInfinity || days == oxibase::kDateNegInfinity;
  const int64_t shifted = int64_t{days} + oxibase::kUnixEpochDays;
  if (!infinite && (shifted < oxibase::kDateMin || shifted >= oxibase::kDateEnd)) {
    return Fail(Error(ErrorCode::kDatetimeFieldOverflow, "date out of range"));
  }
  const auto stored = infinite ? days : static_cast<int32_t>(shifted);
  if (type.id == TypeId::kDate) {
    place->SetFixed(type, stored);
    return OXIBASE_OK;
  }
  std::string text;
  TextOut(Value::Fixed(TypeId::kDate, stored), oxibase::TypeIo(), &text);
  return oxibase::api::Read(statement, type, text, place);
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_bind_time(oxibase_statement* statement, int32_t parameter, int64_t micros) try {
  Value* place = Place(statement, parameter);
  if (!place) return OXIBASE_ERROR;
  const Type type = statement->types[static_cast<size_t>(parameter) - 1];
  if (micros < 0 || micros > oxibase::kMicrosPerDay) {
    return Fail(Error(ErrorCode::kDatetimeFieldOverflow, "time out of range"));
  }
  if (type.id != TypeId::kTime) return Mismatch(type, "a time");
  place->SetFixed(type, micros);
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_bind_timestamp(oxibase_statement* statement, int32_t parameter, int64_t micros) try {
  Value* place = Place(statement, parameter);
  if (!place) return OXIBASE_ERROR;
  const Type type = statement->types[static_cast<size_t>(parameter) - 1];
  if (type.id != TypeId::kTimestamp && type.id != TypeId::kTimestampTz) {
    return Mismatch(type, "a timestamp");
  }
  if (micros != oxibase::kTimestampInfinity && micros != oxibase::kTimestampNegInfinity) {
    int64_t shifted;
    if (__builtin_add_overflow(micros, oxibase::kUnixEpochMicros, &shifted) ||
        shifted < oxibase::kTimestampMin || shifted >= oxibase::kTimestampEnd) {
      return Fail(Error(ErrorCode::kDatetimeFieldOverflow, "timestamp out of range"));
    }
    micros = shifted;
  }
  place->SetFixed(type, micros);
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_bind_interval(oxibase_statement* statement, int32_t parameter, int32_t months,
                          int32_t days, int64_t micros) try {
  Value* place = Place(statement, parameter);
  if (!place) return OXIBASE_ERROR;
  const Type type = statement->types[static_cast<size_t>(parameter) - 1];
  if (type.id != TypeId::kInterval) return Mismatch(type, "an interval");
  place->SetFixed(type, oxibase::IntervalValue{micros, days, months});
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_bind_uuid(oxibase_statement* statement, int32_t parameter,
                      const uint8_t bytes[16]) try {
  Value* place = Place(statement, parameter);
  if (!place) return OXIBASE_ERROR;
  if (!bytes) return oxibase::api::FailNull("the uuid");
  const Type type = statement->types[static_cast<size_t>(parameter) - 1];
  if (type.id != TypeId::kUuid) return Mismatch(type, "a uuid");
  oxibase::UuidValue uuid;
  std::memcpy(uuid.bytes, bytes, sizeof uuid.bytes);
  place->SetFixed(type, uuid);
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_clear_bindings(oxibase_statement* statement) try {
  if (!statement) return oxibase::api::FailNull("the statement");
  if (statement->state != State::kReady) {
    if (const int failed = oxibase::api::Reset(statement); failed < 0) return failed;
  }
  for (Value& param : statement->params) param.SetNull();
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

}  // extern "C"
