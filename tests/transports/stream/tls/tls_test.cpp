// tls:// between two ends of this process, over real sockets: who meets, who does not, and what is said of it.
#include <psyne/transports/stream/stream_transport.hpp>

#include "open_descriptors.hpp"
#include "transports/stream/ends.hpp"
#include "transports/stream/tls/tls_ends.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace {

using conformance::bytes_of;
using psyne::Result;
using stream_test::End;
using stream_test::eventually;
using stream_test::port_of;
using stream_test::Side;
using stream_test::Stranger;
using stream_test::uri;
using stream_test::way_to;
using testing::HasSubstr;
using namespace tls_test;

Result<void> appear(End& end, const std::string& text, Side side, const psyne::PresenceOptions& options = {}) {
  const auto parsed = uri(text);
  return end.try_appear(*psyne::transport_for(parsed.scheme()).value(), parsed, side, options);
}

const std::string anywhere = "tls://*:0?iface=127.0.0.1&";

/// Listens as `terms` say, and has one connect to it as `theirs` say.
struct Couple {
  End listening{"listening"}, connecting{"connecting"};
  Couple(const std::string& terms, const std::string& theirs) {
    appear(listening, anywhere + terms, Side::answering).value();
    appear(connecting, way_to(listening) + "?" + theirs, Side::offering).value();
  }
  /// What the two ends say of it that they did not meet.
  std::string told_to_listening() { return text(listening.next_missed()); }
  std::string told_to_connecting() { return text(connecting.next_missed()); }
  static std::string text(const Result<void>& missed) { return missed ? "it says nothing" : missed.error().text(); }
};

void expect_to_meet(const std::string& terms, const std::string& theirs) {
  Couple couple(terms, theirs);
  const auto one = couple.listening.next();
  const auto two = couple.connecting.next();
  ASSERT_TRUE(one.link && two.link);
  EXPECT_EQ(one.words, "connecting");
  EXPECT_EQ(two.words, "listening");
}

TEST(Tls, WhoHasTheTokenMeets) { expect_to_meet("token=a", "token=a"); }

TEST(Tls, WhoVerifiesACertificateMeetsWhoShowsIt) { expect_to_meet(files().shown(), authority().trusted()); }

TEST(Tls, TheKeyMayStandInTheCertificatesFile) {
  const Files both = authority().sign();
  const std::string whole = Authority::path("both");
  for (const auto& part : {both.certificate, both.key}) {
    std::ofstream(whole, std::ios::app) << std::ifstream(part).rdbuf();
  }
  expect_to_meet("certificate=" + whole, authority().trusted());
}

TEST(Tls, BothMayShowCertificates) {
  const Files theirs = authority().sign({.names = ""});
  expect_to_meet(files().shown() + "&" + authority().trusted(), theirs.shown() + "&" + authority().trusted());
}

TEST(Tls, ACertificateMayNameAHost) {
  const Files named = authority().sign({.names = "DNS:node7.example"});
  expect_to_meet(named.shown(), authority().trusted() + "&name=node7.example");
}

TEST(Tls, ACertificateMayNameTheHostInTheUri) {
  const Files named = authority().sign({.names = "DNS:localhost"});
  End listening("listening"), connecting("connecting");
  appear(listening, anywhere + named.shown(), Side::answering).value();
  appear(connecting, "tls://localhost:" + std::to_string(port_of(listening)) + "?" + authority().trusted(),
         Side::offering)
      .value();
  EXPECT_TRUE(connecting.next().link);
}

TEST(Tls, ATokenIsProvedInsideOfCertificatesToo) {
  expect_to_meet(files().shown() + "&token=a", authority().trusted() + "&token=a");
  Couple couple(files().shown() + "&token=a", authority().trusted() + "&token=b");
  EXPECT_THAT(couple.told_to_connecting(), HasSubstr("wrong token"));
  EXPECT_THAT(couple.told_to_listening(), HasSubstr("wrong token"));
}

