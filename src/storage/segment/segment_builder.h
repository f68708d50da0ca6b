#pragma once

#include <memory>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "storage/index/entry_sorter.h"
#include "storage/mvcc/tablet.h"
#include "storage/segment/segment_list.h"
#include "storage/segment/segment_store.h"
#include "storage/segment/segment_writer.h"

namespace oxibase {

/// Writes a segment of a tablet with a run for each of its indexes. Not thread-safe. Files that are
/// not finished are removed.
class SegmentBuilder {
 public:
  static Result<std::unique_ptr<SegmentBuilder>> Create(SegmentStore& store, Tablet& tablet,
                                                        Timestamp as_of);
  /// A private segment. Its files need not be durable, since the log gets a copy.
  static Result<std::unique_ptr<SegmentBuilder>> CreatePrivate(SegmentStore& store, Tablet& tablet,
                                                               std::shared_ptr<PrivateRows> rows);

  /// As SegmentWriter::Add, and notes the row's keys.
  Status Add(RowId id, Timestamp begin, SchemaVersion version, ByteSpan row);
  bool group_is_full() const { return writer_->group_is_full(); }
  Status FlushFullGroup() { return writer_->FlushFullGroup(); }
  /// REQUIRES: after all rows; ids rise
  Status AddRemoved(RowId id) {
    is_empty_ = false;
    return writer_->AddRemoved(id);
  }

  /// Nothing was added: there is no need to finish it.
  bool is_empty() const { return is_empty_; }
  /// After Finish, of all files.
  uint64_t file_bytes() const { return file_bytes_; }

  /// Writes the rest, syncs the files and opens them. Their names are durable once the folder is
  /// synced.
  Result<SegmentList::Part> Finish();

 private:
  struct Keys {
    std::shared_ptr<TabletIndex> index;
    std::unique_ptr<EntrySorter> sorter;
  };

  SegmentBuilder(SegmentStore& store, Tablet& tablet, std::shared_ptr<PrivateRows> private_rows)
      : store_(store),
        tablet_(tablet),
        file_(store.NewFile()),
        private_rows_(std::move(private_rows)) {}
  Status Begin(Timestamp as_of);

  SegmentStore& store_;
  Tablet& tablet_;
  SegmentStore::Held file_;
  std::shared_ptr<PrivateRows> private_rows_;
  std::unique_ptr<SegmentWriter> writer_;
  std::vector<Keys> keys_;
  std::string key_;
  uint64_t file_bytes_ = 0;
  bool is_empty_ = true;
};

/// Sorts entries and makes a run of them, which is synced if it is to be `durable`.
Result<SegmentList::Run> WriteRun(SegmentStore& store, TabletId tablet, const TabletIndex& index,
                                  EntrySorter& entries, bool durable, uint64_t* file_bytes);

/// Makes the run of an index for a segment that has none. Errors: of reading and writing files.
Result<SegmentList::Run> BuildRun(SegmentStore& store, const Tablet& tablet,
                                  const TabletIndex& index, const FrozenSegment& segment);

}  // namespace oxibase
