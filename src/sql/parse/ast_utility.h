#pragma once
// Statements about the session, transactions and cursors, and those with a statement inside.

#include "sql/parse/ast_select.h"

namespace oxibase::ast {

struct CopyStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kCopy;
  CopyStmt() : Statement(kKind) {}

  /// A table with columns (none: all), or a query.
  QualifiedName table;
  std::vector<std::string> columns;
  StatementPtr query;
  bool from = false;
  bool program = false;
  /// Empty: STDIN or STDOUT.
  std::string filename;
  OptionList options;
  ExprPtr where;
};

struct TransactionStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kTransaction;
  enum class Type : uint8_t {
    kBegin,
    kStart,
    kCommit,
    kRollback,
    kSavepoint,
    kRelease,
    kRollbackTo,
    kPrepare,
    kCommitPrepared,
    kRollbackPrepared,
  };
  TransactionStmt() : Statement(kKind) {}

  Type type = Type::kBegin;
  /// transaction_isolation (string: "read committed" ...), transaction_read_only (integer or
  /// boolean), transaction_deferrable.
  OptionList options;
  std::string savepoint;
  /// Of the prepared ones.
  std::string global_id;
  bool chain = false;
};

struct PrepareStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kPrepare;
  PrepareStmt() : Statement(kKind) {}

  std::string name;
  std::vector<TypeName> argument_types;
  StatementPtr query;
};

struct ExecuteStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kExecute;
  ExecuteStmt() : Statement(kKind) {}

  std::string name;
  ExprList arguments;
};

struct DeallocateStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kDeallocate;
  DeallocateStmt() : Statement(kKind) {}

  /// Empty: all.
  std::string name;
};

struct DeclareCursorStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kDeclareCursor;
  enum class Scroll : uint8_t { kDefault, kScroll, kNoScroll };
  DeclareCursorStmt() : Statement(kKind) {}

  std::string name;
  bool binary = false;
  bool insensitive = false;
  bool asensitive = false;
  bool hold = false;
  Scroll scroll = Scroll::kDefault;
  StatementPtr query;
};

/// FETCH or MOVE.
struct FetchStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kFetch;
  enum class Direction : uint8_t { kForward, kBackward, kAbsolute, kRelative };
  static constexpr int64_t kAll = INT64_MAX;
  FetchStmt() : Statement(kKind) {}

  Direction direction = Direction::kForward;
  int64_t count = 1;
  std::string cursor;
  bool move = false;
};

struct ClosePortalStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kClosePortal;
  ClosePortalStmt() : Statement(kKind) {}

  /// Empty: all.
  std::string name;
};

struct SetStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kSet;
  enum class Type : uint8_t {
    kValue,
    kDefault,      // TO DEFAULT
    kFromCurrent,  // FROM CURRENT
    kTransaction,  // SET TRANSACTION ..., SET SESSION CHARACTERISTICS AS TRANSACTION ...:
                   // name "TRANSACTION" or "SESSION CHARACTERISTICS", options
    kReset,
    kResetAll,
  };
  struct Value {
    Const::Type type = Const::Type::kString;
    /// Numbers as written.
    std::string text;
    /// SET TIME ZONE INTERVAL '...' and the type's fields and precision, -1: none are said.
    bool interval = false;
    int32_t interval_typmod = -1;
    int32_t location = -1;
  };
  SetStmt() : Statement(kKind) {}

  Type type = Type::kValue;
  /// As written but for the grammar's own: timezone, client_encoding, role, session_authorization,
  /// xmloption, transaction_isolation ...
  std::string name;
  std::vector<Value> values;
  OptionList options;
  bool local = false;
};

struct ShowStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kShow;
  ShowStmt() : Statement(kKind) {}

  /// "all" for SHOW ALL.
  std::string name;
};

struct DiscardStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kDiscard;
  enum class Type : uint8_t { kAll, kPlans, kSequences, kTemp };
  DiscardStmt() : Statement(kKind) {}

  Type type = Type::kAll;
};

struct ListenStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kListen;
  ListenStmt() : Statement(kKind) {}

  std::string channel;
};

struct UnlistenStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kUnlisten;
  UnlistenStmt() : Statement(kKind) {}

  /// Empty: all.
  std::string channel;
};

struct NotifyStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kNotify;
  NotifyStmt() : Statement(kKind) {}

  std::string channel;
  std::string payload;
};

struct ExplainStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kExplain;
  ExplainStmt() : Statement(kKind) {}

  OptionList options;
  StatementPtr query;
};

/// VACUUM or ANALYZE.
struct VacuumStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kVacuum;
  struct Table {
    QualifiedName name;
    std::vector<std::string> columns;
  };
  VacuumStmt() : Statement(kKind) {}

  bool vacuum = false;
  OptionList options;
  /// Empty: all.
  std::vector<Table> tables;
};

struct CheckpointStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kCheckpoint;
  CheckpointStmt() : Statement(kKind) {}
};

struct LockTableStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kLockTable;
  LockTableStmt() : Statement(kKind) {}

  std::vector<QualifiedName> tables;
  /// PostgreSQL's levels: 1 ACCESS SHARE, 2 ROW SHARE, 3 ROW EXCLUSIVE, 4 SHARE UPDATE EXCLUSIVE,
  /// 5 SHARE, 6 SHARE ROW EXCLUSIVE, 7 EXCLUSIVE, 8 ACCESS EXCLUSIVE.
  int32_t mode = 8;
  bool nowait = false;
};

/// SET CONSTRAINTS.
struct SetConstraintsStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kSetConstraints;
  SetConstraintsStmt() : Statement(kKind) {}

  /// Empty: all.
  std::vector<QualifiedName> constraints;
  bool deferred = false;
};

/// A statement of PostgreSQL's that OxiBase does not have; refused with 0A000 when run.
struct UnsupportedStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kUnsupported;
  UnsupportedStmt() : Statement(kKind) {}

  /// "CREATE FUNCTION", "GRANT" ...
  std::string command;
};

}  // namespace oxibase::ast
