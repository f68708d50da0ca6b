#include "expr/functions/regex.h"

#include <re2/re2.h>

#include "expr/functions/utf8.h"

namespace oxibase {
namespace {

/// What a compiled pattern may take.
constexpr int64_t kRegexBytesMax = int64_t{64} << 20;

struct Options {
  bool ignore_case = false;
  bool newline_stops_dot = false;  // '.' and negated sets do not match newlines
  bool newline_anchors = false;    // ^ and $ match at lines
  bool expanded = false;
  bool literal = false;
};

Status ParseFlags(std::string_view flags, Options* options) {
  for (size_t i = 0; i < flags.size(); ++i) {
    switch (flags[i]) {
      case 'b':
      case 'e':
      case 't':
        break;
      case 'c':
        options->ignore_case = false;
        break;
      case 'i':
        options->ignore_case = true;
        break;
      case 'm':
      case 'n':
        options->newline_stops_dot = options->newline_anchors = true;
        break;
      case 'p':
        options->newline_stops_dot = true;
        options->newline_anchors = false;
        break;
      case 'q':
        options->literal = true;
        break;
      case 's':
        options->newline_stops_dot = options->newline_anchors = false;
        break;
      case 'w':
        options->newline_stops_dot = false;
        options->newline_anchors = true;
        break;
      case 'x':
        options->expanded = true;
        break;
      default:
        return Error(ErrorCode::kInvalidParameterValue, "invalid regular expression option: \"{}\"",
                     flags.substr(i, utf8::CharacterBytes(flags, i)));
    }
  }
  return {};
}

Status Malformed(std::string_view why) {
  return Error(ErrorCode::kInvalidRegularExpression, "invalid regular expression: {}", why);
}

/// Rewrites what the two dialects write differently. `non_greedy` tells of such quantifiers.
Result<std::string> Translate(std::string_view p, const Options& options, bool* non_greedy) {
  std::string out;
  bool in_set = false;
  size_t set_start = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    const char c = p[i];
    if (c == '\\') {
      if (i + 1 == p.size()) return Malformed("invalid escape \\ sequence");
      const char e = p[++i];
      switch (e) {
        case 'y':
          out += "\\b";
          break;
        case 'Y':
          out += "\\B";
          break;
        case 'm':
        case 'M':
        case '<':
        case '>':
          if (e == 'm' || e == 'M') {
            out += "\\b";
          } else {
            out += e;
          }
          break;
        case 'Z':
          out += "\\z";
          break;
        case 'e':
          out += "\\x1b";
          break;
        case 'b':
          out += "\\x08";
          break;
        case 'B':
          out += "\\\\";
          break;
        case 'u':
        case 'U': {
          const size_t digits = e == 'u' ? 4 : 8;
          if (i + digits >= p.size()) return Malformed("invalid escape \\ sequence");
          out += "\\x{" + std::string(p.substr(i + 1, digits)) + "}";
          i += digits;
          break;
        }
        default:
          if (!in_set && e >= '1' && e <= '9') {
            return Error(ErrorCode::kFeatureNotSupported,
                         "back-references in regular expressions are not supported");
          }
          out += '\\';
          out += e;
      }
      continue;
    }
    if (in_set) {
      if (c == '[' && i + 1 < p.size() && (p[i + 1] == ':' || p[i + 1] == '.' || p[i + 1] == '=')) {
        const char kind = p[i + 1];
        const size_t end = p.find(std::string{kind, ']'}, i + 2);
        if (end == std::string_view::npos) return Malformed("brackets [] not balanced");
        if (kind == ':') {
          out += p.substr(i, end + 2 - i);
        } else {
          out += "\\Q" + std::string(p.substr(i + 2, end - i - 2)) + "\\E";
        }
        i = end + 1;
        continue;
      }
      if (c == ']' && i > set_start) {
        in_set = false;
        out += ']';
      } else if (c == '[') {
        out += "\\[";
      } else {
        out += c;
      }
      continue;
    }
    if (options.expanded && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) continue;
    if (options.expanded && c == '#') {
      while (i < p.size() && p[i] != '\n') ++i;
      continue;
    }
    if (c == '[') {
      if (p.substr(i).starts_with("[[:<:]]") || p.substr(i).starts_with("[[:>:]]")) {
        out += "\\b";
        i += 6;
        continue;
      }
      in_set = true;
      out += '[';
      if (i + 1 < p.size() && p[i + 1] == '^') {
        out += '^';
        ++i;
        if (options.newline_stops_dot) out += "\\n";
      }
      set_start = i + 1;
      if (i + 1 < p.size() && p[i + 1] == ']') {
        out += "\\]";
        ++i;
      }
      continue;
    }
    if (c == '(' && p.substr(i).starts_with("(?")) {
      const char next = i + 2 < p.size() ? p[i + 2] : 0;
      if (next == '=' || next == '!' || next == '<') {
        return Error(ErrorCode::kFeatureNotSupported,
                     "lookaround in regular expressions is not supported");
      }
      if (next == '#') {
        const size_t end = p.find(')', i);
        if (end == std::string_view::npos) return Malformed("parentheses () not balanced");
        i = end;
        continue;
      }
    }
    if (c == '?' && i > 0 &&
        (p[i - 1] == '*' || p[i - 1] == '+' || p[i - 1] == '?' || p[i - 1] == '}')) {
      *non_greedy = true;
    }
    out += c;
  }
  if (in_set) return Malformed("brackets [] not balanced");
  return out;
}

std::string_view Reason(re2::RE2::ErrorCode code) {
  switch (code) {
    case re2::RE2::ErrorMissingParen:
    case re2::RE2::ErrorUnexpectedParen:
      return "parentheses () not balanced";
    case re2::RE2::ErrorMissingBracket:
      return "brackets [] not balanced";
    case re2::RE2::ErrorRepeatArgument:
    case re2::RE2::ErrorRepeatOp:
      return "quantifier operand invalid";
    case re2::RE2::ErrorRepeatSize:
      return "invalid repetition count(s)";
    case re2::RE2::ErrorBadCharRange:
      return "invalid character range";
    case re2::RE2::ErrorBadCharClass:
      return "invalid character class";
    case re2::RE2::ErrorBadEscape:
    case re2::RE2::ErrorTrailingBackslash:
      return "invalid escape \\ sequence";
    case re2::RE2::ErrorPatternTooLarge:
      return "regular expression is too complex";
    default:
      return "invalid regular expression";
  }
}

struct Kept {
  std::string pattern, flags;
  std::shared_ptr<const Regex> regex;
};

}  // namespace

