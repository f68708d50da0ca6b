#pragma once
// Superseded versions on disk. A history segment is a segment (segment_format.h) whose row ids
// count its versions from 1 on, in order of the rows' ids and, of a row, of their begins. It has no
// index runs, and its schemas have two columns more than the table's:
//   -1  int8  the row's id
//   -2  int8  the timestamp at which the version ended

#include <memory>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "storage/mvcc/row_layout.h"
#include "storage/segment/segment_list.h"
#include "storage/segment/segment_store.h"
#include "storage/segment/segment_writer.h"

namespace oxibase {

inline constexpr ColumnId kPastRowColumn{-1};
inline constexpr ColumnId kPastEndColumn{-2};

/// A version that is seen in [begin, end).
struct PastEntry {
  RowId row;
  Timestamp begin;
  Timestamp end;
  SchemaVersion version = 0;

  bool IsBefore(const PastEntry& other) const {
    return row != other.row ? row < other.row : begin < other.begin;
  }
};

/// Whether a segment with this footer is one of history.
bool IsPastSegment(const SegmentFooter& footer);

/// The schemas of a table's history segments.
std::shared_ptr<const TableSchema> MakePastSchema(const TableSchema& schema);

/// Writes one. Not thread-safe. A file that is not finished is removed.
class PastWriter {
 public:
  /// `schema` is the table's, and outlives it.
  static Result<std::unique_ptr<PastWriter>> Create(SegmentStore& store, TabletId tablet,
                                                    const TableSchema& schema, Timestamp as_of);

  /// `row` in the table's form. REQUIRES: not before the entry added last
  Status Add(const PastEntry& entry, ByteSpan row);
  /// `row` in a history segment's form.
  Status AddWhole(const PastEntry& entry, ByteSpan row);
  Status FlushFullGroup() { return writer_->FlushFullGroup(); }
  const TableSchema& schema() const { return *schema_; }

  uint64_t count() const { return next_ - 1; }
  /// After Finish.
  uint64_t file_bytes() const { return writer_->file_bytes(); }
  /// Writes the rest, syncs and opens it.
  Result<SegmentList::Part> Finish();

 private:
  PastWriter(SegmentStore& store, TabletId tablet, const TableSchema& schema,
             SegmentStore::Held file);

  SegmentStore& store_;
  const TabletId tablet_;
  const TableSchema& table_schema_;
  const std::shared_ptr<const TableSchema> schema_;
  SegmentStore::Held file_;
  std::unique_ptr<SegmentWriter> writer_;
  uint64_t next_ = 1;
  std::vector<std::byte> bytes_;
};

/// The versions of a history segment one after another. Not thread-safe.
class PastStream {
 public:
  /// The segment outlives it.
  explicit PastStream(const FrozenSegment& segment) : segment_(segment) {}

  /// Goes to the next one, at first to the first. False when there are no more. Errors: of reading.
  Result<bool> Next();
  const PastEntry& entry() const { return entry_; }
  /// In a history segment's form; good until the next call. `schema`: MakePastSchema's.
  Result<ByteSpan> ReadRow(const TableSchema& schema);

 private:
  Status LoadGroup();

  const FrozenSegment& segment_;
  uint32_t group_ = 0;
  uint32_t position_ = 0;
  bool begun_ = false;
  std::unique_ptr<DecodedColumn> begins_;
  std::vector<std::unique_ptr<DecodedColumn>> columns_;
  int row_column_ = -1;
  int end_column_ = -1;
  PastEntry entry_;
  std::vector<Vector> scratch_;
  std::vector<std::byte> bytes_;
};

}  // namespace oxibase
