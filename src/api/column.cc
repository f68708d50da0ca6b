// oxibase_column_*, oxibase_get_*: columns and the current row's values.

#include <cmath>
#include <cstring>

#include "api/handles.h"
#include "api/last_error.h"
#include "common/datetime.h"
#include "common/numeric.h"
#include "expr/type_io.h"

using oxibase::Error;
using oxibase::ErrorCode;
using oxibase::Result;
using oxibase::Status;
using oxibase::StringRef;
using oxibase::Type;
using oxibase::TypeId;
using oxibase::api::Fail;
using oxibase::api::FailNull;

static_assert(sizeof(oxibase_text) == sizeof(StringRef));

namespace oxibase::api {
namespace {

uint32_t FormOf(TypeId id) {
  switch (id) {
    case TypeId::kBool:
      return OXIBASE_FORM_BOOL;
    case TypeId::kInt2:
      return OXIBASE_FORM_INT16;
    case TypeId::kInt4:
      return OXIBASE_FORM_INT32;
    case TypeId::kInt8:
      return OXIBASE_FORM_INT64;
    case TypeId::kOid:
    case TypeId::kXid:
    case TypeId::kCid:
      return OXIBASE_FORM_UINT32;
    case TypeId::kFloat4:
      return OXIBASE_FORM_FLOAT;
    case TypeId::kFloat8:
      return OXIBASE_FORM_DOUBLE;
    case TypeId::kText:
    case TypeId::kVarchar:
    case TypeId::kBpChar:
    case TypeId::kName:
    case TypeId::kJson:
    case TypeId::kUnknown:
      return OXIBASE_FORM_TEXT;
    case TypeId::kBytea:
      return OXIBASE_FORM_BYTES;
    case TypeId::kDate:
      return OXIBASE_FORM_DATE;
    case TypeId::kTime:
      return OXIBASE_FORM_TIME;
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return OXIBASE_FORM_TIMESTAMP;
    default:
      return OXIBASE_FORM_OPAQUE;
  }
}

/// One value of the current row.
struct Cell {
  const oxibase_column* column = nullptr;
  uint32_t at = 0;

  template <typename T>
  T As() const {
    return static_cast<const T*>(column->values)[at];
  }
  bool is_null() const { return column->validity && !(column->validity[at >> 6] >> (at & 63) & 1); }
  Type type() const { return static_cast<TypeId>(column->type); }
};

/// The value in `column`; false after an error, which is told.
bool Find(const oxibase_statement* s, int32_t column, const void* out, Cell* cell) {
  if (!s) return FailNull("the statement"), false;
  if (!out) return FailNull("the place for the value"), false;
  const oxibase_cursor& cursor = s->cursor;
  if (static_cast<uint32_t>(column) >= cursor.column_count) [[unlikely]] {
    if (cursor.column_count == 0) {
      Fail(Error(ErrorCode::kInvalidCursorState, "the statement stands on no row"));
    } else {
      Fail(Error(ErrorCode::kInvalidParameterValue, "there is no column {}: the row has {} of them",
                 column, cursor.column_count));
    }
    return false;
  }
  cell->column = &cursor.columns[column];
  cell->at = cell->column->selection[cursor.row];
  return true;
}

int Mismatch(const Cell& cell, const char* wanted) {
  return Fail(Error(ErrorCode::kDatatypeMismatch, "a value of type {} cannot be read as {}",
                    FormatType(cell.type()), wanted));
}

TypeIo IoOf(const oxibase_statement* s) {
  if (!s->connection) return {};
  Session& session = *s->connection->session;
  return TypeIo(session.io_settings(), 0, &session.catalog_lookup());
}

/// A view in which row 0 is the cell.
void AppendText(const oxibase_statement* s, int32_t column, std::string* out) {
  const Vector& vector = s->batch->columns[static_cast<size_t>(column)];
  TextOut(vector.type(), vector.view(), s->cursor.row, IoOf(s), out);
}

}  // namespace

void ShowBatch(oxibase_statement* s, const Batch& batch) {
  const size_t count = batch.columns.size();
  s->columns.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const Vector& vector = batch.columns[i];
    const VectorView view = vector.view();
    oxibase_column& column = s->columns[i];
    column.values = view.bytes;
    column.selection = view.sel;
    column.validity = view.validity->all_valid() ? nullptr : view.validity->words();
    const auto type = static_cast<uint32_t>(vector.type().id);
    if (column.type != type) {
      column.type = type;
      column.form = FormOf(vector.type().id);
    }
  }
  s->batch = &batch;
  s->cursor.columns = s->columns.data();
  s->cursor.column_count = static_cast<uint32_t>(count);
  s->cursor.row = 0;
  s->cursor.rows = batch.size;
}

void ShowNothing(oxibase_statement* s) {
  s->batch = nullptr;
  s->cursor.column_count = 0;
  s->cursor.row = 0;
  s->cursor.rows = 0;
}

