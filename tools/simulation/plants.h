#pragma once

#include <span>

namespace oxibase::sim {

/// A bug that OXI_PLANT(name) puts into the code (common/plant.h).
struct Plant {
  const char* name;
  const char* text;
};

std::span<const Plant> AllPlants();

}  // namespace oxibase::sim
