//! Signed attributes, which the `openssl` crate's CMS does not have: the functions of OpenSSL that it leaves out.

use std::ffi::{c_int, c_uint, c_void};
use std::marker::PhantomData;
use std::ptr;

use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::asn1::{Asn1Object, Asn1StringRef};
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::stack::Stack;
use openssl::x509::X509;
use openssl_sys as ffi;

#[repr(C)]
struct CmsSignerInfo {
    _opaque: [u8; 0],
}

unsafe extern "C" {
    fn CMS_add1_signer(
        cms: *mut ffi::CMS_ContentInfo,
        signer: *mut ffi::X509,
        key: *mut ffi::EVP_PKEY,
        digest: *const ffi::EVP_MD,
        flags: c_uint,
    ) -> *mut CmsSignerInfo;
    fn CMS_signed_add1_attr_by_OBJ(
        signer: *mut CmsSignerInfo,
        oid: *const ffi::ASN1_OBJECT,
        tag: c_int,
        bytes: *const c_void,
        len: c_int,
    ) -> c_int;
    fn CMS_final(
        cms: *mut ffi::CMS_ContentInfo,
        data: *mut ffi::BIO,
        detached: *mut ffi::BIO,
        flags: c_uint,
    ) -> c_int;
    fn CMS_get0_SignerInfos(cms: *mut ffi::CMS_ContentInfo) -> *mut ffi::OPENSSL_STACK;
    fn CMS_signed_get0_data_by_OBJ(
        signer: *const CmsSignerInfo,
        oid: *const ffi::ASN1_OBJECT,
        last: c_int,
        tag: c_int,
    ) -> *mut c_void;
    fn CMS_get1_certs(cms: *mut ffi::CMS_ContentInfo) -> *mut ffi::stack_st_X509;
}

/// A signed attribute with one string.
pub(crate) struct Attribute<'a> {
    oid: &'a Asn1Object,
    tag: c_int,
    value: &'a [u8],
}

impl<'a> Attribute<'a> {
    pub(crate) const fn printable(oid: &'a Asn1Object, value: &'a [u8]) -> Self {
        let tag = ffi::V_ASN1_PRINTABLESTRING;
        Self { oid, tag, value }
    }

    pub(crate) const fn octets(oid: &'a Asn1Object, value: &'a [u8]) -> Self {
        let tag = ffi::V_ASN1_OCTET_STRING;
        Self { oid, tag, value }
    }
}

/// Adds a signer, who signs with SHA-256 when the message is finished.
pub(crate) fn add_signer(
    cms: &mut CmsContentInfo,
    certificate: &X509,
    key: &PKey<Private>,
    attributes: &[Attribute<'_>],
) -> Result<(), ErrorStack> {
    let flags = CMSOptions::NOSMIMECAP | CMSOptions::BINARY;
    // SAFETY: the pointers are those of live values, and OpenSSL takes references of its own to what it keeps.
    let signer = unsafe {
        CMS_add1_signer(
            cms.as_ptr(),
            certificate.as_ptr(),
            key.as_ptr(),
            MessageDigest::sha256().as_ptr(),
            flags.bits(),
        )
    };
    if signer.is_null() {
        return Err(ErrorStack::get());
    }
    for attribute in attributes {
        let len = c_int::try_from(attribute.value.len()).expect("attributes are short");
        // SAFETY: `signer` belongs to `cms`; OpenSSL copies the bytes.
        let added = unsafe {
            CMS_signed_add1_attr_by_OBJ(
                signer,
                attribute.oid.as_ptr(),
                attribute.tag,
                attribute.value.as_ptr().cast(),
                len,
            )
        };
        check(added)?;
    }
    Ok(())
}

/// Puts the content in and signs.
pub(crate) fn finish_signing(cms: &mut CmsContentInfo, content: &[u8]) -> Result<(), ErrorStack> {
    let len = c_int::try_from(content.len()).expect("messages are short");
    // SAFETY: the BIO reads `content`, which outlives it, and is freed on every path.
    unsafe {
        let data = ffi::BIO_new_mem_buf(content.as_ptr().cast(), len);
        if data.is_null() {
            return Err(ErrorStack::get());
        }
        let finished = CMS_final(
            cms.as_ptr(),
            data,
            ptr::null_mut(),
            CMSOptions::BINARY.bits(),
        );
        ffi::BIO_free_all(data);
        check(finished)
    }
}

/// A signer of a message that was read.
pub(crate) struct SignerInfo<'m> {
    signer: *const CmsSignerInfo,
    message: PhantomData<&'m CmsContentInfo>,
}

impl<'m> SignerInfo<'m> {
    /// The first signer.
    pub(crate) fn first(cms: &'m mut CmsContentInfo) -> Result<Self, ErrorStack> {
        // SAFETY: the stack and its members belong to `cms`, which is borrowed for as long as the result lives.
        let signer = unsafe {
            let signers = CMS_get0_SignerInfos(cms.as_ptr());
            if signers.is_null() {
                return Err(ErrorStack::get());
            }
            ffi::OPENSSL_sk_value(signers, 0)
        };
        if signer.is_null() {
            return Err(ErrorStack::get());
        }
        Ok(Self {
            signer: signer.cast_const().cast(),
            message: PhantomData,
        })
    }

    /// The one string of a signed attribute that is there once.
    pub(crate) fn attribute(&self, oid: &Asn1Object) -> Option<&Asn1StringRef> {
        /// From the manual page: the attribute must be there once and have one value.
        const ONLY: c_int = -3;
        [ffi::V_ASN1_PRINTABLESTRING, ffi::V_ASN1_OCTET_STRING]
            .into_iter()
            .find_map(|tag| {
                // SAFETY: what is found belongs to the message, and has the type that was asked for: a string.
                unsafe {
                    let value = CMS_signed_get0_data_by_OBJ(self.signer, oid.as_ptr(), ONLY, tag);
                    (!value.is_null()).then(|| Asn1StringRef::from_ptr(value.cast()))
                }
            })
    }
}

/// The certificates that a message carries.
pub(crate) fn certificates(cms: &mut CmsContentInfo) -> Result<Stack<X509>, ErrorStack> {
    // SAFETY: the stack and a reference to each of its members are the caller's.
    unsafe {
        let certificates = CMS_get1_certs(cms.as_ptr());
        if certificates.is_null() {
            return Err(ErrorStack::get());
        }
        Ok(Stack::from_ptr(certificates))
    }
}

fn check(result: c_int) -> Result<(), ErrorStack> {
    if result == 1 {
        Ok(())
    } else {
        Err(ErrorStack::get())
    }
}