struct Regex::Impl {
  std::unique_ptr<re2::RE2> re;
};

Regex::Regex() : impl_(std::make_unique<Impl>()) {}
Regex::~Regex() = default;

Result<std::shared_ptr<const Regex>> Regex::Compile(std::string_view pattern,
                                                    std::string_view flags) {
  Options options;
  RETURN_IF_ERROR(ParseFlags(flags, &options));
  if (pattern.starts_with("***=")) {
    options.literal = true;
    pattern.remove_prefix(4);
  } else if (pattern.starts_with("***:")) {
    pattern.remove_prefix(4);
  }
  // Options that the pattern begins with: (?i)...
  if (!options.literal && pattern.starts_with("(?")) {
    const size_t end = pattern.find(')');
    const std::string_view inner =
        end == std::string_view::npos ? std::string_view() : pattern.substr(2, end - 2);
    if (!inner.empty() && inner.find_first_not_of("bceimnpqstwx") == std::string_view::npos) {
      RETURN_IF_ERROR(ParseFlags(inner, &options));
      pattern.remove_prefix(end + 1);
    }
  }
  bool non_greedy = false;
  std::string translated(pattern);
  if (!options.literal) {
    ASSIGN_OR_RETURN(translated, Translate(pattern, options, &non_greedy));
  }
  re2::RE2::Options re;
  re.set_log_errors(false);
  re.set_max_mem(kRegexBytesMax);
  re.set_literal(options.literal);
  re.set_case_sensitive(!options.ignore_case);
  re.set_dot_nl(!options.newline_stops_dot);
  re.set_longest_match(!non_greedy);
  if (options.newline_anchors && !options.literal) translated = "(?m)" + translated;
  std::shared_ptr<Regex> regex(new Regex);
  regex->impl_->re = std::make_unique<re2::RE2>(translated, re);
  if (!regex->impl_->re->ok()) return Malformed(Reason(regex->impl_->re->error_code()));
  return std::shared_ptr<const Regex>(std::move(regex));
}

bool Regex::Matches(std::string_view text) const {
  return impl_->re->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                          re2::RE2::UNANCHORED, nullptr, 0);
}

int Regex::group_count() const { return impl_->re->NumberOfCapturingGroups(); }

bool Regex::Find(std::string_view text, size_t start, std::vector<RegexMatch>* groups) const {
  std::vector<re2::StringPiece> pieces(static_cast<size_t>(group_count()) + 1);
  if (!impl_->re->Match(re2::StringPiece(text.data(), text.size()), start, text.size(),
                        re2::RE2::UNANCHORED, pieces.data(), static_cast<int>(pieces.size()))) {
    return false;
  }
  groups->resize(pieces.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    RegexMatch& m = (*groups)[i];
    if (pieces[i].data() == nullptr) {
      m = {};
    } else {
      m.begin = static_cast<size_t>(pieces[i].data() - text.data());
      m.end = m.begin + pieces[i].size();
    }
  }
  return true;
}

Result<const Regex*> RegexFor(CallSite& site, std::string_view pattern, std::string_view flags) {
  auto* kept = static_cast<Kept*>(site.memo.get());
  if (!kept || kept->pattern != pattern || kept->flags != flags) {
    ASSIGN_OR_RETURN(auto regex, Regex::Compile(pattern, flags));
    auto fresh = std::make_shared<Kept>(Kept{std::string(pattern), std::string(flags), regex});
    kept = fresh.get();
    site.memo = std::move(fresh);
  }
  return kept->regex.get();
}

}  // namespace oxibase
