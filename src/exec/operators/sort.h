#pragma once

#include <memory>
#include <optional>

#include "exec/expression_list.h"
#include "exec/memory_account.h"
#include "exec/operators/operator.h"
#include "exec/row_sorter.h"
#include "exec/row_store.h"

namespace oxibase {

/// ORDER BY. With a limit it keeps little more than limit + offset rows: whenever twice as many
/// have come, the greater half goes.
class SortOperator : public Operator {
 public:
  SortOperator(const PhysicalSort& node, ExecState& state);
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;
  std::string Note() const override;

 private:
  Status Consume();
  void DropGreater();

  const PhysicalSort& plan_;
  ExpressionList keys_;
  OptionalExpression limit_, offset_;
  RowSorter sorter_;
  RowStore rows_;
  MemoryShare memory_;
  Batch out_;
  std::unique_ptr<uint32_t[]> numbers_;
  uint64_t keep_ = UINT64_MAX;
  size_t next_ = 0;
  bool sorted_ = false;
  size_t most_bytes_ = 0;
};

/// The sorter's keys of a list of sort keys.
std::vector<RowSorter::Key> SorterKeys(const std::vector<SortKey>& keys);

}  // namespace oxibase
