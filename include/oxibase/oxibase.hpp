#pragma once
// OxiBase inside your program: the C++ API. Header only, over the C API of oxibase.h.
//
//   oxibase::Database db("folder");                    // no argument: in memory
//   oxibase::Connection c = db.Connect();
//   c.Execute("CREATE TABLE IF NOT EXISTS t (id int PRIMARY KEY, name text)");
//   c.Execute("INSERT INTO t VALUES ($1, $2)", 1, "one");
//   for (const oxibase::Row& row : c.Query("SELECT id, name FROM t WHERE id < $1", 10)) {
//     std::cout << row.Get<int>(0) << ' ' << row.Get<std::string_view>(1) << '\n';
//   }
//
// Handles are move-only and close what they stand for. Failures are thrown as oxibase::Error. What
// the C API says of threads and of the order of closing holds here too.
//
// Parameters count from 1 ($1), columns from 0. As C++ types, in and out:
//
//   boolean                  bool
//   smallint, int, bigint    any integer type (22003 when the value does not fit)
//   real, double precision   float, double
//   numeric                  std::string, or an integer or double when it fits
//   text and its like        std::string_view (borrowed until the next step), std::string
//   bytea                    oxibase::Bytes (borrowed), std::vector<std::byte>
//   date                     std::chrono::sys_days
//   time                     oxibase::TimeOfDay
//   timestamp, timestamptz   oxibase::Timestamp
//   interval                 oxibase::Interval
//   uuid                     oxibase::Uuid
//   anything                 std::string: as SQL prints and reads it
//   NULL                     std::optional of these; nullptr and std::nullopt as parameters

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "oxibase/oxibase.h"

namespace oxibase {
// Names of its own for the linker, whatever else is called oxibase.
inline namespace v0 {

/// A failed call: PostgreSQL's SQLSTATE and what goes with it.
class Error : public std::runtime_error {
 public:
  /// This thread's last error of the C API.
  static Error Last() { return Error(); }
  Error(std::string sqlstate, const std::string& message)
      : std::runtime_error(message), sqlstate_(std::move(sqlstate)) {}

  /// Five characters: "23505" is a unique violation.
  const std::string& sqlstate() const noexcept { return sqlstate_; }
  std::string_view message() const noexcept { return what(); }
  const std::string& detail() const noexcept { return detail_; }
  const std::string& hint() const noexcept { return hint_; }
  const std::string& context() const noexcept { return context_; }
  const std::string& schema() const noexcept { return schema_; }
  const std::string& table() const noexcept { return table_; }
  const std::string& column() const noexcept { return column_; }
  const std::string& constraint() const noexcept { return constraint_; }
  /// Where in the statement's text, in characters from 1; 0 when unknown.
  int64_t position() const noexcept { return position_; }

 private:
  Error()
      : std::runtime_error(oxibase_error_field(OXIBASE_MESSAGE)),
        sqlstate_(oxibase_error_field(OXIBASE_SQLSTATE)),
        detail_(oxibase_error_field(OXIBASE_DETAIL)),
        hint_(oxibase_error_field(OXIBASE_HINT)),
        context_(oxibase_error_field(OXIBASE_CONTEXT)),
        schema_(oxibase_error_field(OXIBASE_SCHEMA)),
        table_(oxibase_error_field(OXIBASE_TABLE)),
        column_(oxibase_error_field(OXIBASE_COLUMN)),
        constraint_(oxibase_error_field(OXIBASE_CONSTRAINT)),
        position_(oxibase_error_position()) {}

  std::string sqlstate_, detail_, hint_, context_, schema_, table_, column_, constraint_;
  int64_t position_ = 0;
};

using Bytes = std::span<const std::byte>;
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;
/// Since midnight.
using TimeOfDay = std::chrono::duration<int64_t, std::micro>;
using Uuid = std::array<uint8_t, 16>;

/// SQL's interval: three parts that do not convert into each other.
struct Interval {
  int32_t months = 0;
  int32_t days = 0;
  std::chrono::microseconds time{0};
  bool operator==(const Interval&) const = default;
};

namespace internal {

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};

[[noreturn]] inline void Throw() { throw Error::Last(); }

inline int Check(int result) {
  if (result < 0) [[unlikely]]
    Throw();
  return result;
}

/// What a moved-from statement's cursor is.
inline oxibase_cursor* NoCursor() {
  static oxibase_cursor none{};
  return &none;
}

}  // namespace internal

class Statement;

/// The row a statement stands on. Borrows the statement; gone with its next step.
class Row {
 public:
  int columns() const;
  bool IsNull(int column) const;
  /// The value as one of the types above. Throws 22002 for NULL unless T is a std::optional.
  template <typename T>
  T Get(int column) const;
  /// As SQL prints it, for any type; empty for NULL. Borrowed until the next step.
  std::string_view Text(int column) const;

