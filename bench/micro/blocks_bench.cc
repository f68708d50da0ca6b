// What blocks of segments and index runs cost: bytes a value, packing, unpacking, copying to a
// vector, lookups through the cache. One thread, files in memory.
//
//   ninja -C build/release blocks_bench && build/release/blocks_bench

#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>

#include "common/numeric.h"
#include "env/sim_file_system.h"
#include "storage/index/index_run.h"
#include "storage/index/run_scan.h"
#include "storage/index/run_writer.h"
#include "storage/segment/column_block.h"
#include "storage/segment/decoded_column.h"

namespace oxibase {
namespace {

constexpr uint32_t kRows = kVectorSize;

// The processor's time, so that a busy machine changes the figures little.
int64_t CpuNanos() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

double NanosOf(int64_t count, const std::function<void(int64_t)>& body) {
  const int64_t begin = CpuNanos();
  for (int64_t i = 0; i < count; ++i) body(i);
  return static_cast<double>(CpuNanos() - begin) / static_cast<double>(count);
}

std::mt19937_64 random_numbers(1);

BlockBytes Copy(const std::vector<std::byte>& from) {
  BlockBytes bytes(from.size());
  std::memcpy(bytes.data.get(), from.data(), from.size());
  return bytes;
}

void Column(const char* name, Type type, const std::function<Value(uint32_t)>& make) {
  Vector column(type);
  column.ResetFlat(kRows);
  for (uint32_t i = 0; i < kRows; ++i) column.SetValue(i, make(i));
  std::vector<std::byte> block;
  const double pack = NanosOf(200, [&](int64_t) {
    block.clear();
    EncodeColumn(column, kRows, block);
  });
  std::unique_ptr<DecodedColumn> decoded;
  const double unpack = NanosOf(2000, [&](int64_t) {
    decoded = *DecodedColumn::Decode(Copy(block), column.physical(), kRows);
  });
  Vector out(type);
  const double copy = NanosOf(2000, [&](int64_t) {
    out.ResetFlat(kRows);
    decoded->CopyTo(out, 0, 0, kRows);
  });
  std::printf("%-28s %8.2f %8zu %10.0f %10.0f %10.0f\n", name,
              static_cast<double>(block.size()) / kRows, decoded->MemoryBytes(), kRows * 1e3 / pack,
              kRows * 1e3 / unpack, kRows * 1e3 / copy);
}

void Columns() {
  std::printf("%-28s %8s %8s %10s %10s %10s\n", "columns of 2,048 rows", "B/value", "B memory",
              "pack M/s", "unpack M/s", "copy M/s");
  const auto int8 = [](int64_t value) { return Value::Fixed(TypeId::kInt8, value); };
  Column("rising int8", TypeId::kInt8, [&](uint32_t i) { return int8(1'000'000 + i); });
  Column("int8 below 200,000", TypeId::kInt8,
         [&](uint32_t) { return int8(static_cast<int64_t>(random_numbers() % 200'000)); });
  Column("int4, 7 different", TypeId::kInt4, [](uint32_t) {
    return Value::Fixed(TypeId::kInt4, static_cast<int32_t>(random_numbers() % 7));
  });
  Column("timestamps of days", TypeId::kTimestamp, [](uint32_t) {
    return Value::Fixed(TypeId::kTimestamp,
                        static_cast<int64_t>(random_numbers() % 2500) * 86'400'000'000);
  });
  Column("runs of 50", TypeId::kInt8, [&](uint32_t i) { return int8(i / 50 * 1'234'567); });
  Column("random int8", TypeId::kInt8,
         [&](uint32_t) { return int8(static_cast<int64_t>(random_numbers())); });
  Column("boolean", TypeId::kBool, [](uint32_t) {
    return Value::Fixed(TypeId::kBool, static_cast<uint8_t>(random_numbers() % 2));
  });
  Column("numeric(15,2)", TypeId::kNumeric, [](uint32_t) {
    const auto cents = static_cast<int64_t>(random_numbers() % 10'000'000);
    return Value::String(TypeId::kNumeric, Numeric::FromInt128(cents, 2).Bytes());
  });
  Column("float8", TypeId::kFloat8, [](uint32_t) {
    return Value::Fixed(TypeId::kFloat8, static_cast<double>(random_numbers()) / 7);
  });
  static const char* const kModes[] = {"AIR", "REG AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"};
  Column("text, 7 different", TypeId::kText,
         [](uint32_t) { return Value::Text(kModes[random_numbers() % 7]); });
  static const char* const kWords[] = {"furiously", "ironic",  "deposits", "sleep",  "carefully",
                                       "final",     "pending", "requests", "haggle", "above"};
  Column("sentences", TypeId::kText, [](uint32_t) {
    std::string text;
    for (uint64_t n = 2 + random_numbers() % 4; n > 0; --n)
      text += std::string(kWords[random_numbers() % 10]) + " ";
    return Value::Text(text);
  });
}

void Lookups() {
  constexpr uint64_t kEntries = 1'000'000;
  SimFileSystem files;
  RunWriter::Options options;
  if (!files.MakeDirectory("data").ok()) std::abort();
  options.path = "data/run";
  auto writer = *RunWriter::Create(files, options);
  const auto key_of = [](uint64_t i) {
    char key[9] = {1};
    const uint64_t big = __builtin_bswap64(i);
    std::memcpy(key + 1, &big, 8);
    return std::string(key, 9);
  };
  const double write = NanosOf(kEntries, [&](int64_t i) {
    if (!writer->Add(key_of(static_cast<uint64_t>(i) * 2), RowId(static_cast<uint64_t>(i) + 1))
             .ok())
      std::abort();
  });
  if (!writer->Finish().ok()) std::abort();
  EpochManager epochs;
  BlockCache cache(epochs, nullptr, 256 << 20);
  auto run = *IndexRun::Open(files, "data/run", {}, 0, {}, cache);
  EpochGuard guard(epochs);
  uint64_t sum = 0;
  const auto find = [&](uint64_t number) {
    run->ForEachWithKey(key_of(number),
                        [&](RowId row) {
                          sum += row.value;
                          return true;
                        })
        .Ignore("of the benchmark");
  };
  const double cold = NanosOf(static_cast<int64_t>(kEntries) / 1000,
                              [&](int64_t i) { find(static_cast<uint64_t>(i) * 2000); });
  for (uint64_t i = 0; i < kEntries; ++i) find(i * 2);
  const double hit = NanosOf(1'000'000, [&](int64_t) { find(random_numbers() % kEntries * 2); });
  const double miss =
      NanosOf(1'000'000, [&](int64_t) { find(random_numbers() % kEntries * 2 + 1); });
  RunCursor cursor(*run);
  if (!cursor.SeekFirst().ok()) std::abort();
  RunBatch batch;
  const double batches = NanosOf(static_cast<int64_t>(kEntries) / 2000, [&](int64_t) {
    batch.Clear();
    if (!cursor.ReadForward(batch, 2000, nullptr).ok()) std::abort();
    sum += batch.size();
  });
  RunScan scan(run->file());
  const double scanned = NanosOf(kEntries, [&](int64_t) {
    if (!*scan.Next()) std::abort();
    sum += scan.row().value;
  });
  class Block final : public CachedBlock {
    size_t MemoryBytes() const override { return 1000; }
  };
  const uint64_t file = cache.NewFile();
  for (uint64_t i = 0; i < 10'000; ++i)
    (void)cache.Get<Block>({file, i}, [] { return Result(std::make_unique<Block>()); });
  const double cached = NanosOf(10'000'000, [&](int64_t) {
    sum += reinterpret_cast<uintptr_t>(cache.Find({file, random_numbers() % 10'000}));
  });
  std::printf("\nindex run of 1,000,000 numbers: %.2f bytes an entry\n",
              static_cast<double>(run->file().file_bytes()) / kEntries);
  std::printf("%-32s %8.1f ns\n", "write an entry", write);
  std::printf("%-32s %8.1f ns\n", "find, its leaf not cached", cold);
  std::printf("%-32s %8.1f ns\n", "find, cached", hit);
  std::printf("%-32s %8.1f ns\n", "find what is not there", miss);
  std::printf("%-32s %8.1f ns\n", "cursor, in batches", batches / 2000);
  std::printf("%-32s %8.1f ns\n", "scan past the cache", scanned);
  std::printf("%-32s %8.1f ns\n", "block cache, a hit", cached);
  std::printf("(%llu)\n", static_cast<unsigned long long>(sum % 10));
}

}  // namespace
}  // namespace oxibase

int main() {
  oxibase::Columns();
  oxibase::Lookups();
}
