#include "permutation.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>
#include <utility>
#include <vector>

namespace oxibase::isolation {
namespace {

using slt::Client;
using slt::Outcome;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A step that neither ends nor waits for anybody within this time is given up.
constexpr milliseconds kStepMax{20'000};
/// How long a session that is asked about must be seen waiting: who was woken may not have got
/// round to saying so.
constexpr milliseconds kWaitingMin{30};
constexpr milliseconds kPollEvery{5};
/// A wait that ends by itself (a deadlock, a time-out) ends within this time.
constexpr milliseconds kEndMax{5'000};
/// What ends within this time of each other is told in the order of sessions.
constexpr milliseconds kTogether{60};

std::string Show(const Outcome& outcome) {
  if (!outcome.ok()) return "  ERROR " + outcome.sqlstate + "\n";
  std::string text;
  if (outcome.has_rows) {
    for (const auto& row : outcome.rows) {
      text += "  ";
      for (size_t i = 0; i < row.size(); ++i) {
        if (i > 0) text += '|';
        text += row[i] ? *row[i] : "NULL";
      }
      text += '\n';
    }
    if (outcome.rows.empty()) text = "  (no rows)\n";
  } else if (outcome.count > 0) {
    text = "  (" + std::to_string(outcome.count) + ")\n";
  }
  return text;
}

class Permutation {
 public:
  Permutation(const Spec& spec, const std::vector<size_t>& order, slt::Backend& backend,
              int patience)
      : spec_(spec),
        order_(order),
        backend_(backend),
        waiting_min_(kWaitingMin * patience),
        sessions_(spec.sessions.size()) {}

  std::string Run() {
    text_ = "permutation";
    for (const size_t step : order_) text_ += ' ' + spec_.steps[step].name;
    text_ += '\n';
    if (Begin()) {
      for (const size_t step : order_) {
        if (!RunStep(step)) break;
      }
      // What still waits may yet end by itself: a deadlock that is found, a time-out.
      while (AnyWaits() && AwaitOne()) {
      }
    }
    End();
    return text_;
  }

 private:
  struct Session {
    std::unique_ptr<Client> client;
    std::string pid;
    std::future<Outcome> pending;
    size_t step = 0;
    bool waits() const { return pending.valid(); }
  };

  bool Begin() {
    std::string error;
    control_ = backend_.Connect(error);
    if (control_ == nullptr) return Broken(error);
    for (const std::string& sql : spec_.setup) {
      const Outcome outcome = control_->Execute(sql, "");
      if (!outcome.ok()) return Broken("setup: " + outcome.sqlstate + " " + outcome.message);
    }
    for (size_t s = 0; s < sessions_.size(); ++s) {
      Session& session = sessions_[s];
      session.client = backend_.Connect(error);
      if (session.client == nullptr) return Broken(error);
      const Outcome pid = session.client->Execute("SELECT pg_backend_pid()", "");
      if (!pid.ok() || pid.rows.empty()) return Broken("no pid: " + pid.message);
      session.pid = pid.rows[0][0].value_or("0");
      if (spec_.sessions[s].setup.empty()) continue;
      const Outcome outcome = session.client->Execute(spec_.sessions[s].setup, "");
      if (!outcome.ok()) {
        return Broken("setup of " + spec_.sessions[s].name + ": " + outcome.sqlstate + " " +
                      outcome.message);
      }
    }
    return true;
  }

  /// What a step brought forth.
  std::string ShowAll(const Outcome& outcome) const {
    std::string text = Show(outcome);
    for (const Outcome::Notified& one : outcome.notified) {
      std::string by = "somebody";
      for (size_t s = 0; s < sessions_.size(); ++s) {
        if (sessions_[s].pid == one.pid) by = spec_.sessions[s].name;
      }
      text += "  notified of " + one.channel + " '" + one.payload + "' by " + by + "\n";
    }
    return text;
  }

  bool Broken(const std::string& why) {
    text_ += "BROKEN: " + why + "\n";
    return false;
  }

  void End() {
    for (size_t s = 0; s < sessions_.size(); ++s) {
      Session& session = sessions_[s];
      if (session.waits()) {
        text_ += "(step " + spec_.steps[session.step].name + " still waits)\n";
        session.client->Cancel();
        session.pending.get();
      }
      if (session.client != nullptr && !spec_.sessions[s].teardown.empty()) {
        session.client->Execute(spec_.sessions[s].teardown, "");
      }
    }
    // Their ends roll back what they left.
    for (Session& session : sessions_) session.client.reset();
    if (control_ == nullptr || spec_.teardown.empty()) return;
    const Outcome outcome = control_->Execute(spec_.teardown, "");
    if (!outcome.ok()) Broken("teardown: " + outcome.sqlstate + " " + outcome.message);
  }

  bool AnyWaits() const {
    return std::any_of(sessions_.begin(), sessions_.end(),
                       [](const Session& session) { return session.waits(); });
  }
  bool AllWait() const {
    return std::all_of(sessions_.begin(), sessions_.end(),
                       [](const Session& session) { return session.waits(); });
  }

  bool RunStep(size_t number) {
    const Step& step = spec_.steps[number];
    Session& session = sessions_[step.session];
    // (A time-out may end it.)
    while (session.waits() && AllWait() && AwaitOne()) {
    }
    if (session.waits()) {
      text_ += "(step " + step.name + " cannot run: its session waits)\n";
      return false;
    }
    session.step = number;
    Client* const client = session.client.get();
    session.pending =
        std::async(std::launch::async, [client, &step] { return client->Execute(step.sql, ""); });
    text_ += "step " + step.name + ": " + step.sql;
    if (Waits(session)) {
      text_ += " <waiting ...>\n";
    } else {
      text_ += '\n' + ShowAll(session.pending.get());
    }
    while (InCircle() && AwaitOne()) {
    }
    TellCompleted();
    return true;
  }

  /// Whether sessions wait for each other in a circle, which one of them will find.
  bool InCircle() {
    // Each waits for some of the others: those who wait for nobody that waits are taken away.
    std::vector<std::pair<std::string, std::string>> waits;  // who, for whom
    for (const Session& session : sessions_) {
      if (!session.waits()) continue;
      const Outcome blockers =
          control_->Execute("SELECT unnest(pg_blocking_pids(" + session.pid + "))", "");
      for (const auto& row : blockers.rows) waits.emplace_back(session.pid, row[0].value_or(""));
    }
    for (size_t before = waits.size() + 1; waits.size() < before;) {
      before = waits.size();
      std::erase_if(waits, [&](const auto& wait) {
        return std::none_of(waits.begin(), waits.end(),
                            [&](const auto& other) { return other.first == wait.second; });
      });
    }
    return !waits.empty();
  }

  /// Until the session's step has ended (false) or is known to wait (true).
  bool Waits(Session& session) {
    const auto began = steady_clock::now();
    auto waits_since = steady_clock::time_point::max();
    for (;;) {
      if (session.pending.wait_for(kPollEvery) == std::future_status::ready) return false;
      const auto now = steady_clock::now();
      const Outcome blocked =
          control_->Execute("SELECT cardinality(pg_blocking_pids(" + session.pid + ")) > 0", "");
      const bool waits = blocked.ok() && !blocked.rows.empty() && blocked.rows[0][0] == "t";
      if (!waits) {
        waits_since = steady_clock::time_point::max();
      } else if (waits_since == steady_clock::time_point::max()) {
        waits_since = now;
      } else if (now - waits_since >= waiting_min_) {
        return session.pending.wait_for(milliseconds(0)) != std::future_status::ready;
      }
      if (now - began > kStepMax) return true;
    }
  }

  void Tell(Session& session) {
    text_ += "step " + spec_.steps[session.step].name + ": <... completed>\n" +
             ShowAll(session.pending.get());
  }

  /// Tells which of the waiting steps have ended, in the order of sessions.
  void TellCompleted() {
    for (bool again = true; again;) {
      again = false;
      for (Session& session : sessions_) {
        if (!session.waits() || Waits(session)) continue;
        Tell(session);
        again = true;
      }
    }
  }

  /// Until one of the waiting steps ends. False: none does.
  bool AwaitOne() {
    const auto until = steady_clock::now() + kEndMax;
    while (steady_clock::now() < until) {
      for (const Session& session : sessions_) {
        if (!session.waits()) continue;
        if (session.pending.wait_for(kPollEvery) != std::future_status::ready) continue;
        // Who goes on because of that, ends too: all of them in the order of sessions.
        std::this_thread::sleep_for(kTogether);
        TellCompleted();
        return true;
      }
    }
    return false;
  }

  const Spec& spec_;
  const std::vector<size_t>& order_;
  slt::Backend& backend_;
  const milliseconds waiting_min_;
  std::unique_ptr<Client> control_;
  std::vector<Session> sessions_;
  std::string text_;
};

}  // namespace

std::string RunPermutation(const Spec& spec, const std::vector<size_t>& order,
                           slt::Backend& backend, int patience) {
  return Permutation(spec, order, backend, patience).Run();
}

}  // namespace oxibase::isolation
