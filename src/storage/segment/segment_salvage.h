#pragma once

#include <cstdint>
#include <memory>
#include <roaring/roaring64map.hh>
#include <string>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "env/file_system.h"
#include "storage/segment/segment_format.h"
#include "storage/wal/wal_format.h"

namespace oxibase {

class SegmentReader;

/// What is whole in a segment's file, found out by reading all of it, and a copy with that alone.
/// Groups are whole or lost: a row that lacks a column is none. Not thread-safe.
class SegmentSalvage {
 public:
  struct Options {
    std::string path;
    TabletId tablet;
    uint64_t number = 0;
    DatabaseIdentity identity{};
    Timestamp as_of;
    /// What the manifest says; UINT64_MAX: it is not known.
    uint64_t row_count = UINT64_MAX;
    uint64_t removed_count = UINT64_MAX;
  };
  explicit SegmentSalvage(Options options) : options_(std::move(options)) {}

  /// Reads the file. A header whose checksum is wrong is written anew first. An error is the
  /// system's; damage is in what follows.
  Status Read(FileSystem& files);

  /// Nothing of the file can be read: its footer is damaged, or it is another file or none.
  bool is_lost() const { return footer_.tablet.value == 0; }
  /// Neither damage nor anything to be changed.
  bool is_whole() const { return damages_.empty(); }
  const std::vector<std::string>& damages() const { return damages_; }
  /// As the file has it, without what is damaged.
  const SegmentFooter& footer() const { return footer_; }

  const Roaring64Map& rows() const { return rows_; }        // that are whole
  const Roaring64Map& removed() const { return removed_; }  // rows of older segments
  /// Rows that were here and are lost; versions in older segments are outdated.
  const Roaring64Map& lost() const { return lost_; }
  uint64_t lost_rows() const { return lost_rows_; }  // with those whose ids are not known
  /// Ids, from first to last, about which the file said something that cannot be read: rows of
  /// older segments there may be outdated.
  const std::vector<std::pair<uint64_t, uint64_t>>& unknown() const { return unknown_; }

  /// Writes the file anew in its place, with the groups that are whole, and `removed`. After a
  /// file that is lost, one without rows. Counts in footer() are those of the new file afterwards.
  Status Write(FileSystem& files, const Roaring64Map& removed);

 private:
  Status RepairHeader(FileSystem& files);
  bool IsMeant(const SegmentFooter& footer) const;
  /// Whether its rows are whole. Blocks that say nothing new are replaced.
  Status ReadGroup(const SegmentReader& reader, const SegmentFooter::Group& group, bool* good);
  void ReadRemoved(const SegmentReader& reader);
  Status Append(std::vector<std::byte>* block, BlockRef* where);

  const Options options_;
  SegmentFooter footer_;
  /// Blocks that are to replace damaged ones, by their group's first row id.
  struct Replaced {
    uint64_t first;
    bool are_begins;
    std::vector<uint64_t> words;
  };
  std::vector<Replaced> replaced_;
  std::vector<std::string> damages_;
  Roaring64Map rows_, removed_, lost_;
  uint64_t lost_rows_ = 0;
  std::vector<std::pair<uint64_t, uint64_t>> unknown_;
  std::unique_ptr<File> file_;  // that is written
};

}  // namespace oxibase
