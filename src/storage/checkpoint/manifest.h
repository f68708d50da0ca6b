#pragma once
// What a checkpoint is: the list of its files. Written last, under a new name, atomically; the one
// with the highest number counts. A damaged one is an error and not a reason to take the one
// before, whose log is gone.
//
//   file "manifest-<16 hexadecimal digits>":
//     0  8  "OXIMANI\n"
//     8  4  format version, 3; 2 is read too: it has no superseded versions; 1 as well, which has
//           no runs and no counts of live rows either
//    12  4  CRC-32C of all that follows
//    16 16  the database's identity
//    32     the body: varints and byte strings, see Encode

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "env/file_system.h"
#include "storage/wal/wal_manager.h"

namespace oxibase {

struct Manifest {
  struct Run {
    Oid index = 0;
    uint64_t number = 0;  // names the file
  };
  struct Segment {
    uint64_t number = 0;  // names the file
    uint64_t file_bytes = 0;
    uint64_t row_count = 0;
    uint64_t removed_count = 0;
    Timestamp as_of;
    std::vector<Run> runs;  // by index
  };
  /// As in SegmentList.
  struct Past {
    Timestamp from = Timestamp::Max();
    Timestamp until;
    uint64_t shape = 0;
    std::vector<Segment> segments;  // oldest first

    bool is_kept() const { return from != Timestamp::Max(); }
  };
  struct TabletFiles {
    TabletId tablet;
    RowId next_row_id;  // ids below it may have been given out
    uint64_t live_rows = 0;
    std::vector<Segment> segments;  // oldest first; a later one's rows and removals count
    Past past;
  };

  uint64_t number = 0;
  /// Holds all commits up to here and none above.
  Timestamp as_of;
  TxnId highest_txn;
  WalPosition wal;
  uint64_t next_file_number = 1;
  std::vector<TabletFiles> tablets;
  std::vector<SequenceState> sequences;

  std::vector<std::byte> Encode(const DatabaseIdentity& identity) const;
  /// `path` is for messages. kDataCorrupted, or kFeatureNotSupported for a newer format.
  static Result<Manifest> Decode(ByteSpan bytes, const DatabaseIdentity& identity,
                                 const std::string& path);
};

/// "manifest-000000000000002a", and back; empty if `name` is none.
std::string ManifestName(uint64_t number);
std::optional<uint64_t> ParseManifestName(std::string_view name);

}  // namespace oxibase
