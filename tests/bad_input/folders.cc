#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "checks.h"

namespace oxibase::bad_input {
namespace {

namespace fs = std::filesystem;
using server_process::ServerProcess;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void WriteFile(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Every file with its content; the lock file and empty folders do not count.
std::map<std::string, std::string> Content(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().filename() != "lock") {
      files[fs::relative(entry.path(), folder).string()] = ReadFile(entry.path());
    }
  }
  return files;
}

/// A start that must fail: the server ends by itself with status 1, its last words contain all of
/// `words`, and the folder is as it was.
void ExpectRefused(const Place& place, const fs::path& folder, const std::string& what,
                   const std::vector<std::string>& words, Tally& tally,
                   const std::function<void()>& in_child = nullptr) {
  const auto before = Content(folder / "data");
  ServerProcess server(place.program, folder.string());
  fs::remove(server.log());
  if (in_child) server.set_in_child(in_child);
  const bool started = server.Start() && server.WaitReady();
  const std::string log = server.LogTail();
  tally.Expect(!started, what + " is refused", log);
  server.Kill();
  if (started) return;
  tally.Expect(WIFEXITED(server.wait_status()) && WEXITSTATUS(server.wait_status()) == 1,
               what + " ends the program with status 1", log);
  for (const std::string& word : words) {
    tally.Expect(log.find(word) != std::string::npos,
                 std::string(what).append(": the error names ").append(word), log);
  }
  tally.Expect(Content(folder / "data") == before, what + ": nothing is changed");
}

constexpr int kRows = 20'000;

/// A folder with a checkpoint and a log behind it.
bool Fill(ServerProcess& server) {
  Client client(server.conninfo());
  const std::string half = std::to_string(kRows / 2), all = std::to_string(kRows);
  bool ok = client
                .Run(
                    "CREATE TABLE t (id int PRIMARY KEY, v text);"
                    "INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, " +
                    half + ") i")
                .empty() &&
            client.Run("CHECKPOINT").empty();
  // In many transactions, so that the log has many records.
  for (int i = kRows / 2; ok && i < kRows; i += 500) {
    ok = client
             .Run("INSERT INTO t SELECT i, 'v' || i FROM generate_series(" + std::to_string(i + 1) +
                  ", " + std::to_string(i + 500) + ") i")
             .empty();
  }
  return ok;
}

void ExpectWhole(const Place& place, const fs::path& folder, const std::string& what,
                 Tally& tally) {
  ServerProcess server(place.program, folder.string());
  const bool started = server.Start() && server.WaitReady();
  tally.Expect(started, what + ": it opens again", server.LogTail());
  if (!started) return;
  {
    Client client(server.conninfo());
    const std::string sum =
        client.Value("SELECT count(*) || ' ' || sum(substr(v, 2)::bigint) FROM t WHERE id > 0");
    const std::string wanted =
        std::to_string(kRows) + " " + std::to_string(int64_t{kRows} * (kRows + 1) / 2);
    tally.Expect(sum == wanted, what + ": every row is there", sum + client.message());
  }
  server.Kill();
}

/// The file of `folder` whose name begins and ends so; among several the largest, then the last.
fs::path FileLike(const fs::path& folder, std::string_view begin, std::string_view end) {
  fs::path found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(begin) || !name.ends_with(end) || !entry.is_regular_file()) continue;
    if (found.empty() || std::pair(entry.file_size(), name) >
                             std::pair(fs::file_size(found), found.filename().string()))
      found = entry.path();
  }
  return found;
}

void CheckForeign(const Place& place, Tally& tally) {
  const fs::path folder = fs::path(place.folder) / "foreign";
  fs::create_directories(folder / "data");
  WriteFile(folder / "data" / "thesis.txt", "years of work");
  ExpectRefused(place, folder, "a folder of somebody else",
                {"data\" is not empty", "thesis.txt", "F0000"}, tally);
  WriteFile(folder / "data" / "OXIBASE", "something else\n");
  ExpectRefused(place, folder, "a folder with a foreign file OXIBASE",
                {"OXIBASE\" is damaged", "XX001"}, tally);
  WriteFile(folder / "data" / "OXIBASE",
            "OxiBase data folder, format 99\nidentity 00112233445566778899aabbccddeeff\n");
  ExpectRefused(place, folder, "a folder of a later format", {"format 99", "0A000"}, tally);

  const fs::path file = fs::path(place.folder) / "file";
  fs::create_directories(file);
  WriteFile(file / "data", "not a folder");
  ServerProcess server(place.program, file.string());
  const bool started = server.Start() && server.WaitReady();
  tally.Expect(!started && ReadFile(file / "data") == "not a folder",
               "a file in the place of the folder", server.LogTail());
}

