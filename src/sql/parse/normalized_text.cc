#include "sql/parse/normalized_text.h"

#include <array>
#include <limits>

namespace oxibase {
namespace {

enum class Word : uint8_t {
  kOther,  // a name, or a keyword without meaning here
  kSelect,
  kInsert,
  kUpdate,
  kDelete,
  kFrom,
  kWhere,
  kOn,
  kSet,
  kValues,
  kIn,
  kAnd,
  kBetween,
  kOr,
  kNot,
  kStop,    // ends the clause: ORDER, LIMIT, RETURNING, JOIN ...
  kRefuse,  // GROUP, DISTINCT, UNION, WITH ...
  kConflict,
  kDo,
};

constexpr uint64_t Pack(std::string_view word) {
  uint64_t packed = 0;
  for (const char c : word) packed = packed << 8 | static_cast<unsigned char>(c);
  return packed;
}

/// A word of at most eight letters, by its lower-case bytes in one number.
Word Classify(uint64_t packed) {
  switch (packed) {
    case Pack("select"):
      return Word::kSelect;
    case Pack("insert"):
      return Word::kInsert;
    case Pack("update"):
      return Word::kUpdate;
    case Pack("delete"):
      return Word::kDelete;
    case Pack("from"):
      return Word::kFrom;
    case Pack("where"):
      return Word::kWhere;
    case Pack("on"):
      return Word::kOn;
    case Pack("set"):
      return Word::kSet;
    case Pack("values"):
      return Word::kValues;
    case Pack("in"):
      return Word::kIn;
    case Pack("and"):
      return Word::kAnd;
    case Pack("between"):
      return Word::kBetween;
    case Pack("or"):
      return Word::kOr;
    case Pack("not"):
      return Word::kNot;
    case Pack("order"):
    case Pack("limit"):
    case Pack("offset"):
    case Pack("fetch"):
    case Pack("for"):
    case Pack("join"):
    case Pack("using"):
    case Pack("cross"):
    case Pack("left"):
    case Pack("right"):
    case Pack("full"):
    case Pack("inner"):
    case Pack("natural"):
      return Word::kStop;
    case Pack("group"):
    case Pack("having"):
    case Pack("distinct"):
    case Pack("union"):
    case Pack("except"):
    case Pack("with"):
    case Pack("window"):
    case Pack("over"):
    case Pack("into"):
    case Pack("array"):
      return Word::kRefuse;
    case Pack("conflict"):
      return Word::kConflict;
    case Pack("do"):
      return Word::kDo;
    default:
      return Word::kOther;
  }
}

enum CharClass : uint8_t { kBlank, kLetter, kDigit, kOperator, kOwn, kBad };

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) classes[c] = c >= 0x80 ? kLetter : kBad;
  for (const char c : std::string_view(" \t\n\r\f\v")) classes[static_cast<int>(c)] = kBlank;
  for (int c = 'a'; c <= 'z'; ++c) classes[c] = classes[c - 'a' + 'A'] = kLetter;
  for (int c = '0'; c <= '9'; ++c) classes[c] = kDigit;
  classes['_'] = kLetter;
  for (const char c : std::string_view("+-*/<>=~!@#%^&|`?"))
    classes[static_cast<int>(c)] = kOperator;
  for (const char c : std::string_view("'\"(),.;:[]")) classes[static_cast<int>(c)] = kOwn;
  return classes;
}
constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

class Scanner {
 public:
  Scanner(std::string_view sql, NormalizedText& out) : sql_(sql), out_(out) {}

  bool Run();

 private:
  /// What stands before a literal decides whether it may be taken.
  enum class Before : uint8_t { kName, kAnd, kOperand, kComparison, kArithmetic, kOpen };

  /// One level of parentheses.
  struct Frame {
    bool active = false;  // within WHERE, ON, SET or VALUES
    bool list = false;    // of IN or VALUES: literals follow '(' and ','
    bool between = false;
  };
  static constexpr int kFramesMax = 16;

  uint8_t ClassAt(size_t i) const {
    return i < sql_.size() ? kClasses[static_cast<unsigned char>(sql_[i])] : uint8_t{kBlank};
  }
  char At(size_t i) const { return i < sql_.size() ? sql_[i] : '\0'; }
  Frame& frame() { return frames_[depth_]; }

