#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "exec/exec_context.h"

namespace oxibase {

class SessionImpl;
namespace ast {
struct SetConstraintsStmt;
}

/// The deferrable constraints of one session's transaction: which of them wait (SET CONSTRAINTS),
/// and the keys that must be looked at before it commits. The checks are queries, as PostgreSQL's
/// are, so nothing of a statement needs to live that long. Not thread-safe.
class DeferredConstraints final : public DeferredChecks {
 public:
  explicit DeferredConstraints(SessionImpl& session) : session_(session) {}

  bool IsDeferred(const ConstraintDef& constraint) override;
  void Add(Event event, Oid table, Oid constraint, std::vector<Value> key) override;

  /// SET CONSTRAINTS. IMMEDIATE looks at once at what waits: 23503. 42704 for unknown names, 42809
  /// for constraints that cannot be deferred.
  Status Set(const ast::SetConstraintsStmt& statement);
  /// Looks at all that waits.
  Status CheckAll();

  /// Of savepoints.
  struct Mark {
    size_t pending = 0;
    std::optional<bool> all;
    std::map<Oid, bool> modes;
  };
  Mark mark() const { return {pending_.size(), all_, modes_}; }
  void RollbackTo(const Mark& mark);
  /// The transaction has ended.
  void Clear();

 private:
  struct Pending {
    Event event;
    Oid table, constraint;
    std::vector<Value> key;
  };
  Status Check(const Pending& pending);
  /// Looks at what waits and should not any more.
  Status CheckImmediate();
  bool Waits(const Pending& pending);

  SessionImpl& session_;
  std::vector<Pending> pending_;
  std::optional<bool> all_;  // what SET CONSTRAINTS ALL said
  std::map<Oid, bool> modes_;
};

}  // namespace oxibase
