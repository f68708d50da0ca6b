#include "engine/session_impl.h"

#include <algorithm>
#include <utility>

#include "engine/ddl/ddl.h"
#include "expr/evaluator.h"
#include "expr/type_io.h"
#include "sql/optimize/optimizer.h"
#include "sql/parse/ast_ddl.h"
#include "sql/parse/ast_utility.h"
#include "sql/parse/parser.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {
namespace {

/// Plans of texts that came by the simple protocol. Each is some tens of KiB.
constexpr size_t kPlanCacheMax = 256;

bool HasPlan(const ast::Statement& statement) {
  switch (statement.kind) {
    case ast::StatementKind::kSelect:
    case ast::StatementKind::kInsert:
    case ast::StatementKind::kUpdate:
    case ast::StatementKind::kDelete:
    case ast::StatementKind::kMerge:
      return true;
    default:
      return false;
  }
}

/// What the optimizer is told: rows from the tablets, columns from the last ANALYZE.
class EngineStatistics : public StatisticsProvider {
 public:
  explicit EngineStatistics(Database::Impl& db) : db_(db) {}

  double Rows(const TableDef& table) const override {
    const auto tablet = db_.txns.tablets().Find(table.tablet);
    return tablet ? static_cast<double>(tablet->live_rows()) : 0;
  }
  const ColumnStatistics* Column(const TableDef& table, ColumnId column) const override {
    auto& kept = kept_[table.oid];
    if (!kept) {
      MutexLock lock(db_.statistics_mu);
      const auto it = db_.statistics.find(table.oid);
      kept = it == db_.statistics.end() ? std::make_shared<const TableStatistics>() : it->second;
    }
    const auto it = kept->columns.find(column);
    if (it == kept->columns.end()) return nullptr;
    // The column may have another type since.
    const ColumnDef* def = table.FindColumn(column);
    const bool same = def && (!it->second.min || it->second.min->type().id == def->type.id);
    return same ? &it->second : nullptr;
  }

 private:
  Database::Impl& db_;
  mutable std::map<Oid, std::shared_ptr<const TableStatistics>> kept_;
};

/// Which tables a plan writes to: those need a stronger lock.
void CollectTargets(const LogicalNode& node, std::map<Oid, TableLockMode>* locks) {
  const auto raise = [&](Oid table, TableLockMode mode) {
    auto& held = (*locks)[table];
    held = std::max(held, mode);
  };
  switch (node.kind) {
    case LogicalKind::kScan:
      raise(static_cast<const LogicalScan&>(node).table->oid, TableLockMode::kAccessShare);
      break;
    case LogicalKind::kInsert:
      raise(static_cast<const LogicalInsert&>(node).table->oid, TableLockMode::kRowExclusive);
      break;
    case LogicalKind::kUpdate:
      raise(static_cast<const LogicalUpdate&>(node).table->oid, TableLockMode::kRowExclusive);
      break;
    case LogicalKind::kDelete:
      raise(static_cast<const LogicalDelete&>(node).table->oid, TableLockMode::kRowExclusive);
      break;
    case LogicalKind::kLockRows:
      for (const auto& target : static_cast<const LogicalLockRows&>(node).targets) {
        raise(target.table->oid, TableLockMode::kRowShare);
      }
      break;
    default:
      break;
  }
  for (const auto& child : node.children) CollectTargets(*child, locks);
}

}  // namespace

SessionImpl::SessionImpl(Database& database, SessionOptions options, int32_t pid, int32_t secret)
    : database_(database),
      db_(database.impl()),
      options_(std::move(options)),
      pid_(pid),
      secret_(secret),
      txn_(db_.txns.NewTransaction(this)),
      ddl_(std::make_unique<DdlTransaction>(db_, *txn_)),
      notifications_(db_.notifications, pid, options_.on_notification) {
  settings_.on_report = options_.on_parameter;
  if (!options_.application_name.empty()) {
    settings_.SetDefault("application_name", options_.application_name)
        .Ignore("any text is a good name");
  }
  settings_.SetFixed("memory_limit", ShowBytes(db_.memory.limit() >> 10 << 10));
  settings_.SetDefault("work_mem", std::to_string(db_.DefaultWorkMem() >> 10))
      .Ignore("it is within bounds");
  system_tables_ = MakeSystemTables(*this);
}

