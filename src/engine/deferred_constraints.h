#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "exec/exec_context.h"

namespace oxibase {

class SessionImpl;
namespace ast {
struct SetConstraintsStmt;
}

/// The deferrable constraints of one session's transaction: which of them wait (SET CONSTRAINTS),
/// and the keys that must be looked at before it commits. Checks of foreign keys are queries, as
/// PostgreSQL's are, so nothing of a statement needs to live that long; of a unique key it is known
/// which row has it. Not thread-safe.
class DeferredConstraints final : public DeferredChecks {
 public:
  explicit DeferredConstraints(SessionImpl& session) : session_(session) {}

  bool IsDeferred(const ConstraintDef& constraint) override;
  void Add(Event event, Oid table, Oid constraint, std::vector<Value> key) override;
  void AddUnique(Oid table, Oid constraint, RowId row) override;

  /// SET CONSTRAINTS. IMMEDIATE looks at once at what waits: 23503, 23505. 42704 for unknown names,
  /// 42809 for constraints that cannot be deferred.
  Status Set(const ast::SetConstraintsStmt& statement);
  /// Looks at all that waits: 23503, 23505.
  Status CheckAll();

  /// Whether a check waits that a change of this table asked for.
  bool HasPending(Oid table);

  /// Of savepoints.
  struct Mark {
    size_t pending = 0, pending_keys = 0;
    std::optional<bool> all;
    std::map<Oid, bool> modes;
  };
  Mark mark() const { return {pending_.size(), pending_keys_.size(), all_, modes_}; }
  void RollbackTo(const Mark& mark);
  /// The transaction has ended.
  void Clear();

 private:
  struct Pending {
    Event event;
    Oid table, constraint;
    std::vector<Value> key;
  };
  struct PendingKey {
    Oid table, constraint;
    RowId row;
  };
  Status Check(const Pending& pending);
  Status CheckKeys(std::span<const PendingKey> keys);
  /// Looks at what waits and should not any more.
  Status CheckImmediate();
  bool Waits(Oid table, Oid constraint);

  SessionImpl& session_;
  std::vector<Pending> pending_;
  std::vector<PendingKey> pending_keys_;
  std::optional<bool> all_;  // what SET CONSTRAINTS ALL said
  std::map<Oid, bool> modes_;
};

}  // namespace oxibase
