#include <psyne/transports/stream/tls/tls_failure.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <utility>

namespace psyne::inline v0::stream {

namespace {

constexpr const char* same_token = "Give both sides the same PSYNE_TOKEN.";
constexpr const char* same_way = "Give both sides the same PSYNE_TOKEN and no certificates, or both certificates.";

Error because(Code code, std::string reason, std::string advice) {
  return Error(code, "TLS failed").because(std::move(reason)).mend(std::move(advice));
}

Error wrong_certificate(long problem, const TlsSettings& settings) {
  const std::string why = X509_verify_cert_error_string(problem);
  switch (problem) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return because(Code::refused, "its certificate is not that of " + settings.name,
                     "Connect by a name that stands in its certificate, or set tls.name to that.");
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return because(Code::refused, "its certificate is not valid now: " + why,
                     "Renew its certificate, or set the clock of this machine.");
    default: break;
  }
  return because(Code::refused, "its certificate cannot be trusted: " + why,
                 "Set tls.authority to the file of those who signed it.");
}

/// What the peer said when it gave up. With a token it can only be that; else it is about our certificate, or that we
/// have none.
Error told(int alert, const TlsSettings& settings) {
  const std::string words = SSL_alert_desc_string_long(alert);
  if (alert == SSL_AD_PROTOCOL_VERSION) {
    return because(Code::incompatible, "it does not speak TLS 1.3", "Give it a psyne, or an OpenSSL, that does.");
  }
  if (!settings.by_certificates()) {
    switch (alert) {
      case SSL_AD_ILLEGAL_PARAMETER:
      case SSL_AD_DECRYPT_ERROR:
      case SSL_AD_UNKNOWN_PSK_IDENTITY: return because(Code::refused, "it says that our token is wrong", same_token);
      case SSL_AD_HANDSHAKE_FAILURE:
      case SSL_AD_MISSING_EXTENSION:
      case SSL_AD_UNKNOWN_CA:
      case SSL_AD_BAD_CERTIFICATE:
      case SSL_AD_CERTIFICATE_UNKNOWN:
      case SSL_AD_CERTIFICATE_REQUIRED:
        return because(Code::refused, "it has certificates, and this end has a token only (" + words + ")", same_way);
      default: break;
    }
  } else {
    switch (alert) {
      case SSL_AD_CERTIFICATE_REQUIRED:
        return because(Code::refused, "it wants a certificate of this end", "Set tls.certificate and tls.key.");
      case SSL_AD_CERTIFICATE_EXPIRED:
        return because(Code::refused, "it says that our certificate has expired", "Renew it.");
      case SSL_AD_HANDSHAKE_FAILURE:
      case SSL_AD_MISSING_EXTENSION:
        return because(Code::refused, "it has a token only, and this end has certificates (" + words + ")", same_way);
      case SSL_AD_UNKNOWN_CA:
      case SSL_AD_BAD_CERTIFICATE:
      case SSL_AD_DECRYPT_ERROR:
      case SSL_AD_CERTIFICATE_REVOKED:
      case SSL_AD_CERTIFICATE_UNKNOWN:
      case SSL_AD_UNSUPPORTED_CERTIFICATE:
        return because(Code::refused, "it does not trust our certificate (" + words + ")",
                       "Give it the authority that signed ours (tls.authority), and see that the name in ours is the "
                       "one it connects to.");
      default: break;
    }
  }
  return because(Code::refused, "it ended TLS: " + words, "Look into its log (PSYNE_LOG=debug).");
}

std::string words_of(unsigned long error) {
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "no reason was given";
}

/// What TLS itself made of it: other parts of OpenSSL may have said more before. Empties the queue.
unsigned long last_of_tls() {
  unsigned long last = 0;
  while (const unsigned long error = ERR_get_error()) {
    if (ERR_GET_LIB(error) == ERR_LIB_SSL) last = error;
  }
  return last;
}

}  // namespace

std::string tls_reason() {
  const unsigned long first = ERR_peek_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(first)) return system_reason(ERR_GET_REASON(first));
  return words_of(first);
}

Error tls_failure(const SSL& session, const TlsSettings& settings) {
  const bool open = SSL_is_init_finished(&session) == 1;
  const unsigned long error = last_of_tls();
  const int reason = ERR_GET_REASON(error);
  const std::string words = words_of(error);
  if (reason > SSL_AD_REASON_OFFSET) return told(reason - SSL_AD_REASON_OFFSET, settings);
  switch (reason) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      if (!settings.by_certificates()) {
        return because(Code::refused, "it shows a certificate, and this end has a token only", same_way);
      }
      return wrong_certificate(SSL_get_verify_result(&session), settings);
    case SSL_R_BINDER_DOES_NOT_VERIFY: return because(Code::refused, "wrong token", same_token);
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_CIPHER:
      if (settings.by_certificates()) break;
      return because(Code::refused, "it wants a certificate, and this end has a token only", same_way);
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return because(Code::refused, "it has no certificate", "Give it tls.certificate and tls.key.");
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
      return because(Code::corrupted, "what it sent was changed on the way", "Look into the network between.");
    case SSL_R_UNSUPPORTED_PROTOCOL:
      return because(Code::incompatible, "it does not speak TLS 1.3", "Give it a psyne, or an OpenSSL, that does.");
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_BAD_PROTOCOL_VERSION_NUMBER:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_UNEXPECTED_MESSAGE:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_ENCRYPTED_LENGTH_TOO_LONG:
      if (open) break;
      return because(Code::corrupted, "it does not speak TLS (" + words + ")",
                     "Open both ends by tls://, or both by tcp://.");
    default: break;
  }
  return because(Code::corrupted, "it speaks a TLS that cannot be understood: " + words,
                 "Open both ends by tls://, or both by tcp://.");
}

}  // namespace psyne::inline v0::stream
