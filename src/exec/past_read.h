#pragma once

#include "exec/exec_state.h"
#include "exec/expression_list.h"
#include "sql/plan/physical.h"
#include "txn/txn_manager.h"

namespace oxibase {

/// The past state that AS OF names for one scan: evaluated when the scan is opened, and pinned as
/// long as it is open.
class PastRead {
 public:
  PastRead(const PhysicalScanBase& plan, ExecState& state) : plan_(plan), state_(state) {}
  Status Prepare() { return at_.Compile(plan_.as_of.at.get()); }

  /// Whether the scan reads the past at all.
  explicit operator bool() const { return static_cast<bool>(plan_.as_of); }
  /// Errors: 22004 (NULL), 22023 (in the future; no such transaction; before the table's history).
  Status Open(const Tablet& tablet);
  void Close() { pin_.Release(); }
  /// REQUIRES: open
  Timestamp read_ts() const { return pin_.read_ts(); }

 private:
  Result<Timestamp> TimeOf(const Value& value);
  Result<Timestamp> TimeOfTransaction(const Value& value);
  Status TooOld(const Tablet& tablet, Timestamp at) const;

  const PhysicalScanBase& plan_;
  ExecState& state_;
  OptionalExpression at_;
  SnapshotPin pin_;
};

}  // namespace oxibase
