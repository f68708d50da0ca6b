#pragma once

#include <string_view>

#include "engine/session.h"
#include "table_printer.h"

namespace oxibase {

/// The columns of a portal as a table without rows. Its columns are known once it runs.
ResultTable TableOf(const Portal& portal);
/// Adds a batch's rows, as text by the session's settings.
void AddRows(const Batch& batch, Session& session, ResultTable* table);

/// Runs one query within the session's transaction, or one of its own, and takes all its rows.
/// After an error an open transaction block is failed, as by any statement.
Result<ResultTable> FetchTable(Session& session, std::string_view sql);

}  // namespace oxibase
