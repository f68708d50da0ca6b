#pragma once
// A .spec file: a few sessions whose steps are run in several orders, to see who waits for whom and
// what comes of it. The format is that of PostgreSQL's isolation tester, as far as it is needed:
//
//   # comment
//   setup { SQL }                before each permutation, on a connection of its own; may stand
//   again teardown { SQL }             after it session NAME
//     setup { SQL }              of this session, before the steps
//     step NAME { SQL }
//     teardown { SQL }
//   onlyif BACKEND               oxibase or postgres: the other leaves the file out
//   permutation STEP STEP ...    one order; without any, every order of all steps is run
//
// A block ends at the brace that closes it; braces within it are in pairs.

#include <string>
#include <vector>

namespace oxibase::isolation {

struct Step {
  std::string name, sql;
  size_t session = 0;  // whose
};

struct SpecSession {
  std::string name, setup, teardown;
  std::vector<size_t> steps;
};

struct Spec {
  std::string only_if;  // a back end; empty: any
  std::vector<std::string> setup;
  std::string teardown;
  std::vector<SpecSession> sessions;
  std::vector<Step> steps;
  /// Each a list of steps by number.
  std::vector<std::vector<size_t>> permutations;
};

/// False with `error` set if the file cannot be read or has something that means nothing.
bool ReadSpec(const std::string& path, Spec& spec, std::string& error);

}  // namespace oxibase::isolation
