#pragma once

#include <string_view>

namespace oxibase::bind {

/// Levenshtein's distance in bytes, or `limit` if it is that or more.
int EditDistance(std::string_view a, std::string_view b, int limit);

}  // namespace oxibase::bind
