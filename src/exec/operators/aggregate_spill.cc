// What an aggregation does when its groups do not fit in memory.

#include <algorithm>

#include "exec/operators/aggregate.h"

namespace oxibase {
namespace {

/// Runs shorter than this are not worth a place of their own, once groups have taken the memory.
constexpr size_t kRunBytesMin = size_t{256} << 10;

}  // namespace

Status AggregateOperator::WriteRun(SortedRows& kept) {
  if (kept.sorter.empty()) return {};
  kept.sorter.Sort();
  const RowStore* const stores[] = {&kept.rows};
  const uint64_t before = kept.runs.disk_bytes();
  RETURN_IF_ERROR(kept.runs.Add(kept.sorter, stores, UINT64_MAX));
  disk_bytes_ += kept.runs.disk_bytes() - before;
  kept.sorter.Release();
  kept.rows.Clear();
  return {};
}

Status AggregateOperator::CheckMemory() {
  if (memory_.Fits(Bytes())) [[likely]]
    return {};
  // Complete groups leave by themselves, and those that are left must come in order.
  if (streaming_) return memory_.Set(Bytes());
  for (size_t i = set_; i < end_set_; ++i) RETURN_IF_ERROR(Relieve(sets_[i]));
  memory_.Force(Bytes());
  return {};
}

Status AggregateOperator::Relieve(Set& set) {
  size_t sorted_bytes = 0;
  for (const auto& kept : set.sorted_rows) {
    if (kept) sorted_bytes += kept->bytes();
  }
  // Once groups are frozen they have the memory; what is sorted gets a part of it on top.
  const size_t worth_writing =
      set.frozen ? std::max(memory_.limit() / 4, kRunBytesMin) : memory_.limit() / 4;
  if (sorted_bytes > worth_writing) {
    for (const auto& kept : set.sorted_rows) {
      if (kept) RETURN_IF_ERROR(WriteRun(*kept));
    }
  }
  if (set.frozen || Bytes() <= memory_.limit() / 4 * 3) return {};
  set.frozen = true;
  for (size_t c = 0; c < calls_.size(); ++c) {
    const Call& call = *calls_[c];
    if ((call.hash_distinct || call.collects) && !set.sorted_rows[c]) {
      set.sorted_rows[c] = MakeSortedRows(call);
    }
  }
  return {};
}

std::vector<Type> AggregateOperator::SpilledTypes() const {
  std::vector<Type> types = keys_.types();
  for (const auto& call : calls_) {
    types.insert(types.end(), call->args.types().begin(), call->args.types().end());
    types.insert(types.end(), call->sort_keys.types().begin(), call->sort_keys.types().end());
    if (call->filter) types.emplace_back(TypeId::kBool);
  }
  return types;
}

Result<bool> AggregateOperator::SetAside(Set& set, uint32_t rows) {
  std::vector<const Vector*> columns;
  columns.reserve(set.keys.size());
  for (const uint32_t key : set.keys) columns.push_back(key_columns_[key]);
  set.groups.Find(columns, nullptr, rows, payloads_.get());
  misses_.clear();
  for (uint32_t i = 0; i < rows; ++i) {
    if (!payloads_[i]) misses_.push_back(i);
  }
  if (misses_.empty()) return false;
  if (plan_.streaming) {
    // Input in order of the keys: the groups' order counts, so they all stay.
    std::vector<uint32_t> created(misses_.size());
    std::vector<std::byte*> payloads(misses_.size());
    const size_t before = set.groups.size();
    const uint32_t fresh =
        set.groups.FindOrInsert(columns, misses_.data(), static_cast<uint32_t>(misses_.size()),
                                payloads.data(), created.data());
    for (uint32_t i = 0; i < fresh; ++i) Init(set.groups.payload(before + i), before + i);
    for (size_t i = 0; i < misses_.size(); ++i) payloads_[misses_[i]] = payloads[i];
    return false;
  }
  columns.assign(key_columns_.begin(), key_columns_.end());
  std::vector<std::unique_ptr<Vector>> passes;
  for (const auto& call : calls_) {
    columns.insert(columns.end(), call->arg_columns.begin(), call->arg_columns.end());
    columns.insert(columns.end(), call->sort_columns.begin(), call->sort_columns.end());
    if (!call->filter) continue;
    Vector& pass = *passes.emplace_back(std::make_unique<Vector>(Type(TypeId::kBool)));
    pass.ResetFlat(rows);
    std::fill_n(pass.data<uint8_t>(), rows, call->filtered ? 0 : 1);
    for (uint32_t i = 0; call->filtered && i < call->rows; ++i) {
      pass.data<uint8_t>()[call->sel[i]] = 1;
    }
    columns.push_back(&pass);
  }
  if (!set.partitions) {
    set.partitions = std::make_unique<SpillPartitions>(SpilledTypes(), set.depth, state());
  }
  RETURN_IF_ERROR(set.partitions->Add(columns, set.groups.hashes(), misses_.data(),
                                      static_cast<uint32_t>(misses_.size())));
  return true;
}

void AggregateOperator::TakeSpilled(const Batch& rows) {
  size_t column = 0;
  for (const Vector*& key : key_columns_) key = &rows.columns[column++];
  for (const auto& call : calls_) {
    for (const Vector*& arg : call->arg_columns) arg = &rows.columns[column++];
    for (const Vector*& key : call->sort_columns) key = &rows.columns[column++];
    call->rows = rows.size;
    if (call->filter) {
      const auto* pass = rows.columns[column++].data<uint8_t>();
      call->rows = 0;
      for (uint32_t i = 0; i < rows.size; ++i) {
        if (pass[i]) call->sel[call->rows++] = i;
      }
    }
    NarrowCall(*call, rows.size);
  }
}

void AggregateOperator::QueuePartitions(size_t index) {
  Set& set = sets_[index];
  if (!set.partitions) return;
  disk_bytes_ += set.partitions->disk_bytes();
  for (uint32_t part = SpillPartitions::kCount; part-- > 0;) {
    if (!set.partitions->Has(part)) continue;
    waiting_.push_back({index, set.depth + 1, set.partitions->Take(part)});
    ++batches_;
  }
  set.partitions.reset();
}

Result<bool> AggregateOperator::NextPartition() {
  if (!partitioned_) {
    partitioned_ = true;
    for (size_t i = sets_.size(); i-- > 0;) QueuePartitions(i);
  } else if (set_ > 0) {
    QueuePartitions(set_ - 1);
  }
  if (waiting_.empty()) return false;
  for (Set& set : sets_) ClearSet(set);
  arena_.Reset();
  collected_bytes_ = 0;
  memory_.Force(0);
  const Waiting waiting = std::move(waiting_.back());
  waiting_.pop_back();
  set_ = waiting.set;
  end_set_ = set_ + 1;
  next_ = 0;
  Set& set = sets_[set_];
  set.depth = waiting.depth;
  SpilledRowsReader reader(*waiting.rows, true);
  for (;;) {
    RETURN_IF_ERROR(eval().CheckCancelled());
    ASSIGN_OR_RETURN(const Batch* rows, reader.Next());
    if (!rows) break;
    TakeSpilled(*rows);
    RETURN_IF_ERROR(AddToSet(set, rows->size));
    RETURN_IF_ERROR(CheckMemory());
  }
  RETURN_IF_ERROR(EndInput(set));
  return true;
}

std::string AggregateOperator::Note() const {
  if (plan_.keys.empty() || plan_.streaming) return {};
  std::string note =
      "Batches: " + std::to_string(batches_) + "  Memory Usage: " + Kilobytes(memory_.peak());
  if (disk_bytes_ > 0) note += "  Disk Usage: " + Kilobytes(disk_bytes_);
  return note;
}

}  // namespace oxibase
