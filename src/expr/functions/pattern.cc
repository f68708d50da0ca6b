// ~, SIMILAR TO and the regexp_* functions.

#include <algorithm>

#include "common/array.h"
#include "expr/function_registry.h"
#include "expr/functions/regex.h"
#include "expr/functions/text_limit.h"
#include "expr/functions/utf8.h"
#include "expr/kernels.h"
#include "expr/table_function.h"

namespace oxibase {
namespace {

using View = std::string_view;

template <bool kIgnoreCase, bool kNegated>
Result<bool> Match(Frame& frame, View text, View pattern) {
  ASSIGN_OR_RETURN(const Regex* regex, RegexFor(frame.site, pattern, kIgnoreCase ? "i" : ""));
  return regex->Matches(text) != kNegated;
}

View Part(View text, const RegexMatch& m) { return text.substr(m.begin, m.end - m.begin); }

/// Where the search goes on behind a match; an empty one moves by a character.
size_t Behind(View text, const RegexMatch& m) {
  if (m.end > m.begin) return m.end;
  return m.end < text.size() ? m.end + utf8::CharacterBytes(text, m.end) : text.size() + 1;
}

std::string WithoutGlobal(View flags, bool* global) {
  std::string rest;
  for (const char c : flags) {
    if (c == 'g') {
      *global = true;
    } else {
      rest += c;
    }
  }
  return rest;
}

void Substitute(View text, const std::vector<RegexMatch>& groups, View replacement,
                std::string* out) {
  for (size_t i = 0; i < replacement.size(); ++i) {
    if (replacement[i] != '\\' || i + 1 == replacement.size()) {
      *out += replacement[i];
      continue;
    }
    const char c = replacement[++i];
    if (c == '&') {
      *out += Part(text, groups[0]);
    } else if (c >= '1' && c <= '9') {
      const auto n = static_cast<size_t>(c - '0');
      if (n < groups.size() && groups[n].matched()) *out += Part(text, groups[n]);
    } else if (c == '\\') {
      *out += '\\';
    } else {
      *out += '\\';
      *out += c;
    }
  }
}

/// Replaces the n-th match from byte `start` on, or all of them (n = 0).
Result<std::string> ReplaceMatches(Frame& frame, const Regex& regex, View text, View replacement,
                                   size_t start, int32_t n) {
  TextGrowth growth(frame.context);
  std::string out(text.substr(0, start));
  std::vector<RegexMatch> groups;
  size_t copied = start;
  int32_t seen = 0;
  for (size_t at = start; at <= text.size() && regex.Find(text, at, &groups);) {
    const RegexMatch m = groups[0];
    ++seen;
    RETURN_IF_ERROR(growth.Reach(out.size()));
    if (n == 0 || seen == n) {
      out += text.substr(copied, m.begin - copied);
      Substitute(text, groups, replacement, &out);
      copied = m.end;
      if (n != 0) break;
    }
    at = Behind(text, m);
  }
  RETURN_IF_ERROR(growth.Reach(out.size() + text.size() - copied));
  return std::move(out += text.substr(copied));
}

Result<std::string> Replace(Frame& frame, View text, View pattern, View replacement) {
  ASSIGN_OR_RETURN(const Regex* regex, RegexFor(frame.site, pattern, ""));
  return ReplaceMatches(frame, *regex, text, replacement, 0, 1);
}
Result<std::string> ReplaceFlags(Frame& frame, View text, View pattern, View replacement,
                                 View flags) {
  if (!flags.empty() && flags[0] >= '0' && flags[0] <= '9') {
    return Error(ErrorCode::kInvalidParameterValue, "invalid regular expression option: \"{}\"",
                 flags.substr(0, 1))
        .Hint(
            "If you meant to use regexp_replace() with a start parameter, cast the fourth "
            "argument to integer explicitly.");
  }
  bool global = false;
  const std::string rest = WithoutGlobal(flags, &global);
  ASSIGN_OR_RETURN(const Regex* regex, RegexFor(frame.site, pattern, rest));
  return ReplaceMatches(frame, *regex, text, replacement, 0, global ? 0 : 1);
}
Status BadParameter(View name, int32_t value) {
  return Error(ErrorCode::kInvalidParameterValue, "invalid value for parameter \"{}\": {}", name,
               value);
}
Result<std::string> ReplaceNth(Frame& frame, View text, View pattern, View replacement,
                               int32_t start, int32_t n, View flags) {
  if (start <= 0) return BadParameter("start", start);
  if (n < 0) return BadParameter("n", n);
  bool global = false;
  const std::string rest = WithoutGlobal(flags, &global);
  ASSIGN_OR_RETURN(const Regex* regex, RegexFor(frame.site, pattern, rest));
  const size_t from = utf8::Prefix(text, static_cast<size_t>(start - 1));
  return ReplaceMatches(frame, *regex, text, replacement, from, n);
}

std::string GroupsArray(View text, const std::vector<RegexMatch>& groups) {
  ArrayBuilder builder(TypeId::kText);
  for (size_t i = groups.size() > 1 ? 1 : 0; i < groups.size(); ++i) {
    if (groups[i].matched()) {
      builder.AddString(Part(text, groups[i]));
    } else {
      builder.AddNull();
    }
  }
  std::string bytes;
  builder.Finish(&bytes);
  return bytes;
}

Status CheckNotGlobal(View flags, View function) {
  if (flags.find('g') == View::npos) return {};
  return Error(ErrorCode::kInvalidParameterValue, "{}() does not support the \"global\" option",
               function);
}

Result<std::optional<std::string>> MatchGroups(Frame& frame, View text, View pattern, View flags) {
  if (Status status = CheckNotGlobal(flags, "regexp_match"); !status.ok()) {
    return std::move(status).Hint("Use the regexp_matches function instead.");
  }
  ASSIGN_OR_RETURN(const Regex* regex, RegexFor(frame.site, pattern, flags));
  std::vector<RegexMatch> groups;
  if (!regex->Find(text, 0, &groups)) return std::optional<std::string>();
  return std::optional<std::string>(GroupsArray(text, groups));
}

Result<bool> Like(Frame& frame, View text, View pattern, View flags) {
  RETURN_IF_ERROR(CheckNotGlobal(flags, "regexp_like"));
  ASSIGN_OR_RETURN(const Regex* regex, RegexFor(frame.site, pattern, flags));
  return regex->Matches(text);
}

Result<int32_t> Count(Frame& frame, View text, View pattern, int32_t start, View flags) {
  if (start <= 0) return BadParameter("start", start);
  RETURN_IF_ERROR(CheckNotGlobal(flags, "regexp_count"));
  ASSIGN_OR_RETURN(const Regex* regex, RegexFor(frame.site, pattern, flags));
  std::vector<RegexMatch> groups;
  int32_t n = 0;
  for (size_t at = utf8::Prefix(text, static_cast<size_t>(start - 1));
       at <= text.size() && regex->Find(text, at, &groups); at = Behind(text, groups[0])) {
    ++n;
  }
  return n;
}

/// The n-th match from character `start` on; false if there are fewer.
Result<bool> FindNth(Frame& frame, View text, View pattern, int32_t start, int32_t n, View flags,
                     std::vector<RegexMatch>* groups) {
  if (start <= 0) return BadParameter("start", start);
  if (n <= 0) return BadParameter("n", n);
  ASSIGN_OR_RETURN(const Regex* regex, RegexFor(frame.site, pattern, flags));
  size_t at = utf8::Prefix(text, static_cast<size_t>(start - 1));
  for (; at <= text.size() && regex->Find(text, at, groups); at = Behind(text, (*groups)[0])) {
    if (--n == 0) return true;
  }
  return false;
}
Result<std::optional<View>> SubstringNth(Frame& frame, View text, View pattern, int32_t start,
                                         int32_t n, View flags, int32_t group) {
  if (group < 0) return BadParameter("subexpr", group);
  std::vector<RegexMatch> groups;
  RETURN_IF_ERROR(CheckNotGlobal(flags, frame.site.function->name));
  ASSIGN_OR_RETURN(const bool found, FindNth(frame, text, pattern, start, n, flags, &groups));
  const auto g = static_cast<size_t>(group);
  if (!found || g >= groups.size() || !groups[g].matched()) return std::optional<View>();
  return std::optional<View>(Part(text, groups[g]));
}
Result<int32_t> InstrNth(Frame& frame, View text, View pattern, int32_t start, int32_t n,
                         int32_t at_end, View flags, int32_t group) {
  if (at_end != 0 && at_end != 1) return BadParameter("endoption", at_end);
  if (group < 0) return BadParameter("subexpr", group);
  std::vector<RegexMatch> groups;
  RETURN_IF_ERROR(CheckNotGlobal(flags, frame.site.function->name));
  ASSIGN_OR_RETURN(const bool found, FindNth(frame, text, pattern, start, n, flags, &groups));
  const auto g = static_cast<size_t>(group);
  if (!found || g >= groups.size() || !groups[g].matched()) return 0;
  const size_t byte = at_end ? groups[g].end : groups[g].begin;
  return static_cast<int32_t>(utf8::Length(text.substr(0, byte))) + 1;
}

/// substring(text from pattern): the first group if there is one, else the whole match.
Result<std::optional<View>> SubstringMatch(Frame& frame, View text, View pattern) {
  ASSIGN_OR_RETURN(const Regex* regex, RegexFor(frame.site, pattern, ""));
  std::vector<RegexMatch> groups;
  if (!regex->Find(text, 0, &groups)) return std::optional<View>();
  const RegexMatch& m = groups.size() > 1 ? groups[1] : groups[0];
  if (!m.matched()) return std::optional<View>();
  return std::optional<View>(Part(text, m));
}

/// SIMILAR TO's pattern as a regular expression. Two separators (escape and '"') make three parts
/// of it, of which the middle one is a group; `first_shortest`: what repeats in the first part
/// takes as little as it can.
Result<std::string> SimilarPattern(View pattern, View escape, bool first_shortest) {
  if (utf8::Length(escape) > 1) {
    return Error(ErrorCode::kInvalidEscapeSequence, "invalid escape string")
        .Hint("Escape string must be empty or one character.");
  }
  std::string out = "^(?:";
  bool in_set = false;
  int separators = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (!escape.empty() && pattern.substr(i).starts_with(escape)) {
      i += escape.size();
      if (i >= pattern.size()) break;
      if (pattern[i] == '"' && !in_set) {
        switch (++separators) {
          case 1:
            out += "){1,1}?(";
            break;
          case 2:
            out += "){1,1}(?:";
            break;
          default:
            return Error(ErrorCode::kInvalidEscapeSequence,
                         "SQL regular expression may not contain more than two escape-double-quote "
                         "separators");
        }
        continue;
      }
      out += '\\';
      out += pattern[i];
    } else if (in_set) {
      if (c == '\\') out += '\\';
      out += c;
      in_set = c != ']';
    } else if (c == '[') {
      out += c;
      in_set = true;
    } else if (c == '%') {
      out += first_shortest && separators == 0 ? ".*?" : ".*";
    } else if (c == '_') {
      out += '.';
    } else if (c == '(') {
      out += "(?:";
    } else if (c == '\\' || c == '.' || c == '^' || c == '$') {
      out += '\\';
      out += c;
    } else {
      out += c;
      const bool repeats = c == '*' || c == '+' || c == '?' || c == '}';
      if (repeats && first_shortest && separators == 0) out += '?';
    }
  }
  return out + ")$";
}
Result<std::string> SimilarToEscape(View pattern, View escape) {
  return SimilarPattern(pattern, escape, false);
}

/// substring(text similar pattern escape character)
Result<std::optional<View>> SubstringSimilar(Frame& frame, View text, View pattern, View escape) {
  ASSIGN_OR_RETURN(const std::string regex, SimilarPattern(pattern, escape, true));
  return SubstringMatch(frame, text, regex);
}

/// Texts between the matches; empty matches at the ends and behind a match do not split.
std::vector<View> Split(const Regex& regex, View text) {
  std::vector<View> parts;
  std::vector<RegexMatch> groups;
  size_t begin = 0;
  for (size_t at = 0; at <= text.size() && regex.Find(text, at, &groups);) {
    const RegexMatch m = groups[0];
    const bool empty = m.end == m.begin;
    if (!empty || (m.begin > begin && m.begin < text.size())) {
      parts.push_back(text.substr(begin, m.begin - begin));
      begin = m.end;
    }
    at = Behind(text, m);
  }
  parts.push_back(text.substr(begin));
  return parts;
}
Result<std::string> SplitToArray(Frame& frame, View text, View pattern, View flags) {
  RETURN_IF_ERROR(CheckNotGlobal(flags, "regexp_split_to_array"));
  ASSIGN_OR_RETURN(const Regex* regex, RegexFor(frame.site, pattern, flags));
  ArrayBuilder builder(TypeId::kText);
  for (const View part : Split(*regex, text)) builder.AddString(part);
  std::string bytes;
  builder.Finish(&bytes);
  return bytes;
}

TableRows OpenSplit(EvalContext&, CallSite& site, std::span<const Value> args) {
  const View flags = args.size() > 2 ? View(args[2].bytes()) : View();
  RETURN_IF_ERROR(CheckNotGlobal(flags, "regexp_split_to_table"));
  ASSIGN_OR_RETURN(const Regex* regex, RegexFor(site, args[1].bytes(), flags));
  auto rows = std::make_unique<RowsOfValues>(std::vector<Type>{TypeId::kText});
  for (const View part : Split(*regex, args[0].bytes())) {
    rows->Add(0, Value::Text(std::string(part)));
  }
  return std::unique_ptr<TableFunctionState>(std::move(rows));
}
TableRows OpenMatches(EvalContext&, CallSite& site, std::span<const Value> args) {
  bool global = false;
  const std::string flags = args.size() > 2 ? WithoutGlobal(args[2].bytes(), &global) : "";
  ASSIGN_OR_RETURN(const Regex* regex, RegexFor(site, args[1].bytes(), flags));
  auto rows = std::make_unique<RowsOfValues>(std::vector<Type>{TypeId::kTextArray});
  const View text = args[0].bytes();
  std::vector<RegexMatch> groups;
  for (size_t at = 0; at <= text.size() && regex->Find(text, at, &groups);) {
    rows->Add(0, Value::String(TypeId::kTextArray, GroupsArray(text, groups)));
    if (!global) break;
    at = Behind(text, groups[0]);
  }
  return std::unique_ptr<TableFunctionState>(std::move(rows));
}

}  // namespace

