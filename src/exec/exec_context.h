#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "catalog/catalog_version.h"
#include "expr/eval_context.h"
#include "sql/plan/physical.h"
#include "txn/snapshot.h"
#include "txn/tablet_access.h"
#include "txn/transaction.h"

namespace oxibase {

class MemoryTracker;
class TableWriter;
class TempSpace;

/// A table's storage, resolved once when a plan is made ready.
struct ResolvedTable {
  std::shared_ptr<Tablet> tablet;  // shared with the registry: a dropped table lives while plans do
};

/// Finds storage by catalog identity; engine implements it over the tablet registry.
class TableResolver {
 public:
  virtual ~TableResolver() = default;
  virtual Result<std::shared_ptr<Tablet>> FindTablet(const TableDef& table) = 0;
  virtual Result<const TabletIndex*> FindIndex(const TableDef& table, Oid index) = 0;
  /// Tables of foreign keys, by oid, as the statement's catalog version has them.
  virtual const CatalogVersion& catalog() const = 0;
  /// Plans the SQL of a foreign key's action or of rules of a referring table, bound as RowRules.
  virtual Result<std::shared_ptr<const RowRules>> RulesOf(const TableDef& table) = 0;
  /// The bound default of a column (SET DEFAULT actions); null: NULL.
  virtual Result<Value> DefaultOf(const TableDef& table, ColumnId column, EvalContext& eval) = 0;
};

/// Rows of pg_catalog's and sys tables.
class VirtualTableProvider {
 public:
  virtual ~VirtualTableProvider() = default;
  /// All rows, one Value for each of the table's columns in order. `emit` takes a row.
  virtual Status Rows(VirtualTableId table,
                      const std::function<void(std::span<const Value>)>& emit) = 0;
};

/// Checks of DEFERRABLE constraints that wait for the transaction's end.
class DeferredChecks {
 public:
  enum class Event : uint8_t {
    kWritten,  // a referring row has a key that was not there yet
    kRemoved,  // a key went away from the referenced table
  };
  virtual ~DeferredChecks() = default;
  /// Whether the constraint's checks wait now.
  virtual bool IsDeferred(const ConstraintDef& constraint) = 0;
  /// `table`: the constraint's own, that refers. `key`: one value a column of the key.
  virtual void Add(Event event, Oid table, Oid constraint, std::vector<Value> key) = 0;
  /// A row's key of a UNIQUE or PRIMARY KEY constraint that another row may have.
  virtual void AddUnique(Oid table, Oid constraint, RowId row) = 0;
};

/// How far a statement is, for whoever waits for it: one thread counts, others look.
struct ProgressCounter {
  std::atomic<uint64_t> rows{0};
  std::atomic<uint64_t> rows_total{0};  // of the scans begun so far

  void Reset() {
    rows.store(0, std::memory_order_relaxed);
    rows_total.store(0, std::memory_order_relaxed);
  }
  // One thread writes, hence no locked addition.
  void Add(uint64_t count) {
    rows.store(rows.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  void Expect(uint64_t count) {
    rows_total.store(rows_total.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
};

/// One execution of a plan. Not thread-safe.
struct ExecContext {
  EvalContext eval;
  Transaction* txn = nullptr;
  Snapshot snapshot;
  TableResolver* tables = nullptr;
  VirtualTableProvider* virtual_tables = nullptr;
  /// The client's parameters, then internal ones; eval.params spans it.
  std::vector<Value> params;
  uint64_t rows_affected = 0;
  /// Foreign key checks put off to the statement's end run through this list.
  std::vector<std::function<Status(ExecContext&)>> end_of_statement;
  /// Keys of DEFERRABLE constraints that other rows may have, to be looked at again then too.
  struct DoubtfulKeys {
    TableWriter* writer;
    std::vector<Transaction::DoubtfulKey> keys;
  };
  std::vector<DoubtfulKeys> doubtful_keys;
  /// READ COMMITTED's re-check: scans with these ids yield just this row as `override_snapshot`
  /// sees it; everything else is read as the statement began to.
  struct RowOverride {
    uint32_t scan_id;
    RowId row;
  };
  std::vector<RowOverride> overrides;
  Snapshot override_snapshot;
  /// The newest state that AS OF a time reads in this execution; 0: nobody asked yet.
  Timestamp as_of_newest;
  ProgressCounter* progress = nullptr;
  DeferredChecks* deferred = nullptr;  // null: nothing waits
  /// What the statement's memory is counted in; null: nowhere.
  MemoryTracker* memory = nullptr;
  /// What each operator may hold before it writes to temporary files (work_mem); 0: as much as
  /// MemoryAccount says.
  size_t operation_bytes = 0;
  TempSpace* temp = nullptr;    // null: what does not fit in memory fails with 53200
  uint64_t temp_bytes_max = 0;  // temp_file_limit; 0: none
  bool analyze = false;         // EXPLAIN ANALYZE: operators time themselves
};

}  // namespace oxibase
