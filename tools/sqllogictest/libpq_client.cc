#include "libpq_client.h"

#include <libpq-fe.h>

#include <cstdlib>

namespace oxibase::slt {
namespace {

/// sqllogictest's letter for a type: integers, other numbers, booleans, everything else.
char TypeLetter(Oid type) {
  switch (type) {
    case 16:
      return 'B';
    case 20:
    case 21:
    case 23:
    case 26:
      return 'I';
    case 700:
    case 701:
    case 1700:
      return 'R';
    default:
      return 'T';
  }
}

class LibpqClient : public Client {
 public:
  explicit LibpqClient(PGconn* conn) : conn_(conn), cancel_(PQgetCancel(conn)) {
    PQsetNoticeProcessor(conn_, [](void*, const char*) {}, nullptr);
  }
  ~LibpqClient() override {
    PQfreeCancel(cancel_);
    PQfinish(conn_);
  }

  Outcome Execute(const std::string& sql, const std::string& copy_data) override {
    Outcome outcome;
    if (PQsendQuery(conn_, sql.c_str()) == 0) {
      Fail("08006", PQerrorMessage(conn_), outcome);
      return outcome;
    }
    while (PGresult* result = PQgetResult(conn_)) {
      Take(result, copy_data, outcome);
      bool lost = PQstatus(conn_) == CONNECTION_BAD;
      PQclear(result);
      if (lost) {
        Fail("08006", "the connection was lost", outcome);
        break;
      }
    }
    PQconsumeInput(conn_);
    while (PGnotify* one = PQnotifies(conn_)) {
      outcome.notified.push_back({one->relname, one->extra, std::to_string(one->be_pid)});
      PQfreemem(one);
    }
    return outcome;
  }

  void Cancel() override {
    char error[256];
    PQcancel(cancel_, error, sizeof error);
  }

 private:
  /// The first error stays: later ones follow from it.
  static void Fail(std::string sqlstate, std::string message, Outcome& outcome) {
    if (!outcome.ok()) return;
    outcome.sqlstate = std::move(sqlstate);
    outcome.message = std::move(message);
  }

  void Take(PGresult* result, const std::string& copy_data, Outcome& outcome) {
    switch (PQresultStatus(result)) {
      case PGRES_COPY_IN:
        PQputCopyData(conn_, copy_data.data(), static_cast<int>(copy_data.size()));
        PQputCopyEnd(conn_, nullptr);
        return;
      case PGRES_COPY_OUT:
        TakeCopyOut(outcome);
        return;
      case PGRES_TUPLES_OK:
        TakeRows(result, outcome);
        outcome.count = std::atoll(PQcmdTuples(result));
        return;
      case PGRES_COMMAND_OK:
        outcome.count = std::atoll(PQcmdTuples(result));
        return;
      case PGRES_EMPTY_QUERY:
        return;
      default: {
        const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        Fail(state != nullptr ? state : "08006", text != nullptr ? text : PQerrorMessage(conn_),
             outcome);
      }
    }
  }

  void TakeCopyOut(Outcome& outcome) {
    outcome.has_rows = true;
    outcome.columns = 1;
    std::string all;
    for (char* data = nullptr;;) {
      int size = PQgetCopyData(conn_, &data, 0);
      if (size < 0) break;
      all.append(data, static_cast<size_t>(size));
      PQfreemem(data);
    }
    for (size_t at = 0; at < all.size();) {
      size_t end = all.find('\n', at);
      if (end == std::string::npos) end = all.size();
      outcome.rows.push_back({all.substr(at, end - at)});
      at = end + 1;
    }
  }

  static void TakeRows(PGresult* result, Outcome& outcome) {
    outcome.has_rows = true;
    outcome.columns = static_cast<size_t>(PQnfields(result));
    outcome.types.clear();
    for (int column = 0; column < PQnfields(result); ++column) {
      outcome.types += TypeLetter(PQftype(result, column));
    }
    outcome.rows.clear();
    for (int row = 0; row < PQntuples(result); ++row) {
      auto& values = outcome.rows.emplace_back();
      for (int column = 0; column < PQnfields(result); ++column) {
        if (PQgetisnull(result, row, column) != 0) {
          values.emplace_back();
        } else {
          values.emplace_back(std::string(PQgetvalue(result, row, column),
                                          static_cast<size_t>(PQgetlength(result, row, column))));
        }
      }
    }
  }

  PGconn* conn_;
  PGcancel* cancel_;
};

}  // namespace

std::unique_ptr<Client> ConnectLibpq(const std::string& conninfo, std::string& error) {
  PGconn* conn = PQconnectdb(conninfo.c_str());
  if (PQstatus(conn) != CONNECTION_OK) {
    error = PQerrorMessage(conn);
    PQfinish(conn);
    return nullptr;
  }
  return std::make_unique<LibpqClient>(conn);
}

}  // namespace oxibase::slt
