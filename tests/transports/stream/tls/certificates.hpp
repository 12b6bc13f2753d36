#pragma once

#include "conformance/subject.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdio>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace tls_test {

template <auto release>
struct Free {
  template <class T>
  void operator()(T* what) const noexcept {
    release(what);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;

inline void require(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(what);
}

/// What a certificate says.
struct Claims {
  std::string names = "IP:127.0.0.1,DNS:localhost";  ///< subjectAltName, as OpenSSL writes it
  long valid_from = -3600;                           ///< seconds from now
  long valid_to = 3600;
  bool authority = false;
};

/// The paths of a certificate and its key.
struct Files {
  std::string certificate, key;
  /// As options of a URI.
  std::string shown() const { return "certificate=" + certificate + "&key=" + key; }
};

/// Whoever signs certificates, made anew for each test run: nothing secret is kept anywhere.
class Authority {
 public:
  explicit Authority(const std::string& name = "psyne tests")
      : key_(new_key()), certificate_(make(name, {.names = "", .authority = true}, *key_, nullptr, *key_)) {
    file_ = path("authority");
    write(file_, [&](FILE* file) { return PEM_write_X509(file, certificate_.get()); });
  }

  /// The file of its own certificate, by which others trust it.
  const std::string& file() const { return file_; }
  std::string trusted() const { return "authority=" + file_; }

  Files sign(const Claims& claims = {}) const {
    const Key key = new_key();
    const Certificate signed_one = make("an end", claims, *key, certificate_.get(), *key_);
    Files files{path("certificate"), path("key")};
    write(files.certificate, [&](FILE* file) { return PEM_write_X509(file, signed_one.get()); });
    write(files.key,
          [&](FILE* file) { return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    return files;
  }

  /// The key of `files` again, with a passphrase.
  static std::string locked(const Files& files) {
    const std::unique_ptr<FILE, Free<fclose>> plain(fopen(files.key.c_str(), "re"));
    const Key key(PEM_read_PrivateKey(plain.get(), nullptr, nullptr, nullptr));
    std::string passphrase = "open sesame";
    std::string made = path("locked");
    write(made, [&](FILE* file) {
      return PEM_write_PrivateKey(file, key.get(), EVP_aes_128_cbc(),
                                  reinterpret_cast<unsigned char*>(passphrase.data()),
                                  static_cast<int>(passphrase.size()), nullptr, nullptr);
    });
    return made;
  }

  static std::string path(const std::string& what) {
    static std::atomic<int> count{0};
    return conformance::scratch_directory() + "/" + what + "-" + std::to_string(++count) + ".pem";
  }

 private:
  static Key new_key() {
    // At its exit OpenSSL destroys locks which the service thread may just be using.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
    Key key(EVP_EC_gen("P-256"));
    require(key != nullptr, "no key");
    return key;
  }

  static Certificate make(const std::string& name, const Claims& claims, EVP_PKEY& key, X509* issuer,
                          EVP_PKEY& issuers_key) {
    static std::atomic<long> serial{1};
    Certificate made(X509_new());
    X509* raw = made.get();
    X509_NAME* subject = X509_get_subject_name(raw);
    require(X509_set_version(raw, X509_VERSION_3) == 1, "version");
    ASN1_INTEGER_set(X509_get_serialNumber(raw), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(raw), claims.valid_from);
    X509_gmtime_adj(X509_getm_notAfter(raw), claims.valid_to);
    X509_set_pubkey(raw, &key);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.data()),
                               static_cast<int>(name.size()), -1, 0);
    X509_set_issuer_name(raw, issuer == nullptr ? subject : X509_get_subject_name(issuer));
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer == nullptr ? raw : issuer, raw, nullptr, nullptr, 0);
    extend(*raw, context, NID_basic_constraints, claims.authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (!claims.names.empty()) extend(*raw, context, NID_subject_alt_name, claims.names);
    require(X509_sign(raw, &issuers_key, EVP_sha256()) != 0, "sign");
    return made;
  }

  static void extend(X509& certificate, X509V3_CTX& context, int which, const std::string& value) {
    const std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str()));
    require(extension && X509_add_ext(&certificate, extension.get(), -1) == 1, "extension");
  }

  template <class Write>
  static void write(const std::string& path, Write how) {
    const std::unique_ptr<FILE, Free<fclose>> file(fopen(path.c_str(), "we"));
    require(file && how(file.get()) == 1, "file");
  }

  Key key_;
  Certificate certificate_;
  std::string file_;
};

/// One authority for all tests of this process.
inline const Authority& authority() {
  static const Authority one;
  return one;
}
/// One certificate of it for loopback.
inline const Files& files() {
  static const Files one = authority().sign();
  return one;
}

}  // namespace tls_test
