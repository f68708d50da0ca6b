#include "line_editor.h"

#include <histedit.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>

#include "table_printer.h"

namespace oxibase {
namespace {

constexpr int kHistoryEntriesMax = 2000;
constexpr size_t kListedMax = 200;

void ListCandidates(const std::vector<std::string>& candidates) {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  const size_t width = known ? size.ws_col : 80;
  const size_t shown = std::min(candidates.size(), kListedMax);
  size_t cell = 0;
  for (size_t i = 0; i < shown; ++i) cell = std::max(cell, DisplayWidth(candidates[i]) + 2);
  const size_t columns = std::max<size_t>(1, width / cell);
  std::fputc('\n', stdout);
  for (size_t i = 0; i < shown; ++i) {
    const bool last = (i + 1) % columns == 0 || i + 1 == shown;
    const size_t fill = last ? 0 : cell - DisplayWidth(candidates[i]);
    std::fprintf(stdout, "%s%s%s", candidates[i].c_str(), std::string(fill, ' ').c_str(),
                 last ? "\n" : "");
  }
  if (shown < candidates.size()) {
    std::fprintf(stdout, "... and %zu more\n", candidates.size() - shown);
  }
  std::fflush(stdout);
}

/// How many bytes all candidates begin with alike, behind the word; not within a character.
size_t CommonBytes(const std::vector<std::string>& candidates) {
  size_t common = candidates[0].size();
  for (const std::string& candidate : candidates) {
    size_t same = 0;
    while (same < std::min(common, candidate.size()) && candidate[same] == candidates[0][same]) {
      ++same;
    }
    common = same;
  }
  while (common > 0 && common < candidates[0].size() && (candidates[0][common] & 0xC0) == 0x80) {
    --common;
  }
  return common;
}

/// While a line is read, Ctrl-C is a key and no signal; libedit's raw mode, which has begun, leaves
/// it one. It ends with that mode.
void MakeInterruptAKey() {
  termios mode{};
  if (tcgetattr(STDIN_FILENO, &mode) != 0 || (mode.c_lflag & ICANON) != 0) return;
  if (mode.c_cc[VINTR] == _POSIX_VDISABLE && mode.c_cc[VMIN] == 1) return;
  mode.c_cc[VINTR] = _POSIX_VDISABLE;
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &mode);
}

/// One byte from the terminal: 1, 0 at the end, -1 after an error.
int ReadByte(unsigned char* byte) {
  for (;;) {
    const ssize_t count = read(STDIN_FILENO, byte, 1);
    if (count >= 0 || errno != EINTR) return static_cast<int>(count);
  }
}

/// For libedit: the next character, which is UTF-8.
int ReadCharacter(EditLine* /*line*/, wchar_t* character) {
  MakeInterruptAKey();
  unsigned char byte = 0;
  if (const int count = ReadByte(&byte); count != 1) return count;
  const int more = byte < 0xC0 ? 0 : byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
  auto code = static_cast<uint32_t>(more == 0 ? byte : byte & (0x3F >> more));
  for (int i = 0; i < more; ++i) {
    if (const int count = ReadByte(&byte); count != 1) return count;
    code = code << 6 | (byte & 0x3F);
  }
  *character = static_cast<wchar_t>(code);
  return 1;
}

}  // namespace

struct LineEditor::State {
  EditLine* line = nullptr;
  History* history = nullptr;
  std::string history_path, prompt, last_entry;
  CompleteFunction complete;
  bool interrupted = false;

  static State* Of(EditLine* line) {
    void* state = nullptr;
    el_get(line, EL_CLIENTDATA, &state);
    return static_cast<State*>(state);
  }
  static char* Prompt(EditLine* line) { return Of(line)->prompt.data(); }
  static unsigned char Interrupt(EditLine* line, int) {
    Of(line)->interrupted = true;
    std::fputs("^C\n", stdout);
    std::fflush(stdout);
    return CC_NEWLINE;
  }
  static unsigned char Complete(EditLine* line, int) { return Of(line)->CompleteWord(); }

