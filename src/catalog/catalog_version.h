#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/objects.h"
#include "common/status.h"

namespace oxibase {

/// The whole catalog as of one DDL commit, or as a transaction that runs DDL sees it. Immutable
/// once shared; copies share every object. Readers hold it by shared_ptr: plans, sessions,
/// reconcilers.
class CatalogVersion {
 public:
  using TablePtr = std::shared_ptr<const TableDef>;
  using ViewPtr = std::shared_ptr<const ViewDef>;
  using SequencePtr = std::shared_ptr<const SequenceDef>;
  using SchemaPtr = std::shared_ptr<const SchemaDef>;

  /// Grows with every change; equal numbers mean equal catalogs (overlays have a number of their
  /// own).
  uint64_t number() const { return number_; }

  /// By schema oid and name; null if there is none.
  TablePtr FindTable(Oid schema, std::string_view name) const;
  ViewPtr FindView(Oid schema, std::string_view name) const;
  SequencePtr FindSequence(Oid schema, std::string_view name) const;
  SchemaPtr FindSchema(std::string_view name) const;
  /// An index with its table.
  std::pair<TablePtr, const IndexDef*> FindIndex(Oid schema, std::string_view name) const;
  /// Whether any relation (table, view, sequence, index) has the name.
  bool HasRelation(Oid schema, std::string_view name) const;

  TablePtr TableByOid(Oid oid) const;
  ViewPtr ViewByOid(Oid oid) const;
  SequencePtr SequenceByOid(Oid oid) const;
  SchemaPtr SchemaByOid(Oid oid) const;
  std::pair<TablePtr, const IndexDef*> IndexByOid(Oid oid) const;
  TablePtr TableByTablet(TabletId tablet) const;
  const std::string* Comment(Oid object, char class_kind, int16_t sub_id) const;
  const std::map<std::tuple<Oid, char, int16_t>, std::string>& comments() const {
    return comments_;
  }

  const std::map<Oid, TablePtr>& tables() const { return tables_; }
  const std::map<Oid, ViewPtr>& views() const { return views_; }
  const std::map<Oid, SequencePtr>& sequences() const { return sequences_; }
  const std::map<Oid, SchemaPtr>& schemas() const { return schemas_; }
  /// Foreign keys of other tables (and its own) that refer to `table`.
  std::vector<std::pair<TablePtr, const ConstraintDef*>> ReferencesTo(Oid table) const;

  // For those that make new versions: each replaces the object with the same oid.
  void Put(TablePtr table);
  void Put(ViewPtr view);
  void Put(SequencePtr sequence);
  void Put(SchemaPtr schema);
  void PutComment(const CommentDef& comment);  // empty text removes it
  void RemoveObject(ObjectKind kind, Oid oid);
  void set_number(uint64_t number) { number_ = number; }

 private:
  using Name = std::pair<Oid, std::string>;
  struct RelationRef {
    ObjectKind kind;
    Oid oid;  // of an index: the index; its table is in index_tables_
  };
  void Unname(ObjectKind kind, Oid oid);

  uint64_t number_ = 0;
  std::map<Oid, TablePtr> tables_;
  std::map<Oid, ViewPtr> views_;
  std::map<Oid, SequencePtr> sequences_;
  std::map<Oid, SchemaPtr> schemas_;
  std::map<Name, RelationRef, std::less<>> relations_;
  std::map<Oid, Oid> index_tables_;
  std::map<std::string, Oid, std::less<>> schema_names_;
  std::map<TabletId, Oid> tablets_;
  std::map<Oid, std::set<Oid>> referrers_;  // tables with foreign keys to it
  std::map<std::tuple<Oid, char, int16_t>, std::string> comments_;
};

}  // namespace oxibase