  bool ScanWord();
  bool ScanNumber();
  bool ScanString();
  bool ScanOperator();
  bool ScanOther();
  bool Open();
  /// Nothing of a cast or a continued string follows at `i`.
  bool EndsPlain(size_t i) const;
  bool MayTake(bool string) const;
  void Replace(size_t begin, size_t end);

  const std::string_view sql_;
  NormalizedText& out_;
  size_t pos_ = 0;
  /// What of `sql_` is in `out_.text` already.
  size_t copied_ = 0;
  Before before_ = Before::kName;
  Word last_word_ = Word::kOther;
  Word statement_ = Word::kOther;
  bool in_conflict_ = false;
  int depth_ = 0;
  Frame frames_[kFramesMax];
};

bool Scanner::EndsPlain(size_t i) const {
  while (i < sql_.size() && ClassAt(i) == kBlank) ++i;
  const char next = At(i);
  return next != ':' && next != '\'' && next != '[' && next != '"' && next != '.';
}

bool Scanner::MayTake(bool string) const {
  const Frame& frame = frames_[depth_];
  if (!frame.active || in_conflict_) return false;
  switch (before_) {
    case Before::kComparison:
    case Before::kAnd:
      return true;
    case Before::kArithmetic:
      return !string;
    case Before::kOpen:
      return frame.list;
    default:
      return false;
  }
}

void Scanner::Replace(size_t begin, size_t end) {
  out_.text.append(sql_, copied_, begin - copied_);
  out_.text += '$';
  const size_t number = out_.literals.size();
  if (number >= 10) out_.text += static_cast<char>('0' + number / 10);
  out_.text += static_cast<char>('0' + number % 10);
  copied_ = end;
}

