#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/status.h"
#include "sql/parse/ast_utility.h"

namespace oxibase {

/// The options of one COPY, checked, with PostgreSQL's defaults filled in.
struct CopyOptions {
  enum class Format : uint8_t { kText, kCsv, kBinary };
  Format format = Format::kText;
  char delimiter = '\t';
  std::string null_text = "\\N";
  bool header = false;
  bool header_match = false;
  char quote = '"';
  char escape = '"';
  bool force_quote_all = false;
  // Names of columns.
  std::set<std::string> force_quote, force_not_null, force_null;
  bool force_not_null_all = false, force_null_all = false;
};

/// 42601, 22023 or 0A000 with PostgreSQL's messages.
Result<CopyOptions> ReadCopyOptions(const ast::CopyStmt& statement);

}  // namespace oxibase
