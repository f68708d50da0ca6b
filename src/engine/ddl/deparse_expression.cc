#include "engine/ddl/deparse_expression.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "expr/function.h"
#include "expr/type_io.h"
#include "sql/parse/identifier.h"

namespace oxibase::ddl {
namespace {

class Deparser {
 public:
  explicit Deparser(const DeparseOptions& options) : options_(options), indent_(options.indent) {}

  void Write(const Expr& expr, bool bare);
  /// Below an operator or function PostgreSQL shows implicit casts as well.
  void WriteArgument(const Expr& expr, bool bare) {
    if (expr.kind == ExprKind::kCall &&
        static_cast<const CallExpr&>(expr).syntax == CallExpr::Syntax::kImplicitCast) {
      WriteCast(static_cast<const CallExpr&>(expr));
    } else {
      Write(expr, bare);
    }
  }
  std::string Take() { return std::move(out_); }

 private:
  /// Parentheses around what `body` writes, unless `bare`.
  template <typename F>
  void Enclose(bool bare, F&& body) {
    if (!bare) out_ += '(';
    body();
    if (!bare) out_ += ')';
  }
  void WriteList(const std::vector<ExprPtr>& list);
  void WriteConstant(const ConstantExpr& constant);
  void WriteRegClass(Oid oid);
  void WriteCall(const CallExpr& call, bool bare);
  void WriteCast(const CallExpr& call);
  void WriteBool(const BoolExpr& expr, std::string_view word, bool bare);
  void WriteCase(const CaseExpr& expr);
  /// A word that begins a line, with `before` added to the indentation and `after` behind it.
  void WriteKeyword(std::string_view word, int before, int after);
  /// An operand: with parentheses unless it is plain.
  void WriteOperand(const Expr& expr) { WriteArgument(expr, false); }

  static constexpr int kIndent = 4;

