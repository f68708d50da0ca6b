#pragma once
// Whether a text is UTF-8 as PostgreSQL understands it.

#include <string_view>

#include "common/status.h"

namespace oxibase {

/// 22021 with PostgreSQL's message and the offset of the first bad sequence, unless `text` is valid
/// UTF-8 (shortest forms, no surrogates, up to U+10FFFF) without zero bytes.
Status CheckTextEncoding(std::string_view text);

}  // namespace oxibase