SessionImpl::~SessionImpl() {
  cursors_.clear();
  RollbackTransaction();
  DropTempSchema();
  MutexLock lock(db_.sessions_mu);
  db_.sessions.erase(pid_);
}

// --- Transactions -----------------------------------------------------------------------------

TransactionStatus SessionImpl::transaction_status() const {
  switch (state_) {
    case State::kBlock:
      return TransactionStatus::kInTransaction;
    case State::kFailed:
      return TransactionStatus::kFailed;
    default:
      return TransactionStatus::kIdle;
  }
}

Status SessionImpl::EnsureTransaction() {
  if (state_ == State::kFailed) {
    return Error(ErrorCode::kInFailedSqlTransaction,
                 "current transaction is aborted, commands ignored until end of transaction block");
  }
  // SET may have changed them since the transaction began.
  txn_->set_lock_timeout_micros(settings_.lock_timeout_ms() * 1000);
  txn_->set_deadlock_timeout_micros(settings_.deadlock_timeout_ms() * 1000);
  if (state_ != State::kIdle) return {};
  TxnOptions options;
  modes_ = settings_.default_modes();
  options.isolation = modes_.isolation;
  options.read_only = modes_.read_only;
  options.synchronous = settings_.synchronous_commit();
  txn_->Begin(options);
  transaction_micros_ = 0;  // read when somebody asks
  state_ = State::kImplicit;
  return {};
}

void SessionImpl::EndPortals() {
  current_ = nullptr;
  while (PortalImpl* portal = open_portals_) {
    open_portals_ = portal->next_open_;
    portal->next_open_ = portal->previous_open_ = nullptr;
    portal->is_open_ = false;
    portal->Abandon();
  }
  std::erase_if(cursors_, [](const auto& entry) { return !entry.second->hold(); });
}

Status SessionImpl::CommitTransaction() {
  if (Status status = constraints_.CheckAll(); !status.ok()) {
    RollbackTransaction();
    return status;
  }
  constraints_.Clear();
  EndPortals();
  savepoints_.clear();
  if (Status status = RunAtCommit(); !status.ok()) {
    RollbackTransaction();
    return status;
  }
  const bool has_ddl = ddl_->has_changes();
  if (has_ddl) ddl_->Publish();
  const auto undone = [&] {
    if (has_ddl) ddl_->Rollback();
  };
  Result<Lsn> committed =
      notifications_.has_changes() ? notifications_.Commit(*txn_, undone) : txn_->Commit(undone);
  state_ = State::kIdle;
  if (!committed.ok()) {
    settings_.EndTransaction(false);
    EndHeldCursors(false);
    return std::move(committed).status();
  }
  EndHeldCursors(true);
  if (has_ddl) ddl_->Committed();
  settings_.EndTransaction(true);
  pending_lsn_ = std::max(pending_lsn_, *committed);
  if (!index_lists_left_.empty()) ReleaseIndexLists();
  return {};
}

void SessionImpl::RollbackTransaction() {
  constraints_.Clear();
  notifications_.Clear();
  EndPortals();
  savepoints_.clear();
  // Rows before what they lie in, and that before the locks.
  const auto undo_ddl = [&] {
    if (ddl_->has_changes()) ddl_->Rollback();
  };
  if (txn_->active()) txn_->Rollback(undo_ddl);
  EndHeldCursors(false);
  settings_.EndTransaction(false);
  state_ = State::kIdle;
}

void SessionImpl::FailTransaction() {
  switch (state_) {
    case State::kImplicit:
      RollbackTransaction();
      state_ = State::kImplicit;  // until EndImplicit; nothing runs in it
      break;
    case State::kBlock:
      if (savepoints_.empty()) {
        RollbackTransaction();
      } else {
        EndPortals();
      }
      state_ = State::kFailed;
      break;
    default:
      break;
  }
}

