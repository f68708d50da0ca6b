// The C++ API: accounts, transfers in transactions, what happens when one fails.
// Usage: bank [FOLDER]    without a folder, everything is in memory
#include <iostream>
#include <oxibase/oxibase.hpp>
#include <string_view>
#include <utility>

namespace {

/// Moves `amount`; throws oxibase::Error and changes nothing when that cannot be.
void Transfer(oxibase::Connection& bank, std::string_view from, std::string_view to, int amount) {
  oxibase::Transaction transaction = bank.Begin();  // rolled back unless committed
  oxibase::Statement change =
      bank.Prepare("UPDATE account SET balance = balance + $2 WHERE owner = $1");
  for (const auto& [owner, sum] : {std::pair(from, -amount), std::pair(to, amount)}) {
    if (change.Execute(owner, sum) != 1) throw oxibase::Error("P0002", "no such account");
  }
  bank.Execute("INSERT INTO transfer (giver, taker, amount) VALUES ($1, $2, $3)", from, to, amount);
  transaction.Commit();
}

}  // namespace

int main(int argc, char** argv) try {
  oxibase::Database db(argc > 1 ? argv[1] : "");
  oxibase::Connection bank = db.Connect();
  bank.Execute(
      "CREATE TABLE IF NOT EXISTS account ("
      "  owner text PRIMARY KEY,"
      "  balance numeric(12, 2) NOT NULL CHECK (balance >= 0));"
      "CREATE TABLE IF NOT EXISTS transfer ("
      "  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
      "  giver text REFERENCES account, taker text REFERENCES account,"
      "  amount numeric(12, 2), made timestamptz DEFAULT now())");

  oxibase::Statement open = bank.Prepare(
      "INSERT INTO account VALUES ($1, $2) ON CONFLICT (owner) DO UPDATE SET balance = $2");
  open.Execute("Ada", 100);
  open.Execute("Grace", "20.50");

  Transfer(bank, "Ada", "Grace", 30);
  for (const auto& [taker, amount] : {std::pair("Grace", 1000), std::pair("Nobody", 10)}) {
    try {
      Transfer(bank, "Ada", taker, amount);
    } catch (const oxibase::Error& error) {
      std::cout << "refused, " << error.sqlstate() << ": " << error.what() << '\n';
      if (!error.constraint().empty()) std::cout << "  by " << error.constraint() << '\n';
    }
  }

  for (const oxibase::Row& row : bank.Query("SELECT owner, balance FROM account ORDER BY owner")) {
    std::cout << row.Get<std::string_view>(0) << " has " << row.Text(1) << '\n';
  }
  std::cout << bank.QueryValue<int>("SELECT count(*) FROM transfer") << " transfer\n";
} catch (const oxibase::Error& error) {
  std::cerr << error.sqlstate() << ": " << error.what() << '\n';
  return 1;
}
