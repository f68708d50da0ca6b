#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "exec/expression_list.h"
#include "exec/key_table.h"
#include "exec/memory_account.h"
#include "exec/operators/operator.h"
#include "exec/row_sorter.h"
#include "exec/row_store.h"
#include "expr/function.h"

namespace oxibase {

/// GROUP BY with grouping sets, DISTINCT, FILTER and ORDER BY within aggregates, by hash. Groups
/// come out in the order in which they were first met, so ordered input gives ordered output. Where
/// the input comes ordered by the keys, a group comes out as soon as the next one begins.
class AggregateOperator : public Operator {
 public:
  AggregateOperator(const PhysicalAggregate& node, ExecState& state);
  ~AggregateOperator() override;
  Status Prepare() override;
  void SetRowGoal(uint64_t rows) override {
    together_ = std::clamp<uint64_t>(rows, 1, kVectorSize);
  }

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;

 private:
  /// One aggregate of the plan.
  struct Call {
    const AggregateExpr* expr = nullptr;
    const AggregateImpl* impl = nullptr;
    CallSite site;
    ExpressionList args;
    OptionalExpression filter;
    size_t offset = 0;           // of its state in a group's payload
    bool hash_distinct = false;  // DISTINCT where the order of rows does not matter
    bool sorted = false;         // its rows are kept, sorted and fed at the end
    bool skip_repeated = false;  // DISTINCT of a sorted one
    ExpressionList sort_keys;
    // Of the batch at hand.
    uint32_t rows = 0;
    bool filtered = false;
    std::unique_ptr<uint32_t[]> sel;
    std::vector<Vector> selected;
    std::vector<const Vector*> inputs;
  };
  static constexpr uint64_t kFirstGroups = 64;
  /// Rows of one sorted aggregate in one grouping set.
  struct SortedRows {
    SortedRows(std::vector<RowSorter::Key> keys, std::vector<Type> types)
        : sorter(std::move(keys)), rows(std::move(types)) {}
    RowSorter sorter;
    RowStore rows;  // group number, arguments
  };
  struct Set {
    Set(std::vector<uint32_t> positions, std::vector<Type> types, size_t payload_bytes)
        : keys(std::move(positions)), groups(std::move(types), payload_bytes) {}
    std::vector<uint32_t> keys;  // positions in the plan's keys
    KeyTable groups;
    std::vector<std::optional<KeyTable>> distinct;         // by call
    std::vector<std::unique_ptr<SortedRows>> sorted_rows;  // by call
  };

  /// Makes a lone group new in its place, if that is all there is to do before an execution.
  bool Rewind();
  Status PrepareCall(const AggregateExpr& expr, Call& call);
  void Init(std::byte* payload, uint64_t number);
  /// Takes in a batch; false at the end of the input.
  Result<bool> ConsumeBatch();
  Status Consume();
  Status AddBatch(const Batch& input);
  Status EvaluateCall(Call& call, const Batch& input);
  Status Update(Call& call, std::span<const Vector* const> args, uint32_t rows,
                std::byte* const* states);
  Status AddToSet(Set& set, uint32_t rows);
  Status AddDistinct(Set& set, size_t call, std::byte* const* states);
  void KeepSorted(Set& set, size_t call);
  Status FeedSorted(Set& set, size_t call);
  size_t Bytes() const;
  Result<const Batch*> EmitGroups(Set& set, size_t end);

  const PhysicalAggregate& plan_;
  ExpressionList keys_;
  std::vector<std::unique_ptr<Call>> calls_;
  std::vector<Set> sets_;
  size_t payload_bytes_ = 0;
  Arena arena_;
  MemoryShare memory_;
  Batch out_;
  std::unique_ptr<std::byte*[]> payloads_, states_, few_states_;
  std::unique_ptr<uint32_t[]> created_;
  Vector numbers_;               // group numbers of a batch
  bool needs_payloads_ = false;  // without keys: some call asks for each row's state
  bool streaming_;               // ordered input, and no call that must see all rows first
  bool consumed_ = false;
  size_t set_ = 0;
  size_t next_ = 0;
  /// Of ordered input: this many complete groups come out together. Few at first.
  uint64_t together_ = kFirstGroups;
};

}  // namespace oxibase
