#pragma once
// Names as SQL text.

#include <string>
#include <string_view>

namespace oxibase {

/// PostgreSQL's limit of a name, in bytes; longer ones are cut by the scanner.
inline constexpr size_t kNameBytesMax = 63;

/// The name, in double quotes where it would else be read differently: quote_ident().
std::string QuoteIdentifier(std::string_view name);
/// "schema.name", each quoted where needed.
std::string QuoteQualified(std::string_view schema, std::string_view name);
/// A string as a literal: 'it''s', or E'...' with backslashes doubled: quote_literal().
std::string QuoteLiteral(std::string_view text);

}  // namespace oxibase
