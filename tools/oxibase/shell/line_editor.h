#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace oxibase {

/// What TAB may insert for the word before the cursor.
struct Completion {
  size_t word_bytes = 0;  // of that word
  std::vector<std::string> candidates;
  bool verbatim = false;  // the one candidate is what the key means here, and no word
};

/// Lines from a terminal, with editing (libedit), history and completion. One thread.
class LineEditor {
 public:
  using CompleteFunction = std::function<Completion(std::string_view before_cursor)>;
  enum class Outcome { kLine, kInterrupted, kEnd };

  LineEditor(std::string history_path, CompleteFunction complete);
  ~LineEditor();  // saves the history
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// The next line without its line feed. Ctrl-C gives kInterrupted: the line is dropped.
  Outcome Read(const std::string& prompt, std::string* line);
  /// An entry, of several lines perhaps; one equal to the last is left out.
  void AddHistory(const std::string& text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace oxibase
