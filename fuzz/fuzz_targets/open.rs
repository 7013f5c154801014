#![no_main]

scep_fuzz::fuzz!(open, header: 2);
