// OxiBase as a peer of the embedded operations' harness: in memory, one session, all settings as
// they come. The harness declares what an engine must offer (engine.h) and lies elsewhere; see
// bench/README.md.

#include <stdexcept>

#include "engine.h"
#include "engine/database.h"
#include "engine/session.h"

namespace bench {
namespace {

using oxibase::Batch;
using oxibase::PhysicalType;
using oxibase::TypeId;
using oxibase::Vector;
using oxibase::VectorView;

void Check(const oxibase::Status& status) {
  if (!status.ok()) throw std::runtime_error(std::string(status.message()));
}

template <typename T>
T Take(oxibase::Result<T> result) {
  Check(result.status());
  return std::move(result).value();
}

/// The parameter in the type that the statement has for it.
oxibase::Value Convert(const Value& value, oxibase::Type type) {
  if (value.kind == Value::Kind::kNull) return oxibase::Value::Null(type);
  const bool real = value.kind == Value::Kind::kReal;
  switch (PhysicalTypeOf(type)) {
    case PhysicalType::kBool:
      return oxibase::Value::Bool(value.integer != 0);
    case PhysicalType::kInt32:
      return oxibase::Value::Int4(static_cast<int32_t>(value.integer));
    case PhysicalType::kInt64:
      return oxibase::Value::Int8(value.integer);
    case PhysicalType::kFloat64:
      return oxibase::Value::Float8(real ? value.real : static_cast<double>(value.integer));
    case PhysicalType::kString:
      return oxibase::Value::String(type, value.text);
    default:
      throw std::runtime_error("a parameter of an unexpected type");
  }
}

Value Read(const Vector& column, uint32_t row) {
  const VectorView view = column.view();
  if (view.IsNull(row)) return {};
  switch (column.physical()) {
    case PhysicalType::kBool:
      return view.Get<uint8_t>(row) != 0;
    case PhysicalType::kInt32:
      return static_cast<int64_t>(view.Get<int32_t>(row));
    case PhysicalType::kInt64:
      return view.Get<int64_t>(row);
    case PhysicalType::kFloat64:
      return view.Get<double>(row);
    case PhysicalType::kString:
      if (column.type().id == TypeId::kNumeric) {
        throw std::runtime_error("a numeric result: not read by this program");
      }
      return std::string(view.Get<oxibase::StringRef>(row).view());
    default:
      throw std::runtime_error("a result of an unexpected type");
  }
}

class OxiStatement : public Statement {
 public:
  OxiStatement(oxibase::Session& session, const std::string& sql)
      : session_(session), statement_(Take(session.Prepare(sql, {}))) {}

  int64_t Run(const Row& params, const RowSink* sink) override {
    values_.clear();
    for (size_t i = 0; i < params.size(); ++i) {
      values_.push_back(Convert(params[i], statement_->param_types()[i]));
    }
    try {
      const int64_t rows = RunPortal(sink);
      Check(session_.EndImplicit());
      return rows;
    } catch (...) {
      session_.FailTransaction();
      session_.EndImplicit().Ignore("the first error is told");
      throw;
    }
  }

 private:
  int64_t RunPortal(const RowSink* sink) {
    if (portal_) {
      Check(portal_->Rebind(values_));
    } else {
      portal_ = Take(session_.Bind(statement_, values_));
    }
    while (const Batch* batch = Take(portal_->Next(0))) {
      if (sink) {
        Hand(*batch, *sink);
      } else {
        for (const Vector& column : batch->columns) Touch(column, batch->size);
      }
    }
    return static_cast<int64_t>(portal_->rows());
  }

  static void Hand(const Batch& batch, const RowSink& sink) {
    for (uint32_t r = 0; r < batch.size; ++r) {
      Row row;
      for (const Vector& column : batch.columns) row.push_back(Read(column, r));
      sink(row);
    }
  }

  void Touch(const Vector& column, uint32_t rows) {
    const VectorView view = column.view();
    for (uint32_t r = 0; r < rows; ++r) {
      if (view.IsNull(r)) continue;
      switch (column.physical()) {
        case PhysicalType::kBool:
          touched_ += view.Get<uint8_t>(r);
          break;
        case PhysicalType::kInt32:
          touched_ += static_cast<uint64_t>(view.Get<int32_t>(r));
          break;
        case PhysicalType::kInt64:
          touched_ += static_cast<uint64_t>(view.Get<int64_t>(r));
          break;
        case PhysicalType::kFloat64:
          touched_ += view.Get<double>(r) > 0;
          break;
        default: {
          const std::string_view text = view.Get<oxibase::StringRef>(r).view();
          touched_ += text.size() + (text.empty() ? 0 : static_cast<unsigned char>(text[0]));
        }
      }
    }
  }

  oxibase::Session& session_;
  std::shared_ptr<oxibase::PreparedStatement> statement_;
  std::unique_ptr<oxibase::Portal> portal_;
  std::vector<oxibase::Value> values_;
};

class Oxi : public Engine {
 public:
  Oxi() : database_(Take(oxibase::Database::Open({}))), session_(Take(database_->Connect({}))) {}

  std::string name() const override { return "oxibase"; }
  std::string version() const override { return OXI_VERSION; }
  std::unique_ptr<Statement> Prepare(const std::string& sql) override {
    return std::make_unique<OxiStatement>(*session_, sql);
  }

 private:
  std::unique_ptr<oxibase::Database> database_;
  std::unique_ptr<oxibase::Session> session_;
};

}  // namespace

std::unique_ptr<Engine> OpenEngine(int) { return std::make_unique<Oxi>(); }

}  // namespace bench
