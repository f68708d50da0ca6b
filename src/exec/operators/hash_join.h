#pragma once

#include <memory>
#include <vector>

#include "exec/expression_list.h"
#include "exec/join_output.h"
#include "exec/key_table.h"
#include "exec/memory_account.h"
#include "exec/operators/hash_join_spill.h"
#include "exec/operators/operator.h"
#include "exec/row_store.h"

namespace oxibase {

/// Builds a table of the right side's keys, each with the list of its rows, and probes it with
/// batches of the left side.
///
/// If the right side does not fit in memory both sides are parted on disk by the hash of their keys
/// and the parts joined one after another. A part that is still too large is parted again; one that
/// has mostly one key is worked on in rounds: as many right rows as fit, against all left rows.
class HashJoinOperator : public Operator {
 public:
  HashJoinOperator(const PhysicalHashJoin& node, ExecState& state);
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;
  std::string Note() const override;

 private:
  /// A key's rows: the first and the last in the list that `next_row_` links.
  struct RowList {
    uint32_t first_plus_1, last_plus_1;
  };

  Status Build();
  /// Adds rows to the table: all of a batch, whose keys are `keys`.
  void Insert(const Batch& input, std::span<const Vector* const> keys);
  size_t Bytes() const;
  Status BeginProbe(const Batch& left);
  /// Hands the next candidate pairs to the output. False: none left for this batch.
  Result<bool> MorePairs();
  /// Rows whose keys are not NULL (but null-safe ones may be); all of them: null.
  const uint32_t* KeyedRows(std::span<const Vector* const> keys, uint32_t rows, uint32_t* count);
  const Batch* NextUnmatchedRight();

  // On disk.
  void ForgetTable();
  void ForgetSpill();
  /// Moves the table to disk.
  Status BeginSpill();
  Status SpillRight(const Batch& input, std::span<const Vector* const> keys);
  Status SpillAllLeft();
  Status SpillLeft(HashJoinSpill& to, const Batch& left, const Vector* numbers);
  /// The keys of right rows that were read back.
  Result<std::span<const Vector* const>> RightKeys(const Batch& rows);
  Result<const Batch*> NextSpilled();
  /// Begins with the next pair of parts. False: there is none.
  Result<bool> NextPair();
  /// Fills the table from the pair's right part. False: it did not fit, and was parted again.
  Result<bool> LoadTable();
  Status PartAgain();
  Status BeginRound();
  void MergeFlags();
  void SaveFlags();
  Status KeepOutput(const Batch& rows, const uint32_t* left_rows);

  const PhysicalHashJoin& plan_;
  ExpressionList left_keys_, right_keys_;
  RowStore rows_;
  KeyTable table_;
  JoinOutput output_;
  MemoryShare memory_;
  std::vector<uint32_t> next_row_;  // by right row: the next one with the same key, plus 1
  bool keeps_right_;
  bool built_ = false;
  bool null_in_build_ = false;
  uint64_t build_rows_ = 0;

  const Batch* left_ = nullptr;
  std::unique_ptr<std::byte*[]> found_;
  std::unique_ptr<uint32_t[]> keyed_, left_rows_, right_rows_;
  std::unique_ptr<uint32_t[]> heads_;  // by left row: where its list goes on, plus 1
  uint32_t probe_row_ = 0;
  bool probing_ = false;
  bool left_done_ = false;
  uint32_t next_right_ = 0;

  bool keys_only_ = false;  // the rows of a key do not matter
  std::unique_ptr<HashJoinSpill> spill_;
  bool spilled_ = false;
  std::vector<HashJoinSpill::Pair> waiting_;  // the next one last
  HashJoinSpill::Pair pair_;                  // the one that is worked on
  bool in_pair_ = false;
  std::unique_ptr<SpilledRowsReader> right_reader_, left_reader_;
  const Batch* right_pending_ = nullptr;    // read, not in the table
  bool rounds_ = false;                     // the pair takes several
  uint64_t first_left_ = 0;                 // number of left_'s first row within the pair
  std::vector<uint8_t> matched_, unknown_;  // of the pair's left rows, where it takes rounds
  std::unique_ptr<SortedRuns> ordered_;     // output, where the left rows' order counts
  bool merging_ = false;
  std::vector<const Vector*> key_columns_;
  std::unique_ptr<uint64_t[]> hashes_;
  Batch merged_, key_batch_;
  uint64_t batches_ = 1;
};

}  // namespace oxibase
