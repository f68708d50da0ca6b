#pragma once
// One query level while it is bound: what names mean in it, and what its expressions have asked of
// the plan (aggregates, windows, set-returning calls).

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "catalog/objects.h"
#include "expr/expression.h"
#include "sql/plan/logical.h"

namespace oxibase::ast {
struct LockingClause;
}

namespace oxibase::bind {

/// Where an expression stands: decides what may be in it.
enum class Clause : uint8_t {
  kNone,
  kJoinOn,
  kFromSubselect,
  kFromFunction,
  kWhere,
  kHaving,
  kFilter,
  kWindowPartition,
  kWindowOrder,
  kWindowFrame,
  kSelect,
  kInsertTarget,
  kUpdateSource,
  kUpdateTarget,
  kGroupBy,
  kOrderBy,
  kDistinctOn,
  kLimit,
  kOffset,
  kAsOf,
  kReturning,
  kValues,
  kDefault,
  kCheck,
  kGenerated,
  kIndexElement,
  kIndexPredicate,
  kAlterUsing,
  kExecute,
  kCopyWhere,
  kUtility,
};
/// As messages call it: "WHERE", "JOIN conditions", "check constraints".
const char* ClauseName(Clause clause);

struct ScopeColumn {
  std::string name;
  /// What a reference to it becomes (a copy): mostly a ColumnExpr.
  ExprPtr expr;
  Oid origin_table = 0;
  int16_t origin_column = 0;
};

/// An item of FROM, a join, or the target of a data-modifying statement.
struct RangeEntry {
  enum class Kind : uint8_t { kTable, kSubquery, kFunction, kJoin, kCte };
  Kind kind = Kind::kTable;
  std::string name;  // alias, else the relation's name; empty: none
  bool has_alias = false;
  std::shared_ptr<const TableDef> table;  // kTable
  std::vector<ScopeColumn> columns;
  uint32_t scan_id = 0;  // kTable
  VarId row_id = 0;
  /// Of a subquery whose rows are locked from outside: the tables in it. Mode and wait are left to
  /// the clause.
  std::vector<LogicalLockRows::Target> lockable;
  /// A function whose single column stands for the whole row, too.
  bool scalar_function = false;
  /// On a side of an outer join that may be missing.
  bool nullable = false;
  /// What makes its rows; null for joins and for the targets of data modification.
  const LogicalNode* node = nullptr;
  /// Its whole row, as a column made by a projection over `node`; 0: nobody asked.
  VarId row_var = 0;
  bool row_made = false;
  /// BindTrace is told of it: its row is always a column.
  bool traced = false;
};

struct NamespaceItem {
  std::shared_ptr<RangeEntry> entry;
  bool rel_visible = true;
  bool cols_visible = true;
  bool lateral_only = false;  // seen by LATERAL items only (FROM is still being bound)
  bool lateral_ok = true;     // false: on the wrong side of an outer join
};

struct CteEntry {
  std::string name;
  uint32_t id = 0;
  uint32_t working_id = 0;            // of a recursive one's working table
  std::vector<OutputColumn> columns;  // variables are those of the definition
  bool modifies = false;
  bool has_output = true;
  bool in_recursive_term = false;
  bool in_nonrecursive_term = false;
  int self_references = 0;
  int32_t self_location = -1;
};

struct LevelAggregate {
  std::unique_ptr<AggregateExpr> expr;
  VarId var = 0;
};

struct LevelGrouping {
  std::vector<ExprPtr> args;
  VarId var = 0;
  int32_t location = -1;
  std::vector<uint32_t> keys;  // positions of the keys that args are
};

struct LevelSetReturning {
  ExprPtr call;
  std::vector<OutputColumn> columns;
  int nesting = 0;
  bool before_grouping = false;
};

struct LevelWindow {
  std::string name;  // of the WINDOW clause, else empty
  std::vector<ExprPtr> partition_by;
  std::vector<SortKey> order_by;
  WindowFrame frame;
  bool has_frame = false;
  const Function* start_function = nullptr;
  const Function* end_function = nullptr;
  struct Call {
    std::unique_ptr<WindowExpr> expr;
    VarId var = 0;
  };
  std::vector<Call> calls;
};

struct Level {
  explicit Level(Level* up) : parent(up), depth(up ? up->depth + 1 : 0) {}

  Level* const parent;
  const int depth;
  Clause clause = Clause::kNone;
  std::vector<NamespaceItem> names;
  /// Every entry, hidden or not: for the hints of errors.
  std::vector<std::shared_ptr<RangeEntry>> entries;
  /// FOR UPDATE and its like at this level, what was said outside of a subquery included.
  std::vector<const ast::LockingClause*> locking;
  bool lateral_active = false;
  /// Counts column references that came from inside LATERAL items of this level.
  uint32_t lateral_uses = 0;
  std::vector<std::shared_ptr<CteEntry>> ctes;
  bool wants_row_ids = false;

  std::vector<LevelAggregate> aggregates;
  std::vector<LevelGrouping> groupings;
  std::vector<LevelSetReturning> set_returning;
  std::vector<std::unique_ptr<LevelWindow>> windows;
};

/// Changes a level's clause for a while.
class ClauseScope {
 public:
  ClauseScope(Level& level, Clause clause) : level_(level), saved_(level.clause) {
    level.clause = clause;
  }
  ~ClauseScope() { level_.clause = saved_; }
  ClauseScope(const ClauseScope&) = delete;
  ClauseScope& operator=(const ClauseScope&) = delete;

 private:
  Level& level_;
  Clause saved_;
};

}  // namespace oxibase::bind
