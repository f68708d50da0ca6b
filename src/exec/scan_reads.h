#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "exec/exec_state.h"
#include "sql/plan/physical.h"
#include "txn/read_set.h"

namespace oxibase {

/// Tells a SERIALIZABLE transaction what one scan reads of its table: where, with which filter, and
/// which columns (txn/read_set.h). Costs a look at a pointer where nobody wants to know.
class ScanReads {
 public:
  ScanReads(const PhysicalScanBase& plan, ExecState& state) : plan_(plan), state_(state) {}

  void Table(const Tablet& tablet) {
    if (ReadSet* reads = Wanted()) reads->AddTable(tablet, Filter());
  }
  void Range(const Tablet& tablet, const TabletIndex& index, const KeyRange& range) {
    if (ReadSet* reads = Wanted()) reads->AddRange(tablet, index, range, Filter());
  }
  void Key(const Tablet& tablet, const TabletIndex& index, std::string_view key) {
    if (ReadSet* reads = Wanted()) reads->AddKey(tablet, index, key, Filter());
  }
  /// Null: nobody wants to know.
  ReadSet* Wanted() const { return state_.context->txn->reads(); }

 private:
  std::shared_ptr<ReadFilter> Filter();
  void Look();

  const PhysicalScanBase& plan_;
  ExecState& state_;
  bool looked_ = false;
  std::vector<uint32_t> params_;         // that the filter depends on
  std::shared_ptr<const Expr> filter_;   // null: there is none, or it cannot be asked again
  std::shared_ptr<ReadFilter> current_;  // for the values of those parameters now
  std::vector<Value> current_params_;
};

}  // namespace oxibase