TEST(Tls, NamesTellChannelsOfOnePortApart) {
  End one("one"), two("two"), first("first"), second("second");
  appear(one, "tls://*:0/a?iface=127.0.0.1&token=t", Side::answering).value();
  const std::string port = std::to_string(port_of(one));
  appear(two, "tls://*:" + port + "/b?iface=127.0.0.1&token=t", Side::answering).value();
  appear(first, "tls://127.0.0.1:" + port + "/a?token=t", Side::offering).value();
  appear(second, "tls://127.0.0.1:" + port + "/b?token=t", Side::offering).value();
  EXPECT_EQ(one.next().words, "first");
  EXPECT_EQ(two.next().words, "second");
  EXPECT_THAT(one.presence().where(), HasSubstr("tls://127.0.0.1:" + port + "/a (listens at 127.0.0.1:" + port + ")"));
  EXPECT_THAT(first.presence().where(), HasSubstr("(connects)"));
}

TEST(Tls, OnePortEncryptsInOneWay) {
  End one("one"), two("two"), three("three");
  appear(one, "tls://*:0/a?iface=127.0.0.1&token=t", Side::answering).value();
  const std::string port = std::to_string(port_of(one));
  const auto other_token = appear(two, "tls://*:" + port + "/b?iface=127.0.0.1&token=u", Side::answering);
  ASSERT_FALSE(other_token);
  EXPECT_EQ(other_token.error(), Code::invalid_argument);
  EXPECT_THAT(other_token.error().text(), HasSubstr("another token"));
  const auto shown = appear(two, "tls://*:" + port + "/b?iface=127.0.0.1&" + files().shown(), Side::answering);
  EXPECT_EQ(shown.error(), Code::invalid_argument);
  // Any free port is another one then.
  appear(three, "tls://*:0/b?iface=127.0.0.1&token=u", Side::answering).value();
  EXPECT_NE(port_of(three), port_of(one));
}

TEST(Tls, APortIsEncryptedOrNot) {
  End one("one"), two("two"), three("three");
  appear(one, "tls://*:0/a?iface=127.0.0.1&token=t", Side::answering).value();
  const std::string port = std::to_string(port_of(one));
  const auto plain = appear(two, "tcp://*:" + port + "/b?iface=127.0.0.1&token=t", Side::answering);
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error(), Code::in_use);
  appear(three, "tcp://*:0/b?iface=127.0.0.1&token=t", Side::answering).value();
  EXPECT_NE(std::to_string(port_of(three)), port);
}

TEST(Tls, EitherMayComeFirst) {
  const std::string port = std::to_string(conformance::free_port());
  End listening("listening"), connecting("connecting");
  appear(connecting, "tls://127.0.0.1:" + port + "?token=a", Side::offering).value();
  appear(listening, "tls://*:" + port + "?iface=127.0.0.1&token=a", Side::answering).value();
  EXPECT_TRUE(listening.next().link);
  EXPECT_TRUE(connecting.next().link);
}

// Who is refused.

TEST(Tls, AnotherTokenIsRefusedAndBothAreToldWhy) {
  Couple couple("token=a", "token=b");
  EXPECT_THAT(couple.told_to_listening(), HasSubstr("wrong token. Give both sides the same PSYNE_TOKEN."));
  EXPECT_THAT(couple.told_to_connecting(), HasSubstr("token is wrong. Give both sides the same PSYNE_TOKEN."));
}

TEST(Tls, ACertificateOfAnotherAuthorityIsRefused) {
  const Authority another("somebody else");
  Couple couple(another.sign().shown(), authority().trusted());
  EXPECT_THAT(couple.told_to_connecting(), HasSubstr("cannot be trusted"));
  EXPECT_TRUE(eventually([&] { return couple.listening.count_missed() >= 3; })) << "he comes again and again";
  EXPECT_EQ(couple.connecting.count_missed(), 0U) << "and says so once";
}

