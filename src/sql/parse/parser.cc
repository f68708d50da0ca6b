// The border to libpg_query. Its grammar reports errors by longjmp, so the C part of this file
// holds no object with a destructor, and hands everything over in plain pointers that live in the
// thread's memory context of PostgreSQL's, which is left again at the end.
#include "sql/parse/parser.h"

#include <algorithm>
#include <string>

#include "sql/parse/as_of_text.h"
#include "sql/parse/limits.h"
#include "sql/parse/text_encoding.h"
#include "sql/parse/transform.h"

namespace oxibase {
namespace {

struct RawResult {
  List* tree;
  /// Not null after a failure; lies in the memory context, too.
  ErrorData* error;
};

RawResult RunGrammar(const char* sql, RawParseMode mode, MemoryContext context) {
  // volatile: changed between setjmp and longjmp.
  List* volatile tree = nullptr;
  ErrorData* volatile error = nullptr;
  PG_TRY();
  {
    tree = raw_parser(sql, mode);
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    error = CopyErrorData();
    FlushErrorState();
  }
  PG_END_TRY();
  return {tree, error};
}

/// PostgreSQL's memory for one text, left when this goes.
class ParseMemory {
 public:
  ParseMemory() : context_(pg_query_enter_memory_context()) {}
  ~ParseMemory() { pg_query_exit_memory_context(context_); }
  ParseMemory(const ParseMemory&) = delete;
  ParseMemory& operator=(const ParseMemory&) = delete;

  MemoryContext context() const { return context_; }