 private:
  friend class Statement;
  explicit Row(const Statement* statement) : statement_(statement) {}
  const Statement* statement_;
};

/// A statement, parsed and planned once, to be run many times.
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept { swap(other); }
  Statement& operator=(Statement&& other) noexcept {
    Statement(std::move(other)).swap(*this);
    return *this;
  }
  ~Statement() { oxibase_finalize(handle_); }

  int parameter_count() const { return oxibase_parameter_count(handle_); }
  int column_count() const { return oxibase_column_count(handle_); }
  std::string_view column_name(int column) const {
    const char* name = oxibase_column_name(handle_, column);
    return name ? std::string_view(name) : std::string_view();
  }
  /// The type's oid, as in pg_type; 0: there is no such column.
  uint32_t column_type(int column) const { return oxibase_column_type(handle_, column); }
  /// As SQL writes it: "character varying(10)".
  std::string_view column_type_name(int column) const {
    const char* name = oxibase_column_type_name(handle_, column);
    return name ? std::string_view(name) : std::string_view();
  }

  /// Sets parameter $`parameter`. Resets the statement if it has run.
  template <typename T>
  Statement& Bind(int parameter, const T& value);
  /// Sets $1, $2, ...
  template <typename... Args>
  Statement& BindAll(const Args&... values) {
    int parameter = 0;
    (Bind(++parameter, values), ...);
    return *this;
  }
  void ClearBindings() { internal::Check(oxibase_clear_bindings(handle_)); }

  /// Goes to the next row; false when there is none left: outside of a transaction, the statement
  /// is then committed.
  bool Step() {
    if (cursor_->row + 1 < cursor_->rows) {
      ++cursor_->row;
      return true;
    }
    return internal::Check(oxibase_step(handle_)) == OXIBASE_ROW;
  }
  /// Goes to the next batch of rows, for access by column; false when there is none left.
  bool Fetch() { return internal::Check(oxibase_fetch(handle_)) == OXIBASE_ROW; }
  /// Ends the run, so that the next step begins another one.
  void Reset() { internal::Check(oxibase_reset(handle_)); }
  /// Resets, binds if values are given, runs to the end; returns the rows changed or returned.
  template <typename... Args>
  uint64_t Execute(const Args&... values) {
    BindAll(values...);
    uint64_t rows = 0;
    internal::Check(oxibase_run(handle_, &rows));
    return rows;
  }
  /// Rows that the run has changed, or returned so far.
  uint64_t rows() const { return oxibase_rows(handle_); }
  /// "INSERT 0 1", "SELECT 5", ... once the run is done.
  std::string_view command_tag() const { return oxibase_command_tag(handle_); }

