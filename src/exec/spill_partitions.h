#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "exec/exec_state.h"
#include "exec/spilled_rows.h"

namespace oxibase {

/// Rows set aside on disk by the hash of their key, so that each part can be worked on alone. Parts
/// of parts go by other bits of the hash. Not thread-safe.
class SpillPartitions {
 public:
  static constexpr uint32_t kBits = 4;
  static constexpr uint32_t kCount = 1u << kBits;
  /// So often parts can be parted before bits are used again.
  static constexpr uint32_t kDepthMax = 64 / kBits - 1;

  SpillPartitions(std::vector<Type> types, uint32_t depth, ExecState& state)
      : state_(state), types_(std::move(types)), depth_(depth), parts_(kCount) {}

  uint32_t Of(uint64_t hash) const {
    const uint64_t mixed = hash * 0x9E3779B97F4A7C15;
    return static_cast<uint32_t>(mixed >> (64 - kBits * (depth_ % kDepthMax + 1))) & (kCount - 1);
  }
  uint32_t depth() const { return depth_; }

  /// Adds the rows sel[0..count) (all when `sel` is null) of `columns`; hashes go by row.
  Status Add(std::span<const Vector* const> columns, const uint64_t* hashes, const uint32_t* sel,
             uint32_t count);
  /// Whether there are rows in the part.
  bool Has(uint32_t part) const { return parts_[part] != nullptr; }
  Status Finish();
  /// Null: there are no rows in it.
  std::unique_ptr<SpilledRows> Take(uint32_t part) { return std::move(parts_[part]); }
  uint64_t disk_bytes() const;
  uint64_t rows() const;
  /// What writing holds in memory, roughly.
  size_t bytes() const;

 private:
  ExecState& state_;
  const std::vector<Type> types_;
  const uint32_t depth_;
  std::vector<std::unique_ptr<SpilledRows>> parts_;
};

}  // namespace oxibase
