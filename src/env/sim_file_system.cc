#include "env/sim_file_system.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <set>

namespace oxibase {
namespace {

constexpr uint64_t kSectorBytes = 512;

Status Missing(const std::string& path) {
  return Error(ErrorCode::kUndefinedFile, "could not open file \"{}\": No such file or directory",
               path);
}
Status Dead(const std::string& path) {
  return Error(ErrorCode::kIoError, "could not use file \"{}\": Input/output error (simulated)",
               path);
}

}  // namespace

struct SimFileSystem::Inode {
  /// A write (or, without bytes, a new size) that is not durable yet.
  struct Change {
    uint64_t offset = 0;
    std::vector<std::byte> bytes;
    bool is_resize = false;
    uint64_t size = 0;
  };
  std::vector<std::byte> bytes;    // as reads see it
  std::vector<std::byte> durable;  // as after a crash without any of `pending`
  std::vector<Change> pending;

  static void Apply(std::vector<std::byte>& to, const Change& change) {
    if (change.is_resize) {
      to.resize(change.size);
      return;
    }
    if (to.size() < change.offset + change.bytes.size())
      to.resize(change.offset + change.bytes.size());
    std::copy(change.bytes.begin(), change.bytes.end(),
              to.begin() + static_cast<ptrdiff_t>(change.offset));
  }
};

struct SimFileSystem::State {
  /// A change of names that is not durable yet. A rename is one change.
  struct NameChange {
    std::string removed;  // may be empty
    std::string added;    // may be empty
    std::shared_ptr<Inode> inode;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  mutable Mutex mu;
  Names names GUARDED_BY(mu);
  Names durable_names GUARDED_BY(mu);
  std::map<std::string, std::vector<NameChange>> pending GUARDED_BY(mu);  // by folder
  std::set<std::string> folders GUARDED_BY(mu);
  std::set<std::string> locks GUARDED_BY(mu);
  uint64_t incarnation GUARDED_BY(mu) = 0;
  uint64_t write_points GUARDED_BY(mu) = 0;
  uint64_t stop_at GUARDED_BY(mu) = UINT64_MAX;
  bool stopped GUARDED_BY(mu) = false;
  std::string stopped_in GUARDED_BY(mu);
  Faults faults GUARDED_BY(mu);
  int sync_failures GUARDED_BY(mu) = 0;
  int write_failures GUARDED_BY(mu) = 0;
  int read_failures GUARDED_BY(mu) = 0;
  uint64_t capacity GUARDED_BY(mu) = UINT64_MAX;
  std::map<const Inode*, int> open GUARDED_BY(mu);  // how often; without a name it takes room too

  /// Counts a call that changes something. False: the process has died. `*dies_here`: in this very
  /// call, which may have an effect in part.
  bool Point(bool* dies_here, const char* call, const std::string& path) REQUIRES(mu) {
    *dies_here = false;
    if (stopped) return false;
    if (++write_points >= stop_at) {
      stopped = true;
      stopped_in = std::string(call) + " " + path;
      *dies_here = true;
    }
    return true;
  }
  bool HasRoom(const Inode& inode, uint64_t size) const REQUIRES(mu) {
    if (size <= inode.bytes.size() || capacity == UINT64_MAX) return true;
    return UsedBytes() + (size - inode.bytes.size()) <= capacity;
  }
  uint64_t UsedBytes() const REQUIRES(mu) {
    uint64_t used = 0;
    std::set<const Inode*> counted;
    for (const auto& [path, file] : names) {
      used += file->bytes.size();
      counted.insert(file.get());
    }
    for (const auto& [file, times] : open) {
      if (counted.insert(file).second) used += file->bytes.size();
    }
    return used;
  }
  void ChangeName(NameChange change) REQUIRES(mu) {
    if (!change.removed.empty()) names.erase(change.removed);
    if (!change.added.empty()) names[change.added] = change.inode;
    const std::string& path = change.added.empty() ? change.removed : change.added;
    pending[ParentPath(path)].push_back(std::move(change));
  }
  static void Apply(Names& to, const NameChange& change) {
    if (!change.removed.empty()) to.erase(change.removed);
    if (!change.added.empty()) to[change.added] = change.inode;
  }
};

class SimFileSystem::SimFile final : public File {
 public:
  SimFile(std::string path, std::shared_ptr<State> state, std::shared_ptr<Inode> inode,
          uint64_t incarnation)
      : File(std::move(path)),
        state_(std::move(state)),
        inode_(std::move(inode)),
        incarnation_(incarnation) {}
  ~SimFile() override {
    MutexLock lock(state_->mu);
    if (--state_->open[inode_.get()] == 0) state_->open.erase(inode_.get());
  }

  Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> into) override {
    MutexLock lock(state_->mu);
    if (!Alive()) return Dead(path());
    if (state_->read_failures > 0) {
      --state_->read_failures;
      ++state_->faults.reads;
      return Error(ErrorCode::kIoError,
                   "could not read file \"{}\": Input/output error (simulated)", path());
    }
    const auto& bytes = inode_->bytes;
    if (offset >= bytes.size()) return size_t{0};
    const size_t count = std::min<size_t>(into.size(), bytes.size() - offset);
    if (count > 0) std::memcpy(into.data(), bytes.data() + offset, count);
    return count;
  }

