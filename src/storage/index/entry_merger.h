#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/index/entry_stream.h"

namespace oxibase {

/// The entries of several streams as one, in order, each once.
class EntryMerger final : public EntryStream {
 public:
  /// Whether an entry that stands in the stream with this number stays. One that stands in several
  /// stays if any of them says so.
  using Keep = std::function<Result<bool>(std::string_view key, RowId row, size_t stream)>;

  /// Without `keep` all stay.
  explicit EntryMerger(std::vector<std::unique_ptr<EntryStream>> streams, Keep keep = nullptr)
      : streams_(std::move(streams)), keep_(std::move(keep)) {}

  Result<bool> Next() override;
  std::string_view key() const override { return key_; }
  RowId row() const override { return row_; }

 private:
  /// Whether stream a's entry comes before b's; of equal ones the first stream's does.
  bool IsBefore(size_t a, size_t b) const;
  void SiftDown(size_t at);
  /// Moves the stream at the top of the heap on.
  Status Advance();

  const std::vector<std::unique_ptr<EntryStream>> streams_;
  const Keep keep_;
  std::vector<size_t> heap_;  // streams that stand on an entry, the least first
  bool begun_ = false;
  std::string key_;
  RowId row_;
};

}  // namespace oxibase
