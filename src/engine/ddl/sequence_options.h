#pragma once

#include <optional>

#include "catalog/objects.h"
#include "engine/ddl/ddl_host.h"
#include "sql/parse/ast_ddl.h"

namespace oxibase::ddl {

struct SequenceChange {
  /// RESTART [WITH n].
  std::optional<int64_t> restart;
  /// OWNED BY was written: then `owner_table` (0: NONE) and `owner_column`.
  bool owned_by = false;
  Oid owner_table = 0;
  ColumnId owner_column;
};

/// Applies options of CREATE (`is_new`) or ALTER SEQUENCE, or of an identity column, to
/// `sequence`, with PostgreSQL's checks and defaults. `type` is given for identity columns and
/// forbids AS. Errors: 42601 (twice, NULL), 22023 (ranges).
Result<SequenceChange> ApplySequenceOptions(DdlHost& host, const ast::OptionList& options,
                                            bool is_new, bool for_identity, SequenceDef& sequence);

}  // namespace oxibase::ddl
