// EXPLAIN: a plan as text in PostgreSQL's form, or as JSON.

#include <fmt/format.h>

#include <functional>

#include "engine/session_impl.h"
#include "expr/expression.h"
#include "expr/function.h"

namespace oxibase {
namespace {

std::string_view JoinWord(JoinType type) {
  switch (type) {
    case JoinType::kInner:
      return "";
    case JoinType::kLeft:
      return " Left";
    case JoinType::kRight:
      return " Right";
    case JoinType::kFull:
      return " Full";
    case JoinType::kSemi:
      return " Semi";
    case JoinType::kAnti:
      return " Anti";
    case JoinType::kNullAwareAnti:
      return " Null-Aware Anti";
    case JoinType::kSingle:
      return " Single";
    case JoinType::kMark:
      return " Mark";
  }
  return "";
}

/// What one node shows: its title, then lines of "name: value".
struct NodeText {
  std::string title;
  std::string join_type;  // for JSON
  std::string relation, alias, index;
  std::vector<std::pair<std::string, std::string>> lines;
};

std::string FormatKeys(const std::vector<SortKey>& keys) {
  std::string text;
  for (const auto& key : keys) {
    if (!text.empty()) text += ", ";
    text += Format(*key.expr);
    if (key.descending) text += " DESC";
    if (key.nulls_first != key.descending) text += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
  }
  return text;
}

std::string FormatList(const std::vector<ExprPtr>& exprs) {
  std::string text;
  for (const auto& expr : exprs) text += (text.empty() ? "" : ", ") + Format(*expr);
  return text;
}

std::string FormatRange(const PhysicalScanBase& scan, Oid oid, const IndexRange& range) {
  const IndexDef* index = scan.table->FindIndex(oid);
  const auto column = [&](size_t i) -> std::string {
    if (!index || i >= index->columns.size()) return "?";
    if (!index->columns[i].expression_sql.empty()) return index->columns[i].expression_sql;
    const ColumnDef* def = scan.table->FindColumn(index->columns[i].column);
    return def ? def->name : "?";
  };
  std::vector<std::string> parts;
  size_t i = 0;
  for (const auto& expr : range.equal) {
    parts.push_back(fmt::format("({} = {})", column(i++), Format(*expr)));
  }
  if (range.any_of) {
    parts.push_back(fmt::format("({} = ANY ({}))", column(i), Format(*range.any_of)));
  }
  if (range.lower) {
    parts.push_back(fmt::format("({} {} {})", column(i), range.lower_inclusive ? ">=" : ">",
                                Format(*range.lower)));
  }
  if (range.upper) {
    parts.push_back(fmt::format("({} {} {})", column(i), range.upper_inclusive ? "<=" : "<",
                                Format(*range.upper)));
  }
  if (range.only_null) parts.push_back(fmt::format("({} IS NULL)", column(i)));
  if (range.exclude_null && !range.lower && !range.upper) {
    parts.push_back(fmt::format("({} IS NOT NULL)", column(i)));
  }
  if (parts.size() == 1) return parts[0];
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "(" : " AND ") + part;
  return text.empty() ? text : text + ")";
}

/// The condition that a bitmap stands for.
std::string FormatBitmap(const PhysicalScanBase& scan, const BitmapPlan& bitmap) {
  if (bitmap.kind == BitmapPlan::Kind::kIndex) {
    return FormatRange(scan, bitmap.index, bitmap.range);
  }
  const std::string_view word = bitmap.kind == BitmapPlan::Kind::kAnd ? " AND " : " OR ";
  std::string text;
  for (const BitmapPlan& part : bitmap.parts) {
    const std::string condition = FormatBitmap(scan, part);
    if (condition.empty()) continue;  // a partial index as a whole
    text += fmt::format("{}{}", text.empty() ? "(" : word, condition);
  }
  return text.empty() ? text : text + ")";
}

void DescribeScan(const PhysicalScanBase& scan, std::string_view how, NodeText* text) {
  text->relation = scan.table->name;
  text->alias = scan.alias.empty() ? scan.table->name : scan.alias;
  if (const IndexDef* index =
          scan.kind == PhysicalKind::kIndexScan
              ? scan.table->FindIndex(static_cast<const PhysicalIndexScan&>(scan).index)
              : nullptr) {
    text->index = index->name;
  }
  text->title = how;
  if (!text->index.empty()) text->title += " using " + text->index;
  text->title += " on " + text->relation;
  if (text->alias != text->relation) text->title += " " + text->alias;
  if (scan.kind == PhysicalKind::kIndexScan) {
    const auto& index_scan = static_cast<const PhysicalIndexScan&>(scan);
    const std::string range = FormatRange(scan, index_scan.index, index_scan.range);
    if (!range.empty()) text->lines.emplace_back("Index Cond", range);
  } else if (scan.kind == PhysicalKind::kIndexUnionScan) {
    std::string ranges;
    for (const auto& part : static_cast<const PhysicalIndexUnionScan&>(scan).parts) {
      const IndexDef* index = scan.table->FindIndex(part.index);
      const std::string range = FormatRange(scan, part.index, part.range);
      ranges += fmt::format("{}{}{}{}", ranges.empty() ? "" : ", ", index ? index->name : "?",
                            range.empty() ? "" : " ", range);
    }
    text->lines.emplace_back("Index Conds", ranges);
  } else if (scan.kind == PhysicalKind::kBitmapScan) {
    const auto& bitmap_scan = static_cast<const PhysicalBitmapScan&>(scan);
    const std::string condition = FormatBitmap(scan, bitmap_scan.bitmap);
    if (!condition.empty()) text->lines.emplace_back("Recheck Cond", condition);
    if (bitmap_scan.rest) text->lines.emplace_back("Filter", Format(*bitmap_scan.rest));
    return;
  }
  if (scan.filter) text->lines.emplace_back("Filter", Format(*scan.filter));
}

NodeText Describe(const PhysicalNode& node) {
  NodeText text;
  switch (node.kind) {
    case PhysicalKind::kTableScan:
      DescribeScan(static_cast<const PhysicalScanBase&>(node), "Seq Scan", &text);
      break;
    case PhysicalKind::kVirtualScan:
      DescribeScan(static_cast<const PhysicalScanBase&>(node), "Virtual Scan", &text);
      break;
    case PhysicalKind::kIndexScan:
      DescribeScan(static_cast<const PhysicalScanBase&>(node),
                   static_cast<const PhysicalIndexScan&>(node).distinct   ? "Index Skip Scan"
                   : static_cast<const PhysicalIndexScan&>(node).backward ? "Index Scan Backward"
                                                                          : "Index Scan",
                   &text);
      break;
    case PhysicalKind::kIndexUnionScan:
      DescribeScan(static_cast<const PhysicalScanBase&>(node), "Index Union Scan", &text);
      break;
    case PhysicalKind::kBitmapScan:
      DescribeScan(static_cast<const PhysicalScanBase&>(node), "Bitmap Heap Scan", &text);
      break;
    case PhysicalKind::kValues:
      text.title = static_cast<const PhysicalValues&>(node).rows_exprs.size() == 1
                       ? "Result"
                       : "Values Scan on \"*VALUES*\"";
      break;
    case PhysicalKind::kFunctionScan: {
      const auto& scan = static_cast<const PhysicalFunctionScan&>(node);
      text.title = "Function Scan";
      if (!scan.alias.empty()) text.title += " on " + scan.alias;
      std::string calls;
      for (const auto& call : scan.calls) {
        calls += (calls.empty() ? "" : ", ") + Format(*call.call);
      }
      text.lines.emplace_back("Function Call", calls);
      break;
    }
    case PhysicalKind::kFilter:
      text.title = "Filter";
      text.lines.emplace_back("Filter",
                              Format(*static_cast<const PhysicalFilter&>(node).predicate));
      break;
    case PhysicalKind::kProject:
      text.title = "Project";
      break;
    case PhysicalKind::kHashJoin: {
      const auto& join = static_cast<const PhysicalHashJoin&>(node);
      text.title = fmt::format("Hash{} Join", JoinWord(join.type));
      text.join_type = JoinWord(join.type);
      std::string condition;
      for (size_t i = 0; i < join.left_keys.size(); ++i) {
        condition += fmt::format("{}({} = {})", i ? " AND " : "", Format(*join.left_keys[i]),
                                 Format(*join.right_keys[i]));
      }
      if (join.left_keys.size() > 1) condition = "(" + condition + ")";
      text.lines.emplace_back("Hash Cond", condition);
      if (join.residual) text.lines.emplace_back("Join Filter", Format(*join.residual));
      break;
    }
    case PhysicalKind::kNestedLoopJoin: {
      const auto& join = static_cast<const PhysicalNestedLoopJoin&>(node);
      text.title = "Nested Loop" + std::string(JoinWord(join.type));
      if (join.type != JoinType::kInner) text.title += " Join";
      text.join_type = JoinWord(join.type);
      if (join.condition) text.lines.emplace_back("Join Filter", Format(*join.condition));
      break;
    }
    case PhysicalKind::kIndexJoin: {
      const auto& join = static_cast<const PhysicalIndexJoin&>(node);
      text.title = "Index Nested Loop" + std::string(JoinWord(join.type));
      if (join.type != JoinType::kInner) text.title += " Join";
      text.join_type = JoinWord(join.type);
      if (join.residual) text.lines.emplace_back("Join Filter", Format(*join.residual));
      break;
    }
    case PhysicalKind::kAggregate: {
      const auto& aggregate = static_cast<const PhysicalAggregate&>(node);
      text.title = aggregate.keys.empty() ? "Aggregate"
                   : aggregate.streaming  ? "GroupAggregate"
                                          : "HashAggregate";
      if (!aggregate.keys.empty()) {
        text.lines.emplace_back("Group Key", FormatList(aggregate.keys));
      }
      break;
    }
    case PhysicalKind::kWindow:
      text.title = "WindowAgg";
      break;
    case PhysicalKind::kDistinctOn:
      text.title = "Unique";
      break;
    case PhysicalKind::kSort: {
      const auto& sort = static_cast<const PhysicalSort&>(node);
      text.title = sort.presorted ? "Incremental Sort" : sort.limit ? "Top-N Sort" : "Sort";
      text.lines.emplace_back("Sort Key", FormatKeys(sort.keys));
      break;
    }
    case PhysicalKind::kLimit:
      text.title = "Limit";
      break;
    case PhysicalKind::kSetOp: {
      const auto& op = static_cast<const PhysicalSetOp&>(node);
      text.title = fmt::format("HashSetOp {}{}",
                               op.op == LogicalSetOp::Op::kIntersect ? "Intersect" : "Except",
                               op.all ? " All" : "");
      break;
    }
    case PhysicalKind::kAppend:
      text.title = "Append";
      break;
    case PhysicalKind::kCte:
      text.title = "CTE " + static_cast<const PhysicalCte&>(node).name;
      break;
    case PhysicalKind::kCteScan: {
      const auto& scan = static_cast<const PhysicalCteScan&>(node);
      text.title = (scan.working_table ? "WorkTable Scan on " : "CTE Scan on ") + scan.name;
      break;
    }
    case PhysicalKind::kRecursiveCte:
      text.title = "Recursive Union";
      break;
    case PhysicalKind::kLockRows:
      text.title = "LockRows";
      break;
    case PhysicalKind::kInsert: {
      const auto& insert = static_cast<const PhysicalInsert&>(node);
      text.relation = insert.table->name;
      text.title = "Insert on " + insert.table->name;
      if (insert.on_conflict) {
        text.lines.emplace_back("Conflict Resolution",
                                insert.on_conflict->do_update ? "UPDATE" : "NOTHING");
      }
      break;
    }
    case PhysicalKind::kUpdate:
      text.relation = static_cast<const PhysicalUpdate&>(node).table->name;
      text.title = "Update on " + text.relation;
      break;
    case PhysicalKind::kDelete:
      text.relation = static_cast<const PhysicalDelete&>(node).table->name;
      text.title = "Delete on " + text.relation;
      break;
  }
  return text;
}

class Explainer {
 public:
  Explainer(const PhysicalPlan& plan, bool verbose, bool costs,
            const std::vector<OperatorStats>* stats)
      : plan_(plan), verbose_(verbose), costs_(costs), stats_(stats) {}

