#pragma once

#include <absl/container/flat_hash_map.h>

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/hash.h"
#include "engine/cursor.h"
#include "engine/database_impl.h"
#include "engine/ddl/ddl_host.h"
#include "engine/ddl_transaction.h"
#include "engine/deferred_constraints.h"
#include "engine/portal_impl.h"
#include "engine/prepared.h"
#include "engine/session.h"
#include "engine/session_notifications.h"
#include "engine/settings.h"
#include "engine/transaction_modes.h"
#include "exec/exec_context.h"
#include "expr/random_state.h"
#include "sql/bind/binder.h"
#include "sql/parse/normalized_text.h"
#include "txn/transaction.h"

namespace oxibase {

namespace ast {
struct CopyStmt;
struct ExplainStmt;
struct FetchStmt;
struct DeclareCursorStmt;
struct SetStmt;
struct TransactionStmt;
struct VacuumStmt;
}  // namespace ast

struct BackupPin;

/// See Session. The one place that joins parser, binder, optimizer, executor, transaction and
/// catalog.
class SessionImpl final : public Session,
                          public DdlHost,
                          public SessionServices,
                          public CatalogLookup,
                          public TableResolver,
                          public TxnHooks {
 public:
  SessionImpl(Database& database, SessionOptions options, int32_t pid, int32_t secret);
  ~SessionImpl() override;

  // --- Session.
  Result<std::shared_ptr<PreparedStatement>> Prepare(std::string_view sql,
                                                     std::span<const TypeId> types) override;
  Result<std::vector<std::string_view>> Split(std::string_view sql) override;
  Result<std::unique_ptr<Portal>> ExecuteCached(std::string_view sql) override;
  Result<std::unique_ptr<Portal>> Bind(std::shared_ptr<PreparedStatement> statement,
                                       std::span<const Value> params) override;
  bool NamePortal(std::string_view name, std::shared_ptr<Portal> portal) override;
  const Portal* NamedPortal(std::string_view name) const override;
  bool HasCursor(std::string_view name) const override;
  void CloseCursor(std::string_view name) override;
  Status Execute(std::string_view sql,
                 const std::function<Status(Portal&, const Batch*)>& on_batch) override;
  Status EndImplicit() override;
  void FailTransaction() override;
  TransactionStatus transaction_status() const override;
  Lsn pending_lsn() const override { return pending_lsn_; }
  Status WaitDurable() override;
  int64_t idle_limit_ms() const override {
    return settings_.idle_timeout_ms(state_ == State::kBlock || state_ == State::kFailed);
  }
  const IoSettings& io_settings() const override { return settings_.io(); }
  CatalogLookup& catalog_lookup() override { return *this; }
  Result<std::string> Setting(std::string_view name) override { return GetSetting(name, false); }
  Status Set(std::string_view name, std::string_view value) override;
  std::vector<Notification> TakeNotifications(size_t bytes_max) override {
    if (state_ != State::kIdle) return {};
    return notifications_.Take(bytes_max, &pending_lsn_);
  }
  std::vector<std::string> Complete(const NameQuery& query) override;
  StatementProgress progress() const override {
    return {progress_.rows.load(std::memory_order_relaxed),
            progress_.rows_total.load(std::memory_order_relaxed)};
  }
  void Cancel() override;
  void Terminate() override;
  int32_t pid() const override { return pid_; }
  int32_t secret() const override { return secret_; }
  Database& database() override { return database_; }

  // --- DdlHost.
  std::shared_ptr<const CatalogVersion> catalog() override { return ddl_->catalog(); }
  Oid NewOid() override;
  TabletId NewTabletId() override { return db_.NewTabletId(); }
  Status PutTable(TableDef table) override;
  Status PutView(ViewDef view) override;
  Status PutSequence(SequenceDef sequence) override;
  Status PutSchema(SchemaDef schema) override;
  Status PutComment(CommentDef comment) override { return ddl_->PutComment(std::move(comment)); }
  Status Remove(ObjectKind kind, Oid oid) override;
  std::vector<Oid> SearchPath() override;
  Oid CreationSchema() override;
  Result<Oid> TempSchema() override;
  Oid ExistingTempSchema() override;
  Status LockName(Oid schema, std::string_view name) override {
    return ddl_->LockName(schema, name);
  }
  Status LockTable(Oid table, TableLockMode mode, LockWait wait) override;
  Transaction& txn() override { return *txn_; }
  std::shared_ptr<BackupPin>& backup_pin() { return backup_pin_; }
  SessionNotifications& notifications() { return notifications_; }
  /// Rows go to the caller: what they show of commits that are not durable yet must not leave
  /// before those are.
  void NoteRowsRead() { pending_lsn_ = std::max(pending_lsn_, txn_->read_dependency()); }
  Result<std::shared_ptr<Tablet>> FindTablet(const TableDef& table) override;
  Status CheckNotInUse(const TableDef& table, std::string_view command) override;
  Status RefuseInBlock(std::string_view command) override;
  Status BuildIndexBeside(const TableDef& table, const IndexDef& index) override;
  Status DropIndexBeside(TableDef table, const IndexDef& index) override;
  Status RebuildIndexBeside(const TableDef& table, const IndexDef& index) override;
  Status RestartSequence(Oid sequence, int64_t value) override;
  Result<std::optional<std::vector<Value>>> FirstRow(const std::string& sql) override;
  Status LockTablesOf(const LogicalPlan& plan) override;
  Result<uint64_t> Run(LogicalPlan plan, std::span<const Value> params) override;
  Result<InnerQuery> QueryOf(const ast::Statement& query) override;
  EvalContext& eval() override { return eval_; }
  ProgressCounter& progress_counter() { return progress_; }
  /// What a new statement would see.
  std::shared_ptr<const CatalogVersion> NewestCatalog() { return ddl_->catalog(); }
  int64_t ClockMicros() override;
  std::string current_user() override { return options_.user; }
  void Notice(std::string_view severity, const ErrorInfo& info) override;
  void AtCommit(Oid table, bool drop) override { at_commit_.push_back({table, drop}); }

  // --- SessionServices.
  Result<int64_t> NextValue(Oid sequence) override;
  Result<int64_t> CurrentValue(Oid sequence) override;
  Result<int64_t> LastValue() override;
  Status SetValue(Oid sequence, int64_t value, bool is_called) override;
  std::string CurrentUser() override { return options_.user; }
  std::string SessionUser() override { return options_.user; }
  std::string CurrentDatabase() override { return options_.database; }
  std::vector<std::string> SearchPath(bool with_implicit) override;
  Result<std::string> GetSetting(std::string_view name, bool missing_ok) override;
  Status SetSetting(std::string_view name, std::string_view value, bool is_local) override;
  int32_t BackendPid() override { return pid_; }
  Result<Value> CatalogFunction(std::string_view name, std::span<const Value> args) override;
  void Notice(const ErrorInfo& info, std::string_view severity) override { Notice(severity, info); }

  // --- CatalogLookup.
  Result<Oid> FindOid(char kind, std::string_view name) override;
  /// As regprocedure names it: "abs(integer)".
  Result<Oid> FindFunctionWithArguments(std::string_view text);
  std::string NameOf(char kind, Oid oid, bool qualified_if_needed) override;

  // --- TableResolver.
  Result<const TabletIndex*> FindIndex(const TableDef& table, Oid index) override;
  const CatalogVersion& catalog() const override { return *statement_catalog_; }
  Result<std::shared_ptr<const RowRules>> RulesOf(const TableDef& table) override;
  Result<Value> DefaultOf(const TableDef& table, ColumnId column, EvalContext& eval) override;

  // --- TxnHooks.
  void BeforeBlocking() override;
  int32_t ProcessId() override { return pid_; }
  Status CheckInterrupts() override;

  // --- For portals and statements.
  std::string application_name() const { return options_.application_name; }
  /// The watchdog's question: cancels a statement whose time is over.
  void CheckDeadline(int64_t now_micros);
  Database::Impl& db() { return db_; }
  Settings& settings() { return settings_; }
  /// What PREPARE made, by name, and what pg_cursors shows.
  const std::map<std::string, std::shared_ptr<PreparedImpl>, std::less<>>& prepared() const {
    return named_;
  }
  struct CursorInfo {
    std::string_view name, statement;
    bool hold, scroll;
    int64_t declared_micros;
  };
  std::vector<CursorInfo> Cursors() const;
  /// Begins an implicit transaction where there is none. 25P02 in a failed one.
  Status EnsureTransaction();
  /// Makes the plan anew if what it was made for has changed; takes its table locks.
  Status EnsurePlan(PreparedImpl& statement);
  /// A new statement runs: the one before it is suspended, cancel requests are forgotten.
  void BeginStatement(PortalImpl* portal);
  void EndStatement(PortalImpl* portal);
  BindContext MakeBindContext();
  /// Fills what expressions see; `params` lies in the context itself.
  void FillEval(EvalContext& eval);
  Result<std::shared_ptr<const PhysicalPlan>> MakePlan(LogicalPlan logical,
                                                       const std::vector<ExprPtr>& assumed = {},
                                                       std::span<const Value> params = {});
  /// The statement with a plan that counts on what `eval`'s parameters are; null: its own will do.
  /// REQUIRES: its plan is current and has assumptions
  Result<std::shared_ptr<PreparedImpl>> VariantOf(PreparedImpl& statement, EvalContext& eval);
  /// Whether the next execution is worth a plan of its own, for its very parameters: PostgreSQL's
  /// choice between generic and custom plans (plancache.c), made only for what costs much.
  /// REQUIRES: its plan is current
  bool WantsCustomPlan(const PreparedImpl& statement) const;
  Result<std::shared_ptr<PreparedImpl>> CustomPlanOf(PreparedImpl& statement,
                                                     std::span<const Value> params);
  Result<std::shared_ptr<PreparedImpl>> PrepareTree(std::string sql,
                                                    std::shared_ptr<const ast::Statement> tree,
                                                    std::span<const Type> types,
                                                    bool for_cursor = false);
  /// The same for one that is to be run at once: with its locks, so that its result stays.
  Result<std::shared_ptr<PreparedImpl>> PrepareToRun(std::string sql,
                                                     std::shared_ptr<const ast::Statement> tree,
                                                     std::span<const Type> types,
                                                     bool for_cursor = false);
  /// 25006 in a read-only transaction; `command` is what the message calls it.
  Status RefuseIfReadOnly(std::string_view command) const;
  /// The table of that name once it is locked; null for a view.
  Result<std::shared_ptr<const TableDef>> LockNamedTable(const ast::QualifiedName& name,
                                                         TableLockMode mode,
                                                         LockWait wait = LockWait::kBlock);
  /// It has started; ForgetPortal says that it is done.
  void AddPortal(PortalImpl* portal);
  void ForgetPortal(PortalImpl* portal);

  /// A statement that changes the catalog; its tag. (ddl_statement.cc)
  Result<std::string> RunDdl(const ast::Statement& statement, std::string_view sql);

  // --- Utility statements (utility.cc). `portal` gets rows and tag.
  Status RunUtility(PortalImpl& portal);
  std::vector<ResultColumn> UtilityColumns(const ast::Statement& statement);
  static bool MakesRows(const ast::Statement& statement);
  /// The query of EXPLAIN, DECLARE and CREATE TABLE AS; null: it has none.
  static const ast::Statement* QueryInside(const ast::Statement& statement);

 private:
  friend class PortalImpl;

  enum class State : uint8_t { kIdle, kImplicit, kBlock, kFailed };

  Status LockDefinition(Oid oid, TableLockMode mode);
  /// Keeps others from changing an object that one written now refers to.
  Status LockReference(Oid oid);
  /// Keeps others from changing an object that is put anew.
  Status LockWritten(Oid oid);
  Status PlanStatement(PreparedImpl& statement);
  /// Of what a statement sees now.
  uint64_t CatalogNumber();
  /// Whether its plan was made for that.
  bool IsCurrent(const PreparedImpl& statement);
  Status BeginBlock(const ast::TransactionStmt& statement);
  Status ApplyTransactionModes(const std::vector<ast::Option>& options);
  /// One of transaction_isolation, transaction_read_only, transaction_deferrable.
  Status SetTransactionMode(std::string_view name, std::string_view value);
  Status SetIsolation(std::string_view level);
  Status SetReadOnly(bool read_only);
  /// 25006 if the statement writes to, or locks rows of, a table that is not temporary.
  Status CheckReadOnly(const PreparedImpl& statement) const;
  Status SetDeferrable(bool deferrable);
  /// Makes them those of the transaction that has begun.
  void UseModes(const TransactionModes& modes);
  Status CommitTransaction();
  void RollbackTransaction();
  /// ON COMMIT DELETE ROWS and DROP of temporary tables. (temp_schema.cc)
  Status RunAtCommit();
  /// The session ends: its temporary objects go. (temp_schema.cc)
  void DropTempSchema();
  void EndPortals();
  // Indexes beside readers and writers (concurrent_index.cc).
  Result<std::shared_ptr<TabletIndex>> MakeIndexBeside(const TableDef& table,
                                                       const IndexDef& index);
  /// Without a snapshot of its own, so that garbage goes meanwhile.
  Status AwaitHolders(Oid table, TableLockMode mode);
  /// After the commit: lets go of lists of indexes that writers may still have.
  void ReleaseIndexLists();
  Status RunTransaction(PortalImpl& portal, const ast::TransactionStmt& statement);
  Status RunSet(const ast::SetStmt& statement);
  Status RunExplain(PortalImpl& portal, const ast::ExplainStmt& statement);
  // Cursors (session_cursors.cc).
  Status RunDeclare(const ast::DeclareCursorStmt& statement);
  Status RunFetch(PortalImpl& portal, const ast::FetchStmt& statement);
  /// The next rows of a FETCH from a cursor that keeps its rows.
  Status FetchKept(PortalImpl& portal);
  void EndHeldCursors(bool committed);
  /// The row of WHERE CURRENT OF, or one that does not exist: 34000, 24000.
  Result<RowId> CurrentRow(const CurrentOf& current);
  Status RunVacuum(const ast::VacuumStmt& statement);
  /// Null: it was dropped while this waited for it.
  Result<std::shared_ptr<const TableDef>> AnalyzeTable(Oid oid);
  Status CheckStatementAllowed(const ast::Statement& statement) const;
  Result<std::shared_ptr<PortalImpl>> MakeExecute(const ast::Statement& statement);

  Database& database_;
  Database::Impl& db_;
  const SessionOptions options_;
  const int32_t pid_, secret_;
  Settings settings_;
  std::unique_ptr<Transaction> txn_;
  std::unique_ptr<DdlTransaction> ddl_;
  DeferredConstraints constraints_{*this};
  SessionNotifications notifications_;
  State state_ = State::kIdle;
  Lsn pending_lsn_;
  EvalContext eval_;
  RandomState random_;
  int64_t transaction_micros_ = 0;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> timed_out_{false};
  std::atomic<bool> terminated_{false};
  std::atomic<int64_t> deadline_micros_{0};
  ProgressCounter progress_;
  TransactionModes modes_;  // of the transaction
  std::shared_ptr<const CatalogVersion> statement_catalog_;
  /// While a statement changes the catalog: what it saw when it began, whether what it locks is no
  /// longer that, and what it has told.
  std::shared_ptr<const CatalogVersion> ddl_base_;
  bool ddl_is_stale_ = false;
  std::vector<Oid> ddl_oids_;  // given out by it
  std::vector<std::pair<std::string, ErrorInfo>> ddl_notices_;

  PortalImpl* current_ = nullptr;       // whose statement the transaction runs
  PortalImpl* ddl_portal_ = nullptr;    // REQUIRES for use: DDL runs
  PortalImpl* open_portals_ = nullptr;  // started and not done: a list through the portals
  std::unique_ptr<VirtualTableProvider> system_tables_;
  std::map<std::string, std::shared_ptr<PreparedImpl>, std::less<>> named_;
  /// Of DECLARE, and the caller's portals that have a name.
  std::map<std::string, std::unique_ptr<Cursor>, std::less<>> cursors_;
  uint64_t cursor_number_ = 0;  // of the newest

  struct SavepointMarks {
    std::string name;
    DdlTransaction::Mark ddl;
    size_t settings;
    DeferredConstraints::Mark constraints;
    SessionNotifications::Mark notifications;
    uint64_t cursors;  // the newest one's number
    bool read_only;    // of the transaction, which the savepoint's end brings back
  };
  std::vector<SavepointMarks> savepoints_;

  // The plan cache of the simple protocol, newest first.
  using CacheList = std::list<std::shared_ptr<PreparedImpl>>;
  CacheList cache_;
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return HashBytes(text); }
  };
  absl::flat_hash_map<std::string, CacheList::iterator, TextHash, std::equal_to<>> cache_by_text_;
  NormalizedText normalized_;
  std::string cache_key_;  // kept, so that a lookup allocates nothing

  /// Of a backup that this session takes: see engine/system/backup_functions.cc.
  std::shared_ptr<BackupPin> backup_pin_;

  std::map<Oid, int64_t> current_values_;
  Oid last_sequence_ = 0;
  std::map<std::pair<Oid, uint64_t>, std::shared_ptr<const RowRules>> rules_;

  Oid temp_schema_ = 0;
  struct AtCommitAction {
    Oid table;
    bool drop;
  };
  std::vector<AtCommitAction> at_commit_;
  std::vector<std::shared_ptr<Tablet>> index_lists_left_;  // see ReleaseIndexLists
  bool mute_notices_ = false;
  std::vector<Oid> search_path_;
  uint64_t search_path_epoch_ = 0, search_path_catalog_ = 0;
};

