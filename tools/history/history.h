#pragma once
// What clients saw of a database whose rows are lists: each transaction appended values, each a
// different one, and read lists. From the lists one can tell who came before whom. As text:
//
//   # comment
//   t1 ok: append x 1, read y [2], read x [1]
//   t2 aborted: append y 5            it was rolled back or refused
//   t3 unknown: append y 2            the answer to its COMMIT was lost
//   t4 ok: scan x [1], scan z []      read by a condition, which rows that are not there fit too

#include <cstdint>
#include <string>
#include <vector>

namespace oxibase::history {

struct Operation {
  enum class Kind : uint8_t { kAppend, kRead, kScan } kind = Kind::kAppend;
  std::string key;
  int64_t value = 0;          // kAppend
  std::vector<int64_t> list;  // of the others
};

struct Txn {
  enum class Outcome : uint8_t { kOk, kAborted, kUnknown };
  std::string name;
  Outcome outcome = Outcome::kOk;
  std::vector<Operation> operations;
};

using History = std::vector<Txn>;

std::string Format(const Txn& txn);
/// False with `error` set if a line means nothing. Comments go to `comments`.
bool Parse(const std::string& text, History& history, std::vector<std::string>& comments,
           std::string& error);

}  // namespace oxibase::history
