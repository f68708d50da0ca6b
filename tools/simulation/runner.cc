#include "runner.h"

#include <fmt/core.h>

#include <functional>
#include <memory>
#include <vector>

#include "life.h"
#include "session.h"
#include "world.h"

namespace oxibase::sim {
namespace {

enum class Fault : uint8_t {
  kNone,
  kPower,
  kPowerInOpening,
  kSync,
  kWrite,
  kRead,
  kDiskFull,
  kClock,
};

/// "sync db/wal/0000..." without what differs from file to file.
std::string KindOfPoint(const std::string& call) {
  const size_t path = call.rfind(' ');
  const std::string what = call.substr(0, path);
  const std::string file = call.substr(path + 1);
  const auto has = [&](const char* part) { return file.find(part) != std::string::npos; };
  const char* kind = has("db/wal/")                ? "log file"
                     : has("db/wal")               ? "log folder"
                     : has("manifest")             ? "manifest"
                     : has(".run")                 ? "index run"
                     : has(".seg")                 ? "segment"
                     : has("db/data/")             ? "temporary of a segment"
                     : has("db/data")              ? "data folder"
                     : has("OXIBASE")              ? "format file"
                     : file == "db" || file == "." ? "database folder"
                                                   : "other file";
  return what + ", " + kind;
}

class Run {
 public:
  Run(uint64_t seed, const RunOptions& options) : world_(seed), options_(options) {
    world_.verbose = options.verbose;
  }

  RunResult All() {
    Chance& chance = world_.chance;
    world_.files.MakeDirectory(".").Ignore("it is new");
    DrawOptions();
    const auto lives = options_.stop_at != 0 ? 1 : chance.Between(1, 4);
    for (int64_t life = 0; life < lives && world_.failure.empty(); ++life) OneLife(life == 0);
    if (world_.failure.empty()) Reopen();
    RunResult result;
    result.stopped = stopped_;
    const SimFileSystem::Faults faults = world_.files.faults();
    world_.Count("fault: sync failed", faults.syncs);
    world_.Count("fault: write failed", faults.writes);
    world_.Count("fault: read failed", faults.reads);
    world_.Count("fault: disk full", faults.disk_full);
    world_.Count("fault: write torn by power loss", faults.torn_writes);
    world_.Count("fault: write lost by power loss", faults.lost_writes);
    world_.Count("fault: name lost by power loss", faults.lost_names);
    world_.Count("changes of threads", Scheduler::Get().changes());
    world_.Count("write points", world_.files.write_points());
    result.failure = world_.failure;
    result.counts = std::move(world_.counts);
    result.trace = Scheduler::Get().trace();
    return result;
  }

 private:
  void DrawOptions() {
    Chance& chance = world_.chance;
    constexpr uint64_t kSegmentBytes[] = {4096, 8192, 65536};
    constexpr uint64_t kLogBytes[] = {0, 4000, 20000};
    constexpr uint64_t kHotBytes[] = {0, 1, 1, 8000};
    constexpr size_t kCacheBytes[] = {1 << 12, 1 << 16, 1 << 20};
    life_options_.wal.segment_bytes = kSegmentBytes[chance.Below(3)];
    life_options_.wal.idle_note_micros = chance.Percent(50) ? 0 : 20'000;
    life_options_.wal.flush_delay_micros = chance.Percent(50) ? 10'000 : 500;
    life_options_.wal.replay_threads = 1 + chance.Below(3);
    life_options_.checkpoints.log_bytes_max = kLogBytes[chance.Below(3)];
    life_options_.checkpoints.hot_bytes_max = kHotBytes[chance.Below(4)];
    life_options_.checkpoints.poll_micros = chance.Between(500, 5000);
    life_options_.checkpoints.retry_micros = 5000;
    life_options_.bitmap = options_.bitmap;
    life_options_.cache_bytes = kCacheBytes[chance.Below(3)];
    session_options_.keys = chance.Percent(50) ? 12 : chance.Between(20, 80);
    session_options_.may_be_asynchronous = chance.Percent(15);
    world_.promises = !session_options_.may_be_asynchronous;
  }

