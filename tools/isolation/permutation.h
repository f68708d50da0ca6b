#pragma once

#include <functional>
#include <memory>
#include <string>

#include "spec.h"
#include "sqllogictest/backend.h"

namespace oxibase::isolation {

/// Runs one order of a spec's steps against a database that other permutations have left clean, and
/// tells what came of it as text:
///
///   step a1: SQL                          it ended; its rows, or its error's SQLSTATE, follow
///   step b1: SQL <waiting ...>            it waits for somebody
///   step b1: <... completed>              and goes on, after the step above it
///   (step b2 cannot run: its session waits)   this order is none; the rest is left out
///
/// Who waits is asked of the server (pg_blocking_pids), not guessed from time; but one who is about
/// to go on may still seem to wait for a moment. `patience`: so many times that moment.
std::string RunPermutation(const Spec& spec, const std::vector<size_t>& order,
                           slt::Backend& backend, int patience);

}  // namespace oxibase::isolation