Status SessionImpl::EndImplicit() {
  if (state_ != State::kImplicit) return {};
  if (!txn_->active()) {  // it failed
    state_ = State::kIdle;
    return {};
  }
  return CommitTransaction();
}

Status SessionImpl::WaitDurable() {
  if (!pending_lsn_) return {};
  const Lsn lsn = std::exchange(pending_lsn_, Lsn());
  return database_.WaitDurable(lsn);
}

void SessionImpl::BeforeBlocking() {
  if (options_.before_blocking) options_.before_blocking();
}

Status SessionImpl::CheckInterrupts() {
  if (terminated_.load(std::memory_order_relaxed)) [[unlikely]] {
    return Error(ErrorCode::kAdminShutdown, "terminating connection due to administrator command");
  }
  if (!cancelled_.load(std::memory_order_relaxed)) return {};
  if (timed_out_.load(std::memory_order_relaxed)) {
    return Error(ErrorCode::kQueryCanceled, "canceling statement due to statement timeout");
  }
  return Error(ErrorCode::kQueryCanceled, "canceling statement due to user request");
}

void SessionImpl::Cancel() {
  cancelled_.store(true, std::memory_order_relaxed);
  txn_->Interrupt();
}

void SessionImpl::Terminate() {
  terminated_.store(true, std::memory_order_relaxed);
  Cancel();
  if (options_.on_terminate) options_.on_terminate();
}

Status SessionImpl::Set(std::string_view name, std::string_view value) {
  return settings_.SetDefault(name, value);
}

void SessionImpl::Notice(std::string_view severity, const ErrorInfo& info) {
  if (mute_notices_ || !settings_.IsSent(severity)) return;
  if (ddl_base_) {
    ddl_notices_.emplace_back(severity, info);
    return;
  }
  if (options_.on_notice) options_.on_notice(severity, info);
}

// --- Statements -------------------------------------------------------------------------------

void SessionImpl::BeginStatement(PortalImpl* portal) {
  if (current_ && current_ != portal) current_->Suspend();
  current_ = portal;
  cancelled_.store(false, std::memory_order_relaxed);
  timed_out_.store(false, std::memory_order_relaxed);
  if (const int64_t limit = settings_.statement_timeout_ms()) {
    deadline_micros_.store(db_.env.clock().MonotonicMicros() + limit * 1000,
                           std::memory_order_relaxed);
    db_.StartWatchdog();
  }
}

void SessionImpl::EndStatement(PortalImpl* portal) {
  if (current_ != portal) return;
  current_ = nullptr;
  deadline_micros_.store(0, std::memory_order_relaxed);
  if (txn_->active()) txn_->EndStatement();
}

void SessionImpl::AddPortal(PortalImpl* portal) {
  if (portal->is_open_) return;
  portal->is_open_ = true;
  portal->next_open_ = open_portals_;
  if (open_portals_) open_portals_->previous_open_ = portal;
  open_portals_ = portal;
}

void SessionImpl::ForgetPortal(PortalImpl* portal) {
  if (portal->is_open_) {
    portal->is_open_ = false;
    (portal->previous_open_ ? portal->previous_open_->next_open_ : open_portals_) =
        portal->next_open_;
    if (portal->next_open_) portal->next_open_->previous_open_ = portal->previous_open_;
    portal->next_open_ = portal->previous_open_ = nullptr;
  }
  EndStatement(portal);
}

BindContext SessionImpl::MakeBindContext() {
  statement_catalog_ = ddl_->catalog();
  FillEval(eval_);
  BindContext context{.catalog = *statement_catalog_};
  context.search_path = SearchPath();
  context.eval = &eval_;
  return context;
}

int64_t SessionImpl::ClockMicros() { return db_.env.clock().WallMicros() - Clock::kUnixMicros2000; }

void SessionImpl::FillEval(EvalContext& eval) {
  eval.settings = &settings_.io();
  eval.catalog = this;
  eval.session = this;
  eval.random = &random_;
  if (transaction_micros_ == 0) {
    transaction_micros_ = db_.env.clock().WallMicros() - Clock::kUnixMicros2000;
  }
  eval.transaction_micros = transaction_micros_;
  eval.statement_micros = transaction_micros_;
  eval.cancelled = &cancelled_;
}