/// engine/copy: `statement` bound and ready; it lies in `tree`.
Result<std::unique_ptr<CopyTask>> MakeCopyTask(SessionImpl& session, const ast::CopyStmt& statement,
                                               std::shared_ptr<const ast::Statement> tree);
/// engine/explain.cc: text lines, or one JSON document.
std::vector<std::string> ExplainPlan(const PhysicalPlan& plan, bool json, bool verbose, bool costs,
                                     const std::vector<OperatorStats>* stats);
/// engine/catalog_functions: pg_get_indexdef and its like.
Result<Value> CallCatalogFunction(SessionImpl& session, std::string_view name,
                                  std::span<const Value> args);
using CatalogFunctions =
    std::map<std::string_view, Result<Value> (*)(SessionImpl&, std::span<const Value>)>;
/// engine/system/advisory_locks.cc.
const CatalogFunctions& AdvisoryLockFunctions();
/// engine/system/privilege_tables.cc.
const CatalogFunctions& PrivilegeFunctions();
/// engine/system/notification_functions.cc.
const CatalogFunctions& NotificationFunctions();
/// engine/system/backup_functions.cc.
const CatalogFunctions& BackupFunctions();
// When transactions committed.
const CatalogFunctions& HistoryFunctions();
const CatalogFunctions& SizeFunctions();
/// The roles that there are; empty, or 0, if there is none such.
std::string_view RoleName(Oid oid);
Oid FindRole(std::string_view name);
/// engine/system_tables: pg_catalog's and information_schema's tables.
void AddSystemTables(CatalogVersion& catalog);
std::unique_ptr<VirtualTableProvider> MakeSystemTables(SessionImpl& session);

}  // namespace oxibase