  std::vector<std::string> Text() {
    Node(*plan_.root, 0, true);
    for (size_t i = 0; i < plan_.subplans.size(); ++i) {
      lines_.push_back(fmt::format("  SubPlan {}", i + 1));
      Node(*plan_.subplans[i], 4, false);
    }
    return std::move(lines_);
  }

  std::string Json() {
    std::string out = "[\n  {\n    \"Plan\": ";
    JsonNode(*plan_.root, "    ", &out);
    out += "\n  }\n]";
    return out;
  }

 private:
  const OperatorStats* StatsOf(const PhysicalNode& node) const {
    if (!stats_) return nullptr;
    for (const auto& one : *stats_) {
      if (one.node == &node) return &one;
    }
    return nullptr;
  }

  /// Children in the order they are shown: an index join's inner scan is one.
  static std::vector<const PhysicalNode*> Children(const PhysicalNode& node) {
    std::vector<const PhysicalNode*> children;
    for (const auto& child : node.children) children.push_back(child.get());
    if (node.kind == PhysicalKind::kIndexJoin) {
      children.push_back(static_cast<const PhysicalIndexJoin&>(node).inner.get());
    }
    return children;
  }

  void Node(const PhysicalNode& node, size_t indent, bool is_root) {
    const NodeText text = Describe(node);
    std::string line(indent, ' ');
    if (!is_root) line += "->  ";
    line += text.title;
    if (costs_) {
      line += fmt::format("  (cost=0.00..{:.2f} rows={:.0f} width={})", node.cost, node.rows,
                          Width(node));
    }
    if (stats_) {
      const OperatorStats* stats = StatsOf(node);
      if (stats && stats->loops > 0) {
        line += " (actual ";
        if (stats->nanos) {
          line += fmt::format("time={:.3f} ", static_cast<double>(*stats->nanos) / 1e6);
        }
        line += fmt::format("rows={} loops={})", stats->rows, stats->loops);
      } else {
        line += " (never executed)";
      }
    }
    lines_.push_back(std::move(line));
    const std::string below(indent + (is_root ? 2 : 6), ' ');
    if (verbose_ && !node.names.empty()) {
      std::string names;
      for (const auto& name : node.names) names += (names.empty() ? "" : ", ") + name;
      lines_.push_back(below + "Output: " + names);
    }
    for (const auto& [name, value] : text.lines)
      lines_.push_back(fmt::format("{}{}: {}", below, name, value));
    if (const OperatorStats* stats = StatsOf(node); stats && !stats->note.empty()) {
      lines_.push_back(below + stats->note);
    }
    if (node.kind == PhysicalKind::kBitmapScan) {
      const auto& scan = static_cast<const PhysicalBitmapScan&>(node);
      Bitmap(scan, scan.bitmap, below.size());
    }
    for (const PhysicalNode* child : Children(node)) {
      Node(*child, indent + (is_root ? 2 : 6), false);
    }
  }