Result<std::shared_ptr<const PhysicalPlan>> SessionImpl::MakePlan(
    LogicalPlan logical, const std::vector<ExprPtr>& assumed, std::span<const Value> params) {
  const EngineStatistics statistics(db_);
  OptimizerContext context;
  context.statistics = &statistics;
  context.bind_index_expression = [this](const TableDef& table, const std::string& sql,
                                         const std::vector<VarId>& vars) -> Result<ExprPtr> {
    ASSIGN_OR_RETURN(const ast::ExprPtr tree, ParseExpression(sql));
    BindContext bind = MakeBindContext();
    ScalarScope scope;
    scope.table = &table;
    scope.column_vars = vars;
    return BindScalarExpression(*tree, ExprUse::kIndexElement, scope, Type(), "", bind);
  };
  context.assumed = &assumed;
  context.params = params;
  return Optimize(std::move(logical), context);
}

Result<std::shared_ptr<PreparedImpl>> SessionImpl::VariantOf(PreparedImpl& statement,
                                                             EvalContext& eval) {
  std::unique_ptr<PlanVariants>& variants = statement.variants;
  if (!variants || variants->plan() != statement.plan.get()) {
    variants = std::make_unique<PlanVariants>(statement.plan);
  }
  const uint32_t fulfilled = variants->Fulfilled(eval);
  if (fulfilled == 0) return std::shared_ptr<PreparedImpl>();
  std::shared_ptr<PreparedImpl>& variant = (*variants)[fulfilled];
  if (!variant) {
    variant = statement.WithoutPlan();
    variant->assumed = variants->Assumptions(fulfilled);
  }
  RETURN_IF_ERROR(EnsurePlan(*variant));
  return variant;
}

bool SessionImpl::WantsCustomPlan(const PreparedImpl& statement) const {
  // In rows' worth of work: below, planning costs more than it can save.
  constexpr double kWorthPlanning = 20'000;
  constexpr uint32_t kTries = 5;
  const double cost = statement.plan->root->cost;
  if (statement.types.empty() || statement.is_plan_only) return false;
  if (cost < kWorthPlanning && !statement.plan->values_matter) return false;
  if (statement.custom_plans < kTries) return true;
  const double custom_cost = statement.custom_cost / statement.custom_plans;
  // Where hopes are dear, what was hoped for is no bound.
  return custom_cost < cost || (statement.plan->values_matter && custom_cost > 2 * cost);
}

Result<std::shared_ptr<PreparedImpl>> SessionImpl::CustomPlanOf(PreparedImpl& statement,
                                                                std::span<const Value> params) {
  auto made = statement.WithoutPlan();
  made->own_params.assign(params.begin(), params.end());
  RETURN_IF_ERROR(EnsurePlan(*made));
  ++statement.custom_plans;
  statement.custom_cost += made->plan->root->cost;
  return made;
}

