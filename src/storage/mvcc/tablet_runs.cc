// Indexes over segments: each segment has a run of each index.

#include <algorithm>
#include <utility>

#include "storage/index/entry_merger.h"
#include "storage/index/index_run.h"
#include "storage/index/ordered_index.h"
#include "storage/index/run_scan.h"
#include "storage/mvcc/epoch.h"
#include "storage/mvcc/tablet.h"
#include "storage/segment/past_segment.h"
#include "storage/segment/segment_builder.h"
#include "storage/segment/segment_list.h"

namespace oxibase {
namespace {

/// The list with a run of the index for each segment.
Result<std::shared_ptr<const SegmentList>> WithRuns(const Tablet& tablet, const TabletIndex& index,
                                                    std::shared_ptr<const SegmentList> list,
                                                    bool* built) {
  const Oid oid = index.spec().oid;
  const auto has_run = [oid](const auto& part) { return part.runs.contains(oid); };
  std::vector<SegmentList::Part> parts = list->all();
  if (std::all_of(parts.begin(), parts.end(), has_run)) return list;
  *built = true;
  for (SegmentList::Part& part : parts) {
    if (has_run(part)) continue;
    ASSIGN_OR_RETURN(SegmentList::Run run, BuildRun(*list->store, tablet, index, *part.segment));
    part.runs.emplace(oid, std::move(run));
  }
  auto with = std::make_shared<SegmentList>(*list);
  with->Assign(std::move(parts));
  return std::shared_ptr<const SegmentList>(std::move(with));
}

/// Of `parts`, whose rows have the layouts of `schema`.
Status CheckSchemas(const Tablet& tablet, std::span<const SegmentList::Part> parts,
                    const TableSchema& schema) {
  for (const SegmentList::Part& part : parts) {
    const SegmentFile& file = part.segment->file();
    for (uint32_t group = 0; group < file.groups().size(); ++group) {
      const SegmentFooter::Schema& stored = file.schema(group);
      const RowLayout* layout = schema.Find(stored.version);
      const bool fits =
          layout != nullptr && layout->columns().size() == stored.columns.size() &&
          std::equal(stored.columns.begin(), stored.columns.end(), layout->columns().begin(),
                     [](const auto& column, const RowLayout::Column& wanted) {
                       return column.first == wanted.id &&
                              PhysicalTypeOf(column.second) == wanted.physical;
                     });
      if (!fits) {
        return Error(ErrorCode::kDataCorrupted,
                     "segment file \"{}\" does not have the columns of table \"{}\" (tablet {}), "
                     "schema version {}",
                     file.path(), tablet.name(), tablet.id().value, stored.version);
      }
    }
  }
  return Status::Ok();
}

std::shared_ptr<const SegmentList> WithoutRuns(const SegmentList& list, Oid index) {
  std::vector<SegmentList::Part> parts = list.all();
  for (SegmentList::Part& part : parts) part.runs.erase(index);
  auto without = std::make_shared<SegmentList>(list);
  without->Assign(std::move(parts));
  return without;
}

}  // namespace

Result<bool> Tablet::HasKeyNow(const TabletIndex& index, const SegmentList& list, RowId row,
                               std::string_view key, std::string* scratch,
                               std::vector<Value>* values) const {
  bool has_null;
  if (const RowVersion* head = rows_.Head(row)) {
    if (head->is_tombstone()) return false;
    if (!index.KeyOfVersion(schema(), *head, scratch, &has_null)) return false;
    *values = index.KeyValues(schema().At(head->schema_version), head->row());
  } else {
    ASSIGN_OR_RETURN(const SegmentList::Place newest, list.FindNewest(row));
    const FrozenRow& found = newest.row;
    if (!found) return false;
    std::vector<std::byte> bytes;
    ASSIGN_OR_RETURN(const RowLayout* layout,
                     found.group->ReadRow(found.position, schema(), bytes));
    if (!index.KeyOfRow(*layout, bytes.data(), scratch, &has_null)) return false;
    *values = index.KeyValues(*layout, bytes.data());
  }
  if (has_null && !index.spec().nulls_not_distinct) return false;
  return *scratch == key;
}

Status Tablet::CheckUniqueOverSegments(const TabletIndex& index, const SegmentList& list) const {
  const Oid oid = index.spec().oid;
  std::string other;
  std::vector<Value> values, first_values;
  const auto violation = [&] {
    Status status = Error(ErrorCode::kUniqueViolation, "could not create unique index \"{}\"",
                          index.spec().name)
                        .Constraint(index.spec().name);
    if (index.spec().describe_duplicate)
      status.info().detail = index.spec().describe_duplicate(values);
    return status;
  };
  // Among segments.
  std::vector<std::unique_ptr<EntryStream>> streams;
  for (const SegmentList::Part& part : list.parts) {
    streams.push_back(std::make_unique<RunScan>(part.FindRun(oid)->file()));
  }
  EntryMerger entries(std::move(streams));
  std::string key;
  RowId row(0);
  bool counted = false;  // whether `row` has the key now
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, entries.Next());
    if (!more) break;
    if (row.value == 0 || entries.key() != key) {
      key.assign(entries.key());
      row = entries.row();
      counted = false;
      continue;
    }
    EpochGuard guard(epochs_);
    if (!counted) {
      ASSIGN_OR_RETURN(counted, HasKeyNow(index, list, row, key, &other, &values));
    }
    if (entries.row() == row) continue;
    row = entries.row();
    ASSIGN_OR_RETURN(const bool has, HasKeyNow(index, list, row, key, &other, &values));
    if (has && counted) return violation();
    counted |= has;
  }
  // Between memory and segments.
  RowId next(0);
  std::string hot_key;
  for (;;) {
    EpochGuard guard(epochs_);
    uint64_t left;
    const RowDirectory::Slot* slot = rows_.FirstFrom(&next, &left);
    if (slot == nullptr) return Status::Ok();
    for (; left > 0; --left, ++slot, ++next.value) {
      const RowVersion* head = RowDirectory::HeadOf(*slot);
      bool has_null;
      if (head == nullptr || head->is_tombstone() ||
          !index.KeyOfVersion(schema(), *head, &hot_key, &has_null)) {
        continue;
      }
      Status failed;
      bool taken = false;
      for (const SegmentList::Part& part : list.parts) {
        RETURN_IF_ERROR(part.FindRun(oid)->ForEachWithKey(hot_key, [&](RowId holder) {
          if (holder == next) return true;
          Result<bool> has = HasKeyNow(index, list, holder, hot_key, &other, &values);
          if (!has.ok()) failed = std::move(has).status();
          taken = has.ok() && *has;
          return failed.ok() && !taken;
        }));
        RETURN_IF_ERROR(std::move(failed));
        if (taken) return violation();
      }
    }
  }
}

