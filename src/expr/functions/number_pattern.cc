// Follows the state machine of PostgreSQL's formatting.c, whose quirks are the specification.

#include "expr/functions/number_pattern.h"

#include <algorithm>
#include <cmath>

#include "expr/functions/utf8.h"

namespace oxibase {
namespace {

using Key = NumberPattern::Key;
using Anchor = NumberPattern::Shape::Anchor;

Status Contradiction(std::string_view text) { return Error(ErrorCode::kSyntaxError, "{}", text); }

struct Keyword {
  std::string_view text;
  Key key;
};
// Longer ones first where one begins another.
constexpr Keyword kKeywords[] = {
    {"EEEE", Key::kExponent},  {"eeee", Key::kExponent},  {"FM", Key::kFill},
    {"fm", Key::kFill},        {"MI", Key::kMinus},       {"mi", Key::kMinus},
    {"PL", Key::kPlus},        {"pl", Key::kPlus},        {"PR", Key::kBrackets},
    {"pr", Key::kBrackets},    {"RN", Key::kRoman},       {"rn", Key::kRomanLower},
    {"SG", Key::kSign},        {"sg", Key::kSign},        {"SP", Key::kOther},
    {"sp", Key::kOther},       {"TH", Key::kOrdinal},     {"th", Key::kOrdinalLower},
    {"S", Key::kSignAnchored}, {"s", Key::kSignAnchored}, {"V", Key::kShift},
    {"v", Key::kShift},        {"L", Key::kCurrency},     {"l", Key::kCurrency},
    {"G", Key::kGroup},        {"g", Key::kGroup},        {"D", Key::kLocalePoint},
    {"d", Key::kLocalePoint},  {"B", Key::kBlank},        {"b", Key::kBlank},
    {"C", Key::kOther},        {"c", Key::kOther},        {"9", Key::kNine},
    {"0", Key::kZero},         {".", Key::kPoint},        {",", Key::kComma},
};

std::string Roman(int value) {
  static constexpr std::pair<int, std::string_view> kParts[] = {
      {1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"},
      {40, "XL"},  {10, "X"},   {9, "IX"},  {5, "V"},    {4, "IV"},  {1, "I"}};
  if (value < 1 || value > 3999) return std::string(15, '#');
  std::string out;
  for (const auto& [n, text] : kParts) {
    for (; value >= n; value -= n) out += text;
  }
  return out;
}

std::string_view Ordinal(std::string_view number, bool upper) {
  if (number.empty()) return "";
  const char last = number.back();
  const bool teen = number.size() > 1 && number[number.size() - 2] == '1';
  if (!teen && last == '1') return upper ? "ST" : "st";
  if (!teen && last == '2') return upper ? "ND" : "nd";
  if (!teen && last == '3') return upper ? "RD" : "rd";
  return upper ? "TH" : "th";
}

}  // namespace

Status NumberPattern::Add(Key key) {
  Shape& s = shape_;
  if (s.exponent && key != Key::kExponent) {
    return Contradiction("\"EEEE\" must be the last pattern used");
  }
  switch (key) {
    case Key::kNine:
      if (s.brackets) return Contradiction("\"9\" must be ahead of \"PR\"");
      if (s.shifts) {
        ++s.shift;
      } else {
        ++(s.decimal ? s.post : s.pre);
      }
      break;
    case Key::kZero:
      if (s.brackets) return Contradiction("\"0\" must be ahead of \"PR\"");
      if (!s.zero && !s.decimal) {
        s.zero = true;
        s.zero_start = s.pre + 1;
      }
      ++(s.decimal ? s.post : s.pre);
      s.zero_end = s.pre + s.post;
      break;
    case Key::kBlank:
      if (s.pre == 0 && s.post == 0 && !s.zero) s.blank = true;
      break;
    case Key::kPoint:
    case Key::kLocalePoint:
      if (s.decimal) return Contradiction("multiple decimal points");
      if (s.shifts) return Contradiction("cannot use \"V\" and decimal point together");
      s.decimal = true;
      break;
    case Key::kFill:
      s.fill = true;
      break;
    case Key::kSignAnchored:
      if (s.anchored) return Contradiction("cannot use \"S\" twice");
      if (s.plus || s.minus || s.brackets) {
        return Contradiction("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together");
      }
      if (!s.decimal) {
        s.anchor = Anchor::kBefore;
        s.sign_at = s.pre;
        s.anchored = true;
      } else if (s.anchor == Anchor::kNone) {
        s.anchor = Anchor::kBehind;
        s.anchored = true;
      }
      break;
    case Key::kMinus:
      if (s.anchored) return Contradiction("cannot use \"S\" and \"MI\" together");
      s.minus = true;
      break;
    case Key::kPlus:
      if (s.anchored) return Contradiction("cannot use \"S\" and \"PL\" together");
      s.plus = true;
      break;
    case Key::kSign:
      if (s.anchored) return Contradiction("cannot use \"S\" and \"SG\" together");
      s.minus = s.plus = true;
      break;
    case Key::kBrackets:
      if (s.anchored || s.plus || s.minus) {
        return Contradiction("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together");
      }
      s.brackets = true;
      break;
    case Key::kRoman:
    case Key::kRomanLower:
      s.roman = true;
      break;
    case Key::kShift:
      if (s.decimal) return Contradiction("cannot use \"V\" and decimal point together");
      s.shifts = true;
      break;
    case Key::kExponent:
      if (s.exponent) return Contradiction("cannot use \"EEEE\" twice");
      if (s.blank || s.fill || s.anchored || s.brackets || s.minus || s.plus || s.roman ||
          s.shifts) {
        return Contradiction("\"EEEE\" is incompatible with other formats");
      }
      s.exponent = true;
      break;
    default:
      break;
  }
  return {};
}

Result<NumberPattern> NumberPattern::Parse(std::string_view pattern) {
  NumberPattern p;
  for (size_t i = 0; i < pattern.size();) {
    const auto* keyword = std::ranges::find_if(
        kKeywords, [&](const Keyword& k) { return pattern.substr(i).starts_with(k.text); });
    if (keyword != std::end(kKeywords)) {
      RETURN_IF_ERROR(p.Add(keyword->key));
      p.nodes_.push_back({keyword->key, {}});
      i += keyword->text.size();
      continue;
    }
    if (pattern[i] == '"') {
      for (++i; i < pattern.size() && pattern[i] != '"';) {
        if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
        const size_t n = utf8::CharacterBytes(pattern, i);
        p.nodes_.push_back({Key::kLiteral, std::string(pattern.substr(i, n))});
        i += n;
      }
      if (i < pattern.size()) ++i;
      continue;
    }
    if (pattern[i] == '\\' && i + 1 < pattern.size() && pattern[i + 1] == '"') ++i;
    const size_t n = utf8::CharacterBytes(pattern, i);
    p.nodes_.push_back({Key::kLiteral, std::string(pattern.substr(i, n))});
    i += n;
  }
  return p;
}

std::string NumberPattern::Compose(std::string number, int blanks, char sign) const {
  Shape s = shape_;
  if (s.zero_start > 0) --s.zero_start;
  bool sign_written;
  if (s.plus || s.minus) {
    sign_written = !(s.plus && !s.minus);
  } else {
    if (sign != '-' && s.brackets && s.fill) s.brackets = false;
    sign_written = sign == '+' && s.fill && !s.anchored;
    if (s.anchor == Anchor::kBefore && s.pre == s.sign_at) s.anchor = Anchor::kBehind;
  }
  if (s.plus && !s.minus) sign_written = false;
  int count = s.post + s.pre - 1;
  // The last digit that says something, where FM drops zeros at the end.
  constexpr size_t kNone = std::string::npos;
  size_t relevant = kNone;
  if (s.fill && s.decimal) {
    const size_t point = number.find('.');
    if (point != std::string::npos) {
      relevant = point;
      for (size_t i = point + 1; i < number.size(); ++i) {
        if (number[i] != '0') relevant = i;
      }
      if (s.zero_end > blanks) {
        const int last = std::min(static_cast<int>(number.size()) - 1, s.zero_end - blanks);
        relevant = std::max(relevant, static_cast<size_t>(last));
      }
    }
  }
  if (!sign_written && blanks == 0) ++count;

  std::string out;
  size_t at = 0;        // in number
  int position = 0;     // digits and points of the pattern gone by
  bool inside = false;  // a digit has been written
  const auto digit = [&](size_t i) { return i < number.size() ? number[i] : '\0'; };
  const auto before_point = [&] { return !s.zero && at == 0 && digit(0) == '0' && s.post != 0; };
  const auto number_part = [&](Key key) {
    if (s.roman) return;
    inside = false;
    if (!sign_written && (position >= blanks || (s.zero && s.zero_start == position)) &&
        (!before_point() || (relevant != kNone && digit(relevant) == '.'))) {
      if (s.anchored) {
        if (s.anchor == Anchor::kBefore) {
          out += sign == '-' ? '-' : '+';
          sign_written = true;
        }
      } else if (s.brackets) {
        out += sign == '+' ? ' ' : '<';
        sign_written = true;
      } else if (sign == '+') {
        if (!s.fill) out += ' ';
        sign_written = true;
      } else {
        out += '-';
        sign_written = true;
      }
    }
    if (position < blanks && (s.zero_start > position || !s.zero)) {
      if (!s.fill) out += ' ';
    } else if (s.zero && position < blanks && s.zero_start <= position) {
      out += '0';
      inside = true;
    } else {
      if (digit(at) == '.') {
        if (relevant == kNone || digit(relevant) != '.' || s.fill) out += '.';
      } else if (relevant != kNone && at > relevant && key != Key::kZero) {
        // dropped
      } else if (before_point()) {
        if (!s.fill) {
          out += ' ';
        } else if (relevant != kNone && digit(relevant) == '.') {
          out += '0';
        }
      } else if (digit(at) != '\0') {
        out += digit(at);
        inside = true;
      }
      if (digit(at) != '\0') ++at;
    }
    int end = count + (blanks != 0 ? 1 : 0) + (s.decimal ? 1 : 0);
    if (relevant != kNone && relevant == at) end = position;
    if (position + 1 == end) {
      if (sign_written && s.brackets) {
        out += sign == '+' ? ' ' : '>';
      } else if (s.anchored && s.anchor == Anchor::kBehind) {
        out += sign == '-' ? '-' : '+';
      }
    }
    ++position;
  };

  for (const Node& node : nodes_) {
    switch (node.key) {
      case Key::kLiteral:
        out += node.literal;
        break;
      case Key::kNine:
      case Key::kZero:
      case Key::kPoint:
      case Key::kLocalePoint:
        number_part(node.key);
        break;
      case Key::kComma:
      case Key::kGroup:
        if (inside) {
          out += ',';
        } else if (!s.fill) {
          out += ' ';
        }
        break;
      case Key::kCurrency:
        out += ' ';
        break;
      case Key::kRoman:
      case Key::kRomanLower: {
        std::string text = number;
        if (node.key == Key::kRomanLower) {
          std::ranges::transform(text, text.begin(),
                                 [](char c) { return c >= 'A' ? static_cast<char>(c + 32) : c; });
        }
        if (!s.fill && text.size() < 15) out.append(15 - text.size(), ' ');
        out += text;
        break;
      }
      case Key::kOrdinal:
      case Key::kOrdinalLower:
        if (!s.roman && number[0] != '#' && sign != '-' && !s.decimal) {
          out += Ordinal(number, node.key == Key::kOrdinal);
        }
        break;
      case Key::kMinus:
        if (sign == '-') {
          out += '-';
        } else if (!s.fill) {
          out += ' ';
        }
        break;
      case Key::kPlus:
        if (sign == '+') {
          out += '+';
        } else if (!s.fill) {
          out += ' ';
        }
        break;
      case Key::kSign:
        out += sign;
        break;
      default:
        break;
    }
  }
  return out;
}

/// `number` is what is to be shown: optional '-', digits, a point and `post` digits.
Result<std::string> NumberPattern::FormatDigits(std::string number) const {
  const char sign = number.starts_with('-') ? '-' : '+';
  if (sign == '-') number.erase(0, 1);
  const int pre = shape_.pre + (shape_.shifts ? shape_.shift : 0);
  const auto length = static_cast<int>(std::min(number.find('.'), number.size()));
  int blanks = 0;
  if (length < pre) {
    blanks = pre - length;
  } else if (length > pre) {
    number.assign(static_cast<size_t>(pre + shape_.post + 1), '#');
    number[static_cast<size_t>(pre)] = '.';
  }
  if (!shape_.shifts) return Compose(std::move(number), blanks, sign);
  // The digits behind V count as digits before the point.
  NumberPattern shifted = *this;
  shifted.shape_.pre = pre;
  return shifted.Compose(std::move(number), blanks, sign);
}

Result<std::string> NumberPattern::Format(const Numeric& value) const {
  if (shape_.roman) {
    int number = 0;
    if (value.is_finite()) {
      auto rounded = value.ToInt32();
      if (rounded.ok()) number = *rounded;
    }
    return Compose(Roman(number), 0, '+');
  }
  if (shape_.exponent) {
    if (!value.is_finite()) {
      std::string filled(static_cast<size_t>(shape_.pre + shape_.post + 6), '#');
      filled[0] = ' ';
      filled[static_cast<size_t>(shape_.pre) + 1] = '.';
      return filled;
    }
    std::string text;
    value.AppendScientific(shape_.post, &text);
    return text.starts_with('-') ? text : " " + text;
  }
  Numeric scaled = value;
  if (shape_.shifts) {
    Numeric factor;
    RETURN_IF_ERROR(
        Numeric::Power(Numeric::FromInt64(10), Numeric::FromInt64(shape_.shift), &factor));
    RETURN_IF_ERROR(Numeric::Mul(value, factor, &scaled));
  }
  Numeric rounded;
  RETURN_IF_ERROR(scaled.Round(shape_.post, &rounded));
  return FormatDigits(rounded.ToText());
}

Result<std::string> NumberPattern::Format(double value) const {
  if (shape_.roman) {
    return Compose(
        Roman(std::isfinite(value) && std::fabs(value) < 1e9 ? static_cast<int>(std::rint(value))
                                                             : 0),
        0, '+');
  }
  if (shape_.exponent) {
    if (!std::isfinite(value)) return Format(Numeric::NaN());
    std::string text = fmt::format("{:.{}e}", value, shape_.post);
    return value < 0 ? text : " " + text;
  }
  if (shape_.shifts) value *= std::pow(10, shape_.shift);
  if (!std::isfinite(value)) {
    return FormatDigits(std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
  }
  constexpr int kDigits = 15;
  const auto length = static_cast<int>(fmt::format("{:.0f}", std::fabs(value)).size());
  NumberPattern cut = *this;
  if (length >= kDigits) {
    cut.shape_.post = 0;
  } else if (length + shape_.post > kDigits) {
    cut.shape_.post = kDigits - length;
  }
  return cut.FormatDigits(fmt::format("{:.{}f}", value, cut.shape_.post));
}

Result<Numeric> NumberPattern::Read(std::string_view text) const {
  const Shape& s = shape_;
  if (s.exponent) {
    return Error(ErrorCode::kFeatureNotSupported, "\"EEEE\" not supported for input");
  }
  if (s.roman) return Error(ErrorCode::kFeatureNotSupported, "\"RN\" not supported for input");
  char sign = ' ';
  std::string digits;
  int read_pre = 0;
  int read_post = 0;
  bool read_point = false;
  size_t at = 0;
  const auto over = [&] { return at >= text.size(); };
  const auto is_digit = [&](size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '9';
  };
  const auto number_part = [&](Key key) {
    if (text[at] == ' ') ++at;
    if (over()) return;
    if (sign == ' ' && (key == Key::kZero || key == Key::kNine) && read_pre + read_post == 0) {
      if (text[at] == '-' || (s.brackets && text[at] == '<')) {
        sign = '-';
        ++at;
      } else if (text[at] == '+') {
        sign = '+';
        ++at;
      }
    }
    if (over()) return;
    bool is_read = false;
    if (is_digit(at)) {
      if (read_point && read_post == s.post) return;
      digits += text[at];
      ++(read_point ? read_post : read_pre);
      is_read = true;
    } else if (s.decimal && !read_point && text[at] == '.') {
      digits += '.';
      read_point = true;
      is_read = true;
    }
    if (sign == ' ' && read_pre + read_post > 0) {
      if (s.anchored && is_read && at + 1 < text.size() && !is_digit(at + 1)) {
        if (text[at + 1] == '-' || text[at + 1] == '+') sign = text[++at];
      } else if (!is_read && !s.anchored && !s.plus && !s.minus) {
        if (text[at] == '-' || text[at] == '+') sign = text[at];
      }
    }
  };
  const auto skip = [&](int n) {
    while (n-- > 0 && !over() &&
           std::string_view("0123456789.,+-").find(text[at]) == std::string_view::npos) {
      at += utf8::CharacterBytes(text, at);
    }
  };
  for (const Node& node : nodes_) {
    if (over()) break;
    switch (node.key) {
      case Key::kLiteral:
        at += utf8::CharacterBytes(text, at);
        break;
      case Key::kNine:
      case Key::kZero:
      case Key::kPoint:
      case Key::kLocalePoint:
        number_part(node.key);
        ++at;
        break;
      case Key::kComma:
      case Key::kGroup:
        if (text[at] == ',') ++at;
        break;
      case Key::kCurrency:
      case Key::kMinus:
      case Key::kPlus:
      case Key::kSign:
        skip(1);
        break;
      case Key::kOrdinal:
      case Key::kOrdinalLower:
        skip(2);
        break;
      default:
        break;
    }
  }
  // A sign that MI or PL announces at the end.
  if (sign == ' ' && (s.minus || s.brackets) && !over() && text[at] == '-') sign = '-';
  if (digits.ends_with('.')) digits.pop_back();
  std::string number = (sign == '-' ? "-" : "") + digits;
  if (digits.empty()) number = sign == ' ' ? " " : std::string(1, sign);
  ASSIGN_OR_RETURN(Numeric value, Numeric::Parse(number));
  if (s.shifts) {
    Numeric factor;
    RETURN_IF_ERROR(Numeric::Power(Numeric::FromInt64(10), Numeric::FromInt64(-s.shift), &factor));
    RETURN_IF_ERROR(Numeric::Mul(value, factor, &value));
  }
  return value;
}

}  // namespace oxibase
