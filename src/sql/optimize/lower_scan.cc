// Which way to read a table: all of it, or by one of its indexes.

#include <algorithm>
#include <cmath>

#include "sql/optimize/expr_tools.h"
#include "sql/optimize/implication.h"
#include "sql/optimize/lower.h"
#include "sql/optimize/text_prefix.h"

namespace oxibase {
namespace {

/// How many of the wished order's columns reading `path` forwards or backwards gives; sets
/// `backward`.
size_t GivesOrder(const IndexPath& path, const LogicalScan& scan, const Wish& wish,
                  bool* backward) {
  if (wish.order.empty() || path.any_of || path.index->method != IndexMethod::kOrdered) return 0;
  if (path.unique) return wish.order.size();  // one row is in any order
  bool first = true;
  size_t column = path.equal_columns;
  for (size_t given = 0; given < wish.order.size(); ++given) {
    const Wish::Order& order = wish.order[given];
    const auto it = std::find_if(scan.output.begin(), scan.output.end(),
                                 [&](const OutputColumn& c) { return c.var == order.var; });
    const auto i = static_cast<size_t>(it - scan.output.begin());
    if (i >= scan.columns.size()) return given;
    const ColumnId id = scan.columns[i];
    // Columns fixed by equality are in every order.
    bool fixed = false;
    for (size_t k = 0; k < path.equal_columns; ++k) {
      fixed = fixed || path.index->columns[k].column == id;
    }
    if (fixed) continue;
    if (column >= path.index->columns.size()) return given;
    const IndexColumn& key = path.index->columns[column];
    if (key.column != id || !key.expression_sql.empty()) return given;
    const bool reversed = key.descending != order.descending;
    if ((key.nulls_first != reversed) != order.nulls_first) {
      // NULLs lie at the other end: that matters only where there may be some.
      const ColumnDef* def = scan.table->FindColumn(id);
      const bool left_out = path.not_null && column == path.equal_columns;
      if (!left_out && (!def || !def->not_null)) return given;
    }
    if (first) {
      *backward = reversed;
    } else if (*backward != reversed) {
      return given;
    }
    first = false;
    ++column;
    // A unique index's whole key, all of it given: what follows cannot matter.
    if (path.index->primary && column == path.index->columns.size() &&
        scan.table->IsAlwaysUnique(*path.index)) {
      break;
    }
  }
  return wish.order.size();
}

/// Whether the index alone decides which distinct rows there are: it has every column that is read.
bool CoversColumns(const IndexPath& path, const LogicalScan& scan) {
  return path.index->method == IndexMethod::kOrdered && !path.any_of &&
         std::all_of(scan.columns.begin(), scan.columns.end(), [&](ColumnId id) {
           return std::any_of(path.index->columns.begin(), path.index->columns.end(),
                              [&](const IndexColumn& key) {
                                return key.column == id && key.expression_sql.empty();
                              });
         });
}

/// Whether how many rows pass depends on a parameter more than on the column.
bool ComparesParameter(const Expr& expr) {
  const Comparison comparison = AsComparison(expr);
  if (comparison.op == Comparison::Op::kNone || comparison.op == Comparison::Op::kEqual) {
    return false;
  }
  return comparison.call->args[0]->kind == ExprKind::kParam ||
         comparison.call->args[1]->kind == ExprKind::kParam;
}

/// Whether a column of `expr` is in an ordered index.
bool IsIndexed(const Expr& expr, const LogicalScan& scan) {
  VarSet vars;
  CollectVars(expr, &vars);
  return std::any_of(
      scan.table->indexes.begin(), scan.table->indexes.end(), [&](const IndexDef& index) {
        return index.method == IndexMethod::kOrdered &&
               std::any_of(index.columns.begin(), index.columns.end(), [&](const IndexColumn& key) {
                 for (size_t i = 0; i < scan.columns.size(); ++i) {
                   if (scan.columns[i] == key.column && vars.contains(scan.output[i].var)) {
                     return true;
                   }
                 }
                 return false;
               });
      });
}

}  // namespace

Result<Lowered> Lowerer::LowerScan(LogicalScan& scan, std::vector<ExprPtr> conjuncts,
                                   const VarSet& needed, const Wish& wish) {
  if (scan.table->virtual_table) {
    return FinishScan(scan, std::move(conjuncts), needed, nullptr, false, {});
  }
  VarSet own;
  CollectOutput(scan, &own);
  const IsBound is_bound = [&](const Expr& expr) {
    VarSet vars;
    CollectVars(expr, &vars);
    return !Intersects(vars, own) && !IsVolatile(expr);
  };
  const double table_rows = estimator_.TableRows(*scan.table);
  for (const auto& conjunct : conjuncts) {
    const Expr* subject = SubjectOfParameterPattern(*conjunct);
    if (subject && IsIndexed(*subject, scan)) physical_->values_matter = true;
  }
  double selectivity = 1;
  for (const auto& conjunct : conjuncts) selectivity *= estimator_.Selectivity(*conjunct);
  const double rows = std::max(1.0, table_rows * selectivity);
  // The part of the work that a parent with a LIMIT lets happen.
  const double part = wish.rows >= 0 ? std::min(1.0, (wish.rows + 1) / rows) : 1;
  const double sort_cost = wish.order.empty() ? 0 : rows * (1 + 0.3 * std::log2(rows + 1));

  const double cautious_part = std::min(1.0, part * kFilterCaution);

  double best_cost = !wish.order.empty() ? table_rows + sort_cost
                                         : table_rows * (conjuncts.empty() ? part : cautious_part);
  double best_whole_cost = table_rows;  // if all had to be read after all
  std::optional<IndexPath> best;
  bool best_backward = false, best_distinct = false;
  size_t best_presorted = 0;
  const auto hidden = HiddenExpressions(scan);
  const Assume assume = Assuming();
  auto paths = FindIndexPaths(scan, conjuncts, {}, estimator_, is_bound,
                              !wish.order.empty() || wish.distinct, hidden, assume);
  for (auto& path : paths) {
    bool backward = false;
    const size_t presorted = GivesOrder(path, scan, wish, &backward);
    const bool ordered = !wish.order.empty() && presorted == wish.order.size();
    const bool distinct = wish.distinct && !scan.row_id && CoversColumns(path, scan);
    if (!path.narrows() && presorted == 0 && !distinct) continue;
    const double fetched = path.unique ? 1 : std::max(1.0, table_rows * path.selectivity);
    const bool is_filtered = path.covered.size() < conjuncts.size();
    const double part_read = !ordered && !wish.order.empty() ? 1
                             : is_filtered                   ? cautious_part
                                                             : part;
    double cost = path.probes * kIndexProbeCost + fetched * kIndexRowCost * part_read;
    if (presorted > 0 && !ordered && wish.rows >= 0) {
      // Rows that are equal in what is in order are read and sorted together.
      double groups = 1;
      for (size_t i = 0; i < presorted; ++i) {
        groups *= std::max(1.0, estimator_.Distinct(wish.order[i].var));
      }
      const double read = std::min(fetched, wish.rows + 2 * fetched / groups);
      cost = path.probes * kIndexProbeCost + read * kIndexRowCost + sort_cost * read / fetched;
    } else if (!ordered) {
      cost += sort_cost;
    }
    bool skips = false;
    if (distinct) {
      const double keys = KnownKeys(*path.index, scan);
      const double skip_cost = keys * (kIndexProbeCost + kIndexRowCost);
      if (keys > 0 && skip_cost < cost) {
        cost = skip_cost;
        skips = true;
      }
    }
    if (!path.narrows() && presorted == 0 && !skips) continue;
    // A lookup by a whole unique key is never a worse choice.
    if (cost < best_cost || (path.unique && !(best && best->unique))) {
      best_cost = cost;
      best_whole_cost = is_filtered ? fetched * kIndexRowCost : 0;
      best = std::move(path);
      best_backward = backward;
      best_presorted = presorted;
      best_distinct = skips;
    }
  }
  if (!(best && best->unique)) {
    // The condition stays as a filter: a subquery in a bound would run twice.
    const IsBound is_simple = [&](const Expr& expr) {
      return is_bound(expr) && !ContainsSubquery(expr);
    };
    const auto find = [&](const std::vector<ExprPtr>& choice) {
      return FindIndexPaths(scan, choice, {}, estimator_, is_simple, false, hidden, assume);
    };
    std::optional<UnionPath> choice = FindUnionPath(conjuncts, table_rows, find);
    if (choice && choice->cost * (wish.order.empty() ? part : 1) + sort_cost < best_cost) {
      const double cost = choice->cost + sort_cost;
      ASSIGN_OR_RETURN(Lowered lowered,
                       LowerUnionScan(scan, std::move(conjuncts), needed, std::move(*choice)));
      lowered.node->rows = rows;
      lowered.node->cost = cost;
      return lowered;
    }
    const auto find_bitmaps = [&](const std::vector<ExprPtr>& choice) {
      return FindIndexPaths(scan, choice, {}, estimator_, is_simple, false, hidden, assume,
                            /*bitmaps=*/true);
    };
    if (std::optional<BitmapPath> bitmap = FindBitmapPath(conjuncts, table_rows, find_bitmaps)) {
      const double read = std::max(1.0, table_rows * bitmap->selectivity) *
                          (wish.order.empty() ? cautious_part : 1);
      const double cost = bitmap->cost + read * kBitmapRowCost + sort_cost;
      if (cost < best_cost) {
        ASSIGN_OR_RETURN(Lowered lowered,
                         LowerBitmapScan(scan, std::move(conjuncts), needed, std::move(*bitmap)));
        lowered.node->rows = rows;
        lowered.node->cost = cost;
        return lowered;
      }
    }
  }
  // Fewer rows than were guessed may pass.
  constexpr double kWorthKnowing = 5'000;
  if (wish.rows >= 0 && part < 1 && best_whole_cost > kWorthKnowing &&
      std::any_of(conjuncts.begin(), conjuncts.end(),
                  [](const ExprPtr& conjunct) { return ComparesParameter(*conjunct); })) {
    physical_->values_matter = true;
  }
  ASSIGN_OR_RETURN(Lowered lowered, FinishScan(scan, std::move(conjuncts), needed,
                                               best ? &*best : nullptr, best_backward, {}));
  if (best_distinct) static_cast<PhysicalIndexScan&>(*lowered.node).distinct = true;
  lowered.presorted = best_presorted;
  lowered.ordered = !wish.order.empty() && best_presorted == wish.order.size();
  lowered.node->rows = best && best->unique ? 1 : rows;
  lowered.node->cost = best_cost;
  return lowered;
}

/// Distinct keys of the index where statistics tell; 0: they don't.
double Lowerer::KnownKeys(const IndexDef& index, const LogicalScan& scan) const {
  double keys = 1;
  for (const IndexColumn& column : index.columns) {
    const double distinct = estimator_.KnownDistinct(*scan.table, column.column);
    if (distinct <= 0) return 0;
    keys *= distinct;
  }
  return keys;
}

Result<IndexRange> Lowerer::MakeRange(IndexPath path, const RowShape& outer) {
  IndexRange range;
  RETURN_IF_ERROR(ResolveAll(path.equal, outer));
  RETURN_IF_ERROR(Resolve(path.any_of, outer));
  RETURN_IF_ERROR(Resolve(path.lower, outer));
  RETURN_IF_ERROR(Resolve(path.upper, outer));
  range.equal = std::move(path.equal);
  range.any_of = std::move(path.any_of);
  range.lower = std::move(path.lower);
  range.upper = std::move(path.upper);
  range.lower_inclusive = path.lower_inclusive;
  range.upper_inclusive = path.upper_inclusive;
  // A range never yields NULLs, which lie at one end of the index.
  range.exclude_null = path.not_null;
  range.only_null = path.is_null;
  return range;
}

Result<Lowered> Lowerer::LowerUnionScan(LogicalScan& scan, std::vector<ExprPtr> conjuncts,
                                        const VarSet& needed, UnionPath path) {
  auto node = std::make_unique<PhysicalIndexUnionScan>();
  for (IndexPath& part : path.parts) {
    const Oid index = part.index->oid;
    ASSIGN_OR_RETURN(IndexRange range, MakeRange(std::move(part), {}));
    node->parts.push_back({index, std::move(range)});
  }
  return FillScan(std::move(node), scan, std::move(conjuncts), needed);
}

Result<BitmapPlan> Lowerer::MakeBitmap(BitmapPath path, double table_rows) {
  BitmapPlan plan;
  plan.kind = path.kind;
  plan.rows = table_rows * path.selectivity;
  plan.cost = path.cost;
  if (path.kind == BitmapPlan::Kind::kIndex) {
    plan.index = path.index.index->oid;
    ASSIGN_OR_RETURN(plan.range, MakeRange(std::move(path.index), {}));
  }
  for (BitmapPath& part : path.parts) {
    ASSIGN_OR_RETURN(BitmapPlan made, MakeBitmap(std::move(part), table_rows));
    plan.parts.push_back(std::move(made));
  }
  return plan;
}

Result<Lowered> Lowerer::LowerBitmapScan(LogicalScan& scan, std::vector<ExprPtr> conjuncts,
                                         const VarSet& needed, BitmapPath path) {
  auto node = std::make_unique<PhysicalBitmapScan>();
  const std::vector<size_t> covered = path.covered;
  const size_t count = conjuncts.size();
  ASSIGN_OR_RETURN(node->bitmap, MakeBitmap(std::move(path), estimator_.TableRows(*scan.table)));
  ASSIGN_OR_RETURN(Lowered lowered, FillScan(std::move(node), scan, std::move(conjuncts), needed));
  auto& made = static_cast<PhysicalBitmapScan&>(*lowered.node);
  std::vector<ExprPtr> rest;
  for (size_t i = 0; i < count; ++i) {
    if (std::find(covered.begin(), covered.end(), i) != covered.end()) continue;
    rest.push_back(
        Clone(count == 1 ? *made.filter : *static_cast<const BoolExpr&>(*made.filter).args[i]));
  }
  made.rest = AndAll(std::move(rest));
  return lowered;
}

/// Makes the scan's node; bounds of `path` may refer to `outer` (an index join's left batch).
Result<Lowered> Lowerer::FinishScan(LogicalScan& scan, std::vector<ExprPtr> conjuncts,
                                    const VarSet& needed, IndexPath* path, bool backward,
                                    const RowShape& outer) {
  std::unique_ptr<PhysicalScanBase> node;
  if (scan.table->virtual_table) {
    node = std::make_unique<PhysicalVirtualScan>();
  } else if (path) {
    auto index_scan = std::make_unique<PhysicalIndexScan>();
    index_scan->index = path->index->oid;
    index_scan->backward = backward;
    for (const size_t covered : path->covered) conjuncts[covered] = nullptr;
    std::erase(conjuncts, nullptr);
    ASSIGN_OR_RETURN(index_scan->range, MakeRange(std::move(*path), outer));
    node = std::move(index_scan);
  } else {
    node = std::make_unique<PhysicalTableScan>();
  }
  return FillScan(std::move(node), scan, std::move(conjuncts), needed);
}

/// Gives `node` the table, the filter and the columns that are needed.
Result<Lowered> Lowerer::FillScan(std::unique_ptr<PhysicalScanBase> node, const LogicalScan& scan,
                                  std::vector<ExprPtr> conjuncts, const VarSet& needed) {
  node->table = scan.table;
  node->alias = scan.alias;
  node->columns = scan.columns;
  node->scan_id = scan.scan_id;
  node->as_of = scan.as_of.Copy();
  RowShape shape;
  for (size_t i = 0; i < scan.columns.size(); ++i) shape.push_back(scan.output[i].var);
  node->filter = AndAll(std::move(conjuncts));
  RETURN_IF_ERROR(Resolve(node->filter, shape));
  // Columns that only the filter reads are not handed up.
  RowShape projected;
  for (uint32_t i = 0; i < shape.size(); ++i) {
    if (!needed.contains(shape[i])) continue;
    node->projection.push_back(i);
    projected.push_back(shape[i]);
  }
  shape = std::move(projected);
  if (scan.row_id) {
    node->emit_row_id = true;
    shape.push_back(*scan.row_id);
  }
  const double rows = estimator_.TableRows(*scan.table);
  return Finish(std::move(node), std::move(shape), rows, rows);
}

bool Lowerer::MayAssume(std::span<const Expr* const> facts, const Expr& predicate) {
  ExprPtr condition = ParameterCondition(facts, predicate);
  if (!condition) return false;
  const auto is_condition = [&](const ExprPtr& other) { return Equal(*other, *condition); };
  if (context_.assumed &&
      std::any_of(context_.assumed->begin(), context_.assumed->end(), is_condition)) {
    return true;
  }
  auto& noted = physical_->assumptions;
  if (noted.size() < kAssumptionsMax && std::none_of(noted.begin(), noted.end(), is_condition)) {
    noted.push_back(std::move(condition));
  }
  return false;
}

std::function<ExprPtr(const IndexDef&, size_t)> Lowerer::HiddenExpressions(
    const LogicalScan& scan) const {
  if (!context_.bind_index_expression) return nullptr;
  // Asked for every condition anew: bound once.
  auto known = std::make_shared<std::map<std::pair<Oid, size_t>, ExprPtr>>();
  return [this, &scan, known](const IndexDef& index, size_t column) -> ExprPtr {
    const auto [it, is_new] = known->try_emplace({index.oid, column});
    if (!is_new) return it->second ? Clone(*it->second) : nullptr;
    std::vector<VarId> vars(scan.table->columns.size(), 0);
    for (size_t i = 0; i < scan.table->columns.size(); ++i) {
      for (size_t k = 0; k < scan.columns.size(); ++k) {
        if (scan.columns[k] == scan.table->columns[i].id) vars[i] = scan.output[k].var;
      }
    }
    auto bound = context_.bind_index_expression(
        *scan.table,
        column < index.columns.size() ? index.columns[column].expression_sql : index.predicate_sql,
        vars);
    if (!bound.ok()) return nullptr;
    it->second = std::move(*bound);
    return Clone(*it->second);
  };
}

}  // namespace oxibase
