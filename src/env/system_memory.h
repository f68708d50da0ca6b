#pragma once

#include <cstdint>

namespace oxibase {

/// The memory that this process may use: the machine's, or its control group's if that is less.
uint64_t SystemMemoryBytes();

}  // namespace oxibase
