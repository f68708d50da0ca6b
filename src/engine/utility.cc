// Statements without a plan: transactions, settings, prepared statements, EXPLAIN.

#include <absl/strings/ascii.h>

#include <algorithm>

#include "common/datetime.h"
#include "engine/ddl/ddl.h"
#include "engine/session_impl.h"
#include "expr/evaluator.h"
#include "sql/parse/ast_utility.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {
namespace {

using ast::As;
using ast::StatementKind;
using ast::TryAs;

/// Statements that may not stand in a transaction block, or that PostgreSQL does not run in a
/// transaction of its own making.
bool NeedsNoTransaction(const ast::Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kTransaction:
    case StatementKind::kSet:
    case StatementKind::kShow:
    case StatementKind::kCheckpoint:
    case StatementKind::kDeallocate:
    case StatementKind::kDiscard:
      return true;
    default:
      return false;
  }
}

MaterializedRows OneText(std::string text) {
  MaterializedRows made;
  made.types = {TypeId::kText};
  made.rows.push_back({Value::Text(std::move(text))});
  return made;
}

bool OptionIsOn(const ast::Option& option) {
  if (option.value_kind == ast::Option::ValueKind::kNone) return true;
  if (option.value_kind == ast::Option::ValueKind::kInteger) return option.integer != 0;
  const std::string text = absl::AsciiStrToLower(option.text);
  return text != "off" && text != "false" && text != "0" && text != "none";
}

/// The value of a mode of BEGIN or SET TRANSACTION, as the setting of that name would have it.
std::string ModeValue(const ast::Option& option) {
  if (option.name == "transaction_isolation") return option.text;
  return OptionIsOn(option) ? "on" : "off";
}

Status Unsupported(std::string_view what) {
  return Error(ErrorCode::kFeatureNotSupported, "{} is not supported", what);
}

}  // namespace

bool SessionImpl::MakesRows(const ast::Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kShow:
    case StatementKind::kExplain:
    case StatementKind::kExecute:
      return true;
    case StatementKind::kFetch:
      return !As<ast::FetchStmt>(statement).move;
    default:
      return false;
  }
}

std::vector<ResultColumn> SessionImpl::UtilityColumns(const ast::Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kShow: {
      const std::string& name = As<ast::ShowStmt>(statement).name;
      if (absl::AsciiStrToLower(name) == "all") {
        return {
            {"name", TypeId::kText}, {"setting", TypeId::kText}, {"description", TypeId::kText}};
      }
      std::string shown = absl::AsciiStrToLower(name);
      if (shown == "timezone") shown = "TimeZone";
      if (shown == "datestyle") shown = "DateStyle";
      if (shown == "intervalstyle") shown = "IntervalStyle";
      return {{shown, TypeId::kText}};
    }
    case StatementKind::kExplain: {
      Type type = TypeId::kText;
      for (const auto& option : As<ast::ExplainStmt>(statement).options) {
        if (option.name == "format" && absl::AsciiStrToLower(option.text) == "json") {
          type = TypeId::kJson;
        }
      }
      return {{"QUERY PLAN", type}};
    }
    case StatementKind::kFetch: {
      const auto& fetch = As<ast::FetchStmt>(statement);
      if (fetch.move) return {};
      const auto it = cursors_.find(fetch.cursor);
      return it == cursors_.end() ? std::vector<ResultColumn>() : it->second->columns();
    }
    case StatementKind::kExecute: {
      const auto it = named_.find(As<ast::ExecuteStmt>(statement).name);
      return it == named_.end() ? std::vector<ResultColumn>() : it->second->result;
    }
    default:
      return {};
  }
}

