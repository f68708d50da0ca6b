#pragma once
// json: JSON kept as it was written.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"

namespace oxibase {

/// Whether `text` is JSON: 22P02 with PostgreSQL's detail otherwise, 54001 when nested too deeply.
Status ValidateJson(std::string_view text);

enum class JsonTextKind : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };
/// json_typeof(). REQUIRES: valid JSON
JsonTextKind JsonTypeOf(std::string_view json);

/// `json -> key` (the last of equal keys), `json -> index`, `json #> path`, as written there.
/// nullopt when there is no such member. REQUIRES for all below: valid JSON
std::optional<std::string_view> JsonGet(std::string_view json, std::string_view key);
std::optional<std::string_view> JsonGet(std::string_view json, int64_t index);
std::optional<std::string_view> JsonGetPath(std::string_view json,
                                            const std::vector<std::string_view>& path);
/// What `->>` gives: a string decoded (22P05 for \u0000), else the text; false for null.
Result<bool> AppendJsonAsText(std::string_view json, std::string* out);

struct JsonMember {
  std::string key;  // decoded; empty in arrays
  std::string_view value;
};
/// Members of an object, elements of an array, in order; empty for scalars.
Result<std::vector<JsonMember>> JsonMembers(std::string_view json);

/// json_strip_nulls(): compact text without members that are null.
Result<std::string> JsonStripNulls(std::string_view json);

}  // namespace oxibase
