#pragma once

#include <string>
#include <string_view>

#include "common/status.h"
#include "common/types.h"

namespace oxibase {

/// Hexadecimal digits in PostgreSQL's forms: hyphens after any group of four, braces. 22P02.
Result<UuidValue> ParseUuid(std::string_view text);
void AppendUuid(const UuidValue& uuid, std::string* out);
/// A version 4 UUID of 16 random bytes.
UuidValue MakeRandomUuid(const uint8_t (&random)[16]);

}  // namespace oxibase
