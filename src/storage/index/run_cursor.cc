#include <algorithm>
#include <limits>
#include <vector>

#include "storage/index/index_run.h"

namespace oxibase {

Result<const RunBlock*> RunCursor::NodeAt(size_t level) {
  if (level == 0) return run_->file_->root();
  return run_->Node(levels_[level].where, level + 1 == levels_.size());
}

template <typename Choose>
Status RunCursor::Descend(size_t level, Choose choose) {
  leaf_ = nullptr;
  for (;; ++level) {
    ASSIGN_OR_RETURN(const RunBlock* node, NodeAt(level));
    const BlockRef child = node->child(levels_[level].child);
    if (level + 1 == levels_.size()) {
      leaf_where_ = child;
      const Status status = LoadLeaf();
      if (!status.ok()) leaf_where_ = {};
      return status;
    }
    levels_[level + 1].where = child;
    auto below = NodeAt(level + 1);
    if (!below.ok()) return std::move(below).status();
    levels_[level + 1].child = choose(**below);
  }
}

template <typename Choose>
Status RunCursor::DescendFromRoot(Choose choose) {
  leaf_where_ = {};
  leaf_ = nullptr;
  const RunBlock* root = run_->file_->root();
  if (root == nullptr) return Status::Ok();
  levels_.resize(run_->file_->footer().levels);
  levels_[0] = {{}, choose(*root)};
  return Descend(0, choose);
}

Status RunCursor::SeekAtOrAfter(std::string_view key, RowId row) {
  RETURN_IF_ERROR(DescendFromRoot([&](const RunBlock& node) { return node.ChildFor(key, row); }));
  if (!valid()) return Status::Ok();
  entry_ = leaf_->LowerBound(key, row);
  return entry_ < leaf_->entries() ? Status::Ok() : NextLeaf();
}

Status RunCursor::SeekBefore(std::string_view key, RowId row) {
  RETURN_IF_ERROR(DescendFromRoot([&](const RunBlock& node) { return node.ChildFor(key, row); }));
  if (!valid()) return Status::Ok();
  entry_ = leaf_->LowerBound(key, row);
  if (entry_ == 0) return PreviousLeaf();
  --entry_;
  return Status::Ok();
}

Status RunCursor::SeekFirst() {
  entry_ = 0;
  return DescendFromRoot([](const RunBlock&) { return 0u; });
}

Status RunCursor::SeekLast() {
  RETURN_IF_ERROR(DescendFromRoot([](const RunBlock& node) { return node.entries() - 1; }));
  if (valid()) entry_ = leaf_->entries() - 1;
  return Status::Ok();
}

Status RunCursor::LoadLeaf() {
  if (leaf_ != nullptr) return Status::Ok();
  auto leaf = run_->Leaf(leaf_where_);
  if (!leaf.ok()) {
    leaf_where_ = {};
    return std::move(leaf).status();
  }
  leaf_ = *leaf;
  return Status::Ok();
}

Status RunCursor::Ended() {
  leaf_where_ = {};
  leaf_ = nullptr;
  return Status::Ok();
}

Status RunCursor::NextLeaf() {
  leaf_where_ = {};
  for (size_t level = levels_.size(); level-- > 0;) {
    ASSIGN_OR_RETURN(const RunBlock* node, NodeAt(level));
    if (levels_[level].child + 1 == node->entries()) continue;
    ++levels_[level].child;
    entry_ = 0;
    return Descend(level, [](const RunBlock&) { return 0u; });
  }
  return Ended();
}

Status RunCursor::PreviousLeaf() {
  leaf_where_ = {};
  for (size_t level = levels_.size(); level-- > 0;) {
    if (levels_[level].child == 0) continue;
    --levels_[level].child;
    RETURN_IF_ERROR(Descend(level, [](const RunBlock& node) { return node.entries() - 1; }));
    entry_ = leaf_->entries() - 1;
    return Status::Ok();
  }
  return Ended();
}

Status RunCursor::Next() {
  RETURN_IF_ERROR(LoadLeaf());
  return ++entry_ < leaf_->entries() ? Status::Ok() : NextLeaf();
}

Status RunCursor::Previous() {
  RETURN_IF_ERROR(LoadLeaf());
  if (entry_ == 0) return PreviousLeaf();
  --entry_;
  return Status::Ok();
}

Result<std::string_view> RunCursor::Key() {
  RETURN_IF_ERROR(LoadLeaf());
  key_.assign(leaf_->prefix());
  key_ += leaf_->suffix(entry_);
  return std::string_view(key_);
}

Result<RowId> RunCursor::Row() {
  RETURN_IF_ERROR(LoadLeaf());
  return leaf_->row(entry_);
}

void RunCursor::AppendTo(RunBatch& out, uint32_t entry, uint32_t* key) {
  const uint32_t key_idx = leaf_->KeyOf(entry);
  if (*key == key_idx) {
    out.entries_.push_back(out.entries_.back());
    out.entries_.back().row = leaf_->row(entry);
    return;
  }
  *key = key_idx;
  const std::string_view suffix = leaf_->suffix(entry);
  out.entries_.push_back({static_cast<uint32_t>(out.bytes_.size()),
                          static_cast<uint32_t>(leaf_->prefix().size() + suffix.size()),
                          leaf_->row(entry)});
  out.bytes_ += leaf_->prefix();
  out.bytes_ += suffix;
}

Status RunCursor::ReadForward(RunBatch& out, size_t max, const std::string_view* end) {
  while (max > 0 && valid()) {
    RETURN_IF_ERROR(LoadLeaf());
    const uint32_t stop = end == nullptr ? leaf_->entries() : leaf_->LowerBound(*end, RowId(0));
    uint32_t key = std::numeric_limits<uint32_t>::max();
    for (; entry_ < stop && max > 0; ++entry_, --max) AppendTo(out, entry_, &key);
    if (entry_ < stop) return Status::Ok();
    if (stop < leaf_->entries()) return Ended();
    RETURN_IF_ERROR(NextLeaf());
  }
  return Status::Ok();
}

Status RunCursor::ReadBackward(RunBatch& out, size_t max, const std::string_view* begin) {
  while (max > 0 && valid()) {
    RETURN_IF_ERROR(LoadLeaf());
    const uint32_t stop = begin == nullptr ? 0 : leaf_->LowerBound(*begin, RowId(0));
    uint32_t key = std::numeric_limits<uint32_t>::max();
    uint32_t above = entry_ + 1;  // entries below it are to be read
    for (; above > stop && max > 0; --above, --max) AppendTo(out, above - 1, &key);
    if (above > stop) {
      entry_ = above - 1;
      return Status::Ok();
    }
    if (stop > 0) return Ended();
    RETURN_IF_ERROR(PreviousLeaf());
  }
  return Status::Ok();
}

Status RunCursor::CollectLeaf(RowSet& rows, const std::string_view* end) {
  RETURN_IF_ERROR(LoadLeaf());
  const RunBlock& leaf = *leaf_;
  const uint32_t until = end != nullptr ? leaf.LowerBound(*end, RowId(0)) : leaf.entries();
  std::vector<uint64_t> ids;
  for (uint32_t at = entry_; at < until;) {
    const uint32_t key_end = std::min(until, leaf.FirstEntry(leaf.KeyOf(at) + 1));
    ids.clear();
    for (; at < key_end; ++at) ids.push_back(leaf.row(at).value);
    rows.AddAscending(ids);
  }
  return until < leaf.entries() ? Ended() : NextLeaf();
}

}  // namespace oxibase
