#include "exec/spill_partitions.h"

namespace oxibase {

Status SpillPartitions::Add(std::span<const Vector* const> columns, const uint64_t* hashes,
                            const uint32_t* sel, uint32_t count) {
  // Rows of each part, one part after another.
  uint32_t starts[kCount + 1] = {};
  for (uint32_t i = 0; i < count; ++i) ++starts[Of(hashes[sel ? sel[i] : i]) + 1];
  for (uint32_t part = 0; part < kCount; ++part) starts[part + 1] += starts[part];
  uint32_t next[kCount];
  std::copy_n(starts, kCount, next);
  uint32_t rows[kVectorSize];
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t row = sel ? sel[i] : i;
    rows[next[Of(hashes[row])]++] = row;
  }
  for (uint32_t part = 0; part < kCount; ++part) {
    const uint32_t own = starts[part + 1] - starts[part];
    if (own == 0) continue;
    if (!parts_[part]) {
      ASSIGN_OR_RETURN(auto file, state_.Temp());
      parts_[part] = std::make_unique<SpilledRows>(std::move(file), types_);
    }
    RETURN_IF_ERROR(parts_[part]->Append(columns, rows + starts[part], own));
  }
  return {};
}

Status SpillPartitions::Finish() {
  for (const auto& part : parts_) {
    if (part) RETURN_IF_ERROR(part->Finish());
  }
  return {};
}

uint64_t SpillPartitions::disk_bytes() const {
  uint64_t bytes = 0;
  for (const auto& part : parts_) {
    if (part) bytes += part->disk_bytes();
  }
  return bytes;
}

uint64_t SpillPartitions::rows() const {
  uint64_t rows = 0;
  for (const auto& part : parts_) {
    if (part) rows += part->rows();
  }
  return rows;
}

size_t SpillPartitions::bytes() const {
  size_t bytes = 0;
  for (const auto& part : parts_) {
    if (part) bytes += SpilledRows::kWriterBytes;
  }
  return bytes;
}

}  // namespace oxibase
