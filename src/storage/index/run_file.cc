#include "storage/index/run_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "storage/byte_codec.h"
#include "storage/checksum.h"

namespace oxibase {
namespace {

// Smallest and greatest key, and a root of keys of the greatest length.
constexpr uint64_t kFooterBytesMax = 16 * kRunKeyBytesMax;
// A tree of this height has more entries than there are row ids.
constexpr uint64_t kLevelsMax = 32;

Status Damaged(const std::string& path, std::string_view what) {
  return DamagedFile(kRunFileKind, path, what);
}

}  // namespace

void RunFooter::Encode(ByteSpan root, std::vector<std::byte>& out) const {
  ByteWriter to(out);
  to.Varint(tablet.value);
  to.Varint(index);
  to.Varint(entries);
  to.Varint(keys);
  to.Varint(levels);
  to.String(min_key);
  to.String(max_key);
  to.Bytes(root);
}

Result<std::unique_ptr<RunFile>> RunFile::Open(FileSystem& files, const std::string& path,
                                               TabletId tablet, Oid index,
                                               const DatabaseIdentity& identity) {
  std::unique_ptr<RunFile> run(new RunFile());
  run->path_ = path;
  ASSIGN_OR_RETURN(run->file_, files.Open(path, OpenMode::kRead));
  File& file = *run->file_;
  ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  run->file_bytes_ = size;
  if (size < kRunHeaderBytes + kRunTrailerBytes) return Damaged(path, "it is too short");
  std::byte header[kRunHeaderBytes];
  RETURN_IF_ERROR(file.ReadExactlyAt(0, header));
  if (std::memcmp(header, "OXIRUN\r\n", 8) != 0) return Damaged(path, "it is not an index run");
  const auto version = LoadLe<uint32_t>(header + 8);
  if (version != kRunFormatVersion)
    return Error(
        ErrorCode::kFeatureNotSupported,
        "file \"{}\" has version {} of the index run format; this program reads version {}", path,
        version, kRunFormatVersion);
  if (LoadLe<uint32_t>(header + 12) != Crc32c({header + 16, kRunHeaderBytes - 16}))
    return Damaged(path, "its header's checksum is wrong");
  if (std::memcmp(header + 32, identity.data(), identity.size()) != 0)
    return Damaged(path, "it belongs to another database");
  if (LoadLe<uint64_t>(header + 16) != tablet.value || LoadLe<Oid>(header + 48) != index)
    return Damaged(path, "it belongs to another index");

  std::byte trailer[kRunTrailerBytes];
  RETURN_IF_ERROR(file.ReadExactlyAt(size - kRunTrailerBytes, trailer));
  const auto footer_at = LoadLe<uint64_t>(trailer);
  const auto footer_bytes = LoadLe<uint32_t>(trailer + 8);
  if (std::memcmp(trailer + 16, "OXIRUNF\n", 8) != 0 || footer_bytes > kFooterBytesMax ||
      footer_at > size || footer_at + footer_bytes + kRunTrailerBytes != size)
    return Damaged(path, fmt::format("its trailer at offset {}", size - kRunTrailerBytes));
  BlockBytes bytes(footer_bytes);
  RETURN_IF_ERROR(file.ReadExactlyAt(footer_at, bytes.span()));
  const auto damaged_footer = [&](std::string_view what) {
    return Damaged(path, fmt::format("its footer at offset {}: {}", footer_at, what));
  };
  if (Crc32c(bytes.span()) != LoadLe<uint32_t>(trailer + 12)) return damaged_footer("checksum");
  ByteReader from(bytes.span());
  RunFooter& footer = run->footer_;
  footer.tablet = TabletId(from.Varint());
  footer.index = static_cast<Oid>(from.Varint());
  footer.entries = from.Varint();
  footer.keys = from.Varint();
  footer.levels = static_cast<uint32_t>(std::min(from.Varint(), kLevelsMax + 1));
  footer.min_key = from.String();
  footer.max_key = from.String();
  const ByteSpan root = from.Bytes();
  if (!from.ok() || !from.at_end() || footer.tablet != tablet || footer.index != index ||
      footer.levels > kLevelsMax || (footer.levels == 0) != root.empty() ||
      (footer.levels == 0) != (footer.entries == 0) || footer.keys > footer.entries)
    return damaged_footer("it makes no sense");
  if (!root.empty()) {
    BlockBytes content(root.size());
    std::memcpy(content.data.get(), root.data(), root.size());
    auto decoded = RunBlock::DecodeContent(std::move(content), RunEncoding::kNode);
    if (!decoded.ok()) return damaged_footer(decoded.status().message());
    run->root_ = *std::move(decoded);
    if (run->root_->is_lowest() != (footer.levels == 1)) return damaged_footer("its root");
  }
  return run;
}

Status RunFile::Check(const BlockRef& where) const {
  if (where.offset < file_bytes_ && where.bytes <= file_bytes_ - where.offset) return Status::Ok();
  return Damaged(path_, fmt::format("a node refers to offset {}, outside of it", where.offset));
}

Result<std::unique_ptr<RunBlock>> RunFile::LoadNode(const BlockRef& where, bool is_lowest) const {
  RETURN_IF_ERROR(Check(where));
  auto bytes = ReadBlock(*file_, where);
  if (!bytes.ok()) return LocateBlock(std::move(bytes).status(), kRunFileKind, path_, where.offset);
  auto block = RunBlock::Decode(*std::move(bytes), RunEncoding::kNode);
  Status status = block.ok() ? Status::Ok() : block.status();
  // Descending counts levels: a node of another one would lead round in a ring, or astray.
  if (block.ok() && (*block)->is_lowest() != is_lowest) status = DamagedBlock("its level");
  if (!status.ok()) return LocateBlock(std::move(status), kRunFileKind, path_, where.offset);
  return block;
}

Result<std::unique_ptr<RunBlock>> RunFile::LoadLeaf(const BlockRef& where) const {
  RETURN_IF_ERROR(Check(where));
  auto bytes = ReadBlock(*file_, where);
  if (!bytes.ok()) return LocateBlock(std::move(bytes).status(), kRunFileKind, path_, where.offset);
  return DecodeLeaf(where, *std::move(bytes));
}

Result<std::unique_ptr<RunBlock>> RunFile::DecodeLeaf(const BlockRef& where,
                                                      BlockBytes bytes) const {
  auto block = RunBlock::Decode(std::move(bytes), RunEncoding::kLeaf);
  if (!block.ok()) return LocateBlock(std::move(block).status(), kRunFileKind, path_, where.offset);
  return block;
}

BlockRef RunFile::FilterPageAt(const RunFilterRef& filter, uint32_t page) {
  constexpr uint64_t kFull = kBlockHeaderBytes + kFilterPageBlocks * kFilterBlockBytes;
  const uint64_t blocks =
      std::min<uint64_t>(kFilterPageBlocks, filter.blocks - uint64_t{page} * kFilterPageBlocks);
  return {filter.offset + page * kFull, kBlockHeaderBytes + blocks * kFilterBlockBytes};
}

Result<std::unique_ptr<FilterPage>> RunFile::LoadFilterPage(const RunFilterRef& filter,
                                                            uint32_t page) const {
  const BlockRef where = FilterPageAt(filter, page);
  RETURN_IF_ERROR(Check(where));
  auto bytes = ReadBlock(*file_, where);
  if (!bytes.ok()) return LocateBlock(std::move(bytes).status(), kRunFileKind, path_, where.offset);
  auto decoded = FilterPage::Decode(*std::move(bytes));
  Status status = decoded.ok() ? Status::Ok() : decoded.status();
  if (decoded.ok() &&
      (*decoded)->blocks() * uint64_t{kFilterBlockBytes} + kBlockHeaderBytes != where.bytes)
    status = DamagedBlock("its length");
  if (!status.ok()) return LocateBlock(std::move(status), kRunFileKind, path_, where.offset);
  return decoded;
}

}  // namespace oxibase
