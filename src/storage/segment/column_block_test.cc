#include "storage/segment/column_block.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <random>

#include "common/numeric.h"
#include "storage/byte_codec.h"
#include "storage/segment/decoded_column.h"
#include "storage/segment/word_codec.h"

namespace oxibase {
namespace {

class ColumnBlockTest : public ::testing::Test {
 protected:
  /// Encodes values (`make(i)`, every fifth NULL if so wished), reads them back each way and
  /// returns the block's bytes.
  size_t Check(Type type, uint32_t rows, const std::function<Value(uint32_t)>& make,
               bool with_nulls = false) {
    Vector column(type);
    column.ResetFlat(rows);
    std::vector<Value> values;
    for (uint32_t i = 0; i < rows; ++i) {
      values.push_back(with_nulls && random_() % 5 == 0 ? Value::Null(type) : make(i));
      column.SetValue(i, values.back());
    }
    std::vector<std::byte> block;
    EncodeColumn(column, rows, block);
    auto decoded = DecodedColumn::Decode(Copy(block), column.physical(), rows);
    EXPECT_TRUE(decoded.ok()) << decoded.status().message();
    if (!decoded.ok()) return 0;
    Vector whole(type);
    EXPECT_TRUE(DecodeColumn(Copy(block), rows, whole).ok());
    std::vector<uint32_t> positions;
    for (uint32_t i = 0; i < rows; ++i) positions.push_back(random_() % rows);
    Vector some(type);
    some.ResetFlat(rows);
    (*decoded)->Gather(some, 0, positions);
    for (uint32_t i = 0; i < rows; ++i) {
      EXPECT_EQ((*decoded)->GetValue(i, type), values[i]) << i;
      EXPECT_EQ(whole.GetValue(i), values[i]) << i;
      EXPECT_EQ(some.GetValue(i), values[positions[i]]) << i;
      if (HasFailure()) return 0;
    }
    return block.size();
  }
  size_t CheckInts(uint32_t rows, const std::function<int64_t(uint32_t)>& make) {
    const auto value = [&](uint32_t i) { return Value::Fixed(TypeId::kInt8, make(i)); };
    Check(TypeId::kInt8, rows, value, true);
    return Check(TypeId::kInt8, rows, value);
  }
  static BlockBytes Copy(const std::vector<std::byte>& from) {
    BlockBytes bytes(from.size());
    std::memcpy(bytes.data.get(), from.data(), from.size());
    return bytes;
  }
  static Value Decimal(std::string_view text) {
    return Value::String(TypeId::kNumeric, Numeric::Parse(text)->Bytes());
  }

