#include "engine/table_statistics.h"

#include <cstring>

#include "expr/type_io.h"

namespace oxibase {
namespace {

constexpr char kVersion = 1;

template <typename T>
void Append(std::string* out, T value) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

void AppendValue(std::string* out, const std::optional<Value>& value) {
  std::string bytes;
  // A type without a binary form goes without bounds.
  const bool known = value && !value->is_null() && BinaryOut(*value, TypeIo(), &bytes).ok();
  Append<uint32_t>(out, known ? static_cast<uint32_t>(value->type().id) : 0);
  if (!known) return;
  Append<uint32_t>(out, static_cast<uint32_t>(bytes.size()));
  *out += bytes;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool at_end() const { return bytes_.empty(); }
  bool failed() const { return failed_; }

  template <typename T>
  T Take() {
    T value{};
    const std::string_view raw = TakeBytes(sizeof value);
    if (!failed_) std::memcpy(&value, raw.data(), sizeof value);
    return value;
  }
  std::string_view TakeBytes(size_t count) {
    failed_ = failed_ || bytes_.size() < count;
    if (failed_) return {};
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  std::optional<Value> TakeValue() {
    const auto type = static_cast<TypeId>(Take<uint32_t>());
    if (failed_ || type == TypeId::kInvalid) return std::nullopt;
    const std::string_view raw = TakeBytes(Take<uint32_t>());
    if (failed_) return std::nullopt;
    Result<Value> value = BinaryIn(Type(type), raw, TypeIo());
    failed_ = failed_ || !value.ok();
    return value.ok() ? std::optional<Value>(std::move(*value)) : std::nullopt;
  }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

}  // namespace

std::string EncodeStatistics(const TableStatistics& statistics) {
  std::string out(1, kVersion);
  for (const auto& [id, column] : statistics.columns) {
    Append<int16_t>(&out, id.value);
    Append<double>(&out, column.distinct);
    Append<double>(&out, column.null_fraction);
    AppendValue(&out, column.min);
    AppendValue(&out, column.max);
  }
  return out;
}

Result<TableStatistics> DecodeStatistics(std::string_view bytes) {
  TableStatistics statistics;
  Reader reader(bytes);
  if (reader.Take<char>() != kVersion) {
    return Error(ErrorCode::kDataCorrupted, "statistics of an unknown form");
  }
  while (!reader.at_end() && !reader.failed()) {
    const ColumnId id(reader.Take<int16_t>());
    ColumnStatistics& column = statistics.columns[id];
    column.distinct = reader.Take<double>();
    column.null_fraction = reader.Take<double>();
    column.min = reader.TakeValue();
    column.max = reader.TakeValue();
  }
  if (reader.failed()) return Error(ErrorCode::kDataCorrupted, "statistics are cut off");
  return statistics;
}

}  // namespace oxibase