Status SessionImpl::PlanStatement(PreparedImpl& statement) {
  BindContext context = MakeBindContext();
  context.param_types = statement.types;
  context.cursor = statement.cursor.get();
  const uint64_t number = statement_catalog_->number();
  ASSIGN_OR_RETURN(LogicalPlan logical, BindStatement(*statement.statement, context));
  std::map<Oid, TableLockMode> locks;
  CollectTargets(*logical.root, &locks);
  for (const Oid oid : context.depends_on) locks.try_emplace(oid, TableLockMode::kAccessShare);
  std::vector<ResultColumn> result;
  for (const auto& column : logical.result) {
    result.push_back({column.name, column.type, column.origin_table, column.origin_column});
  }
  if (statement.cursor) result.resize(result.size() - statement.cursor->row_id_tables.size());
  statement.current_of = std::move(context.current_of);
  std::vector<Type> types = context.param_types;
  if (types.size() < logical.param_types.size()) types = logical.param_types;
  const bool is_fixed = statement.plan && !statement.result_may_change;
  if (is_fixed && result.size() != statement.result.size()) {
    return Error(ErrorCode::kFeatureNotSupported, "cached plan must not change result type");
  }
  for (size_t i = 0; is_fixed && i < result.size(); ++i) {
    if (result[i].type.id != statement.result[i].type.id) {
      return Error(ErrorCode::kFeatureNotSupported, "cached plan must not change result type");
    }
  }
  ASSIGN_OR_RETURN(statement.plan,
                   MakePlan(std::move(logical), statement.assumed, statement.own_params));
  statement.custom_plans = 0;
  statement.custom_cost = 0;
  statement.idle.reset();
  statement.point_read.reset();
  statement.point_read_tried = false;
  statement.types = std::move(types);
  statement.result = std::move(result);
  statement.catalog_number = number;
  statement.plan_epoch = settings_.plan_epoch();
  statement.locks.clear();
  for (const auto& [oid, mode] : locks) {
    const auto table = statement_catalog_->TableByOid(oid);
    if (table && !table->virtual_table) statement.locks.push_back({oid, mode});
  }
  return {};
}

uint64_t SessionImpl::CatalogNumber() {
  return ddl_->has_changes() ? ddl_->catalog()->number() : db_.catalog_number();
}

bool SessionImpl::IsCurrent(const PreparedImpl& statement) {
  return statement.catalog_number == CatalogNumber() &&
         statement.plan_epoch == settings_.plan_epoch();
}

Status SessionImpl::EnsurePlan(PreparedImpl& statement) {
  // Locks may wait for DDL that changes what the plan was made for: then once more.
  for (;;) {
    if (!IsCurrent(statement)) RETURN_IF_ERROR(PlanStatement(statement));
    for (const auto& lock : statement.locks) {
      RETURN_IF_ERROR(txn_->LockTable(lock.table, lock.mode));
    }
    if (CatalogNumber() == statement.catalog_number) break;
  }
  if (!statement_catalog_ || statement_catalog_->number() != statement.catalog_number) {
    statement_catalog_ = ddl_->catalog();
  }
  return {};
}

Result<std::shared_ptr<PreparedImpl>> SessionImpl::PrepareToRun(
    std::string sql, std::shared_ptr<const ast::Statement> tree, std::span<const Type> types,
    bool for_cursor) {
  ASSIGN_OR_RETURN(auto prepared, PrepareTree(std::move(sql), std::move(tree), types, for_cursor));
  if (!prepared->is_planned()) return prepared;
  prepared->result_may_change = true;  // while it waits
  RETURN_IF_ERROR(EnsurePlan(*prepared));
  prepared->result_may_change = false;
  return prepared;
}

Result<std::shared_ptr<const TableDef>> SessionImpl::LockNamedTable(const ast::QualifiedName& name,
                                                                    TableLockMode mode,
                                                                    LockWait wait) {
  // The lock may wait for a DROP or a RENAME: until the name means what is locked.
  for (Oid locked = 0;;) {
    BindContext bind = MakeBindContext();
    ASSIGN_OR_RETURN(const ResolvedRelation relation, ResolveRelation(name, bind));
    if (!relation.table || relation.table->oid == locked) return relation.table;
    RETURN_IF_ERROR(txn_->LockTable(relation.table->oid, mode, wait));
    locked = relation.table->oid;
  }
}

const ast::Statement* SessionImpl::QueryInside(const ast::Statement& statement) {
  if (const auto* explain = ast::TryAs<ast::ExplainStmt>(&statement)) {
    const ast::Statement* query = explain->query.get();
    const ast::Statement* within = query ? QueryInside(*query) : nullptr;
    return within ? within : query;
  }
  if (const auto* declare = ast::TryAs<ast::DeclareCursorStmt>(&statement)) {
    return declare->query.get();
  }
  if (const auto* create = ast::TryAs<ast::CreateTableAsStmt>(&statement)) {
    return create->materialized_view ? nullptr : create->query.get();
  }
  return nullptr;
}