namespace {

int GetInt64(const oxibase_statement* s, int32_t column, const Cell& cell, int64_t* value) {
  switch (cell.column->form) {
    case OXIBASE_FORM_BOOL:
      *value = cell.As<uint8_t>();
      return OXIBASE_OK;
    case OXIBASE_FORM_INT16:
      *value = cell.As<int16_t>();
      return OXIBASE_OK;
    case OXIBASE_FORM_INT32:
      *value = cell.As<int32_t>();
      return OXIBASE_OK;
    case OXIBASE_FORM_INT64:
      *value = cell.As<int64_t>();
      return OXIBASE_OK;
    case OXIBASE_FORM_UINT32:
      *value = cell.As<uint32_t>();
      return OXIBASE_OK;
    default:
      break;
  }
  if (cell.type().id != TypeId::kNumeric) return Mismatch(cell, "an integer");
  const Numeric number(cell.As<StringRef>());
  const Numeric whole = number.TrimScale();
  if (!number.is_finite() || whole.dscale() > 0) {
    std::string text;
    AppendText(s, column, &text);
    return Fail(Error(ErrorCode::kNumericValueOutOfRange, "{} is not an integer", text));
  }
  const Result<int64_t> integer = number.ToInt64();
  if (!integer.ok()) return Fail(integer.status());
  *value = *integer;
  return OXIBASE_OK;
}

int GetDouble(const Cell& cell, double* value) {
  switch (cell.column->form) {
    case OXIBASE_FORM_FLOAT:
      *value = static_cast<double>(cell.As<float>());
      return OXIBASE_OK;
    case OXIBASE_FORM_DOUBLE:
      *value = cell.As<double>();
      return OXIBASE_OK;
    case OXIBASE_FORM_INT16:
      *value = cell.As<int16_t>();
      return OXIBASE_OK;
    case OXIBASE_FORM_INT32:
      *value = cell.As<int32_t>();
      return OXIBASE_OK;
    case OXIBASE_FORM_INT64:
      *value = static_cast<double>(cell.As<int64_t>());
      return OXIBASE_OK;
    case OXIBASE_FORM_UINT32:
      *value = cell.As<uint32_t>();
      return OXIBASE_OK;
    default:
      break;
  }
  if (cell.type().id != TypeId::kNumeric) return Mismatch(cell, "a floating-point number");
  const Result<double> number = Numeric(cell.As<StringRef>()).ToDouble();
  if (!number.ok()) return Fail(number.status());
  *value = *number;
  return OXIBASE_OK;
}

}  // namespace
}  // namespace oxibase::api

using oxibase::api::Cell;
using oxibase::api::Find;
using oxibase::api::Mismatch;

