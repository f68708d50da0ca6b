#include "exec/operators/operator.h"

#include "env/env.h"

namespace oxibase {

Status Operator::Open() {
  ++loops_;
  if (!context().analyze) [[likely]]
    return DoOpen();
  Clock& clock = Env::Real().clock();
  const int64_t start = clock.MonotonicNanos();
  Status status = DoOpen();
  nanos_ += static_cast<uint64_t>(clock.MonotonicNanos() - start);
  return status;
}

Result<const Batch*> Operator::Next() {
  RETURN_IF_ERROR(eval().CheckCancelled());
  if (!context().analyze) [[likely]]
    return DoNext();
  Clock& clock = Env::Real().clock();
  const int64_t start = clock.MonotonicNanos();
  Result<const Batch*> batch = DoNext();
  nanos_ += static_cast<uint64_t>(clock.MonotonicNanos() - start);
  if (batch.ok() && *batch) rows_ += (*batch)->size;
  return batch;
}

Result<uint64_t> Operator::Skip(uint64_t rows) {
  RETURN_IF_ERROR(eval().CheckCancelled());
  ASSIGN_OR_RETURN(const uint64_t skipped, DoSkip(rows));
  if (context().analyze) rows_ += skipped;
  return skipped;
}

Status Operator::Finish() {
  for (const auto& below : children_) RETURN_IF_ERROR(below->Finish());
  return {};
}

void Operator::Close() {
  DoClose();
  for (const auto& below : children_) below->Close();
}

void Operator::CollectStats(std::vector<OperatorStats>& out) const {
  OperatorStats stats;
  stats.node = &node_;
  stats.rows = rows_;
  stats.loops = loops_;
  stats.nanos = nanos_;
  stats.note = Note();
  out.push_back(std::move(stats));
  for (const auto& below : children_) below->CollectStats(out);
}

}  // namespace oxibase