Result<std::shared_ptr<PreparedImpl>> SessionImpl::PrepareTree(
    std::string sql, std::shared_ptr<const ast::Statement> tree, std::span<const Type> types,
    bool for_cursor) {
  auto prepared = std::make_shared<PreparedImpl>();
  if (for_cursor) prepared->cursor = std::make_unique<CursorFacts>();
  prepared->sql = std::move(sql);
  prepared->statement = std::move(tree);
  prepared->types.assign(types.begin(), types.end());
  if (!prepared->statement) return prepared;
  if (state_ == State::kFailed) {
    RETURN_IF_ERROR(CheckStatementAllowed(*prepared->statement));
  }
  if (HasPlan(*prepared->statement)) {
    RETURN_IF_ERROR(PlanStatement(*prepared));
  } else {
    prepared->result = UtilityColumns(*prepared->statement);
    // The parameters of the query inside are those of the statement.
    const ast::Statement* inner = QueryInside(*prepared->statement);
    if (inner && HasPlan(*inner)) {
      std::shared_ptr<const ast::Statement> query(prepared->statement, inner);
      ASSIGN_OR_RETURN(const auto made, PrepareTree(prepared->sql, std::move(query), types));
      prepared->types = made->types;
    }
  }
  return prepared;
}

Status SessionImpl::CheckStatementAllowed(const ast::Statement& statement) const {
  if (state_ != State::kFailed) return {};
  if (const auto* transaction = ast::TryAs<ast::TransactionStmt>(&statement)) {
    using Type = ast::TransactionStmt::Type;
    if (transaction->type == Type::kCommit || transaction->type == Type::kRollback ||
        transaction->type == Type::kRollbackTo || transaction->type == Type::kPrepare) {
      return {};
    }
  }
  return Error(ErrorCode::kInFailedSqlTransaction,
               "current transaction is aborted, commands ignored until end of transaction block");
}

Result<std::shared_ptr<PreparedStatement>> SessionImpl::Prepare(std::string_view sql,
                                                                std::span<const TypeId> types) {
  ASSIGN_OR_RETURN(std::vector<ast::StatementPtr> trees,
                   Parse(sql, settings_.statement_bytes_max()));
  if (trees.size() > 1) {
    return Error(ErrorCode::kSyntaxError,
                 "cannot insert multiple commands into a prepared statement");
  }
  std::vector<Type> full(types.begin(), types.end());
  std::shared_ptr<const ast::Statement> tree;
  if (!trees.empty()) tree = std::move(trees[0]);
  ASSIGN_OR_RETURN(auto prepared, PrepareTree(std::string(sql), std::move(tree), full));
  return std::shared_ptr<PreparedStatement>(std::move(prepared));
}

Result<std::vector<std::string_view>> SessionImpl::Split(std::string_view sql) {
  ASSIGN_OR_RETURN(const std::vector<ast::StatementPtr> trees,
                   Parse(sql, settings_.statement_bytes_max()));
  std::vector<std::string_view> texts;
  for (const auto& tree : trees) {
    texts.push_back(
        sql.substr(static_cast<size_t>(tree->text_begin), static_cast<size_t>(tree->text_length)));
  }
  return texts;
}

Result<std::unique_ptr<Portal>> SessionImpl::Bind(std::shared_ptr<PreparedStatement> statement,
                                                  std::span<const Value> params) {
  auto prepared = std::static_pointer_cast<PreparedImpl>(std::move(statement));
  if (params.size() != prepared->types.size()) {
    return Error(ErrorCode::kProtocolViolation,
                 "bind message supplies {} parameters, but the prepared statement requires {}",
                 params.size(), prepared->types.size());
  }
  if (prepared->statement) RETURN_IF_ERROR(CheckStatementAllowed(*prepared->statement));
  progress_.Reset();
  auto portal = std::make_unique<PortalImpl>(*this, std::move(prepared), params);
  // COPY says at once which way its bytes go, and PostgreSQL reports its errors then.
  if (portal->kind() == PortalKind::kCopyIn || portal->kind() == PortalKind::kCopyOut) {
    RETURN_IF_ERROR(portal->Start());
  }
  return std::unique_ptr<Portal>(std::move(portal));
}

