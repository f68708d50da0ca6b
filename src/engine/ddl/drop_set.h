#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "catalog/catalog_version.h"
#include "engine/ddl/ddl_host.h"
#include "sql/parse/ast_ddl.h"

namespace oxibase::ddl {

/// What a DROP takes away: the objects it names and all that depends on them. Collect with Add...,
/// then Resolve, then Execute.
///
/// Three ways to depend, as in PostgreSQL: parts go silently with their whole (a table's indexes, a
/// column's sequence), others need CASCADE (views, foreign keys of other tables, defaults that use
/// a sequence, generated columns), and some can't go without their owner (a constraint's index).
class DropSet {
 public:
  enum class Kind : uint8_t {
    kSchema,
    kTable,
    kView,
    kSequence,
    kIndex,
    kConstraint,
    kColumn,
    kDefault
  };

  /// `draft`: a table under ALTER TABLE. What is dropped of it is taken from there, and not put
  /// into the catalog here. May be null.
  DropSet(DdlHost& host, TableDef* draft) : host_(host), draft_(draft) {}

  void AddSchema(Oid schema) { Add({Kind::kSchema, schema, 0}, nullptr); }
  void AddTable(Oid table) { Add({Kind::kTable, table, 0}, nullptr); }
  void AddView(Oid view) { Add({Kind::kView, view, 0}, nullptr); }
  void AddSequence(Oid sequence) { Add({Kind::kSequence, sequence, 0}, nullptr); }
  void AddIndex(Oid table, Oid index) { Add({Kind::kIndex, table, index}, nullptr); }
  void AddConstraint(Oid table, Oid constraint) {
    Add({Kind::kConstraint, table, constraint}, nullptr);
  }
  void AddColumn(Oid table, ColumnId column) {
    Add({Kind::kColumn, table, static_cast<Oid>(column.value)}, nullptr);
  }

  /// Finds all that depends on what was added; locks it. 2BP01 unless it may all go: then a NOTICE
  /// says what goes besides.
  Status Resolve(ast::DropBehavior behavior);
  Status Execute();

 private:
  /// `sub`: an index's or constraint's oid, a column's id.
  struct Object {
    Kind kind;
    Oid oid;
    Oid sub;
    auto operator<=>(const Object&) const = default;
  };
  struct Entry {
    Object object;
    bool named = false;   // by the statement
    bool silent = false;  // a part of something that goes
    /// "view v depends on table t".
    std::string reason;
  };

  void Add(Object object, const Entry* reason);
  /// `object` goes because `on` does.
  void Depends(Object object, const Object& on, bool silent);
  bool Has(const Object& object) const { return seen_.contains(object); }
  std::string Describe(const Object& object) const;
  std::shared_ptr<const TableDef> Table(Oid oid) const;

  Status Expand(Object object);
  Status ExpandSchema(Oid schema);
  Status ExpandTable(Oid table);
  Status ExpandSequence(Oid sequence);
  Status ExpandIndex(Oid table, Oid index);
  Status ExpandColumn(Oid table, ColumnId column);
  void ExpandViewsOn(const Object& object);
  void ExpandOwnedSequences(const Object& object, Oid table, ColumnId column);
  void ExpandReferences(const Object& object, Oid table,
                        const std::function<bool(const ConstraintDef&)>& wanted);
  Status CheckUnnamed(ast::DropBehavior behavior);
  /// Changes a table that stays.
  Status Change(Oid table, const std::function<void(TableDef&)>& change);

  DdlHost& host_;
  TableDef* const draft_;
  std::vector<Entry> entries_;
  std::set<Object> seen_;
};

/// Takes a column from the definition, with the indexes and constraints over it.
void EraseColumn(TableDef& table, ColumnId column);
void EraseConstraint(TableDef& table, Oid constraint);
void EraseIndex(TableDef& table, Oid index);

/// Whether the view can no longer be bound when `changed` takes its table's place.
bool ViewBreaks(DdlHost& host, const ViewDef& view, const TableDef& changed);
/// Whether it cannot be bound as it says in this catalog.
bool ViewBreaks(DdlHost& host, const ViewDef& view, const CatalogVersion& trial);

}  // namespace oxibase::ddl
