#pragma once
// How a table's definition lies in storage: the one place that turns catalog objects into layouts
// and index specifications.

#include <memory>

#include "catalog/objects.h"
#include "storage/index/index_spec.h"
#include "storage/mvcc/row_layout.h"

namespace oxibase {

/// The layouts of every schema version of the table so far. Version v holds the columns added up to
/// then, in the order of TableDef::columns; dropped ones keep their place (and hold NULL in new
/// rows), so in the newest layout a column's position is its position in the definition.
/// `before`: what it was, whose layouts are shared where they are the same.
std::shared_ptr<const TableSchema> BuildTableSchema(const TableDef& table,
                                                    const TableSchema* before = nullptr);

/// What the tablet's index is. The detail text of 23505 names the table's columns as they are now.
IndexSpec BuildIndexSpec(const TableDef& table, const IndexDef& index);

}  // namespace oxibase
