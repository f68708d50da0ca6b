#include "shell.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>

#include "env/clock.h"
#include "env/env.h"
#include "expr/type_io.h"
#include "fmt/format.h"

namespace oxibase {
namespace {

constexpr int kIncludeDepthMax = 16;

constexpr std::string_view kHelp = R"(\q                 leave
\?                 this help
\tour              a short tour
\d [NAME]          tables, views and sequences, or one of them
\dt \dv \ds \di    tables, views, sequences, indexes
\dn \df \l         schemas, functions, databases
\x                 one column a line, on and off
\timing            times of statements, on and off
\pset format F     aligned, csv, json, markdown
\copy T FROM FILE  a file into a table (COPY's options may follow); TO FILE the other way
\i FILE            runs a file
\o [FILE]          output to a file, or back to the screen
\e                 edits a statement with $EDITOR
\echo TEXT         prints
)";

std::string Trim(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

std::string Literal(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

bool IsNumber(TypeId id) { return TypeCategory(id) == 'N'; }

}  // namespace

Result<std::unique_ptr<Shell>> Shell::Open(const std::string& folder) {
  DatabaseOptions options;
  options.path = folder;
  ASSIGN_OR_RETURN(auto database, Database::Open(options));
  std::unique_ptr<Shell> shell(new Shell(std::move(database)));
  SessionOptions session;
  session.application_name = "oxibase shell";
  session.on_notice = [](std::string_view severity, const ErrorInfo& info) {
    std::fprintf(stderr, "%.*s:  %s\n", static_cast<int>(severity.size()), severity.data(),
                 info.message.c_str());
  };
  ASSIGN_OR_RETURN(shell->session_, shell->database_->Connect(session));
  return shell;
}

std::string Shell::prompt() const {
  const char state = session_->transaction_status() == TransactionStatus::kInTransaction ? '*'
                     : session_->transaction_status() == TransactionStatus::kFailed      ? '!'
                                                                                         : ' ';
  const std::string mark = state == ' ' ? "" : std::string(1, state);
  return splitter_.Rest().empty() ? "oxibase=" + mark + "> " : "oxibase-" + mark + "> ";
}

void Shell::Print(const std::string& text) {
  std::FILE* to = output_ ? output_.get() : stdout;
  std::fwrite(text.data(), 1, text.size(), to);
  std::fflush(to);
}

bool Shell::Line(const std::string& line) {
  const std::string trimmed = Trim(line);
  if (splitter_.Rest().empty() && !trimmed.empty() && trimmed[0] == '\\') {
    splitter_.Clear();
    return Command(trimmed);
  }
  splitter_.Add(line + "\n");
  std::string statement;
  while (splitter_.Next(&statement)) Run(statement);
  return true;
}

void Shell::End() {
  const std::string rest = splitter_.Rest();
  splitter_.Clear();
  if (!rest.empty()) Run(rest);
}

bool Shell::RunFile(const std::string& path) {
  std::ifstream file(path);
  if (!file || depth_ >= kIncludeDepthMax) return false;
  ++depth_;
  std::string line;
  while (std::getline(file, line)) {
    if (!Line(line)) break;
  }
  End();
  --depth_;
  return true;
}

void Shell::Run(const std::string& sql) {
  if (echo_) Print(Trim(sql) + "\n");
  Clock& clock = Env::Real().clock();
  const int64_t begin = clock.MonotonicNanos();
  Status status = RunStatement(sql);
  if (!status.ok()) session_->FailTransaction();
  Status end = session_->EndImplicit();
  if (status.ok()) status = std::move(end);
  if (status.ok()) status = session_->WaitDurable();
  if (!status.ok()) PrintError(status, sql);
  if (timing_) {
    Print(fmt::format("Time: {:.3f} ms\n",
                      static_cast<double>(clock.MonotonicNanos() - begin) / 1e6));
  }
}

Status Shell::RunStatement(std::string_view sql) {
  ASSIGN_OR_RETURN(auto prepared, session_->Prepare(sql, {}));
  if (prepared->is_empty()) return {};
  if (!prepared->param_types().empty()) {
    return Error(ErrorCode::kUndefinedParameter, "there is no parameter $1");
  }
  ASSIGN_OR_RETURN(const auto portal, session_->Bind(std::move(prepared), {}));
  if (portal->kind() == PortalKind::kCopyIn) {
    portal->CopyFail("use \\copy").Ignore("the message below says it");
    return Error(ErrorCode::kFeatureNotSupported, "COPY FROM STDIN needs \\copy in the shell");
  }
  if (portal->kind() == PortalKind::kCopyOut) {
    return CopyToOutput(*portal, output_ ? output_.get() : stdout);
  }
  ResultTable table;
  table.title = std::exchange(next_title_, "");
  const TypeIo io(session_->io_settings(), 0, &session_->catalog_lookup());
  const bool has_rows = portal->kind() == PortalKind::kRows;
  bool named = false;
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* batch, portal->Next(0));
    if (has_rows && !named) {
      for (const auto& column : portal->columns()) {
        table.names.push_back(column.name);
        table.right_aligned.push_back(IsNumber(column.type.id));
        table.is_number.push_back(IsNumber(column.type.id));
      }
      named = true;
    }
    if (!batch) break;
    for (uint32_t r = 0; has_rows && r < batch->size; ++r) {
      auto& row = table.rows.emplace_back();
      for (const Vector& column : batch->columns) {
        const VectorView view = column.view();
        if (view.IsNull(r)) {
          row.emplace_back();
          continue;
        }
        std::string text;
        TextOut(column.type(), view, r, io, &text);
        row.emplace_back(std::move(text));
      }
    }
  }
  if (has_rows) {
    Print(PrintTable(table, format_, expanded_));
  } else {
    Print(std::string(portal->tag()) + "\n");
  }
  return {};
}

Status Shell::CopyToOutput(Portal& portal, std::FILE* to) {
  for (;;) {
    ASSIGN_OR_RETURN(const std::string_view bytes, portal.NextCopyData());
    if (bytes.empty()) return {};
    if (std::fwrite(bytes.data(), 1, bytes.size(), to) != bytes.size()) {
      return Error(ErrorCode::kIoError, "the output cannot be written");
    }
  }
}

Status Shell::CopyFromFile(Portal& portal, std::FILE* from) {
  std::string chunk(size_t{256} << 10, '\0');
  for (;;) {
    const size_t count = std::fread(chunk.data(), 1, chunk.size(), from);
    if (count == 0) return portal.CopyDone();
    RETURN_IF_ERROR(portal.CopyData(std::string_view(chunk).substr(0, count)));
  }
}

void Shell::PrintError(const Status& status, std::string_view sql) {
  had_error_ = true;
  const ErrorInfo& info = status.info();
  std::string text = "ERROR:  " + info.message + "\n";
  if (info.location >= 0 && static_cast<size_t>(info.location) <= sql.size()) {
    const auto at = static_cast<size_t>(info.location);
    size_t begin = sql.rfind('\n', at == 0 ? 0 : at - 1);
    begin = begin == std::string_view::npos || at == 0 ? 0 : begin + 1;
    const size_t end = std::min(sql.find('\n', at), sql.size());
    const auto line_number =
        1 + std::count(sql.begin(), sql.begin() + static_cast<long>(begin), '\n');
    const std::string head = fmt::format("LINE {}: ", line_number);
    text += head + std::string(sql.substr(begin, end - begin)) + "\n";
    size_t width = head.size();
    for (size_t i = begin; i < at; ++i) width += (sql[i] & 0xC0) != 0x80;
    text += std::string(width, ' ') + "^\n";
  }
  if (!info.detail.empty()) text += "DETAIL:  " + info.detail + "\n";
  if (!info.hint.empty()) text += "HINT:  " + info.hint + "\n";
  if (!info.context.empty()) text += "CONTEXT:  " + info.context + "\n";
  std::fflush(stdout);
  std::fputs(text.c_str(), stderr);
}

// --- Backslash commands -----------------------------------------------------------------------

bool Shell::Command(const std::string& line) {
  const size_t space = line.find_first_of(" \t");
  const std::string name = line.substr(0, space);
  const std::string rest = space == std::string::npos ? "" : Trim(line.substr(space));
  if (name == "\\q" || name == "\\quit") return false;
  if (name == "\\?" || name == "\\h" || name == "\\help") {
    Print(std::string(kHelp));
  } else if (name == "\\echo") {
    Print(rest + "\n");
  } else if (name == "\\x") {
    expanded_ = !expanded_;
    Print(expanded_ ? "Expanded display is on.\n" : "Expanded display is off.\n");
  } else if (name == "\\timing") {
    timing_ = rest.empty() ? !timing_ : rest == "on";
    Print(timing_ ? "Timing is on.\n" : "Timing is off.\n");
  } else if (name == "\\pset") {
    const std::string format = rest.starts_with("format ") ? Trim(rest.substr(7)) : "";
    if (format == "csv") {
      format_ = OutputFormat::kCsv;
    } else if (format == "json") {
      format_ = OutputFormat::kJson;
    } else if (format == "markdown") {
      format_ = OutputFormat::kMarkdown;
    } else if (format == "aligned" || format == "table") {
      format_ = OutputFormat::kTable;
    } else {
      std::fprintf(stderr, "\\pset: only format aligned, csv, json, markdown\n");
    }
  } else if (name == "\\i") {
    if (!RunFile(rest)) std::fprintf(stderr, "%s: cannot be read\n", rest.c_str());
  } else if (name == "\\o") {
    output_.reset(rest.empty() ? nullptr : std::fopen(rest.c_str(), "w"));
    if (!rest.empty() && !output_) std::fprintf(stderr, "%s: cannot be written\n", rest.c_str());
  } else if (name == "\\e") {
    const char* editor = std::getenv("EDITOR");
    const std::string path = "/tmp/oxibase-edit-" + std::to_string(session_->secret()) + ".sql";
    const std::string command = std::string(editor ? editor : "vi") + " " + path;
    if (std::system(command.c_str()) == 0) RunFile(path);
    std::remove(path.c_str());
  } else if (name == "\\copy") {
    CopyCommand(rest);
  } else if (name == "\\tour") {
    for (size_t i = 0; i < kTourLines; ++i) {
      if (kTour[i][0] != '\\') Print("=> " + std::string(kTour[i]) + "\n");
      Line(kTour[i]);
    }
  } else if (name.starts_with("\\d") || name.starts_with("\\l")) {
    Describe(name, rest);
  } else {
    std::fprintf(stderr, "invalid command %s\nTry \\? for help.\n", name.c_str());
    had_error_ = true;
  }
  return true;
}

void Shell::Query(const std::string& sql, const std::string& title) {
  next_title_ = title;
  Run(sql);
}

void Shell::Describe(const std::string& command, const std::string& pattern) {
  std::string name = command;
  std::erase(name, '+');
  const std::string where = pattern.empty()
                                ? "AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
                                : "AND c.relname ~ ('^(' || replace(replace(" + Literal(pattern) +
                                      ", '*', '.*'), '?', '.') || ')$')";
  const auto relations = [&](const std::string& kinds) {
    Query(
        "SELECT n.nspname AS \"Schema\", c.relname AS \"Name\", CASE c.relkind WHEN 'r' THEN "
        "'table' WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' WHEN 'i' THEN 'index' END AS "
        "\"Type\", pg_get_userbyid(c.relowner) AS \"Owner\" FROM pg_class c JOIN pg_namespace n ON "
        "n.oid = c.relnamespace WHERE c.relkind IN (" +
            kinds + ") " + where + " ORDER BY 1, 2;",
        "List of relations");
  };
  if (name == "\\d" && !pattern.empty()) {
    DescribeTable(pattern);
  } else if (name == "\\d") {
    relations("'r', 'v', 'S'");
  } else if (name == "\\dt") {
    relations("'r'");
  } else if (name == "\\dv") {
    relations("'v'");
  } else if (name == "\\ds") {
    relations("'S'");
  } else if (name == "\\di") {
    relations("'i'");
  } else if (name == "\\dn") {
    Query(
        "SELECT nspname AS \"Name\", pg_get_userbyid(nspowner) AS \"Owner\" FROM pg_namespace "
        "WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1;",
        "List of schemas");
  } else if (name == "\\df") {
    Query(
        "SELECT proname AS \"Name\", pg_get_function_result(oid) AS \"Result\", "
        "pg_get_function_arguments(oid) AS \"Arguments\" FROM pg_proc WHERE proname ~ ('^(' || "
        "replace(" +
            Literal(pattern) + ", '*', '.*') || ')$') ORDER BY 1, 3;",
        "List of functions");
  } else if (name == "\\l") {
    Query(
        "SELECT datname AS \"Name\", pg_get_userbyid(datdba) AS \"Owner\", "
        "pg_encoding_to_char(encoding) AS \"Encoding\" FROM pg_database ORDER BY 1;",
        "List of databases");
  } else {
    std::fprintf(stderr, "invalid command %s\nTry \\? for help.\n", command.c_str());
  }
}

void Shell::DescribeTable(const std::string& name) {
  const std::string oid = Literal(name) + "::regclass";
  Query(
      "SELECT a.attname AS \"Column\", format_type(a.atttypid, a.atttypmod) AS \"Type\", CASE WHEN "
      "a.attnotnull THEN 'not null' ELSE '' END AS \"Nullable\", coalesce(pg_get_expr(d.adbin, "
      "d.adrelid, true), CASE a.attidentity WHEN 'a' THEN 'generated always as identity' WHEN 'd' "
      "THEN 'generated by default as identity' ELSE '' END) AS \"Default\" FROM pg_attribute a "
      "LEFT "
      "JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = " +
          oid + " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;",
      "Relation \"" + name + "\"");
  const auto section = [&](const std::string& sql) {
    const auto prepared = session_->Prepare(sql, {});
    if (!prepared.ok()) return;
    const auto portal = session_->Bind(*prepared, {});
    if (!portal.ok()) return;
    for (;;) {
      const auto batch = (*portal)->Next(0);
      if (!batch.ok() || !*batch) break;
      for (uint32_t r = 0; r < (*batch)->size; ++r) {
        Print("    " + (*batch)->columns[0].GetValue(r).bytes() + "\n");
      }
    }
    session_->EndImplicit().Ignore("it only read");
  };
  section("SELECT pg_get_indexdef(indexrelid, 0, true) FROM pg_index WHERE indrelid = " + oid +
          " ORDER BY 1");
  section(
      "SELECT '\"' || conname || '\" ' || pg_get_constraintdef(oid, true) FROM pg_constraint "
      "WHERE conrelid = " +
      oid + " ORDER BY 1");
}

void Shell::CopyCommand(const std::string& rest) {
  // T FROM FILE ..., (QUERY) TO FILE ...: the file's name is what stands behind the word.
  std::string upper = rest;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const bool query = !rest.empty() && rest[0] == '(';
  const size_t behind = query ? upper.rfind(')') : 0;
  size_t word = upper.find(" FROM ", behind == std::string::npos ? 0 : behind);
  const bool from = word != std::string::npos && !query;
  if (!from) word = upper.find(" TO ", behind == std::string::npos ? 0 : behind);
  if (word == std::string::npos) {
    std::fprintf(stderr, "\\copy: TABLE FROM FILE, or TABLE or (QUERY) TO FILE\n");
    had_error_ = true;
    return;
  }
  const std::string target = rest.substr(0, word);
  std::string file = Trim(rest.substr(word + (from ? 6 : 4)));
  std::string options;
  size_t end = file.find_first_of(" \t");
  if (!file.empty() && file[0] == '\'') {
    end = file.find('\'', 1);
    options = end == std::string::npos ? "" : file.substr(end + 1);
    file = file.substr(1, end == std::string::npos ? end : end - 1);
  } else if (end != std::string::npos) {
    options = file.substr(end);
    file = file.substr(0, end);
  }
  const std::string sql = "COPY " + target + (from ? " FROM STDIN " : " TO STDOUT ") + options;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(
      std::fopen(file.c_str(), from ? "rb" : "wb"), &std::fclose);
  if (!stream) {
    std::fprintf(stderr, "%s: %s\n", file.c_str(), std::strerror(errno));
    had_error_ = true;
    return;
  }
  Status status = [&]() -> Status {
    ASSIGN_OR_RETURN(auto prepared, session_->Prepare(sql, {}));
    ASSIGN_OR_RETURN(const auto portal, session_->Bind(std::move(prepared), {}));
    RETURN_IF_ERROR(from ? CopyFromFile(*portal, stream.get())
                         : CopyToOutput(*portal, stream.get()));
    Print(std::string(portal->tag()) + "\n");
    return {};
  }();
  if (!status.ok()) session_->FailTransaction();
  Status ended = session_->EndImplicit();
  if (status.ok()) status = std::move(ended);
  if (status.ok()) status = session_->WaitDurable();
  if (!status.ok()) PrintError(status, sql);
}

}  // namespace oxibase
