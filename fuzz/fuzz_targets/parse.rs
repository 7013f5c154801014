#![no_main]

scep_fuzz::fuzz!(parse, header: 1);
