#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/portal_impl.h"
#include "exec/memory_account.h"
#include "exec/row_store.h"
#include "sql/parse/ast_utility.h"
#include "storage/temp/temp_space.h"

namespace oxibase {

/// What FETCH, MOVE and CLOSE name: a portal, and where one stands in its rows. Belongs to its
/// session. Not thread-safe.
class Cursor {
 public:
  /// How it goes back.
  enum class Backward : uint8_t {
    kNever,
    /// By a second run under the same snapshot, from which on rows are kept: who only goes forward
    /// pays for nothing. REQUIRES: the portal holds its snapshot (Portal::HoldSnapshot)
    kRunsAgain,
    /// Every row that passes is kept.
    kKeepsRows,
  };

  Cursor(std::shared_ptr<PortalImpl> portal, Backward backward, bool hold);

  /// Takes all rows and lets go of the portal: it then needs no transaction.
  Status TakeAll();

  const std::shared_ptr<PortalImpl>& portal() const { return portal_; }  // null after TakeAll
  const std::vector<ResultColumn>& columns() const { return columns_; }
  const std::string& statement() const { return statement_; }
  int64_t declared_micros() const { return declared_micros_; }
  /// In the order of declaration, within a session.
  uint64_t number() const { return number_; }
  void set_number(uint64_t number) { number_ = number; }
  bool hold() const { return hold_; }
  bool scrolls() const { return backward_ != Backward::kNever; }
  const CursorFacts& facts() const { return facts_; }
  /// The row of facts().row_id_tables[i] that is part of the row stood on; none: NULL.
  /// REQUIRES: on_row()
  std::optional<RowId> RowIdAt(size_t i) const;
  /// WITH HOLD: the transaction that declared it has committed.
  bool committed() const { return committed_; }
  void set_committed() { committed_ = true; }

  /// What is left of a FETCH or MOVE to do, when all moves that yield no rows have been made.
  struct Steps {
    bool forward = true;
    uint64_t count = 0;  // UINT64_MAX: all
  };
  /// 55000 backward where that is not to be had.
  Result<Steps> Approach(const ast::FetchStmt& statement);
  /// Makes them: adds the rows passed to `rows` unless it is null. Returns how many there were.
  Result<uint64_t> Step(const Steps& steps, std::vector<std::vector<Value>>* rows);
  /// Whether rows ahead come straight from the portal, none being kept.
  bool streams() const { return !store_; }
  /// It stands on a row, rather than before the first or behind the last.
  bool on_row() const;

 private:
  Status CheckBackward() const;
  Status Rewind();
  Status Move(bool forward, uint64_t count);
  /// The row stood on, from 1; 0 before the first, one more than there are behind the last.
  uint64_t position() const;
  bool at_end() const;
  /// From here on rows are kept, beginning with those passed already.
  Status KeepRows();
  std::vector<Type> StoreTypes() const;
  /// Pages rows out if they are too many.
  Status Hold();
  /// Has the store hold `count` rows if there are so many.
  Status Pull(uint64_t count);

  std::shared_ptr<PortalImpl> portal_;
  std::vector<ResultColumn> columns_;
  CursorFacts facts_;
  std::string statement_;
  int64_t declared_micros_;
  const Backward backward_;
  uint64_t number_ = 0;
  const bool hold_;
  bool committed_ = false;
  std::optional<RowStore> store_;
  MemoryAccount memory_;
  MemoryShare store_memory_{memory_};
  std::shared_ptr<TempFile> temp_;  // shared with the store's pages
  bool complete_ = false;           // the store has all rows there are
  uint64_t position_ = 0;           // while rows are kept
};

}  // namespace oxibase
