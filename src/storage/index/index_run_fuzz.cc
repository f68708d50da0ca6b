// Fuzz target: whatever lies in an index run's file, reading ends in entries or an error. The first
// byte says what the rest is; checksums are put right, or nothing behind them would be reached.

#include <cstring>
#include <memory>
#include <vector>

#include "env/sim_file_system.h"
#include "storage/byte_codec.h"
#include "storage/checksum.h"
#include "storage/index/index_run.h"
#include "storage/index/run_scan.h"
#include "storage/index/run_writer.h"

namespace oxibase {
namespace {

BlockBytes Frame(RunEncoding encoding, ByteSpan content) {
  std::vector<std::byte> sealed;
  SealBlock(static_cast<uint8_t>(encoding), content, sealed, Compress::kNever);
  BlockBytes block(sealed.size());
  std::memcpy(block.data.get(), sealed.data(), sealed.size());
  return block;
}

void ReadBlockOf(RunEncoding encoding, ByteSpan content) {
  auto block =
      RunBlock::Decode(Frame(encoding, content),
                       encoding == RunEncoding::kBitmapLeaf ? RunEncoding::kLeaf : encoding);
  if (!block.ok()) return;
  const RunBlock& entries = **block;
  for (uint32_t i = 0; i < entries.entries(); ++i) {
    const std::string key = std::string(entries.prefix()) + std::string(entries.suffix(i));
    // Order and searches agree in whatever was accepted.
    OXI_CHECK(entries.LowerBound(key, entries.row(i)) == i);
    OXI_CHECK(entries.HasKey(i, key));
    if (encoding == RunEncoding::kNode) OXI_CHECK(entries.ChildFor(key, entries.row(i)) == i);
  }
}

/// A file whose blocks are `input` and whose footer has a root that is behind them.
void ReadFile(ByteSpan input) {
  ByteReader from(input);
  const uint32_t levels = from.Fixed<uint8_t>();
  const ByteSpan root = from.Bytes();
  std::vector<std::byte> bytes(kRunHeaderBytes);
  std::memcpy(bytes.data(), "OXIRUN\r\n", 8);
  StoreLe<uint32_t>(bytes.data() + 8, kRunFormatVersion);
  StoreLe(bytes.data() + 12, Crc32c(ByteSpan(bytes).subspan(16)));
  const ByteSpan leaf = from.Bytes();
  SealBlock(static_cast<uint8_t>(RunEncoding::kLeaf), leaf, bytes);
  SealBlock(static_cast<uint8_t>(RunEncoding::kNode), from.Raw(from.remaining()), bytes);
  const uint64_t footer_at = bytes.size();
  RunFooter footer;
  footer.entries = footer.keys = 1;
  footer.levels = levels;
  footer.max_key = "\xff\xff";
  footer.Encode(root, bytes);
  const ByteSpan encoded = ByteSpan(bytes).subspan(footer_at);
  const auto footer_bytes = static_cast<uint32_t>(encoded.size());
  const uint32_t crc = Crc32c(encoded);
  ByteWriter to(bytes);
  to.Fixed(footer_at);
  to.Fixed(footer_bytes);
  to.Fixed(crc);
  to.Raw(AsBytes("OXIRUNF\n"));
  SimFileSystem files;
  OXI_CHECK(files.MakeDirectory("d").ok() && files.WriteFileAtomically("d/r", bytes).ok());
  EpochManager epochs;
  BlockCache cache(epochs, nullptr, 1 << 20);
  auto run = IndexRun::Open(files, "d/r", TabletId(), 0, {}, cache);
  if (!run.ok()) return;
  EpochGuard guard(epochs);
  RunScan scan((*run)->file());
  for (int i = 0; i < 5000; ++i) {
    auto more = scan.Next();
    if (!more.ok() || !*more) break;
  }
  RunCursor cursor(**run);
  Status status = cursor.SeekAtOrAfter("a", RowId(1));
  for (int i = 0; i < 5000 && status.ok() && cursor.valid(); ++i) status = cursor.Next();
  status = cursor.SeekBefore("b", RowId(1));
  for (int i = 0; i < 5000 && status.ok() && cursor.valid(); ++i) status = cursor.Previous();
  RowSet rows;
  status = cursor.SeekFirst();
  for (int i = 0; i < 5000 && status.ok() && cursor.valid(); ++i)
    status = cursor.CollectLeaf(rows, nullptr);
  (*run)->ForEachWithKey("a", [](RowId) { return true; }).Ignore("any outcome is good");
}

}  // namespace

extern "C" size_t OxiFuzzSeed(size_t i, const uint8_t** data) {
  static const std::vector<std::vector<std::byte>> seeds = [] {
    std::vector<std::vector<std::byte>> all;
    const auto add = [&](uint8_t mode, ByteSpan bytes) {
      all.emplace_back(1, static_cast<std::byte>(mode));
      all.back().insert(all.back().end(), bytes.begin(), bytes.end());
    };
    RunBlockBuilder leaf, node;
    for (const char* key : {"a", "ab", "abc", "b"})
      for (uint64_t row = 1; row < 4; ++row) leaf.Add(key, RowId(row));
    std::vector<std::byte> leaf_bytes, node_bytes, bitmap_bytes, file;
    leaf.EncodeLeaf(leaf_bytes);
    for (uint64_t row = 70'000; row < 70'100; row += 1 + row % 3) leaf.Add("c", RowId(row));
    leaf.EncodeBitmapLeaf(bitmap_bytes);
    add(4, bitmap_bytes);
    node.AddChild("", RowId(0), {kRunHeaderBytes, kBlockHeaderBytes + leaf_bytes.size()});
    node.EncodeNode(true, {}, node_bytes);
    add(0, leaf_bytes);
    add(1, node_bytes);
    ByteWriter to(file);
    to.Fixed<uint8_t>(1);
    to.Bytes(node_bytes);
    to.Bytes(leaf_bytes);
    add(2, file);
    return all;
  }();
  if (i >= seeds.size()) return 0;
  *data = reinterpret_cast<const uint8_t*>(seeds[i].data());
  return seeds[i].size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteSpan input(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      ReadBlockOf(RunEncoding::kLeaf, input);
      break;
    case 1:
      ReadBlockOf(RunEncoding::kNode, input);
      break;
    case 2:
      ReadFile(input);
      break;
    case 4:
      ReadBlockOf(RunEncoding::kBitmapLeaf, input);
      break;
    default:
      FilterPage::Decode(Frame(RunEncoding::kFilter, input)).status().Ignore("any outcome is good");
  }
  return 0;
}

}  // namespace oxibase
