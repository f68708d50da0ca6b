#include "copy_command.h"

#include <cctype>

namespace oxibase {
namespace {

/// Cuts the text into words, quoted pieces and pieces in parentheses.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) { SkipBlanks(); }

  bool AtEnd() const { return at_ >= text_.size(); }
  std::string_view Rest() const { return text_.substr(at_); }
  /// The next piece, as it is written; empty if a quote or a parenthesis has no end.
  std::string_view Next() {
    const size_t begin = at_;
    if (AtEnd()) return {};
    const bool ended = text_[at_] == '(' ? SkipParentheses() : SkipWord();
    const std::string_view word = text_.substr(begin, at_ - begin);
    SkipBlanks();
    return ended ? word : std::string_view();
  }

 private:
  void SkipBlanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  bool SkipQuoted() {
    const size_t end = text_.find(text_[at_], at_ + 1);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
    return end != std::string_view::npos;
  }
  bool SkipWord() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) == 0 &&
           text_[at_] != '(') {
      if (text_[at_] == '\'' || text_[at_] == '"') {
        if (!SkipQuoted()) return false;
      } else {
        ++at_;
      }
    }
    return true;
  }
  bool SkipParentheses() {
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\'' || c == '"') {
        if (!SkipQuoted()) return false;
        continue;
      }
      ++at_;
      if (c == '(') ++depth;
      if (c == ')' && --depth == 0) return true;
    }
    return false;
  }

  std::string_view text_;
  size_t at_ = 0;
};

bool Is(std::string_view word, std::string_view lower) {
  if (word.size() != lower.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(word[i])) != lower[i]) return false;
  }
  return true;
}

std::string Unquote(std::string_view word) {
  if (word.size() < 2 || word.front() != '\'' || word.back() != '\'') return std::string(word);
  std::string plain;
  for (size_t i = 1; i + 1 < word.size(); ++i) {
    plain += word[i];
    if (word[i] == '\'' && word[i + 1] == '\'') ++i;
  }
  return plain;
}

}  // namespace

Result<CopyCommand> CopyCommand::Parse(std::string_view text) {
  const auto bad = [](std::string_view at) {
    return at.empty() ? Error(ErrorCode::kSyntaxError, "\\copy: parse error at end of line")
                      : Error(ErrorCode::kSyntaxError, "\\copy: parse error at \"{}\"", at);
  };
  while (!text.empty() &&
         (text.back() == ';' || std::isspace(static_cast<unsigned char>(text.back())) != 0)) {
    text.remove_suffix(1);
  }
  CopyCommand command;
  Words words(text);
  command.sql = "COPY";
  std::string_view direction;
  for (;;) {
    const std::string_view word = words.Next();
    if (word.empty()) return bad(words.Rest());
    if (Is(word, "from") || Is(word, "to")) {
      direction = word;
      break;
    }
    command.sql += ' ';
    command.sql += word;
  }
  command.from = Is(direction, "from");
  command.sql += command.from ? " FROM STDIN" : " TO STDOUT";
  std::string_view target = words.Next();
  if (target.empty()) return bad("");
  if (Is(target, "program")) {
    command.place = Place::kProgram;
    target = words.Next();
    if (target.size() < 2 || target.front() != '\'') return bad(target);
    command.path = Unquote(target);
  } else if (Is(target, "stdin") || Is(target, "pstdin") || Is(target, "stdout") ||
             Is(target, "pstdout")) {
    command.place = Place::kStandard;
  } else {
    command.path = Unquote(target);
  }
  if (!words.AtEnd()) {
    command.sql += ' ';
    command.sql += words.Rest();
  }
  return command;
}

}  // namespace oxibase