Status Tablet::AddRuns(const TabletIndex& index) {
  const std::shared_ptr<const SegmentList> list = segment_list();
  if (list == nullptr) return Status::Ok();
  bool built = false;
  ASSIGN_OR_RETURN(std::shared_ptr<const SegmentList> with, WithRuns(*this, index, list, &built));
  if (built && index.spec().unique) RETURN_IF_ERROR(CheckUniqueOverSegments(index, *with));
  if (with != list) PublishSegments(std::move(with));
  return Status::Ok();
}

Status Tablet::RenewRuns(const TabletIndex& index) {
  const std::shared_ptr<const SegmentList> list = segment_list();
  if (list == nullptr) return Status::Ok();
  std::shared_ptr<const SegmentList> without = WithoutRuns(*list, index.spec().oid);
  bool built = false;
  ASSIGN_OR_RETURN(std::shared_ptr<const SegmentList> with,
                   WithRuns(*this, index, std::move(without), &built));
  PublishSegments(std::move(with));
  return Status::Ok();
}

void Tablet::RemoveRuns(Oid index) {
  const std::shared_ptr<const SegmentList> list = segment_list();
  if (list != nullptr) PublishSegments(WithoutRuns(*list, index));
}

Status Tablet::CheckSegmentSchemas() const {
  const std::shared_ptr<const SegmentList> list = segment_list();
  if (list == nullptr) return Status::Ok();
  RETURN_IF_ERROR(CheckSchemas(*this, list->parts, schema()));
  if (list->past.parts.empty()) return Status::Ok();
  return CheckSchemas(*this, list->past.parts, *MakePastSchema(schema()));
}

}  // namespace oxibase
