#include "exec/row_guess.h"

#include <gtest/gtest.h>

namespace oxibase {
namespace {

/// Looks up `key`, which lies in `row`, as a point read does. Whether the guess was right.
bool LookUp(RowGuess& guess, int64_t key, RowId row, int* asked = nullptr) {
  const RowId guessed = guess.For(key);
  if (asked != nullptr && guessed.value != 0) ++*asked;
  if (guessed == row) {
    guess.Right(key);
    return true;
  }
  guess.Learn(key, row);
  return false;
}

TEST(RowGuessTest, KeysInOrderOfTheRows) {
  RowGuess guess;
  int right = 0;
  for (int64_t key = 5000; key < 6000; ++key) {
    right += LookUp(guess, key, RowId(static_cast<uint64_t>(key - 4999))) ? 1 : 0;
  }
  EXPECT_GE(right, 996);
}

TEST(RowGuessTest, NegativeKeysAndTheLimits) {
  RowGuess guess;
  for (const int64_t first : {int64_t{-1000}, INT64_MIN, INT64_MAX - 999}) {
    int right = 0;
    for (int64_t i = 0; i < 1000; ++i) {
      right += LookUp(guess, first + i, RowId(static_cast<uint64_t>(i + 1))) ? 1 : 0;
    }
    EXPECT_GE(right, 990) << first;
  }
}

TEST(RowGuessTest, KeysWithoutOrderAreSoonNotGuessed) {
  RowGuess guess;
  uint64_t state = 1;
  int asked = 0;
  for (int i = 0; i < 100'000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    LookUp(guess, static_cast<int64_t>(state >> 1), RowId(1 + (state >> 40)), &asked);
  }
  EXPECT_LT(asked, 100'000 / 32);
}

TEST(RowGuessTest, OrderThatComesLaterIsNoticed) {
  RowGuess guess;
  for (int i = 0; i < 100; ++i) LookUp(guess, 7, RowId(static_cast<uint64_t>(i) * 3 + 1));
  int right = 0;
  for (int i = 0; i < 1000; ++i) right += LookUp(guess, 7, RowId(42)) ? 1 : 0;
  EXPECT_GT(right, 800);
}

}  // namespace
}  // namespace oxibase
