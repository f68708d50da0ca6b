#pragma once

#include <string>

#include "engine/ddl/ddl_host.h"

namespace oxibase::ddl {

/// A view's query as PostgreSQL's pg_get_viewdef() lays it out: one line a column, names qualified
/// where the search path asks for it, casts and operators written out. `pretty`: without the
/// parentheses that are not needed. 0A000 for queries whose layout is not known here: sets of
/// grouping sets, functions in FROM, VALUES.
Result<std::string> ViewQueryText(DdlHost& host, const ViewDef& view, bool pretty);

/// The query as it is stored, with the view's names for its columns.
std::string StoredViewQuery(DdlHost& host, const ViewDef& view);

}  // namespace oxibase::ddl
