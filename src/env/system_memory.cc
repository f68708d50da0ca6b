#include "env/system_memory.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace oxibase {

uint64_t SystemMemoryBytes() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  uint64_t bytes = pages > 0 && page > 0
                       ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(page)
                       : uint64_t{1} << 30;
  for (const char* path :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::FILE* file = std::fopen(path, "re");
    if (file == nullptr) continue;
    unsigned long long limit = 0;  // "max" is no number
    if (std::fscanf(file, "%llu", &limit) == 1 && limit > 0) {
      bytes = std::min<uint64_t>(bytes, limit);
    }
    std::fclose(file);
  }
  return bytes;
}

uint64_t ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long long total = 0;
  unsigned long long resident = 0;
  const bool known = std::fscanf(file, "%llu %llu", &total, &resident) == 2;
  std::fclose(file);
  return known ? resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

void ReturnFreeMemory() { malloc_trim(0); }

}  // namespace oxibase
