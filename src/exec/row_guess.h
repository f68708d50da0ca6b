#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/ids.h"

namespace oxibase {

/// Foretells which row has an integer key. Keys are often given out as rows are added, one by one:
/// a row's id is then its key and an offset that changes rarely, so what lookups found says where
/// the next ones will. A guess costs two reads of memory when it is wrong and saves the walk down
/// the index when it is right; whoever asks must look whether the row has the key.
///
/// (An index as a model of where keys lie: Kraska et al., "The Case for Learned Index Structures",
/// SIGMOD 2018; here only the constant part.)
class RowGuess {
 public:
  /// Row id 0, which none has: no guess. Where guesses were wrong they become rare.
  RowId For(int64_t key) {
    Part& part = PartOf(key);
    if (part.wrong >= kPatience && ++part.skipped % kRetryEvery != 0) return RowId(0);
    return RowId(static_cast<uint64_t>(key) + part.offset);
  }
  void Right(int64_t key) { PartOf(key).wrong = 0; }
  /// The key was found there without a guess, or in spite of one.
  void Learn(int64_t key, RowId row) {
    Part& part = PartOf(key);
    part.offset = row.value - static_cast<uint64_t>(key);
    if (part.wrong < kPatience) ++part.wrong;
  }

 private:
  static constexpr int kPartKeysLog2 = 10;  // neighbouring keys that share an offset
  static constexpr size_t kParts = 128;
  static constexpr uint8_t kPatience = 4;
  static constexpr uint8_t kRetryEvery = 64;

  struct Part {
    uint64_t offset = 0;  // modulo 2^64
    uint8_t wrong = 0;    // lookups in a row that no guess answered
    uint8_t skipped = 0;
  };
  Part& PartOf(int64_t key) { return parts_[static_cast<uint64_t>(key >> kPartKeysLog2) % kParts]; }

  std::array<Part, kParts> parts_;
};

}  // namespace oxibase
