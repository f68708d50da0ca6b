// ANALYZE: a sample of each column's values, in order of row id.

#include <absl/container/flat_hash_set.h>

#include <algorithm>

#include "common/key_codec.h"
#include "engine/session_impl.h"
#include "storage/mvcc/tablet.h"
#include "txn/tablet_access.h"

namespace oxibase {
namespace {

/// As PostgreSQL: 300 times its default statistics target of 100.
constexpr uint64_t kSampleRows = 30'000;

/// What one column's sample says.
class ColumnSample {
 public:
  explicit ColumnSample(Type type) : type_(type), comparable_(HasKey(type.id)) {}

  void Add(const Vector& values, uint32_t rows) {
    const VectorView view = values.view();
    for (uint32_t i = 0; i < rows; ++i) {
      ++rows_;
      if (view.IsNull(i)) {
        ++nulls_;
        continue;
      }
      if (!comparable_) continue;
      const auto [it, is_new] = seen_.insert(HashValue(type_, view, i));
      if (!is_new) ++repeated_;
      Value value = values.GetValue(i);
      if (!min_ || CompareValues(value, *min_) < 0) min_ = value;
      if (!max_ || CompareValues(value, *max_) > 0) max_ = std::move(value);
    }
  }

  ColumnStatistics Finish(double table_rows) const {
    ColumnStatistics stats;
    const double sampled = static_cast<double>(rows_ - nulls_);
    stats.null_fraction = rows_ ? static_cast<double>(nulls_) / static_cast<double>(rows_) : 0;
    const double distinct = static_cast<double>(seen_.size());
    // Values that hardly repeat in the sample go on so in the table; others were all met.
    const bool grows = sampled > 0 && distinct > sampled * 0.5;
    stats.distinct =
        grows ? distinct * std::max(1.0, table_rows / std::max(1.0, sampled)) : distinct;
    stats.min = min_;
    stats.max = max_;
    return stats;
  }

 private:
  Type type_;
  bool comparable_;
  uint64_t rows_ = 0, nulls_ = 0, repeated_ = 0;
  absl::flat_hash_set<uint64_t> seen_;
  std::optional<Value> min_, max_;
};

}  // namespace

Result<std::shared_ptr<const TableDef>> SessionImpl::AnalyzeTable(Oid oid) {
  RETURN_IF_ERROR(txn_->LockTable(oid, TableLockMode::kShareUpdateExclusive));
  const auto found = ddl_->catalog()->TableByOid(oid);
  if (!found) return found;
  const TableDef& table = *found;
  ASSIGN_OR_RETURN(const std::shared_ptr<Tablet> tablet, FindTablet(table));
  const Snapshot snapshot = txn_->BeginStatement();
  std::vector<ColumnSample> samples;
  for (const ColumnDef& column : table.columns) samples.emplace_back(column.type);

  // Whole runs of rows, spread evenly over the table.
  const uint64_t rows = tablet->live_rows();
  const uint64_t ids = tablet->next_row_id().value;
  constexpr uint64_t kRunRows = 512;
  const uint64_t runs = std::max<uint64_t>(1, kSampleRows / kRunRows);
  const bool all = rows <= kSampleRows;
  const uint64_t stride = all ? 0 : ids / runs;
  std::vector<RowRef> refs(kVectorSize);
  for (uint64_t run = 0; run < (all ? 1 : runs); ++run) {
    const RowId first(run * stride);
    TableCursor cursor(*txn_, *tablet, first,
                       all ? RowId(UINT64_MAX) : RowId(first.value + kRunRows));
    for (;;) {
      RETURN_IF_ERROR(CheckInterrupts());
      ReadGuard guard(*txn_);
      ASSIGN_OR_RETURN(const size_t count, cursor.Next(snapshot, refs));
      if (count == 0) break;
      for (size_t c = 0; c < table.columns.size(); ++c) {
        if (table.columns[c].dropped) continue;
        Vector values(table.columns[c].type);
        RETURN_IF_ERROR(GatherColumn(tablet->schema(), c, std::span(refs).first(count), values));
        samples[c].Add(values, static_cast<uint32_t>(count));
      }
    }
  }
  auto statistics = std::make_shared<TableStatistics>();
  for (size_t c = 0; c < table.columns.size(); ++c) {
    if (table.columns[c].dropped) continue;
    statistics->columns[table.columns[c].id] = samples[c].Finish(static_cast<double>(rows));
  }
  RETURN_IF_ERROR(ddl_->PutStatistics(table.oid, std::move(statistics)));
  return found;
}

}  // namespace oxibase
