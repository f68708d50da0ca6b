#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "checks.h"

namespace oxibase::bad_input {
namespace {

namespace fs = std::filesystem;
using server_process::ServerProcess;

/// A file system of its own, as small as wanted. Nobody but this process and its children sees it.
class SmallDisk {
 public:
  explicit SmallDisk(std::string folder) : folder_(std::move(folder)) {}
  ~SmallDisk() {
    if (mounted_) umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  /// False, with errno, where this is not allowed.
  bool Mount(int mib) {
    static const bool is_apart = [] {
      const uid_t uid = getuid();
      const gid_t gid = getgid();
      if (unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
      if (uid != 0) {
        std::ofstream("/proc/self/setgroups") << "deny";
        std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
        std::ofstream("/proc/self/gid_map") << "0 " << gid << " 1";
      }
      return mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    }();
    mounted_ = is_apart && mount("oxibase", folder_.c_str(), "tmpfs", 0, Size(mib).c_str()) == 0;
    return mounted_;
  }
  bool Resize(int mib) {
    return mount("oxibase", folder_.c_str(), "tmpfs", MS_REMOUNT, Size(mib).c_str()) == 0;
  }

 private:
  static std::string Size(int mib) { return "size=" + std::to_string(mib) + "m"; }

  const std::string folder_;
  bool mounted_ = false;
};

/// Bytes that no compression makes smaller, as a bytea literal.
std::string Noise(std::mt19937_64& random, size_t bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "'\\x";
  for (size_t i = 0; i < 2 * bytes; ++i) text += kDigits[random() % 16];
  return text + "'";
}

class Filler {
 public:
  explicit Filler(Tally& tally) : tally_(tally) {}

  /// Inserts in transactions of three rows until there is no room. The outcome of each is known.
  void Fill(const std::string& conninfo, const std::string& when) {
    Client client(conninfo);
    std::string state;
    for (int i = 0; i < 2000 && state.empty(); ++i) {
      std::string rows;
      for (int row = rows_ + 1; row <= rows_ + 3; ++row) {
        rows += (rows.empty() ? "(" : ", (") + std::to_string(row) + ", " + Noise(random_, 30'000) +
                ")";
      }
      state = client.Run("INSERT INTO t VALUES " + rows);
      if (state.empty()) rows_ += 3;
    }
    tally_.Expect(state == "53100", "a full disk is told " + when, state + " " + client.message());
    tally_.Expect(client.message().find("No space left") != std::string::npos,
                  "in words too, " + when, client.message());
    ExpectRows(client, when);
    tally_.Expect(
        client.Run("INSERT INTO t VALUES (-1, " + Noise(random_, 90'000) + ")") == "53100",
        "and again, " + when, client.message());
    ExpectRows(client, when);
  }
  void ExpectRows(Client& client, const std::string& when) {
    const std::string seen = client.Value("SELECT count(*) || ' ' || max(id) FROM t");
    const std::string wanted = std::to_string(rows_) + " " + std::to_string(rows_);
    tally_.Expect(seen == wanted, "the acknowledged rows are there " + when,
                  seen + " instead of " + wanted + " " + client.message());
  }
  void Insert(Client& client, const std::string& when) {
    const std::string state = client.Run("INSERT INTO t VALUES (" + std::to_string(rows_ + 1) +
                                         ", " + Noise(random_, 90'000) + ")");
    tally_.Expect(state.empty(), "writing goes on " + when, client.message());
    if (state.empty()) ++rows_;
    ExpectRows(client, when);
  }

 private:
  Tally& tally_;
  std::mt19937_64 random_{1};
  int rows_ = 0;
};

}  // namespace

void CheckFullDisk(const Place& place, Tally& tally) {
  const std::string folder = place.folder + "/disk";
  fs::create_directory(folder);
  SmallDisk disk(folder);
  if (!disk.Mount(4)) {
    return tally.Skip("a full disk", std::string("no tmpfs of its own: ") + strerror(errno));
  }
  ServerProcess server(place.program, folder);
  const bool tiny = server.Start() && server.WaitReady();
  tally.Expect(!tiny && server.LogTail().find("53100") != std::string::npos,
               "a new database without room says 53100", server.LogTail());
  server.Kill();

  disk.Resize(80);
  if (!server.Start() || !server.WaitReady()) {
    return tally.Expect(false, "it starts when there is room", server.LogTail());
  }
  Filler filler(tally);
  {
    Client client(server.conninfo());
    tally.Expect(client.Run("CREATE TABLE t (id int PRIMARY KEY, v bytea)").empty(), "set-up",
                 client.message());
    filler.Fill(server.conninfo(), "while the log grows");
    const std::string state = client.Run("CHECKPOINT");
    tally.Expect(state == "53100", "a checkpoint without room says so",
                 state + " " + client.message());
    filler.ExpectRows(client, "after the failed checkpoint");

    disk.Resize(160);
    filler.Insert(client, "when there is room again");
    tally.Expect(client.Run("CHECKPOINT").empty(), "a checkpoint when there is room again",
                 client.message());
    filler.ExpectRows(client, "after it");
    filler.Fill(server.conninfo(), "the second time");
  }
  server.Kill();

  // Opening needs no room, or says that it does; either way nothing is lost.
  bool started = server.Start() && server.WaitReady();
  if (started) {
    Client client(server.conninfo());
    filler.ExpectRows(client, "after a kill, on the full disk");
  } else {
    tally.Expect(server.LogTail().find("53100") != std::string::npos,
                 "a start on a full disk says what it needs", server.LogTail());
  }
  server.Kill();
  disk.Resize(600);
  started = server.Start() && server.WaitReady();
  tally.Expect(started, "it opens when there is room again", server.LogTail());
  if (!started) return;
  {
    Client client(server.conninfo());
    filler.ExpectRows(client, "after opening");
    filler.Insert(client, "after opening");
  }
  const bool ended = server.Stop();
  tally.Expect(ended, "an orderly end",
               std::to_string(server.wait_status()) + " " + server.LogTail());
  started = server.Start() && server.WaitReady();
  tally.Expect(started, "a start after the orderly end", server.LogTail());
  if (started) {
    Client client(server.conninfo());
    filler.ExpectRows(client, "at last");
  }
}

}  // namespace oxibase::bad_input