Result<std::unique_ptr<Portal>> SessionImpl::ExecuteCached(std::string_view sql) {
  if (state_ == State::kFailed ||
      sql.size() > std::min(kNormalizedTextBytesMax, settings_.statement_bytes_max())) {
    return {nullptr};
  }
  const bool normalized = NormalizeText(sql, normalized_);
  const std::string_view key = normalized ? std::string_view(normalized_.text) : sql;
  // 2.5 and '2.5' are different statements: what kinds its literals have belongs to the key.
  cache_key_.assign(key);
  if (normalized) {
    for (const auto& literal : normalized_.literals) {
      cache_key_ += static_cast<char>(literal.type);
    }
  }
  std::shared_ptr<PreparedImpl> prepared;
  auto it = cache_by_text_.find(std::string_view(cache_key_));
  if (it != cache_by_text_.end() && !IsCurrent(**it->second)) {
    // Its literals may have other types now.
    cache_.erase(it->second);
    cache_by_text_.erase(it);
    it = cache_by_text_.end();
  }
  if (it != cache_by_text_.end()) {
    cache_.splice(cache_.begin(), cache_, it->second);
    prepared = *it->second;
  } else {
    if (!normalized) return {nullptr};
    // The types of number literals are known; strings are unknown literals, typed by their place.
    std::vector<Type> types;
    for (const auto& literal : normalized_.literals) {
      using L = NormalizedText::Literal::Type;
      types.push_back(literal.type == L::kInt4      ? TypeId::kInt4
                      : literal.type == L::kInt8    ? TypeId::kInt8
                      : literal.type == L::kNumeric ? TypeId::kNumeric
                                                    : TypeId::kUnknown);
    }
    auto trees = Parse(key);
    if (!trees.ok() || trees->size() != 1 || !HasPlan(*(*trees)[0])) return {nullptr};
    std::shared_ptr<const ast::Statement> tree = std::move((*trees)[0]);
    auto made = PrepareTree(std::string(key), std::move(tree), types);
    // Whatever the trouble is, the original text tells it best.
    if (!made.ok()) return {nullptr};
    prepared = std::move(*made);
    prepared->result_may_change = true;
    if (prepared->types.size() != types.size()) return {nullptr};
    cache_.push_front(prepared);
    prepared->cache_key = cache_key_;
    cache_by_text_[cache_key_] = cache_.begin();
    if (cache_.size() > kPlanCacheMax) {
      cache_by_text_.erase(cache_.back()->cache_key);
      cache_.pop_back();
    }
  }
  std::vector<Value> params;
  params.reserve(normalized_.literals.size());
  FillEval(eval_);  // 'now' and 'today' are the transaction's
  const TypeIo io(eval_);
  for (size_t i = 0; i < normalized_.literals.size(); ++i) {
    const auto& literal = normalized_.literals[i];
    using L = NormalizedText::Literal::Type;
    if (literal.type == L::kInt4 && prepared->types[i].id == TypeId::kInt4) {
      params.push_back(Value::Int4(static_cast<int32_t>(literal.integer)));
    } else if (literal.type == L::kInt8 && prepared->types[i].id == TypeId::kInt8) {
      params.push_back(Value::Int8(literal.integer));
    } else {
      auto value = TextIn(prepared->types[i], normalized_.TextOf(literal), io);
      if (!value.ok()) return {nullptr};  // the original text reports it with its position
      params.push_back(std::move(*value));
    }
  }
  return std::unique_ptr<Portal>(std::make_unique<PortalImpl>(*this, std::move(prepared), params));
}

