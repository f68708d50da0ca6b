#include "workers.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "scheduler.h"

namespace oxibase::sim {
namespace {

/// Lines to the parent: "begin SEED", "failed SEED WHY", "run", "count NUMBER NAME".
void Tell(int pipe, std::string line) {
  std::replace(line.begin(), line.end(), '\n', ' ');
  line += '\n';
  for (size_t at = 0; at < line.size();) {
    const ssize_t written = write(pipe, line.data() + at, line.size() - at);
    if (written <= 0) _exit(4);
    at += static_cast<size_t>(written);
  }
}

void RunOne(uint64_t seed, const WorkOptions& options, int pipe,
            std::map<std::string, uint64_t>* counts) {
  Tell(pipe, fmt::format("begin {}", seed));
  const auto run = [&](uint64_t stop_at) {
    RunOptions run_options;
    run_options.verbose = options.verbose;
    run_options.stop_at = stop_at;
    run_options.bitmap = options.bitmap;
    const RunResult result = RunSeed(seed, run_options);
    const std::string where = stop_at != 0 ? fmt::format(" (power lost at {})", stop_at) : "";
    if (!result.failure.empty())
      Tell(pipe, fmt::format("failed {} {}{}", seed, result.failure, where));
    for (const auto& [name, count] : result.counts) (*counts)[name] += count;
    ++(*counts)["runs"];
    return result;
  };
  if (options.every_point) {
    for (uint64_t point = 1;; ++point) {
      const RunResult result = run(point);
      if (!result.stopped || !result.failure.empty()) return;
    }
  }
  const RunResult first = run(0);
  if (options.twice && run(0).trace != first.trace)
    Tell(pipe, fmt::format("failed {} the same seed ran differently", seed));
}

/// Every `step`-th seed. Does not return.
[[noreturn]] void Work(uint64_t seed, uint64_t to, uint64_t step, const WorkOptions& options,
                       int pipe) {
  if (options.quiet) {
    const int null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
  }
  Scheduler::Get().set_stuck([&](const std::string& why) {
    Tell(pipe, fmt::format("failed {} {}", seed, why));
    _exit(0);
  });
  std::map<std::string, uint64_t> counts;
  for (; seed <= to; seed += step) RunOne(seed, options, pipe, &counts);
  for (const auto& [name, count] : counts) Tell(pipe, fmt::format("count {} {}", count, name));
  Tell(pipe, "end");
  std::fflush(stdout);
  _exit(0);
}

struct Worker {
  pid_t process = 0;
  int pipe = -1;
  uint64_t seed = 0;  // that it is at
  bool ended = false;
  std::string rest;
};

void Start(Worker& worker, uint64_t seed, uint64_t to, const WorkOptions& options) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  std::fflush(stdout);
  worker.process = fork();
  if (worker.process == 0) {
    close(ends[0]);
    Work(seed, to, static_cast<uint64_t>(options.jobs), options, ends[1]);
  }
  close(ends[1]);
  worker.pipe = ends[0];
  worker.seed = seed;
  worker.ended = false;
  worker.rest.clear();
}

void Take(Worker& worker, const std::string& line, Outcome* outcome) {
  const size_t space = line.find(' ');
  const std::string word = line.substr(0, space);
  const std::string text = space == std::string::npos ? "" : line.substr(space + 1);
  if (word == "begin") {
    worker.seed = std::stoull(text);
    ++outcome->seeds;
  } else if (word == "failed") {
    const size_t end = text.find(' ');
    outcome->failures.emplace(std::stoull(text.substr(0, end)), text.substr(end + 1));
  } else if (word == "count") {
    const size_t end = text.find(' ');
    outcome->counts[text.substr(end + 1)] += std::stoull(text.substr(0, end));
  } else if (word == "end") {
    worker.ended = true;
  }
}

/// False: nothing more comes.
bool Read(Worker& worker, Outcome* outcome) {
  char bytes[65536];
  const ssize_t count = read(worker.pipe, bytes, sizeof bytes);
  if (count <= 0) return false;
  worker.rest.append(bytes, static_cast<size_t>(count));
  size_t begin = 0;
  for (size_t end; (end = worker.rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
    Take(worker, worker.rest.substr(begin, end - begin), outcome);
  }
  worker.rest.erase(0, begin);
  return true;
}

}  // namespace

Outcome RunSeeds(uint64_t from, uint64_t to, const WorkOptions& options) {
  Outcome outcome;
  std::vector<Worker> workers(static_cast<size_t>(options.jobs));
  for (size_t i = 0; i < workers.size(); ++i) Start(workers[i], from + i, to, options);
  for (;;) {
    std::vector<pollfd> waits;
    for (const Worker& worker : workers) {
      if (worker.pipe >= 0) waits.push_back({worker.pipe, POLLIN, 0});
    }
    if (waits.empty()) break;
    poll(waits.data(), waits.size(), -1);
    for (Worker& worker : workers) {
      const bool has = std::any_of(waits.begin(), waits.end(), [&](const pollfd& wait) {
        return wait.fd == worker.pipe && wait.revents != 0;
      });
      if (!has || Read(worker, &outcome)) continue;
      close(worker.pipe);
      worker.pipe = -1;
      int status = 0;
      waitpid(worker.process, &status, 0);
      if (worker.ended) continue;
      // It broke down in a seed; the next process goes on behind it.
      if (WIFSIGNALED(status)) {
        outcome.failures.emplace(
            worker.seed, fmt::format("ended by signal {}, a broken invariant", WTERMSIG(status)));
      }
      const uint64_t next = worker.seed + static_cast<uint64_t>(options.jobs);
      if (next <= to) Start(worker, next, to, options);
    }
  }
  outcome.runs = outcome.counts["runs"];
  outcome.counts.erase("runs");
  return outcome;
}

}  // namespace oxibase::sim