 private:
  MemoryContext context_;
};

/// PostgreSQL packs the five characters of an SQLSTATE into six bits each.
ErrorCode CodeOf(int packed) {
  char state[5];
  for (char& c : state) {
    c = static_cast<char>((packed & 0x3F) + '0');
    packed >>= 6;
  }
  static constexpr ErrorCode kCodes[] = {
#define OXI_ERROR(name, sqlstate) ErrorCode::name,
#include "common/error_codes.inc"
#undef OXI_ERROR
  };
  for (const ErrorCode code : kCodes) {
    if (SqlState(code) == std::string_view(state, sizeof(state))) return code;
  }
  return ErrorCode::kSyntaxError;
}

/// The byte offset of a position in characters from 1 on; -1 for none.
int32_t ByteOffset(std::string_view text, int position) {
  if (position <= 0) return -1;
  size_t i = 0;
  for (int left = position - 1; left > 0 && i < text.size(); --left) {
    do {
      ++i;
    } while (i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80);
  }
  return static_cast<int32_t>(i);
}

Status GrammarError(const ErrorData& error, std::string_view text) {
  const std::string_view message = error.message == nullptr ? "syntax error" : error.message;
  const int32_t location = ByteOffset(text, error.cursorpos);
  // The grammar's own stack is full: it means the same as our limit.
  if (message.starts_with("memory exhausted")) {
    return Error(ErrorCode::kStatementTooComplex, "stack depth limit exceeded")
        .At(location)
        .Hint("The statement is nested too deeply; write it flatter or split it.");
  }
  Status status = Error(CodeOf(error.sqlerrcode), "{}", message).At(location);
  if (error.detail != nullptr) status = std::move(status).Detail(error.detail);
  if (error.hint != nullptr) status = std::move(status).Hint(error.hint);
  return status;
}

Status CheckText(std::string_view sql, size_t bytes_max) {
  if (sql.size() > bytes_max) {
    return Error(ErrorCode::kProgramLimitExceeded, "the statement is too long")
        .Detail(fmt::format("It has {} bytes, statement_bytes_max is {}.", sql.size(), bytes_max));
  }
  return CheckTextEncoding(sql);
}

/// Blanks AS OF out of a text that the grammar is to read, and hands it to the transformer.
Status TakeOutAsOf(std::string& text, ast::Transformer& transformer) {
  const std::vector<ast::AsOfText> all = ast::FindAsOf(text);
  if (all.size() > ast::kAsOfMax) {
    return Error(ErrorCode::kStatementTooComplex, "a text can have at most {} times AS OF",
                 ast::kAsOfMax)
        .At(all[ast::kAsOfMax].relation);
  }
  for (const ast::AsOfText& found : all) {
    auto as_of = std::make_unique<ast::AsOf>();
    as_of->kind = found.kind;
    as_of->location = static_cast<int32_t>(found.clause.begin);
    as_of->text = text.substr(found.expr.begin, found.expr.end - found.expr.begin);
    // Positions are those of the whole text.
    ASSIGN_OR_RETURN(as_of->expr,
                     ParseExpression(std::string(found.expr.begin, ' ') + as_of->text));
    std::fill(text.begin() + static_cast<ptrdiff_t>(found.clause.begin),
              text.begin() + static_cast<ptrdiff_t>(found.clause.end), ' ');
    transformer.AddAsOf(found.relation, std::move(as_of));
  }
  return {};
}

}  // namespace

Result<std::vector<ast::StatementPtr>> Parse(std::string_view sql) {
  return Parse(sql, kStatementBytesMax);
}

Result<std::vector<ast::StatementPtr>> Parse(std::string_view sql, size_t bytes_max) {
  RETURN_IF_ERROR(CheckText(sql, std::min(bytes_max, kStatementBytesMax)));
  std::string terminated(sql);
  ast::Transformer transformer(sql);
  RETURN_IF_ERROR(TakeOutAsOf(terminated, transformer));
  ParseMemory memory;
  const RawResult raw = RunGrammar(terminated.c_str(), RAW_PARSE_DEFAULT, memory.context());
  if (raw.error != nullptr) return GrammarError(*raw.error, sql);
  std::vector<ast::StatementPtr> out;
  out.reserve(list_length(raw.tree));
  ListCell* cell;
  foreach (cell, raw.tree) {
    out.push_back(transformer.TransformRaw(static_cast<const RawStmt*>(lfirst(cell))));
    if (!transformer.status().ok()) return transformer.status();
  }
  RETURN_IF_ERROR(transformer.CheckAsOfUsed());
  return out;
}

Result<ast::ExprPtr> ParseExpression(std::string_view text) {
  RETURN_IF_ERROR(CheckText(text, kStatementBytesMax));
  const std::string terminated(text);
  ParseMemory memory;
  const RawResult raw = RunGrammar(terminated.c_str(), RAW_PARSE_PLPGSQL_EXPR, memory.context());
  if (raw.error != nullptr) return GrammarError(*raw.error, text);
  // The grammar takes whatever may follow SELECT; only a single target is an expression.
  const auto* raw_statement = static_cast<const RawStmt*>(linitial(raw.tree));
  const auto* select = ast::Pg<::SelectStmt>(raw_statement->stmt);
  const auto* target = list_length(select->targetList) == 1
                           ? static_cast<const ResTarget*>(linitial(select->targetList))
                           : nullptr;
  if (target == nullptr || target->name != nullptr || select->distinctClause != NIL ||
      select->fromClause != NIL || select->whereClause != nullptr || select->groupClause != NIL ||
      select->havingClause != nullptr || select->windowClause != NIL || select->op != SETOP_NONE ||
      select->sortClause != NIL || select->limitCount != nullptr ||
      select->limitOffset != nullptr || select->lockingClause != NIL) {
    return Error(ErrorCode::kSyntaxError, "not an expression: {}", text);
  }
  ast::Transformer transformer(text);
  ast::ExprPtr out = transformer.TransformExpr(target->val);
  if (!transformer.status().ok()) return transformer.status();
  return out;
}

Result<ast::TypeName> ParseTypeName(std::string_view text) {
  RETURN_IF_ERROR(CheckText(text, kStatementBytesMax));
  const std::string terminated(text);
  ParseMemory memory;
  const RawResult raw = RunGrammar(terminated.c_str(), RAW_PARSE_TYPE_NAME, memory.context());
  if (raw.error != nullptr) return GrammarError(*raw.error, text);
  ast::Transformer transformer(text);
  ast::TypeName out = transformer.TransformType(static_cast<const ::TypeName*>(linitial(raw.tree)));
  if (!transformer.status().ok()) return transformer.status();
  return out;
}

}  // namespace oxibase
