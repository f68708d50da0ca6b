// What single rows cost below SQL: point reads, updates, inserts through txn/tablet_access.h, one
// thread, no log. Prints nanoseconds a piece.

#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "common/key_codec.h"
#include "env/env.h"
#include "storage/mvcc/tablet.h"
#include "txn/tablet_access.h"
#include "txn/transaction.h"
#include "txn/txn_manager.h"

namespace oxibase {

int64_t rows = 100'000;

namespace {

struct Bench {
  Bench() {
    auto layout = std::make_shared<RowLayout>(
        SchemaVersion{1}, std::vector<std::pair<ColumnId, Type>>{{ColumnId(1), TypeId::kInt8},
                                                                 {ColumnId(2), TypeId::kInt8},
                                                                 {ColumnId(3), TypeId::kText}});
    auto schema = std::make_shared<TableSchema>(
        std::vector<std::shared_ptr<const RowLayout>>{std::move(layout)});
    table = std::make_shared<Tablet>(TabletId(1), schema, manager.epochs(), &manager.row_memory());
    IndexSpec primary;
    primary.oid = 1;
    primary.unique = primary.referable = true;
    primary.columns = {{ColumnId(1), {}}};
    if (!table->AddIndex(primary).ok()) std::abort();
    txn = manager.NewTransaction();
    key.ResetFlat(1);
    value.ResetFlat(1);
    text.SetConstant(Value::Text("some text of a row"));
    cursor = std::make_unique<IndexCursor>(*txn, *table, *table->FindIndex(1));
  }
  RowRef Find(const Snapshot& snapshot, int64_t k) {
    key.data<int64_t>()[0] = k;
    range.lower.clear();
    AppendKey(&range.lower, TypeId::kInt8, key.view(), 0);
    range.upper = range.lower;
    range.has_lower = range.has_upper = true;
    cursor->Seek(range, false);
    RowRef row;
    cursor->Next(snapshot, {&row, 1});
    return row;
  }
  // The processor's time, so that a busy machine changes the figures little.
  static int64_t CpuNanos() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
  }
  template <typename F>
  void Run(const char* name, int64_t count, F&& body) {
    const int64_t begin = CpuNanos();
    for (int64_t i = 0; i < count; ++i) body(i);
    const int64_t nanos = CpuNanos() - begin;
    std::printf("%-32s %8.1f ns\n", name, static_cast<double>(nanos) / static_cast<double>(count));
  }

  TxnManager manager{Env::Real().clock()};
  std::shared_ptr<Tablet> table;
  std::unique_ptr<Transaction> txn;
  std::unique_ptr<IndexCursor> cursor;
  KeyRange range;
  Vector key{TypeId::kInt8}, value{TypeId::kInt8}, text{TypeId::kText};
  const Vector* columns[3] = {&key, &value, &text};
};

void Main() {
  Bench b;
  std::mt19937_64 random(1);
  b.txn->Begin({});
  b.txn->BeginStatement();
  b.Run("insert", rows, [&](int64_t i) {
    b.key.data<int64_t>()[0] = i;
    b.value.data<int64_t>()[0] = 0;
    if (!InsertRow(*b.txn, *b.table, b.columns, 0).ok()) std::abort();
  });
  if (!b.txn->Commit().ok()) std::abort();

  b.txn->Begin({});
  Snapshot snapshot = b.txn->BeginStatement();
  int64_t sum = 0;
  b.Run("get by key, one snapshot", 1'000'000, [&](int64_t) {
    ReadGuard guard(*b.txn);
    const RowRef row = b.Find(snapshot, static_cast<int64_t>(random() % rows));
    sum += b.table->schema().newest().ReadFixed<int64_t>(row.version->row(), 1);
  });
  b.txn->Rollback();
  b.Run("begin, get by key, commit", 1'000'000, [&](int64_t) {
    b.txn->Begin({});
    snapshot = b.txn->BeginStatement();
    {
      ReadGuard guard(*b.txn);
      const RowRef row = b.Find(snapshot, static_cast<int64_t>(random() % rows));
      sum += b.table->schema().newest().ReadFixed<int64_t>(row.version->row(), 1);
    }
    b.txn->EndStatement();
    if (!b.txn->Commit().ok()) std::abort();
  });
  const auto update = [&](int64_t k) {
    RowId id;
    {
      ReadGuard guard(*b.txn);
      const RowRef row = b.Find(snapshot, k);
      id = row.id;
      b.value.data<int64_t>()[0] =
          b.table->schema().newest().ReadFixed<int64_t>(row.version->row(), 1) + 1;
    }
    if (!UpdateRow(*b.txn, *b.table, id, snapshot, b.columns, 0).ok()) std::abort();
  };
  b.txn->Begin({});
  snapshot = b.txn->BeginStatement();
  b.Run("update by key, one transaction", rows, [&](int64_t i) { update(i); });
  if (!b.txn->Commit().ok()) std::abort();
  b.Run("begin, update by key, commit", 500'000, [&](int64_t) {
    b.txn->Begin({});
    snapshot = b.txn->BeginStatement();
    update(static_cast<int64_t>(random() % rows));
    b.txn->EndStatement();
    if (!b.txn->Commit().ok()) std::abort();
  });
  b.Run("scan, a row", 20, [&](int64_t) {
    b.txn->Begin({});
    snapshot = b.txn->BeginStatement();
    TableCursor cursor(*b.txn, *b.table);
    static RowRef found[2048];
    Vector out(TypeId::kInt8);
    ReadGuard guard(*b.txn);
    while (const size_t count = cursor.Next(snapshot, found)) {
      GatherColumn(b.table->schema(), 1, {found, count}, out);
      sum += out.data<int64_t>()[0];
    }
    b.txn->Rollback();
  });
  std::printf("(the scan's figure is for %lld rows) %lld\n", static_cast<long long>(rows),
              static_cast<long long>(sum));
}

}  // namespace
}  // namespace oxibase

int main(int argc, char** argv) {
  if (argc > 1) oxibase::rows = std::atoll(argv[1]);
  oxibase::Main();
}