  bool IsNull(int column) const {
    const oxibase_column& c = At(column);
    const uint32_t at = c.selection[cursor_->row];
    return c.validity && !(c.validity[at >> 6] >> (at & 63) & 1);
  }
  /// As Row's.
  template <typename T>
  T Get(int column) const;
  std::string_view Text(int column) const {
    const char* text;
    size_t size;
    internal::Check(oxibase_get_text(handle_, column, &text, &size));
    return {text, size};
  }

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Row;
    using difference_type = std::ptrdiff_t;
    const Row& operator*() const { return row_; }
    const Row* operator->() const { return &row_; }
    Iterator& operator++() {
      if (!statement_->Step()) statement_ = nullptr;
      return *this;
    }
    bool operator==(const Iterator& other) const { return statement_ == other.statement_; }

   private:
    friend class Statement;
    explicit Iterator(Statement* statement) : statement_(statement), row_(statement) {}
    Statement* statement_;
    Row row_;
  };
  /// Steps to the first row; for a range-based for loop, once a run.
  Iterator begin() { return Iterator(Step() ? this : nullptr); }
  Iterator end() { return Iterator(nullptr); }

  /// Where it stands, for access to whole columns: see oxibase_cursor.
  const oxibase_cursor& cursor() const { return *cursor_; }
  oxibase_statement* handle() const { return handle_; }
  void swap(Statement& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(cursor_, other.cursor_);
  }

 private:
  friend class Connection;
  explicit Statement(oxibase_statement* handle)
      : handle_(handle), cursor_(oxibase_cursor_of(handle)) {}

  const oxibase_column& At(int column) const {
    if (static_cast<uint32_t>(column) >= cursor_->column_count) [[unlikely]] {
      oxibase_is_null(handle_, column);  // says what is wrong
      internal::Throw();
    }
    return cursor_->columns[column];
  }
  template <typename T>
  static T Value(const oxibase_column& column, uint32_t at) {
    return static_cast<const T*>(column.values)[at];
  }
  template <typename T>
  T Integer(int column, const oxibase_column& c, uint32_t at) const;
  [[noreturn]] static void ThrowNull();
  static void CheckNull(int result) {
    if (internal::Check(result) == OXIBASE_NULL) ThrowNull();
  }

  oxibase_statement* handle_ = nullptr;
  oxibase_cursor* cursor_ = internal::NoCursor();
};

/// The data of a COPY ... FROM STDIN. Without Finish, nothing is copied.
class CopyIn {
 public:
  void Write(std::string_view bytes) {
    internal::Check(oxibase_copy_write(statement_.handle(), bytes.data(), bytes.size()));
  }
  /// The rows copied.
  uint64_t Finish() {
    uint64_t rows = 0;
    internal::Check(oxibase_copy_finish(statement_.handle(), &rows));
    return rows;
  }

 private:
  friend class Connection;
  explicit CopyIn(Statement statement) : statement_(std::move(statement)) {}
  Statement statement_;
};

/// The data of a COPY ... TO STDOUT.
class CopyOut {
 public:
  /// The next bytes (whole rows), empty at the end; valid until the next call.
  std::string_view Read() {
    const char* bytes;
    size_t size;
    internal::Check(oxibase_copy_read(statement_.handle(), &bytes, &size));
    return {bytes, size};
  }

 private:
  friend class Connection;
  explicit CopyOut(Statement statement) : statement_(std::move(statement)) {}
  Statement statement_;
};

class Transaction;

/// What NOTIFY on a channel that one listens to brings.
struct Notification {
  std::string channel;
  std::string payload;
  int32_t process = 0;  // pg_backend_pid() of the connection that notified
};