  Fault DrawFault() {
    if (options_.stop_at != 0) return Fault::kPower;
    const uint64_t dice = world_.chance.Below(100);
    if (dice < 52) return Fault::kPower;
    if (dice < 60) return Fault::kPowerInOpening;
    if (dice < 68) return Fault::kSync;
    if (dice < 75) return Fault::kWrite;
    if (dice < 80) return Fault::kRead;
    if (dice < 87) return Fault::kDiskFull;
    if (dice < 93) return Fault::kClock;
    return Fault::kNone;
  }

  /// Opens the folder; what it holds must follow from the history. Null: power went, or it failed.
  std::unique_ptr<Life> Open() {
    Result<std::unique_ptr<Life>> life = Life::Open(world_.env(), life_options_);
    if (!life.ok()) {
      world_.Trace(fmt::format("opening failed: {}", life.status().message()));
      if (!world_.MayFail())
        world_.Fail(fmt::format("the folder cannot be opened: {} {}", life.status().message(),
                                life.status().info().detail));
      return nullptr;
    }
    const uint64_t highest = (*life)->recovered().value;
    world_.Trace(fmt::format("opened, newest commit {}", highest));
    world_.Count("recoveries");
    const std::string wrong = world_.history.Survive(highest, world_.promises);
    if (!wrong.empty()) world_.Fail("after opening: " + wrong);
    return std::move(*life);
  }

  void ReadAllOf(Life& life, const char* when) {
    if (!world_.failure.empty()) return;
    {
      Session session(world_, life, world_.chance.Next(), session_options_);
      session.ReadAll();
    }
    const std::string wrong = world_.history.Judge();
    if (!wrong.empty()) world_.Fail(std::string(when) + ": " + wrong);
  }

  void OneLife(bool is_first) {
    Chance& chance = world_.chance;
    const Fault fault = DrawFault();
    world_.faulty = false;
    if (fault == Fault::kPower || fault == Fault::kPowerInOpening) {
      constexpr int64_t kFar[] = {40, 150, 600};
      const uint64_t in =
          options_.stop_at != 0 ? options_.stop_at
          : fault == Fault::kPowerInOpening
              ? static_cast<uint64_t>(chance.Between(1, 12))
              : static_cast<uint64_t>(chance.Between(is_first ? 10 : 1, kFar[chance.Below(3)]));
      world_.files.StopAt(world_.files.write_points() + in);
    }
    std::unique_ptr<Life> life = Open();
    if (life != nullptr) {
      if (!is_first && chance.Percent(60)) ReadAllOf(*life, "after opening");
      if (world_.failure.empty()) RunSessions(*life, fault);
      const std::string wrong = world_.failure.empty() ? world_.history.Judge() : std::string();
      if (!wrong.empty()) world_.Fail(wrong);
      const bool is_whole = life->wal().status().ok();
      life.reset();
      // Whoever closes in peace leaves nothing behind.
      if (is_whole && !world_.files.stopped() && !world_.faulty) {
        for (Commit& commit : world_.history.commits) commit.acknowledged = true;
        world_.Count("closed in peace");
      }
    }
    stopped_ = world_.files.stopped();
    if (stopped_) {
      world_.Count("power losses");
      world_.Count("crash point: " + KindOfPoint(world_.files.stopped_in()));
      world_.Trace("power lost: " + world_.files.stopped_in());
    }
    world_.files.set_capacity(UINT64_MAX);
    world_.files.FailReads(0);
    world_.files.Crash(chance.Next());
    world_.faulty = false;
  }

  void Reopen() {
    // Twice: what opening writes must not change what there is.
    for (int i = 0; i < 2 && world_.failure.empty(); ++i) {
      std::unique_ptr<Life> life = Open();
      if (life == nullptr) return;
      ReadAllOf(*life, "at the end");
      if (i == 0 && world_.failure.empty() && world_.chance.Percent(50)) {
        const Status status = life->checkpointer().Run();
        if (!status.ok()) world_.Fail("checkpoint at the end: " + std::string(status.message()));
        ReadAllOf(*life, "after a checkpoint at the end");
      }
      life.reset();
      world_.files.Crash(world_.chance.Next());
    }
  }

