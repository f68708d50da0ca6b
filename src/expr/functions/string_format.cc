// Functions that turn any value into text: concat, format, quote_*, array_to_string; and lists in
// text back into arrays.

#include <algorithm>

#include "common/array.h"
#include "expr/function_registry.h"
#include "expr/functions/text_limit.h"
#include "expr/functions/utf8.h"
#include "expr/kernels.h"
#include "expr/table_function.h"
#include "expr/type_io.h"

namespace oxibase {
namespace {

using View = std::string_view;

/// Text of argument `k` in row `row`; elements of a VARIADIC array count as arguments.
void AppendText(const Vector& arg, uint32_t row, const TypeIo& io, std::string* out) {
  const VectorView view = arg.view();
  if (arg.type().id == TypeId::kText || arg.type().id == TypeId::kVarchar) {
    *out += view.Get<StringRef>(row).view();
  } else if (arg.type().id == TypeId::kBool) {
    *out += view.Get<uint8_t>(row) ? 't' : 'f';
  } else {
    TextOut(arg.type(), view, row, io, out);
  }
}

Status Concat(EvalContext& context, CallSite&, std::span<const Vector* const> args, uint32_t rows,
              Vector& out) {
  out.ResetFlat(rows);
  const TypeIo io(context);
  std::string text;
  for (uint32_t row = 0; row < rows; ++row) {
    text.clear();
    for (const Vector* arg : args) {
      if (!arg->IsNull(row)) AppendText(*arg, row, io, &text);
      if (text.size() > kTextBytesMax) return TextTooLong();
    }
    kernels::Put(out, row, text);
  }
  return {};
}

Status ConcatWithSeparator(EvalContext& context, CallSite&, std::span<const Vector* const> args,
                           uint32_t rows, Vector& out) {
  out.ResetFlat(rows);
  const TypeIo io(context);
  std::string text;
  for (uint32_t row = 0; row < rows; ++row) {
    if (args[0]->IsNull(row)) {
      kernels::PutNull(out, row);
      continue;
    }
    text.clear();
    bool first = true;
    for (size_t k = 1; k < args.size(); ++k) {
      if (args[k]->IsNull(row)) continue;
      if (!first) AppendText(*args[0], row, io, &text);
      first = false;
      AppendText(*args[k], row, io, &text);
      if (text.size() > kTextBytesMax) return TextTooLong();
    }
    kernels::Put(out, row, text);
  }
  return {};
}

/// text || anything and anything || text.
Status ConcatAny(EvalContext& context, CallSite&, std::span<const Vector* const> args,
                 uint32_t rows, Vector& out) {
  out.ResetFlat(rows);
  const TypeIo io(context);
  std::string text;
  for (uint32_t row = 0; row < rows; ++row) {
    if (args[0]->IsNull(row) || args[1]->IsNull(row)) {
      kernels::PutNull(out, row);
      continue;
    }
    text.clear();
    for (const Vector* arg : args) {
      if (arg->type().id == TypeId::kBool) {  // a cast to text here, not the output function
        text += arg->view().Get<uint8_t>(row) ? "true" : "false";
      } else {
        AppendText(*arg, row, io, &text);
      }
      if (text.size() > kTextBytesMax) return TextTooLong();
    }
    kernels::Put(out, row, text);
  }
  return {};
}

/// PostgreSQL 15's keywords that are not plain names: quote_ident() quotes them. Sorted.
constexpr View kReservedWords[] = {"all",
                                   "analyse",
                                   "analyze",
                                   "and",
                                   "any",
                                   "array",
                                   "as",
                                   "asc",
                                   "asymmetric",
                                   "authorization",
                                   "between",
                                   "bigint",
                                   "binary",
                                   "bit",
                                   "boolean",
                                   "both",
                                   "case",
                                   "cast",
                                   "char",
                                   "character",
                                   "check",
                                   "coalesce",
                                   "collate",
                                   "collation",
                                   "column",
                                   "concurrently",
                                   "constraint",
                                   "create",
                                   "cross",
                                   "current_catalog",
                                   "current_date",
                                   "current_role",
                                   "current_schema",
                                   "current_time",
                                   "current_timestamp",
                                   "current_user",
                                   "dec",
                                   "decimal",
                                   "default",
                                   "deferrable",
                                   "desc",
                                   "distinct",
                                   "do",
                                   "else",
                                   "end",
                                   "except",
                                   "exists",
                                   "extract",
                                   "false",
                                   "fetch",
                                   "float",
                                   "for",
                                   "foreign",
                                   "freeze",
                                   "from",
                                   "full",
                                   "grant",
                                   "greatest",
                                   "group",
                                   "grouping",
                                   "having",
                                   "ilike",
                                   "in",
                                   "initially",
                                   "inner",
                                   "inout",
                                   "int",
                                   "integer",
                                   "intersect",
                                   "interval",
                                   "into",
                                   "is",
                                   "isnull",
                                   "join",
                                   "lateral",
                                   "leading",
                                   "least",
                                   "left",
                                   "like",
                                   "limit",
                                   "localtime",
                                   "localtimestamp",
                                   "national",
                                   "natural",
                                   "nchar",
                                   "none",
                                   "normalize",
                                   "not",
                                   "notnull",
                                   "null",
                                   "nullif",
                                   "numeric",
                                   "offset",
                                   "on",
                                   "only",
                                   "or",
                                   "order",
                                   "out",
                                   "outer",
                                   "overlaps",
                                   "overlay",
                                   "placing",
                                   "position",
                                   "precision",
                                   "primary",
                                   "real",
                                   "references",
                                   "returning",
                                   "right",
                                   "row",
                                   "select",
                                   "session_user",
                                   "setof",
                                   "similar",
                                   "smallint",
                                   "some",
                                   "substring",
                                   "symmetric",
                                   "table",
                                   "tablesample",
                                   "then",
                                   "time",
                                   "timestamp",
                                   "to",
                                   "trailing",
                                   "treat",
                                   "trim",
                                   "true",
                                   "union",
                                   "unique",
                                   "user",
                                   "using",
                                   "values",
                                   "varchar",
                                   "variadic",
                                   "verbose",
                                   "when",
                                   "where",
                                   "window",
                                   "with",
                                   "xmlattributes",
                                   "xmlconcat",
                                   "xmlelement",
                                   "xmlexists",
                                   "xmlforest",
                                   "xmlnamespaces",
                                   "xmlparse",
                                   "xmlpi",
                                   "xmlroot",
                                   "xmlserialize",
                                   "xmltable"};
bool IsReservedWord(View word) { return std::ranges::binary_search(kReservedWords, word); }

std::string QuoteIdent(View name) {
  const bool safe =
      !name.empty() && !(name[0] >= '0' && name[0] <= '9') && name[0] != '$' &&
      std::ranges::all_of(
          name,
          [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }) &&
      !IsReservedWord(name);
  if (safe) return std::string(name);
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string QuoteLiteral(View text) {
  std::string out = text.find('\\') == View::npos ? "'" : "E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + "'";
}

template <bool kNullable>
Status Quote(EvalContext& context, CallSite&, std::span<const Vector* const> args, uint32_t rows,
             Vector& out) {
  out.ResetFlat(rows);
  const TypeIo io(context);
  std::string text;
  for (uint32_t row = 0; row < rows; ++row) {
    if (args[0]->IsNull(row)) {
      if (kNullable) {
        kernels::Put(out, row, std::string("NULL"));
      } else {
        kernels::PutNull(out, row);
      }
      continue;
    }
    text.clear();
    AppendText(*args[0], row, io, &text);
    kernels::Put(out, row, QuoteLiteral(text));
  }
  return {};
}

/// One %-specifier of format().
struct Specifier {
  int64_t position = 0;  // 0: the next argument
  bool left = false;
  int64_t width = 0;
  int64_t width_position = -1;  // '*': 0 the next argument, n the n-th
  char kind = 0;
};

Result<Specifier> ParseSpecifier(View format, size_t* at) {
  const auto unterminated = [] {
    return Error(ErrorCode::kInvalidParameterValue, "unterminated format() type specifier")
        .Hint("For a single \"%\" use \"%%\".");
  };
  Specifier s;
  const auto digits = [&](int64_t* value) -> Result<bool> {
    bool any = false;
    int64_t n = 0;
    while (*at < format.size() && format[*at] >= '0' && format[*at] <= '9') {
      n = n * 10 + (format[(*at)++] - '0');
      any = true;
      if (n > INT32_MAX) {
        return Error(ErrorCode::kNumericValueOutOfRange, "number is out of range");
      }
    }
    if (any) *value = n;
    return any;
  };
  ASSIGN_OR_RETURN(bool any, digits(&s.width));
  if (any && *at < format.size() && format[*at] == '$') {
    ++*at;
    s.position = s.width;
    s.width = 0;
    if (s.position == 0) {
      return Error(ErrorCode::kInvalidParameterValue,
                   "format specifies argument 0, but arguments are numbered from 1");
    }
    any = false;
  }
  if (!any) {
    while (*at < format.size() && format[*at] == '-') {
      s.left = true;
      ++*at;
    }
    if (*at < format.size() && format[*at] == '*') {
      ++*at;
      s.width_position = 0;
      ASSIGN_OR_RETURN(any, digits(&s.width_position));
      if (any) {
        if (*at >= format.size() || format[*at] != '$') {
          return Error(ErrorCode::kInvalidParameterValue,
                       "width argument position must be ended by \"$\"");
        }
        ++*at;
        if (s.width_position == 0) {
          return Error(ErrorCode::kInvalidParameterValue,
                       "format specifies argument 0, but arguments are numbered from 1");
        }
      }
    } else {
      ASSIGN_OR_RETURN(any, digits(&s.width));
    }
  }
  if (*at >= format.size()) return unterminated();
  s.kind = format[(*at)++];
  return s;
}

Status FormatRow(View format, std::span<const Vector* const> args, uint32_t row, const TypeIo& io,
                 std::string* out) {
  size_t next = 1;  // args[0] is the format
  for (size_t at = 0; at < format.size();) {
    const char c = format[at++];
    if (c != '%') {
      *out += c;
      continue;
    }
    if (at >= format.size()) {
      return Error(ErrorCode::kInvalidParameterValue, "unterminated format() type specifier")
          .Hint("For a single \"%\" use \"%%\".");
    }
    if (format[at] == '%') {
      *out += '%';
      ++at;
      continue;
    }
    ASSIGN_OR_RETURN(Specifier s, ParseSpecifier(format, &at));
    if (s.kind != 's' && s.kind != 'I' && s.kind != 'L') {
      return Error(ErrorCode::kInvalidParameterValue, "unrecognized format() type specifier \"{}\"",
                   format.substr(at - 1, utf8::CharacterBytes(format, at - 1)))
          .Hint("For a single \"%\" use \"%%\".");
    }
    const auto argument = [&](int64_t position) -> const Vector* {
      if (position > 0) next = static_cast<size_t>(position);
      return next < args.size() ? args[next++] : nullptr;
    };
    const auto too_few = [] {
      return Error(ErrorCode::kInvalidParameterValue, "too few arguments for format()");
    };
    if (s.width_position >= 0) {
      const Vector* width = argument(s.width_position);
      if (!width) return too_few();
      if (!width->IsNull(row)) {
        const Value value = width->GetValue(row);
        s.width = value.type().id == TypeId::kInt8   ? value.As<int64_t>()
                  : value.type().id == TypeId::kInt2 ? value.As<int16_t>()
                                                     : value.As<int32_t>();
      }
      if (s.width < 0) {
        s.left = true;
        s.width = -s.width;
      }
    }
    const Vector* arg = argument(s.position);
    if (!arg) return too_few();
    std::string text;
    const bool is_null = arg->IsNull(row);
    if (!is_null) AppendText(*arg, row, io, &text);
    if (s.kind == 'I') {
      if (is_null) {
        return Error(ErrorCode::kNullValueNotAllowed,
                     "null values cannot be formatted as an SQL identifier");
      }
      text = QuoteIdent(text);
    } else if (s.kind == 'L') {
      text = is_null ? "NULL" : QuoteLiteral(text);
    }
    const size_t length = utf8::Length(text);
    if (s.width > (int64_t{1} << 28) || out->size() + text.size() > kTextBytesMax) {
      return TextTooLong();
    }
    const std::string padding(
        static_cast<size_t>(s.width) > length ? static_cast<size_t>(s.width) - length : 0, ' ');
    *out += s.left ? text + padding : padding + text;
  }
  return {};
}

Status Format(EvalContext& context, CallSite&, std::span<const Vector* const> args, uint32_t rows,
              Vector& out) {
  out.ResetFlat(rows);
  const TypeIo io(context);
  std::string text;
  for (uint32_t row = 0; row < rows; ++row) {
    if (args[0]->IsNull(row)) {
      kernels::PutNull(out, row);
      continue;
    }
    text.clear();
    const VectorView format = args[0]->view();
    RETURN_IF_ERROR(FormatRow(format.Get<StringRef>(row).view(), args, row, io, &text));
    kernels::Put(out, row, text);
  }
  return {};
}

/// array_to_string(array, separator[, text for NULL])
Status ArrayToString(EvalContext& context, CallSite&, std::span<const Vector* const> args,
                     uint32_t rows, Vector& out) {
  out.ResetFlat(rows);
  const TypeIo io(context);
  std::string text;
  for (uint32_t row = 0; row < rows; ++row) {
    if (args[0]->IsNull(row) || args[1]->IsNull(row)) {
      kernels::PutNull(out, row);
      continue;
    }
    const VectorView array_view = args[0]->view();
    const VectorView separator_view = args[1]->view();
    const ArrayView array(array_view.Get<StringRef>(row).view());
    const bool show_nulls = args.size() > 2 && !args[2]->IsNull(row);
    text.clear();
    bool first = true;
    for (uint32_t i = 0; i < array.size(); ++i) {
      if (array.IsNull(i) && !show_nulls) continue;
      if (!first) text += separator_view.Get<StringRef>(row).view();
      first = false;
      if (array.IsNull(i)) {
        text += args[2]->GetValue(row).bytes();
      } else {
        TextOut(array.GetValue(i), io, &text);
      }
    }
    kernels::Put(out, row, text);
  }
  return {};
}

/// The parts of a text: a NULL separator takes single characters, an empty one the whole.
std::vector<std::optional<View>> SplitText(View text, const View* separator,
                                           const View* null_text) {
  std::vector<std::optional<View>> parts;
  const auto add = [&](View part) {
    if (null_text && part == *null_text) {
      parts.emplace_back(std::nullopt);
    } else {
      parts.emplace_back(part);
    }
  };
  if (text.empty()) return parts;
  if (!separator) {
    for (size_t at = 0; at < text.size();) {
      const size_t n = utf8::CharacterBytes(text, at);
      add(text.substr(at, n));
      at += n;
    }
  } else if (separator->empty()) {
    add(text);
  } else {
    for (size_t hit; (hit = text.find(*separator)) != View::npos;) {
      add(text.substr(0, hit));
      text.remove_prefix(hit + separator->size());
    }
    add(text);
  }
  return parts;
}

Status StringToArray(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                     Vector& out) {
  out.ResetFlat(rows);
  for (uint32_t row = 0; row < rows; ++row) {
    if (args[0]->IsNull(row)) {
      kernels::PutNull(out, row);
      continue;
    }
    View values[3];
    const Value owned[3] = {args[0]->GetValue(row), args[1]->GetValue(row),
                            args.size() > 2 ? args[2]->GetValue(row) : Value()};
    for (int k = 0; k < 3; ++k) values[k] = owned[k].bytes();
    ArrayBuilder builder(TypeId::kText);
    for (const auto& part : SplitText(values[0], owned[1].is_null() ? nullptr : &values[1],
                                      owned[2].is_null() ? nullptr : &values[2])) {
      if (part) {
        builder.AddString(*part);
      } else {
        builder.AddNull();
      }
    }
    std::string bytes;
    builder.Finish(&bytes);
    kernels::Put(out, row, bytes);
  }
  return {};
}

TableRows OpenStringToTable(EvalContext&, CallSite&, std::span<const Value> args) {
  auto rows = std::make_unique<RowsOfValues>(std::vector<Type>{TypeId::kText});
  if (!args[0].is_null()) {
    const View text = args[0].bytes();
    const View separator = args[1].bytes();
    const View null_text = args.size() > 2 ? View(args[2].bytes()) : View();
    const bool has_null = args.size() > 2 && !args[2].is_null();
    for (const auto& part : SplitText(text, args[1].is_null() ? nullptr : &separator,
                                      has_null ? &null_text : nullptr)) {
      rows->Add(0, part ? Value::Text(std::string(*part)) : Value::Null(TypeId::kText));
    }
  }
  return std::unique_ptr<TableFunctionState>(std::move(rows));
}

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
View Trim(View text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

/// pg_size_bytes(): a number and perhaps a unit.
Result<int64_t> SizeBytes(View text) {
  const auto invalid = [&] {
    return Error(ErrorCode::kInvalidParameterValue, "invalid size: \"{}\"", text);
  };
  const View trimmed = Trim(text);
  const auto digits = [&](size_t at) {
    size_t end = at;
    while (end < trimmed.size() && trimmed[end] >= '0' && trimmed[end] <= '9') ++end;
    return end;
  };
  const size_t begin = !trimmed.empty() && (trimmed[0] == '-' || trimmed[0] == '+') ? 1 : 0;
  size_t end = digits(begin);
  size_t count = end - begin;
  if (end < trimmed.size() && trimmed[end] == '.') {
    const size_t fraction = ++end;
    end = digits(end);
    count += end - fraction;
  }
  if (count == 0) return invalid();
  if (end < trimmed.size() && (trimmed[end] == 'e' || trimmed[end] == 'E')) {
    // Not an exponent when no digit follows: the unit may begin with an E.
    const size_t sign = end + 1;
    const bool is_signed = sign < trimmed.size() && (trimmed[sign] == '-' || trimmed[sign] == '+');
    const size_t first = sign + (is_signed ? 1 : 0);
    if (const size_t last = digits(first); last > first) end = last;
  }
  ASSIGN_OR_RETURN(Numeric number, Numeric::Parse(trimmed.substr(0, end)));
  const View unit = Trim(trimmed.substr(end));
  static constexpr View kUnits[] = {"bytes", "kb", "mb", "gb", "tb", "pb"};
  int power = -1;
  std::string lower;
  for (const char c : unit) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (unit.empty()) power = 0;
  for (int i = 0; i < 6; ++i) {
    if (lower == kUnits[i]) power = i;
  }
  if (power < 0) {
    return invalid()
        .Detail(fmt::format("Invalid size unit: \"{}\".", unit))
        .Hint("Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".");
  }
  Numeric bytes;
  RETURN_IF_ERROR(Numeric::Mul(number, Numeric::FromInt64(int64_t{1} << (10 * power)), &bytes));
  return bytes.ToInt64();
}

/// The names of a dotted, perhaps quoted one. `strict`: nothing may follow them.
Result<std::string> IdentParts(View text, bool strict) {
  const auto invalid = [&] {
    return Error(ErrorCode::kInvalidParameterValue, "string is not a valid identifier: \"{}\"",
                 text);
  };
  const auto is_start = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<uint8_t>(c) >= 0x80;
  };
  ArrayBuilder parts(TypeId::kText);
  size_t at = 0;
  const auto skip_spaces = [&] {
    while (at < text.size() && IsSpace(text[at])) ++at;
  };
  skip_spaces();
  for (bool after_dot = false;; after_dot = true) {
    bool missing = true;
    if (at < text.size() && text[at] == '"') {
      std::string name;
      for (++at;; ++at) {
        if (at >= text.size()) {
          return invalid().Detail("String has unclosed double quotes.");
        }
        if (text[at] == '"') {
          if (at + 1 >= text.size() || text[at + 1] != '"') break;
          ++at;
        }
        name += text[at];
      }
      ++at;
      if (name.empty()) return invalid().Detail("Quoted identifier must not be empty.");
      parts.AddString(name);
      missing = false;
    } else if (at < text.size() && is_start(text[at])) {
      std::string name;
      while (at < text.size() &&
             (is_start(text[at]) || (text[at] >= '0' && text[at] <= '9') || text[at] == '$')) {
        const char c = text[at++];
        name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      }
      parts.AddString(name);
      missing = false;
    }
    if (missing) {
      if (at < text.size() && text[at] == '.') {
        return invalid().Detail("No valid identifier before \".\".");
      }
      if (after_dot) return invalid().Detail("No valid identifier after \".\".");
      return invalid();
    }
    skip_spaces();
    if (at < text.size() && text[at] == '.') {
      ++at;
      skip_spaces();
      continue;
    }
    if (at < text.size() && strict) return invalid();
    break;
  }
  std::string bytes;
  parts.Finish(&bytes);
  return bytes;
}
Status ParseIdent(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                  Vector& out) {
  out.ResetFlat(rows);
  for (uint32_t row = 0; row < rows; ++row) {
    if (args[0]->IsNull(row) || (args.size() > 1 && args[1]->IsNull(row))) {
      kernels::PutNull(out, row);
      continue;
    }
    const bool strict = args.size() < 2 || args[1]->view().Get<uint8_t>(row) != 0;
    ASSIGN_OR_RETURN(const std::string parts,
                     IdentParts(args[0]->view().Get<StringRef>(row).view(), strict));
    kernels::Put(out, row, parts);
  }
  return {};
}

std::string SizePretty(int64_t bytes) {
  static constexpr View kUnits[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
  // As PostgreSQL: below 10,240 of a unit the unit stays; halves round away from zero.
  int64_t value = bytes;
  size_t unit = 0;
  if (std::llabs(value) < 10240) return fmt::format("{} bytes", value);
  value /= 512;
  unit = 1;
  while (unit < 5 && std::llabs(value) >= 20480 - 1) {
    value /= 1024;
    ++unit;
  }
  const int64_t rounded = (value + (value > 0 ? 1 : -1)) / 2;
  return fmt::format("{} {}", rounded, kUnits[unit]);
}

}  // namespace

void RegisterStringFormat(FunctionRegistry& r) {
  r.Scalar("text_concat", &Concat);
  r.Scalar("text_concat_ws", &ConcatWithSeparator);
  r.Scalar("textanycat(text,anynonarray)", &ConcatAny);
  r.Scalar("anytextcat(anynonarray,text)", &ConcatAny);
  r.Scalar("quote_ident", &Strict<&QuoteIdent>);
  r.Scalar("quote_literal", &Quote<false>);
  r.Scalar("quote_literal(anyelement)", &Quote<false>);
  r.Scalar("quote_nullable", &Quote<true>);
  r.Scalar("quote_nullable(anyelement)", &Quote<true>);
  r.Scalar("text_format", &Format);
  r.Scalar("text_format_nv", &Format);
  r.Scalar("array_to_text", &ArrayToString);
  r.Scalar("array_to_text_null", &ArrayToString);
  r.Scalar("text_to_array", &StringToArray);
  r.Scalar("text_to_array_null", &StringToArray);
  r.Table("text_to_table", &OpenStringToTable);
  r.Table("text_to_table_null", &OpenStringToTable);
  r.Scalar("pg_size_pretty", &Strict<&SizePretty>);
  r.Scalar("pg_size_bytes", &Strict<&SizeBytes>);
  r.Scalar("parse_ident", &ParseIdent);
}

}  // namespace oxibase
