#![no_main]

scep_fuzz::fuzz!(roundtrip);
