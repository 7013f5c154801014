#![no_main]

scep_fuzz::fuzz!(capabilities_http, header: 1);
