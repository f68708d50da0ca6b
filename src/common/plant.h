#pragma once
// What the simulation (docs/simulation.md) does within the engine's code. Everywhere else none of
// it is there:
//
//   OXI_PLANT(name)   whether a bug is planted here, to see that the simulation finds it; false
//   OXI_POINT()       another thread may go on here. All calls of locks and files are such points;
//                     these are for what works by atomics alone

#ifdef OXI_SIMULATION

#include <string_view>

namespace oxibase {

/// The bug that is planted now; empty: none.
inline std::string_view planted_bug;
/// What a point calls.
inline void (*simulation_point)() = nullptr;

}  // namespace oxibase

#define OXI_PLANT(name) (::oxibase::planted_bug == #name)
#define OXI_POINT() ::oxibase::simulation_point()

#else

#define OXI_PLANT(name) false
#define OXI_POINT() static_cast<void>(0)

#endif