Status SessionImpl::RunUtility(PortalImpl& portal) {
  const ast::Statement& statement = *portal.statement_->statement;
  if (statement.kind == StatementKind::kTransaction) {
    return RunTransaction(portal, As<ast::TransactionStmt>(statement));
  }
  if (NeedsNoTransaction(statement)) {
    RETURN_IF_ERROR(CheckStatementAllowed(statement));
    // In a block their effects follow its fate; outside they are transactions of their own.
    if (statement.kind != StatementKind::kCheckpoint) RETURN_IF_ERROR(EnsureTransaction());
  } else {
    RETURN_IF_ERROR(EnsureTransaction());
  }
  const bool own_statement =
      statement.kind != StatementKind::kFetch && statement.kind != StatementKind::kExecute;
  if (own_statement) {
    BeginStatement(&portal);
    AddPortal(&portal);
  }

  if (IsDdl(statement)) {
    RETURN_IF_ERROR(RefuseIfReadOnly(DdlTag(statement)));
    ddl_portal_ = &portal;
    ASSIGN_OR_RETURN(portal.tag_, RunDdl(statement, portal.statement_->sql));
    return {};
  }
  switch (statement.kind) {
    case StatementKind::kSet:
      RETURN_IF_ERROR(RunSet(As<ast::SetStmt>(statement)));
      portal.tag_ = As<ast::SetStmt>(statement).type == ast::SetStmt::Type::kReset ||
                            As<ast::SetStmt>(statement).type == ast::SetStmt::Type::kResetAll
                        ? "RESET"
                        : "SET";
      return {};
    case StatementKind::kShow: {
      const std::string& name = As<ast::ShowStmt>(statement).name;
      portal.tag_ = "SHOW";
      if (absl::AsciiStrToLower(name) == "all") {
        portal.made_.types = {TypeId::kText, TypeId::kText, TypeId::kText};
        for (const SettingInfo& info : Settings::All()) {
          ASSIGN_OR_RETURN(std::string value, GetSetting(info.name, false));
          portal.made_.rows.push_back({Value::Text(std::string(info.name)), Value::Text(value),
                                       Value::Text(std::string(info.description))});
        }
        return {};
      }
      ASSIGN_OR_RETURN(std::string value, GetSetting(name, false));
      portal.made_ = OneText(std::move(value));
      return {};
    }
    case StatementKind::kPrepare: {
      const auto& prepare = As<ast::PrepareStmt>(statement);
      if (named_.contains(prepare.name)) {
        return Error(ErrorCode::kDuplicatePreparedStatement,
                     "prepared statement \"{}\" already exists", prepare.name);
      }
      std::vector<Type> types;
      BindContext bind = MakeBindContext();
      for (const auto& type : prepare.argument_types) {
        ASSIGN_OR_RETURN(const Type resolved, ResolveTypeName(type, bind));
        types.push_back(resolved);
      }
      // The statement lies in the tree of this one, which it keeps alive.
      std::shared_ptr<const ast::Statement> query(portal.statement_->statement,
                                                  prepare.query.get());
      ASSIGN_OR_RETURN(auto prepared, PrepareTree(portal.statement_->sql, query, types));
      prepared->made_micros = ClockMicros();
      named_.emplace(prepare.name, std::move(prepared));
      portal.tag_ = "PREPARE";
      return {};
    }
    case StatementKind::kExecute: {
      ASSIGN_OR_RETURN(portal.inner_, MakeExecute(statement));
      portal.fetch_rows_ = UINT64_MAX;
      portal.inner_is_cursor_ = false;
      return {};
    }
    case StatementKind::kDeallocate: {
      const std::string& name = As<ast::DeallocateStmt>(statement).name;
      portal.tag_ = name.empty() ? "DEALLOCATE ALL" : "DEALLOCATE";
      if (name.empty()) {
        named_.clear();
      } else if (named_.erase(name) == 0) {
        return Error(ErrorCode::kInvalidSqlStatementName,
                     "prepared statement \"{}\" does not exist", name);
      }
      return {};
    }
    case StatementKind::kDeclareCursor:
      portal.tag_ = "DECLARE CURSOR";
      return RunDeclare(As<ast::DeclareCursorStmt>(statement));
    case StatementKind::kFetch:
      return RunFetch(portal, As<ast::FetchStmt>(statement));
    case StatementKind::kClosePortal: {
      const std::string& name = As<ast::ClosePortalStmt>(statement).name;
      portal.tag_ = name.empty() ? "CLOSE CURSOR ALL" : "CLOSE CURSOR";
      if (name.empty()) {
        cursors_.clear();
      } else if (cursors_.erase(name) == 0) {
        return Error(ErrorCode::kInvalidCursorName, "cursor \"{}\" does not exist", name);
      }
      return {};
    }
    case StatementKind::kExplain:
      portal.tag_ = "EXPLAIN";
      return RunExplain(portal, As<ast::ExplainStmt>(statement));
    case StatementKind::kVacuum:
      portal.tag_ = As<ast::VacuumStmt>(statement).vacuum ? "VACUUM" : "ANALYZE";
      return RunVacuum(As<ast::VacuumStmt>(statement));
    case StatementKind::kCheckpoint:
      portal.tag_ = "CHECKPOINT";
      return database_.Checkpoint();
    case StatementKind::kListen:
      portal.tag_ = "LISTEN";
      notifications_.Listen(As<ast::ListenStmt>(statement).channel);
      return {};
    case StatementKind::kUnlisten: {
      portal.tag_ = "UNLISTEN";
      const std::string& channel = As<ast::UnlistenStmt>(statement).channel;
      if (channel.empty()) {
        notifications_.UnlistenAll();
      } else {
        notifications_.Unlisten(channel);
      }
      return {};
    }
    case StatementKind::kNotify: {
      portal.tag_ = "NOTIFY";
      const auto& notify = As<ast::NotifyStmt>(statement);
      return notifications_.Notify(notify.channel, notify.payload);
    }
    case StatementKind::kDiscard: {
      const auto type = As<ast::DiscardStmt>(statement).type;
      using Discard = ast::DiscardStmt::Type;
      if (type == Discard::kAll) {
        if (state_ == State::kBlock) {
          return Error(ErrorCode::kActiveSqlTransaction,
                       "DISCARD ALL cannot run inside a transaction block");
        }
        cursors_.clear();
        named_.clear();
        settings_.ResetAll();
        txn_->UnlockAllAdvisory();
        notifications_.UnlistenAll();
      }
      if (type == Discard::kAll || type == Discard::kPlans) {
        cache_.clear();
        cache_by_text_.clear();
      }
      if (type == Discard::kAll || type == Discard::kSequences) {
        current_values_.clear();
        last_sequence_ = 0;
      }
      portal.tag_ = type == Discard::kAll         ? "DISCARD ALL"
                    : type == Discard::kPlans     ? "DISCARD PLANS"
                    : type == Discard::kSequences ? "DISCARD SEQUENCES"
                                                  : "DISCARD TEMP";
      return {};
    }
    case StatementKind::kLockTable: {
      const auto& lock = As<ast::LockTableStmt>(statement);
      if (state_ != State::kBlock) {
        return Error(ErrorCode::kNoActiveSqlTransaction,
                     "LOCK TABLE can only be used in transaction blocks");
      }
      for (const auto& name : lock.tables) {
        ASSIGN_OR_RETURN(const auto table,
                         LockNamedTable(name, static_cast<TableLockMode>(lock.mode - 1),
                                        lock.nowait ? LockWait::kNoWait : LockWait::kBlock));
        if (!table) return Error(ErrorCode::kWrongObjectType, "\"{}\" is not a table", name.name);
      }
      portal.tag_ = "LOCK TABLE";
      return {};
    }
    case StatementKind::kCopy: {
      const auto& copy = As<ast::CopyStmt>(statement);
      ASSIGN_OR_RETURN(portal.copy_, MakeCopyTask(*this, copy, portal.statement_->statement));
      if (copy.filename.empty()) return {};
      portal.rows_ = portal.copy_->rows();
      portal.copy_.reset();
      portal.tag_ = fmt::format("COPY {}", portal.rows_);
      return {};
    }
    case StatementKind::kSetConstraints:
      portal.tag_ = "SET CONSTRAINTS";
      if (state_ != State::kBlock) {
        ErrorInfo info;
        info.code = ErrorCode::kNoActiveSqlTransaction;
        info.message = "SET CONSTRAINTS can only be used in transaction blocks";
        Notice("WARNING", info);
        return {};
      }
      return constraints_.Set(As<ast::SetConstraintsStmt>(statement));
    case StatementKind::kUnsupported:
      return Unsupported(As<ast::UnsupportedStmt>(statement).command);
    default:
      return Unsupported("this statement");
  }
}

