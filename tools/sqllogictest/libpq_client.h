#pragma once
#include <memory>
#include <string>

#include "backend.h"

namespace oxibase::slt {

/// A connection by libpq, for OxiBase's server and PostgreSQL alike. Null with `error` set.
std::unique_ptr<Client> ConnectLibpq(const std::string& conninfo, std::string& error);

}  // namespace oxibase::slt
