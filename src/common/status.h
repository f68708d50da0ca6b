#pragma once
// Errors as values. `Status` is one pointer, null when all is well, so returning it is free on the
// way that matters; `Result<T>` is a value or such an error.

#include <fmt/core.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace oxibase {

enum class ErrorCode : uint16_t {
#define OXI_ERROR(name, sqlstate) name,
#include "common/error_codes.inc"
#undef OXI_ERROR
};

/// The five characters PostgreSQL sends for `code`.
std::string_view SqlState(ErrorCode code);

/// What a client is told about a failure, field by field as in PostgreSQL's ErrorResponse.
struct ErrorInfo {
  ErrorCode code = ErrorCode::kInternalError;
  std::string message;
  std::string detail;
  std::string hint;
  std::string context;
  /// Byte offset into the statement's text, -1 if unknown. The wire wants characters, from 1: the
  /// session converts when it reports.
  int32_t location = -1;
  std::string schema_name, table_name, column_name, constraint_name, datatype_name;
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  explicit Status(ErrorInfo info) : info_(std::make_unique<ErrorInfo>(std::move(info))) {}
  Status(const Status& other)
      : info_(other.info_ ? std::make_unique<ErrorInfo>(*other.info_) : nullptr) {}
  Status(Status&&) noexcept = default;
  Status& operator=(const Status& other) { return *this = Status(other); }
  Status& operator=(Status&&) noexcept = default;

  static Status Ok() { return {}; }

  bool ok() const { return info_ == nullptr; }
  /// kSuccessfulCompletion when ok.
  ErrorCode code() const { return info_ ? info_->code : ErrorCode::kSuccessfulCompletion; }
  /// REQUIRES: !ok()
  const ErrorInfo& info() const { return *info_; }
  ErrorInfo& info() { return *info_; }
  std::string_view message() const { return info_ ? std::string_view(info_->message) : ""; }

  /// Adds to a failure and hands it on: `return Error(...).At(location).Hint("...")`. All of them
  /// require !ok(); `At` keeps a location that is already there.
  Status&& At(int32_t location) && {
    if (info_->location < 0) info_->location = location;
    return std::move(*this);
  }
  Status&& Detail(std::string text) && {
    info_->detail = std::move(text);
    return std::move(*this);
  }
  Status&& Hint(std::string text) && {
    info_->hint = std::move(text);
    return std::move(*this);
  }
  Status&& Context(std::string text) && {
    info_->context = std::move(text);
    return std::move(*this);
  }
  Status&& Table(std::string schema, std::string table) && {
    info_->schema_name = std::move(schema);
    info_->table_name = std::move(table);
    return std::move(*this);
  }
  Status&& Column(std::string name) && {
    info_->column_name = std::move(name);
    return std::move(*this);
  }
  Status&& Constraint(std::string name) && {
    info_->constraint_name = std::move(name);
    return std::move(*this);
  }

  /// Leaves a failure aside on purpose; `why` is for the reader of the code.
  void Ignore([[maybe_unused]] std::string_view why) const {}

 private:
  std::unique_ptr<ErrorInfo> info_;
};

/// A failure with a formatted message.
template <typename... Args>
Status Error(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  ErrorInfo info;
  info.code = code;
  info.message = fmt::vformat(format, fmt::make_format_args(args...));
  return Status(std::move(info));
}

/// A `T` or the reason why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Status status)                          // NOLINT(google-explicit-constructor)
      : status_(std::move(status)) {
    if (status_.ok()) status_ = Error(ErrorCode::kInternalError, "a result without a value");
  }
  template <typename U>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::decay_t<U>, T> &&
             !std::is_same_v<std::decay_t<U>, Status> && !std::is_same_v<std::decay_t<U>, Result>)
  Result(U&& value) : value_(std::forward<U>(value)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return value_.has_value(); }
  const Status& status() const& { return status_; }
  Status&& status() && { return std::move(status_); }
  ErrorCode code() const { return status_.code(); }

  /// REQUIRES: ok(), for all of these
  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return *std::move(value_); }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

/// Ends the process: an invariant of ours is broken. Prints file, line and the text.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);

#define OXI_CONCAT_INNER(a, b) a##b
#define OXI_CONCAT(a, b) OXI_CONCAT_INNER(a, b)

/// Returns from the enclosing function if the Status expression failed.
#define RETURN_IF_ERROR(expression)                                                 \
  do {                                                                              \
    if (::oxibase::Status oxi_status = (expression); !oxi_status.ok()) [[unlikely]] \
      return oxi_status;                                                            \
  } while (false)

#define OXI_ASSIGN_OR_RETURN(result, lhs, expression) \
  auto result = (expression);                         \
  if (!result.ok()) [[unlikely]]                      \
    return std::move(result).status();                \
  lhs = std::move(result).value()

/// `ASSIGN_OR_RETURN(auto x, F())`: x is F's value, or the enclosing function returns F's error.
#define ASSIGN_OR_RETURN(lhs, ...) \
  OXI_ASSIGN_OR_RETURN(OXI_CONCAT(oxi_result_, __LINE__), lhs, (__VA_ARGS__))

/// Stays on in release builds: for the borders (disk, network, commit).
#define OXI_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::oxibase::CheckFailed(__FILE__, __LINE__, #condition))

#ifdef NDEBUG
#define OXI_DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#else
#define OXI_DCHECK(condition) OXI_CHECK(condition)
#endif

}  // namespace oxibase
