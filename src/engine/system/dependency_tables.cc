// pg_depend, and the rules that stand between a view and what it reads.

#include <set>

#include "engine/ddl/drop_set.h"
#include "engine/ddl/table_expression.h"
#include "engine/session_impl.h"
#include "engine/system/system_table.h"

namespace oxibase::system_tables {
namespace {

constexpr Oid kClassOfDefault = 2604;
constexpr Oid kClassOfRule = 2618;

/// One end of a dependency: an object, or a column of it.
struct Object {
  Oid class_oid;
  Oid oid;
  int16_t column = 0;
};

class Dependencies {
 public:
  explicit Dependencies(const Source& source) : s_(source) {}

  void Emit() {
    for (const auto& [oid, table] : s_.catalog.tables()) {
      if (!table->virtual_table) EmitTable(*table);
    }
    for (const auto& [oid, view] : s_.catalog.views()) EmitView(*view);
    for (const auto& [oid, sequence] : s_.catalog.sequences()) EmitSequence(*sequence);
  }

 private:
  void Row(const Object& object, const Object& on, char kind) const {
    s_.Row({O(object.class_oid), O(object.oid), I4(object.column), O(on.class_oid), O(on.oid),
            I4(on.column), C(kind)});
  }

  /// Each relation lies in its schema.
  void EmitSchema(Oid relation, Oid schema) const {
    Row({kClassOfClass, relation}, {kClassOfNamespace, schema}, 'n');
  }

  void EmitTable(const TableDef& table) const {
    EmitSchema(table.oid, table.schema);
    for (const ColumnDef& column : table.columns) {
      if (column.dropped || column.hidden || column.identity || column.default_sql.empty()) {
        continue;
      }
      EmitDefault(table, column);
    }
    for (const ConstraintDef& constraint : table.constraints) EmitConstraint(table, constraint);
    for (const IndexDef& index : table.indexes) EmitIndex(table, index);
  }

  void EmitDefault(const TableDef& table, const ColumnDef& column) const {
    const Object object{kClassOfDefault, DefaultOid(table, column)};
    Row(object, {kClassOfClass, table.oid, column.id.value}, column.generated ? 'i' : 'a');
    const bool names_relations = column.default_sql.find("regclass") != std::string::npos;
    if (!column.generated && !names_relations) return;
    auto bound = ddl::BindStored(s_.session, column.default_sql,
                                 column.generated ? ExprUse::kGenerated : ExprUse::kDefault, table,
                                 column.type, column.name);
    if (!bound.ok()) return;
    for (const size_t position : bound->columns) {
      Row(object, {kClassOfClass, table.oid, table.columns[position].id.value}, 'n');
    }
    for (const Oid used : ddl::RelationsIn(*bound->bound)) {
      Row(object, {kClassOfClass, used}, 'n');
    }
  }

  void EmitConstraint(const TableDef& table, const ConstraintDef& constraint) const {
    const Object object{kClassOfConstraint, constraint.oid};
    for (const ColumnId id : constraint.columns) {
      Row(object, {kClassOfClass, table.oid, id.value}, 'a');
      if (constraint.kind == ConstraintKind::kCheck) {
        Row(object, {kClassOfClass, table.oid, id.value}, 'n');
      }
    }
    if (constraint.kind == ConstraintKind::kCheck && constraint.columns.empty()) {
      Row(object, {kClassOfClass, table.oid}, 'a');
    }
    if (constraint.kind != ConstraintKind::kForeignKey) return;
    for (const ColumnId id : constraint.referenced_columns) {
      Row(object, {kClassOfClass, constraint.referenced_table, id.value}, 'n');
    }
    if (constraint.index != 0) Row(object, {kClassOfClass, constraint.index}, 'n');
  }

