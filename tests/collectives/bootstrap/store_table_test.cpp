// The table that all ranks ask: who is told what, and what it takes.
#include <psyne/collectives/bootstrap/store/store_query.hpp>
#include <psyne/collectives/bootstrap/store/store_server.hpp>
#include <psyne/collectives/bootstrap/store/store_table.hpp>

#include "gathering.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <vector>

namespace {

using psyne::Code;
using psyne::StoreLimits;
using psyne::StoreQuery;
using psyne::StoreTable;
using psyne_test::bytes_of;

/// What one client was told.
struct Heard {
  StoreTable::Told teller() {
    return [this](psyne::Result<StoreTable::Value> value) {
      ++times;
      last = std::move(value);
    };
  }
  int times = 0;
  std::optional<psyne::Result<StoreTable::Value>> last;
};

TEST(StoreTables, TellOnceWhenTheLastKeyIsThere) {
  StoreTable table;
  Heard heard;
  table.wait(1, {"a", "b", "c"}, heard.teller()).value();
  for (const char* key : {"c", "a"}) table.set(key, bytes_of(key)).value();
  EXPECT_EQ(heard.times, 0);
  EXPECT_EQ(table.missing(std::vector<std::string>{"a", "b", "c"}), std::vector<std::uint32_t>{1});
  table.set("b", bytes_of("b")).value();
  table.set("b", bytes_of("again")).value();
  EXPECT_EQ(heard.times, 1);
  EXPECT_EQ(table.waiting(), 0U);
  table.wait(1, {"a"}, heard.teller()).value();
  EXPECT_EQ(heard.times, 2) << "what is there is told at once";
}

TEST(StoreTables, ForgetWhatAClientWaitedForWhenItAsksForMore) {
  StoreTable table;
  Heard first, second, other;
  table.wait(1, {"a"}, first.teller()).value();
  table.wait(2, {"a"}, other.teller()).value();
  table.wait(1, {"b"}, second.teller()).value();
  EXPECT_EQ(first.last->error(), Code::cancelled);
  table.set("a", {}).value();
  EXPECT_EQ(first.times, 1);
  EXPECT_EQ(second.times, 0);
  EXPECT_TRUE(*other.last);
  table.forget(1);
  table.forget(1);
  EXPECT_EQ(second.times, 1);
}

TEST(StoreTables, TellAllThatTheyAreClosed) {
  StoreTable table;
  Heard heard;
  table.wait(1, {"a"}, heard.teller()).value();
  table.close();
  EXPECT_EQ(heard.last->error(), Code::closed);
  EXPECT_EQ(table.wait(1, {"a"}, heard.teller()).error(), Code::closed);
  EXPECT_EQ(table.set("a", {}).error(), Code::closed);
}

TEST(StoreTables, HoldNoMoreThanTheyMay) {
  StoreTable table;
  const std::string value(StoreLimits::value_bytes, 'v');
  std::size_t count = 0;
  while (table.set("k" + std::to_string(count), bytes_of(value))) ++count;
  EXPECT_EQ(count, StoreLimits::total_bytes / (StoreLimits::value_bytes + StoreLimits::entry_bytes + 4));
  EXPECT_EQ(table.set("more", bytes_of(value)).error(), Code::too_large);
  EXPECT_TRUE(table.set("k0", {})) << "a smaller value makes room";
  EXPECT_TRUE(table.set("more", bytes_of(value.substr(200))));
}

TEST(StoreQueries, AreReadAsTheyWereWritten) {
  const StoreQuery query{
      .kind = StoreQuery::Kind::set, .store = 7, .delta = -3, .keys = {"key"}, .value = bytes_of("v")};
  std::vector<std::byte> bytes(query.bytes());
  query.write(bytes);
  const auto read = StoreQuery::read(bytes).value();
  EXPECT_EQ(read.kind, query.kind);
  EXPECT_EQ(read.store, 7U);
  EXPECT_EQ(read.delta, -3);
  EXPECT_EQ(read.keys, query.keys);
  EXPECT_EQ(psyne_test::text_of(std::vector(read.value.begin(), read.value.end())), "v");
}

TEST(StoreQueries, OfAnyBytesAreReadOrRefused) {
  const StoreQuery query{.kind = StoreQuery::Kind::wait, .keys = {"one", "two", std::string(300, 'k')}};
  std::vector<std::byte> bytes(query.bytes());
  query.write(bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(StoreQuery::read(std::span(bytes).first(size)).error(), Code::corrupted) << size;
  }
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    auto changed = bytes;
    for (int flips = 0; flips < 3; ++flips) changed[random() % changed.size()] = static_cast<std::byte>(random());
    if (const auto read = StoreQuery::read(changed)) {
      std::size_t size = 0;
      for (const std::string& key : read->keys) size += key.size();
      EXPECT_LE(size + read->value.size(), changed.size());
    }
  }
}

TEST(ServingUris, ListenWhereTheOthersCome) {
  using psyne::serving_uri;
  EXPECT_EQ(serving_uri("ipc://job?capacity=1M").value(), "ipc://job?capacity=1M");
  EXPECT_EQ(serving_uri("tcp://node7:5000/job?token=x").value(), "tcp://*:5000/job?token=x");
  EXPECT_EQ(serving_uri("tcp://node7:5000").value(), "tcp://*:5000");
  EXPECT_EQ(serving_uri("tcp://[fd00::2]:5000/job").value(), "tcp://*:5000/job");
  EXPECT_EQ(serving_uri("tcp://127.0.0.1:5000/job").value(), "tcp://*:5000/job?iface=lo");
  EXPECT_EQ(serving_uri("tls://localhost:5000?token=x").value(), "tls://*:5000?token=x&iface=lo");
}

}  // namespace