  static std::string BitmapTitle(const BitmapPlan& bitmap) {
    switch (bitmap.kind) {
      case BitmapPlan::Kind::kIndex:
        return "Bitmap Index Scan";
      case BitmapPlan::Kind::kAnd:
        return "BitmapAnd";
      case BitmapPlan::Kind::kOr:
        return "BitmapOr";
    }
    return {};
  }

  void Bitmap(const PhysicalScanBase& scan, const BitmapPlan& bitmap, size_t indent) {
    std::string line = std::string(indent, ' ') + "->  " + BitmapTitle(bitmap);
    const IndexDef* index = scan.table->FindIndex(bitmap.index);
    if (index) line += " on " + index->name;
    if (costs_) {
      line += fmt::format("  (cost=0.00..{:.2f} rows={:.0f} width=0)", bitmap.cost, bitmap.rows);
    }
    lines_.push_back(std::move(line));
    if (index) {
      const std::string range = FormatRange(scan, bitmap.index, bitmap.range);
      if (!range.empty()) lines_.push_back(std::string(indent + 6, ' ') + "Index Cond: " + range);
    }
    for (const BitmapPlan& part : bitmap.parts) Bitmap(scan, part, indent + 6);
  }

  void JsonBitmap(const PhysicalScanBase& scan, const BitmapPlan& bitmap, const std::string& indent,
                  std::string* out) {
    const std::string inner = indent + "  ";
    *out += "{\n" + inner + "\"Node Type\": " + JsonString(BitmapTitle(bitmap));
    const auto field = [&](std::string_view name, const std::string& value) {
      *out += fmt::format(",\n{}\"{}\": {}", inner, name, value);
    };
    if (const IndexDef* index = scan.table->FindIndex(bitmap.index)) {
      field("Index Name", JsonString(index->name));
    }
    if (costs_) {
      field("Startup Cost", "0.00");
      field("Total Cost", fmt::format("{:.2f}", bitmap.cost));
      field("Plan Rows", fmt::format("{:.0f}", bitmap.rows));
      field("Plan Width", "0");
    }
    if (bitmap.kind == BitmapPlan::Kind::kIndex) {
      const std::string range = FormatRange(scan, bitmap.index, bitmap.range);
      if (!range.empty()) field("Index Cond", JsonString(range));
    } else {
      std::string plans;
      for (const BitmapPlan& part : bitmap.parts) {
        plans += (plans.empty() ? "" : ",\n") + inner + "  ";
        JsonBitmap(scan, part, inner + "  ", &plans);
      }
      field("Plans", "[\n" + plans + "\n" + inner + "]");
    }
    *out += "\n" + indent + "}";
  }

