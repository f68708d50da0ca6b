#pragma once
// What the runner asks of a database. One `Backend` is one empty database for one file.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace oxibase::slt {

struct Outcome {
  /// Empty when all went well.
  std::string sqlstate;
  std::string message;
  /// Of the last result that has rows, or the lines that COPY sent.
  bool has_rows = false;
  size_t columns = 0;
  /// A letter for each column (I, R, B or T), if the back end knows.
  std::string types;
  std::vector<std::vector<std::optional<std::string>>> rows;
  int64_t count = 0;
  /// What NOTIFY has brought since the last statement and with this one; over the wire only.
  struct Notified {
    std::string channel, payload, pid;
  };
  std::vector<Notified> notified;

  bool ok() const { return sqlstate.empty(); }
};

/// One connection. `Execute` is called by one thread at a time; `Cancel` by any.
class Client {
 public:
  virtual ~Client() = default;
  /// Runs one or more statements; `copy_data` is what COPY ... FROM STDIN reads.
  virtual Outcome Execute(const std::string& sql, const std::string& copy_data) = 0;
  virtual void Cancel() = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  /// Null with `error` set if there is no connection to be had.
  virtual std::unique_ptr<Client> Connect(std::string& error) = 0;
  /// Ends the database in an orderly way and opens it again; all clients are gone before.
  virtual bool Restart(std::string& error) = 0;
  /// Ends the database; false with `error` set if it ended badly.
  virtual bool Close(std::string& error) = 0;
};

enum class BackendKind { kEmbedded, kWire, kPostgres };

struct BackendOptions {
  BackendKind kind = BackendKind::kEmbedded;
  bool freeze = false;  // kEmbedded
  /// kWire: the program to start. kPostgres: how to connect.
  std::string program, conninfo;
};

/// Whether skipif and onlyif name the back end so: "embedded", "freeze", "wire", "oxibase",
/// "postgres".
bool IsNamed(const BackendOptions& options, const std::string& word);
/// An empty database. Null with `error` set if it cannot be made.
std::unique_ptr<Backend> OpenBackend(const BackendOptions& options, std::string& error);
/// `freeze`: after each statement a checkpoint drives all rows out of memory that can go, into
/// segments of a simulated file system.
std::unique_ptr<Backend> OpenEmbedded(bool freeze, std::string& error);
std::unique_ptr<Backend> OpenWire(const std::string& program, std::string& error);
std::unique_ptr<Backend> OpenPostgres(const std::string& conninfo, std::string& error);

}  // namespace oxibase::slt
