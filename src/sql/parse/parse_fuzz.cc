// Any bytes: the parser ends in a tree or an error, and replacing literals keeps a text valid.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sql/parse/normalized_text.h"
#include "sql/parse/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  const bool ok = oxibase::Parse(sql).ok();
  static oxibase::NormalizedText normalized;
  if (oxibase::NormalizeText(sql, normalized) && ok && !oxibase::Parse(normalized.text).ok()) {
    std::abort();
  }
  if (size < 200) {
    oxibase::ParseExpression(sql).status().Ignore("any outcome will do");
    oxibase::ParseTypeName(sql).status().Ignore("any outcome will do");
  }
  return 0;
}