  static size_t Width(const PhysicalNode& node) {
    size_t width = 0;
    for (const Type type : node.types) {
      const PhysicalType physical = PhysicalTypeOf(type);
      width += physical == PhysicalType::kString ? 32 : PhysicalWidth(physical);
    }
    return width;
  }

  static std::string JsonString(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        out += fmt::format("\\u{:04x}", static_cast<int>(c));
      } else {
        out += c;
      }
    }
    return out + '"';
  }

  void JsonNode(const PhysicalNode& node, const std::string& indent, std::string* out) {
    const NodeText text = Describe(node);
    const std::string inner = indent + "  ";
    std::string type = text.title.substr(0, text.title.find(" on "));
    type = type.substr(0, type.find(" using "));
    *out += "{\n" + inner + "\"Node Type\": " + JsonString(type);
    const auto field = [&](std::string_view name, const std::string& value) {
      *out += fmt::format(",\n{}\"{}\": {}", inner, name, value);
    };
    if (!text.join_type.empty()) field("Join Type", JsonString(text.join_type.substr(1)));
    if (!text.relation.empty()) field("Relation Name", JsonString(text.relation));
    if (!text.alias.empty()) field("Alias", JsonString(text.alias));
    if (!text.index.empty()) field("Index Name", JsonString(text.index));
    if (costs_) {
      field("Startup Cost", "0.00");
      field("Total Cost", fmt::format("{:.2f}", node.cost));
      field("Plan Rows", fmt::format("{:.0f}", node.rows));
      field("Plan Width", std::to_string(Width(node)));
    }
    if (const OperatorStats* stats = StatsOf(node)) {
      if (stats->nanos) {
        field("Actual Total Time", fmt::format("{:.3f}", static_cast<double>(*stats->nanos) / 1e6));
      }
      field("Actual Rows", std::to_string(stats->rows));
      field("Actual Loops", std::to_string(stats->loops));
    }
    for (const auto& [name, value] : text.lines) field(name, JsonString(value));
    if (node.kind == PhysicalKind::kBitmapScan) {
      const auto& scan = static_cast<const PhysicalBitmapScan&>(node);
      *out += ",\n" + inner + "\"Plans\": [\n" + inner + "  ";
      JsonBitmap(scan, scan.bitmap, inner + "  ", out);
      *out += "\n" + inner + "]";
    }
    const auto children = Children(node);
    if (!children.empty()) {
      *out += ",\n" + inner + "\"Plans\": [\n" + inner + "  ";
      for (size_t i = 0; i < children.size(); ++i) {
        if (i) *out += ",\n" + inner + "  ";
        JsonNode(*children[i], inner + "  ", out);
      }
      *out += "\n" + inner + "]";
    }
    *out += "\n" + indent + "}";
  }

  const PhysicalPlan& plan_;
  const bool verbose_, costs_;
  const std::vector<OperatorStats>* stats_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> ExplainPlan(const PhysicalPlan& plan, bool json, bool verbose, bool costs,
                                     const std::vector<OperatorStats>* stats) {
  Explainer explainer(plan, verbose, costs, stats);
  if (json) return {explainer.Json()};
  return explainer.Text();
}

}  // namespace oxibase
