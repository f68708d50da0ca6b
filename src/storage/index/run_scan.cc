#include "storage/index/run_scan.h"

#include <algorithm>
#include <cstring>

namespace oxibase {

RunScan::RunScan(const RunFile& run) : run_(run), levels_(run.footer().levels) {}

Result<bool> RunScan::Next() {
  if (!begun_) {
    begun_ = true;
    RETURN_IF_ERROR(NextLeaf());
  } else if (leaf_ == nullptr) {
    return false;
  } else if (++entry_ == leaf_->entries()) {
    RETURN_IF_ERROR(NextLeaf());
  } else {
    if (leaf_->KeyOf(entry_) != key_idx_) SetKey();
    return true;
  }
  if (leaf_ == nullptr) return false;
  SetKey();
  return true;
}

void RunScan::SetKey() {
  key_idx_ = leaf_->KeyOf(entry_);
  key_.assign(leaf_->prefix());
  key_ += leaf_->suffix(entry_);
}

Status RunScan::NextLeaf() {
  const bool is_first = leaf_ == nullptr;
  leaf_.reset();
  entry_ = 0;
  if (levels_.empty()) return Status::Ok();
  size_t level = 0;
  if (is_first) {
    levels_[0].node = run_.root();
  } else {
    level = levels_.size() - 1;
    while (levels_[level].child + 1 == levels_[level].node->entries()) {
      if (level == 0) return Status::Ok();
      --level;
    }
    ++levels_[level].child;
  }
  while (true) {
    const BlockRef child = levels_[level].node->child(levels_[level].child);
    if (level + 1 == levels_.size()) {
      ASSIGN_OR_RETURN(BlockBytes bytes, Read(child));
      ASSIGN_OR_RETURN(leaf_, run_.DecodeLeaf(child, std::move(bytes)));
      return Status::Ok();
    }
    ++level;
    ASSIGN_OR_RETURN(levels_[level].owned, run_.LoadNode(child, level + 1 == levels_.size()));
    levels_[level].node = levels_[level].owned.get();
    levels_[level].child = 0;
  }
}

Result<BlockBytes> RunScan::Read(const BlockRef& where) {
  RETURN_IF_ERROR(run_.Check(where));
  if (where.offset < window_at_ || where.offset + where.bytes > window_at_ + window_.size()) {
    const uint64_t left = run_.file_bytes() - where.offset;
    window_.resize(std::min<uint64_t>(left, std::max<uint64_t>(where.bytes, kWindowBytes)));
    window_at_ = where.offset;
    Status read = run_.file().ReadExactlyAt(where.offset, window_);
    if (!read.ok()) {
      window_.clear();
      return LocateBlock(std::move(read), kRunFileKind, run_.path(), where.offset);
    }
  }
  BlockBytes bytes(where.bytes);
  std::memcpy(bytes.data.get(), window_.data() + (where.offset - window_at_), where.bytes);
  return bytes;
}

}  // namespace oxibase
