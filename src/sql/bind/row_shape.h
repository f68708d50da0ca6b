#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/types.h"

namespace oxibase::bind {

/// What the rows of an expression of type record (or the elements of an array of records) consist
/// of, where the statement tells. Never changes once made.
struct RowShape {
  struct Field {
    std::string name;
    Type type;
    std::shared_ptr<const RowShape> shape;  // of a field that is a row itself, or an array of them
  };
  std::vector<Field> fields;
};
using RowShapePtr = std::shared_ptr<const RowShape>;

}  // namespace oxibase::bind
