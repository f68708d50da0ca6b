#pragma once
// Catalog objects as rows of the one system tablet that holds them. A row is
//   oid int8, kind int4, name text, definition bytea
// keyed by (kind, oid). `definition` is the object field by field, begun by a version number.

#include <string>
#include <variant>

#include "catalog/catalog_version.h"
#include "catalog/objects.h"
#include "common/status.h"

namespace oxibase {

/// The tablet of the catalog's rows; user tablets begin at kFirstUserTablet.
inline constexpr TabletId kCatalogTablet{1};
inline constexpr TabletId kFirstUserTablet{1000};

using CatalogObject = std::variant<TableDef, ViewDef, SequenceDef, SchemaDef, CommentDef>;

std::string EncodeObject(const CatalogObject& object);
/// kDataCorrupted if the bytes are no such object.
Result<CatalogObject> DecodeObject(ObjectKind kind, std::string_view bytes);

/// Adds the object to a catalog in the making.
void PutObject(CatalogVersion& catalog, const CatalogObject& object);

}  // namespace oxibase