  void RunSessions(Life& life, Fault fault) {
    Chance& chance = world_.chance;
    std::vector<std::unique_ptr<Session>> sessions;
    std::vector<Thread> threads;
    const auto count = chance.Between(2, 5);
    for (int64_t i = 0; i < count; ++i) {
      SessionOptions options = session_options_;
      options.holds_snapshots = i > 0 && chance.Percent(25);
      options.txns =
          static_cast<int>(options.holds_snapshots ? chance.Between(1, 3) : chance.Between(3, 20));
      sessions.push_back(std::make_unique<Session>(world_, life, chance.Next(), options));
    }
    bool done = false;
    for (auto& session : sessions) {
      threads.emplace_back(fmt::format("session {}", threads.size() + 1),
                           [s = session.get()] { s->Run(); });
    }
    Thread keeper("keeper", [&, seed = chance.Next()] { Keep(life, seed, &done); });
    Thread weather("weather", [&, seed = chance.Next()] { Change(fault, seed, &done); });
    for (Thread& thread : threads) thread.Join();
    done = true;
    keeper.Join();
    weather.Join();
    world_.Count("checkpoints", life.checkpointer().stats().checkpoints);
    world_.Count("rows evicted", life.checkpointer().stats().rows_evicted);
  }

  /// Writes checkpoints now and then, besides those that the log's length asks for.
  void Keep(Life& life, uint64_t seed, const bool* done) {
    Chance chance(seed);
    const int64_t micros_max = chance.Percent(50) ? 2000 : 30'000;
    while (!*done && !world_.files.stopped()) {
      world_.clock.SleepMicros(chance.Between(1, micros_max));
      const Status status = life.checkpointer().Run();
      world_.Trace(fmt::format("checkpoint: {}", status.message()));
      if (!status.ok() && !world_.MayFail())
        world_.Fail("checkpoint: " + std::string(status.message()));
      if (!status.ok() && !life.wal().status().ok()) return;
    }
  }

  /// What happens to the machine while it runs.
  void Change(Fault fault, uint64_t seed, const bool* done) {
    Chance chance(seed);
    world_.clock.SleepMicros(chance.Between(1, 10'000));
    if (*done) return;
    world_.Trace(fmt::format("fault {}", static_cast<int>(fault)));
    switch (fault) {
      case Fault::kSync:
        world_.faulty = true;
        world_.files.FailSyncs(1);
        break;
      case Fault::kWrite:
        world_.faulty = true;
        world_.files.FailWrites(1);
        break;
      case Fault::kRead:
        world_.faulty = true;
        for (int i = 0; i < 5 && !*done; ++i) {
          world_.files.FailReads(static_cast<int>(chance.Between(1, 3)));
          world_.clock.SleepMicros(chance.Between(1, 5000));
        }
        break;
      case Fault::kDiskFull:
        world_.faulty = true;
        world_.files.set_capacity(static_cast<uint64_t>(chance.Between(1, 100'000)));
        if (chance.Percent(60)) {
          world_.clock.SleepMicros(chance.Between(1, 10'000));
          world_.files.set_capacity(UINT64_MAX);
        }
        break;
      case Fault::kClock:
        for (int i = 0; i < 4 && !*done; ++i) {
          world_.clock.Jump(chance.Between(-3'600'000'000, 3'600'000'000));
          world_.Count("fault: clock jumped");
          world_.clock.SleepMicros(chance.Between(1, 5000));
        }
        break;
      case Fault::kNone:
      case Fault::kPower:
      case Fault::kPowerInOpening:
        break;
    }
  }

  World world_;
  const RunOptions options_;
  LifeOptions life_options_;
  SessionOptions session_options_;
  bool stopped_ = false;
};

}  // namespace

RunResult RunSeed(uint64_t seed, const RunOptions& options) {
  constexpr uint32_t kMeans[] = {1, 4, 15, 60};
  Scheduler& scheduler = Scheduler::Get();
  scheduler.Begin(seed, kMeans[seed % 4], seed / 4 % 2 == 1);
  RunResult result;
  {
    Run run(seed, options);
    result = run.All();
  }
  scheduler.End();
  return result;
}

}  // namespace oxibase::sim
