#pragma once
// Any SQL value as JSON: to_json, json_build_*, row_to_json, json_agg. Private to expr.

#include <string>
#include <string_view>

#include "common/jsonb.h"
#include "common/status.h"
#include "common/value.h"
#include "expr/type_io.h"

namespace oxibase {

/// Appends `value` as PostgreSQL's to_json() writes it. Fields of a record without names
/// are f1, f2, ...
Status AppendAsJson(const Value& value, const TypeIo& io, std::string* out);
/// The same into a jsonb that is being built.
Status AddAsJsonb(const Value& value, const TypeIo& io, JsonbBuilder* builder);
/// The text a value has as a key of an object. 22023 for NULL, arrays and records.
Result<std::string> JsonKeyOf(const Value& value, const TypeIo& io);

}  // namespace oxibase