TEST(Tls, WhoeverPretendsToBeTheAuthorityIsRefused) {
  const Authority of_the_same_name;  // with another key
  Couple couple(of_the_same_name.sign().shown(), authority().trusted());
  EXPECT_THAT(couple.told_to_connecting(), HasSubstr("cannot be trusted"));
  EXPECT_THAT(couple.told_to_listening(), HasSubstr("does not trust our certificate"));
}

TEST(Tls, AnExpiredCertificateIsRefused) {
  Couple couple(authority().sign({.valid_from = -7200, .valid_to = -3600}).shown(), authority().trusted());
  EXPECT_THAT(couple.told_to_connecting(), HasSubstr("not valid now: certificate has expired"));
  EXPECT_THAT(couple.told_to_listening(), HasSubstr("our certificate has expired"));
}

TEST(Tls, ACertificateThatIsNotValidYetIsRefused) {
  Couple couple(authority().sign({.valid_from = 3600, .valid_to = 7200}).shown(), authority().trusted());
  EXPECT_THAT(couple.told_to_connecting(), HasSubstr("not valid now: certificate is not yet valid"));
}

TEST(Tls, ACertificateOfAnotherHostIsRefused) {
  Couple couple(authority().sign({.names = "IP:10.0.0.1,DNS:node8"}).shown(), authority().trusted());
  EXPECT_THAT(couple.told_to_connecting(), HasSubstr("its certificate is not that of 127.0.0.1"));
  EXPECT_THAT(couple.told_to_listening(), HasSubstr("does not trust our certificate"));
  Couple named(files().shown(), authority().trusted() + "&name=node8");
  EXPECT_THAT(named.told_to_connecting(), HasSubstr("its certificate is not that of node8"));
}

TEST(Tls, ANameIsNoAddressAndAnAddressNoName) {
  Couple couple(authority().sign({.names = "DNS:127.0.0.1"}).shown(), authority().trusted());
  EXPECT_THAT(couple.told_to_connecting(), HasSubstr("its certificate is not that of 127.0.0.1"));
}

TEST(Tls, WhoShowsNoCertificateThoughOneIsWantedIsRefused) {
  Couple couple(files().shown() + "&" + authority().trusted(), authority().trusted());
  EXPECT_THAT(couple.told_to_listening(), HasSubstr("it has no certificate. Give it tls.certificate and tls.key."));
  EXPECT_THAT(couple.told_to_connecting(),
              HasSubstr("wants a certificate of this end. Set tls.certificate and tls.key."));
}

TEST(Tls, WhoShowsAnotherAuthoritysCertificateIsRefused) {
  const Authority another("somebody else");
  Couple couple(files().shown() + "&" + authority().trusted(), another.sign().shown() + "&" + authority().trusted());
  EXPECT_THAT(couple.told_to_listening(), HasSubstr("cannot be trusted"));
  EXPECT_THAT(couple.told_to_connecting(), HasSubstr("does not trust our certificate"));
}

TEST(Tls, WhoShowsAnExpiredCertificateIsRefused) {
  const Files expired = authority().sign({.valid_from = -7200, .valid_to = -3600});
  Couple couple(files().shown() + "&" + authority().trusted(), expired.shown() + "&" + authority().trusted());
  EXPECT_THAT(couple.told_to_listening(), HasSubstr("not valid now"));
  EXPECT_THAT(couple.told_to_connecting(), HasSubstr("our certificate has expired"));
}

TEST(Tls, ATokenIsNoCertificate) {
  Couple couple(files().shown(), "token=a");
  EXPECT_THAT(couple.told_to_connecting(), HasSubstr("shows a certificate, and this end has a token only"));
  EXPECT_THAT(couple.told_to_listening(), HasSubstr("it does not trust our certificate"));
}

TEST(Tls, ACertificateIsNoToken) {
  Couple couple("token=a", authority().trusted());
  EXPECT_THAT(couple.told_to_listening(), HasSubstr("wants a certificate, and this end has a token only"));
  EXPECT_THAT(couple.told_to_connecting(), HasSubstr("has a token only, and this end has certificates"));
}