void RegisterPattern(FunctionRegistry& r) {
  for (const View key : {"textregexeq", "nameregexeq"})
    r.Scalar(key, &Strict<&Match<false, false>>);
  for (const View key : {"textregexne", "nameregexne"}) r.Scalar(key, &Strict<&Match<false, true>>);
  for (const View key : {"texticregexeq", "nameicregexeq"}) {
    r.Scalar(key, &Strict<&Match<true, false>>);
  }
  for (const View key : {"texticregexne", "nameicregexne"}) {
    r.Scalar(key, &Strict<&Match<true, true>>);
  }
  r.Scalar("textregexreplace_noopt", &Strict<&Replace>);
  r.Scalar("textregexreplace", &Strict<&ReplaceFlags>);
  r.Scalar("textregexreplace_extended", &Strict<&ReplaceNth>);
  r.Scalar("textregexreplace_extended_no_flags",
           StrictOf([](Frame& f, View t, View p, View x, int32_t s, int32_t n) {
             return ReplaceNth(f, t, p, x, s, n, "");
           }));
  r.Scalar("textregexreplace_extended_no_n",
           StrictOf([](Frame& f, View t, View p, View x, int32_t s) {
             return ReplaceNth(f, t, p, x, s, 1, "");
           }));
  r.Scalar("regexp_match", &Strict<&MatchGroups>);
  r.Scalar("regexp_match_no_flags",
           StrictOf([](Frame& f, View t, View p) { return MatchGroups(f, t, p, ""); }));
  r.Scalar("regexp_like", &Strict<&Like>);
  r.Scalar("regexp_like_no_flags",
           StrictOf([](Frame& f, View t, View p) { return Like(f, t, p, ""); }));
  r.Scalar("regexp_count", &Strict<&Count>);
  r.Scalar("regexp_count_no_flags",
           StrictOf([](Frame& f, View t, View p, int32_t s) { return Count(f, t, p, s, ""); }));
  r.Scalar("regexp_count_no_start",
           StrictOf([](Frame& f, View t, View p) { return Count(f, t, p, 1, ""); }));
  r.Scalar("regexp_substr", &Strict<&SubstringNth>);
  r.Scalar("regexp_substr_no_start",
           StrictOf([](Frame& f, View t, View p) { return SubstringNth(f, t, p, 1, 1, "", 0); }));
  r.Scalar("regexp_substr_no_n", StrictOf([](Frame& f, View t, View p, int32_t s) {
             return SubstringNth(f, t, p, s, 1, "", 0);
           }));
  r.Scalar("regexp_substr_no_flags", StrictOf([](Frame& f, View t, View p, int32_t s, int32_t n) {
             return SubstringNth(f, t, p, s, n, "", 0);
           }));
  r.Scalar("regexp_substr_no_subexpr",
           StrictOf([](Frame& f, View t, View p, int32_t s, int32_t n, View flags) {
             return SubstringNth(f, t, p, s, n, flags, 0);
           }));
  r.Scalar("regexp_instr", &Strict<&InstrNth>);
  r.Scalar("regexp_instr_no_start",
           StrictOf([](Frame& f, View t, View p) { return InstrNth(f, t, p, 1, 1, 0, "", 0); }));
  r.Scalar("regexp_instr_no_n", StrictOf([](Frame& f, View t, View p, int32_t s) {
             return InstrNth(f, t, p, s, 1, 0, "", 0);
           }));
  r.Scalar("regexp_instr_no_endoption",
           StrictOf([](Frame& f, View t, View p, int32_t s, int32_t n) {
             return InstrNth(f, t, p, s, n, 0, "", 0);
           }));
  r.Scalar("regexp_instr_no_flags",
           StrictOf([](Frame& f, View t, View p, int32_t s, int32_t n, int32_t at_end) {
             return InstrNth(f, t, p, s, n, at_end, "", 0);
           }));
  r.Scalar("regexp_instr_no_subexpr",
           StrictOf([](Frame& f, View t, View p, int32_t s, int32_t n, int32_t at_end, View flags) {
             return InstrNth(f, t, p, s, n, at_end, flags, 0);
           }));
  r.Scalar("textregexsubstr", &Strict<&SubstringMatch>);
  r.Scalar("substring(text,text,text)", &Strict<&SubstringSimilar>);
  r.Scalar("similar_to_escape_2", &Strict<&SimilarToEscape>);
  r.Scalar("similar_to_escape_1", StrictOf([](View p) { return SimilarToEscape(p, "\\"); }));
  r.Scalar("regexp_split_to_array", &Strict<&SplitToArray>);
  r.Scalar("regexp_split_to_array_no_flags",
           StrictOf([](Frame& f, View t, View p) { return SplitToArray(f, t, p, ""); }));
  r.Table("regexp_split_to_table", &StrictOpen<OpenSplit>);
  r.Table("regexp_split_to_table_no_flags", &StrictOpen<OpenSplit>);
  r.Table("regexp_matches", &StrictOpen<OpenMatches>);
  r.Table("regexp_matches_no_flags", &StrictOpen<OpenMatches>);
}

}  // namespace oxibase