  std::mt19937_64 random_{17};
};

TEST_F(ColumnBlockTest, WordsOfAllShapes) {
  for (int round = 0; round < 3000; ++round) {
    const uint32_t count = random_() % (round % 10 == 0 ? kWordsMax + 1 : 100);
    const int bits = static_cast<int>(random_() % 65);
    const uint64_t mask = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
    const uint64_t base = random_() % 2 == 0 ? 0 : random_();
    const uint64_t multiple = random_() % 3 == 0 ? random_() % 1000 + 1 : 1;
    const uint64_t repeat = random_() % 3 == 0 ? random_() % 50 + 1 : 1;
    const bool sums = random_() % 3 == 0;
    std::vector<uint64_t> few;
    if (random_() % 3 == 0)
      for (int i = 0; i < 20; ++i) few.push_back(random_());
    std::vector<uint64_t> words;
    while (words.size() < count) {
      uint64_t word = base + (random_() & mask) * multiple;
      if (!few.empty()) word = few[random_() % few.size()];
      if (sums && !words.empty()) word = words.back() + (random_() & mask) * multiple;
      for (uint64_t i = 0; i < repeat && words.size() < count; ++i) words.push_back(word);
    }
    std::vector<std::byte> bytes;
    AppendWords(words, bytes);
    EXPECT_LE(bytes.size(), 24 + words.size() * 8);
    const size_t size = bytes.size();
    bytes.resize(size + kReadPadding);
    ByteReader from(ByteSpan(bytes).first(size));
    std::vector<uint64_t> read(count);
    ASSERT_TRUE(ParseWords(from, count, read.data()));
    ASSERT_TRUE(from.at_end());
    ASSERT_EQ(read, words);
    ByteReader again(ByteSpan(bytes).first(size));
    NarrowWords narrow;
    std::unique_ptr<std::byte[]> owner;
    ASSERT_TRUE(ParseWords(again, count, &narrow, &owner));
    for (uint32_t i = 0; i < count; ++i) ASSERT_EQ(narrow[i], words[i]);
  }
}

TEST_F(ColumnBlockTest, IntegersTakeTheFormThatSuits) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_LT(CheckInts(2048, [](uint32_t) { return 42; }), 40u);
  EXPECT_LT(CheckInts(2048, [](uint32_t i) { return 1'000'000'000 + i; }), 60u);
  EXPECT_LT(CheckInts(2048, [this](uint32_t) { return random_() % 1000; }), 2048 * 10 / 8 + 60u);
  EXPECT_LT(CheckInts(2048, [this](uint32_t) { return kMin + random_() % 2 * 77; }), 330u);
  EXPECT_LT(CheckInts(2048, [](uint32_t i) { return i / 500 * 1'000'000'007; }), 80u);
  EXPECT_LT(CheckInts(2048, [this](uint32_t) { return random_() % 100 * 86'400'000'000; }),
            2048 * 7 / 8 + 60u);
  EXPECT_LT(CheckInts(2048, [this](uint32_t) { return random_() % 3 == 0 ? kMax : kMin; }), 330u);
  CheckInts(2048, [this](uint32_t) { return random_(); });
  CheckInts(1, [](uint32_t) { return kMin; });
  for (const TypeId type : {TypeId::kBool, TypeId::kInt2, TypeId::kInt4, TypeId::kDate}) {
    for (const bool nulls : {false, true}) {
      Check(
          type, 1000,
          [&](uint32_t) -> Value {
            switch (PhysicalTypeOf(type)) {
              case PhysicalType::kBool:
                return Value::Fixed(type, static_cast<uint8_t>(random_() % 2));
              case PhysicalType::kInt16:
                return Value::Fixed(type, static_cast<int16_t>(random_()));
              default:
                return Value::Fixed(type, static_cast<int32_t>(random_()));
            }
          },
          nulls);
    }
    Check(type, 100, [&](uint32_t) { return Value::Null(type); });
  }
}

TEST_F(ColumnBlockTest, Numerics) {
  const auto cents = [this](uint32_t) {
    return Decimal(std::to_string(static_cast<int64_t>(random_() % 20'000'000) - 10'000'000) + "." +
                   std::to_string(10 + random_() % 90));
  };
  EXPECT_LT(Check(TypeId::kNumeric, 2048, cents), 2048 * 32 / 8 + 60u);
  Check(TypeId::kNumeric, 2048, cents, true);
  EXPECT_LT(Check(TypeId::kNumeric, 2048,
                  [this](uint32_t) { return Decimal(std::to_string(random_() % 50) + ".00"); }),
            2048 * 6 / 8 + 60u);
  for (const char* odd : {"1.5", "NaN", "Infinity", "-99999999999999999999.25", "0.00", "-0.01",
                          "9223372036854775807", "-9223372036854775808", "0"}) {
    Check(TypeId::kNumeric, 100, [&](uint32_t i) { return Decimal(i == 50 ? odd : "0.25"); });
    Check(TypeId::kNumeric, 10, [&](uint32_t) { return Decimal(odd); }, true);
  }
  Check(TypeId::kNumeric, 100, [](uint32_t) { return Value::Null(TypeId::kNumeric); });
}

TEST_F(ColumnBlockTest, Strings) {
  const auto text = [](std::string value) {
    return Value::String(TypeId::kText, std::move(value));
  };
  const char* const modes[] = {"AIR", "REG AIR", "a mode of transport with a long name", ""};
  for (const bool nulls : {false, true}) {
    EXPECT_LT(Check(
                  TypeId::kText, 2048, [&](uint32_t) { return text(modes[random_() % 4]); }, nulls),
              nulls ? 1400u : 750u);
    Check(TypeId::kText, 2048, [&](uint32_t i) { return text("row " + std::to_string(i)); }, nulls);
    Check(
        TypeId::kText, 300,
        [&](uint32_t) {
          std::string bytes(random_() % 300, ' ');
          for (char& c : bytes) c = static_cast<char>(random_());
          return text(std::move(bytes));
        },
        nulls);
    Check(TypeId::kText, 3, [&](uint32_t i) { return text(std::string(i << 20, 'x')); }, nulls);
  }
  Check(TypeId::kText, 100, [](uint32_t) { return Value::Null(TypeId::kText); });
  Check(TypeId::kText, 1, [&](uint32_t) { return text(""); });
}

TEST_F(ColumnBlockTest, OtherTypes) {
  for (const bool nulls : {false, true}) {
    Check(
        TypeId::kFloat8, 2048,
        [this](uint32_t) {
          return Value::Fixed(TypeId::kFloat8, static_cast<double>(random_()) / 3);
        },
        nulls);
    Check(
        TypeId::kFloat4, 500, [](uint32_t) { return Value::Fixed(TypeId::kFloat4, -0.0F); }, nulls);
    Check(
        TypeId::kInterval, 500,
        [this](uint32_t) {
          return Value::Fixed(TypeId::kInterval,
                              IntervalValue{static_cast<int64_t>(random_()), 3, -4});
        },
        nulls);
    Check(
        TypeId::kUuid, 500,
        [this](uint32_t) {
          UuidValue uuid;
          for (uint8_t& byte : uuid.bytes) byte = static_cast<uint8_t>(random_());
          return Value::Fixed(TypeId::kUuid, uuid);
        },
        nulls);
  }
}

}  // namespace
}  // namespace oxibase