  void EmitIndex(const TableDef& table, const IndexDef& index) const {
    const Object object{kClassOfClass, index.oid};
    if (index.constraint != 0) {
      Row(object, {kClassOfConstraint, index.constraint}, 'i');
      return;
    }
    std::set<int16_t> columns;
    const auto add = [&](ColumnId id, const std::string& sql, ExprUse use) {
      const ColumnDef* column = table.FindColumn(id);
      if (column != nullptr && !column->hidden) {
        columns.insert(id.value);
        return;
      }
      auto bound = ddl::BindStored(s_.session, sql, use, table, TypeId::kInvalid, index.name);
      if (!bound.ok()) return;
      for (const size_t position : bound->columns) {
        columns.insert(table.columns[position].id.value);
      }
    };
    for (const IndexColumn& key : index.columns) {
      add(key.column, key.expression_sql, ExprUse::kIndexElement);
    }
    for (const ColumnId id : index.included) add(id, {}, ExprUse::kIndexElement);
    if (index.predicate) add(*index.predicate, index.predicate_sql, ExprUse::kIndexPredicate);
    for (const int16_t column : columns) {
      Row(object, {kClassOfClass, table.oid, column}, 'a');
    }
    if (columns.empty()) Row(object, {kClassOfClass, table.oid}, 'a');
  }

  void EmitView(const ViewDef& view) const {
    EmitSchema(view.oid, view.schema);
    // A rule is no object of its own here: it has its view's oid.
    const Object rule{kClassOfRule, view.oid};
    Row(rule, {kClassOfClass, view.oid}, 'i');
    Row(rule, {kClassOfClass, view.oid}, 'n');
    for (const Oid used : std::set<Oid>(view.depends_on.begin(), view.depends_on.end())) {
      if (used < kFirstUserOid) continue;
      Row(rule, {kClassOfClass, used}, 'n');
      const auto table = s_.catalog.TableByOid(used);
      if (table) EmitKeyOf(view, *table, rule);
    }
  }

  /// A view that groups by a primary key and shows other columns cannot be without that key.
  void EmitKeyOf(const ViewDef& view, const TableDef& table, const Object& rule) const {
    const ConstraintDef* primary = table.PrimaryKey();
    const bool groups = view.query_sql.find("GROUP BY") != std::string::npos;
    if (primary == nullptr || !groups) return;
    TableDef without = table;
    ddl::EraseConstraint(without, primary->oid);
    if (ddl::ViewBreaks(s_.session, view, without)) {
      Row(rule, {kClassOfConstraint, primary->oid}, 'n');
    }
  }

  void EmitSequence(const SequenceDef& sequence) const {
    EmitSchema(sequence.oid, sequence.schema);
    if (sequence.owned_by_table == 0) return;
    const auto table = s_.catalog.TableByOid(sequence.owned_by_table);
    const ColumnDef* column = table ? table->FindColumn(sequence.owned_by_column) : nullptr;
    Row({kClassOfClass, sequence.oid},
        {kClassOfClass, sequence.owned_by_table, sequence.owned_by_column.value},
        column && column->identity ? 'i' : 'a');
  }

  const Source& s_;
};

Status PgDepend(const Source& s) {
  Dependencies(s).Emit();
  return {};
}

/// What a view reads is the action of its one rule.
Status PgRewrite(const Source& s) {
  for (const auto& [oid, view] : s.catalog.views()) {
    const auto tree = [](std::string_view text) {
      return Value::String(TypeId::kPgNodeTree, std::string(text));
    };
    s.Row(
        {O(oid), N("_RETURN"), O(oid), C('1'), C('O'), B(true), tree("<>"), tree(view->query_sql)});
  }
  return {};
}

}  // namespace

Oid DefaultOid(const TableDef& table, const ColumnDef& column) {
  return table.oid * 2048 + static_cast<Oid>(column.id.value);
}

std::vector<SystemTable> DependencyTables() {
  const Oid schema = kPgCatalogSchema;
  return {
      {2608, schema, "pg_depend",
       "classid oid, objid oid, objsubid int4, refclassid oid, refobjid oid, refobjsubid int4, "
       "deptype char",
       PgDepend},
      {2618, schema, "pg_rewrite",
       "oid oid, rulename name, ev_class oid, ev_type char, ev_enabled char, is_instead bool, "
       "ev_qual pg_node_tree, ev_action pg_node_tree",
       PgRewrite},
  };
}

}  // namespace oxibase::system_tables