/// Copies the folder, damages a copy, and looks at what a start says.
void CheckDamage(const Place& place, const fs::path& good, Tally& tally) {
  int number = 0;
  const auto with_copy = [&](const std::function<void(const fs::path&)>& use) {
    const fs::path copy = fs::path(place.folder) / ("damaged" + std::to_string(++number));
    fs::create_directories(copy);
    fs::copy(good / "data", copy / "data", fs::copy_options::recursive);
    use(copy);
    fs::remove_all(copy);
  };
  const auto flip = [](const fs::path& path, size_t at) {
    std::string bytes = ReadFile(path);
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    WriteFile(path, bytes);
  };

  with_copy([&](const fs::path& copy) {
    const fs::path log = FileLike(copy / "data" / "wal", "", ".wal");
    // In what was written behind the checkpoint; zeros follow it.
    const std::string bytes = ReadFile(log);
    const size_t middle = bytes.find_last_not_of('\0') / 4 * 3;
    flip(log, middle);
    ExpectRefused(place, copy, "a log damaged in the middle",
                  {log.filename().string(), "offset", "XX001"}, tally);
    flip(log, middle);
    ExpectWhole(place, copy, "the log mended", tally);
  });
  with_copy([&](const fs::path& copy) {
    const fs::path log = FileLike(copy / "data" / "wal", "", ".wal");
    flip(log, 20);
    ExpectRefused(place, copy, "a log with a damaged header", {log.filename().string(), "XX001"},
                  tally);
  });
  with_copy([&](const fs::path& copy) {
    fs::remove_all(copy / "data" / "wal");
    ExpectRefused(place, copy, "a folder without its log", {"wal"}, tally);
  });
  with_copy([&](const fs::path& copy) {
    const fs::path manifest = FileLike(copy / "data", "manifest-", "");
    flip(manifest, fs::file_size(manifest) / 2);
    ExpectRefused(place, copy, "a damaged manifest", {manifest.filename().string(), "XX001"},
                  tally);
  });
  with_copy([&](const fs::path& copy) {
    fs::remove(FileLike(copy / "data", "manifest-", ""));
    // The log still holds everything since the folder was made.
    ExpectWhole(place, copy, "a folder without its manifest", tally);
  });
  with_copy([&](const fs::path& copy) {
    const fs::path segment = FileLike(copy / "data" / "data", "", ".seg");
    flip(segment, fs::file_size(segment) / 2);
    ServerProcess server(place.program, copy.string());
    const bool started = server.Start() && server.WaitReady();
    tally.Expect(started, "a damaged segment is met by those who read it", server.LogTail());
    if (!started) return;
    {
      Client client(server.conninfo());
      const std::string state = client.Run("SELECT count(id), max(v) FROM t");
      tally.Expect(state == "XX001", "a damaged segment: the error is XX001", state);
      tally.Expect(client.message().find(segment.filename().string()) != std::string::npos &&
                       client.message().find("offset") != std::string::npos,
                   "a damaged segment: the error names file and offset", client.message());
    }
    server.Kill();
  });
  with_copy([&](const fs::path& copy) {
    const fs::path segment = FileLike(copy / "data" / "data", "", ".seg");
    fs::resize_file(segment, fs::file_size(segment) - 7);
    ExpectRefused(place, copy, "a cut segment", {segment.filename().string(), "XX001"}, tally);
  });
  with_copy([&](const fs::path& copy) {
    const fs::path segment = FileLike(copy / "data" / "data", "", ".seg");
    fs::remove(segment);
    ExpectRefused(place, copy, "a missing segment", {segment.filename().string()}, tally);
  });
  // Whoever is root reads everything, unless it gives that up.
  const auto give_up = [] {
    prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);
    prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH);
  };
  for (const char* which : {"segment", "log", "manifest", "OXIBASE"}) {
    with_copy([&](const fs::path& copy) {
      const fs::path data = copy / "data";
      const std::string name = which;
      const fs::path file = name == "segment"    ? FileLike(data / "data", "", ".seg")
                            : name == "log"      ? FileLike(data / "wal", "", ".wal")
                            : name == "manifest" ? FileLike(data, "manifest-", "")
                                                 : data / "OXIBASE";
      const std::string bytes = ReadFile(file);
      chmod(file.c_str(), 0);
      ServerProcess server(place.program, copy.string());
      server.set_in_child(give_up);
      const bool started = server.Start() && server.WaitReady();
      const std::string log = server.LogTail();
      server.Kill();
      tally.Expect(!started, "an unreadable " + name + " is refused", log);
      tally.Expect(log.find(file.filename().string()) != std::string::npos &&
                       log.find("Permission denied") != std::string::npos,
                   "an unreadable " + name + " is named", log);
      chmod(file.c_str(), 0600);
      tally.Expect(ReadFile(file) == bytes, "an unreadable " + name + " is not changed");
      ExpectWhole(place, copy, "the " + name + " readable again", tally);
    });
  }
}

}  // namespace

void CheckFolders(const Place& place, Tally& tally) {
  CheckForeign(place, tally);
  const fs::path good = fs::path(place.folder) / "good";
  fs::create_directories(good);
  {
    ServerProcess server(place.program, good.string());
    if (!server.Start() || !server.WaitReady() || !Fill(server)) {
      return tally.Expect(false, "set-up of a folder", server.LogTail());
    }
    // A second process on the same folder, while the first goes on.
    ServerProcess second(place.program, good.string());
    const bool started = second.Start() && second.WaitReady();
    tally.Expect(!started, "a second process on one folder is refused");
    second.Kill();
    const std::string log = second.LogTail();
    tally.Expect(
        log.find("lock") != std::string::npos && log.find("another process") != std::string::npos,
        "its error says that another process has the folder", log);
    Client client(server.conninfo());
    tally.Expect(client.Value("SELECT count(*) FROM t") == std::to_string(kRows),
                 "the first process goes on", client.message());
    server.Kill();
  }
  ExpectWhole(place, good, "after a kill", tally);
  CheckDamage(place, good, tally);
}

}  // namespace oxibase::bad_input
