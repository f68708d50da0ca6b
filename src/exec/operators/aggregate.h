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
#include "exec/sorted_runs.h"
#include "exec/spill_partitions.h"
#include "expr/function.h"

namespace oxibase {

/// GROUP BY with grouping sets, DISTINCT, FILTER and ORDER BY within aggregates, by hash. Groups
/// come out in the order in which they were first met, so ordered input gives ordered output. Where
/// the input comes ordered by the keys, a group comes out as soon as the next one begins.
///
/// When memory is used up, a grouping set takes no further groups: rows of groups it does not have
/// go to partitions on disk, which are worked on, one after another and in the same way, after the
/// groups at hand have come out. What aggregates would collect (DISTINCT values, rows to be sorted,
/// arrays) goes to runs on disk ordered by group, and is taken in group by group at the end.
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
  std::string Note() const override;

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
    bool collects = false;       // its state grows with its rows
    ExpressionList sort_keys;
    // Of the batch at hand.
    std::vector<const Vector*> arg_columns, sort_columns;
    uint32_t rows = 0;
    bool filtered = false;
    std::unique_ptr<uint32_t[]> sel;
    std::vector<Vector> selected;
    std::vector<const Vector*> inputs;
  };
  static constexpr uint64_t kFirstGroups = 64;
  /// Rows of one aggregate in one grouping set, to be fed to it in order of groups.
  struct SortedRows {
    SortedRows(std::vector<RowSorter::Key> keys, std::vector<Type> types, ExecState& state)
        : sorter(std::move(keys)), rows(types), runs(std::move(types), state) {}
    RowSorter sorter;
    RowStore rows;  // group number, arguments
    SortedRuns runs;
    bool merges = false;  // they come from `runs`
    // How far they have been fed.
    size_t next = 0;
    const Batch* batch = nullptr;
    uint32_t batch_row = 0;
    std::string last_key;

    size_t bytes() const { return sorter.bytes() + rows.bytes(); }
    void Clear();
  };
  struct Set {
    Set(std::vector<uint32_t> positions, std::vector<Type> types, size_t payload_bytes)
        : keys(std::move(positions)), groups(std::move(types), payload_bytes) {}
    std::vector<uint32_t> keys;  // positions in the plan's keys
    KeyTable groups;
    std::vector<std::optional<KeyTable>> distinct;         // by call
    std::vector<std::unique_ptr<SortedRows>> sorted_rows;  // by call
    bool frozen = false;   // takes no further groups, and its calls collect nothing in memory
    size_t destroyed = 0;  // so many groups' collected values are gone already
    uint32_t depth = 0;
    std::unique_ptr<SpillPartitions> partitions;
  };
  /// Rows of one call: inputs, and which rows of the batch they are (null: all).
  struct CallRows {
    std::span<const Vector* const> inputs;
    const uint32_t* sel;
    uint32_t count;
  };
  /// A partition that waits for its turn.
  struct Waiting {
    size_t set;
    uint32_t depth;
    std::unique_ptr<SpilledRows> rows;
  };

  /// Makes a lone group new in its place, if that is all there is to do before an execution.
  bool Rewind();
  Status PrepareCall(const AggregateExpr& expr, Call& call);
  std::unique_ptr<SortedRows> MakeSortedRows(const Call& call);
  void Init(std::byte* payload, uint64_t number);
  void DestroyStates(Set& set);
  void ClearSet(Set& set);
  /// Takes in a batch; false at the end of the input.
  Result<bool> ConsumeBatch();
  Status Consume();
  Status EvaluateCall(Call& call, const Batch& input);
  void NarrowCall(Call& call, uint32_t rows);
  Status Update(Call& call, std::span<const Vector* const> args, uint32_t rows,
                std::byte* const* states);
  Status AddToSet(Set& set, uint32_t rows);
  Status AddToCall(Set& set, size_t call, const CallRows& rows);
  Status AddDistinct(Set& set, size_t call, const CallRows& rows);
  void KeepSorted(Set& set, size_t call, const CallRows& rows);
  /// All rows are there.
  Status EndInput(Set& set);
  /// Feeds the kept rows of groups below `end` to a call.
  Status FeedSorted(Set& set, size_t call, size_t end);
  Result<uint32_t> NextFromRuns(SortedRows& kept, bool skip_repeated, size_t end, uint32_t* rows);
  size_t Bytes() const;
  Result<const Batch*> EmitGroups(Set& set, size_t end);

  // What does not fit in memory.
  Status CheckMemory();
  Status Relieve(Set& set);
  Status WriteRun(SortedRows& kept);
  std::vector<Type> SpilledTypes() const;
  /// Sets the rows aside whose groups a frozen set does not have. True if there are any.
  Result<bool> SetAside(Set& set, uint32_t rows);
  /// Makes the batch's rows, written by SetAside, those at hand.
  void TakeSpilled(const Batch& rows);
  /// Aggregates the next partition. False: there is none.
  Result<bool> NextPartition();
  void QueuePartitions(size_t set);

  const PhysicalAggregate& plan_;
  ExpressionList keys_;
  std::vector<const Vector*> key_columns_;  // of the batch at hand
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
  bool collects_ = false;        // some call does
  bool streaming_;               // ordered input, and no call that must see all rows first
  bool consumed_ = false;
  size_t set_ = 0, end_set_ = 0;  // those whose groups come out now
  size_t next_ = 0;
  /// Of ordered input: this many complete groups come out together. Few at first.
  uint64_t together_ = kFirstGroups;

  size_t collected_bytes_ = 0;    // in states, roughly
  bool partitioned_ = false;      // the groups of the whole input have come out
  std::vector<Waiting> waiting_;  // the next one last
  std::vector<uint32_t> hits_, misses_;
  std::vector<Vector> hit_columns_;
  std::vector<const Vector*> hit_inputs_;
  uint64_t batches_ = 1, disk_bytes_ = 0;
};

}  // namespace oxibase
