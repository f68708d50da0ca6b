#pragma once
// jsonb: JSON in a binary form that is searched without parsing. Bytes of a node:
//
//   u8 kind, then by kind
//     null, false, true   nothing
//     number              a Numeric's bytes
//     string              UTF-8
//     array               u32 count; count times u32 end of element; the elements
//     object              u32 count; count times u32 end of key; count times u32 end of value;
//                         the keys; the values
//
// Ends count from the first element, key or value. Keys are unique and sorted by length, then
// bytes, as in PostgreSQL, whose output order this is. A member is found by binary search.

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/numeric.h"
#include "common/status.h"

namespace oxibase {

enum class JsonKind : uint8_t { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

/// Reads one node, whose bytes it borrows. REQUIRES for all: bytes of a valid jsonb.
class JsonbView {
 public:
  JsonbView() = default;
  explicit JsonbView(std::string_view bytes) : bytes_(bytes) {}

  JsonKind kind() const { return static_cast<JsonKind>(bytes_[0]); }
  bool is_array() const { return kind() == JsonKind::kArray; }
  bool is_object() const { return kind() == JsonKind::kObject; }
  bool is_scalar() const { return kind() < JsonKind::kArray; }
  /// The whole node; a jsonb value by itself.
  std::string_view bytes() const { return bytes_; }
  /// A string's text, a number's Numeric bytes.
  std::string_view content() const { return bytes_.substr(1); }
  Numeric number() const { return Numeric(content()); }

  /// Elements of an array, members of an object. REQUIRES: !is_scalar()
  uint32_t size() const { return Word(0); }
  /// REQUIRES: is_array(), i < size()
  JsonbView element(uint32_t i) const;
  /// REQUIRES: is_object(), i < size()
  std::string_view key(uint32_t i) const;
  JsonbView value(uint32_t i) const;
  /// Member by key. REQUIRES: is_object()
  std::optional<JsonbView> Find(std::string_view key) const;
  /// Position of `key`, or -1.
  int64_t FindIndex(std::string_view key) const;

 private:
  uint32_t Word(uint32_t i) const {
    uint32_t word;
    std::memcpy(&word, bytes_.data() + 1 + size_t{4} * i, 4);
    return word;
  }
  std::string_view bytes_;
};

/// Writes a jsonb value in document order; objects are sorted and the last of equal keys kept
/// when they end. Reusable after `Finish`.
class JsonbBuilder {
 public:
  void Null() { Scalar(JsonKind::kNull, {}); }
  void Bool(bool b) { Scalar(b ? JsonKind::kTrue : JsonKind::kFalse, {}); }
  /// NaN and infinities become strings, as in to_jsonb().
  void Number(const Numeric& number);
  void String(std::string_view text) { Scalar(JsonKind::kString, text); }
  /// A whole node.
  void Node(JsonbView node);
  void BeginArray() { Begin(JsonKind::kArray); }
  void EndArray();
  void BeginObject() { Begin(JsonKind::kObject); }
  /// Followed by exactly one value.
  void Key(std::string_view key);
  void EndObject();
  /// The bytes of the one outermost value. REQUIRES: everything begun has ended
  std::string Finish();
  size_t depth() const { return open_.size(); }

 private:
  struct Item {
    uint32_t key_begin = 0, key_end = 0;      // in keys_
    uint32_t value_begin = 0, value_end = 0;  // in buffer_
  };
  struct Container {
    JsonKind kind;
    uint32_t buffer_begin;
    uint32_t keys_begin;
    uint32_t items_begin;
  };
  void Begin(JsonKind kind);
  void Scalar(JsonKind kind, std::string_view content);
  void Added(uint32_t begin);

  std::string buffer_;  // values of open containers, each finished
  std::string keys_;
  std::string scratch_;
  std::vector<Item> items_;
  std::vector<Container> open_;
};

/// How deep JSON may nest, in text and in jsonb: 54001 beyond.
inline constexpr int kJsonDepthMax = 3000;

/// Text to jsonb bytes. 22P02 for anything that is not JSON, 22P05 for \u0000, 54001, 54000.
Result<std::string> ParseJsonb(std::string_view text);
/// As PostgreSQL prints jsonb: `{"a": 1, "b": [true, null]}`.
void AppendJsonbText(JsonbView node, std::string* out);
/// jsonb_pretty().
void AppendJsonbPretty(JsonbView node, std::string* out);
/// Double-quoted with JSON's escapes.
void AppendJsonString(std::string_view text, std::string* out);

/// PostgreSQL's order of jsonb values. <0, 0, >0.
int CompareJsonb(JsonbView a, JsonbView b);
uint64_t HashJsonb(JsonbView node);
/// `a @> b`
bool JsonbContains(JsonbView a, JsonbView b);
/// `node ? key`: member, string element or equal string.
bool JsonbExists(JsonbView node, std::string_view key);

/// `node -> key`, `node -> index` (negative counts from the end).
std::optional<JsonbView> JsonbGet(JsonbView node, std::string_view key);
std::optional<JsonbView> JsonbGet(JsonbView node, int64_t index);
/// `node #> path`
std::optional<JsonbView> JsonbGetPath(JsonbView node, const std::vector<std::string_view>& path);
/// What `->>` gives: a string's text, other nodes' JSON, nothing (false) for null.
bool AppendJsonbAsText(JsonbView node, std::string* out);

/// `a || b`
Result<std::string> JsonbConcat(JsonbView a, JsonbView b);
/// `node - key`, `node - keys`. 22023 for a scalar.
Result<std::string> JsonbDelete(JsonbView node, const std::vector<std::string_view>& keys);
/// `node - index`. 22023 for a scalar or an object.
Result<std::string> JsonbDeleteIndex(JsonbView node, int64_t index);
/// `node #- path`
Result<std::string> JsonbDeletePath(JsonbView node, const std::vector<std::string_view>& path);
/// jsonb_set()
Result<std::string> JsonbSet(JsonbView node, const std::vector<std::string_view>& path,
                             JsonbView value, bool create_missing);
/// jsonb_insert()
Result<std::string> JsonbInsert(JsonbView node, const std::vector<std::string_view>& path,
                                JsonbView value, bool insert_after);
/// jsonb_strip_nulls()
std::string JsonbStripNulls(JsonbView node);

}  // namespace oxibase
