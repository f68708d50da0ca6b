#include "storage/index/run_writer.h"

#include <algorithm>
#include <cstring>

#include "storage/byte_codec.h"
#include "storage/checksum.h"
#include "storage/index/run_filter.h"

namespace oxibase {
namespace {

constexpr size_t kBufferBytes = 1 << 20;
// Keys are kept whole in a block's memory: few long ones make a block.
constexpr size_t kBlockKeyBytes = 64 << 10;

bool IsFull(const RunBlockBuilder& block, size_t bytes) {
  return block.content_bytes() >= bytes || block.entries() == kRunBlockEntriesMax ||
         block.key_bytes() >= kBlockKeyBytes;
}

}  // namespace

RunWriter::~RunWriter() {
  if (finished_) return;
  file_.reset();
  files_.Remove(options_.path).Ignore("the next opening removes what no manifest names");
}

Result<std::unique_ptr<RunWriter>> RunWriter::Create(FileSystem& files, const Options& options) {
  std::unique_ptr<RunWriter> writer(new RunWriter(files, options));
  ASSIGN_OR_RETURN(writer->file_, files.Open(options.path, OpenMode::kCreateOrEmpty));
  writer->footer_.tablet = options.tablet;
  writer->footer_.index = options.index;
  std::byte header[kRunHeaderBytes] = {};
  std::memcpy(header, "OXIRUN\r\n", 8);
  StoreLe<uint32_t>(header + 8, kRunFormatVersion);
  StoreLe(header + 16, options.tablet.value);
  StoreLe(header + 24, options.number);
  std::memcpy(header + 32, options.identity.data(), options.identity.size());
  StoreLe(header + 48, options.index);
  StoreLe(header + 12, Crc32c({header + 16, kRunHeaderBytes - 16}));
  ByteWriter(writer->buffer_).Raw(header);
  return writer;
}

Status RunWriter::Add(std::string_view key, RowId row) {
  if (key.size() > kRunKeyBytesMax)
    return Error(ErrorCode::kProgramLimitExceeded, "index row size {} exceeds maximum {}",
                 key.size(), kRunKeyBytesMax);
  const bool is_first = footer_.entries == 0;
  const bool new_key = is_first || key != last_key_;
  OXI_DCHECK(is_first || last_key_ < key || (last_key_ == key && last_row_ < row));
  if (LeafIsFull()) {
    RETURN_IF_ERROR(FlushLeaf());
    // The shortest that is greater than the entry before and not greater than this one.
    if (new_key) {
      size_t shared = 0;
      while (shared < last_key_.size() && last_key_[shared] == key[shared]) ++shared;
      separator_.assign(key.substr(0, shared + 1));
      separator_row_ = RowId(0);
    } else {
      separator_.assign(key);
      separator_row_ = row;
    }
  }
  leaf_.Add(key, row);
  if (is_first) footer_.min_key.assign(key);
  ++footer_.entries;
  if (new_key) {
    ++footer_.keys;
    last_key_.assign(key);
  }
  // A key whose entries go over into the next node's leaves is in both filters.
  if (options_.durable && (new_key || leaf_.entries() == 1)) hashes_.push_back(HashBytes(key));
  last_row_ = row;
  return Status::Ok();
}

Status RunWriter::AddAll(EntryStream& entries) {
  while (true) {
    ASSIGN_OR_RETURN(const bool more, entries.Next());
    if (!more) return Status::Ok();
    RETURN_IF_ERROR(Add(entries.key(), entries.row()));
  }
}

bool RunWriter::LeafIsFull() const {
  if (options_.bitmap_entries == 0) return IsFull(leaf_, options_.leaf_bytes);
  return leaf_.entries() == options_.bitmap_entries || leaf_.key_bytes() >= kBlockKeyBytes;
}

Status RunWriter::FlushLeaf() {
  content_.clear();
  const bool bitmap = options_.bitmap_entries != 0;
  if (bitmap) {
    leaf_.EncodeBitmapLeaf(content_);
  } else {
    leaf_.EncodeLeaf(content_);
  }
  ASSIGN_OR_RETURN(
      const BlockRef where,
      PutBlock(bitmap ? RunEncoding::kBitmapLeaf : RunEncoding::kLeaf, content_, Compress::kFast));
  leaf_.Clear();
  return AddChild(0, separator_, separator_row_, where);
}

Status RunWriter::AddChild(size_t level, std::string_view key, RowId row, BlockRef child) {
  if (level == levels_.size()) levels_.push_back(std::make_unique<RunBlockBuilder>());
  levels_[level]->AddChild(key, row, child);
  return IsFull(*levels_[level], options_.node_bytes) ? FlushNode(level) : Status::Ok();
}

Status RunWriter::FlushNode(size_t level) {
  RunBlockBuilder& node = *levels_[level];
  RunFilterRef filter;
  if (level == 0) RETURN_IF_ERROR(PutFilter(&filter));
  content_.clear();
  node.EncodeNode(level == 0, filter, content_);
  ASSIGN_OR_RETURN(const BlockRef where, PutBlock(RunEncoding::kNode, content_, Compress::kFast));
  const std::string key(node.first_key());
  const RowId row = node.first_row();
  node.Clear();
  return AddChild(level + 1, key, row, where);
}

Status RunWriter::PutFilter(RunFilterRef* filter) {
  if (!options_.durable) return Status::Ok();
  const std::vector<uint32_t> words = BuildFilter(hashes_);
  hashes_.clear();
  const ByteSpan bytes = std::as_bytes(std::span(words));
  filter->offset = position();
  filter->blocks = bytes.size() / kFilterBlockBytes;
  constexpr size_t kPageBytes = size_t{kFilterPageBlocks} * kFilterBlockBytes;
  for (size_t at = 0; at < bytes.size(); at += kPageBytes) {
    const ByteSpan page = bytes.subspan(at, std::min(kPageBytes, bytes.size() - at));
    RETURN_IF_ERROR(PutBlock(RunEncoding::kFilter, page, Compress::kNever).status());
  }
  return Status::Ok();
}

Status RunWriter::Finish() {
  std::vector<std::byte> root;
  footer_.max_key = last_key_;
  if (!leaf_.empty()) RETURN_IF_ERROR(FlushLeaf());
  // Flushing a level may open one above.
  for (size_t level = 0; level < levels_.size(); ++level) {
    if (level + 1 < levels_.size()) {
      if (!levels_[level]->empty()) RETURN_IF_ERROR(FlushNode(level));
      continue;
    }
    RunFilterRef filter;
    if (level == 0) RETURN_IF_ERROR(PutFilter(&filter));
    levels_[level]->EncodeNode(level == 0, filter, root);
  }
  footer_.levels = static_cast<uint32_t>(levels_.size());
  const uint64_t footer_at = position();
  std::vector<std::byte> footer;
  footer_.Encode(root, footer);
  std::byte trailer[kRunTrailerBytes];
  StoreLe(trailer, footer_at);
  StoreLe(trailer + 8, static_cast<uint32_t>(footer.size()));
  StoreLe(trailer + 12, Crc32c(footer));
  std::memcpy(trailer + 16, "OXIRUNF\n", 8);
  ByteWriter to(buffer_);
  to.Raw(footer);
  to.Raw(trailer);
  RETURN_IF_ERROR(FlushBuffer());
  if (options_.durable) RETURN_IF_ERROR(file_->Sync());
  finished_ = true;
  file_.reset();
  return Status::Ok();
}

Result<BlockRef> RunWriter::PutBlock(RunEncoding encoding, ByteSpan content, Compress compress) {
  const uint64_t offset = position();
  SealBlock(static_cast<uint8_t>(encoding), content, buffer_, compress);
  const BlockRef where{offset, position() - offset};
  if (buffer_.size() >= kBufferBytes) RETURN_IF_ERROR(FlushBuffer());
  return where;
}

Status RunWriter::FlushBuffer() {
  RETURN_IF_ERROR(file_->WriteAt(written_, buffer_));
  written_ += buffer_.size();
  buffer_.clear();
  return Status::Ok();
}

}  // namespace oxibase
