#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "engine/session.h"

namespace oxibase {

/// For tests: the one int8 that a query, or one of several statements, gives; -1 if none does.
/// Fails the test if the query fails.
inline int64_t QueryNumber(Session& session, const std::string& query) {
  int64_t number = -1;
  const Status status = session.Execute(query, [&](Portal&, const Batch* batch) -> Status {
    if (batch && batch->size == 1 && batch->columns.size() == 1) {
      number = batch->columns[0].GetValue(0).As<int64_t>();
    }
    return {};
  });
  EXPECT_TRUE(status.ok()) << query << ": " << status.message();
  return number;
}

}  // namespace oxibase
