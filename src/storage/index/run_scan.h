#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "storage/index/entry_stream.h"
#include "storage/index/run_file.h"

namespace oxibase {

/// All entries of a run, read from the file in large pieces and not through a cache: for those who
/// pass through once.
class RunScan final : public EntryStream {
 public:
  /// The run outlives it.
  explicit RunScan(const RunFile& run);

  Result<bool> Next() override;
  std::string_view key() const override { return key_; }
  RowId row() const override { return leaf_->row(entry_); }

 private:
  static constexpr size_t kWindowBytes = 256 << 10;

  struct Level {
    std::unique_ptr<RunBlock> owned;  // null: the root
    const RunBlock* node = nullptr;
    uint32_t child = 0;
  };

  /// The leaf behind this one; `leaf_` is null if there is none.
  Status NextLeaf();
  Result<BlockBytes> Read(const BlockRef& where);
  void SetKey();

  const RunFile& run_;
  std::vector<Level> levels_;  // root first
  bool begun_ = false;
  std::unique_ptr<RunBlock> leaf_;
  uint32_t entry_ = 0;
  uint32_t key_idx_ = 0;
  std::string key_;
  uint64_t window_at_ = 0;
  std::vector<std::byte> window_;
};

}  // namespace oxibase
