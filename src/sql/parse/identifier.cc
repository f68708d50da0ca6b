#include "sql/parse/identifier.h"

#include <algorithm>

extern "C" {
#include "postgres.h"
//
#include "common/keywords.h"
}

namespace oxibase {
namespace {

bool NeedsQuotes(const std::string& name) {
  if (name.empty()) return true;
  const auto begins = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto goes_on = [&](char c) { return begins(c) || (c >= '0' && c <= '9'); };
  if (!begins(name[0]) || !std::all_of(name.begin(), name.end(), goes_on)) return true;
  const int keyword = ScanKeywordLookup(name.c_str(), &ScanKeywords);
  return keyword >= 0 && ScanKeywordCategories[keyword] != UNRESERVED_KEYWORD;
}

}  // namespace

std::string QuoteIdentifier(std::string_view name) {
  std::string plain(name);
  if (!NeedsQuotes(plain)) return plain;
  std::string out = "\"";
  for (const char c : name) {
    out += c;
    if (c == '"') out += c;
  }
  return out + '"';
}

std::string QuoteQualified(std::string_view schema, std::string_view name) {
  return schema.empty() ? QuoteIdentifier(name)
                        : QuoteIdentifier(schema) + "." + QuoteIdentifier(name);
}

std::string QuoteLiteral(std::string_view text) {
  const bool backslash = text.find('\\') != text.npos;
  std::string out = backslash ? "E'" : "'";
  for (const char c : text) {
    out += c;
    if (c == '\'' || c == '\\') out += c;
  }
  return out + '\'';
}

}  // namespace oxibase
