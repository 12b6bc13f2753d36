#include <psyne.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <vector>

// Rings in huge pages, by option: where the system has none to give, an error says so.
namespace {

using namespace std::chrono_literals;

std::string fresh_uri(const std::string& query) {
  static int names = 0;
  return "ipc://test-huge-" + std::to_string(getpid()) + "-" + std::to_string(++names) + query;
}

/// How many mappings of this process are shared memory in huge pages.
int huge_mappings() {
  std::ifstream maps("/proc/self/smaps");
  int count = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.starts_with("Shared_Hugetlb:") || line.starts_with("Private_Hugetlb:")) {
      count += line.find(" 0 kB") == std::string::npos ? 1 : 0;
    }
  }
  return count;
}

int free_huge_pages() {
  std::ifstream info("/proc/meminfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("HugePages_Free:")) return std::stoi(line.substr(15));
  }
  return 0;
}

TEST(HugePages, CarryMessagesWhereThereAreSomeAndAreAnErrorElsewhere) {
  const std::string uri = fresh_uri("");
  auto sender = psyne::Sender<psyne::ByteVector>::open(uri + "?huge_pages=1&capacity=1M");
  if (free_huge_pages() == 0 && !sender) {
    const std::string text = sender.error().text();
    EXPECT_NE(text.find("vm.nr_hugepages"), std::string::npos) << text;
    GTEST_SKIP() << "this system has no huge page free: " << text;
  }
  ASSERT_TRUE(sender) << sender.error().text();
  auto receiver = psyne::Receiver<psyne::ByteVector>::open(uri).value();
  const std::vector<std::byte> payload(300'000, std::byte{7});
  for (int i = 0; i < 50; ++i) {
    sender->send(payload).value();
    const auto message = receiver.receive(30s);
    ASSERT_TRUE(message) << message.error().text();
    ASSERT_TRUE(std::equal(message->begin(), message->end(), payload.begin(), payload.end()));
  }
  EXPECT_EQ(huge_mappings(), 2) << "the ring, mapped by its sender and by its receiver";
  sender->close(30s).value();
}

TEST(HugePages, AreNotTakenUnlessAskedFor) {
  auto sender = psyne::Sender<psyne::ByteVector>::open(fresh_uri("?linger=0s")).value();
  EXPECT_EQ(huge_mappings(), 0);
}

}  // namespace
