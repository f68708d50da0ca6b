#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/status.h"
#include "env/file_system.h"
#include "storage/wal/wal_manager.h"
#include "storage/wal/wal_reader.h"

namespace oxibase {

/// Makes a log with damage one that ends before it, so that opening replays what lies in front.
/// Changes the files: meant for an OverlayFileSystem. Not thread-safe.
class LogSalvage {
 public:
  struct Options {
    std::string folder;
    DatabaseIdentity identity{};
    /// The checkpoint's; `replay_from` 0: it is not known, all of the log is to be replayed.
    WalPosition from;
  };
  LogSalvage(FileSystem& files, Options options) : files_(files), options_(std::move(options)) {}

  /// An error is the system's; damage is in what follows.
  Status Run();

  /// Whether anything can be replayed. If not, the log's files are gone (in the overlay).
  bool is_usable() const { return is_usable_; }
  /// Where replay begins, and what the log has that lies in front of the damage.
  Lsn replay_from() const { return replay_from_; }
  Lsn end() const { return end_; }
  /// It adds segments at or before `time`: these have to be passed over with what a checkpoint has.
  bool AddsFilesUpTo(Timestamp time) const { return first_files_ <= time; }
  TxnId highest_txn() const { return highest_txn_; }
  Timestamp highest_timestamp() const { return highest_timestamp_; }

  const std::vector<std::string>& damages() const { return damages_; }
  /// Good records behind the damage, which are not replayed: transactions, each in a line, the
  /// first kListedMax of them.
  const std::vector<std::string>& not_applied() const { return not_applied_; }
  uint64_t not_applied_transactions() const { return not_applied_transactions_; }

 private:
  static constexpr size_t kListedMax = 1000;

  bool is_position_known() const { return options_.from.replay_from.value != 0; }
  Status ReadNames();
  Status RepairHeaders();
  Status FindEnd(bool* is_damaged);
  /// A commit whose parts lie in files that are gone, since a checkpoint has them, means nothing.
  Status Void(const WalRecordHeader& header);
  Status ListBehind();
  Status List(const WalReader::Segment& segment);
  Status Cut();
  Status RemoveAll();

  FileSystem& files_;
  const Options options_;
  std::vector<WalReader::Segment> segments_;
  bool is_usable_ = false;
  Lsn replay_from_, end_;
  uint64_t last_index_ = 0;
  uint32_t last_epoch_ = 0;
  Timestamp first_files_ = Timestamp::Max();
  TxnId highest_txn_;
  Timestamp highest_timestamp_;
  std::vector<std::string> damages_;
  std::vector<std::string> not_applied_;
  uint64_t not_applied_transactions_ = 0;
};

}  // namespace oxibase
