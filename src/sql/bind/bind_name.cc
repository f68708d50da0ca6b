// Column references: names to variables, by PostgreSQL's rules of visibility.
#include "sql/bind/query_binder.h"

namespace oxibase::bind {

void QueryBinder::NoteLateral(Level& owner, const NamespaceItem& item) {
  if (item.lateral_only) ++owner.lateral_uses;
}

namespace {

Status LateralMisuse(const RangeEntry& entry, int32_t location) {
  return Error(ErrorCode::kInvalidColumnReference,
               "invalid reference to FROM-clause entry for table \"{}\"", entry.name)
      .Detail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.")
      .At(location);
}

}  // namespace

Result<ExprPtr> QueryBinder::ColumnOf(RangeEntry& entry, Level& owner, const std::string& name,
                                      int32_t location) {
  static_cast<void>(owner);
  ExprPtr found;
  for (const ScopeColumn& column : entry.columns) {
    if (column.name != name) continue;
    if (found) {
      return Error(ErrorCode::kAmbiguousColumn, "column reference \"{}\" is ambiguous", name)
          .At(location);
    }
    found = Clone(*column.expr);
    found->location = location;
  }
  if (!found && entry.kind == RangeEntry::Kind::kTable) {
    if (name == "tableoid") {
      found = std::make_unique<ConstantExpr>(Value::Fixed(TypeId::kOid, entry.table->oid));
      found->location = location;
    } else {
      RETURN_IF_ERROR(SystemColumn(name, location));
    }
  }
  // A null result says that there is no such column.
  return Result<ExprPtr>(std::move(found));
}

Result<ExprPtr> QueryBinder::TryColumn(const std::string& name, int32_t location, Level& level) {
  for (Level* at = &level; at; at = at->parent) {
    ExprPtr found;
    for (const NamespaceItem& item : at->names) {
      if (!item.cols_visible) continue;
      if (item.lateral_only && !at->lateral_active) continue;
      ASSIGN_OR_RETURN(ExprPtr column, ColumnOf(*item.entry, *at, name, location));
      if (!column) continue;
      if (found) {
        return Error(ErrorCode::kAmbiguousColumn, "column reference \"{}\" is ambiguous", name)
            .At(location);
      }
      if (item.lateral_only && !item.lateral_ok) return LateralMisuse(*item.entry, location);
      NoteLateral(*at, item);
      found = std::move(column);
    }
    if (found) return Result<ExprPtr>(std::move(found));
  }
  return Result<ExprPtr>(ExprPtr());
}

Result<NamespaceItem*> QueryBinder::TryRelation(const std::string& schema, const std::string& name,
                                                int32_t location, Level& level, Level** found_at) {
  Oid schema_oid = 0;
  if (!schema.empty()) {
    auto def = context_.catalog.FindSchema(schema);
    if (schema == "pg_temp") {
      schema_oid = context_.temp_schema;
    } else if (def) {
      schema_oid = def->oid;
    }
    if (!schema_oid) return Result<NamespaceItem*>(nullptr);
  }
  for (Level* at = &level; at; at = at->parent) {
    NamespaceItem* found = nullptr;
    for (NamespaceItem& item : at->names) {
      if (!item.rel_visible || item.entry->name != name) continue;
      if (item.lateral_only && !at->lateral_active) continue;
      if (schema_oid && (!item.entry->table || item.entry->has_alias ||
                         item.entry->table->schema != schema_oid)) {
        continue;
      }
      if (found) {
        return Error(ErrorCode::kAmbiguousAlias, "table reference \"{}\" is ambiguous", name)
            .At(location);
      }
      found = &item;
    }
    if (found) {
      if (found->lateral_only && !found->lateral_ok) return LateralMisuse(*found->entry, location);
      *found_at = at;
      return found;
    }
  }
  return Result<NamespaceItem*>(nullptr);
}

Result<NamespaceItem*> QueryBinder::RelationOfStar(const ast::ColumnRef& ref, Level& level,
                                                   Level** at) {
  const std::string& relation = ref.fields.back();
  const std::string schema = ref.fields.size() > 1 ? ref.fields[ref.fields.size() - 2] : "";
  ASSIGN_OR_RETURN(NamespaceItem * item, TryRelation(schema, relation, ref.location, level, at));
  if (!item) return MissingRelation(schema, relation, ref.location, level);
  NoteLateral(**at, *item);
  return item;
}

Result<ExprPtr> QueryBinder::BindColumnRef(const ast::ColumnRef& ref, Level& level) {
  if (ref.star) {
    if (ref.fields.empty()) {
      return Error(ErrorCode::kSyntaxError, "row expansion via \"*\" is not supported here")
          .At(ref.location);
    }
    // Where one value is wanted it is the whole row, as "t" is, but never a column of that name.
    Level* at = nullptr;
    ASSIGN_OR_RETURN(const NamespaceItem* item, RelationOfStar(ref, level, &at));
    return WholeRow(*item->entry, *at, ref.location);
  }
  switch (level.clause) {
    case Clause::kDefault:
      return Error(ErrorCode::kFeatureNotSupported,
                   "cannot use column reference in DEFAULT expression")
          .At(ref.location);
    default:
      break;
  }
  const std::vector<std::string>& fields = ref.fields;
  if (fields.size() == 1) {
    ASSIGN_OR_RETURN(ExprPtr column, TryColumn(fields[0], ref.location, level));
    if (column) return Result<ExprPtr>(std::move(column));
    Level* at = nullptr;
    ASSIGN_OR_RETURN(NamespaceItem * item, TryRelation("", fields[0], ref.location, level, &at));
    if (item) {
      NoteLateral(*at, *item);
      return WholeRow(*item->entry, *at, ref.location);
    }
    return MissingColumn("", fields[0], ref.location, level);
  }
  if (fields.size() > 4) {
    std::string name;
    for (const std::string& field : fields) name += (name.empty() ? "" : ".") + field;
    return Error(ErrorCode::kSyntaxError, "improper qualified name (too many dotted names): {}",
                 name)
        .At(ref.location);
  }
  if (fields.size() == 4 && fields[0] != "postgres") {
    return Error(ErrorCode::kFeatureNotSupported,
                 "cross-database references are not implemented: {}.{}.{}.{}", fields[0], fields[1],
                 fields[2], fields[3])
        .At(ref.location);
  }
  const std::string schema = fields.size() >= 3 ? fields[fields.size() - 3] : "";
  const std::string& relation = fields[fields.size() - 2];
  Level* at = nullptr;
  ASSIGN_OR_RETURN(NamespaceItem * item, TryRelation(schema, relation, ref.location, level, &at));
  if (!item) return MissingRelation(schema, relation, ref.location, level);
  NoteLateral(*at, *item);
  ASSIGN_OR_RETURN(ExprPtr column, ColumnOf(*item->entry, *at, fields.back(), ref.location));
  if (!column) return MissingColumn(relation, fields.back(), ref.location, level);
  return Result<ExprPtr>(std::move(column));
}

}  // namespace oxibase::bind