// --- Transactions -----------------------------------------------------------------------------

Status SessionImpl::ApplyTransactionModes(const std::vector<ast::Option>& options) {
  for (const auto& option : options)
    RETURN_IF_ERROR(SetTransactionMode(option.name, ModeValue(option)));
  return {};
}

Status SessionImpl::BeginBlock(const ast::TransactionStmt& statement) {
  if (state_ == State::kBlock || state_ == State::kFailed) {
    ErrorInfo info;
    info.code = ErrorCode::kActiveSqlTransaction;
    info.message = "there is already a transaction in progress";
    Notice("WARNING", info);
    return {};
  }
  RETURN_IF_ERROR(EnsureTransaction());
  // (If it is refused, there is no block.)
  RETURN_IF_ERROR(ApplyTransactionModes(statement.options));
  state_ = State::kBlock;
  return {};
}

Status SessionImpl::RunTransaction(PortalImpl& portal, const ast::TransactionStmt& statement) {
  using Type = ast::TransactionStmt::Type;
  RETURN_IF_ERROR(CheckStatementAllowed(statement));
  const auto warn = [&](std::string message) {
    ErrorInfo info;
    info.code = ErrorCode::kNoActiveSqlTransaction;
    info.message = std::move(message);
    Notice("WARNING", info);
  };
  const auto need_block = [&](std::string_view what) -> Status {
    if (state_ == State::kBlock || state_ == State::kFailed) return {};
    return Error(ErrorCode::kNoActiveSqlTransaction, "{} can only be used in transaction blocks",
                 what);
  };
  const auto chain = [&](const TransactionModes& modes) -> Status {
    if (!statement.chain) return {};
    RETURN_IF_ERROR(EnsureTransaction());
    state_ = State::kBlock;
    UseModes(modes);
    return {};
  };
  switch (statement.type) {
    case Type::kBegin:
    case Type::kStart:
      portal.tag_ = statement.type == Type::kBegin ? "BEGIN" : "START TRANSACTION";
      return BeginBlock(statement);
    case Type::kCommit: {
      const TransactionModes modes = modes_;
      if (state_ == State::kFailed) {
        RollbackTransaction();
        portal.tag_ = "ROLLBACK";
        return chain(modes);
      }
      portal.tag_ = "COMMIT";
      if (state_ != State::kBlock) {
        if (statement.chain) RETURN_IF_ERROR(need_block("COMMIT AND CHAIN"));
        warn("there is no transaction in progress");
        // What came before it in the same text is final all the same.
        return state_ == State::kImplicit ? CommitTransaction() : Status();
      }
      RETURN_IF_ERROR(CommitTransaction());
      return chain(modes);
    }
    case Type::kRollback: {
      const TransactionModes modes = modes_;
      portal.tag_ = "ROLLBACK";
      if (state_ != State::kBlock && state_ != State::kFailed) {
        if (statement.chain) RETURN_IF_ERROR(need_block("ROLLBACK AND CHAIN"));
        warn("there is no transaction in progress");
      }
      RollbackTransaction();
      return chain(modes);
    }
    case Type::kSavepoint:
      portal.tag_ = "SAVEPOINT";
      RETURN_IF_ERROR(need_block("SAVEPOINT"));
      txn_->DefineSavepoint(statement.savepoint);
      savepoints_.push_back({statement.savepoint, ddl_->mark(), settings_.Mark(),
                             constraints_.mark(), notifications_.mark(), cursor_number_,
                             modes_.read_only});
      return {};
    case Type::kRelease: {
      portal.tag_ = "RELEASE";
      RETURN_IF_ERROR(need_block("RELEASE SAVEPOINT"));
      RETURN_IF_ERROR(txn_->ReleaseSavepoint(statement.savepoint));
      while (!savepoints_.empty()) {
        const bool found = savepoints_.back().name == statement.savepoint;
        modes_.read_only = savepoints_.back().read_only;
        savepoints_.pop_back();
        if (found) break;
      }
      return {};
    }
    case Type::kRollbackTo: {
      portal.tag_ = "ROLLBACK";
      RETURN_IF_ERROR(need_block("ROLLBACK TO SAVEPOINT"));
      if (savepoints_.empty()) {
        return Error(ErrorCode::kInvalidSavepointSpecification, "savepoint \"{}\" does not exist",
                     statement.savepoint);
      }
      RETURN_IF_ERROR(txn_->RollbackToSavepoint(statement.savepoint, [&] {
        while (savepoints_.back().name != statement.savepoint) savepoints_.pop_back();
        ddl_->RollbackTo(savepoints_.back().ddl);
      }));
      std::erase_if(cursors_, [&](const auto& entry) {
        return entry.second->number() > savepoints_.back().cursors;
      });
      settings_.RollbackTo(savepoints_.back().settings);
      constraints_.RollbackTo(savepoints_.back().constraints);
      notifications_.RollbackTo(savepoints_.back().notifications);
      modes_.read_only = savepoints_.back().read_only;
      state_ = State::kBlock;
      return {};
    }
    case Type::kPrepare:
    case Type::kCommitPrepared:
    case Type::kRollbackPrepared:
      return Unsupported("two-phase commit");
  }
  return {};
}

