#include "exec/operators/hash_join_spill.h"

#include <algorithm>
#include <utility>

#include "exec/operators/hash_join.h"
#include "expr/hash.h"

namespace oxibase {
namespace {

/// A part that has more than this of the rows of what was parted has mostly one key.
constexpr double kSkew = 0.8;

void HashKeys(std::span<const Vector* const> keys, uint32_t rows, uint64_t* hashes) {
  for (size_t k = 0; k < keys.size(); ++k) HashVector(*keys[k], rows, hashes, k > 0);
}

}  // namespace

Status HashJoinSpill::Finish(std::vector<Pair>* waiting) {
  RETURN_IF_ERROR(right_.Finish());
  RETURN_IF_ERROR(left_.Finish());
  const auto all = static_cast<double>(right_.rows());
  for (uint32_t part = SpillPartitions::kCount; part-- > 0;) {
    if (!right_.Has(part) && !left_.Has(part)) continue;
    Pair pair{right_.Take(part), left_.Take(part), right_.depth() + 1, false};
    pair.is_skewed = pair.depth >= SpillPartitions::kDepthMax ||
                     (pair.right && static_cast<double>(pair.right->rows()) > all * kSkew);
    waiting->push_back(std::move(pair));
  }
  return {};
}

void HashJoinOperator::ForgetTable() {
  rows_.Clear();
  table_.Clear();
  next_row_ = {};
}

void HashJoinOperator::ForgetSpill() {
  spilled_ = in_pair_ = merging_ = rounds_ = false;
  spill_.reset();
  waiting_.clear();
  right_reader_.reset();
  left_reader_.reset();
  right_pending_ = nullptr;
  pair_ = {};
  matched_ = {};
  unknown_ = {};
  ordered_.reset();
  output_.set_rounds_follow(false);
}

Status HashJoinOperator::BeginSpill() {
  std::vector<Type> left = plan_.children[0]->types;
  if (plan_.keeps_order) left.emplace_back(TypeId::kInt8);
  const std::vector<Type>& right = keys_only_ ? right_keys_.types() : rows_.types();
  spill_ = std::make_unique<HashJoinSpill>(std::move(left), right, 0, state());
  if (!hashes_) hashes_ = std::make_unique_for_overwrite<uint64_t[]>(kVectorSize);
  if (keys_only_) {
    key_batch_ = Batch(right_keys_.types());
    for (size_t first = 0; first < table_.size(); first += kVectorSize) {
      key_batch_.size = static_cast<uint32_t>(std::min<size_t>(kVectorSize, table_.size() - first));
      std::vector<const Vector*> keys;
      for (size_t k = 0; k < key_batch_.columns.size(); ++k) {
        table_.ReadKeys(k, first, key_batch_.size, key_batch_.columns[k]);
        keys.push_back(&key_batch_.columns[k]);
      }
      RETURN_IF_ERROR(SpillRight(key_batch_, keys));
    }
  } else {
    for (size_t i = 0; i < rows_.chunk_count(); ++i) {
      RETURN_IF_ERROR(right_keys_.Evaluate(eval(), rows_.chunk(i)));
      RETURN_IF_ERROR(SpillRight(rows_.chunk(i), right_keys_.results()));
    }
  }
  ForgetTable();
  memory_.Force(Bytes());
  return {};
}

Status HashJoinOperator::SpillRight(const Batch& input, std::span<const Vector* const> keys) {
  uint32_t count = input.size;
  const uint32_t* sel = keeps_right_ ? nullptr : KeyedRows(keys, input.size, &count);
  HashKeys(keys, input.size, hashes_.get());
  if (keys_only_) return spill_->right().Add(keys, hashes_.get(), sel, count);
  std::vector<const Vector*> columns;
  for (const Vector& column : input.columns) columns.push_back(&column);
  return spill_->right().Add(columns, hashes_.get(), sel, count);
}

Status HashJoinOperator::SpillLeft(HashJoinSpill& to, const Batch& left, const Vector* numbers) {
  RETURN_IF_ERROR(left_keys_.Evaluate(eval(), left));
  uint32_t count = left.size;
  const uint32_t* sel = nullptr;
  // Rows that match nothing matter only where they come out.
  if (plan_.type == JoinType::kInner || plan_.type == JoinType::kSemi ||
      plan_.type == JoinType::kRight) {
    sel = KeyedRows(left_keys_.results(), left.size, &count);
  }
  HashKeys(left_keys_.results(), left.size, hashes_.get());
  std::vector<const Vector*> columns;
  const size_t own = to.left_types().size() - (plan_.keeps_order ? 1 : 0);
  for (size_t c = 0; c < own; ++c) columns.push_back(&left.columns[c]);
  if (plan_.keeps_order) columns.push_back(numbers);
  return to.left().Add(columns, hashes_.get(), sel, count);
}

Status HashJoinOperator::SpillAllLeft() {
  RETURN_IF_ERROR(spill_->right().Finish());
  Vector numbers(TypeId::kInt8);
  int64_t number = 0;
  while (!left_done_) {
    ASSIGN_OR_RETURN(const Batch* left, child(0).Next());
    if (!left) break;
    if (left->empty()) continue;
    numbers.ResetFlat(left->size);
    for (uint32_t i = 0; i < left->size; ++i) numbers.data<int64_t>()[i] = number++;
    RETURN_IF_ERROR(SpillLeft(*spill_, *left, &numbers));
    memory_.Force(Bytes());
  }
  RETURN_IF_ERROR(spill_->Finish(&waiting_));
  spill_.reset();
  spilled_ = true;
  batches_ = waiting_.size();
  memory_.Force(Bytes());
  if (plan_.keeps_order) {
    ordered_ = std::make_unique<SortedRuns>(plan_.types, state());
    output_.TrackLeftRows();
    merged_ = Batch(plan_.types);
  }
  return {};
}

Result<std::span<const Vector* const>> HashJoinOperator::RightKeys(const Batch& rows) {
  if (!keys_only_) {
    RETURN_IF_ERROR(right_keys_.Evaluate(eval(), rows));
    return right_keys_.results();
  }
  key_columns_.clear();
  for (const Vector& column : rows.columns) key_columns_.push_back(&column);
  return std::span<const Vector* const>(key_columns_);
}

Status HashJoinOperator::PartAgain() {
  std::vector<Type> right = keys_only_ ? right_keys_.types() : rows_.types();
  spill_ = std::make_unique<HashJoinSpill>(
      pair_.left ? pair_.left->types() : std::vector<Type>(plan_.children[0]->types),
      std::move(right), pair_.depth, state());
  ForgetTable();
  memory_.Force(Bytes());
  right_reader_ = std::make_unique<SpilledRowsReader>(*pair_.right, true);
  for (;;) {
    RETURN_IF_ERROR(eval().CheckCancelled());
    ASSIGN_OR_RETURN(const Batch* rows, right_reader_->Next());
    if (!rows) break;
    ASSIGN_OR_RETURN(const auto keys, RightKeys(*rows));
    RETURN_IF_ERROR(SpillRight(*rows, keys));
  }
  RETURN_IF_ERROR(spill_->right().Finish());
  if (pair_.left) {
    SpilledRowsReader reader(*pair_.left, true);
    for (;;) {
      RETURN_IF_ERROR(eval().CheckCancelled());
      ASSIGN_OR_RETURN(const Batch* rows, reader.Next());
      if (!rows) break;
      RETURN_IF_ERROR(SpillLeft(*spill_, *rows, &rows->columns.back()));
    }
  }
  const size_t before = waiting_.size();
  RETURN_IF_ERROR(spill_->Finish(&waiting_));
  batches_ += waiting_.size() - before - 1;
  spill_.reset();
  right_reader_.reset();
  pair_ = {};
  return {};
}

Result<bool> HashJoinOperator::LoadTable() {
  ForgetTable();
  for (bool any = false;;) {
    RETURN_IF_ERROR(eval().CheckCancelled());
    const Batch* rows = std::exchange(right_pending_, nullptr);
    if (!rows && right_reader_) {
      ASSIGN_OR_RETURN(rows, right_reader_->Next());
    }
    if (!rows) break;
    if (any && !memory_.Fits(Bytes())) {
      if (!pair_.is_skewed && !rounds_) {
        RETURN_IF_ERROR(PartAgain());
        return false;
      }
      right_pending_ = rows;
      rounds_ = true;
      break;
    }
    ASSIGN_OR_RETURN(const auto keys, RightKeys(*rows));
    Insert(*rows, keys);
    any = true;
  }
  memory_.Force(Bytes() + matched_.capacity() + unknown_.capacity());
  return true;
}

Status HashJoinOperator::BeginRound() {
  if (keeps_right_) output_.right_matched().assign(rows_.size(), 0);
  next_right_ = 0;
  first_left_ = 0;
  left_done_ = pair_.left == nullptr;
  const bool follow = right_pending_ != nullptr;
  output_.set_rounds_follow(follow);
  if (pair_.left) {
    left_reader_ = std::make_unique<SpilledRowsReader>(*pair_.left, !follow);
    if (rounds_ && matched_.empty() && plan_.type != JoinType::kInner &&
        plan_.type != JoinType::kRight) {
      matched_.assign(pair_.left->rows(), 0);
      unknown_.assign(pair_.left->rows(), 0);
    }
  }
  if (ordered_) RETURN_IF_ERROR(ordered_->BeginRun());
  return {};
}

Result<bool> HashJoinOperator::NextPair() {
  for (;;) {
    if (waiting_.empty()) return false;
    pair_ = std::move(waiting_.back());
    waiting_.pop_back();
    const bool left_alone = plan_.type != JoinType::kInner && plan_.type != JoinType::kSemi &&
                            plan_.type != JoinType::kRight;
    if ((!pair_.right && !left_alone) || (!pair_.left && !keeps_right_)) continue;
    rounds_ = false;
    matched_ = {};
    unknown_ = {};
    right_pending_ = nullptr;
    right_reader_.reset();
    if (pair_.right) right_reader_ = std::make_unique<SpilledRowsReader>(*pair_.right, false);
    ASSIGN_OR_RETURN(const bool loaded, LoadTable());
    if (!loaded) continue;
    in_pair_ = true;
    RETURN_IF_ERROR(BeginRound());
    return true;
  }
}

void HashJoinOperator::MergeFlags() {
  for (uint32_t i = 0; i < left_->size; ++i) {
    output_.matched()[i] |= matched_[first_left_ + i];
    output_.unknown()[i] |= unknown_[first_left_ + i];
  }
}

void HashJoinOperator::SaveFlags() {
  for (uint32_t i = 0; i < left_->size; ++i) {
    matched_[first_left_ + i] = output_.matched()[i] != 0 ? 1 : 0;
    unknown_[first_left_ + i] = output_.unknown()[i];
  }
}

Status HashJoinOperator::KeepOutput(const Batch& rows, const uint32_t* left_rows) {
  Vector keys(TypeId::kBytea);
  keys.ResetFlat(rows.size);
  for (uint32_t i = 0; i < rows.size; ++i) {
    uint64_t number = UINT64_MAX;  // right rows without a left one come last
    if (left_rows) {
      number = static_cast<uint64_t>(left_->columns.back().view().Get<int64_t>(left_rows[i]));
    }
    number = __builtin_bswap64(number);
    keys.data<StringRef>()[i] = StringRef(reinterpret_cast<const char*>(&number), sizeof number);
  }
  std::vector<const Vector*> columns;
  for (size_t c = 0; c < plan_.types.size(); ++c) columns.push_back(&rows.columns[c]);
  return ordered_->AddToRun(columns, keys, rows.size);
}

Result<const Batch*> HashJoinOperator::NextSpilled() {
  while (!merging_) {
    if (const Batch* rows = output_.Pop()) {
      if (!ordered_) return rows;
      RETURN_IF_ERROR(KeepOutput(*rows, output_.left_rows()));
      continue;
    }
    if (probing_) {
      ASSIGN_OR_RETURN(const bool more, MorePairs());
      if (more) continue;
      probing_ = false;
      output_.FinishLeft();
      if (!matched_.empty()) SaveFlags();
      first_left_ += left_->size;
      continue;
    }
    if (!in_pair_) {
      ASSIGN_OR_RETURN(const bool more, NextPair());
      if (more) continue;
      if (!ordered_) return nullptr;
      merging_ = true;
      RETURN_IF_ERROR(ordered_->Merge());
      break;
    }
    if (!left_done_) {
      ASSIGN_OR_RETURN(const Batch* left, left_reader_->Next());
      if (!left) {
        left_done_ = true;
        continue;
      }
      RETURN_IF_ERROR(BeginProbe(*left));
      if (!matched_.empty()) MergeFlags();
      continue;
    }
    if (keeps_right_) {
      if (const Batch* rows = NextUnmatchedRight()) {
        if (!ordered_) return rows;
        RETURN_IF_ERROR(KeepOutput(*rows, nullptr));
        continue;
      }
    }
    if (ordered_) RETURN_IF_ERROR(ordered_->EndRun());
    if (right_pending_) {
      ASSIGN_OR_RETURN([[maybe_unused]] const bool loaded, LoadTable());
      RETURN_IF_ERROR(BeginRound());
      continue;
    }
    in_pair_ = false;
    left_reader_.reset();
    right_reader_.reset();
    pair_ = {};
  }
  ASSIGN_OR_RETURN(const Batch* rows, ordered_->Next());
  if (!rows) return nullptr;
  for (size_t c = 0; c < merged_.columns.size(); ++c) {
    merged_.columns[c].Reference(rows->columns[c]);
  }
  merged_.size = rows->size;
  return &merged_;
}

std::string HashJoinOperator::Note() const {
  return "Batches: " + std::to_string(batches_) + "  Memory Usage: " + Kilobytes(memory_.peak());
}

}  // namespace oxibase
