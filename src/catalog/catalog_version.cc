#include "catalog/catalog_version.h"

namespace oxibase {
namespace {

template <typename Map>
typename Map::mapped_type Find(const Map& map, Oid oid) {
  const auto it = map.find(oid);
  return it == map.end() ? nullptr : it->second;
}

}  // namespace

CatalogVersion::TablePtr CatalogVersion::FindTable(Oid schema, std::string_view name) const {
  const auto it = relations_.find(Name(schema, name));
  if (it == relations_.end() || it->second.kind != ObjectKind::kTable) return nullptr;
  return TableByOid(it->second.oid);
}

CatalogVersion::ViewPtr CatalogVersion::FindView(Oid schema, std::string_view name) const {
  const auto it = relations_.find(Name(schema, name));
  if (it == relations_.end() || it->second.kind != ObjectKind::kView) return nullptr;
  return ViewByOid(it->second.oid);
}

CatalogVersion::SequencePtr CatalogVersion::FindSequence(Oid schema, std::string_view name) const {
  const auto it = relations_.find(Name(schema, name));
  if (it == relations_.end() || it->second.kind != ObjectKind::kSequence) return nullptr;
  return SequenceByOid(it->second.oid);
}

CatalogVersion::SchemaPtr CatalogVersion::FindSchema(std::string_view name) const {
  const auto it = schema_names_.find(name);
  return it == schema_names_.end() ? nullptr : SchemaByOid(it->second);
}

std::pair<CatalogVersion::TablePtr, const IndexDef*> CatalogVersion::FindIndex(
    Oid schema, std::string_view name) const {
  const auto it = relations_.find(Name(schema, name));
  if (it == relations_.end() || it->second.kind != ObjectKind::kIndex) return {nullptr, nullptr};
  return IndexByOid(it->second.oid);
}

bool CatalogVersion::HasRelation(Oid schema, std::string_view name) const {
  return relations_.contains(Name(schema, name));
}

CatalogVersion::TablePtr CatalogVersion::TableByOid(Oid oid) const { return Find(tables_, oid); }
CatalogVersion::ViewPtr CatalogVersion::ViewByOid(Oid oid) const { return Find(views_, oid); }
CatalogVersion::SequencePtr CatalogVersion::SequenceByOid(Oid oid) const {
  return Find(sequences_, oid);
}
CatalogVersion::SchemaPtr CatalogVersion::SchemaByOid(Oid oid) const { return Find(schemas_, oid); }

std::pair<CatalogVersion::TablePtr, const IndexDef*> CatalogVersion::IndexByOid(Oid oid) const {
  const auto it = index_tables_.find(oid);
  if (it == index_tables_.end()) return {nullptr, nullptr};
  TablePtr table = TableByOid(it->second);
  const IndexDef* index = table ? table->FindIndex(oid) : nullptr;
  return {std::move(table), index};
}

CatalogVersion::TablePtr CatalogVersion::TableByTablet(TabletId tablet) const {
  const auto it = tablets_.find(tablet);
  return it == tablets_.end() ? nullptr : TableByOid(it->second);
}

const std::string* CatalogVersion::Comment(Oid object, char class_kind, int16_t sub_id) const {
  const auto it = comments_.find({object, class_kind, sub_id});
  return it == comments_.end() ? nullptr : &it->second;
}

std::vector<std::pair<CatalogVersion::TablePtr, const ConstraintDef*>> CatalogVersion::ReferencesTo(
    Oid table) const {
  std::vector<std::pair<TablePtr, const ConstraintDef*>> references;
  const auto it = referrers_.find(table);
  if (it == referrers_.end()) return references;
  for (const Oid oid : it->second) {
    TablePtr referrer = TableByOid(oid);
    for (const ConstraintDef& constraint : referrer->constraints) {
      if (constraint.kind == ConstraintKind::kForeignKey && constraint.referenced_table == table) {
        references.emplace_back(referrer, &constraint);
      }
    }
  }
  return references;
}

void CatalogVersion::Put(TablePtr table) {
  Unname(ObjectKind::kTable, table->oid);
  relations_[{table->schema, table->name}] = {ObjectKind::kTable, table->oid};
  for (const IndexDef& index : table->indexes) {
    relations_[{table->schema, index.name}] = {ObjectKind::kIndex, index.oid};
    index_tables_[index.oid] = table->oid;
  }
  for (const ConstraintDef& constraint : table->constraints) {
    if (constraint.kind == ConstraintKind::kForeignKey) {
      referrers_[constraint.referenced_table].insert(table->oid);
    }
  }
  if (table->tablet) tablets_[table->tablet] = table->oid;
  tables_[table->oid] = std::move(table);
}

void CatalogVersion::Put(ViewPtr view) {
  Unname(ObjectKind::kView, view->oid);
  relations_[{view->schema, view->name}] = {ObjectKind::kView, view->oid};
  views_[view->oid] = std::move(view);
}

void CatalogVersion::Put(SequencePtr sequence) {
  Unname(ObjectKind::kSequence, sequence->oid);
  relations_[{sequence->schema, sequence->name}] = {ObjectKind::kSequence, sequence->oid};
  sequences_[sequence->oid] = std::move(sequence);
}

void CatalogVersion::Put(SchemaPtr schema) {
  Unname(ObjectKind::kSchema, schema->oid);
  schema_names_[schema->name] = schema->oid;
  schemas_[schema->oid] = std::move(schema);
}

void CatalogVersion::PutComment(const CommentDef& comment) {
  const auto key = std::make_tuple(comment.object, comment.class_kind, comment.sub_id);
  if (comment.text.empty()) {
    comments_.erase(key);
  } else {
    comments_[key] = comment.text;
  }
}

void CatalogVersion::RemoveObject(ObjectKind kind, Oid oid) {
  Unname(kind, oid);
  switch (kind) {
    case ObjectKind::kTable:
      tables_.erase(oid);
      break;
    case ObjectKind::kView:
      views_.erase(oid);
      break;
    case ObjectKind::kSequence:
      sequences_.erase(oid);
      break;
    case ObjectKind::kSchema:
      schemas_.erase(oid);
      break;
    default:
      break;
  }
}

/// Takes the object's present names out, before it changes or goes.
void CatalogVersion::Unname(ObjectKind kind, Oid oid) {
  switch (kind) {
    case ObjectKind::kTable:
      if (const TablePtr old = TableByOid(oid)) {
        relations_.erase({old->schema, old->name});
        for (const IndexDef& index : old->indexes) {
          relations_.erase({old->schema, index.name});
          index_tables_.erase(index.oid);
        }
        for (const ConstraintDef& constraint : old->constraints) {
          if (constraint.kind == ConstraintKind::kForeignKey) {
            referrers_[constraint.referenced_table].erase(oid);
          }
        }
        tablets_.erase(old->tablet);
      }
      break;
    case ObjectKind::kView:
      if (const ViewPtr old = ViewByOid(oid)) relations_.erase({old->schema, old->name});
      break;
    case ObjectKind::kSequence:
      if (const SequencePtr old = SequenceByOid(oid)) relations_.erase({old->schema, old->name});
      break;
    case ObjectKind::kSchema:
      if (const SchemaPtr old = SchemaByOid(oid)) schema_names_.erase(old->name);
      break;
    default:
      break;
  }
}

}  // namespace oxibase