Status SessionImpl::RunSet(const ast::SetStmt& statement) {
  using Type = ast::SetStmt::Type;
  switch (statement.type) {
    case Type::kTransaction:
      if (statement.name == "TRANSACTION") {
        if (state_ != State::kBlock) {
          ErrorInfo info;
          info.code = ErrorCode::kNoActiveSqlTransaction;
          info.message = "SET TRANSACTION can only be used in transaction blocks";
          Notice("WARNING", info);
          return {};
        }
        return ApplyTransactionModes(statement.options);
      }
      for (const auto& option : statement.options) {
        const std::string name = "default_" + option.name;
        RETURN_IF_ERROR(settings_.Set(name, ModeValue(option), false));
      }
      return {};
    case Type::kReset:
    case Type::kDefault:
      if (IsTransactionMode(absl::AsciiStrToLower(statement.name))) {
        return SetTransactionMode(absl::AsciiStrToLower(statement.name), {});
      }
      return settings_.Reset(statement.name);
    case Type::kResetAll:
      settings_.ResetAll();
      return {};
    case Type::kFromCurrent:
      return Unsupported("SET FROM CURRENT");
    case Type::kValue:
      break;
  }
  std::string value;
  for (const auto& part : statement.values) {
    if (!value.empty()) value += ", ";
    if (part.interval) {
      ASSIGN_OR_RETURN(const IntervalValue interval,
                       ParseInterval(part.text, part.interval_typmod, DateTimeFormat()));
      value += "INTERVAL '";
      AppendInterval(interval, DateTimeFormat(), &value);
      value += '\'';
      continue;
    }
    const bool quote =
        statement.values.size() > 1 || absl::AsciiStrToLower(statement.name) == "search_path";
    bool plain = !part.text.empty();
    for (const char c : part.text) {
      plain = plain && (absl::ascii_islower(static_cast<unsigned char>(c)) ||
                        absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_');
    }
    if (quote && !plain) {
      value += '"';
      for (const char c : part.text) value += c == '"' ? std::string("\"\"") : std::string(1, c);
      value += '"';
    } else {
      value += part.text;
    }
  }
  const std::string name = absl::AsciiStrToLower(statement.name);
  if (name == "datestyle" && statement.values.size() > 1) {
    value.clear();
    for (const auto& part : statement.values) value += (value.empty() ? "" : ", ") + part.text;
  }
  return SetSetting(name, value, statement.local);
}

// --- Prepared statements -------------------------------------------------------------

Result<std::shared_ptr<PortalImpl>> SessionImpl::MakeExecute(const ast::Statement& statement) {
  const auto& execute = As<ast::ExecuteStmt>(statement);
  const auto it = named_.find(execute.name);
  if (it == named_.end()) {
    return Error(ErrorCode::kInvalidSqlStatementName, "prepared statement \"{}\" does not exist",
                 execute.name);
  }
  const auto& prepared = it->second;
  if (execute.arguments.size() != prepared->types.size()) {
    return Error(ErrorCode::kSyntaxError,
                 "wrong number of parameters for prepared statement \"{}\"", execute.name)
        .Detail(fmt::format("Expected {} parameters but got {}.", prepared->types.size(),
                            execute.arguments.size()));
  }
  std::vector<Value> values;
  for (size_t i = 0; i < execute.arguments.size(); ++i) {
    BindContext bind = MakeBindContext();
    ASSIGN_OR_RETURN(const ExprPtr expr,
                     BindScalarExpression(*execute.arguments[i], ExprUse::kExecuteArgument, {},
                                          prepared->types[i], fmt::format("${}", i + 1), bind));
    ASSIGN_OR_RETURN(Evaluator evaluator, Evaluator::Compile(*expr));
    ASSIGN_OR_RETURN(Value value, evaluator.EvaluateScalar(eval_));
    values.push_back(std::move(value));
  }
  return std::make_shared<PortalImpl>(*this, prepared, values);
}

// --- EXPLAIN, ANALYZE -------------------------------------------------------------------------

Status SessionImpl::RunExplain(PortalImpl& portal, const ast::ExplainStmt& statement) {
  bool analyze = false, verbose = false, json = false, costs = true, timing = true, summary = false;
  for (const auto& option : statement.options) {
    if (option.name == "analyze") {
      analyze = OptionIsOn(option);
    } else if (option.name == "verbose") {
      verbose = OptionIsOn(option);
    } else if (option.name == "costs") {
      costs = OptionIsOn(option);
    } else if (option.name == "timing") {
      timing = OptionIsOn(option);
    } else if (option.name == "summary") {
      summary = OptionIsOn(option);
    } else if (option.name == "format") {
      const std::string format = absl::AsciiStrToLower(option.text);
      if (format == "json") {
        json = true;
      } else if (format != "text") {
        return Unsupported("EXPLAIN (FORMAT " + format + ")");
      }
    } else if (option.name == "buffers") {
      // Taken, and nothing to tell: there is no buffer pool.
    } else if (option.name != "wal" && option.name != "settings") {
      return Error(ErrorCode::kSyntaxError, "unrecognized EXPLAIN option \"{}\"", option.name)
          .At(option.location);
    } else if (OptionIsOn(option)) {
      return Unsupported("EXPLAIN (" + option.name + ")");
    }
  }
  if (analyze && statement.query->kind == StatementKind::kCreateTableAs) {
    return Unsupported("EXPLAIN ANALYZE of CREATE TABLE AS");
  }
  std::shared_ptr<const ast::Statement> query(portal.statement_->statement, QueryInside(statement));
  std::shared_ptr<PortalImpl> inner;
  if (query->kind == StatementKind::kExecute) {
    ASSIGN_OR_RETURN(inner, MakeExecute(*query));
    if (inner->statement().is_planned()) RETURN_IF_ERROR(inner->ChoosePlan());
  } else {
    ASSIGN_OR_RETURN(auto prepared,
                     PrepareToRun(portal.statement_->sql, query, portal.statement_->types));
    if (!prepared->is_planned()) return Unsupported("EXPLAIN of a statement without a plan");
    inner = std::make_shared<PortalImpl>(*this, std::move(prepared), portal.params());
  }
  const auto plan = inner->statement().plan;
  std::vector<OperatorStats> stats;
  int64_t nanos = 0;
  if (analyze) {
    inner->set_analyze();
    const int64_t begin = db_.env.clock().MonotonicNanos();
    for (;;) {
      ASSIGN_OR_RETURN(const Batch* batch, inner->Next(0));
      if (!batch) break;
    }
    nanos = db_.env.clock().MonotonicNanos() - begin;
    stats = inner->executor()->Stats();
    if (!timing) {
      for (auto& one : stats) one.nanos.reset();
    }
    BeginStatement(&portal);
  }
  std::vector<std::string> lines =
      ExplainPlan(*plan, json, verbose, costs, analyze ? &stats : nullptr);
  if (!json && (analyze || summary) && timing) {
    lines.push_back(fmt::format("Execution Time: {:.3f} ms", static_cast<double>(nanos) / 1e6));
  }
  portal.made_.types = {json ? TypeId::kJson : TypeId::kText};
  for (std::string& line : lines) {
    portal.made_.rows.push_back({Value::String(portal.made_.types[0], std::move(line))});
  }
  return {};
}

Status SessionImpl::RunVacuum(const ast::VacuumStmt& statement) {
  bool analyze = !statement.vacuum;
  for (const auto& option : statement.options) {
    if (option.name == "analyze") analyze = OptionIsOn(option);
    if (option.name == "full" && OptionIsOn(option)) return Unsupported("VACUUM FULL");
  }
  if (statement.vacuum && state_ == State::kBlock) {
    return Error(ErrorCode::kActiveSqlTransaction, "VACUUM cannot run inside a transaction block");
  }
  // Dead versions are freed as soon as nobody sees them: there is nothing else to vacuum.
  if (statement.vacuum) db_.txns.CollectGarbage();
  if (!analyze) return {};
  std::vector<std::shared_ptr<const TableDef>> tables;
  if (statement.tables.empty()) {
    const auto catalog = ddl_->catalog();
    for (const auto& [oid, table] : catalog->tables()) {
      if (!table->virtual_table) tables.push_back(table);
    }
  }
  for (const auto& named : statement.tables) {
    BindContext bind = MakeBindContext();
    ASSIGN_OR_RETURN(const ResolvedRelation relation, ResolveRelation(named.name, bind));
    if (!relation.table || relation.table->virtual_table) {
      return Error(ErrorCode::kWrongObjectType, "\"{}\" is not a table", named.name.name);
    }
    for (const std::string& column : named.columns) {
      if (!relation.table->FindColumn(column)) {
        return Error(ErrorCode::kUndefinedColumn, "column \"{}\" of relation \"{}\" does not exist",
                     column, named.name.name);
      }
    }
    tables.push_back(relation.table);
  }
  for (const auto& table : tables) {
    ASSIGN_OR_RETURN(const auto analyzed, AnalyzeTable(table->oid));
    if (analyzed || statement.tables.empty()) continue;
    ErrorInfo info;
    info.code = ErrorCode::kUndefinedTable;
    info.message =
        fmt::format("skipping analyze of \"{}\" --- relation no longer exists", table->name);
    Notice("WARNING", info);
  }
  return {};
}

}  // namespace oxibase