bool Scanner::ScanWord() {
  const size_t begin = pos_;
  uint64_t packed = 0;
  while (true) {
    const uint8_t c = ClassAt(pos_);
    if (pos_ >= sql_.size() || (c != kLetter && c != kDigit && sql_[pos_] != '$')) break;
    const unsigned char byte = static_cast<unsigned char>(sql_[pos_]);
    packed = packed << 8 | (byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
    ++pos_;
  }
  // E'...', U&"..." and their like.
  if (At(pos_) == '\'' || At(pos_) == '"' || At(pos_) == '&') return false;
  const size_t length = pos_ - begin;
  const bool qualified = begin > 0 && sql_[begin - 1] == '.';
  const Word word = length <= 8 && !qualified ? Classify(packed) : Word::kOther;
  if (length == 9 && packed == Pack("ntersect") && (sql_[begin] | 0x20) == 'i') return false;
  if (length == 9 && packed == Pack("eturning") && (sql_[begin] | 0x20) == 'r') {
    frame().active = false;
  }
  last_word_ = word;
  before_ = Before::kName;
  if (statement_ == Word::kOther) {
    statement_ = word;
    return word == Word::kSelect || word == Word::kInsert || word == Word::kUpdate ||
           word == Word::kDelete;
  }
  switch (word) {
    case Word::kRefuse:
      // INSERT INTO is the one INTO that is usual.
      return packed == Pack("into") && statement_ == Word::kInsert && depth_ == 0;
    case Word::kSelect:
    case Word::kFrom:
    case Word::kStop:
      frame() = Frame{};
      break;
    case Word::kWhere:
    case Word::kOn:
    case Word::kSet:
      frame() = Frame{.active = true};
      break;
    case Word::kValues:
      frame() = Frame{};
      // Elsewhere VALUES is a table, whose columns have the types of its literals.
      frame().active = frame().list = statement_ == Word::kInsert && depth_ == 0;
      break;
    case Word::kConflict:
      in_conflict_ = true;
      break;
    case Word::kDo:
      in_conflict_ = false;
      break;
    case Word::kBetween:
      frame().between = true;
      before_ = Before::kAnd;
      break;
    case Word::kAnd:
      if (frame().between) before_ = Before::kAnd;
      frame().between = false;
      break;
    default:
      break;
  }
  return true;
}

bool Scanner::ScanNumber() {
  const size_t begin = pos_;
  uint64_t value = 0;
  bool overflow = false, decimal = false;
  while (ClassAt(pos_) == kDigit && pos_ < sql_.size()) {
    const uint64_t digit = static_cast<uint64_t>(sql_[pos_] - '0');
    if (value > (std::numeric_limits<uint64_t>::max() - digit) / 10) overflow = true;
    value = value * 10 + digit;
    ++pos_;
  }
  if (At(pos_) == '.') {
    decimal = true;
    ++pos_;
    if (At(pos_) == '.') return false;
    while (ClassAt(pos_) == kDigit && pos_ < sql_.size()) ++pos_;
  }
  if ((At(pos_) | 0x20) == 'e') {
    decimal = true;
    ++pos_;
    if (At(pos_) == '+' || At(pos_) == '-') ++pos_;
    if (pos_ >= sql_.size() || ClassAt(pos_) != kDigit) return false;
    while (ClassAt(pos_) == kDigit && pos_ < sql_.size()) ++pos_;
  }
  // 0x1F, 1_000, 1abc
  if (pos_ < sql_.size() && (ClassAt(pos_) == kLetter || At(pos_) == '.')) return false;
  if (MayTake(false) && EndsPlain(pos_)) {
    NormalizedText::Literal literal;
    using Type = NormalizedText::Literal::Type;
    if (decimal || overflow || value > static_cast<uint64_t>(INT64_MAX)) {
      literal.type = Type::kNumeric;
      literal.begin = static_cast<uint32_t>(out_.pool.size());
      literal.length = static_cast<uint32_t>(pos_ - begin);
      out_.pool.append(sql_, begin, pos_ - begin);
    } else {
      literal.type = value <= static_cast<uint64_t>(INT32_MAX) ? Type::kInt4 : Type::kInt8;
      literal.integer = static_cast<int64_t>(value);
      // -2147483648 is an integer although 2147483648 is not: leave both limits to the parser.
      if (value == uint64_t{1} << 31) return false;
    }
    if (out_.literals.size() == kNormalizedLiteralsMax) return false;
    out_.literals.push_back(literal);
    Replace(begin, pos_);
  }
  before_ = Before::kOperand;
  return true;
}

bool Scanner::ScanString() {
  const size_t begin = pos_++;
  const size_t pool_begin = out_.pool.size();
  size_t part = pos_;
  while (true) {
    const size_t quote = sql_.find('\'', pos_);
    if (quote == sql_.npos) return false;
    pos_ = quote + 1;
    out_.pool.append(sql_, part, quote - part);
    if (At(pos_) != '\'') break;
    out_.pool += '\'';
    part = ++pos_;
  }
  if (MayTake(true) && EndsPlain(pos_)) {
    if (out_.literals.size() == kNormalizedLiteralsMax) return false;
    NormalizedText::Literal literal;
    literal.type = NormalizedText::Literal::Type::kString;
    literal.begin = static_cast<uint32_t>(pool_begin);
    literal.length = static_cast<uint32_t>(out_.pool.size() - pool_begin);
    out_.literals.push_back(literal);
    Replace(begin, pos_);
  } else {
    out_.pool.resize(pool_begin);
    // A string goes on in the next line.
    size_t next = pos_;
    while (next < sql_.size() && ClassAt(next) == kBlank) ++next;
    if (At(next) == '\'') return false;
  }
  before_ = Before::kOperand;
  return true;
}

bool Scanner::ScanOperator() {
  const size_t begin = pos_;
  while (pos_ < sql_.size() && ClassAt(pos_) == kOperator) ++pos_;
  std::string_view op = sql_.substr(begin, pos_ - begin);
  if (op.find("--") != op.npos || op.find("/*") != op.npos) return false;
  // `a =-5` is two operators: a trailing minus is the literal's sign.
  const bool sign = op.size() > 1 && op.back() == '-';
  if (sign) op.remove_suffix(1);
  // A sign's literal is negated by the parameter's operator, which an interval or a date would not
  // like: strings are never taken behind one, numbers mean the same.
  const bool after_operand = before_ == Before::kOperand || before_ == Before::kName;
  if (op == "=" || op == "<" || op == ">" || op == "<=" || op == ">=" || op == "<>" || op == "!=") {
    before_ = sign ? Before::kArithmetic : Before::kComparison;
  } else if (op == "+" || op == "-" || op == "*" || op == "/" || op == "%") {
    // An operator in front, as in `IN (-5)`, keeps to what its place allows.
    const bool takes = after_operand || before_ == Before::kComparison ||
                       before_ == Before::kArithmetic || before_ == Before::kAnd ||
                       (before_ == Before::kOpen && frame().list);
    before_ = takes ? Before::kArithmetic : Before::kName;
  } else {
    before_ = Before::kName;
  }
  return true;
}

bool Scanner::Open() {
  if (depth_ + 1 == kFramesMax) return false;
  Frame inner;
  const Frame& outer = frame();
  if (before_ == Before::kName || before_ == Before::kAnd) {
    switch (last_word_) {
      case Word::kIn:
      case Word::kValues:
        inner.active = outer.active;
        inner.list = true;
        break;
      case Word::kWhere:
      case Word::kOn:
      case Word::kAnd:
      case Word::kOr:
      case Word::kNot:
      case Word::kBetween:
      case Word::kSet:
        inner.active = outer.active;
        break;
      default:
        // A function's arguments, a type's modifiers, a list of columns.
        break;
    }
  } else if (before_ != Before::kOperand) {
    inner.active = outer.active;
    inner.list = outer.list;  // `(a, b) IN ((1, 2))`, and each further row of VALUES
  }
  frames_[++depth_] = inner;
  before_ = Before::kOpen;
  return true;
}

bool Scanner::ScanOther() {
  switch (sql_[pos_++]) {
    case '(':
      return Open();
    case ')':
      if (depth_ == 0) return false;
      --depth_;
      before_ = Before::kOperand;
      return true;
    case ',':
      // Commas of SET and of rows keep the frame; a comma ends nothing else that matters.
      before_ = Before::kOpen;
      return true;
    case '"': {
      pos_ = sql_.find('"', pos_);
      if (pos_ == sql_.npos) return false;
      ++pos_;
      last_word_ = Word::kOther;
      before_ = Before::kName;
      return true;
    }
    case '.':
      before_ = Before::kName;
      return ClassAt(pos_) != kDigit;
    case ';': {
      // The end, with nothing but blanks behind.
      for (size_t i = pos_; i < sql_.size(); ++i) {
        if (ClassAt(i) != kBlank) return false;
      }
      pos_ = sql_.size();
      return true;
    }
    case '[': {
      // A subscript or a slice: as written.
      size_t nested = 1;
      while (nested > 0) {
        if (pos_ >= sql_.size()) return false;
        const char c = sql_[pos_++];
        if (c == '\'' || c == '"' || c == '$' || c == '-' || c == '/') return false;
        nested += c == '[';
        nested -= c == ']';
      }
      before_ = Before::kOperand;
      return true;
    }
    case ':':
      // `::type`; a type's modifiers are parentheses behind a name.
      if (At(pos_) != ':') return false;
      ++pos_;
      before_ = Before::kName;
      return true;
    default:
      return false;
  }
}

bool Scanner::Run() {
  while (pos_ < sql_.size()) {
    bool ok = false;
    switch (kClasses[static_cast<unsigned char>(sql_[pos_])]) {
      case kBlank:
        ++pos_;
        continue;
      case kLetter:
        ok = ScanWord();
        break;
      case kDigit:
        ok = ScanNumber();
        break;
      case kOperator:
        ok = ScanOperator();
        break;
      case kOwn:
        ok = sql_[pos_] == '\'' ? ScanString() : ScanOther();
        break;
      default:
        break;
    }
    if (!ok) return false;
  }
  if (depth_ != 0 || out_.literals.empty()) return false;
  out_.text.append(sql_, copied_, sql_.size() - copied_);
  return true;
}

}  // namespace

bool NormalizeText(std::string_view sql, NormalizedText& out) {
  if (sql.size() > kNormalizedTextBytesMax) return false;
  out.text.clear();
  out.literals.clear();
  out.pool.clear();
  return Scanner(sql, out).Run();
}

}  // namespace oxibase
