// Fuzz target: whatever lies in a data folder's files, reading ends in a value or an error. The
// first byte says which reader gets the rest; where a checksum guards the bytes, it is put right,
// or nothing behind it would ever be reached.

#include <array>
#include <cstring>
#include <vector>

#include "env/env.h"
#include "env/sim_file_system.h"
#include "storage/byte_codec.h"
#include "storage/checkpoint/manifest.h"
#include "storage/checksum.h"
#include "storage/segment/column_block.h"
#include "storage/segment/segment_format.h"
#include "storage/wal/wal_manager.h"
#include "storage/wal/wal_replay.h"

namespace oxibase {
namespace {

class Discard final : public WalReplayTarget, public WalReplayPart {
 public:
  WalReplayPart& Part(size_t, size_t) override { return *this; }
  Status ApplyTxn(TxnId, Timestamp, ByteSpan changes) override {
    RowChangeReader reader(changes);
    RowChange change;
    while (true) {
      ASSIGN_OR_RETURN(const bool more, reader.Next(&change));
      if (!more) return Status::Ok();
    }
  }
  Status ApplySequence(const SequenceState&) override { return Status::Ok(); }
  Status ApplyRowIdLease(TabletId, RowId) override { return Status::Ok(); }
  Status ApplyFiles(Timestamp, ByteSpan) override { return Status::Ok(); }
};

/// A segment file of the log with `records` behind its header, in a folder of its own.
void ReplayFile(ByteSpan records) {
  SimFileSystem files;
  ComposedEnv env(Env::Real().clock(), Env::Real().random(), files);
  if (!files.MakeDirectory("wal").ok()) return;
  {
    const auto path = JoinPath("wal", WalSegmentName(kWalFirstLsn));
    auto file = files.Open(path, OpenMode::kCreateNew);
    std::byte header[kWalSegmentHeaderBytes];
    WalSegmentHeader{kWalFirstLsn, 65536, {}}.Encode(header);
    (*file)->WriteAt(0, header).Ignore("memory");
    (*file)->WriteAt(kWalSegmentHeaderBytes, records).Ignore("memory");
    (*file)->Allocate(65536).Ignore("memory");
  }
  WalOptions options;
  options.segment_bytes = 65536;
  Discard target;
  WalManager::Open(env, "wal", options, {}, target).status().Ignore("any outcome is good");
}

/// The input as records: three bytes of kind, epoch and length each, then the payload; envelopes
/// are made around them.
std::vector<std::byte> MakeRecords(ByteSpan input) {
  std::vector<std::byte> out;
  ByteReader from(input);
  uint64_t index = 1;
  while (!from.at_end() && out.size() < 60000) {
    WalRecordHeader header;
    header.kind = static_cast<WalRecordKind>(from.Fixed<uint8_t>() % 16);
    header.epoch = from.Fixed<uint8_t>() / 64;
    const ByteSpan payload = from.Raw(std::min<size_t>(from.Fixed<uint8_t>(), from.remaining()));
    header.payload_bytes = static_cast<uint32_t>(payload.size());
    header.payload_crc = Crc32c(payload);
    header.lsn = kWalFirstLsn + out.size();
    header.index = index++;
    header.timestamp = {index};
    header.txn = {index / 3};
    const size_t at = out.size();
    out.resize(at + header.total_bytes());
    header.Encode(out.data() + at);
    if (!payload.empty())
      std::memcpy(out.data() + at + kWalRecordHeaderBytes, payload.data(), payload.size());
  }
  return out;
}

void DecodeBlock(ByteSpan content) {
  if (content.size() < 3) return;
  static constexpr std::array kTypes = {TypeId::kInt4, TypeId::kText, TypeId::kBool,
                                        TypeId::kInt8, TypeId::kUuid, TypeId::kFloat8};
  const auto type = kTypes[static_cast<size_t>(content[1]) % kTypes.size()];
  const auto rows = static_cast<uint32_t>(content[2]) * 9;
  const auto make = [&] {
    BlockBytes block(kBlockHeaderBytes + content.size() - 3);
    std::byte* bytes = block.data.get();
    std::memset(bytes, 0, kBlockHeaderBytes);
    bytes[4] = content[0];
    std::memcpy(bytes + kBlockHeaderBytes, content.data() + 3, content.size() - 3);
    StoreLe(bytes + 8, static_cast<uint32_t>(content.size() - 3));
    StoreLe(bytes + 12, static_cast<uint32_t>(content.size() - 3));
    StoreLe(bytes, Crc32c(ByteSpan(block.span()).subspan(4)));
    return block;
  };
  Vector out{Type(type)};
  DecodeColumn(make(), rows, out).Ignore("any outcome is good");
  std::vector<uint64_t> words;
  DecodeWords(make(), rows, words).Ignore("any outcome is good");
}

void DecodeManifest(ByteSpan body) {
  std::vector<std::byte> bytes = Manifest().Encode({});
  bytes.resize(32);
  ByteWriter(bytes).Raw(body);
  StoreLe(bytes.data() + 12, Crc32c(ByteSpan(bytes).subspan(16)));
  Manifest::Decode(bytes, {}, "m").status().Ignore("any outcome is good");
}

}  // namespace

extern "C" size_t OxiFuzzSeed(size_t i, const uint8_t** data) {
  static const std::vector<std::vector<std::byte>> seeds = [] {
    std::vector<std::vector<std::byte>> all;
    const auto add = [&](uint8_t mode, ByteSpan bytes) {
      all.emplace_back(1, static_cast<std::byte>(mode));
      all.back().insert(all.back().end(), bytes.begin(), bytes.end());
    };
    RedoBuffer redo;
    redo.Insert(TabletId(1), RowId(5), 1, AsBytes("row"));
    redo.Update(TabletId(2), RowId(6), 1, AsBytes("row"), AsBytes("key"));
    redo.Delete(TabletId(1), RowId(5));
    std::vector<std::byte> records = {std::byte{1}, std::byte{0}, std::byte{40}};
    ByteWriter(records).Raw(redo.bytes());
    add(0, MakeRecords(records));
    add(1, records);
    add(2, redo.bytes());
    SegmentFooter footer;
    footer.tablet = TabletId(3);
    footer.schemas.push_back({1, {{ColumnId(1), Type(TypeId::kInt4)}}});
    footer.groups.push_back({10, 0, RowId(1), RowId(10), {}, {}, {64, 8}, {72, 8}, {{}}});
    std::vector<std::byte> bytes;
    footer.Encode(bytes);
    add(3, bytes);
    add(4, AsBytes(std::string_view("\4\1\2\0\1\1\2abc", 10)));
    const auto add_block = [&](uint8_t type, const Vector& column) {
      std::vector<std::byte> block;
      EncodeColumn(column, 9, block);
      // (Over the header's end, which the input does not have.)
      const size_t at = kBlockHeaderBytes - 3;
      const std::vector<std::byte> head = {block[4], std::byte{type}, std::byte{1}};
      std::copy(head.begin(), head.end(), block.begin() + at);
      const std::vector<std::byte> input(block.begin() + at, block.end());
      add(4, input);
    };
    Vector numbers{Type(TypeId::kInt8)}, texts{Type(TypeId::kText)},
        decimals{Type(TypeId::kNumeric)};
    for (Vector* column : {&numbers, &texts, &decimals}) column->ResetFlat(9);
    for (const bool few : {false, true}) {
      for (uint32_t i = 0; i < 9; ++i) {
        numbers.data<int64_t>()[i] = few ? i % 2 * 1'000'000'007 : i * 17;
        texts.SetValue(i, Value::Text("a text " + std::to_string(few ? i % 2 : i)));
        decimals.SetValue(i, Value::String(TypeId::kNumeric, std::string("\2\0\7", 3)));
      }
      add_block(3, numbers);
      add_block(1, texts);
      add_block(1, decimals);
    }
    Manifest manifest;
    manifest.tablets.push_back({TabletId(4), RowId(9), 7, {{1, 2, 3, 4, {}, {{5, 6}}}}, {}});
    manifest.tablets.push_back(
        {TabletId(5), RowId(9), 7, {}, {Timestamp{3}, Timestamp{8}, 99, {{7, 2, 3, 0, {}, {}}}}});
    const std::vector<std::byte> encoded = manifest.Encode({});
    add(5, ByteSpan(encoded).subspan(32));
    return all;
  }();
  if (i >= seeds.size()) return 0;
  *data = reinterpret_cast<const uint8_t*>(seeds[i].data());
  return seeds[i].size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteSpan input(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0:
      ReplayFile(input);
      break;
    case 1:
      ReplayFile(MakeRecords(input));
      break;
    case 2:
      Discard().ApplyTxn({}, {}, input).Ignore("any outcome is good");
      break;
    case 3:
      SegmentFooter::Decode(input, 1 << 20).status().Ignore("any outcome is good");
      break;
    case 4:
      DecodeBlock(input);
      break;
    default:
      DecodeManifest(input);
  }
  return 0;
}

}  // namespace oxibase
