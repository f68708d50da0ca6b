#pragma once
// What the C API's handles are. A connection knows its statements, so that its end can take their
// portals away: those must not outlive the session.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "engine/database.h"
#include "engine/session.h"
#include "env/mutex.h"
#include "oxibase/oxibase.h"

struct oxibase_database {
  std::shared_ptr<oxibase::Database> database;  // shared with its connections
};

/// Where a connection waits for notifications.
struct oxibase_mailbox {
  oxibase::Mutex mu;
  oxibase::CondVar changes;
  bool has_news GUARDED_BY(mu) = false;
  bool waits GUARDED_BY(mu) = false;
  bool cancelled GUARDED_BY(mu) = false;
  std::deque<oxibase::Notification> taken;  // the first is what the caller looks at
};

struct oxibase_connection {
  oxibase_mailbox mailbox;  // outlives the session
  std::shared_ptr<oxibase::Database> database;
  std::unique_ptr<oxibase::Session> session;
  oxibase_statement* statements = nullptr;  // a list through `previous` and `next`
  /// The statement outside of a transaction block that has rows left; at most one.
  oxibase_statement* running = nullptr;
  oxibase_statement* begin = nullptr;  // made when first asked for, as commit and rollback
  oxibase_statement* commit = nullptr;
  oxibase_statement* rollback = nullptr;
  oxibase_notice notice = nullptr;
  void* notice_user = nullptr;
};

struct oxibase_statement {
  enum class State : uint8_t {
    kReady,     // bound or not, no run begun
    kRunning,   // the portal has more
    kDetached,  // the portal is done, rows are left in `kept`
    kDone,
    kFailed,
  };

  // --- Read at every step; the cursor is what the public headers see.
  oxibase_cursor cursor{};
  State state = State::kReady;
  bool is_copy = false;
  bool changes_data = false;
  oxibase_connection* connection = nullptr;  // null when it has been closed
  std::unique_ptr<oxibase::Portal> portal;
  std::vector<oxibase::Value> params;
  const oxibase::Batch* batch = nullptr;  // what the cursor shows
  std::vector<oxibase_column> columns;

  // --- The rest.
  std::shared_ptr<oxibase::PreparedStatement> prepared;
  oxibase_statement* previous = nullptr;
  oxibase_statement* next = nullptr;
  std::string sql;
  std::vector<oxibase::Type> types;             // of the parameters
  std::vector<oxibase::ResultColumn> result;    // kept, so that they outlive the session
  std::vector<std::string> type_names;          // made when asked for
  std::vector<std::string> texts;               // of the current row, by column
  std::deque<oxibase::Batch> kept;              // rows that another statement made us take
  std::unique_ptr<oxibase::Status> kept_error;  // what came instead of further rows
  uint64_t rows = 0;
};

namespace oxibase::api {

/// Lets the cursor stand on the batch's first row.
void ShowBatch(oxibase_statement* statement, const Batch& batch);
void ShowNothing(oxibase_statement* statement);

/// Takes the rows that the connection's running statement has left into memory, so that another
/// statement can run, and be committed, beside it.
void DetachRunning(oxibase_connection* connection);

/// Makes the portal ready for a new run with the parameters as they are.
Status BeginRun(oxibase_statement* statement);
/// The run has failed: its transaction with it. OXIBASE_ERROR.
int FailRun(oxibase_statement* statement, const Status& status);
/// Nothing is left: outside of a block, what was done is committed. OXIBASE_DONE or an error.
int CompleteRun(oxibase_statement* statement);
/// As oxibase_reset.
int Reset(oxibase_statement* statement);

/// The session has gone, or goes: nothing of it may be kept.
void CutOff(oxibase_statement* statement);

/// After a statement outside a transaction block: commits and waits until that is durable.
Status Settle(Session& session);

}  // namespace oxibase::api
