#pragma once
// The one entry for all callers: shell, embedded API, wire protocol, guests.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "common/vector.h"
#include "expr/eval_context.h"

namespace oxibase {

class Database;

/// What somebody's NOTIFY brings to a session that listens.
struct Notification {
  std::string channel;
  std::string payload;
  int32_t pid = 0;  // of who notified
};

struct SessionOptions {
  std::string user = "postgres";
  std::string database = "postgres";
  std::string application_name;
  std::string client_address;
  /// NOTICE, WARNING, ...: (severity, text). May be null.
  std::function<void(std::string_view severity, const ErrorInfo&)> on_notice;
  /// A setting that clients are told of (TimeZone, DateStyle, client_encoding, ...) changed.
  std::function<void(std::string_view name, std::string_view value)> on_parameter;
  /// Called before the session blocks for long on a lock: the server lends its loop to another
  /// thread.
  std::function<void()> before_blocking;
  /// Terminate was called, from whatever thread: the client is to be told and to go.
  std::function<void()> on_terminate;
  /// TakeNotifications has something, or will when the transaction ends. From any thread, under a
  /// lock: it must be short and not call back. Not again before they are taken.
  std::function<void()> on_notification;
};

struct ResultColumn {
  std::string name;
  Type type;
  Oid table = 0;  // of a plain column, for RowDescription
  int16_t column = 0;
};

enum class TransactionStatus : char { kIdle = 'I', kInTransaction = 'T', kFailed = 'E' };

/// How far the running statement is: rows read from tables, or by COPY.
struct StatementProgress {
  uint64_t rows = 0;
  uint64_t rows_total = 0;  // 0: unknown
};

/// Names that could stand at some place, for completion.
struct NameQuery {
  enum class Kind : uint8_t {
    kRelation,
    kTable,
    kView,
    kIndex,
    kSequence,
    kColumn,
    kSchema,
    kFunction,
    kType,
    kSetting
  };
  Kind kind = Kind::kRelation;
  std::string prefix;
  /// Relations: those of this schema (empty: those visible). Columns: those of these relations, as
  /// they are named in statements.
  std::string schema;
  std::vector<std::string> relations;
};

/// A statement parsed and bound once; planned anew by itself when the catalog changes. Belongs to
/// its session.
class PreparedStatement {
 public:
  virtual ~PreparedStatement() = default;
  virtual std::span<const Type> param_types() const = 0;
  /// Empty when it returns no rows.
  virtual std::span<const ResultColumn> columns() const = 0;
  virtual std::string_view text() const = 0;
  /// No statement at all: an empty text.
  /// It was made of a text that is run once: its result, not described yet, may still change with
  /// the tables until then. Else that is an error (0A000).
  virtual void LetResultChange() = 0;
  virtual bool is_empty() const = 0;
  /// COPY from or to the caller.
  virtual bool copies_data() const = 0;
  /// Writes rows or locks them, so that its run must not end halfway.
  virtual bool changes_data() const = 0;
};

/// What the caller must do with a portal.
enum class PortalKind : uint8_t { kRows, kCommand, kCopyIn, kCopyOut, kEmpty };

/// One execution of a statement, stepwise. Belongs to its session; ends with its transaction.
class Portal {
 public:
  virtual ~Portal() = default;
  virtual PortalKind kind() const = 0;
  virtual std::span<const ResultColumn> columns() const = 0;

  /// kRows, kCommand: the next rows, at most `max_rows` (0: as many as there are in a batch), or
  /// null when done: the command is then complete and tag() known. The batch is valid until the
  /// next call on the session.
  virtual Result<const Batch*> Next(uint32_t max_rows) = 0;
  /// "SELECT 5", "INSERT 0 1", "BEGIN", ... once done.
  virtual std::string_view tag() const = 0;
  /// Rows changed or returned so far.
  virtual uint64_t rows() const = 0;

  /// Makes it ready to run once more with other parameters, as a new Bind would; allocates nothing
  /// for a prepared point statement.
  virtual Status Rebind(std::span<const Value> params) = 0;

