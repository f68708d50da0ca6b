#pragma once

#include <string_view>

#include "txn/snapshot.h"

namespace oxibase {

/// What BEGIN, SET TRANSACTION and the default_transaction_... settings choose.
struct TransactionModes {
  IsolationLevel isolation = IsolationLevel::kReadCommitted;
  /// READ UNCOMMITTED was asked for: READ COMMITTED, but by its own name where it is shown.
  bool read_uncommitted = false;
  bool read_only = false;
  /// Chooses nothing: a read-only SERIALIZABLE transaction is never refused, nor has to wait for
  /// that.
  bool deferrable = false;

  /// "read committed" ..., lower case; anything else is taken for that.
  void SetIsolation(std::string_view name);
  std::string_view IsolationName() const;
};

/// Whether the setting of this name is one of the transaction at hand.
inline bool IsTransactionMode(std::string_view name) {
  return name == "transaction_isolation" || name == "transaction_read_only" ||
         name == "transaction_deferrable";
}

inline void TransactionModes::SetIsolation(std::string_view name) {
  isolation = name == "serializable"      ? IsolationLevel::kSerializable
              : name == "repeatable read" ? IsolationLevel::kRepeatableRead
                                          : IsolationLevel::kReadCommitted;
  read_uncommitted = name == "read uncommitted";
}

inline std::string_view TransactionModes::IsolationName() const {
  switch (isolation) {
    case IsolationLevel::kSerializable:
      return "serializable";
    case IsolationLevel::kRepeatableRead:
      return "repeatable read";
    case IsolationLevel::kReadCommitted:
      break;
  }
  return read_uncommitted ? "read uncommitted" : "read committed";
}

}  // namespace oxibase