  const DeparseOptions& options_;
  std::string out_;
  int indent_;
};

/// Functions that SQL writes without parentheses.
bool IsKeywordFunction(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kNames = {
      "current_date", "current_time",    "current_timestamp", "localtime",    "localtimestamp",
      "current_user", "current_catalog", "current_role",      "session_user", "user"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// Those of them that are bound as a cast of a function of that name.
bool IsCastKeywordFunction(std::string_view name) {
  return name == "current_date" || name == "localtime" || name == "localtimestamp";
}

void Deparser::WriteList(const std::vector<ExprPtr>& list) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out_ += ", ";
    WriteArgument(*list[i], options_.pretty);
  }
}

void Deparser::WriteRegClass(Oid oid) {
  std::string name = std::to_string(oid);
  auto named = [&](Oid schema, const std::string& relation) {
    if (options_.is_visible && options_.is_visible(schema, relation)) {
      name = QuoteIdentifier(relation);
    } else {
      const auto found = options_.catalog->SchemaByOid(schema);
      name = QuoteQualified(found ? found->name : "", relation);
    }
  };
  if (options_.catalog != nullptr) {
    if (const auto sequence = options_.catalog->SequenceByOid(oid)) {
      named(sequence->schema, sequence->name);
    } else if (const auto table = options_.catalog->TableByOid(oid)) {
      named(table->schema, table->name);
    } else if (const auto view = options_.catalog->ViewByOid(oid)) {
      named(view->schema, view->name);
    }
  }
  out_ += QuoteLiteral(name) + "::regclass";
}

void Deparser::WriteConstant(const ConstantExpr& constant) {
  const Value& value = constant.value;
  const Type type = constant.type.id == TypeId::kInvalid ? value.type() : constant.type;
  if (value.is_null()) {
    out_ += "NULL";
    if (type.id != TypeId::kUnknown && type.id != TypeId::kInvalid) {
      out_ += "::" + FormatType(type);
    }
    return;
  }
  if (type.id == TypeId::kRegClass) return WriteRegClass(static_cast<Oid>(value.As<int32_t>()));
  if (type.id == TypeId::kBool) {
    out_ += value.AsBool() ? "true" : "false";
    return;
  }
  std::string text;
  TextOut(value, TypeIo(), &text);
  // Blanks that only fill up to the length, which is shown as little.
  while (type.id == TypeId::kBpChar && text.ends_with(' ')) text.pop_back();
  const bool digit = !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) != 0;
  if (type.id == TypeId::kInt4 && digit) {
    out_ += text;
  } else if (type.id == TypeId::kNumeric && digit &&
             text.find_first_of("eE.") != std::string::npos) {
    out_ += text;
  } else {
    // With standard_conforming_strings a backslash is a character like any other.
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
    out_ += quoted + "'";
    // The modifier was applied already; PostgreSQL shows a constant's type without it.
    if (type.id == TypeId::kUnknown) return;
    out_ += "::" + (type.id == TypeId::kBpChar ? "bpchar" : FormatType(Type(type.id)));
  }
}

void Deparser::WriteCast(const CallExpr& call) {
  const Expr* arg = call.args[0].get();
  // Conversion and modifier are two calls of one cast.
  if (arg->kind == ExprKind::kCall) {
    const auto& inner = static_cast<const CallExpr&>(*arg);
    if (inner.type.id == call.type.id && inner.args.size() == 1 &&
        (inner.syntax == CallExpr::Syntax::kExplicitCast ||
         inner.syntax == CallExpr::Syntax::kImplicitCast)) {
      arg = inner.args[0].get();
    }
  }
  if (arg->kind == ExprKind::kCall) {
    // CURRENT_DATE and its like: a function of their name, cast to what they are.
    const auto& inner = static_cast<const CallExpr&>(*arg);
    if (inner.args.empty() && inner.syntax == CallExpr::Syntax::kFunction &&
        IsCastKeywordFunction(inner.function->name)) {
      WriteCall(inner, true);
      if (call.type.typmod >= 0) out_ += '(' + std::to_string(call.type.typmod) + ')';
      return;
    }
  }
  const bool simple = arg->kind == ExprKind::kColumn ||
                      (arg->kind == ExprKind::kConstant && arg->type.id == TypeId::kInt4);
  if (options_.pretty && simple) {
    Write(*arg, true);
    out_ += "::" + FormatType(call.type);
    return;
  }
  out_ += '(';
  Write(*arg, true);
  out_ += ")::" + FormatType(call.type);
}

void Deparser::WriteCall(const CallExpr& call, bool bare) {
  switch (call.syntax) {
    case CallExpr::Syntax::kImplicitCast: {
      // A cast that is not shown still sets parentheses around what has operators.
      const bool plain =
          call.args[0]->kind != ExprKind::kCall ||
          static_cast<const CallExpr&>(*call.args[0]).syntax != CallExpr::Syntax::kOperator;
      return Write(*call.args[0], bare && plain);
    }
    case CallExpr::Syntax::kExplicitCast:
      return WriteCast(call);
    case CallExpr::Syntax::kOperator:
      return Enclose(bare, [&] {
        if (call.args.size() == 1) {
          out_ += call.function->name;
          out_ += ' ';
          return WriteOperand(*call.args[0]);
        }
        WriteOperand(*call.args[0]);
        out_ += ' ';
        out_ += call.function->name;
        out_ += ' ';
        WriteOperand(*call.args[1]);
      });
    case CallExpr::Syntax::kFunction:
      break;
  }
  const std::string_view name = call.function->name;
  if (name == "array_subscript" && call.args.size() == 2 &&
      call.args[0]->kind == ExprKind::kColumn) {
    Write(*call.args[0], true);
    out_ += '[';
    WriteArgument(*call.args[1], true);
    out_ += ']';
    return;
  }
  if (name == "extract" && call.args.size() == 2 && call.args[0]->kind == ExprKind::kConstant) {
    std::string field;
    TextOut(static_cast<const ConstantExpr&>(*call.args[0]).value, TypeIo(), &field);
    out_ += "EXTRACT(" + field + " FROM ";
    WriteArgument(*call.args[1], options_.pretty);
    out_ += ')';
    return;
  }
  if (IsKeywordFunction(name)) {
    for (const char c : name) out_ += static_cast<char>(std::toupper(c));
    if (call.args.empty()) return;
  } else {
    out_ += QuoteIdentifier(name);
  }
  out_ += '(';
  WriteList(call.args);
  out_ += ')';
}

void Deparser::WriteBool(const BoolExpr& expr, std::string_view word, bool bare) {
  Enclose(bare, [&] {
    for (size_t i = 0; i < expr.args.size(); ++i) {
      if (i > 0) {
        out_ += ' ';
        out_ += word;
        out_ += ' ';
      }
      // Comparisons bind more tightly than AND and OR; AND more than OR.
      const bool nested = (expr.args[i]->kind == ExprKind::kOr && word == "AND") ||
                          expr.args[i]->kind == ExprKind::kAnyAll;
      Write(*expr.args[i], options_.pretty && !nested);
    }
  });
}

void Deparser::WriteKeyword(std::string_view word, int before, int after) {
  if (!options_.pretty && !options_.lines) {
    if (word != "CASE") out_ += ' ';
    out_ += word;
    return;
  }
  indent_ += before;
  while (out_.ends_with(' ')) out_.pop_back();
  out_ += '\n' + std::string(static_cast<size_t>(std::max(0, indent_)), ' ');
  out_ += word;
  indent_ += after;
}

void Deparser::WriteCase(const CaseExpr& expr) {
  WriteKeyword("CASE", 0, kIndent);
  for (const CaseExpr::Branch& branch : expr.branches) {
    WriteKeyword("WHEN ", 0, 0);
    Write(*branch.condition, options_.pretty);
    out_ += " THEN ";
    Write(*branch.result, options_.pretty);
  }
  WriteKeyword("ELSE ", 0, 0);
  if (expr.otherwise != nullptr) {
    Write(*expr.otherwise, options_.pretty);
  } else {
    out_ += "NULL::" + FormatType(Type(expr.type.id));
  }
  WriteKeyword("END", -kIndent, 0);
}

void Deparser::Write(const Expr& expr, bool bare) {
  switch (expr.kind) {
    case ExprKind::kConstant:
      return WriteConstant(static_cast<const ConstantExpr&>(expr));
    case ExprKind::kColumn:
      if (options_.column_text) {
        out_ += options_.column_text(static_cast<const ColumnExpr&>(expr).index);
        return;
      }
      out_ += QuoteIdentifier(options_.column_name(static_cast<const ColumnExpr&>(expr).index));
      return;
    case ExprKind::kCall:
      return WriteCall(static_cast<const CallExpr&>(expr), bare);
    case ExprKind::kAnd:
      return WriteBool(static_cast<const BoolExpr&>(expr), "AND", bare);
    case ExprKind::kOr:
      return WriteBool(static_cast<const BoolExpr&>(expr), "OR", bare);
    case ExprKind::kNot:
      return Enclose(bare, [&] {
        out_ += "NOT ";
        const Expr& arg = *static_cast<const BoolExpr&>(expr).args[0];
        const bool joined = arg.kind == ExprKind::kAnd || arg.kind == ExprKind::kOr;
        WriteArgument(arg, options_.pretty && !joined);
      });
    case ExprKind::kIsNull: {
      const auto& test = static_cast<const IsNullExpr&>(expr);
      return Enclose(bare, [&] {
        WriteOperand(*test.arg);
        out_ += test.negated ? " IS NOT NULL" : " IS NULL";
      });
    }
    case ExprKind::kBooleanTest: {
      const auto& test = static_cast<const BooleanTestExpr&>(expr);
      static constexpr const char* kWords[] = {" IS TRUE",      " IS NOT TRUE", " IS FALSE",
                                               " IS NOT FALSE", " IS UNKNOWN",  " IS NOT UNKNOWN"};
      return Enclose(bare, [&] {
        WriteOperand(*test.arg);
        out_ += kWords[static_cast<size_t>(test.test)];
      });
    }
    case ExprKind::kIsDistinct: {
      const auto& test = static_cast<const IsDistinctExpr&>(expr);
      return Enclose(bare, [&] {
        WriteOperand(*test.left);
        out_ += test.negated ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ";
        WriteOperand(*test.right);
      });
    }
    case ExprKind::kCase:
      return WriteCase(static_cast<const CaseExpr&>(expr));
    case ExprKind::kCoalesce:
      out_ += "COALESCE(";
      WriteList(static_cast<const CoalesceExpr&>(expr).args);
      out_ += ')';
      return;
    case ExprKind::kMinMax: {
      const auto& min_max = static_cast<const MinMaxExpr&>(expr);
      out_ += min_max.is_greatest ? "GREATEST(" : "LEAST(";
      WriteList(min_max.args);
      out_ += ')';
      return;
    }
    case ExprKind::kArray: {
      out_ += "ARRAY[";
      WriteList(static_cast<const ArrayExpr&>(expr).args);
      out_ += ']';
      if (static_cast<const ArrayExpr&>(expr).args.empty()) out_ += "::" + FormatType(expr.type);
      return;
    }
    case ExprKind::kRow:
      out_ += "ROW(";
      WriteList(static_cast<const RowExpr&>(expr).args);
      out_ += ')';
      return;
    case ExprKind::kAnyAll: {
      const auto& any_all = static_cast<const AnyAllExpr&>(expr);
      return Enclose(bare, [&] {
        WriteOperand(*any_all.left);
        out_ += ' ';
        out_ += any_all.comparison->name;
        out_ += any_all.is_all ? " ALL (" : " ANY (";
        Write(*any_all.array, true);
        out_ += ')';
      });
    }
    case ExprKind::kSubquery:
      if (options_.subquery_text) {
        out_ += options_.subquery_text(expr);
        return;
      }
      [[fallthrough]];
    default:
      // Parameters, subqueries, aggregates: the binder refuses them in stored expressions.
      out_ += Format(expr);
  }
}

}  // namespace

std::string DeparseExpression(const Expr& expr, const DeparseOptions& options) {
  Deparser deparser(options);
  if (options.argument) {
    deparser.WriteArgument(expr, options.pretty);
  } else {
    deparser.Write(expr, options.pretty);
  }
  return deparser.Take();
}

}  // namespace oxibase::ddl