TEST(Tls, WhoWasRefusedMeetsOnceHeIsOpenedRightly) {
  End listening("listening");
  appear(listening, anywhere + "token=a", Side::answering).value();
  End wrong("wrong"), right("right");
  appear(wrong, way_to(listening) + "?token=b", Side::offering).value();
  EXPECT_FALSE(wrong.next_missed());
  appear(right, way_to(listening) + "?token=a", Side::offering).value();
  EXPECT_EQ(listening.next().words, "right");
}

// Who speaks something else.

TEST(Tls, WhoConnectsByTcpIsToldToUseTls) {
  End listening("listening"), plain("plain");
  appear(listening, anywhere + "token=a", Side::answering).value();
  appear(plain, "tcp://127.0.0.1:" + std::to_string(port_of(listening)) + "?token=a", Side::offering).value();
  EXPECT_THAT(Couple::text(plain.next_missed()), HasSubstr("tls://"));
  End right("right");
  appear(right, way_to(listening) + "?token=a", Side::offering).value();
  EXPECT_EQ(listening.next().words, "right");
}

TEST(Tls, WhoListensByTcpIsToldToUseTls) {
  End listening("listening"), encrypted("encrypted");
  appear(listening, "tcp://*:0?iface=127.0.0.1&token=a", Side::answering).value();
  appear(encrypted, "tls://127.0.0.1:" + std::to_string(port_of(listening)) + "?token=a", Side::offering).value();
  EXPECT_THAT(Couple::text(encrypted.next_missed()), HasSubstr("tls://"));
}

TEST(Tls, GarbageIsHungUpOnAndOthersComeIn) {
  End listening("listening");
  appear(listening, anywhere + "token=a", Side::answering).value();
  for (const std::string& garbage :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(100, '\0'), std::string(70'000, '\xff'),
        std::string("SSH-2.0-x\r\n"), std::string("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", 10),
        std::string("\x16\x03\x01\xff\xff", 5)}) {
    const Stranger stranger(port_of(listening));
    ASSERT_TRUE(stranger.connected());
    stranger.say(bytes_of(garbage));
    EXPECT_TRUE(stranger.is_hung_up()) << garbage.substr(0, 10);
  }
  EXPECT_EQ(listening.count_missed(), 0U) << "a stranger's noise is nobody's news";
  End right("right");
  appear(right, way_to(listening) + "?token=a", Side::offering).value();
  EXPECT_EQ(listening.next().words, "right");
}

TEST(Tls, APortScannerIsNoNews) {
  End listening("listening");
  appear(listening, anywhere + "token=a", Side::answering).value();
  const std::size_t before = psyne_test::open_descriptors();
  for (int i = 0; i < 100; ++i) Stranger(port_of(listening)).hang_up();
  EXPECT_TRUE(eventually([&] { return psyne_test::open_descriptors() <= before; }));
  EXPECT_EQ(listening.count_missed(), 0U);
  End right("right");
  appear(right, way_to(listening) + "?token=a", Side::offering).value();
  EXPECT_EQ(listening.next().words, "right");
}