extern "C" {

int32_t oxibase_column_count(const oxibase_statement* statement) {
  return statement ? static_cast<int32_t>(statement->result.size()) : 0;
}

const char* oxibase_column_name(const oxibase_statement* statement, int32_t column) {
  if (!statement || static_cast<uint32_t>(column) >= statement->result.size()) return nullptr;
  return statement->result[static_cast<size_t>(column)].name.c_str();
}

uint32_t oxibase_column_type(const oxibase_statement* statement, int32_t column) {
  if (!statement || static_cast<uint32_t>(column) >= statement->result.size()) return 0;
  return static_cast<uint32_t>(statement->result[static_cast<size_t>(column)].type.id);
}

const char* oxibase_column_type_name(oxibase_statement* statement, int32_t column) try {
  if (!statement || static_cast<uint32_t>(column) >= statement->result.size()) return nullptr;
  const auto at = static_cast<size_t>(column);
  statement->type_names.resize(statement->result.size());
  std::string& name = statement->type_names[at];
  if (name.empty()) name = oxibase::FormatType(statement->result[at].type);
  return name.c_str();
} catch (...) {
  oxibase::api::FailException();
  return nullptr;
}

int oxibase_is_null(const oxibase_statement* statement, int32_t column) {
  Cell cell;
  if (!Find(statement, column, &cell, &cell)) return OXIBASE_ERROR;
  return cell.is_null() ? 1 : 0;
}

int oxibase_get_bool(oxibase_statement* statement, int32_t column, int* value) try {
  Cell cell;
  if (!Find(statement, column, value, &cell)) return OXIBASE_ERROR;
  *value = 0;
  if (cell.is_null()) return OXIBASE_NULL;
  if (cell.column->form != OXIBASE_FORM_BOOL) return Mismatch(cell, "a boolean");
  *value = cell.As<uint8_t>();
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_get_int64(oxibase_statement* statement, int32_t column, int64_t* value) try {
  Cell cell;
  if (!Find(statement, column, value, &cell)) return OXIBASE_ERROR;
  *value = 0;
  if (cell.is_null()) return OXIBASE_NULL;
  return oxibase::api::GetInt64(statement, column, cell, value);
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_get_double(oxibase_statement* statement, int32_t column, double* value) try {
  Cell cell;
  if (!Find(statement, column, value, &cell)) return OXIBASE_ERROR;
  *value = 0;
  if (cell.is_null()) return OXIBASE_NULL;
  return oxibase::api::GetDouble(cell, value);
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_get_text(oxibase_statement* statement, int32_t column, const char** text,
                     size_t* size) try {
  Cell cell;
  if (!Find(statement, column, text, &cell)) return OXIBASE_ERROR;
  if (!size) return FailNull("the place for the size");
  *text = "";
  *size = 0;
  if (cell.is_null()) return OXIBASE_NULL;
  if (cell.column->form == OXIBASE_FORM_TEXT) {
    const auto& bytes = static_cast<const StringRef*>(cell.column->values)[cell.at];
    *text = bytes.data();
    *size = bytes.size();
    return OXIBASE_OK;
  }
  statement->texts.resize(statement->cursor.column_count);
  std::string& out = statement->texts[static_cast<size_t>(column)];
  out.clear();
  oxibase::api::AppendText(statement, column, &out);
  *text = out.c_str();
  *size = out.size();
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_get_bytes(oxibase_statement* statement, int32_t column, const void** bytes,
                      size_t* size) try {
  Cell cell;
  if (!Find(statement, column, bytes, &cell)) return OXIBASE_ERROR;
  if (!size) return FailNull("the place for the size");
  *bytes = "";
  *size = 0;
  if (cell.is_null()) return OXIBASE_NULL;
  if (cell.column->form != OXIBASE_FORM_BYTES && cell.column->form != OXIBASE_FORM_TEXT) {
    return Mismatch(cell, "bytes");
  }
  const auto& value = static_cast<const StringRef*>(cell.column->values)[cell.at];
  *bytes = value.data();
  *size = value.size();
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_get_date(oxibase_statement* statement, int32_t column, int32_t* days) try {
  Cell cell;
  if (!Find(statement, column, days, &cell)) return OXIBASE_ERROR;
  *days = 0;
  if (cell.is_null()) return OXIBASE_NULL;
  if (cell.column->form != OXIBASE_FORM_DATE) return Mismatch(cell, "a date");
  const auto value = cell.As<int32_t>();
  const bool infinite = value == oxibase::kDateInfinity || value == oxibase::kDateNegInfinity;
  *days = infinite ? value : value - oxibase::kUnixEpochDays;
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_get_time(oxibase_statement* statement, int32_t column, int64_t* micros) try {
  Cell cell;
  if (!Find(statement, column, micros, &cell)) return OXIBASE_ERROR;
  *micros = 0;
  if (cell.is_null()) return OXIBASE_NULL;
  if (cell.column->form != OXIBASE_FORM_TIME) return Mismatch(cell, "a time");
  *micros = cell.As<int64_t>();
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_get_timestamp(oxibase_statement* statement, int32_t column, int64_t* micros) try {
  Cell cell;
  if (!Find(statement, column, micros, &cell)) return OXIBASE_ERROR;
  *micros = 0;
  if (cell.is_null()) return OXIBASE_NULL;
  if (cell.column->form != OXIBASE_FORM_TIMESTAMP) return Mismatch(cell, "a timestamp");
  const auto value = cell.As<int64_t>();
  if (value == oxibase::kTimestampInfinity || value == oxibase::kTimestampNegInfinity) {
    *micros = value;
    return OXIBASE_OK;
  }
  if (__builtin_sub_overflow(value, oxibase::kUnixEpochMicros, micros)) {
    return Fail(Error(ErrorCode::kDatetimeFieldOverflow, "timestamp out of range"));
  }
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_get_interval(oxibase_statement* statement, int32_t column, int32_t* months,
                         int32_t* days, int64_t* micros) try {
  Cell cell;
  if (!Find(statement, column, months && days ? micros : nullptr, &cell)) return OXIBASE_ERROR;
  *months = 0;
  *days = 0;
  *micros = 0;
  if (cell.is_null()) return OXIBASE_NULL;
  if (cell.type().id != TypeId::kInterval) return Mismatch(cell, "an interval");
  const auto value = cell.As<oxibase::IntervalValue>();
  *months = value.months;
  *days = value.days;
  *micros = value.micros;
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

int oxibase_get_uuid(oxibase_statement* statement, int32_t column, uint8_t bytes[16]) try {
  Cell cell;
  if (!Find(statement, column, bytes, &cell)) return OXIBASE_ERROR;
  std::memset(bytes, 0, 16);
  if (cell.is_null()) return OXIBASE_NULL;
  if (cell.type().id != TypeId::kUuid) return Mismatch(cell, "a uuid");
  const auto value = cell.As<oxibase::UuidValue>();
  std::memcpy(bytes, value.bytes, sizeof value.bytes);
  return OXIBASE_OK;
} catch (...) {
  return oxibase::api::FailException();
}

oxibase_cursor* oxibase_cursor_of(oxibase_statement* statement) {
  return statement ? &statement->cursor : nullptr;
}

}  // extern "C"
