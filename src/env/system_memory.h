#pragma once

#include <cstdint>

namespace oxibase {

/// The memory that this process may use: the machine's, or its control group's if that is less.
uint64_t SystemMemoryBytes();
/// This process's resident memory, as the kernel counts it; 0 where that is not known.
uint64_t ResidentBytes();
/// Gives memory that was freed back to the system, as far as the allocator can. Takes some tens of
/// milliseconds for each gigabyte.
void ReturnFreeMemory();

}  // namespace oxibase
