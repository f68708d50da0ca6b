#include <cstdio>
#include <cstdlib>
#include <oxibase/oxibase.hpp>
#include <string_view>

#include "engine.h"

namespace oxibase::bench {
namespace {

class OxibaseEngine : public Engine {
 public:
  OxibaseEngine() : connection_(database_.Connect()) {
    connection_.Execute(kCreate);
    select_ = connection_.Prepare(kSelect);
    insert_ = connection_.Prepare(kInsert);
    update_ = connection_.Prepare(kUpdate);
    delete_ = connection_.Prepare(kDelete);
    aggregate_ = connection_.Prepare(kAggregate);
    groups_ = connection_.Prepare(kAggregateGroups);
  }

  const char* name() const override { return "OxiBase"; }
  void Load(int64_t rows) override {
    Transaction transaction = connection_.Begin();
    for (int64_t id = 1; id <= rows; ++id) Insert(id);
    transaction.Commit();
    connection_.Execute("ANALYZE account");
  }
  double Select(int64_t id) override {
    select_.Bind(1, id);
    double sum = 0;
    while (select_.Step()) {
      sum += static_cast<double>(select_.Get<int64_t>(0)) +
             static_cast<double>(select_.Get<std::string_view>(1).size()) +
             static_cast<double>(select_.Get<int64_t>(2)) + select_.Get<double>(3);
    }
    return sum;
  }
  void Insert(int64_t id) override {
    const AccountRow row(id);
    insert_.Execute(row.id, kOwner, row.group, row.balance);
  }
  void Update(int64_t id, double balance) override { update_.Execute(balance, id); }
  void Delete(int64_t id) override { delete_.Execute(id); }
  double Aggregate() override {
    double sum = 0;
    aggregate_.Reset();
    while (aggregate_.Step()) {
      sum += static_cast<double>(aggregate_.Get<int64_t>(0));
      for (int column = 1; column < 5; ++column) sum += aggregate_.Get<double>(column);
    }
    return sum;
  }
  double AggregateGroups() override {
    double sum = 0;
    groups_.Reset();
    while (groups_.Step()) {
      sum += static_cast<double>(groups_.Get<int64_t>(0) + groups_.Get<int64_t>(1)) +
             groups_.Get<double>(2) + groups_.Get<double>(3);
    }
    return sum;
  }

 private:
  Database database_;
  Connection connection_;
  Statement select_, insert_, update_, delete_, aggregate_, groups_;
};

}  // namespace

std::unique_ptr<Engine> OpenOxibase() {
  try {
    return std::make_unique<OxibaseEngine>();
  } catch (const Error& error) {
    std::fprintf(stderr, "OxiBase: %s\n", error.what());
    std::exit(1);
  }
}

}  // namespace oxibase::bench