  Status WriteAt(uint64_t offset, ByteSpan bytes) override {
    MutexLock lock(state_->mu);
    return WriteLocked(offset, bytes);
  }
  Status Append(ByteSpan bytes) override {
    MutexLock lock(state_->mu);
    return WriteLocked(inode_->bytes.size(), bytes);
  }

  Status Sync() override {
    MutexLock lock(state_->mu);
    bool dies = false;
    if (!Alive() || !state_->Point(&dies, "sync", path()) || dies) return Dead(path());
    if (state_->sync_failures > 0) {
      --state_->sync_failures;
      ++state_->faults.syncs;
      inode_->pending.clear();
      return Error(ErrorCode::kIoError,
                   "could not sync file \"{}\": Input/output error (simulated)", path());
    }
    for (const Inode::Change& change : inode_->pending) Inode::Apply(inode_->durable, change);
    inode_->pending.clear();
    return Status::Ok();
  }

  Status Truncate(uint64_t size) override {
    MutexLock lock(state_->mu);
    return Resize(size);
  }

  Status Allocate(uint64_t size) override {
    MutexLock lock(state_->mu);
    if (Alive() && !state_->HasRoom(*inode_, size)) {
      ++state_->faults.disk_full;
      return Error(ErrorCode::kDiskFull,
                   "could not allocate space for file \"{}\": No space left on device", path());
    }
    return Resize(std::max<uint64_t>(size, inode_->bytes.size()));
  }

  Result<uint64_t> Size() override {
    MutexLock lock(state_->mu);
    if (!Alive()) return Dead(path());
    return static_cast<uint64_t>(inode_->bytes.size());
  }

 private:
  bool Alive() const REQUIRES(state_->mu) {
    return !state_->stopped && incarnation_ == state_->incarnation;
  }

  Status WriteLocked(uint64_t offset, ByteSpan bytes) REQUIRES(state_->mu) {
    bool dies = false;
    if (!Alive() || !state_->Point(&dies, "write", path())) return Dead(path());
    if (!state_->HasRoom(*inode_, offset + bytes.size())) {
      ++state_->faults.disk_full;
      return Error(ErrorCode::kDiskFull, "could not write file \"{}\": No space left on device",
                   path());
    }
    const bool fails = state_->write_failures > 0;
    if (fails) {
      --state_->write_failures;
      ++state_->faults.writes;
    }
    if (fails) bytes = bytes.first(bytes.size() / 2);
    Inode::Change change{offset, {bytes.begin(), bytes.end()}};
    Inode::Apply(inode_->bytes, change);
    inode_->pending.push_back(std::move(change));
    return fails || dies ? Dead(path()) : Status::Ok();
  }

  Status Resize(uint64_t size) REQUIRES(state_->mu) {
    bool dies = false;
    if (!Alive() || !state_->Point(&dies, "resize", path())) return Dead(path());
    Inode::Change change;
    change.is_resize = true;
    change.size = size;
    Inode::Apply(inode_->bytes, change);
    inode_->pending.push_back(std::move(change));
    return dies ? Dead(path()) : Status::Ok();
  }

  const std::shared_ptr<State> state_;
  const std::shared_ptr<Inode> inode_;
  const uint64_t incarnation_;
};

class SimFileSystem::SimLock final : public FileLock {
 public:
  SimLock(std::string path, std::shared_ptr<State> state, uint64_t incarnation)
      : path_(std::move(path)), state_(std::move(state)), incarnation_(incarnation) {}
  ~SimLock() override {
    MutexLock lock(state_->mu);
    if (incarnation_ == state_->incarnation) state_->locks.erase(path_);
  }

