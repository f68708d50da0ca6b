#include "sql/parse/ast_select.h"

namespace oxibase::ast {

std::string_view LockClauseName(LockStrength strength) {
  switch (strength) {
    case LockStrength::kKeyShare:
      return "FOR KEY SHARE";
    case LockStrength::kShare:
      return "FOR SHARE";
    case LockStrength::kNoKeyUpdate:
      return "FOR NO KEY UPDATE";
    case LockStrength::kUpdate:
      break;
  }
  return "FOR UPDATE";
}

}  // namespace oxibase::ast