/// A conversation with the database: one call at a time.
class Connection {
 public:
  Connection() = default;
  Connection(Connection&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Connection& operator=(Connection&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Connection() { Close(); }

  /// Rolls back what is open. Its statements stay, and fail.
  void Close() { oxibase_disconnect(std::exchange(handle_, nullptr)); }

  Statement Prepare(std::string_view sql) {
    oxibase_statement* statement = nullptr;
    internal::Check(oxibase_prepare(handle_, Pointer(sql), Length(sql), &statement));
    return Statement(statement);
  }
  /// One or more statements separated by semicolons, in one transaction unless they say otherwise.
  /// Returns the rows that the last one changed or returned.
  uint64_t Execute(std::string_view sql) {
    uint64_t rows = 0;
    internal::Check(oxibase_execute(handle_, Pointer(sql), Length(sql), &rows));
    return rows;
  }
  /// One statement with parameters.
  template <typename First, typename... Rest>
  uint64_t Execute(std::string_view sql, const First& first, const Rest&... rest) {
    return Prepare(sql).Execute(first, rest...);
  }
  /// One statement, ready to be stepped through.
  template <typename... Args>
  Statement Query(std::string_view sql, const Args&... values) {
    Statement statement = Prepare(sql);
    statement.BindAll(values...);
    return statement;
  }
  /// The first column of the first row; 02000 when there is no row.
  template <typename T, typename... Args>
  T QueryValue(std::string_view sql, const Args&... values);

  /// COPY ... FROM STDIN and COPY ... TO STDOUT.
  CopyIn CopyFrom(std::string_view sql) { return CopyIn(Prepare(sql)); }
  CopyOut CopyTo(std::string_view sql) { return CopyOut(Prepare(sql)); }

  /// BEGIN; rolled back unless committed.
  Transaction Begin();
  /// 'I' none is open, 'T' one is, 'E' one has failed and takes only a rollback.
  char transaction_status() const { return oxibase_transaction_status(handle_); }

  /// Ends the statement that runs now, with 57014. From any thread.
  void Cancel() { internal::Check(oxibase_cancel(handle_)); }
  /// The next notification on a channel of LISTEN, if one comes in time; 25001 in a transaction.
  std::optional<Notification> NextNotification(std::chrono::milliseconds timeout) {
    oxibase_notification next{};
    const int64_t wait = std::max<int64_t>(timeout.count(), 0);
    if (internal::Check(oxibase_next_notification(handle_, wait, &next)) != OXIBASE_ROW) return {};
    return Notification{next.channel, next.payload, next.process};
  }
  /// Calls `notice` for each NOTICE, WARNING, ...
  void SetNotice(oxibase_notice notice, void* user) {
    internal::Check(oxibase_set_notice(handle_, notice, user));
  }

  oxibase_connection* handle() const { return handle_; }

 private:
  friend class Database;
  explicit Connection(oxibase_connection* handle) : handle_(handle) {}
  static const char* Pointer(std::string_view text) { return text.data() ? text.data() : ""; }
  static std::ptrdiff_t Length(std::string_view text) {
    return static_cast<std::ptrdiff_t>(text.size());
  }
  oxibase_connection* handle_ = nullptr;
};

/// A transaction block: rolled back at its end unless committed.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : handle_(connection.handle()) {
    internal::Check(oxibase_begin(handle_));
  }
  Transaction(Transaction&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction() {
    if (handle_ && oxibase_transaction_status(handle_) != 'I') oxibase_rollback(handle_);
  }
  /// Throws 25P02, and rolls back, when a statement of it has failed.
  void Commit() { internal::Check(oxibase_commit(std::exchange(handle_, nullptr))); }
  void Rollback() { internal::Check(oxibase_rollback(std::exchange(handle_, nullptr))); }

 private:
  oxibase_connection* handle_;
};

inline Transaction Connection::Begin() { return Transaction(*this); }

/// An open folder, or a database in memory. Shared by all threads.
class Database {
 public:
  enum class Mode { kCreate, kExisting };