  unsigned char CompleteWord() const {
    const LineInfo* info = el_line(line);
    const std::string before(info->buffer, static_cast<size_t>(info->cursor - info->buffer));
    const Completion found = complete(before);
    if (found.verbatim) {
      el_insertstr(line, found.candidates[0].c_str());
      return CC_REFRESH;
    }
    if (found.candidates.empty() || found.word_bytes > before.size()) return CC_REFRESH_BEEP;
    const bool only = found.candidates.size() == 1;
    std::string text = found.candidates[0].substr(0, CommonBytes(found.candidates));
    if (only && !text.ends_with('/') && !text.ends_with('.')) text += ' ';
    const std::string word = before.substr(before.size() - found.word_bytes);
    if (text != word && text.size() >= word.size()) {
      // The word is replaced: its case may change.
      if (!word.empty()) el_deletestr(line, Characters(word));
      el_insertstr(line, text.c_str());
      return CC_REFRESH;
    }
    if (only) return CC_REFRESH_BEEP;
    ListCandidates(found.candidates);
    return CC_REDISPLAY;
  }
  static int Characters(const std::string& text) {
    return static_cast<int>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
  }
};

LineEditor::LineEditor(std::string history_path, CompleteFunction complete)
    : state_(std::make_unique<State>()) {
  // libedit keeps lines as wide characters: the text is UTF-8 whatever the locale says.
  std::setlocale(LC_CTYPE, "C.UTF-8");
  state_->history_path = std::move(history_path);
  state_->complete = std::move(complete);
  state_->history = history_init();
  HistEvent event;
  history(state_->history, &event, H_SETSIZE, kHistoryEntriesMax);
  history(state_->history, &event, H_LOAD, state_->history_path.c_str());
  EditLine* line = state_->line = el_init("oxibase", stdin, stdout, stderr);
  el_set(line, EL_CLIENTDATA, state_.get());
  el_set(line, EL_PROMPT, &State::Prompt);
  el_set(line, EL_GETCFN, &ReadCharacter);
  el_set(line, EL_HIST, history, state_->history);
  el_set(line, EL_EDITOR, "emacs");
  el_set(line, EL_ADDFN, "oxi-complete", "Complete the word", &State::Complete);
  el_set(line, EL_ADDFN, "oxi-interrupt", "Drop the line", &State::Interrupt);
  el_set(line, EL_BIND, "^I", "oxi-complete", nullptr);
  el_set(line, EL_BIND, "^C", "oxi-interrupt", nullptr);
  el_set(line, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  el_set(line, EL_BIND, "\\e[1~", "ed-move-to-beg", nullptr);
  el_set(line, EL_BIND, "\\e[4~", "ed-move-to-end", nullptr);
  el_set(line, EL_BIND, "\\e[3~", "ed-delete-next-char", nullptr);
  el_source(line, nullptr);
}

LineEditor::~LineEditor() {
  HistEvent event;
  history(state_->history, &event, H_SAVE, state_->history_path.c_str());
  history_end(state_->history);
  el_end(state_->line);
}

LineEditor::Outcome LineEditor::Read(const std::string& prompt, std::string* line) {
  state_->prompt = prompt;
  state_->interrupted = false;
  el_resize(state_->line);
  int count = 0;
  const char* text = el_gets(state_->line, &count);
  if (state_->interrupted) return Outcome::kInterrupted;
  if (!text || count <= 0) return Outcome::kEnd;
  line->assign(text, static_cast<size_t>(count));
  if (line->ends_with('\n')) line->pop_back();
  return Outcome::kLine;
}

void LineEditor::AddHistory(const std::string& text) {
  if (text.empty() || text == state_->last_entry) return;
  state_->last_entry = text;
  HistEvent event;
  history(state_->history, &event, H_ENTER, text.c_str());
}

}  // namespace oxibase
