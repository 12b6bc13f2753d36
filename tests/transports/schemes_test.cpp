#include <psyne/core/transport/transport.hpp>

#include <gtest/gtest.h>

#include <set>

namespace {

TEST(Schemes, EveryTransportIsFoundByItsScheme) {
  std::set<std::string> schemes;
  for (psyne::Transport* transport : psyne::transports()) {
    EXPECT_EQ(psyne::transport_for(transport->scheme()).value(), transport);
    EXPECT_TRUE(schemes.insert(std::string(transport->scheme())).second) << "twice";
    const auto works = transport->available();
    if (works) {
      EXPECT_FALSE(works->empty());
    } else {
      EXPECT_FALSE(works.error().text().empty());
    }
  }
  EXPECT_EQ(schemes, (std::set<std::string>{"memory", "ipc", "sim", "tcp", "tls", "unix"}));
}

// Whatever reaches both threads and processes of this machine is right for a plain name; memory:// would not be.
TEST(Schemes, AutoIsOneOfThemAndSaysWhy) {
  const auto choice = psyne::choose_automatically();
  ASSERT_TRUE(choice) << choice.error().text();
  EXPECT_EQ(choice->transport->scheme(), "ipc");
  EXPECT_FALSE(choice->reason.empty());
  EXPECT_EQ(psyne::transport_for("auto").value(), choice->transport);
}

TEST(Schemes, AnUnknownOneListsTheKnownOnes) {
  const auto unknown = psyne::transport_for("icp");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error(), psyne::Code::not_found);
  for (psyne::Transport* transport : psyne::transports()) {
    EXPECT_NE(unknown.error().text().find(std::string(transport->scheme()) + "://"), std::string::npos);
  }
  EXPECT_NE(unknown.error().text().find("icp"), std::string::npos);
}

}  // namespace
