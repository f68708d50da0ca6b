#include "catalog/objects.h"

#include <algorithm>

namespace oxibase {
namespace {

template <typename Items, typename Wanted>
auto* FindIn(const Items& items, const Wanted& wanted) {
  const auto it = std::find_if(items.begin(), items.end(), wanted);
  return it == items.end() ? nullptr : &*it;
}

}  // namespace

std::string_view IndexMethodName(IndexMethod method) {
  switch (method) {
    case IndexMethod::kOrdered:
      return "btree";
    case IndexMethod::kHash:
      return "hash";
    case IndexMethod::kBitmap:
      return "bitmap";
  }
  return "btree";
}

const ColumnDef* TableDef::FindColumn(std::string_view column_name) const {
  return FindIn(columns, [&](const ColumnDef& column) {
    return !column.dropped && !column.hidden && column.name == column_name;
  });
}

const ColumnDef* TableDef::FindColumn(ColumnId id) const {
  return FindIn(columns, [&](const ColumnDef& column) { return column.id == id; });
}

const IndexDef* TableDef::FindIndex(Oid index) const {
  return FindIn(indexes, [&](const IndexDef& def) { return def.oid == index; });
}

bool TableDef::IsAlwaysUnique(const IndexDef& index) const {
  if (!index.unique || index.constraint == 0) return index.unique;
  const ConstraintDef* constraint =
      FindIn(constraints, [&](const ConstraintDef& def) { return def.oid == index.constraint; });
  return constraint == nullptr || !constraint->deferrable;
}

const ConstraintDef* TableDef::FindConstraint(std::string_view constraint_name) const {
  return FindIn(constraints, [&](const ConstraintDef& def) { return def.name == constraint_name; });
}

const ConstraintDef* TableDef::PrimaryKey() const {
  return FindIn(constraints,
                [](const ConstraintDef& def) { return def.kind == ConstraintKind::kPrimaryKey; });
}

}  // namespace oxibase
