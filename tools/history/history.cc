#include "history.h"

#include <cstdlib>
#include <sstream>

namespace oxibase::history {
namespace {

constexpr const char* kOutcomes[] = {"ok", "aborted", "unknown"};
constexpr const char* kKinds[] = {"append", "read", "scan"};

std::string Trimmed(const std::string& text) {
  const size_t from = text.find_first_not_of(" \t");
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

bool ParseOperation(const std::string& text, Operation& operation) {
  std::stringstream words(text);
  std::string kind;
  std::string rest;
  words >> kind >> operation.key;
  std::getline(words, rest);
  rest = Trimmed(rest);
  if (rest.empty()) return false;
  if (kind == kKinds[0]) {
    operation.kind = Operation::Kind::kAppend;
    operation.value = std::atoll(rest.c_str());
    return true;
  }
  if (kind != kKinds[1] && kind != kKinds[2]) return false;
  operation.kind = kind == kKinds[1] ? Operation::Kind::kRead : Operation::Kind::kScan;
  if (rest.front() != '[' || rest.back() != ']') return false;
  std::stringstream values(rest.substr(1, rest.size() - 2));
  for (int64_t value; values >> value;) operation.list.push_back(value);
  return true;
}

}  // namespace

std::string Format(const Txn& txn) {
  std::string text = txn.name + ' ' + kOutcomes[static_cast<size_t>(txn.outcome)] + ':';
  for (size_t i = 0; i < txn.operations.size(); ++i) {
    const Operation& operation = txn.operations[i];
    text += std::string(i > 0 ? ", " : " ") + kKinds[static_cast<size_t>(operation.kind)] + ' ' +
            operation.key + ' ';
    if (operation.kind == Operation::Kind::kAppend) {
      text += std::to_string(operation.value);
      continue;
    }
    text += '[';
    for (size_t v = 0; v < operation.list.size(); ++v) {
      text += (v > 0 ? " " : "") + std::to_string(operation.list[v]);
    }
    text += ']';
  }
  return text;
}

bool Parse(const std::string& text, History& history, std::vector<std::string>& comments,
           std::string& error) {
  std::stringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    line = Trimmed(line);
    if (line.empty()) continue;
    if (line[0] == '#') {
      comments.push_back(Trimmed(line.substr(1)));
      continue;
    }
    const auto bad = [&] {
      error = "this means nothing: " + line;
      return false;
    };
    const size_t colon = line.find(':');
    if (colon == std::string::npos) return bad();
    Txn txn;
    std::stringstream head(line.substr(0, colon));
    std::string outcome;
    head >> txn.name >> outcome;
    if (outcome != kOutcomes[0] && outcome != kOutcomes[1] && outcome != kOutcomes[2]) return bad();
    txn.outcome = outcome == kOutcomes[0]   ? Txn::Outcome::kOk
                  : outcome == kOutcomes[1] ? Txn::Outcome::kAborted
                                            : Txn::Outcome::kUnknown;
    std::stringstream parts(line.substr(colon + 1));
    for (std::string part; std::getline(parts, part, ',');) {
      if (!ParseOperation(part, txn.operations.emplace_back())) return bad();
    }
    history.push_back(std::move(txn));
  }
  return true;
}

}  // namespace oxibase::history
