#![no_main]

scep_fuzz::fuzz!(payload, header: 1);
