#pragma once
// Bugs that the simulation plants, to see that it finds them (docs/simulation.md). Everywhere else
// OXI_PLANT(name) is the constant false.

#ifdef OXI_SIMULATION

#include <string_view>

namespace oxibase {

/// The bug that is planted now; empty: none.
inline std::string_view planted_bug;

}  // namespace oxibase

#define OXI_PLANT(name) (::oxibase::planted_bug == #name)

#else

#define OXI_PLANT(name) false

#endif
