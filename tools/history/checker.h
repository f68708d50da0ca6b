#pragma once
// Finds anomalies in a history of appends and reads (history.h), after Adya's names, in the manner
// of Elle (Kingsbury, Alvaro: Elle: Inferring Isolation Anomalies from Experimental Observations,
// VLDB 2020). Lists tell the order of the appends to a key, hence who depends on whom:
//
//   ww  appended right behind what the other appended
//   wr  read a list that ends with what the other appended
//   rw  read a list behind which the other appended
//
// A history is serializable only if these arrows form no circle. What kind of circle says which
// level forbids it.

#include <string>
#include <vector>

#include "history.h"

namespace oxibase::history {

struct Anomaly {
  /// internal: a transaction does not see what it did itself. incompatible: two lists of a key that
  /// are not one the beginning of the other. duplicate: a value twice. lost: an acknowledged append
  /// that the last read of all misses. phantom value: nobody appended it. G1a, G1b: what was rolled
  /// back, or was in between, was read. Circles: G0 of ww alone; G1c with wr; G-single with one rw;
  /// G2-item with more; G2 with more of which one comes from a scan.
  std::string name;
  /// Who, and why: a circle with as few transactions as there are.
  std::string text;
};

struct Verdict {
  /// The first few of each name.
  std::vector<Anomaly> anomalies;
  size_t committed = 0, aborted = 0, unknown = 0, recovered = 0;  // recovered: unknown, yet there
  size_t operations = 0, edges = 0;

  bool Has(const std::string& name) const;
  /// Each once, in the order of the list above.
  std::vector<std::string> Names() const;
};

/// `last`: the last transaction read every key when nothing else ran.
Verdict Check(const History& history, bool last_reads_all);

}  // namespace oxibase::history
