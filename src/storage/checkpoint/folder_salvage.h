#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "env/file_system.h"
#include "storage/checkpoint/manifest.h"
#include "storage/segment/segment_format.h"
#include "storage/wal/wal_format.h"

namespace oxibase {

/// Makes of a damaged data folder one that opens, with what is whole in it. Changes the folder:
/// meant for an OverlayFileSystem. Indexes are left out, since opening can make them anew.
///
///   OXIBASE    its identity is taken from the other files
///   manifest   the one before counts, if it is there; else one is made of the segments found
///   segments   are written anew without the groups that are damaged; versions in older segments
///              of rows that are known to be lost are taken away
///   log        ends before its damage
///
/// Where it cannot be told whether a row of an older segment was changed or removed later, because
/// what said so is lost, the row is left out, or kept, as the options say. Rows of the catalog are
/// always kept. Not thread-safe.
class FolderSalvage {
 public:
  FolderSalvage(FileSystem& files, std::string path, bool keep_undecided)
      : files_(files), path_(std::move(path)), keep_undecided_(keep_undecided) {}

  /// Errors: kUndefinedFile: there is no database, or nothing that says which one it was. Else the
  /// system's.
  Status Run();

  struct Loss {
    TabletId tablet;  // 0: none
    std::string text;
  };
  /// What is damaged and what is lost by that, with file and offset.
  const std::vector<Loss>& losses() const { return losses_; }
  struct TabletCounts {
    uint64_t lost = 0;       // rows in damaged groups
    uint64_t undecided = 0;  // rows of older segments that may be outdated
  };
  const std::map<TabletId, TabletCounts>& counts() const { return counts_; }
  bool has_undecided() const;

  /// Transactions behind damage in the log, which are not replayed.
  const std::vector<std::string>& not_applied() const { return not_applied_; }
  uint64_t not_applied_transactions() const { return not_applied_transactions_; }

  /// The columns that each tablet's segments have had, by schema version: for tables whose
  /// definition is lost.
  const std::map<TabletId, std::map<SchemaVersion, SegmentFooter::Schema>>& schemas() const {
    return schemas_;
  }
  /// Definitions of tables may be lost.
  bool catalog_is_damaged() const;
  /// The positions of sequences are not known.
  bool sequences_lost() const { return sequences_lost_; }

 private:
  void Lose(std::string text, TabletId tablet = {}) {
    losses_.push_back({tablet, std::move(text)});
  }
  Status FindIdentity();
  Status FindManifest();
  bool HasItsFiles(const Manifest& manifest) const;
  Status RebuildManifest();
  Status SalvageTablet(Manifest::TabletFiles& tablet);
  Status SalvageLog();
  Status WriteManifest();

  FileSystem& files_;
  const std::string path_;
  const bool keep_undecided_;
  DatabaseIdentity identity_{};
  bool is_new_ = false;
  uint64_t newest_manifest_ = 0;
  bool is_rebuilt_ = false;
  Manifest manifest_;
  std::vector<Loss> losses_;
  std::map<TabletId, TabletCounts> counts_;
  std::map<TabletId, std::map<SchemaVersion, SegmentFooter::Schema>> schemas_;
  std::vector<std::string> not_applied_;
  uint64_t not_applied_transactions_ = 0;
  bool sequences_lost_ = false;
};

}  // namespace oxibase
