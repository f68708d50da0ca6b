#include "engine/ddl/ddl_names.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/ddl/drop_set.h"
#include "engine/ddl/index_definition.h"

namespace oxibase::ddl {
namespace {

TEST(DdlNames, MadeNamesAreCutAsInPostgres) {
  EXPECT_EQ(MakeObjectName("t", "", "pkey"), "t_pkey");
  EXPECT_EQ(MakeObjectName("t", "a_b", "key"), "t_a_b_key");
  EXPECT_EQ(MakeObjectName("t", "a", ""), "t_a");
  const std::string long_name(60, 'x');
  EXPECT_EQ(MakeObjectName(long_name, "column", "seq").size(), 63u);
  EXPECT_EQ(MakeObjectName(long_name, "column", "seq"), std::string(52, 'x') + "_column_seq");
  EXPECT_EQ(MakeObjectName(long_name, long_name, "idx"),
            std::string(29, 'x') + "_" + std::string(29, 'x') + "_idx");
  // Never within a character.
  const std::string umlauts = "ääääääääääääääääääääääääääääääääää";  // 68 bytes
  EXPECT_EQ(MakeObjectName(umlauts, "", "pkey").size(), 63u);
  EXPECT_EQ(MakeObjectName("x" + umlauts, "", "pkey").size(), 62u);
}

TEST(DdlNames, TheFirstFreeNumberIsTaken) {
  std::set<std::string> names = {"t_a_check", "t_a_check1"};
  auto taken = [&](const std::string& name) { return names.contains(name); };
  EXPECT_EQ(ChooseName("t", "a", "check", taken), "t_a_check2");
  EXPECT_EQ(ChooseName("t", "b", "check", taken), "t_b_check");
}

TableDef Table() {
  TableDef table;
  table.name = "t";
  for (const char* name : {"a", "b", "hidden"}) {
    ColumnDef& column = table.columns.emplace_back();
    column.id = ColumnId(table.next_column_id++);
    column.name = name;
    column.type = TypeId::kInt4;
  }
  table.columns[2].hidden = true;
  table.columns[2].default_sql = "(a + 1)";
  IndexDef key;
  key.oid = 1;
  key.unique = true;
  key.constraint = 2;
  key.columns.push_back({.column = ColumnId(1)});
  IndexDef expression;
  expression.oid = 3;
  expression.columns.push_back({.column = ColumnId(3), .expression_sql = "(a + 1)"});
  table.indexes = {key, expression};
  ConstraintDef constraint;
  constraint.oid = 2;
  constraint.name = "t_a_key";
  constraint.kind = ConstraintKind::kUnique;
  constraint.columns = {ColumnId(1)};
  constraint.index = 1;
  table.constraints = {constraint};
  return table;
}

TEST(DropSet, AColumnTakesItsKeysAlong) {
  TableDef table = Table();
  EraseColumn(table, ColumnId(1));
  EXPECT_EQ(table.FindColumn("a"), nullptr);
  EXPECT_TRUE(table.columns[0].dropped);
  EXPECT_TRUE(table.constraints.empty());
  ASSERT_EQ(table.indexes.size(), 1u);
  EXPECT_EQ(table.indexes[0].oid, 3u);
}

TEST(DropSet, AnIndexTakesItsHiddenColumnAlong) {
  TableDef table = Table();
  EraseIndex(table, 3);
  EXPECT_TRUE(table.columns[2].dropped);
  EraseConstraint(table, 2);
  EXPECT_TRUE(table.indexes.empty());
  EXPECT_FALSE(table.columns[0].dropped);
}

TEST(IndexDefinition, StorageOptions) {
  auto option = [](std::string name, int value) {
    ast::OptionList list;
    ast::Option& added = list.emplace_back();
    added.name = std::move(name);
    added.value_kind = ast::Option::ValueKind::kInteger;
    added.integer = value;
    added.text = std::to_string(value);
    return list;
  };
  EXPECT_TRUE(CheckStorageOptions(option("fillfactor", 70), false).ok());
  EXPECT_EQ(CheckStorageOptions(option("fillfactor", 5), true).code(),
            ErrorCode::kInvalidParameterValue);
  EXPECT_EQ(CheckStorageOptions(option("nope", 1), false).code(),
            ErrorCode::kInvalidParameterValue);
  EXPECT_EQ(CheckTablespace("fast").code(), ErrorCode::kUndefinedObject);
}

}  // namespace
}  // namespace oxibase::ddl
