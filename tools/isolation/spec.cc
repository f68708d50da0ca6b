#include "spec.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

namespace oxibase::isolation {
namespace {

class SpecReader {
 public:
  SpecReader(std::string text, Spec& spec) : text_(std::move(text)), spec_(spec) {}

  bool Read(std::string& error) {
    for (std::string word = Word(); !word.empty(); word = Word()) {
      if (!Take(word)) {
        error = "line " + std::to_string(Line()) + ": " + what_;
        return false;
      }
    }
    if (spec_.permutations.empty()) AllOrders();
    return true;
  }

 private:
  bool Fail(std::string what) {
    what_ = std::move(what);
    return false;
  }

  bool Take(const std::string& word) {
    SpecSession* session = spec_.sessions.empty() ? nullptr : &spec_.sessions.back();
    if (word == "setup") {
      std::string sql;
      if (!Block(sql)) return false;
      if (session != nullptr) return session->setup = sql, true;
      return spec_.setup.push_back(sql), true;
    }
    if (word == "teardown") return Block(session != nullptr ? session->teardown : spec_.teardown);
    if (word == "session") {
      spec_.sessions.emplace_back().name = Word();
      return true;
    }
    if (word == "step") {
      if (session == nullptr) return Fail("a step outside of a session");
      Step step;
      step.name = Word();
      step.session = spec_.sessions.size() - 1;
      if (!Block(step.sql)) return false;
      session->steps.push_back(spec_.steps.size());
      spec_.steps.push_back(std::move(step));
      return true;
    }
    if (word == "onlyif") return spec_.only_if = Word(), true;
    if (word == "permutation") return Permutation();
    return Fail("\"" + word + "\" means nothing");
  }

  bool Permutation() {
    std::vector<size_t>& order = spec_.permutations.emplace_back();
    for (;;) {
      const size_t before = at_;
      const std::string name = Word();
      const auto step = std::find_if(spec_.steps.begin(), spec_.steps.end(),
                                     [&](const Step& other) { return other.name == name; });
      if (step == spec_.steps.end()) {
        if (!name.empty() && name != "permutation") return Fail("no step " + name);
        at_ = before;
        return true;
      }
      order.push_back(static_cast<size_t>(step - spec_.steps.begin()));
    }
  }

  /// Every merge of the sessions' steps, the first session's first.
  void AllOrders() {
    std::vector<size_t> done(spec_.sessions.size(), 0);
    std::vector<size_t> order;
    Extend(done, order);
  }
  void Extend(std::vector<size_t>& done, std::vector<size_t>& order) {
    if (order.size() == spec_.steps.size()) return spec_.permutations.push_back(order);
    for (size_t s = 0; s < done.size(); ++s) {
      if (done[s] == spec_.sessions[s].steps.size()) continue;
      order.push_back(spec_.sessions[s].steps[done[s]++]);
      Extend(done, order);
      order.pop_back();
      --done[s];
    }
  }

  void SkipSpace() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
        ++at_;
      } else {
        return;
      }
    }
  }
  std::string Word() {
    SkipSpace();
    const size_t from = at_;
    while (at_ < text_.size() && text_[at_] != '{' && text_[at_] != '#' &&
           std::isspace(static_cast<unsigned char>(text_[at_])) == 0) {
      ++at_;
    }
    if (from == at_ && at_ < text_.size()) ++at_;  // a brace where none belongs
    return text_.substr(from, at_ - from);
  }
  bool Block(std::string& sql) {
    SkipSpace();
    if (at_ == text_.size() || text_[at_] != '{') return Fail("a block was to follow");
    int depth = 0;
    const size_t from = at_;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '{') ++depth;
      if (text_[at_] == '}' && --depth == 0) {
        sql = text_.substr(from + 1, at_ - from - 1);
        ++at_;
        const auto space = [](unsigned char c) { return std::isspace(c) != 0; };
        while (!sql.empty() && space(static_cast<unsigned char>(sql.back()))) sql.pop_back();
        sql.erase(sql.begin(), std::find_if_not(sql.begin(), sql.end(), space));
        return true;
      }
    }
    return Fail("a block does not end");
  }
  size_t Line() const {
    return 1 + static_cast<size_t>(std::count(
                   text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n'));
  }

  const std::string text_;
  Spec& spec_;
  size_t at_ = 0;
  std::string what_;
};

}  // namespace

bool ReadSpec(const std::string& path, Spec& spec, std::string& error) {
  std::ifstream file(path);
  if (!file) {
    error = "it cannot be read";
    return false;
  }
  std::stringstream text;
  text << file.rdbuf();
  return SpecReader(text.str(), spec).Read(error);
}

}  // namespace oxibase::isolation