Status SessionImpl::Execute(std::string_view sql,
                            const std::function<Status(Portal&, const Batch*)>& on_batch) {
  const Status status = [&]() -> Status {
    ASSIGN_OR_RETURN(const std::vector<ast::StatementPtr> trees,
                     Parse(sql, settings_.statement_bytes_max()));
    for (const auto& tree : trees) {
      const std::string_view text =
          sql.substr(static_cast<size_t>(tree->text_begin), static_cast<size_t>(tree->text_length));
      Result<std::shared_ptr<PreparedStatement>> prepared = Prepare(text, {});
      if (!prepared.ok()) {
        Status failed = std::move(prepared).status();
        if (failed.info().location >= 0) failed.info().location += tree->text_begin;
        return failed;
      }
      (*prepared)->LetResultChange();
      if (!(*prepared)->param_types().empty()) {
        return Error(ErrorCode::kUndefinedParameter, "there is no parameter $1");
      }
      ASSIGN_OR_RETURN(const std::unique_ptr<Portal> portal, Bind(std::move(*prepared), {}));
      if (portal->kind() == PortalKind::kCopyIn) {
        return Error(ErrorCode::kFeatureNotSupported, "COPY FROM STDIN needs a stream of data");
      }
      if (portal->kind() == PortalKind::kCopyOut) {
        return Error(ErrorCode::kFeatureNotSupported, "COPY TO STDOUT needs a stream of data");
      }
      for (;;) {
        ASSIGN_OR_RETURN(const Batch* batch, portal->Next(0));
        if (on_batch) RETURN_IF_ERROR(on_batch(*portal, batch));
        if (!batch) break;
      }
    }
    return {};
  }();
  if (!status.ok()) FailTransaction();
  Status end = EndImplicit();
  Status durable = WaitDurable();
  if (!status.ok()) return status;
  return end.ok() ? durable : end;
}

Result<std::optional<std::vector<Value>>> SessionImpl::FirstRow(const std::string& sql) {
  ASSIGN_OR_RETURN(auto prepared, Prepare(sql, {}));
  ASSIGN_OR_RETURN(auto portal, Bind(std::move(prepared), {}));
  ASSIGN_OR_RETURN(const Batch* batch, portal->Next(1));
  if (!batch) return std::optional<std::vector<Value>>();
  std::vector<Value> row;
  for (const Vector& column : batch->columns) row.push_back(column.GetValue(0));
  return std::optional(std::move(row));
}

Status SessionImpl::LockTablesOf(const LogicalPlan& plan) {
  std::map<Oid, TableLockMode> locks;
  CollectTargets(*plan.root, &locks);
  for (const auto& [oid, mode] : locks) {
    const auto table = ddl_->catalog()->TableByOid(oid);
    if (table && !table->virtual_table) RETURN_IF_ERROR(txn_->LockTable(oid, mode));
  }
  return {};
}

Result<DdlHost::InnerQuery> SessionImpl::QueryOf(const ast::Statement& query) {
  InnerQuery out;
  if (query.kind == ast::StatementKind::kExecute) {
    ASSIGN_OR_RETURN(const auto named, MakeExecute(query));
    const PreparedImpl& prepared = named->statement();
    if (prepared.statement->kind != ast::StatementKind::kSelect) {
      return Error(ErrorCode::kWrongObjectType, "prepared statement is not a SELECT");
    }
    out.tree = prepared.statement;
    out.types = prepared.types;
    out.params.assign(named->params().begin(), named->params().end());
    return out;
  }
  out.tree = std::shared_ptr<const ast::Statement>(ddl_portal_->statement_->statement, &query);
  out.types = ddl_portal_->statement_->types;
  out.params.assign(ddl_portal_->params().begin(), ddl_portal_->params().end());
  return out;
}

Result<uint64_t> SessionImpl::Run(LogicalPlan plan, std::span<const Value> params) {
  auto prepared = std::make_shared<PreparedImpl>();
  prepared->is_plan_only = true;
  ASSIGN_OR_RETURN(prepared->plan, MakePlan(std::move(plan)));
  static const auto kNoTree = std::make_shared<const ast::CheckpointStmt>();
  prepared->statement = kNoTree;
  prepared->catalog_number = ddl_->catalog()->number();
  prepared->plan_epoch = settings_.plan_epoch();
  PortalImpl portal(*this, prepared, params);
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* batch, portal.Next(0));
    if (!batch) return portal.rows();
  }
}

}  // namespace oxibase
