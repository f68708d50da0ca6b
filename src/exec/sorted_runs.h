#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "exec/exec_state.h"
#include "exec/memory_account.h"
#include "exec/row_sorter.h"
#include "exec/row_store.h"
#include "exec/spilled_rows.h"

namespace oxibase {

/// Rows that were sorted piece by piece, each piece (run) in a temporary file, and come out merged:
/// rows with equal keys run by run. Beside its columns each row has its key as bytes, as the last
/// column of what comes out. Not thread-safe.
class SortedRuns {
 public:
  SortedRuns(std::vector<Type> types, ExecState& state);
  ~SortedRuns();

  /// REQUIRES: empty()
  void SetTypes(std::vector<Type> types);
  bool empty() const { return runs_.empty() && !open_; }
  /// A further run: the first `limit` rows of `sorter`, which has sorted; row r's columns are those
  /// of each of `stores`, one after another.
  Status Add(const RowSorter& sorter, std::span<const RowStore* const> stores, uint64_t limit);
  /// The same row by row: BeginRun, rows in order with their keys, EndRun.
  Status BeginRun();
  Status AddToRun(std::span<const Vector* const> columns, const Vector& keys, uint32_t count);
  Status EndRun();

  /// No more runs. Merges some first if there are too many to read at once.
  Status Merge();
  /// The next rows in order, or null. Valid until the next call.
  Result<const Batch*> Next();
  void Clear();

  uint64_t disk_bytes() const { return disk_bytes_; }
  size_t run_count() const { return runs_made_; }

 private:
  /// A run that is being read, at one of its rows.
  struct Source {
    Source(SpilledRows& rows, size_t number) : reader(rows, true), run(number) {}
    SpilledRowsReader reader;
    size_t run;  // earlier ones first among equal keys
    const Batch* batch = nullptr;
    uint32_t row = 0;
    uint64_t high = 0, low = 0;  // the key's first 16 bytes
    std::string_view rest;
  };

  Status OpenSources(size_t first, size_t count);
  /// Goes to the next row. False: there is none.
  Result<bool> Advance(Source& source);
  static void TakeKey(Source& source);
  static bool Before(const Source& a, const Source& b);
  void SiftDown(size_t at);
  /// Fills out_ with the next rows.
  Status FillBatch();
  /// Copies the rows chosen so far behind those in out_.
  void Drain();

  ExecState& state_;
  std::vector<Type> types_;  // the key's last
  std::vector<std::unique_ptr<SpilledRows>> runs_;
  std::unique_ptr<SpilledRows> open_;
  MemoryShare memory_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<Source*> heap_;  // the least first
  struct Chosen {
    const Batch* batch;
    uint32_t row;
  };
  std::vector<Chosen> chosen_;
  Batch out_;
  uint64_t disk_bytes_ = 0;
  size_t runs_made_ = 0;
};

/// "NkB" of bytes, as EXPLAIN says it.
std::string Kilobytes(uint64_t bytes);

}  // namespace oxibase
