#include "catalog/catalog_codec.h"

#include <cstring>

namespace oxibase {
namespace {

constexpr uint8_t kFormatVersion = 1;

/// Writes fields one after another; Reader reads them back in the same order. Both offer
/// `Field(x)`, so that one function per object describes both directions.
class Writer {
 public:
  static constexpr bool kReads = false;

  template <typename T>
    requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
  void Field(const T& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  template <typename Int, typename Tag>
  void Field(const StrongId<Int, Tag>& id) {
    Field(id.value);
  }
  void Field(const std::string& text) {
    Field(static_cast<uint32_t>(text.size()));
    bytes_ += text;
  }
  void Field(const Type& type) {
    Field(type.id);
    Field(type.typmod);
  }
  void Field(const Value& value) {
    Field(value.type());
    Field(value.is_null());
    if (value.is_null()) return;
    bytes_.append(static_cast<const char*>(value.fixed_data()), 16);
    Field(value.bytes());
  }
  template <typename T>
  void Field(const std::optional<T>& value) {
    Field(value.has_value());
    if (value) Field(*value);
  }
  template <typename T>
  void Field(const std::vector<T>& items) {
    Field(static_cast<uint32_t>(items.size()));
    for (const T& item : items) Item(item);
  }
  template <typename T>
  void Item(const T& item);

  std::string Take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  static constexpr bool kReads = true;

  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

  template <typename T>
    requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
  void Field(T& value) {
    Bytes(&value, sizeof value);
  }
  template <typename Int, typename Tag>
  void Field(StrongId<Int, Tag>& id) {
    Field(id.value);
  }
  void Field(std::string& text) {
    uint32_t size = 0;
    Field(size);
    if (size > rest_.size()) {
      ok_ = false;
      return;
    }
    text.assign(rest_.substr(0, size));
    rest_.remove_prefix(size);
  }
  void Field(Type& type) {
    Field(type.id);
    Field(type.typmod);
  }
  void Field(Value& value) {
    Type type;
    bool is_null = true;
    Field(type);
    Field(is_null);
    if (is_null) {
      value = Value::Null(type);
      return;
    }
    char fixed[16];
    std::string bytes;
    Bytes(fixed, sizeof fixed);
    Field(bytes);
    value = Value::String(type, std::move(bytes));
    std::memcpy(value.fixed_data(), fixed, sizeof fixed);
  }
  template <typename T>
  void Field(std::optional<T>& value) {
    bool has_value = false;
    Field(has_value);
    if (has_value) Field(value.emplace());
  }
  template <typename T>
  void Field(std::vector<T>& items) {
    uint32_t count = 0;
    Field(count);
    if (count > rest_.size()) ok_ = false;  // an item has a byte at least
    for (uint32_t i = 0; i < count && ok_; ++i) Item(items.emplace_back());
  }
  template <typename T>
  void Item(T& item);

 private:
  void Bytes(void* to, size_t count) {
    if (count > rest_.size()) {
      ok_ = false;
      std::memset(to, 0, count);
      return;
    }
    std::memcpy(to, rest_.data(), count);
    rest_.remove_prefix(count);
  }

  std::string_view rest_;
  bool ok_ = true;
};

template <typename Coder, typename T>
void Fields(Coder& c, T& id)
  requires(std::is_arithmetic_v<std::remove_const_t<T>>)
{
  c.Field(id);
}
template <typename Coder, typename Id>
void Fields(Coder& c, Id& id)
  requires requires { id.value; }
{
  c.Field(id);
}

template <typename Coder>
void Fields(Coder& c, auto& x)
  requires std::is_same_v<std::remove_cvref_t<decltype(x)>, ColumnDef>
{
  c.Field(x.id), c.Field(x.name), c.Field(x.type), c.Field(x.not_null), c.Field(x.dropped);
  c.Field(x.default_sql), c.Field(x.identity), c.Field(x.generated), c.Field(x.hidden);
  c.Field(x.owned_sequence), c.Field(x.missing), c.Field(x.added_in);
}

template <typename Coder>
void Fields(Coder& c, auto& x)
  requires std::is_same_v<std::remove_cvref_t<decltype(x)>, IndexColumn>
{
  c.Field(x.column), c.Field(x.expression_sql), c.Field(x.descending), c.Field(x.nulls_first);
}

template <typename Coder>
void Fields(Coder& c, auto& x)
  requires std::is_same_v<std::remove_cvref_t<decltype(x)>, IndexDef>
{
  c.Field(x.oid), c.Field(x.name), c.Field(x.method), c.Field(x.unique), c.Field(x.primary);
  c.Field(x.nulls_not_distinct), c.Field(x.columns), c.Field(x.included);
  c.Field(x.predicate_sql), c.Field(x.predicate), c.Field(x.constraint);
}

template <typename Coder>
void Fields(Coder& c, auto& x)
  requires std::is_same_v<std::remove_cvref_t<decltype(x)>, ConstraintDef>
{
  c.Field(x.oid), c.Field(x.name), c.Field(x.kind), c.Field(x.columns), c.Field(x.check_sql);
  c.Field(x.index), c.Field(x.referenced_table), c.Field(x.referenced_columns);
  c.Field(x.on_delete), c.Field(x.on_update), c.Field(x.set_columns), c.Field(x.match_full);
  c.Field(x.deferrable), c.Field(x.initially_deferred), c.Field(x.validated);
}

template <typename Coder>
void Fields(Coder& c, auto& x)
  requires std::is_same_v<std::remove_cvref_t<decltype(x)>, TableDef>
{
  c.Field(x.oid), c.Field(x.schema), c.Field(x.name), c.Field(x.owner), c.Field(x.tablet);
  c.Field(x.schema_version), c.Field(x.next_column_id), c.Field(x.columns), c.Field(x.indexes);
  c.Field(x.constraints), c.Field(x.temporary);
}

template <typename Coder>
void Fields(Coder& c, auto& x)
  requires std::is_same_v<std::remove_cvref_t<decltype(x)>, std::pair<std::string, Type>>
{
  c.Field(x.first), c.Field(x.second);
}

template <typename Coder>
void Fields(Coder& c, auto& x)
  requires std::is_same_v<std::remove_cvref_t<decltype(x)>, ViewDef>
{
  c.Field(x.oid), c.Field(x.schema), c.Field(x.name), c.Field(x.owner), c.Field(x.query_sql);
  c.Field(x.columns), c.Field(x.depends_on);
}

template <typename Coder>
void Fields(Coder& c, auto& x)
  requires std::is_same_v<std::remove_cvref_t<decltype(x)>, SequenceDef>
{
  c.Field(x.oid), c.Field(x.schema), c.Field(x.name), c.Field(x.owner), c.Field(x.type);
  c.Field(x.start), c.Field(x.increment), c.Field(x.min_value), c.Field(x.max_value);
  c.Field(x.cache), c.Field(x.cycle), c.Field(x.owned_by_table), c.Field(x.owned_by_column);
  c.Field(x.temporary);
}

template <typename Coder>
void Fields(Coder& c, auto& x)
  requires std::is_same_v<std::remove_cvref_t<decltype(x)>, SchemaDef>
{
  c.Field(x.oid), c.Field(x.name), c.Field(x.owner);
}

template <typename Coder>
void Fields(Coder& c, auto& x)
  requires std::is_same_v<std::remove_cvref_t<decltype(x)>, CommentDef>
{
  c.Field(x.object), c.Field(x.class_kind), c.Field(x.sub_id), c.Field(x.text);
}

template <typename T>
void Writer::Item(const T& item) {
  Fields(*this, item);
}
template <typename T>
void Reader::Item(T& item) {
  Fields(*this, item);
}

template <typename T>
Result<CatalogObject> Decode(std::string_view bytes) {
  Reader reader(bytes);
  uint8_t version = 0;
  reader.Field(version);
  T object;
  Fields(reader, object);
  if (version != kFormatVersion || !reader.ok() || !reader.at_end()) {
    return Error(ErrorCode::kDataCorrupted, "a catalog object of {} bytes cannot be read",
                 bytes.size());
  }
  return CatalogObject(std::move(object));
}

}  // namespace

std::string EncodeObject(const CatalogObject& object) {
  Writer writer;
  writer.Field(kFormatVersion);
  std::visit([&](const auto& x) { Fields(writer, x); }, object);
  return std::move(writer).Take();
}

Result<CatalogObject> DecodeObject(ObjectKind kind, std::string_view bytes) {
  switch (kind) {
    case ObjectKind::kTable:
      return Decode<TableDef>(bytes);
    case ObjectKind::kView:
      return Decode<ViewDef>(bytes);
    case ObjectKind::kSequence:
      return Decode<SequenceDef>(bytes);
    case ObjectKind::kSchema:
      return Decode<SchemaDef>(bytes);
    case ObjectKind::kComment:
      return Decode<CommentDef>(bytes);
    default:
      return Error(ErrorCode::kDataCorrupted, "a catalog object of unknown kind {}",
                   static_cast<int>(kind));
  }
}

void PutObject(CatalogVersion& catalog, const CatalogObject& object) {
  std::visit(
      [&]<typename T>(const T& x) {
        if constexpr (std::is_same_v<T, CommentDef>) {
          catalog.PutComment(x);
        } else {
          catalog.Put(std::make_shared<const T>(x));
        }
      },
      object);
}

}  // namespace oxibase
