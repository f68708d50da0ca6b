#include "storage/index/index_run.h"
namespace oxibase {

IndexRun::IndexRun(std::unique_ptr<RunFile> file, BlockCache& cache, MemoryTracker* parent)
    : file_(std::move(file)),
      cache_(cache),
      cache_file_(cache.NewFile()),
      memory_("index run", parent) {
  memory_.Add(static_cast<int64_t>(sizeof(IndexRun) + sizeof(RunFile) + min_key().size() +
                                   max_key().size() +
                                   (file_->root() != nullptr ? file_->root()->MemoryBytes() : 0)));
}

IndexRun::~IndexRun() { cache_.DropFile(cache_file_); }

Result<std::unique_ptr<IndexRun>> IndexRun::Open(FileSystem& files, const std::string& path,
                                                 TabletId tablet, Oid index,
                                                 const DatabaseIdentity& identity,
                                                 BlockCache& cache, MemoryTracker* parent) {
  ASSIGN_OR_RETURN(std::unique_ptr<RunFile> file,
                   RunFile::Open(files, path, tablet, index, identity));
  return std::unique_ptr<IndexRun>(new IndexRun(std::move(file), cache, parent));
}

Result<const RunBlock*> IndexRun::Node(const BlockRef& where, bool is_lowest) const {
  return cache_.Get<RunBlock>({cache_file_, where.offset},
                              [&] { return file_->LoadNode(where, is_lowest); });
}

Result<const RunBlock*> IndexRun::Leaf(const BlockRef& where) const {
  return cache_.Get<RunBlock>({cache_file_, where.offset}, [&] { return file_->LoadLeaf(where); });
}

Result<const RunBlock*> IndexRun::LowestNode(std::string_view key, RowId row) const {
  const RunBlock* node = file_->root();
  for (uint32_t above = file_->footer().levels - 1; above > 0; --above) {
    ASSIGN_OR_RETURN(node, Node(node->child(node->ChildFor(key, row)), above == 1));
  }
  return node;
}

Result<bool> IndexRun::FilterAllows(const RunBlock& node, std::string_view key) const {
  const RunFilterRef filter = node.filter();
  if (filter.blocks == 0) return true;
  const FilterProbe probe(key, filter.blocks);
  const BlockRef where = RunFile::FilterPageAt(filter, probe.page());
  ASSIGN_OR_RETURN(const FilterPage* page, cache_.Get<FilterPage>({cache_file_, where.offset}, [&] {
    return file_->LoadFilterPage(filter, probe.page());
  }));
  return page->MayContain(probe);
}

Result<bool> IndexRun::MayContain(std::string_view key) const {
  if (entries() == 0 || key < min_key() || key > max_key()) return false;
  // No separator lies between (key, 0) and the key's first entry, so this node has that entry, and
  // its filter has the key.
  ASSIGN_OR_RETURN(const RunBlock* node, LowestNode(key, RowId(0)));
  return FilterAllows(*node, key);
}

Status IndexRun::ForEachWithKey(std::string_view key, absl::FunctionRef<bool(RowId)> visit) const {
  if (entries() == 0 || key < min_key() || key > max_key()) return Status::Ok();
  ASSIGN_OR_RETURN(const RunBlock* node, LowestNode(key, RowId(0)));
  ASSIGN_OR_RETURN(const bool may, FilterAllows(*node, key));
  if (!may) return Status::Ok();
  ASSIGN_OR_RETURN(const RunBlock* leaf, Leaf(node->child(node->ChildFor(key, RowId(0)))));
  const uint32_t first = leaf->LowerBound(key, RowId(0));
  RowId next(1);
  if (first < leaf->entries()) {
    if (!leaf->HasKey(first, key)) return Status::Ok();
    const uint32_t end = leaf->FirstEntry(leaf->KeyOf(first) + 1);
    for (uint32_t entry = first; entry < end; ++entry)
      if (!visit(leaf->row(entry))) return Status::Ok();
    if (end < leaf->entries()) return Status::Ok();
    next = RowId(leaf->row(end - 1).value + 1);
  }
  // Others may be in the leaves behind.
  RunCursor cursor(*this);
  RETURN_IF_ERROR(cursor.SeekAtOrAfter(key, next));
  for (; cursor.valid() && cursor.leaf_->HasKey(cursor.entry_, key);) {
    if (!visit(cursor.leaf_->row(cursor.entry_))) break;
    RETURN_IF_ERROR(cursor.Next());
  }
  return Status::Ok();
}

Result<bool> IndexRun::Contains(std::string_view key, RowId row) const {
  ASSIGN_OR_RETURN(const bool may, MayContain(key));
  if (!may) return false;
  RunCursor cursor(*this);
  RETURN_IF_ERROR(cursor.SeekAtOrAfter(key, row));
  return cursor.valid() && cursor.leaf_->HasKey(cursor.entry_, key) &&
         cursor.leaf_->row(cursor.entry_) == row;
}

}  // namespace oxibase