// All at once, since each takes the five seconds that a handshake may.
TEST(Tls, WhoFallsSilentInTheHandshakeIsGivenUp) {
  End listening("listening");
  appear(listening, anywhere + "token=a", Side::answering).value();
  const Stranger silent(port_of(listening));
  const Stranger begins(port_of(listening));
  begins.say(bytes_of(std::string("\x16\x03\x01\x02\x00\x01\x00", 7)));

  const psyne::Descriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(listener.get(), generic, size), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  ASSERT_EQ(getsockname(listener.get(), generic, &size), 0);
  End connecting("connecting");
  appear(connecting, "tls://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "?token=a", Side::offering).value();

  const auto missed = connecting.next_missed();
  ASSERT_FALSE(missed);
  EXPECT_EQ(missed.error(), Code::timed_out);
  EXPECT_TRUE(silent.is_hung_up());
  EXPECT_TRUE(begins.is_hung_up());
}

// What is opened wrongly.

struct Opened {
  std::string name, uri, says;
};
class TlsOpening : public testing::TestWithParam<Opened> {};

TEST_P(TlsOpening, ThatCannotWorkSaysWhatToSet) {
  End end;
  const auto opened = appear(end, GetParam().uri, Side::offering);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), Code::invalid_argument);
  EXPECT_THAT(opened.error().text(), HasSubstr(GetParam().says));
  EXPECT_THAT(opened.error().text(), HasSubstr("cannot open tls://"));
  EXPECT_FALSE(opened.error().advice().empty());
}

INSTANTIATE_TEST_SUITE_P(
    , TlsOpening,
    testing::Values(
        Opened{"Listening", "tls://*:0", "neither a token nor a certificate"},
        Opened{"Connecting", "tls://127.0.0.1:1", "Give both sides the same PSYNE_TOKEN"},
        Opened{"InsecureIsNoTerm", "tls://*:0?insecure=1", "neither a token nor a certificate"},
        Opened{"AuthorityAlone", "tls://*:0?authority=system", "has no certificate to show"},
        Opened{"CertificateAlone", "tls://127.0.0.1:1?" + files().shown(), "Set tls.authority"},
        Opened{"KeyAlone", "tls://*:0?key=" + files().key, "tls.certificate is not"},
        Opened{"NoFile", "tls://*:0?certificate=/nowhere.pem", "\"/nowhere.pem\", cannot be used: No such file"},
        Opened{"NoKeyFile", "tls://*:0?certificate=" + files().certificate + "&key=/nowhere.pem", "tls.key"},
        Opened{"NoAuthorityFile", "tls://127.0.0.1:1?authority=/nowhere.pem", "tls.authority"},
        Opened{"NoPem", "tls://*:0?certificate=/dev/null", "cannot be used"},
        Opened{"KeyForCertificate", "tls://*:0?certificate=" + files().key, "tls.certificate"},
        Opened{"NoKeyInside", "tls://*:0?certificate=" + files().certificate, "tls.key"},
        Opened{"AnothersKey", "tls://*:0?certificate=" + files().certificate + "&key=" + authority().sign().key,
               "key values mismatch"},
        Opened{"LockedKey", "tls://*:0?certificate=" + files().certificate + "&key=" + Authority::locked(files()),
               "without a passphrase"},
        Opened{"NoPort", "tls://127.0.0.1?token=a", "Write tls://host:port/name"},
        Opened{"PortZero", "tls://127.0.0.1:0?token=a", "nobody can connect to port 0"}),
    [](const auto& each) { return each.param.name; });

TEST(TlsOptions, AreThoseOfTcpToo) {
  End end;
  appear(end, "tls://*:0?token=a&iface=127.0.0.1&send_buffer=64K&tcp.receive_buffer=64K&unreachable_after=5s",
         Side::offering)
      .value();
  const auto wrong = appear(end, "tls://*:0?token=a&ifcae=lo", Side::offering);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().text(), HasSubstr("Did you mean iface?"));
}

TEST(TlsOptions, TheTransportSaysThatItEncrypts) {
  EXPECT_THAT(psyne::tls_transport().available().value(), HasSubstr("encrypted by TLS 1.3"));
}

TEST(Tls, WhoWasRefusedLeavesNothingOpen) {
  static_cast<void>(psyne::Service::process().value());  // stays
  const std::size_t before = psyne_test::open_descriptors();
  for (int i = 0; i < 5; ++i) {
    Couple couple("token=a", "token=b");
    EXPECT_FALSE(couple.connecting.next_missed());
  }
  EXPECT_TRUE(eventually([&] { return psyne_test::open_descriptors() <= before; }));
}

}  // namespace