 private:
  const std::string path_;
  const std::shared_ptr<State> state_;
  const uint64_t incarnation_;
};

SimFileSystem::SimFileSystem() : state_(std::make_shared<State>()) {}
SimFileSystem::~SimFileSystem() = default;

Result<std::unique_ptr<File>> SimFileSystem::Open(const std::string& path, OpenMode mode) {
  MutexLock lock(state_->mu);
  if (state_->stopped) return Dead(path);
  const auto found = state_->names.find(path);
  std::shared_ptr<Inode> inode;
  if (found == state_->names.end()) {
    if (mode == OpenMode::kRead || mode == OpenMode::kReadWrite) return Missing(path);
    if (state_->folders.count(ParentPath(path)) == 0) return Missing(path);
    bool dies = false;
    if (!state_->Point(&dies, "make", path)) return Dead(path);
    inode = std::make_shared<Inode>();
    state_->ChangeName({"", path, inode});
    if (dies) return Dead(path);
  } else {
    if (mode == OpenMode::kCreateNew)
      return Error(ErrorCode::kDuplicateFile, "could not open file \"{}\": File exists", path);
    inode = found->second;
    if (mode == OpenMode::kCreateOrEmpty && !inode->bytes.empty()) {
      Inode::Change change;
      change.is_resize = true;
      Inode::Apply(inode->bytes, change);
      inode->pending.push_back(std::move(change));
    }
  }
  ++state_->open[inode.get()];
  return std::unique_ptr<File>(
      std::make_unique<SimFile>(path, state_, std::move(inode), state_->incarnation));
}

Status SimFileSystem::Rename(const std::string& from, const std::string& to) {
  MutexLock lock(state_->mu);
  bool dies = false;
  if (!state_->Point(&dies, "rename", to)) return Dead(from);
  const auto found = state_->names.find(from);
  if (found == state_->names.end()) return Missing(from);
  state_->ChangeName({from, to, found->second});
  return dies ? Dead(from) : Status::Ok();
}

Status SimFileSystem::Remove(const std::string& path) {
  MutexLock lock(state_->mu);
  bool dies = false;
  if (!state_->Point(&dies, "remove", path)) return Dead(path);
  if (state_->names.count(path) == 0) return Missing(path);
  state_->ChangeName({path, "", nullptr});
  return dies ? Dead(path) : Status::Ok();
}

Result<bool> SimFileSystem::Exists(const std::string& path) {
  MutexLock lock(state_->mu);
  if (state_->stopped) return Dead(path);
  return state_->names.count(path) != 0 || state_->folders.count(path) != 0;
}

Result<std::vector<std::string>> SimFileSystem::List(const std::string& folder) {
  MutexLock lock(state_->mu);
  if (state_->stopped) return Dead(folder);
  if (state_->folders.count(folder) == 0) return Missing(folder);
  std::vector<std::string> names;
  const auto add = [&](const std::string& path) {
    if (path != folder && ParentPath(path) == folder)
      names.push_back(path.substr(path.rfind('/') + 1));
  };
  for (const auto& [path, inode] : state_->names) add(path);
  for (const std::string& path : state_->folders) add(path);
  std::sort(names.begin(), names.end());
  return names;
}

// Folders themselves are durable at once: a database makes them only when it is created.
Status SimFileSystem::MakeDirectory(const std::string& path) {
  MutexLock lock(state_->mu);
  if (state_->stopped) return Dead(path);
  if (!state_->folders.insert(path).second)
    return Error(ErrorCode::kDuplicateFile, "could not make folder \"{}\": File exists", path);
  return Status::Ok();
}

Status SimFileSystem::RemoveDirectory(const std::string& path) {
  MutexLock lock(state_->mu);
  if (state_->stopped) return Dead(path);
  if (state_->folders.erase(path) == 0) return Missing(path);
  return Status::Ok();
}

Status SimFileSystem::SyncDirectory(const std::string& path) {
  MutexLock lock(state_->mu);
  bool dies = false;
  if (!state_->Point(&dies, "sync folder", path) || dies) return Dead(path);
  for (const State::NameChange& change : state_->pending[path])
    State::Apply(state_->durable_names, change);
  state_->pending[path].clear();
  return Status::Ok();
}

Result<std::unique_ptr<FileLock>> SimFileSystem::Lock(const std::string& path) {
  MutexLock lock(state_->mu);
  if (state_->stopped) return Dead(path);
  if (!state_->locks.insert(path).second)
    return Error(ErrorCode::kLockFileExists, "lock file \"{}\" is held by another process", path);
  return std::unique_ptr<FileLock>(std::make_unique<SimLock>(path, state_, state_->incarnation));
}

void SimFileSystem::Crash(uint64_t seed) {
  MutexLock lock(state_->mu);
  std::mt19937_64 random(seed);
  const auto chance = [&](uint64_t percent) { return random() % 100 < percent; };
  ++state_->incarnation;
  state_->stopped = false;
  state_->stop_at = UINT64_MAX;
  state_->sync_failures = state_->write_failures = 0;
  state_->locks.clear();

  // Inodes in the order of their names, so that the seed alone decides.
  std::vector<Inode*> inodes;
  const auto note = [&](const std::shared_ptr<Inode>& inode) {
    if (inode && std::find(inodes.begin(), inodes.end(), inode.get()) == inodes.end())
      inodes.push_back(inode.get());
  };
  for (const auto& [path, inode] : state_->durable_names) note(inode);
  for (const auto& [path, inode] : state_->names) note(inode);
  for (const auto& [folder, changes] : state_->pending)
    for (const auto& change : changes) note(change.inode);
  for (Inode* inode : inodes) {
    const uint64_t percent = chance(30) ? 0 : chance(40) ? 100 : 50;
    for (const Inode::Change& change : inode->pending) {
      if (change.is_resize) {
        if (chance(percent)) Inode::Apply(inode->durable, change);
        continue;
      }
      uint64_t at = 0, kept = 0;
      while (at < change.bytes.size()) {
        const uint64_t to_sector_end = kSectorBytes - (change.offset + at) % kSectorBytes;
        const uint64_t count = std::min<uint64_t>(to_sector_end, change.bytes.size() - at);
        if (chance(percent)) {
          kept += count;
          const auto first = change.bytes.begin() + static_cast<ptrdiff_t>(at);
          Inode::Apply(inode->durable,
                       {change.offset + at, {first, first + static_cast<ptrdiff_t>(count)}});
        }
        at += count;
      }
      if (kept == 0) ++state_->faults.lost_writes;
      if (kept != 0 && kept != change.bytes.size()) ++state_->faults.torn_writes;
    }
    inode->pending.clear();
    inode->bytes = inode->durable;
  }
  for (auto& [folder, changes] : state_->pending) {
    const bool in_order = chance(50);
    const size_t kept = changes.empty() ? 0 : random() % (changes.size() + 1);
    for (size_t i = 0; i < changes.size(); ++i) {
      if (in_order ? i < kept : chance(50)) {
        // A rename needs its source: if making that name was forgotten, so is the rename.
        const auto& change = changes[i];
        if (!change.removed.empty() && state_->durable_names.count(change.removed) == 0) continue;
        State::Apply(state_->durable_names, change);
      } else {
        ++state_->faults.lost_names;
      }
    }
    changes.clear();
  }
  state_->names = state_->durable_names;
}

uint64_t SimFileSystem::write_points() const {
  MutexLock lock(state_->mu);
  return state_->write_points;
}
void SimFileSystem::StopAt(uint64_t n) {
  MutexLock lock(state_->mu);
  state_->stop_at = n;
}
bool SimFileSystem::stopped() const {
  MutexLock lock(state_->mu);
  return state_->stopped;
}
std::string SimFileSystem::stopped_in() const {
  MutexLock lock(state_->mu);
  return state_->stopped_in;
}
SimFileSystem::Faults SimFileSystem::faults() const {
  MutexLock lock(state_->mu);
  return state_->faults;
}
void SimFileSystem::FailSyncs(int count) {
  MutexLock lock(state_->mu);
  state_->sync_failures = count;
}
void SimFileSystem::FailWrites(int count) {
  MutexLock lock(state_->mu);
  state_->write_failures = count;
}
void SimFileSystem::FailReads(int count) {
  MutexLock lock(state_->mu);
  state_->read_failures = count;
}
void SimFileSystem::set_capacity(uint64_t bytes) {
  MutexLock lock(state_->mu);
  state_->capacity = bytes;
}
uint64_t SimFileSystem::used_bytes() const {
  MutexLock lock(state_->mu);
  return state_->UsedBytes();
}
void SimFileSystem::Damage(const std::string& path, uint64_t offset, ByteSpan bytes) {
  MutexLock lock(state_->mu);
  const auto found = state_->names.find(path);
  OXI_CHECK(found != state_->names.end());
  const Inode::Change change{offset, {bytes.begin(), bytes.end()}};
  Inode::Apply(found->second->bytes, change);
  Inode::Apply(found->second->durable, change);
}

}  // namespace oxibase
