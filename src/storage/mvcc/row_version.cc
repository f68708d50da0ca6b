#include "storage/mvcc/row_version.h"

#include <cstdlib>
#include <new>

#include "common/status.h"

namespace oxibase {

RowVersion* RowVersion::Create(uint64_t begin, CommandNumber command, SchemaVersion schema,
                               uint8_t flags, uint32_t row_bytes) {
  static_assert(alignof(RowVersion) <= alignof(std::max_align_t));
  void* memory = std::malloc(sizeof(RowVersion) + row_bytes);
  OXI_CHECK(memory != nullptr);
  auto* version = new (memory) RowVersion;
  version->begin.store(begin, std::memory_order_relaxed);
  version->next.store(nullptr, std::memory_order_relaxed);
  version->command = command;
  version->row_bytes = row_bytes;
  version->schema_version = schema;
  version->flags.store(flags, std::memory_order_relaxed);
  return version;
}

void RowVersion::Destroy(RowVersion* version) { std::free(version); }

}  // namespace oxibase
