#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "exec/exec_context.h"
#include "exec/memory_account.h"
#include "exec/row_store.h"
#include "sql/plan/physical.h"

namespace oxibase {

struct ExecState;
class ForeignKeyRegistry;
class Operator;
class TempFile;

/// The rows of one CTE, shared by all that read it, made as far as somebody has asked for them. Of
/// a recursive CTE: the working table.
struct CteRows {
  CteRows(std::vector<Type> types, MemoryAccount& account)
      : store(std::move(types)), memory(account) {}
  RowStore store;
  MemoryShare memory;
  /// Makes further rows; null for a working table, whose rows are all there.
  Operator* producer = nullptr;
  bool complete = false;
  /// Grows whenever the rows are made anew: readers then begin anew.
  uint64_t generation = 0;

  /// What a reader has borrowed, lest it go away when the rows are paged out.
  struct Pin {
    size_t chunk = SIZE_MAX;
    std::shared_ptr<const Batch> kept;  // shared with other readers of the chunk
  };
  std::vector<Pin*> pins;
  /// Makes rows until there are more than `row` or no more come.
  Status Ensure(uint32_t row, ExecState& state);
};

/// What the operators of one tree share. Stays as long as the tree does; `context` is set while
/// an execution is open.
struct ExecState {
  ExecState(const PhysicalPlan& physical_plan, TableResolver& resolver);
  ~ExecState();

  /// Before operators are opened: whose execution it is, and what it may hold.
  void Begin(ExecContext& execution);
  /// After they are closed.
  void End();
  /// The execution's temporary file, made when it is first asked for. 53200: it may have none.
  Result<std::shared_ptr<TempFile>> Temp();
  /// Counts what `rows` and `others` hold in `share`, and pages rows out where that is too much.
  Status Hold(RowStore& rows, MemoryShare& share, size_t others = 0,
              const RowStore::OnPage& on_page = nullptr);

  const PhysicalPlan& plan;
  TableResolver& tables;
  ExecContext* context = nullptr;
  MemoryAccount memory;
  std::map<uint32_t, std::shared_ptr<CteRows>> ctes;            // by cte_id
  std::map<uint32_t, std::shared_ptr<CteRows>> working_tables;  // of recursive ones
  /// Above 0 while the operators of a CTE's own query are made: what they change is not counted.
  int cte_depth = 0;
  /// Scans, by scan_id, whose rows SKIP LOCKED leaves out if others have them locked: they need not
  /// yield them. Filled before they are made.
  std::map<uint32_t, RowLockMode> skipping_scans;
  std::unique_ptr<ForeignKeyRegistry> foreign_keys;
  /// How deep trees lie in each other here: plan, subplans, re-checks.
  int depth = 0;

 private:
  std::shared_ptr<TempFile> temp_;  // shared with what lies in it
};

}  // namespace oxibase
