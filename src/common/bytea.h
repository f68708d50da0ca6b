#pragma once

#include <string>
#include <string_view>

#include "common/status.h"

namespace oxibase {

/// "\xdeadbeef" or the escape form. 22P02, 22023 for bad hexadecimal digits.
Result<std::string> ParseBytea(std::string_view text);
void AppendByteaHex(std::string_view bytes, std::string* out);
void AppendByteaEscape(std::string_view bytes, std::string* out);
/// Hexadecimal digits without a prefix, blanks skipped, as decode(.., 'hex'). 22023.
Result<std::string> DecodeHex(std::string_view text);
void AppendHex(std::string_view bytes, std::string* out);

}  // namespace oxibase
