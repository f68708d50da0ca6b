#pragma once
// What the C++ API's tests share.

#include <string>

#include "oxibase/oxibase.hpp"

namespace oxibase::testing_api {

/// The SQLSTATE that `call` fails with; "" if it does not.
template <typename Call>
std::string StateOf(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.sqlstate();
  }
  return "";
}

}  // namespace oxibase::testing_api