  struct CopyFormat {
    bool binary = false;
    uint16_t columns = 0;
  };
  virtual CopyFormat copy_format() const { return {}; }
  /// kCopyIn: raw bytes from the client in any cuts; then CopyDone, or CopyFail.
  virtual Status CopyData(std::string_view bytes) = 0;
  virtual Status CopyDone() = 0;
  virtual Status CopyFail(std::string_view reason) = 0;
  /// kCopyOut: the next bytes (whole rows), empty at the end. Valid until the next call.
  virtual Result<std::string_view> NextCopyData() = 0;
  /// Where in those bytes each row ends (the first one's header belongs to it in binary), the last
  /// at their end; for protocols that send them one by one.
  virtual std::span<const size_t> copy_row_ends() const { return {}; }
};

/// A client's conversation: its transaction, settings, prepared statements and plans. One call at a
/// time, from any thread; `Cancel` from any thread at any time.
///
/// A statement outside BEGIN runs in an implicit transaction, which `EndImplicit` commits (the
/// wire's Sync; `Execute` and the embedded API do it after each statement). After an error the
/// transaction is failed: statements but ROLLBACK and COMMIT are refused with 25P02; an implicit
/// one is rolled back by EndImplicit.
class Session {
 public:
  virtual ~Session() = default;

  /// Parses and binds one statement. Types given for parameters may be kInvalid: inferred.
  virtual Result<std::shared_ptr<PreparedStatement>> Prepare(std::string_view sql,
                                                             std::span<const TypeId> types) = 0;
  /// Several statements, for the simple protocol and -f files: each may be prepared only when those
  /// before it have run. The texts are slices of `sql`.
  virtual Result<std::vector<std::string_view>> Split(std::string_view sql) = 0;
  /// The first statement of a simple query, by the plan cache: literals become parameters, so texts
  /// that differ in values share a plan. Null if `sql` is not a single plain statement.
  virtual Result<std::unique_ptr<Portal>> ExecuteCached(std::string_view sql) = 0;

  /// Begins to run a statement; `params` of the statement's types (or NULL). The portal keeps the
  /// statement alive.
  virtual Result<std::unique_ptr<Portal>> Bind(std::shared_ptr<PreparedStatement> statement,
                                               std::span<const Value> params) = 0;

  /// The caller's portals and the cursors of DECLARE share one name space. NamePortal lets FETCH,
  /// MOVE and CLOSE see `portal`, of Bind, until its transaction ends; false if it has no rows to
  /// fetch. The name must be free.
  virtual bool NamePortal(std::string_view name, std::shared_ptr<Portal> portal) = 0;
  /// The portal that was named so and has not been closed; null: none.
  virtual const Portal* NamedPortal(std::string_view name) const = 0;
  /// Whether DECLARE or NamePortal has made one of that name.
  virtual bool HasCursor(std::string_view name) const = 0;
  virtual void CloseCursor(std::string_view name) = 0;

  /// All statements of `sql`, one after another in one implicit transaction, as the simple protocol
  /// does; rows go to `on_batch` (portal first, so that columns are known). COPY needs Bind. Ends
  /// with EndImplicit and waits for durability.
  virtual Status Execute(std::string_view sql,
                         const std::function<Status(Portal&, const Batch*)>& on_batch = {}) = 0;

  /// Commits (or after an error rolls back) the implicit transaction, if there is one.
  virtual Status EndImplicit() = 0;
  /// Tells the session that a statement of the caller failed outside of it (bad Bind, protocol
  /// error).
  virtual void FailTransaction() = 0;
  virtual TransactionStatus transaction_status() const = 0;

  /// Replies given so far may leave only when the log is durable up to here.
  virtual Lsn pending_lsn() const = 0;
  /// Blocks for that.
  virtual Status WaitDurable() = 0;

  /// How long its client may say nothing now, milliseconds (idle_in_transaction_session_timeout,
  /// idle_session_timeout); 0: for ever. The caller ends a session that is silent for longer.
  virtual int64_t idle_limit_ms() const = 0;

  virtual const IoSettings& io_settings() const = 0;
  virtual CatalogLookup& catalog_lookup() = 0;
  virtual Result<std::string> Setting(std::string_view name) = 0;
  virtual Status Set(std::string_view name, std::string_view value) = 0;

  /// The next that came on channels that it listens to, in the order of commits, some of
  /// `bytes_max` at a time; empty when there are no more, and within a transaction. They may be
  /// shown when pending_lsn() is durable. Cheap when there are none.
  virtual std::vector<Notification> TakeNotifications(size_t bytes_max) = 0;

  /// Names that begin with the prefix, quoted where needed, in order. Waits for no lock.
  virtual std::vector<std::string> Complete(const NameQuery& query) = 0;
  /// Since the last Bind. From any thread.
  virtual StatementProgress progress() const = 0;

  virtual void Cancel() = 0;
  /// Ends what runs and whatever would run later with 57P01. From any thread.
  virtual void Terminate() = 0;
  virtual int32_t pid() const = 0;
  virtual int32_t secret() const = 0;
  virtual Database& database() = 0;
};

}  // namespace oxibase