  /// In memory.
  Database() : Database(std::string()) {}
  /// In a folder, made if need be (kExisting: 58P01 when there is no database in it).
  explicit Database(const std::string& folder, Mode mode = Mode::kCreate) {
    internal::Check(oxibase_open(folder.c_str(),
                                 mode == Mode::kExisting ? OXIBASE_OPEN_EXISTING : 0, &handle_));
  }
  Database(Database&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Database& operator=(Database&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Database() { Close(); }

  /// Connections that are still there keep it open.
  void Close() { oxibase_close(std::exchange(handle_, nullptr)); }
  Connection Connect() {
    oxibase_connection* connection = nullptr;
    internal::Check(oxibase_connect(handle_, &connection));
    return Connection(connection);
  }
  void Checkpoint() { internal::Check(oxibase_checkpoint(handle_)); }
  oxibase_database* handle() const { return handle_; }

 private:
  oxibase_database* handle_ = nullptr;
};

// --- Implementation of templates -----------------------------------------------------------------

inline void Statement::ThrowNull() {
  throw Error("22002", "the value is NULL: read it as a std::optional");
}

template <typename T>
Statement& Statement::Bind(int parameter, const T& value) {
  using internal::Check;
  if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::nullopt_t>) {
    Check(oxibase_bind_null(handle_, parameter));
  } else if constexpr (internal::IsOptional<T>::value) {
    if (!value) return Bind(parameter, nullptr);
    return Bind(parameter, *value);
  } else if constexpr (std::is_same_v<T, bool>) {
    Check(oxibase_bind_bool(handle_, parameter, value ? 1 : 0));
  } else if constexpr (std::is_enum_v<T>) {
    return Bind(parameter, static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::is_integral_v<T>) {
    if constexpr (std::is_unsigned_v<T> && sizeof(T) == sizeof(uint64_t)) {
      if (value > static_cast<T>(std::numeric_limits<int64_t>::max())) {
        return Bind(parameter, std::to_string(value));
      }
    }
    Check(oxibase_bind_int64(handle_, parameter, static_cast<int64_t>(value)));
  } else if constexpr (std::is_floating_point_v<T>) {
    Check(oxibase_bind_double(handle_, parameter, static_cast<double>(value)));
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    if constexpr (std::is_pointer_v<T>) {
      if (!value) return Bind(parameter, nullptr);
    }
    const std::string_view text = value;
    Check(oxibase_bind_text(handle_, parameter, text.data() ? text.data() : "",
                            static_cast<std::ptrdiff_t>(text.size())));
  } else if constexpr (std::is_same_v<T, Uuid>) {
    Check(oxibase_bind_uuid(handle_, parameter, value.data()));
  } else if constexpr (std::is_convertible_v<const T&, Bytes>) {
    const Bytes bytes = value;
    Check(oxibase_bind_bytes(handle_, parameter, bytes.data(), bytes.size()));
  } else if constexpr (std::is_same_v<T, std::chrono::sys_days>) {
    Check(oxibase_bind_date(handle_, parameter,
                            static_cast<int32_t>(value.time_since_epoch().count())));
  } else if constexpr (std::is_convertible_v<const T&, Timestamp>) {
    Check(oxibase_bind_timestamp(handle_, parameter, Timestamp(value).time_since_epoch().count()));
  } else if constexpr (std::is_same_v<T, Interval>) {
    Check(oxibase_bind_interval(handle_, parameter, value.months, value.days, value.time.count()));
  } else if constexpr (std::is_convertible_v<const T&, TimeOfDay>) {
    Check(oxibase_bind_time(handle_, parameter, TimeOfDay(value).count()));
  } else {
    static_assert(!sizeof(T), "no SQL type for this");
  }
  return *this;
}

template <typename T>
T Statement::Integer(int column, const oxibase_column& c, uint32_t at) const {
  int64_t value;
  switch (c.form) {
    case OXIBASE_FORM_INT64:
      value = Value<int64_t>(c, at);
      break;
    case OXIBASE_FORM_INT32:
      value = Value<int32_t>(c, at);
      break;
    default:
      internal::Check(oxibase_get_int64(handle_, column, &value));
  }
  if constexpr (!std::is_same_v<T, int64_t>) {
    if (!std::in_range<T>(value)) [[unlikely]] {
      throw Error("22003", std::to_string(value) + " is out of range for the type it is read as");
    }
  }
  return static_cast<T>(value);
}

template <typename T>
T Statement::Get(int column) const {
  using internal::Check;
  const oxibase_column& c = At(column);
  const uint32_t at = c.selection[cursor_->row];
  const bool is_null = c.validity && !(c.validity[at >> 6] >> (at & 63) & 1);
  if constexpr (internal::IsOptional<T>::value) {
    if (is_null) return std::nullopt;
    return Get<typename T::value_type>(column);
  } else {
    if (is_null) [[unlikely]]
      ThrowNull();
    if constexpr (std::is_same_v<T, bool>) {
      if (c.form == OXIBASE_FORM_BOOL) return Value<uint8_t>(c, at) != 0;
      int value = 0;
      Check(oxibase_get_bool(handle_, column, &value));
      return value != 0;
    } else if constexpr (std::is_integral_v<T>) {
      return Integer<T>(column, c, at);
    } else if constexpr (std::is_floating_point_v<T>) {
      if (c.form == OXIBASE_FORM_DOUBLE) return static_cast<T>(Value<double>(c, at));
      double value = 0;
      Check(oxibase_get_double(handle_, column, &value));
      return static_cast<T>(value);
    } else if constexpr (std::is_same_v<T, std::string_view> || std::is_same_v<T, std::string>) {
      if (c.form == OXIBASE_FORM_TEXT) {
        const auto* text = static_cast<const oxibase_text*>(c.values) + at;
        return T(oxibase_text_data(text), text->size);
      }
      return T(Text(column));
    } else if constexpr (std::is_same_v<T, Bytes> || std::is_same_v<T, std::vector<std::byte>>) {
      const void* bytes = nullptr;
      size_t size = 0;
      Check(oxibase_get_bytes(handle_, column, &bytes, &size));
      const auto* first = static_cast<const std::byte*>(bytes);
      return T(first, first + size);
    } else if constexpr (std::is_same_v<T, std::chrono::sys_days>) {
      int32_t days = 0;
      Check(oxibase_get_date(handle_, column, &days));
      return T(std::chrono::days(days));
    } else if constexpr (std::is_same_v<T, Timestamp>) {
      int64_t micros = 0;
      Check(oxibase_get_timestamp(handle_, column, &micros));
      return T(std::chrono::microseconds(micros));
    } else if constexpr (std::is_same_v<T, TimeOfDay>) {
      int64_t micros = 0;
      Check(oxibase_get_time(handle_, column, &micros));
      return T(micros);
    } else if constexpr (std::is_same_v<T, Interval>) {
      int64_t micros = 0;
      Interval value;
      Check(oxibase_get_interval(handle_, column, &value.months, &value.days, &micros));
      value.time = std::chrono::microseconds(micros);
      return value;
    } else if constexpr (std::is_same_v<T, Uuid>) {
      Uuid value{};
      Check(oxibase_get_uuid(handle_, column, value.data()));
      return value;
    } else {
      static_assert(!sizeof(T), "no SQL type for this");
    }
  }
}

inline int Row::columns() const { return statement_->column_count(); }
inline bool Row::IsNull(int column) const { return statement_->IsNull(column); }
template <typename T>
T Row::Get(int column) const {
  return statement_->Get<T>(column);
}
inline std::string_view Row::Text(int column) const { return statement_->Text(column); }

template <typename T, typename... Args>
T Connection::QueryValue(std::string_view sql, const Args&... values) {
  Statement statement = Query(sql, values...);
  if (!statement.Step()) throw Error("02000", "the query returned no row");
  static_assert(!std::is_same_v<T, std::string_view> && !std::is_same_v<T, Bytes>,
                "the value must own its bytes");
  return statement.Get<T>(0);
}

}  // namespace v0
}  // namespace oxibase
