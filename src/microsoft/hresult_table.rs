//! The HRESULTs that are met in enrolments.
//!
//! Names and numbers are those of Microsoft's public header `winerror.h`, as the crates `winapi` and `windows-sys` have it too:
//! every row was compared with both. What the codes say is compared with the texts of MS-ERREF, for those that stand in it; what
//! they mean in SCEP is gathered from reports, and "possibly" marks what nobody has confirmed.

/// A known code.
pub(super) struct Entry {
    code: u32,
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) advice: &'static str,
}

/// The row of a code.
pub(super) fn entry(code: u32) -> Option<&'static Entry> {
    let at = ENTRIES
        .binary_search_by_key(&code, |entry| entry.code)
        .ok()?;
    ENTRIES.get(at)
}

const fn row(code: u32, name: &'static str, meaning: &'static str, advice: &'static str) -> Entry {
    Entry {
        code,
        name,
        meaning,
        advice,
    }
}

/// In the order of their codes.
const ENTRIES: &[Entry] = &[
    row(
        0x8000_4005,
        "E_FAIL",
        "The failure has no name of its own.",
        "Look for the code of the same moment in the log of the other side: the server's application log, or the client's.",
    ),
    row(
        0x8007_0002,
        "ERROR_FILE_NOT_FOUND",
        "Something that Windows needs is not there. At the start of NDES: the RA certificates, or their keys, cannot be found.",
        "At the start of NDES: see whether both RA certificates, with private keys, are in the computer's store, and whether the account of the SCEP pool may read the keys.",
    ),
    row(
        0x8007_0005,
        "E_ACCESSDENIED",
        "The account that acts may not do this.",
        "Give the account of the SCEP pool read and enrol permission on the template, and the right to request certificates at the CA.",
    ),
    row(
        0x8007_000d,
        "ERROR_INVALID_DATA",
        "The data cannot be understood.",
        "Look at the message or certificate of that moment with the inspect example: which part cannot be read?",
    ),
    row(
        0x8007_0032,
        "ERROR_NOT_SUPPORTED",
        "Windows cannot do what is asked for; possibly the key store cannot do what the profile wants.",
        "See whether the profile's key size, hash and key store suit the device.",
    ),
    row(
        0x8007_0057,
        "E_INVALIDARG",
        "A value in the request or in the settings is wrong. At the start of NDES: an RA certificate is missing or unusable.",
        "Look at the request of that moment with the inspect example. At the start of NDES: renew or replace the RA certificates.",
    ),
    row(
        0x8007_00ce,
        "ERROR_FILENAME_EXCED_RANGE",
        "A name is too long. A Windows client says so when the URL answers with a page of HTML in place of SCEP.",
        "Open the URL with ?operation=GetCACaps: a list of words must come, not a page. The path of the profile, a proxy or a portal is wrong.",
    ),
    row(
        0x8007_0490,
        "ERROR_NOT_FOUND",
        "The server does not know the challenge password: it is wrong, used already, or expired.",
        "Get a new challenge password and enrol again. If it is new: see whether client and password come to the same server of a farm.",
    ),
    row(
        0x8007_06ba,
        "RPC_S_SERVER_UNAVAILABLE",
        "The RA cannot reach the CA.",
        "Start the CA's service, and see whether a firewall lets RPC pass from the RA to the CA.",
    ),
    row(
        0x8007_2ee2,
        "WININET_E_TIMEOUT",
        "The server does not answer in time.",
        "See whether the server can be reached from the device's network.",
    ),
    row(
        0x8007_2ee6,
        "WININET_E_UNRECOGNIZED_SCHEME",
        "The URL is neither http nor https.",
        "Correct the URL in the profile.",
    ),
    row(
        0x8007_2ee7,
        "WININET_E_NAME_NOT_RESOLVED",
        "The server's name cannot be resolved.",
        "See whether the name in the URL is right and known to the DNS that the device asks.",
    ),
    row(
        0x8007_2efd,
        "WININET_E_CANNOT_CONNECT",
        "No connection to the server.",
        "See whether the server runs, and whether firewall and proxy let the device through.",
    ),
    row(
        0x8007_2efe,
        "WININET_E_CONNECTION_ABORTED",
        "The connection broke off.",
        "Look for a proxy, a load balancer or a TLS setting that cuts the connection.",
    ),
    row(
        0x8007_2f05,
        "WININET_E_SEC_CERT_DATE_INVALID",
        "The certificate of the web server is expired, or the device's clock is wrong.",
        "Renew the web server's certificate, or set the clock.",
    ),
    row(
        0x8007_2f06,
        "WININET_E_SEC_CERT_CN_INVALID",
        "The certificate of the web server is for another name than the URL's.",
        "Use the name in the web server's certificate, or get one for the name in the URL.",
    ),
    row(
        0x8007_2f0d,
        "WININET_E_INVALID_CA",
        "The device does not trust the issuer of the web server's certificate.",
        "Install the root of the web server's certificate on the device.",
    ),
    row(
        0x8007_2f78,
        "WININET_E_INVALID_SERVER_RESPONSE",
        "What came back is no answer of HTTP that can be understood.",
        "See what answers at this URL: another service, a proxy, or a connection that is cut.",
    ),
    row(
        0x8007_2f8f,
        "WININET_E_DECODING_FAILED",
        "TLS failed: no version or cipher in common, a certificate that is not trusted, or a wrong clock.",
        "Possibly the server refuses TLS 1.2. See that it takes it, that the device trusts its certificate, and that the clock is right.",
    ),
    row(
        0x8009_0005,
        "NTE_BAD_DATA",
        "A message cannot be decrypted: it was encrypted to another certificate, or it is damaged.",
        "Compare the recipient in the message with the RA's encryption certificate, which is the one with the key usage keyEncipherment.",
    ),
    row(
        0x8009_0006,
        "NTE_BAD_SIGNATURE",
        "A signature is wrong.",
        "Look for a proxy that changes the body, and see whether the signer's certificate belongs to the key.",
    ),
    row(
        0x8009_0008,
        "NTE_BAD_ALGID",
        "The algorithm is unknown or not allowed.",
        "Compare the algorithms of the message with those in GetCACaps.",
    ),
    row(
        0x8009_000b,
        "NTE_BAD_KEY_STATE",
        "The key cannot be used in this way.",
        "See in which store the private key is. Possibly it is in one that the program cannot use: older ones want a CSP and not a KSP.",
    ),
    row(
        0x8009_000f,
        "NTE_EXISTS",
        "There is a key of this name already.",
        "Remove what an earlier try has left behind, or let the profile be applied anew.",
    ),
    row(
        0x8009_0011,
        "NTE_NOT_FOUND",
        "The key is not in the store.",
        "See whether the key was removed, or the TPM cleared.",
    ),
    row(
        0x8009_0016,
        "NTE_BAD_KEYSET",
        "The key store does not have or does not open the key.",
        "See whether the account may read the private key; on a device: whether the TPM was cleared.",
    ),
    row(
        0x8009_0020,
        "NTE_FAIL",
        "The key store failed.",
        "See whether the TPM is ready, or take another key store in the profile.",
    ),
    row(
        0x8009_0029,
        "NTE_NOT_SUPPORTED",
        "The key store cannot do this.",
        "See whether key size and hash of the profile suit the TPM.",
    ),
    row(
        0x8009_1003,
        "CRYPT_E_OID_FORMAT",
        "An object identifier is badly formed.",
        "See the extended key usages and policies in the profile for an identifier that is none.",
    ),
    row(
        0x8009_1006,
        "CRYPT_E_AUTH_ATTR_MISSING",
        "The reply lacks a signed attribute that Windows looks for.",
        "The server must send messageType, pkiStatus, transactionID, senderNonce, recipientNonce, contentType and messageDigest.",
    ),
    row(
        0x8009_1007,
        "CRYPT_E_HASH_VALUE",
        "The CA that the profile names by its thumbprint is not in the answer to GetCACert.",
        "Name the issuing CA in the profile, not the root above it, and see whether the CA was renewed since.",
    ),
    row(
        0x8009_2004,
        "CRYPT_E_NOT_FOUND",
        "A certificate, key or property is not there.",
        "See whether the answer to GetCACert has all certificates of the RA and the CA.",
    ),
    row(
        0x8009_200e,
        "CRYPT_E_NO_SIGNER",
        "No signer can be found in the message.",
        "See whether the server sends the signer's certificate, or GetCACert has it.",
    ),
    row(
        0x8009_2012,
        "CRYPT_E_NO_REVOCATION_CHECK",
        "It cannot be seen whether a certificate is revoked.",
        "See whether the certificates name a CRL, and whether it can be fetched.",
    ),
    row(
        0x8009_2013,
        "CRYPT_E_REVOCATION_OFFLINE",
        "The CRL cannot be fetched, or the one at hand has expired.",
        "Publish the CRL of each CA in the chain, and fetch it from the RA's host by hand.",
    ),
    row(
        0x8009_2022,
        "CRYPT_E_INVALID_IA5_STRING",
        "A text has characters that are not ASCII where only ASCII may be.",
        "See the e-mail addresses, DNS names and URIs of the profile.",
    ),
    row(
        0x8009_3102,
        "CRYPT_E_ASN1_EOD",
        "The message ends too early.",
        "See whether something cuts it: limits on query strings or bodies, a proxy. Use POST.",
    ),
    row(
        0x8009_310b,
        "CRYPT_E_ASN1_BADTAG",
        "The message is not built as it should be.",
        "See whether PEM, HTML or base64 came where DER should be.",
    ),
    row(
        0x8009_4001,
        "CERTSRV_E_BAD_REQUESTSUBJECT",
        "The CA refuses the subject of the request.",
        "See whether the subject is empty, too long, or has parts that the CA's policy does not allow.",
    ),
    row(
        0x8009_4003,
        "CERTSRV_E_BAD_REQUESTSTATUS",
        "The request at the CA is in a state that does not allow this.",
        "Look for the request at the CA: denied, issued, or pending.",
    ),
    row(
        0x8009_4004,
        "CERTSRV_E_PROPERTY_EMPTY",
        "A property that the CA needs is empty.",
        "Look for the request at the CA, and at the log of its policy.",
    ),
    row(
        0x8009_4012,
        "CERTSRV_E_TEMPLATE_DENIED",
        "The account may not enrol for this template.",
        "Give the account of the SCEP pool read and enrol permission on the template.",
    ),
    row(
        0x8009_4800,
        "CERTSRV_E_UNSUPPORTED_CERT_TYPE",
        "The CA does not offer the template.",
        "Publish the template at the CA, and see that NDES names it by its short name and not by the one that is shown.",
    ),
    row(
        0x8009_4801,
        "CERTSRV_E_NO_CERT_TYPE",
        "The request names no template.",
        "Set the templates of NDES in the registry, or let the request name one.",
    ),
    row(
        0x8009_4802,
        "CERTSRV_E_TEMPLATE_CONFLICT",
        "The request names two templates that differ.",
        "Let the request name one template only.",
    ),
    row(
        0x8009_4804,
        "CERTSRV_E_ARCHIVED_KEY_REQUIRED",
        "The template wants the private key to be archived.",
        "Take a template without key archival: SCEP cannot do it.",
    ),
    row(
        0x8009_4806,
        "CERTSRV_E_BAD_RENEWAL_SUBJECT",
        "The request is made for another subject than the one who makes it, and the template wants no signature that would allow it.",
        "Let the template require one authorised signature. In a renewal: keep the names of the old certificate, or enrol anew.",
    ),
    row(
        0x8009_4807,
        "CERTSRV_E_BAD_TEMPLATE_VERSION",
        "The request names a newer version of the template than the CA knows.",
        "Wait until the CA has read the template anew, or restart its service.",
    ),
    row(
        0x8009_4809,
        "CERTSRV_E_SIGNATURE_POLICY_REQUIRED",
        "The request lacks the signature policy that the template wants.",
        "Take a template that supplies the subject in the request and wants no, or one, authorised signature.",
    ),
    row(
        0x8009_480f,
        "CERTSRV_E_SUBJECT_DNS_REQUIRED",
        "The template wants a DNS name, and there is none.",
        "Let the profile or the directory supply a DNS name, or take a template that wants none.",
    ),
    row(
        0x8009_4811,
        "CERTSRV_E_KEY_LENGTH",
        "The key is shorter than the template allows.",
        "Raise the key size in the profile, or lower it in the template.",
    ),
    row(
        0x8009_4812,
        "CERTSRV_E_SUBJECT_EMAIL_REQUIRED",
        "The template wants an e-mail address, and there is none.",
        "Let the profile or the directory supply an e-mail address, or take a template that wants none.",
    ),
    row(
        0x8009_6004,
        "TRUST_E_CERT_SIGNATURE",
        "A certificate's signature is wrong. A client of NDES sees it when the challenge password is missing.",
        "See whether the profile sends a challenge password, and whether the server wants one.",
    ),
    row(
        0x800b_0101,
        "CERT_E_EXPIRED",
        "A certificate has expired, or is not yet valid.",
        "See the validity of the RA's and CA's certificates, and the clocks.",
    ),
    row(
        0x800b_0109,
        "CERT_E_UNTRUSTEDROOT",
        "A chain ends in a root that is not trusted. At NDES: often an RA certificate of an earlier CA.",
        "Install the root where it is missed; at NDES: renew the RA certificates from the CA that is in use.",
    ),
    row(
        0x800b_010a,
        "CERT_E_CHAINING",
        "No chain can be built to a root.",
        "Install the intermediate CAs, and let GetCACert send them.",
    ),
    row(
        0x800b_0110,
        "CERT_E_WRONG_USAGE",
        "A certificate is not for this use. A client of NDES sees it when the challenge password was used before.",
        "Get a new challenge password; else see the key usages of the RA's certificates.",
    ),
    row(
        0x800b_0112,
        "CERT_E_UNTRUSTEDCA",
        "A CA in the chain is not trusted for this use.",
        "Possibly the CA is missing in the directory's NTAuth store: publish it there.",
    ),
    row(
        0x8010_002c,
        "SCARD_E_NO_SUCH_CERTIFICATE",
        "The client finds no certificate to encrypt to, or none to verify with, in the answer to GetCACert.",
        "Let GetCACert send the CA, and RA certificates issued by it: with keyEncipherment and with digitalSignature, in one or in two.",
    ),
    row(
        0x8019_0190,
        "HTTP_E_STATUS_BAD_REQUEST",
        "The server says 400: the request is damaged or too long.",
        "See the server's log; if the request was a GET, use POST.",
    ),
    row(
        0x8019_0191,
        "HTTP_E_STATUS_DENIED",
        "The server says 401: it wants a user name.",
        "Let the path of SCEP be reached without a user name.",
    ),
    row(
        0x8019_0193,
        "HTTP_E_STATUS_FORBIDDEN",
        "The server says 403.",
        "See whether a filter, a gateway or a client certificate setting stands before the path of SCEP.",
    ),
    row(
        0x8019_0194,
        "HTTP_E_STATUS_NOT_FOUND",
        "The server says 404: there is no SCEP at this URL.",
        "Correct the URL in the profile. Windows appends /pkiclient.exe to it.",
    ),
    row(
        0x8019_019e,
        "HTTP_E_STATUS_URI_TOO_LONG",
        "The server says 414: the URL is too long.",
        "Use POST, or raise the limits of URL and query string: at IIS both to 65534.",
    ),
    row(
        0x8019_01f4,
        "HTTP_E_STATUS_SERVER_ERROR",
        "The server says 500.",
        "At NDES: see the application log, the account of the SCEP pool, and the RA certificates.",
    ),
    row(
        0x8019_01f6,
        "HTTP_E_STATUS_BAD_GATEWAY",
        "The server says 502: a proxy gets no answer that it understands.",
        "See whether the server behind the proxy runs.",
    ),
    row(
        0x8019_01f7,
        "HTTP_E_STATUS_SERVICE_UNAVAIL",
        "The server says 503: the service is down.",
        "At NDES: start the SCEP pool, and see why it stopped.",
    ),
    row(
        0x8019_01f8,
        "HTTP_E_STATUS_GATEWAY_TIMEOUT",
        "The server says 504: a proxy gets no answer in time.",
        "See whether the proxy's connector reaches the server.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_order_and_are_found() {
        assert!(ENTRIES.is_sorted_by(|a, b| a.code < b.code));
        for row in ENTRIES {
            assert_eq!(entry(row.code).map(|entry| entry.name), Some(row.name));
        }
        assert!(entry(0).is_none() && entry(u32::MAX).is_none());
    }

    #[test]
    fn every_row_stands_in_the_catalogue() {
        let catalogue = include_str!("../../docs/troubleshooting.md");
        for row in ENTRIES {
            let (code, name) = (row.code, row.name);
            let signed = code.cast_signed();
            let line = alloc::format!(
                "| `0x{code:08X}`, `{signed}` | {name} | {} | {} |",
                row.meaning,
                row.advice
            );
            assert!(catalogue.contains(&line), "{line}");
        }
    }

    #[test]
    fn every_row_is_made_of_sentences() {
        for row in ENTRIES {
            for text in [row.meaning, row.advice] {
                assert!(
                    text.ends_with(['.', '?']) && !text.contains("  "),
                    "{}",
                    row.name
                );
            }
        }
    }
}
